-- Puts a value in place of the one that was seen, if it is that still.
--
-- KEYS   where it is
-- ARGV   what was seen, what to put there

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
