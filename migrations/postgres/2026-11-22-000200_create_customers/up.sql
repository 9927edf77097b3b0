CREATE TABLE customers (
    tenant_id UUID NOT NULL REFERENCES tenants,
    id UUID NOT NULL,
    external_id TEXT COLLATE "C",
    name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    email TEXT COLLATE "C",
    phone TEXT COLLATE "C",
    timezone TEXT COLLATE "C",
    parent_customer_id UUID CHECK (parent_customer_id <> id),
    metadata JSONB NOT NULL,
    device_count INTEGER NOT NULL CHECK (device_count >= 0),
    version INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, parent_customer_id) REFERENCES customers (tenant_id, id)
);

CREATE UNIQUE INDEX customers_external_id ON customers (tenant_id, external_id);
CREATE INDEX customers_name ON customers (tenant_id, name, id);
CREATE INDEX customers_email ON customers (tenant_id, email, id);
CREATE INDEX customers_parent ON customers (tenant_id, parent_customer_id, id);
CREATE INDEX customers_device_count ON customers (tenant_id, device_count, id);
CREATE INDEX customers_created_at ON customers (tenant_id, created_at, id);
CREATE INDEX customers_updated_at ON customers (tenant_id, updated_at, id);

-- What the live subscriptions of a customer bring in a month, in each currency.
CREATE TABLE customer_revenues (
    tenant_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    monthly_amount BIGINT NOT NULL CHECK (monthly_amount >= 0),
    PRIMARY KEY (tenant_id, customer_id, currency),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id)
);

CREATE TABLE billing_groups (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    billing_day INTEGER NOT NULL CHECK (billing_day BETWEEN 1 AND 28),
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('ACTIVE', 'INACTIVE')),
    -- That of its subscriptions; none before the first one joins.
    currency TEXT COLLATE "C" CHECK (length(currency) = 3),
    version INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    -- What points at a group names its customer too, so that it cannot join the group of another.
    UNIQUE (tenant_id, id, customer_id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id)
);

CREATE INDEX billing_groups_customer ON billing_groups (tenant_id, customer_id, id);
