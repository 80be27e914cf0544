-- Master keys that are not in force any more, each sealed under one that is, until nothing needs it.
CREATE TABLE retired_keys (
    kid INTEGER NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL,
    ends_at INTEGER NOT NULL -- beyond all time while something may be sealed under it
) STRICT;
CREATE INDEX retired_keys_by_end ON retired_keys (ends_at);
