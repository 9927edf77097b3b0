CREATE TABLE meters (
    tenant_id UUID NOT NULL REFERENCES tenants,
    id UUID NOT NULL,
    code TEXT COLLATE "C" NOT NULL CHECK (code <> ''),
    name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    aggregation TEXT COLLATE "C" NOT NULL CHECK (aggregation IN ('COUNT', 'SUM', 'MAX', 'LATEST', 'UNIQUE_COUNT')),
    property TEXT COLLATE "C" CHECK (property <> ''),
    -- A list of properties, each with the values of which it must have one.
    filters JSONB NOT NULL,
    feature_id UUID NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('ACTIVE', 'DELETED')),
    version INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, code),
    UNIQUE (tenant_id, feature_id),
    FOREIGN KEY (tenant_id, feature_id) REFERENCES features (tenant_id, id),
    CONSTRAINT only_counting_needs_no_property CHECK ((aggregation = 'COUNT') = (property IS NULL))
);

CREATE INDEX meters_name ON meters (tenant_id, name, id);
CREATE INDEX meters_aggregation ON meters (tenant_id, aggregation, id);
CREATE INDEX meters_state ON meters (tenant_id, state, id);
CREATE INDEX meters_created_at ON meters (tenant_id, created_at, id);
CREATE INDEX meters_updated_at ON meters (tenant_id, updated_at, id);

CREATE TABLE usage_events (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    -- The client's own identifier: an event that is sent again is recorded once.
    event_id TEXT COLLATE "C" NOT NULL CHECK (event_id <> ''),
    meter_id UUID NOT NULL,
    subscription_id UUID NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    properties JSONB NOT NULL,
    counted BOOLEAN NOT NULL,
    -- A whole number of millionths, so that both databases add up exactly.
    value_millionths BIGINT CHECK (value_millionths >= 0),
    unique_key TEXT COLLATE "C",
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, event_id),
    FOREIGN KEY (tenant_id, meter_id) REFERENCES meters (tenant_id, id),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    CONSTRAINT only_what_counts_has_a_value CHECK (counted OR value_millionths IS NULL AND unique_key IS NULL)
);

-- What is added up: one meter's events of one subscription in a period, the last of them first.
CREATE INDEX usage_events_meter ON usage_events (tenant_id, meter_id, subscription_id, occurred_at, id);
CREATE INDEX usage_events_subscription ON usage_events (tenant_id, subscription_id, id);
CREATE INDEX usage_events_occurred_at ON usage_events (tenant_id, occurred_at, id);

-- The part of what was used that a line bills, where a commitment splits it, and what that is multiplied by.
ALTER TABLE invoice_lines ADD COLUMN base_amount NUMERIC;
ALTER TABLE invoice_lines ADD COLUMN factor NUMERIC;
