-- The next number of each series of a tenant, such as that of its orders.
CREATE TABLE counters (
    tenant_id UUID NOT NULL REFERENCES tenants,
    series TEXT COLLATE "C" NOT NULL,
    last_number BIGINT NOT NULL CHECK (last_number > 0),
    PRIMARY KEY (tenant_id, series)
);

CREATE TABLE orders (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    number TEXT COLLATE "C" NOT NULL CHECK (number <> ''),
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('PENDING', 'CONFIRMED', 'PARTIAL', 'FULFILLED', 'CANCELLED')),
    customer_id UUID NOT NULL,
    billing_group_id UUID,
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    total_devices INTEGER NOT NULL CHECK (total_devices > 0),
    rented_devices INTEGER NOT NULL,
    notes TEXT COLLATE "C",
    cancel_reason TEXT COLLATE "C",
    version INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    confirmed_at TIMESTAMPTZ,
    fulfilled_at TIMESTAMPTZ,
    cancelled_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, number),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    FOREIGN KEY (tenant_id, billing_group_id, customer_id) REFERENCES billing_groups (tenant_id, id, customer_id),
    CONSTRAINT order_progress_is_in_range CHECK (rented_devices BETWEEN 0 AND total_devices),
    CONSTRAINT order_status_follows_progress CHECK (
        CASE status
            WHEN 'PARTIAL' THEN rented_devices > 0 AND rented_devices < total_devices
            WHEN 'FULFILLED' THEN rented_devices = total_devices
            ELSE rented_devices = 0
        END
    )
);

CREATE INDEX orders_status ON orders (tenant_id, status, id);
CREATE INDEX orders_customer ON orders (tenant_id, customer_id, id);
CREATE INDEX orders_billing_group ON orders (tenant_id, billing_group_id, id);
CREATE INDEX orders_created_at ON orders (tenant_id, created_at, id);
CREATE INDEX orders_updated_at ON orders (tenant_id, updated_at, id);

CREATE TABLE order_items (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    order_id UUID NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    product_id UUID NOT NULL,
    sku TEXT COLLATE "C" NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    fulfilled_quantity INTEGER NOT NULL,
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    unit_price BIGINT NOT NULL CHECK (unit_price >= 0),
    contract_length INTEGER NOT NULL CHECK (contract_length BETWEEN 1 AND 120),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, order_id, position),
    FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id),
    FOREIGN KEY (tenant_id, product_id, sku) REFERENCES products (tenant_id, id, sku),
    CONSTRAINT no_more_is_fulfilled_than_ordered CHECK (fulfilled_quantity BETWEEN 0 AND quantity)
);

CREATE INDEX order_items_product ON order_items (tenant_id, product_id, sku);
