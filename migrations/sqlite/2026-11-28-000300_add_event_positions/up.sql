-- Where an event stands among those of its tenant: the transaction that told of it, and its place in that. An id does not
-- say so: it is made before the transaction commits, and another one may commit first. The database gives positions by
-- itself, so that no way of storing an event can forget it.
ALTER TABLE events ADD COLUMN transaction_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE events ADD COLUMN place INTEGER NOT NULL DEFAULT 0;

UPDATE events SET place = numbered.place
FROM (SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS place FROM events) AS numbered
WHERE (numbered.tenant_id, numbered.id) = (events.tenant_id, events.id);

CREATE UNIQUE INDEX events_position ON events (tenant_id, transaction_id, place);

DROP INDEX events_subject;
CREATE INDEX events_subject ON events (tenant_id, subject, transaction_id, place);

-- There is one writer at a time, so what is counted here is in the order of the commits. Each event has a number of its
-- own.
CREATE TRIGGER events_positioned AFTER INSERT ON events WHEN NEW.transaction_id = 0 BEGIN
    INSERT INTO counters (tenant_id, series, last_number) VALUES (NEW.tenant_id, 'events', 1)
    ON CONFLICT (tenant_id, series) DO UPDATE SET last_number = last_number + 1;
    UPDATE events SET transaction_id = (
        SELECT last_number FROM counters WHERE tenant_id = NEW.tenant_id AND series = 'events')
    WHERE tenant_id = NEW.tenant_id AND id = NEW.id;
END;
