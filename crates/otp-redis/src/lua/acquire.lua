-- Draws all limits or none.
--
-- KEYS   the log of each draw
-- ARGV   a document { now, held, outbox, draws }
-- Answers which draw refuses, or 0, and a list of the logs as they are then.

local call = cjson.decode(ARGV[1])
local looked = look(KEYS, call.draws, call.now)
if looked.by then
  apply(call.outbox, call.draws[looked.by].refused, call.now)
else
  draw_all(KEYS, call.draws, looked, call.now, call.held)
  apply_marks(call.outbox, call.draws, looked, call.now)
end
return { looked.by or 0, looked.logs }
