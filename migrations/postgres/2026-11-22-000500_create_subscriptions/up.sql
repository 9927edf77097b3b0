CREATE TABLE assets (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    serial_number TEXT COLLATE "C" NOT NULL CHECK (serial_number <> ''),
    product_id UUID NOT NULL,
    sku TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL CHECK (status IN
        ('AVAILABLE', 'RESERVED', 'RENTED_OUT', 'RETURNED', 'IN_REPAIR', 'UNAVAILABLE', 'SOLD', 'RETIRED')),
    reason TEXT COLLATE "C" CHECK (reason IN ('DAMAGED', 'LOST', 'STOLEN', 'REMOVED', 'OTHER')),
    reserved_order_id UUID,
    customer_id UUID,
    subscription_id UUID,
    currency TEXT COLLATE "C" CHECK (length(currency) = 3),
    acquisition_cost BIGINT CHECK (acquisition_cost >= 0),
    location TEXT COLLATE "C",
    notes TEXT COLLATE "C",
    version INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, serial_number),
    FOREIGN KEY (tenant_id, product_id, sku) REFERENCES products (tenant_id, id, sku),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    FOREIGN KEY (tenant_id, reserved_order_id) REFERENCES orders (tenant_id, id),
    CONSTRAINT rented_out_means_held CHECK (
        (status = 'RENTED_OUT') = (subscription_id IS NOT NULL) AND (status = 'RENTED_OUT') = (customer_id IS NOT NULL)
    ),
    CONSTRAINT reserved_means_kept_for_an_order CHECK ((status = 'RESERVED') = (reserved_order_id IS NOT NULL)),
    CONSTRAINT unavailable_has_a_reason CHECK ((status = 'UNAVAILABLE') = (reason IS NOT NULL)),
    CONSTRAINT cost_has_a_currency CHECK ((acquisition_cost IS NULL) = (currency IS NULL))
);

CREATE INDEX assets_sku ON assets (tenant_id, sku, status, id);
CREATE INDEX assets_status ON assets (tenant_id, status, id);
CREATE INDEX assets_product ON assets (tenant_id, product_id, id);
CREATE INDEX assets_customer ON assets (tenant_id, customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX assets_reserved_order ON assets (tenant_id, reserved_order_id, id) WHERE reserved_order_id IS NOT NULL;
CREATE INDEX assets_location ON assets (tenant_id, location, id);
CREATE INDEX assets_created_at ON assets (tenant_id, created_at, id);
CREATE INDEX assets_updated_at ON assets (tenant_id, updated_at, id);

CREATE TABLE subscriptions (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    handle TEXT COLLATE "C",
    status TEXT COLLATE "C" NOT NULL CHECK (status IN
        ('DRAFT', 'INCOMPLETE', 'TRIALING', 'ACTIVE', 'PAUSED', 'ENDED', 'CANCELLED')),
    customer_id UUID NOT NULL,
    order_id UUID,
    order_item_id UUID,
    asset_id UUID,
    billing_group_id UUID,
    parent_subscription_id UUID CHECK (parent_subscription_id <> id),
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    timezone TEXT COLLATE "C" NOT NULL,
    monthly_amount BIGINT CHECK (monthly_amount >= 0),
    contract_length INTEGER CHECK (contract_length BETWEEN 1 AND 120),
    billing_start TEXT COLLATE "C" CHECK (billing_start IN ('IMMEDIATE', 'FIRST_OF_NEXT_MONTH', 'SAME_DAY_NEXT_MONTH')),
    start_date TIMESTAMPTZ NOT NULL,
    end_date TIMESTAMPTZ,
    trial_start TIMESTAMPTZ,
    trial_end TIMESTAMPTZ,
    billing_anchor TIMESTAMPTZ,
    current_period_start TIMESTAMPTZ,
    current_period_end TIMESTAMPTZ,
    next_billing_date DATE,
    notes TEXT COLLATE "C",
    metadata JSONB NOT NULL,
    version INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    FOREIGN KEY (tenant_id, order_id) REFERENCES orders (tenant_id, id),
    FOREIGN KEY (tenant_id, order_item_id) REFERENCES order_items (tenant_id, id),
    FOREIGN KEY (tenant_id, asset_id) REFERENCES assets (tenant_id, id),
    FOREIGN KEY (tenant_id, billing_group_id, customer_id) REFERENCES billing_groups (tenant_id, id, customer_id),
    FOREIGN KEY (tenant_id, parent_subscription_id) REFERENCES subscriptions (tenant_id, id),
    CONSTRAINT a_trial_has_two_ends CHECK (
        (trial_start IS NULL) = (trial_end IS NULL) AND (trial_start IS NULL OR trial_start < trial_end)
    ),
    CONSTRAINT periods_are_half_open CHECK (current_period_start < current_period_end AND start_date < end_date)
);

-- An asset names the subscription that holds it, and that subscription must name the asset back.
CREATE UNIQUE INDEX subscriptions_holds_asset ON subscriptions (tenant_id, id, asset_id);
-- At most one live subscription holds an asset.
CREATE UNIQUE INDEX subscriptions_one_live_per_asset ON subscriptions (tenant_id, asset_id)
    WHERE asset_id IS NOT NULL AND status NOT IN ('ENDED', 'CANCELLED');
CREATE UNIQUE INDEX subscriptions_handle ON subscriptions (tenant_id, handle);
CREATE INDEX subscriptions_status ON subscriptions (tenant_id, status, id);
CREATE INDEX subscriptions_customer ON subscriptions (tenant_id, customer_id, id);
CREATE INDEX subscriptions_order ON subscriptions (tenant_id, order_id, id);
CREATE INDEX subscriptions_order_item ON subscriptions (tenant_id, order_item_id, id);
CREATE INDEX subscriptions_asset ON subscriptions (tenant_id, asset_id, id);
CREATE INDEX subscriptions_billing_group ON subscriptions (tenant_id, billing_group_id, id);
CREATE INDEX subscriptions_parent ON subscriptions (tenant_id, parent_subscription_id, id);
CREATE INDEX subscriptions_start_date ON subscriptions (tenant_id, start_date, id);
CREATE INDEX subscriptions_end_date ON subscriptions (tenant_id, end_date, id);
CREATE INDEX subscriptions_next_billing_date ON subscriptions (tenant_id, next_billing_date, id);
CREATE INDEX subscriptions_created_at ON subscriptions (tenant_id, created_at, id);
CREATE INDEX subscriptions_updated_at ON subscriptions (tenant_id, updated_at, id);

ALTER TABLE assets ADD CONSTRAINT assets_subscription_fkey
    FOREIGN KEY (tenant_id, subscription_id, id) REFERENCES subscriptions (tenant_id, id, asset_id)
    DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE scheduled_payments (
    tenant_id UUID NOT NULL,
    subscription_id UUID NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    due_date DATE NOT NULL,
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    amount BIGINT NOT NULL CHECK (amount >= 0),
    status TEXT COLLATE "C" NOT NULL CHECK (status IN
        ('SCHEDULED', 'INVOICED', 'PAID', 'FAILED', 'CANCELLED', 'SETTLED_ELSEWHERE')),
    PRIMARY KEY (tenant_id, subscription_id, sequence),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id)
);

CREATE INDEX scheduled_payments_due ON scheduled_payments (tenant_id, due_date) WHERE status = 'SCHEDULED';

-- Who had an asset, and when: [assigned_at, returned_at).
CREATE TABLE asset_assignments (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    asset_id UUID NOT NULL,
    subscription_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    assigned_at TIMESTAMPTZ NOT NULL,
    returned_at TIMESTAMPTZ CHECK (returned_at >= assigned_at),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, asset_id) REFERENCES assets (tenant_id, id),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id)
);

CREATE INDEX asset_assignments_asset ON asset_assignments (tenant_id, asset_id, id);
CREATE INDEX asset_assignments_subscription ON asset_assignments (tenant_id, subscription_id);
CREATE INDEX asset_assignments_customer ON asset_assignments (tenant_id, customer_id);
-- A device is in one place at a time.
CREATE UNIQUE INDEX asset_assignments_open ON asset_assignments (tenant_id, asset_id) WHERE returned_at IS NULL;
