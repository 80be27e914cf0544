-- Users of a realm, the newest first; of those made at the same time, the larger id first.
--
-- ARGV   a document { people, ids, max, created?, id? }
-- Answers of each the document and when he was last seen.

local call = cjson.decode(ARGV[1])
local from, page, offset = call.created or '+inf', {}, 0
while #page < call.max do
  local ids = redis.call('ZREVRANGEBYSCORE', call.people, from, '-inf', 'LIMIT', offset, call.max)
  for _, id in ipairs(ids) do
    -- Of those made when the last of the page before was, the ones up to him were on it.
    local is_behind = not call.id or id < call.id or tonumber(redis.call('ZSCORE', call.people, id)) < call.created
    if is_behind and #page < call.max then page[#page + 1] = whole(redis.call('HGET', call.ids, id)) end
  end
  if #ids < call.max then break end
  offset = offset + #ids
end
return page
