-- The next number of each series of a tenant, such as that of its orders.
CREATE TABLE counters (
    tenant_id BLOB NOT NULL REFERENCES tenants,
    series TEXT NOT NULL,
    last_number INTEGER NOT NULL CHECK (last_number > 0),
    PRIMARY KEY (tenant_id, series)
) STRICT;

CREATE TABLE orders (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    number TEXT NOT NULL CHECK (number <> ''),
    status TEXT NOT NULL CHECK (status IN ('PENDING', 'CONFIRMED', 'PARTIAL', 'FULFILLED', 'CANCELLED')),
    customer_id BLOB NOT NULL,
    billing_group_id BLOB,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    total_devices INTEGER NOT NULL CHECK (total_devices > 0),
    rented_devices INTEGER NOT NULL,
    notes TEXT,
    cancel_reason TEXT,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    confirmed_at TEXT,
    fulfilled_at TEXT,
    cancelled_at TEXT,
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
) STRICT;

CREATE INDEX orders_status ON orders (tenant_id, status, id);
CREATE INDEX orders_customer ON orders (tenant_id, customer_id, id);
CREATE INDEX orders_billing_group ON orders (tenant_id, billing_group_id, id);
CREATE INDEX orders_created_at ON orders (tenant_id, created_at, id);
CREATE INDEX orders_updated_at ON orders (tenant_id, updated_at, id);

CREATE TABLE order_items (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    order_id BLOB NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    product_id BLOB NOT NULL,
    sku TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    fulfilled_quantity INTEGER NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    unit_price INTEGER NOT NULL CHECK (unit_price >= 0),
    contract_length INTEGER NOT NULL CHECK (contract_length BETWEEN 1 AND 120),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, order_id, position),
    FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id),
    FOREIGN KEY (tenant_id, product_id, sku) REFERENCES products (tenant_id, id, sku),
    CONSTRAINT no_more_is_fulfilled_than_ordered CHECK (fulfilled_quantity BETWEEN 0 AND quantity)
) STRICT;

CREATE INDEX order_items_product ON order_items (tenant_id, product_id, sku);
