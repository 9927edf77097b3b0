-- The version of the plan that a subscription is to; its terms hold it to a plan that there is.
ALTER TABLE subscriptions ADD COLUMN plan_id BLOB;
ALTER TABLE subscriptions ADD COLUMN hosted_payment_link TEXT;
CREATE INDEX subscriptions_plan ON subscriptions (tenant_id, plan_id, id);
CREATE UNIQUE INDEX subscriptions_to_plan ON subscriptions (tenant_id, id, plan_id);

-- How a subscription to a plan is billed and paid. Rentals have none.
CREATE TABLE subscription_terms (
    tenant_id BLOB NOT NULL,
    subscription_id BLOB NOT NULL,
    plan_id BLOB NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    schedule_type TEXT NOT NULL,
    schedule_interval INTEGER CHECK (schedule_interval > 0),
    fixed_day INTEGER CHECK (fixed_day BETWEEN 1 AND 28),
    base_month INTEGER CHECK (base_month BETWEEN 1 AND 12),
    billing_period TEXT,
    billing_cycle TEXT,
    billed_from TEXT,
    anchor TEXT,
    requested_end TEXT,
    fixed_count INTEGER CHECK (fixed_count > 0),
    draft_trial_length INTEGER CHECK (draft_trial_length > 0),
    draft_trial_unit TEXT CHECK (draft_trial_unit IN ('DAYS', 'MONTHS')),
    partial_handling TEXT NOT NULL,
    proration_unit TEXT NOT NULL CHECK (proration_unit IN ('DAY', 'SECOND')),
    minimum_prorated_amount INTEGER CHECK (minimum_prorated_amount >= 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    cadence TEXT NOT NULL CHECK (cadence IN ('IN_ADVANCE', 'IN_ARREARS')),
    tax_rate TEXT NOT NULL,
    amounts_include_tax INTEGER NOT NULL,
    setup_fee INTEGER NOT NULL,
    proration_behavior TEXT CHECK (proration_behavior IN ('CREATE_PRORATIONS', 'NONE')),
    commitment_amount INTEGER CHECK (commitment_amount >= 0),
    commitment_duration TEXT,
    overage_factor TEXT NOT NULL,
    true_up INTEGER NOT NULL,
    -- What was used against the commitment, in minor units, in the window that began then.
    committed_from TEXT,
    committed_used TEXT,
    collection_method TEXT NOT NULL,
    payment_behavior TEXT NOT NULL,
    payment_terms TEXT,
    grace_seconds INTEGER CHECK (grace_seconds >= 0),
    signup_method TEXT CHECK (signup_method IN ('SOURCE', 'EMAIL', 'LINK')),
    payment_method_id BLOB,
    invoice_billing TEXT NOT NULL CHECK (invoice_billing IN ('INVOICE_TO_PARENT', 'INVOICE_TO_SELF')),
    invoiced_customer_id BLOB NOT NULL,
    test INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, subscription_id),
    FOREIGN KEY (tenant_id, subscription_id, plan_id) REFERENCES subscriptions (tenant_id, id, plan_id),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES plans (tenant_id, id),
    FOREIGN KEY (tenant_id, payment_method_id) REFERENCES payment_methods (tenant_id, id),
    FOREIGN KEY (tenant_id, invoiced_customer_id) REFERENCES customers (tenant_id, id),
    CONSTRAINT a_draft_trial_has_a_unit CHECK ((draft_trial_length IS NULL) = (draft_trial_unit IS NULL)),
    CONSTRAINT a_use_has_a_window CHECK ((committed_from IS NULL) = (committed_used IS NULL)),
    CONSTRAINT a_method_has_its_behaviours CHECK (
        CASE collection_method
            WHEN 'CHARGE_AUTOMATICALLY' THEN
                payment_behavior IN ('DEFAULT_ACTIVE', 'ALLOW_INCOMPLETE', 'ERROR_IF_INCOMPLETE')
            WHEN 'SEND_INVOICE' THEN payment_behavior IN ('DEFAULT_ACTIVE', 'DEFAULT_INCOMPLETE')
            ELSE 0
        END
    )
) STRICT;

CREATE INDEX subscription_terms_payment_method ON subscription_terms (tenant_id, payment_method_id);
CREATE INDEX subscription_terms_invoiced_customer ON subscription_terms (tenant_id, invoiced_customer_id);

-- A stretch of a subscription's life with prices of its own: [start_date, end_date).
CREATE TABLE subscription_phases (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    subscription_id BLOB NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    start_date TEXT NOT NULL,
    end_date TEXT,
    metadata TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, subscription_id, position),
    UNIQUE (tenant_id, subscription_id, start_date),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    CONSTRAINT a_phase_is_half_open CHECK (start_date < end_date)
) STRICT;

-- A price that is billed to a subscription, during [start_date, end_date).
CREATE TABLE subscription_items (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    subscription_id BLOB NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    price_id BLOB NOT NULL,
    quantity INTEGER CHECK (quantity >= 0),
    name TEXT NOT NULL CHECK (name <> ''),
    additional INTEGER NOT NULL,
    start_date TEXT NOT NULL,
    end_date TEXT,
    metadata TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, subscription_id, position),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    FOREIGN KEY (tenant_id, price_id) REFERENCES prices (tenant_id, id),
    CONSTRAINT an_item_is_half_open CHECK (start_date < end_date)
) STRICT;

CREATE INDEX subscription_items_price ON subscription_items (tenant_id, price_id);

-- An add-on that a subscription has, during [start_date, end_date).
CREATE TABLE subscription_add_ons (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    subscription_id BLOB NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    add_on_id BLOB NOT NULL,
    handle TEXT NOT NULL CHECK (handle <> ''),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    -- Frozen when it was taken; null where it follows the catalogue.
    fixed_amount TEXT,
    tax_rate TEXT NOT NULL,
    amount_includes_tax INTEGER NOT NULL,
    name TEXT NOT NULL CHECK (name <> ''),
    description TEXT,
    start_date TEXT NOT NULL,
    end_date TEXT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, subscription_id, position),
    UNIQUE (tenant_id, subscription_id, handle),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    FOREIGN KEY (tenant_id, add_on_id) REFERENCES add_ons (tenant_id, id),
    CONSTRAINT an_add_on_is_half_open CHECK (start_date < end_date)
) STRICT;

CREATE INDEX subscription_add_ons_add_on ON subscription_add_ons (tenant_id, add_on_id);

-- A discount that a subscription has, during [start_date, end_date) and within its own bounds.
CREATE TABLE subscription_discounts (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    subscription_id BLOB NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    discount_id BLOB NOT NULL,
    coupon_id BLOB,
    handle TEXT NOT NULL CHECK (handle <> ''),
    name TEXT NOT NULL CHECK (name <> ''),
    percentage TEXT,
    amount INTEGER CHECK (amount > 0),
    currency TEXT CHECK (length(currency) = 3),
    applies_to TEXT NOT NULL,
    fixed_count INTEGER CHECK (fixed_count > 0),
    fixed_period_length INTEGER CHECK (fixed_period_length > 0),
    fixed_period_unit TEXT CHECK (fixed_period_unit IN ('DAYS', 'MONTHS')),
    price_id BLOB,
    start_date TEXT NOT NULL,
    end_date TEXT,
    uses INTEGER NOT NULL CHECK (uses >= 0),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, subscription_id, position),
    UNIQUE (tenant_id, subscription_id, handle),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    FOREIGN KEY (tenant_id, discount_id) REFERENCES discounts (tenant_id, id),
    FOREIGN KEY (tenant_id, coupon_id) REFERENCES coupons (tenant_id, id),
    FOREIGN KEY (tenant_id, price_id) REFERENCES prices (tenant_id, id),
    CONSTRAINT a_percentage_or_an_amount CHECK (
        (percentage IS NULL) <> (amount IS NULL) AND (amount IS NULL) = (currency IS NULL)
    ),
    CONSTRAINT a_discount_period_has_a_unit CHECK ((fixed_period_length IS NULL) = (fixed_period_unit IS NULL)),
    CONSTRAINT a_discount_is_used_as_often_as_it_may CHECK (uses <= fixed_count),
    CONSTRAINT a_discount_is_half_open CHECK (start_date < end_date)
) STRICT;

CREATE INDEX subscription_discounts_discount ON subscription_discounts (tenant_id, discount_id);
CREATE INDEX subscription_discounts_coupon ON subscription_discounts (tenant_id, coupon_id);
CREATE INDEX subscription_discounts_price ON subscription_discounts (tenant_id, price_id);

CREATE TABLE invoices (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    number TEXT,
    status TEXT NOT NULL CHECK (status IN
        ('DRAFT', 'OPEN', 'PAID', 'PAST_DUE', 'FAILED', 'VOID')),
    reason TEXT NOT NULL CHECK (reason IN
        ('SUBSCRIPTION_CREATE', 'SUBSCRIPTION_TRIAL_END', 'SUBSCRIPTION_CYCLE', 'SETUP_FEE', 'RENTAL', 'CONSOLIDATED', 'ONE_OFF')),
    customer_id BLOB NOT NULL,
    -- None where it is for several, or for none.
    subscription_id BLOB,
    -- The group whose subscriptions it bills together.
    billing_group_id BLOB,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    -- The moment of the subscription's life at which it is billed.
    billed_at TEXT,
    period_start TEXT,
    period_end TEXT,
    period_number INTEGER CHECK (period_number > 0),
    subtotal INTEGER NOT NULL,
    discount_total INTEGER NOT NULL CHECK (discount_total >= 0),
    net_total INTEGER NOT NULL,
    tax_total INTEGER NOT NULL,
    total INTEGER NOT NULL,
    -- What the customer's credits, credit notes and payments took off the total, and what is left.
    credit_applied INTEGER NOT NULL CHECK (credit_applied >= 0),
    amount_credited INTEGER NOT NULL CHECK (amount_credited >= 0),
    amount_paid INTEGER NOT NULL CHECK (amount_paid >= 0),
    amount_due INTEGER NOT NULL CHECK (amount_due >= 0),
    amount_refunded INTEGER NOT NULL CHECK (amount_refunded BETWEEN 0 AND amount_paid),
    collection_method TEXT NOT NULL CHECK (collection_method IN ('CHARGE_AUTOMATICALLY', 'SEND_INVOICE')),
    payment_method_id BLOB,
    -- When it is to be charged or reminded of next.
    collect_at TEXT,
    dunning_started_at TEXT,
    -- How many reminders were sent.
    dunning_step INTEGER NOT NULL CHECK (dunning_step >= 0),
    paid_at TEXT,
    voided_at TEXT,
    rounding TEXT NOT NULL CHECK (rounding IN ('HALF_AWAY_FROM_ZERO')),
    issue_date TEXT NOT NULL,
    due_date TEXT NOT NULL,
    test INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, number),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    FOREIGN KEY (tenant_id, billing_group_id, customer_id) REFERENCES billing_groups (tenant_id, id, customer_id),
    FOREIGN KEY (tenant_id, payment_method_id) REFERENCES payment_methods (tenant_id, id),
    CONSTRAINT a_billed_period_is_half_open CHECK (
        (period_start IS NULL) = (period_end IS NULL) AND (period_start IS NULL OR period_start < period_end)
    ),
    CONSTRAINT only_a_draft_has_no_number CHECK ((status = 'DRAFT') = (number IS NULL)),
    CONSTRAINT what_is_due CHECK (
        amount_due = CASE WHEN status = 'VOID' THEN 0 ELSE total - credit_applied - amount_credited - amount_paid END
    ),
    CONSTRAINT paid_means_in_full CHECK (
        CASE WHEN status IN ('OPEN', 'PAST_DUE', 'FAILED') THEN amount_due > 0 ELSE status = 'DRAFT' OR amount_due = 0 END
    ),
    CONSTRAINT paid_at_a_moment CHECK ((status = 'PAID') = (paid_at IS NOT NULL)),
    CONSTRAINT void_means_nothing_was_paid CHECK (
        (status = 'VOID') = (voided_at IS NOT NULL)
        AND (status <> 'VOID' OR (amount_paid = 0 AND credit_applied = 0 AND amount_credited = 0))
    ),
    CONSTRAINT only_what_is_due_is_collected CHECK (collect_at IS NULL OR status IN ('OPEN', 'PAST_DUE')),
    CONSTRAINT a_reminder_has_a_begin CHECK (dunning_step = 0 OR dunning_started_at IS NOT NULL),
    CONSTRAINT totals_add_up CHECK (net_total + tax_total = total),
    CONSTRAINT due_after_it_was_issued CHECK (due_date >= issue_date)
) STRICT;

-- A moment of a subscription is billed once, and so is a setup fee.
CREATE UNIQUE INDEX invoices_one_a_moment ON invoices (tenant_id, subscription_id, billed_at);
CREATE UNIQUE INDEX invoices_one_setup_fee ON invoices (tenant_id, subscription_id) WHERE reason = 'SETUP_FEE';
CREATE INDEX invoices_status ON invoices (tenant_id, status, id);
CREATE INDEX invoices_reason ON invoices (tenant_id, reason, id);
CREATE INDEX invoices_customer ON invoices (tenant_id, customer_id, id);
CREATE INDEX invoices_subscription ON invoices (tenant_id, subscription_id, id);
CREATE INDEX invoices_billing_group ON invoices (tenant_id, billing_group_id, id);
CREATE INDEX invoices_payment_method ON invoices (tenant_id, payment_method_id);
CREATE INDEX invoices_total ON invoices (tenant_id, total, id);
CREATE INDEX invoices_amount_due ON invoices (tenant_id, amount_due, id);
CREATE INDEX invoices_collect_at ON invoices (tenant_id, collect_at, id) WHERE collect_at IS NOT NULL;
CREATE INDEX invoices_currency ON invoices (tenant_id, currency, id);
CREATE INDEX invoices_issue_date ON invoices (tenant_id, issue_date, id);
CREATE INDEX invoices_due_date ON invoices (tenant_id, due_date, id);
CREATE INDEX invoices_created_at ON invoices (tenant_id, created_at, id);
CREATE INDEX invoices_updated_at ON invoices (tenant_id, updated_at, id);

CREATE TABLE invoice_lines (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    invoice_id BLOB NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    -- What it bills; none where it bills no subscription.
    subscription_id BLOB,
    kind TEXT NOT NULL,
    description TEXT NOT NULL,
    price_id BLOB,
    plan_version INTEGER,
    -- What it belongs to, such as an item or an add-on of the subscription.
    reference_id BLOB,
    billing_model TEXT,
    quantity TEXT NOT NULL,
    unit_amount TEXT,
    proration_numerator INTEGER CHECK (proration_numerator >= 0),
    proration_denominator INTEGER CHECK (proration_denominator > 0),
    proration_unit TEXT,
    period_start TEXT,
    period_end TEXT,
    timezone TEXT NOT NULL,
    rounding TEXT NOT NULL CHECK (rounding IN ('HALF_AWAY_FROM_ZERO')),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    -- Before discounts; negative for a credit and for a discount.
    amount INTEGER NOT NULL,
    discount_amount INTEGER NOT NULL CHECK (discount_amount >= 0),
    tax_rate TEXT NOT NULL,
    amount_includes_tax INTEGER NOT NULL,
    -- The line that a discount reduces, the discount of the subscription, and its percentage.
    reduced_position INTEGER,
    discount_id BLOB,
    discount_percentage TEXT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, invoice_id, position),
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    FOREIGN KEY (tenant_id, price_id) REFERENCES prices (tenant_id, id),
    FOREIGN KEY (tenant_id, discount_id) REFERENCES subscription_discounts (tenant_id, id),
    CONSTRAINT a_proration_is_whole_or_none CHECK (
        (proration_numerator IS NULL) = (proration_denominator IS NULL)
        AND (proration_numerator IS NULL) = (proration_unit IS NULL)
    ),
    CONSTRAINT a_line_period_is_half_open CHECK (
        (period_start IS NULL) = (period_end IS NULL) AND (period_start IS NULL OR period_start < period_end)
    ),
    CONSTRAINT a_discount_reduces_a_line CHECK (
        (kind = 'DISCOUNT') = (reduced_position IS NOT NULL) AND (kind = 'DISCOUNT') = (discount_id IS NOT NULL)
    )
) STRICT;

CREATE INDEX invoice_lines_subscription ON invoice_lines (tenant_id, subscription_id);
CREATE INDEX invoice_lines_price ON invoice_lines (tenant_id, price_id);
CREATE INDEX invoice_lines_discount ON invoice_lines (tenant_id, discount_id);

-- Something that is charged once, on the next invoice.
CREATE TABLE additional_costs (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    subscription_id BLOB NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    handle TEXT NOT NULL CHECK (handle <> ''),
    text TEXT NOT NULL CHECK (text <> ''),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    tax_rate TEXT NOT NULL,
    amount_includes_tax INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('PENDING', 'TRANSFERRED', 'CANCELLED')),
    invoice_id BLOB,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, subscription_id, position),
    UNIQUE (tenant_id, handle),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id),
    CONSTRAINT transferred_means_on_an_invoice CHECK ((state = 'TRANSFERRED') = (invoice_id IS NOT NULL))
) STRICT;

CREATE INDEX additional_costs_invoice ON additional_costs (tenant_id, invoice_id);

-- What each subscription entitles to: by its plan, by its add-ons, and by itself.
CREATE VIEW subscription_entitlements AS
    SELECT s.tenant_id, s.id AS subscription_id, s.customer_id, s.status AS subscription_status, 'PLAN' AS source,
        0 AS position, e.feature_id, e.usage_limit, e.soft_limit, e.reset_period, e.static_value
    FROM subscriptions s
    JOIN entitlements e ON e.tenant_id = s.tenant_id AND e.plan_id = s.plan_id
    UNION ALL
    SELECT s.tenant_id, s.id, s.customer_id, s.status, 'ADD_ON',
        a.position, e.feature_id, e.usage_limit * a.quantity, e.soft_limit, e.reset_period, e.static_value
    FROM subscriptions s
    JOIN subscription_add_ons a ON a.tenant_id = s.tenant_id AND a.subscription_id = s.id
    JOIN entitlements e ON e.tenant_id = a.tenant_id AND e.add_on_id = a.add_on_id
    UNION ALL
    SELECT s.tenant_id, s.id, s.customer_id, s.status, 'SUBSCRIPTION',
        0, e.feature_id, e.usage_limit, e.soft_limit, e.reset_period, e.static_value
    FROM subscriptions s
    JOIN entitlements e ON e.tenant_id = s.tenant_id AND e.subscription_id = s.id;
