-- Lives differ: a code has minutes, a signup a day. What has ended is found by when it ended.
CREATE INDEX challenges_by_end ON challenges (expires_at);
