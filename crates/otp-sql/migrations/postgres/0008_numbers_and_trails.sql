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
    tenant TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    span TEXT COLLATE "C" NOT NULL, -- hour, day or month
    start BIGINT NOT NULL,
    counter TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (tenant, mode, span, start, counter)
);
CREATE INDEX usage_spans_by_age ON usage_spans (span, (start + 0));

-- Which users were active in a span, and how many those are.
CREATE TABLE seen_spans (
    tenant TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    span TEXT COLLATE "C" NOT NULL,
    start BIGINT NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, mode, span, start, user_id)
);
CREATE INDEX seen_spans_by_age ON seen_spans (span, (start + 0));
CREATE TABLE active_spans (
    tenant TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    span TEXT COLLATE "C" NOT NULL,
    start BIGINT NOT NULL,
    users BIGINT NOT NULL,
    PRIMARY KEY (tenant, mode, span, start)
);
CREATE INDEX active_spans_by_age ON active_spans (span, (start + 0));

-- About how long calls took; kept for as long as anybody asks.
CREATE TABLE calls (
    tenant TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    minute BIGINT NOT NULL,
    route TEXT COLLATE "C" NOT NULL,
    bucket BIGINT NOT NULL,
    n BIGINT NOT NULL,
    micros BIGINT NOT NULL,
    PRIMARY KEY (tenant, mode, minute, route, bucket)
);
CREATE INDEX calls_by_age ON calls ((minute + 0));

-- Failures by the day, and the last of each category one by one.
CREATE TABLE failures (
    tenant TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    category TEXT COLLATE "C" NOT NULL,
    endpoint TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (tenant, mode, day, category, endpoint, code)
);
CREATE INDEX failures_by_age ON failures ((day + 0));
CREATE TABLE recent_failures (
    number BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    tenant TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    category TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    endpoint TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    request TEXT COLLATE "C" -- absent where it was none
);
CREATE INDEX recent_failures_by_age ON recent_failures (tenant, mode, category, at, number);

-- What was written of a trail and waits to be sealed. Time and id repeat what the entry says.
DROP INDEX audit_by_tenant;
ALTER TABLE audit RENAME TO audit_unsealed;
ALTER INDEX audit_pkey RENAME TO audit_unsealed_pkey;
ALTER TABLE audit_unsealed RENAME COLUMN seq TO number; -- the order of writing
ALTER TABLE audit_unsealed ADD COLUMN at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audit_unsealed ADD COLUMN id TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE audit_unsealed SET at = (entry::json ->> 'at')::bigint, id = entry::json ->> 'id';
ALTER TABLE audit_unsealed SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
CREATE INDEX audit_unsealed_by_time ON audit_unsealed (tenant, at, id);

-- The chain of each trail, and where it begins and ends.
CREATE TABLE audit (
    tenant TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL, -- without gaps
    mac BYTEA NOT NULL, -- over the entry, its place and the MAC before
    at BIGINT NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    entry TEXT COLLATE "C" NOT NULL, -- JSON
    PRIMARY KEY (tenant, seq)
);
CREATE INDEX audit_by_time ON audit (tenant, at, id);
CREATE TABLE audit_heads (
    tenant TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    first BIGINT NOT NULL,
    before BYTEA NOT NULL,
    last BIGINT NOT NULL,
    latest BYTEA NOT NULL,
    oldest BIGINT, -- absent while there is no entry
    mac BYTEA NOT NULL, -- over all of these
    octets BIGINT NOT NULL -- of its entries
) WITH (fillfactor = 50);
CREATE INDEX audit_heads_by_age ON audit_heads (oldest);
