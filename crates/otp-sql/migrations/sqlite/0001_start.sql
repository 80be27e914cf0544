-- Times are milliseconds since 1970 in UTC, ids are texts with their prefix, hashes and sealed values
-- are octets. A key of a tenant's data begins with the tenant and the mode.

-- One row per challenge no code has closed. Closing deletes it, so to be here is to be open.
CREATE TABLE challenges (
    seq INTEGER PRIMARY KEY, -- the order of opening, which times need not tell: above every row there is
    tenant TEXT NOT NULL,
    mode TEXT NOT NULL,
    id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    address_key BLOB NOT NULL,
    address BLOB NOT NULL, -- sealed
    kid INTEGER NOT NULL,
    code_length INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    mailed_at INTEGER NOT NULL,
    spent_by_id INTEGER NOT NULL DEFAULT 0,
    spent_by_address INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX challenges_by_id ON challenges (tenant, mode, id);
CREATE INDEX challenges_by_address ON challenges (tenant, mode, address_key, purpose, expires_at);

-- The answers of requests that may be repeated.
CREATE TABLE answers (
    tenant TEXT NOT NULL,
    mode TEXT NOT NULL,
    key BLOB NOT NULL,
    fingerprint BLOB NOT NULL,
    answer BLOB NOT NULL,
    remaining TEXT NOT NULL, -- JSON: what each draw had left
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, mode, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_by_end ON answers (expires_at);

-- When units of each limit were drawn. The subject comes before the rule, so that all limits of one
-- address lie side by side. `sweep_at` is when to look whether it is over: fixed when the row is made
-- and moved only by the sweep, so that a draw need not move an index entry.
CREATE TABLE limits (
    tenant TEXT NOT NULL,
    mode TEXT NOT NULL,
    subject BLOB NOT NULL,
    rule TEXT NOT NULL,
    log BLOB NOT NULL,
    ends_at INTEGER NOT NULL,
    sweep_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, mode, subject, rule)
) STRICT, WITHOUT ROWID;
CREATE INDEX limits_by_sweep ON limits (sweep_at);

-- Found by address alone: sessions carry it. Each further index on random values is one more page
-- written for each sign-in.
CREATE TABLE users (
    tenant TEXT NOT NULL,
    mode TEXT NOT NULL,
    address_key BLOB NOT NULL,
    id TEXT NOT NULL,
    address BLOB NOT NULL, -- sealed, as first verified
    created_at INTEGER NOT NULL,
    last_login_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, mode, address_key)
) STRICT, WITHOUT ROWID;

-- One row per session nobody has ended. `ends_at` is the earlier of its two ends; `sweep_at` as above.
CREATE TABLE sessions (
    tenant TEXT NOT NULL,
    mode TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    address_key BLOB NOT NULL, -- the user's
    purpose TEXT NOT NULL,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    idle_expires_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    sweep_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, mode, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (tenant, mode, user_id);
CREATE INDEX sessions_by_sweep ON sessions (sweep_at);

-- Mail that waits. A number is never used twice, or a lost lease could pass for one of a later entry.
CREATE TABLE outbox (
    entry INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    mode TEXT NOT NULL,
    challenge TEXT NOT NULL,
    mail TEXT NOT NULL,
    locale TEXT NOT NULL,
    app_name TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    admitted INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL DEFAULT 0,
    leased_until INTEGER -- absent while nobody has claimed it since it was last settled
) STRICT;
CREATE INDEX outbox_by_due ON outbox (due_at);

-- Usage by the hour.
CREATE TABLE usage (
    tenant TEXT NOT NULL,
    mode TEXT NOT NULL,
    hour INTEGER NOT NULL,
    counter TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (tenant, mode, hour, counter)
) STRICT, WITHOUT ROWID;

-- Which users were active in an hour.
CREATE TABLE seen (
    tenant TEXT NOT NULL,
    mode TEXT NOT NULL,
    hour INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (tenant, mode, hour, user_id)
) STRICT, WITHOUT ROWID;

-- A trail is its tenant's, over both modes.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY, -- the order of writing
    tenant TEXT NOT NULL,
    entry TEXT NOT NULL -- JSON
) STRICT;
CREATE INDEX audit_by_tenant ON audit (tenant);

-- `document` is the whole tenant; the other columns repeat what is looked for.
CREATE TABLE tenants (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    company_name TEXT,
    owner TEXT, -- canonical; several tenants may have none
    plan TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    document TEXT NOT NULL -- JSON
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tenants_by_owner ON tenants (owner);
CREATE INDEX tenants_by_age ON tenants (created_at, id);

-- Revoked and expired keys too.
CREATE TABLE api_keys (
    hash BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_by_tenant ON api_keys (tenant);

CREATE TABLE key_uses (
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    used_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;

-- The one root of the index keys.
CREATE TABLE root (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    sealed BLOB NOT NULL
) STRICT;
