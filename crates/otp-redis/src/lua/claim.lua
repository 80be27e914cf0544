-- Leases entries that are due and nobody's, the longest due first.
--
-- ARGV   a document { now, until, max, outbox }
-- Answers of each entry: its number, token, mail, tries, admitted; and of its challenge, if that is live,
-- the document, and the document of its user, if it has one.

local call, leased = cjson.decode(ARGV[1]), {}
local outbox = call.outbox
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', outbox .. ':free', '-inf', call.now, 'LIMIT', 0, call.max)) do
  local key = outbox .. ':' .. entry
  local token = redis.call('HINCRBY', key, 'token', 1)
  redis.call('HSET', key, 'leased', 1)
  redis.call('ZADD', outbox .. ':free', call['until'], entry)
  local mail, challenge, tries, admitted = unpack(redis.call('HMGET', key, 'mail', 'challenge', 'tries', 'admitted'))
  -- A mail that speaks of no challenge has none to its name.
  local open, document, user = challenge ~= '' and live(challenge, call.now), '', ''
  if open then
    document = redis.call('HGET', challenge, 'doc')
    user = redis.call('HGET', open.user, 'doc') or ''
  end
  leased[#leased + 1] = { entry, token, mail, tries, admitted, document, user }
end
return leased
