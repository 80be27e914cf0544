-- A session and its user, if it is live.
--
-- ARGV   a document { now, session }

local call = cjson.decode(ARGV[1])
local present = session(call.session, call.now)
return present and present.live and describe(call.session) or {}
