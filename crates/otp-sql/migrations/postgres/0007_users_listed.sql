-- Users by age, to be listed, and by id. Neither changes when a user signs in again.
CREATE INDEX users_by_age ON users (tenant, mode, created_at, id);
CREATE UNIQUE INDEX users_by_id ON users (tenant, mode, id);
