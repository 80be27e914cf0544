-- Limits: the arithmetic of otp_core::limit::decide, which a script cannot call; a test holds it to that.
--
-- A log is entries of 12 octets, when (ms, signed) and how many, big endian, the oldest first. A draw is
-- { limit, window, refused }: how much its window holds, how long that is (ms), and the effects of its
-- refusal.

local ENTRY, MOST, FULL = 12, 64, 4294967295

-- The entries of an encoded log that are still in its window, and how much they are together.
local function counted(encoded, window, now)
  local entries, drawn = {}, 0
  for place = 1, #encoded, ENTRY do
    local at, count = struct.unpack('>i8I4', encoded, place)
    -- In order of time: once one counts, all behind it do.
    if #entries > 0 or at + window > now then
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
    if returned > math.max(drawn - draw.limit, 0) then return entry.at + draw.window end
  end
  return draw.limit == 0 and now + draw.window or now
end

-- How all draws stand. `by` is which of them refuses, if any: of several, the one that frees up last.
local function look(keys, draws, now)
  local looked, latest = { logs = {}, entries = {}, drawn = {} }, nil
  for place, draw in ipairs(draws) do
    local encoded = redis.call('GET', keys[place]) or ''
    local entries, drawn = counted(encoded, draw.window, now)
    looked.logs[place], looked.entries[place], looked.drawn[place] = encoded, entries, drawn
    if drawn >= draw.limit then
      local at = resets_at(entries, drawn, draw, now)
      if not latest or at >= latest then looked.by, latest = place, at end
    end
  end
  return looked
end

-- One more unit, now. A clock that stepped back puts no entry out of order. What is too much is
-- merged, the two closest in time into the later one: a unit comes back late rather than early.
local function spend(entries, now)
  local last = entries[#entries]
  local at = last and math.max(last.at, now) or now
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
    spend(entries, now)
    looked.logs[place] = encode(entries)
    local left = math.max(entries[#entries].at + draw.window - now, 0)
    redis.call('SET', keys[place], looked.logs[place], 'PX', string.format('%d', left + held))
  end
end
