-- Sessions nobody has ended: a hash each, and for each user a set of their keys.

local function session(key, now)
  local generation, used, idle, expires, sessions =
    unpack(redis.call('HMGET', key, 'generation', 'used', 'idle', 'expires', 'sessions'))
  if not generation then return nil end
  return { generation = tonumber(generation), used = tonumber(used), sessions = sessions, expires = tonumber(expires),
    live = now < math.min(tonumber(idle), tonumber(expires)) }
end

-- A session and its user, as far as they change: documents, and what came later.
local function describe(key)
  local doc, user, generation, used, idle = unpack(redis.call('HMGET', key, 'doc', 'user', 'generation', 'used', 'idle'))
  local user_doc, seen = unpack(redis.call('HMGET', user, 'doc', 'seen'))
  return { doc, user_doc, seen, generation, used, idle }
end

-- Ends a session; whether it was live.
local function finish(key, now)
  local ended = session(key, now)
  if not ended then return false end
  redis.call('DEL', key)
  redis.call('SREM', ended.sessions, key)
  return ended.live
end
