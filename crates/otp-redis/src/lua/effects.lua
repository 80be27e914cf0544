-- Effects: the one place where they become keys. Each is { kind, … }; documents are texts that
-- nobody here reads. Behind limits.lua: what is told once is counted by a limit.

-- `text` with every `from` in it replaced by `to`, both to the letter.
local function replaced(text, from, to)
  local parts, place = {}, 1
  while true do
    local first, last = text:find(from, place, true)
    if not first then break end
    parts[#parts + 1] = text:sub(place, first - 1)
    parts[#parts + 1] = to
    place = last + 1
  end
  parts[#parts + 1] = text:sub(place)
  return table.concat(parts)
end

-- Mail is due at once. Numbers are never used twice; written out in full, they sort as they count.
local function queue(outbox, effect, now)
  local entry = string.format('%016d', redis.call('INCR', outbox .. ':last'))
  redis.call('HSET', outbox .. ':' .. entry, 'mail', effect.doc, 'challenge', effect.challenge,
    'due', now, 'tries', 0, 'admitted', 0, 'token', 0, 'leased', 0)
  redis.call('ZADD', outbox .. ':due', now, entry)
  redis.call('ZADD', outbox .. ':free', now, entry)
end

-- Writes `effects`, in order. Of a sign-in, they name the user it would have made; if the address has
-- one, `user` is { candidate, that one }.
local function apply(outbox, effects, now, user)
  for _, effect in ipairs(effects) do
    if effect.kind == 'mail' then
      queue(outbox, effect, now)
    elseif effect.kind == 'count' then
      redis.call('ZADD', effect.hours, effect.hour, effect.hour)
      redis.call('HINCRBY', effect.key, effect.counter, 1)
    elseif effect.kind == 'seen' then
      redis.call('ZADD', effect.hours, effect.hour, effect.hour)
      redis.call('SADD', effect.key, user and replaced(effect.user, user[1], user[2]) or effect.user)
    elseif effect.kind == 'audit' then
      redis.call('RPUSH', effect.key, user and replaced(effect.doc, user[1], user[2]) or effect.doc)
    elseif effect.kind == 'once' then
      local keys, draws = { effect.key }, { effect.draw }
      local looked = look(keys, draws, now)
      if not looked.by then
        draw_all(keys, draws, looked, now, effect.held)
        apply(outbox, effect.effects, now, user)
      end
    end
  end
end

-- Writes the effects of the marks that `draws` have reached, once they are drawn.
local function apply_marks(outbox, draws, looked, now)
  for place, draw in ipairs(draws) do
    if draw.mark and looked.drawn[place] + 1 >= draw.mark.units then apply(outbox, draw.mark.effects, now) end
  end
end
