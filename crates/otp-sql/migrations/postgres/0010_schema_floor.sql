-- Whom this schema serves: binaries that know the migration of this number. One that takes away or changes what older
-- binaries use raises it in the same breath.
CREATE TABLE schema_floor (floor BIGINT NOT NULL);
INSERT INTO schema_floor (floor) VALUES (10);
