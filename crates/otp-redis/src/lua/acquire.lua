-- Draws all limits or none, as otp_core::limit::decide does; a test holds it to that.
--
-- KEYS   the log of each draw: entries of 12 octets, when (ms, signed) and how many, big endian,
--        the oldest first
-- ARGV   now (ms), how long a log is held beyond its end (ms), then of each draw: how much its
--        window holds, and how long that is (ms)
-- Answers 1 or 0, whether all were drawn, and a list of the logs as they are then.

local ENTRY, MOST = 12, 64
local now, held = tonumber(ARGV[1]), tonumber(ARGV[2])

-- The entries of an encoded log that are still in its window, and how much they are together.
local function counted(encoded, window)
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

-- One more unit, now. A clock that stepped back puts no entry out of order. What is too much is
-- merged, the two closest in time into the later one: a unit comes back late rather than early.
local function spend(entries)
  local last = entries[#entries]
  local at = last and math.max(last.at, now) or now
  if last and last.at == at then
    last.count = math.min(last.count + 1, 4294967295)
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
    entries[closest].count = math.min(entries[closest].count + merged.count, 4294967295)
  end
end

local function encode(entries)
  local parts = {}
  for place, entry in ipairs(entries) do
    parts[place] = struct.pack('>i8I4', entry.at, entry.count)
  end
  return table.concat(parts)
end

local drawn_all, logs, drawing = 1, {}, {}
for place, key in ipairs(KEYS) do
  local limit, window = tonumber(ARGV[1 + 2 * place]), tonumber(ARGV[2 + 2 * place])
  local encoded = redis.call('GET', key) or ''
  local entries, drawn = counted(encoded, window)
  if drawn >= limit then drawn_all = 0 end
  logs[place] = encoded
  drawing[place] = { entries = entries, window = window }
end
if drawn_all == 0 then return { drawn_all, logs } end

for place, key in ipairs(KEYS) do
  local entries, window = drawing[place].entries, drawing[place].window
  spend(entries)
  logs[place] = encode(entries)
  local left = math.max(entries[#entries].at + window - now, 0)
  redis.call('SET', key, logs[place], 'PX', string.format('%d', left + held))
end
return { drawn_all, logs }
