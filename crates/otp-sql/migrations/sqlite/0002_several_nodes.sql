-- What several nodes on one database need to know of each other's writes.

-- How often the log was written: whoever decided on another version of it decides again.
ALTER TABLE limits ADD COLUMN version INTEGER NOT NULL DEFAULT 0;

-- When the answer was given: one is replaced only by one given after its end.
ALTER TABLE answers ADD COLUMN remembered_at INTEGER NOT NULL DEFAULT 0;

-- Counts the changes of all tenants. One row, so that numbers are seen in their order.
CREATE TABLE changes (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    n INTEGER NOT NULL
) STRICT;
INSERT INTO changes (one, n) VALUES (1, 0);

-- The number of the last change of each.
ALTER TABLE tenants ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX tenants_by_change ON tenants (changed);
