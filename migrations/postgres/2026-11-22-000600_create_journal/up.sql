-- What a mutation answered under an idempotency key, stored in the transaction of its effect.
CREATE TABLE idempotency_keys (
    tenant_id UUID NOT NULL REFERENCES tenants,
    key TEXT COLLATE "C" NOT NULL,
    -- SHA-256 of the operation, the field and its arguments.
    fingerprint BYTEA NOT NULL CHECK (length(fingerprint) = 32),
    -- The ids that the mutation answered.
    outcome JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, key)
);

CREATE INDEX idempotency_keys_created_at ON idempotency_keys (tenant_id, created_at);

-- Who did what.
CREATE TABLE audit_records (
    tenant_id UUID NOT NULL REFERENCES tenants,
    id UUID NOT NULL,
    operation TEXT COLLATE "C" NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    outcome JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- The outbox: what happened, for those who listen. Delivered by a job, after the commit.
CREATE TABLE events (
    tenant_id UUID NOT NULL REFERENCES tenants,
    id UUID NOT NULL,
    event_type TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    data JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX events_subject ON events (tenant_id, subject, id);
