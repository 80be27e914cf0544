-- Ends sessions.
--
-- ARGV   a document { now, outbox, session | sessions, effects }
-- Answers how many were live.

local call, ended = cjson.decode(ARGV[1]), 0
local keys = call.session and { call.session } or redis.call('SMEMBERS', call.sessions)
for _, key in ipairs(keys) do
  if finish(key, call.now) then ended = ended + 1 end
end
if ended > 0 then apply(call.outbox, call.effects, call.now) end
return ended
