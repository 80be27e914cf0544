-- Challenges that are open: a hash each, and for each address and purpose a list of their keys by the
-- order they were opened in. One that a code has closed is deleted at once.

-- The fields of a challenge, if it is live.
local function live(key, now)
  local expires, max, by_id, by_address, mailed, address, user =
    unpack(redis.call('HMGET', key, 'expires', 'max', 'by_id', 'by_address', 'mailed', 'address', 'user'))
  if not expires or tonumber(expires) <= now then return nil end
  return { key = key, max = tonumber(max), by_id = tonumber(by_id), by_address = tonumber(by_address),
    mailed = tonumber(mailed), address = address, user = user }
end

-- The newest live one of an address.
local function newest(address, now)
  for _, key in ipairs(redis.call('ZREVRANGE', address, 0, -1)) do
    local challenge = live(key, now)
    if challenge then return challenge end
  end
end
