-- Times are milliseconds since 1970 in UTC, ids are texts with their prefix, hashes and sealed values
-- are octets. A key of a tenant's data begins with the tenant and the mode. Texts are compared octet by octet,
-- whatever the locale of the database.
--
-- Rows of some tables live for minutes. What they leave behind is cleared away by how much there is of it,
-- not by how large the table is; and the few rows that change all the time have room to do so in place.

-- One row per challenge no code has closed. Closing deletes it, so to be here is to be open.
CREATE TABLE challenges (
    seq BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY, -- the order of opening, which times need not tell
    tenant TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    address_key BYTEA NOT NULL,
    address BYTEA NOT NULL, -- sealed
    kid BIGINT NOT NULL,
    code_length BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    mailed_at BIGINT NOT NULL,
    spent_by_id BIGINT NOT NULL DEFAULT 0,
    spent_by_address BIGINT NOT NULL DEFAULT 0
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
CREATE UNIQUE INDEX challenges_by_id ON challenges (tenant, mode, id);
CREATE INDEX challenges_by_address ON challenges (tenant, mode, address_key, purpose, expires_at);

-- The answers of requests that may be repeated.
CREATE TABLE answers (
    tenant TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    key BYTEA NOT NULL,
    fingerprint BYTEA NOT NULL,
    answer BYTEA NOT NULL,
    remaining TEXT COLLATE "C" NOT NULL, -- JSON: what each draw had left
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, mode, key)
);
CREATE INDEX answers_by_end ON answers (expires_at);

-- When units of each limit were drawn. The subject comes before the rule, so that all limits of one
-- address lie side by side. `sweep_at` is when to look whether it is over: fixed when the row is made
-- and moved only by the sweep, so that a draw need not move an index entry.
CREATE TABLE limits (
    tenant TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    subject BYTEA NOT NULL,
    rule TEXT COLLATE "C" NOT NULL,
    log BYTEA NOT NULL,
    ends_at BIGINT NOT NULL,
    sweep_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, mode, subject, rule)
);
CREATE INDEX limits_by_sweep ON limits (sweep_at);

-- Found by address alone: sessions carry it. Each further index on random values is one more page
-- written for each sign-in.
CREATE TABLE users (
    tenant TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    address_key BYTEA NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    address BYTEA NOT NULL, -- sealed, as first verified
    created_at BIGINT NOT NULL,
    last_login_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, mode, address_key)
);

-- One row per session nobody has ended. `ends_at` is the earlier of its two ends; `sweep_at` as above.
CREATE TABLE sessions (
    tenant TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    address_key BYTEA NOT NULL, -- the user's
    purpose TEXT COLLATE "C" NOT NULL,
    generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    sweep_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, mode, id)
);
CREATE INDEX sessions_by_user ON sessions (tenant, mode, user_id);
CREATE INDEX sessions_by_sweep ON sessions (sweep_at);

-- Mail that waits. A number is never used twice, or a lost lease could pass for one of a later entry.
CREATE TABLE outbox (
    entry BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    tenant TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    challenge TEXT COLLATE "C" NOT NULL,
    mail TEXT COLLATE "C" NOT NULL,
    locale TEXT COLLATE "C" NOT NULL,
    app_name TEXT COLLATE "C" NOT NULL,
    due_at BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    admitted BIGINT NOT NULL DEFAULT 0,
    token BIGINT NOT NULL DEFAULT 0,
    leased_until BIGINT -- absent while nobody has claimed it since it was last settled
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
CREATE INDEX outbox_by_due ON outbox (due_at);

-- Usage by the hour.
CREATE TABLE usage (
    tenant TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    hour BIGINT NOT NULL,
    counter TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (tenant, mode, hour, counter)
) WITH (fillfactor = 20);

-- Which users were active in an hour.
CREATE TABLE seen (
    tenant TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    hour BIGINT NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, mode, hour, user_id)
);

-- A trail is its tenant's, over both modes.
CREATE TABLE audit (
    seq BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY, -- the order of writing
    tenant TEXT COLLATE "C" NOT NULL,
    entry TEXT COLLATE "C" NOT NULL -- JSON
);
CREATE INDEX audit_by_tenant ON audit (tenant, seq);

-- `document` is the whole tenant; the other columns repeat what is looked for.
CREATE TABLE tenants (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    company_name TEXT COLLATE "C",
    owner TEXT COLLATE "C", -- canonical; several tenants may have none
    plan TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    document TEXT COLLATE "C" NOT NULL -- JSON
);
CREATE UNIQUE INDEX tenants_by_owner ON tenants (owner);
CREATE INDEX tenants_by_age ON tenants (created_at, id);

-- Revoked and expired keys too.
CREATE TABLE api_keys (
    hash BYTEA NOT NULL PRIMARY KEY,
    tenant TEXT COLLATE "C" NOT NULL
);
CREATE INDEX api_keys_by_tenant ON api_keys (tenant);

CREATE TABLE key_uses (
    tenant TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, key)
);

-- The one root of the index keys.
CREATE TABLE root (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    sealed BYTEA NOT NULL
);
