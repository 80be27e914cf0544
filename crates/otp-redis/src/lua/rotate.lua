-- Moves a session to its next generation.
--
-- ARGV   a document { now, outbox, session, generation, idle, grace?, rotated, reused }
-- Answers a word, and the session as it is then, if it lives.

local call = cjson.decode(ARGV[1])
local now, present = call.now, session(call.session, call.now)
if not (present and present.live) then return { 'gone', {} } end
if call.generation == present.generation then
  redis.call('HSET', call.session, 'generation', present.generation + 1, 'used', now, 'idle', now + call.idle)
  apply(call.outbox, call.rotated, now)
  return { 'rotated', describe(call.session) }
end
-- A generation still to come was never issued; it says nothing about the session.
if not call.grace or call.generation > present.generation then return { 'gone', {} } end
-- Had the present token been used, there would be a later one: one generation back means unused.
if call.generation + 1 == present.generation and now <= present.used + call.grace then
  return { 'replay', describe(call.session) }
end
finish(call.session, now)
apply(call.outbox, call.reused, now)
return { 'reused', {} }
