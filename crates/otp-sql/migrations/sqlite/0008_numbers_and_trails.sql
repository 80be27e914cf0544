-- Usage by the minute, rolled up to longer spans once that is over; calls and failures; audit trails sealed into chains.

-- Ages are indexed as sums, which only who deletes by age asks for: who asks for a time of one tenant must not be led
-- through that time of all of them.

-- What was counted by the hour counts as of its first minute.
ALTER TABLE usage RENAME TO usage_minutes;
ALTER TABLE usage_minutes RENAME COLUMN hour TO minute;
CREATE INDEX usage_minutes_by_age ON usage_minutes ((minute + 0));
ALTER TABLE seen RENAME TO seen_minutes;
ALTER TABLE seen_minutes RENAME COLUMN hour TO minute;
CREATE INDEX seen_minutes_by_age ON seen_minutes ((minute + 0));

-- What was rolled up: each minute into its hour, its day and its month, and then deleted there.
CREATE TABLE usage_spans (
    tenant TEXT NOT NULL,
    mode TEXT NOT NULL,
    span TEXT NOT NULL, -- hour, day or month
    start INTEGER NOT NULL,
    counter TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (tenant, mode, span, start, counter)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_spans_by_age ON usage_spans (span, (start + 0));

-- Which users were active in a span, and how many those are.
CREATE TABLE seen_spans (
    tenant TEXT NOT NULL,
    mode TEXT NOT NULL,
    span TEXT NOT NULL,
    start INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (tenant, mode, span, start, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_spans_by_age ON seen_spans (span, (start + 0));
CREATE TABLE active_spans (
    tenant TEXT NOT NULL,
    mode TEXT NOT NULL,
    span TEXT NOT NULL,
    start INTEGER NOT NULL,
    users INTEGER NOT NULL,
    PRIMARY KEY (tenant, mode, span, start)
) STRICT, WITHOUT ROWID;
CREATE INDEX active_spans_by_age ON active_spans (span, (start + 0));

-- About how long calls took; kept for as long as anybody asks.
CREATE TABLE calls (
    tenant TEXT NOT NULL,
    mode TEXT NOT NULL,
    minute INTEGER NOT NULL,
    route TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    n INTEGER NOT NULL,
    micros INTEGER NOT NULL,
    PRIMARY KEY (tenant, mode, minute, route, bucket)
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_by_age ON calls ((minute + 0));

-- Failures by the day, and the last of each category one by one.
CREATE TABLE failures (
    tenant TEXT NOT NULL,
    mode TEXT NOT NULL,
    day INTEGER NOT NULL,
    category TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    code TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (tenant, mode, day, category, endpoint, code)
) STRICT, WITHOUT ROWID;
CREATE INDEX failures_by_age ON failures ((day + 0));
CREATE TABLE recent_failures (
    number INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    mode TEXT NOT NULL,
    category TEXT NOT NULL,
    at INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    code TEXT NOT NULL,
    request TEXT -- absent where it was none
) STRICT;
CREATE INDEX recent_failures_by_age ON recent_failures (tenant, mode, category, at, number);

-- What was written of a trail and waits to be sealed. Time and id repeat what the entry says.
DROP INDEX audit_by_tenant;
ALTER TABLE audit RENAME TO audit_unsealed;
ALTER TABLE audit_unsealed RENAME COLUMN seq TO number; -- the order of writing
ALTER TABLE audit_unsealed ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit_unsealed ADD COLUMN id TEXT NOT NULL DEFAULT '';
UPDATE audit_unsealed SET at = entry ->> '$.at', id = entry ->> '$.id';
CREATE INDEX audit_unsealed_by_time ON audit_unsealed (tenant, at, id);

-- The chain of each trail, and where it begins and ends.
CREATE TABLE audit (
    tenant TEXT NOT NULL,
    seq INTEGER NOT NULL, -- without gaps
    mac BLOB NOT NULL, -- over the entry, its place and the MAC before
    at INTEGER NOT NULL,
    id TEXT NOT NULL,
    entry TEXT NOT NULL, -- JSON
    PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_by_time ON audit (tenant, at, id);
CREATE TABLE audit_heads (
    tenant TEXT NOT NULL PRIMARY KEY,
    first INTEGER NOT NULL,
    before BLOB NOT NULL,
    last INTEGER NOT NULL,
    latest BLOB NOT NULL,
    oldest INTEGER, -- absent while there is no entry
    mac BLOB NOT NULL, -- over all of these
    octets INTEGER NOT NULL -- of its entries
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_heads_by_age ON audit_heads (oldest);
