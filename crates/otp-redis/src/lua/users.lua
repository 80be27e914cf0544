-- Users: a hash each, by the address. A realm has a sorted set of their ids by the time they were made, and a hash that
-- leads from an id to the key of its user.

-- A user as he is now: his document, and when he was last seen.
local function whole(key)
  local doc, seen = unpack(redis.call('HMGET', key, 'doc', 'seen'))
  return doc and { doc, seen }
end
