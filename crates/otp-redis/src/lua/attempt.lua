-- Spends an attempt and gives the verdict.
--
-- KEYS   the log of each draw of a wrong code
-- ARGV   a document { now, held, outbox, draws, id | address, matched?, right, wrong, locked, full, sign_in? }
--        sign_in = { candidate, user_doc, people, ids, max_users?, sessions, session, session_doc, idle, expires, created }
-- Answers a word, and what belongs to it.

local call, now = cjson.decode(ARGV[1]), nil
now = call.now

local paying
if call.id then paying = live(call.id, now) else paying = newest(call.address, now) end
if not paying then return { 'expired' } end
local lane = call.id and 'by_id' or 'by_address'
if paying[lane] >= paying.max then return { 'exhausted' } end

local looked = look(KEYS, call.draws, now)
if looked.by then
  apply(call.outbox, call.draws[looked.by].refused, now)
  return { 'limited', looked.by, looked.logs }
end
redis.call('HINCRBY', paying.key, lane, 1)
local left = paying.max - paying[lane] - 1

local matched = call.matched and live(call.matched, now)
if matched and (matched.key == call.id or matched.address == call.address) then
  for _, key in ipairs(redis.call('ZRANGE', matched.address, 0, -1)) do redis.call('DEL', key) end
  redis.call('DEL', matched.address)

  local sign_in, known = call.sign_in, redis.call('HGET', matched.user, 'id')
  local user
  if known then
    user = { sign_in.candidate, known }
  elseif sign_in.max_users and redis.call('ZCARD', sign_in.people) >= sign_in.max_users then
    apply(call.outbox, call.full, now)
    return { 'full' }
  else
    redis.call('HSET', matched.user, 'id', sign_in.candidate, 'doc', sign_in.user_doc)
    redis.call('ZADD', sign_in.people, now, sign_in.candidate)
    redis.call('HSET', sign_in.ids, sign_in.candidate, matched.user)
  end
  redis.call('HSET', matched.user, 'seen', now)
  local document = user and replaced(sign_in.session_doc, user[1], user[2]) or sign_in.session_doc
  local sessions = user and replaced(sign_in.sessions, user[1], user[2]) or sign_in.sessions
  redis.call('HSET', sign_in.session, 'doc', document, 'user', matched.user, 'sessions', sessions, 'generation', 0,
    'used', now, 'idle', sign_in.idle, 'expires', sign_in.expires)
  local life = string.format('%d', math.max(sign_in.expires - now, 0) + call.held)
  redis.call('PEXPIRE', sign_in.session, life)
  redis.call('SADD', sessions, sign_in.session)
  redis.call('PEXPIRE', sessions, life)
  apply(call.outbox, call.right, now, user)
  if not known then apply(call.outbox, sign_in.created, now) end
  return { 'right', known and 0 or 1, redis.call('HGET', matched.user, 'doc'), document }
end

draw_all(KEYS, call.draws, looked, now, call.held)
apply_marks(call.outbox, call.draws, looked, now)
apply(call.outbox, call.wrong, now)
if left == 0 then apply(call.outbox, call.locked, now) end
return { 'wrong', left }
