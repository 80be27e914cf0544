-- Puts another document in place of a user's, if that is still as it was read.
--
-- KEYS   the user
-- ARGV   the document that was read, the other

if redis.call('HGET', KEYS[1], 'doc') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'doc', ARGV[2])
return 1
