DROP TABLE events;
DROP TABLE audit_records;
DROP TABLE idempotency_keys;
