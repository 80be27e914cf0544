-- The live sessions of a user, in any order.
--
-- ARGV   a document { now, sessions }
-- Answers of each what describe tells.

local call, told = cjson.decode(ARGV[1]), {}
for _, key in ipairs(redis.call('SMEMBERS', call.sessions)) do
  local found = session(key, call.now)
  if found and found.live then told[#told + 1] = describe(key) end
end
return told
