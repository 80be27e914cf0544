-- Writes effects by themselves.
--
-- ARGV   a document { now, outbox, effects }

local call = cjson.decode(ARGV[1])
apply(call.outbox, call.effects, call.now)
return 1
