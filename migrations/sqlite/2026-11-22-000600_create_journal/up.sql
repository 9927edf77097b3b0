-- What a mutation answered under an idempotency key, stored in the transaction of its effect.
CREATE TABLE idempotency_keys (
    tenant_id BLOB NOT NULL REFERENCES tenants,
    key TEXT NOT NULL,
    -- SHA-256 of the operation, the field and its arguments.
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    -- The ids that the mutation answered.
    outcome TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, key)
) STRICT;

CREATE INDEX idempotency_keys_created_at ON idempotency_keys (tenant_id, created_at);

-- Who did what.
CREATE TABLE audit_records (
    tenant_id BLOB NOT NULL REFERENCES tenants,
    id BLOB NOT NULL,
    operation TEXT NOT NULL,
    actor TEXT NOT NULL,
    request_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;

-- The outbox: what happened, for those who listen. Delivered by a job, after the commit.
CREATE TABLE events (
    tenant_id BLOB NOT NULL REFERENCES tenants,
    id BLOB NOT NULL,
    event_type TEXT NOT NULL,
    subject TEXT NOT NULL,
    data TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE INDEX events_subject ON events (tenant_id, subject, id);
