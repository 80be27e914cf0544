-- One user.
--
-- ARGV   a document { key } or { ids, id }
-- Answers his document and when he was last seen, or nothing.

local call = cjson.decode(ARGV[1])
local key = call.key or redis.call('HGET', call.ids, call.id)
return key and whole(key) or {}
