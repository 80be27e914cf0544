-- Admits a request or refuses it.
--
-- KEYS   the log of each draw
-- ARGV   a document { now, held, outbox, draws, admitted, answer?, new | resend }, and the answer to remember
--        answer = { key, fingerprint, remaining, expires }
--        new = { key, address, user, doc, max, expires, number }    resend = { key, pause, refused }
-- Answers a word, and what belongs to it.

local call, now = cjson.decode(ARGV[1]), nil
now = call.now

if call.answer then
  local expires, fingerprint, answer, remaining =
    unpack(redis.call('HMGET', call.answer.key, 'expires', 'fingerprint', 'answer', 'remaining'))
  if expires and now < tonumber(expires) then
    if fingerprint ~= call.answer.fingerprint then return { 'mismatch' } end
    return { 'replayed', answer, remaining, look(KEYS, call.draws, now).logs }
  end
end

if call.resend then
  local challenge = live(call.resend.key, now)
  if not challenge then return { 'gone' } end
  if now < challenge.mailed + call.resend.pause then
    apply(call.outbox, call.resend.refused, now)
    return { 'paused', string.format('%d', challenge.mailed), look(KEYS, call.draws, now).logs }
  end
end

local looked = look(KEYS, call.draws, now)
if looked.by then
  apply(call.outbox, call.draws[looked.by].refused, now)
  return { 'refused', looked.by, looked.logs }
end
draw_all(KEYS, call.draws, looked, now, call.held)
apply_marks(call.outbox, call.draws, looked, now)

if call.resend then
  redis.call('HSET', call.resend.key, 'mailed', now)
else
  local new, left = call.new, math.max(call.new.expires - now, 0) + call.held
  redis.call('HSET', new.key, 'doc', new.doc, 'address', new.address, 'user', new.user, 'expires', new.expires,
    'max', new.max, 'by_id', 0, 'by_address', 0, 'mailed', now)
  redis.call('PEXPIRE', new.key, string.format('%d', left))
  redis.call('ZADD', new.address, redis.call('INCR', new.number), new.key)
  if redis.call('PTTL', new.address) < left then redis.call('PEXPIRE', new.address, string.format('%d', left)) end
end

if call.answer then
  local remaining = call.answer.remaining
  for place, draw in ipairs(call.draws) do
    remaining[#remaining + 1] = math.max(draw.limit - looked.drawn[place] - 1, 0)
  end
  redis.call('HSET', call.answer.key, 'fingerprint', call.answer.fingerprint, 'answer', ARGV[2],
    'remaining', table.concat(remaining, ','), 'expires', call.answer.expires)
  redis.call('PEXPIRE', call.answer.key, string.format('%d', math.max(call.answer.expires - now, 0) + call.held))
end
apply(call.outbox, call.admitted, now)
return { 'admitted', looked.logs }
