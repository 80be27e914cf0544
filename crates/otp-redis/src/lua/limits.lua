-- Limits: the arithmetic of otp_core::limit::decide, which a script cannot call; a test holds it to that.
--
-- A log is entries of 12 octets, when (ms, signed) and how many, big endian, the oldest first. A draw is
-- { limit, noted, after, quota, refused, mark? }: how much its window holds; which time is noted of a unit drawn
-- now, and how long after that it comes back (ms); whether it is a quota; the effects of its refusal; and
-- { units, effects } of a mark below its limit.

local ENTRY, MOST, FULL = 12, 64, 4294967295

-- The entries of an encoded log that are still in its window, and how much they are together.
local function counted(encoded, after, now)
  local entries, drawn = {}, 0
  for place = 1, #encoded, ENTRY do
    local at, count = struct.unpack('>i8I4', encoded, place)
    -- In order of time: once one counts, all behind it do.
    if #entries > 0 or at + after > now then
      entries[#entries + 1] = { at = at, count = count }
      drawn = drawn + count
    end
  end
  return entries, drawn
end

-- When the next unit comes back. More may be drawn than the limit holds now, if it was lowered since.
local function resets_at(entries, drawn, draw, now)
  local returned = 0
  for _, entry in ipairs(entries) do
    returned = returned + entry.count
    if returned > math.max(drawn - draw.limit, 0) then return entry.at + draw.after end
  end
  return draw.limit == 0 and draw.noted + draw.after or now
end

-- Whether the refusal of `draw` is told in place of that of `other`: a rate before a quota, else the later to
-- free up.
local function outranks(draw, at, other, latest)
  if draw.quota ~= other.quota then return other.quota end
  return at >= latest
end

-- How all draws stand. `by` is which of them refuses, if any.
local function look(keys, draws, now)
  local looked, latest = { logs = {}, entries = {}, drawn = {} }, nil
  for place, draw in ipairs(draws) do
    local encoded = redis.call('GET', keys[place]) or ''
    local entries, drawn = counted(encoded, draw.after, now)
    looked.logs[place], looked.entries[place], looked.drawn[place] = encoded, entries, drawn
    if drawn >= draw.limit then
      local at = resets_at(entries, drawn, draw, now)
      if not latest or outranks(draw, at, draws[looked.by], latest) then looked.by, latest = place, at end
    end
  end
  return looked
end

-- One more unit. A clock that stepped back puts no entry out of order. What is too much is
-- merged, the two closest in time into the later one: a unit comes back late rather than early.
local function spend(entries, noted)
  local last = entries[#entries]
  local at = last and math.max(last.at, noted) or noted
  if last and last.at == at then
    last.count = math.min(last.count + 1, FULL)
  else
    entries[#entries + 1] = { at = at, count = 1 }
  end
  if #entries > MOST then
    local closest, least = 1, math.huge
    for place = 1, #entries - 1 do
      local gap = entries[place + 1].at - entries[place].at
      if gap < least then closest, least = place, gap end
    end
    local merged = table.remove(entries, closest)
    entries[closest].count = math.min(entries[closest].count + merged.count, FULL)
  end
end

local function encode(entries)
  local parts = {}
  for place, entry in ipairs(entries) do
    parts[place] = struct.pack('>i8I4', entry.at, entry.count)
  end
  return table.concat(parts)
end

-- Spends one unit of each; a log is held for `held` beyond its end.
local function draw_all(keys, draws, looked, now, held)
  for place, draw in ipairs(draws) do
    local entries = looked.entries[place]
    spend(entries, draw.noted)
    looked.logs[place] = encode(entries)
    local left = math.max(entries[#entries].at + draw.after - now, 0)
    redis.call('SET', keys[place], looked.logs[place], 'PX', string.format('%d', left + held))
  end
end
