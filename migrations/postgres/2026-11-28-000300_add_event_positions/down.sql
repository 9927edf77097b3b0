DROP INDEX events_subject;
DROP INDEX events_position;
ALTER TABLE events DROP COLUMN place, DROP COLUMN transaction_id;
CREATE INDEX events_subject ON events (tenant_id, subject, id);
DROP FUNCTION event_transaction();
DROP SEQUENCE event_places;
DROP SEQUENCE event_base;
