-- Where an event stands among those of its tenant: the transaction that told of it, and its place in that. An id does not
-- say so: it is made before the transaction commits, and another one may commit first. The database gives positions by
-- itself, so that no way of storing an event can forget it.

-- What is added to the numbers of transactions: more than 0 where the tables came from a server that had come farther.
CREATE SEQUENCE event_base MINVALUE 0 START 0;
CREATE SEQUENCE event_places;

CREATE FUNCTION event_transaction() RETURNS BIGINT LANGUAGE SQL STABLE
    AS 'SELECT pg_current_xact_id()::text::bigint + last_value FROM event_base';

ALTER TABLE events ADD COLUMN transaction_id BIGINT, ADD COLUMN place BIGINT;

UPDATE events SET transaction_id = 0, place = numbered.place
FROM (SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS place FROM events) AS numbered
WHERE (numbered.tenant_id, numbered.id) = (events.tenant_id, events.id);

ALTER TABLE events
    ALTER COLUMN transaction_id SET NOT NULL, ALTER COLUMN transaction_id SET DEFAULT event_transaction(),
    ALTER COLUMN place SET NOT NULL, ALTER COLUMN place SET DEFAULT nextval('event_places');

CREATE UNIQUE INDEX events_position ON events (tenant_id, transaction_id, place);

DROP INDEX events_subject;
CREATE INDEX events_subject ON events (tenant_id, subject, transaction_id, place);
