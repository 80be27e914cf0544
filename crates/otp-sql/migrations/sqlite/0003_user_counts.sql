-- How many users each realm has: the row to hold for whoever may make one more.
CREATE TABLE user_counts (
    tenant TEXT NOT NULL,
    mode TEXT NOT NULL,
    users INTEGER NOT NULL,
    PRIMARY KEY (tenant, mode)
) STRICT, WITHOUT ROWID;
INSERT INTO user_counts (tenant, mode, users) SELECT tenant, mode, COUNT(*) FROM users GROUP BY tenant, mode;
