CREATE TABLE meters (
    tenant_id BLOB NOT NULL REFERENCES tenants,
    id BLOB NOT NULL,
    code TEXT NOT NULL CHECK (code <> ''),
    name TEXT NOT NULL CHECK (name <> ''),
    aggregation TEXT NOT NULL CHECK (aggregation IN ('COUNT', 'SUM', 'MAX', 'LATEST', 'UNIQUE_COUNT')),
    property TEXT CHECK (property <> ''),
    -- A list of properties, each with the values of which it must have one.
    filters TEXT NOT NULL,
    feature_id BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ACTIVE', 'DELETED')),
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, code),
    UNIQUE (tenant_id, feature_id),
    FOREIGN KEY (tenant_id, feature_id) REFERENCES features (tenant_id, id),
    CONSTRAINT only_counting_needs_no_property CHECK ((aggregation = 'COUNT') = (property IS NULL))
) STRICT;

CREATE INDEX meters_name ON meters (tenant_id, name, id);
CREATE INDEX meters_aggregation ON meters (tenant_id, aggregation, id);
CREATE INDEX meters_state ON meters (tenant_id, state, id);
CREATE INDEX meters_created_at ON meters (tenant_id, created_at, id);
CREATE INDEX meters_updated_at ON meters (tenant_id, updated_at, id);

CREATE TABLE usage_events (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    -- The client's own identifier: an event that is sent again is recorded once.
    event_id TEXT NOT NULL CHECK (event_id <> ''),
    meter_id BLOB NOT NULL,
    subscription_id BLOB NOT NULL,
    occurred_at TEXT NOT NULL,
    properties TEXT NOT NULL,
    counted INTEGER NOT NULL CHECK (counted IN (0, 1)),
    -- A whole number of millionths, so that both databases add up exactly.
    value_millionths INTEGER CHECK (value_millionths >= 0),
    unique_key TEXT,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, event_id),
    FOREIGN KEY (tenant_id, meter_id) REFERENCES meters (tenant_id, id),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    CONSTRAINT only_what_counts_has_a_value CHECK (counted OR value_millionths IS NULL AND unique_key IS NULL)
) STRICT;

-- What is added up: one meter's events of one subscription in a period, the last of them first.
CREATE INDEX usage_events_meter ON usage_events (tenant_id, meter_id, subscription_id, occurred_at, id);
CREATE INDEX usage_events_subscription ON usage_events (tenant_id, subscription_id, id);
CREATE INDEX usage_events_occurred_at ON usage_events (tenant_id, occurred_at, id);

-- The part of what was used that a line bills, where a commitment splits it, and what that is multiplied by.
ALTER TABLE invoice_lines ADD COLUMN base_amount TEXT;
ALTER TABLE invoice_lines ADD COLUMN factor TEXT;
