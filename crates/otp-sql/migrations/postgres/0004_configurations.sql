-- Every version of what a tenant has set for itself; the one in force is in the tenant's document, too.
CREATE TABLE configurations (
    tenant TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL, -- JSON: on whose authority
    settings TEXT COLLATE "C" NOT NULL, -- JSON
    PRIMARY KEY (tenant, number)
);
