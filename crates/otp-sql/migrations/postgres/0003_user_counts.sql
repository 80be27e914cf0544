-- How many users each realm has: the row to hold for whoever may make one more.
CREATE TABLE user_counts (
    tenant TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL,
    users BIGINT NOT NULL,
    PRIMARY KEY (tenant, mode)
) WITH (fillfactor = 20);
INSERT INTO user_counts (tenant, mode, users) SELECT tenant, mode, COUNT(*) FROM users GROUP BY tenant, mode;
