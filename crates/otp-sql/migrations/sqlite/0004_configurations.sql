-- Every version of what a tenant has set for itself; the one in force is in the tenant's document, too.
CREATE TABLE configurations (
    tenant TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL, -- JSON: on whose authority
    settings TEXT NOT NULL, -- JSON
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;
