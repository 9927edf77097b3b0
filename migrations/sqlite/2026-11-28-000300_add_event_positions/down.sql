DROP TRIGGER events_positioned;
DROP INDEX events_subject;
DROP INDEX events_position;
ALTER TABLE events DROP COLUMN place;
ALTER TABLE events DROP COLUMN transaction_id;
CREATE INDEX events_subject ON events (tenant_id, subject, id);
