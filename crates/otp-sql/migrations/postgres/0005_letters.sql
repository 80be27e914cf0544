-- Mail of more than one kind, and accounts opened by mail.

-- What a mail says, as JSON; `challenge` repeats what is looked for, and is empty where that speaks of none.
ALTER TABLE outbox ADD COLUMN letter TEXT NOT NULL DEFAULT '';
UPDATE outbox SET letter = json_build_object('code', json_build_object('challenge', challenge, 'app_name', app_name));
ALTER TABLE outbox DROP COLUMN app_name;

-- What whoever opened it wants back, sealed; empty where that is nothing.
ALTER TABLE challenges ADD COLUMN note BYTEA NOT NULL DEFAULT '';
