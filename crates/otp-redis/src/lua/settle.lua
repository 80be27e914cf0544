-- Records what became of an entry, if its lease is still the last.
--
-- ARGV   a document { now, outbox, entry, token, effects, retry? = { at, tries, admitted } }
-- Answers 1, or 0 if the lease is lost.

local call = cjson.decode(ARGV[1])
local outbox, entry = call.outbox, call.entry
local key = outbox .. ':' .. entry
local token, leased = unpack(redis.call('HMGET', key, 'token', 'leased'))
if leased ~= '1' or tonumber(token) ~= call.token then return 0 end
if call.retry then
  redis.call('HSET', key, 'leased', 0, 'due', call.retry.at, 'tries', call.retry.tries, 'admitted', call.retry.admitted)
  redis.call('ZADD', outbox .. ':due', call.retry.at, entry)
  redis.call('ZADD', outbox .. ':free', call.retry.at, entry)
else
  redis.call('DEL', key)
  redis.call('ZREM', outbox .. ':due', entry)
  redis.call('ZREM', outbox .. ':free', entry)
end
apply(outbox, call.effects, call.now)
return 1
