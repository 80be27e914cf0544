-- Master keys that are not in force any more, each sealed under one that is, until nothing needs it.
CREATE TABLE retired_keys (
    kid BIGINT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL,
    ends_at BIGINT NOT NULL -- beyond all time while something may be sealed under it
);
CREATE INDEX retired_keys_by_end ON retired_keys (ends_at);
