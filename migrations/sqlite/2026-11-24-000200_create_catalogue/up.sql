CREATE TABLE features (
    tenant_id BLOB NOT NULL REFERENCES tenants,
    id BLOB NOT NULL,
    code TEXT NOT NULL CHECK (code <> ''),
    name TEXT NOT NULL CHECK (name <> ''),
    description TEXT,
    feature_type TEXT NOT NULL CHECK (feature_type IN ('BOOLEAN', 'METERED', 'STATIC')),
    state TEXT NOT NULL CHECK (state IN ('ACTIVE', 'DELETED')),
    metadata TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, code),
    -- Entitlements carry the type beside the feature: it says which terms they may have.
    UNIQUE (tenant_id, id, feature_type)
) STRICT;

CREATE INDEX features_name ON features (tenant_id, name, id);
CREATE INDEX features_type ON features (tenant_id, feature_type, id);
CREATE INDEX features_state ON features (tenant_id, state, id);
CREATE INDEX features_created_at ON features (tenant_id, created_at, id);
CREATE INDEX features_updated_at ON features (tenant_id, updated_at, id);

CREATE TABLE add_ons (
    tenant_id BLOB NOT NULL REFERENCES tenants,
    id BLOB NOT NULL,
    code TEXT NOT NULL CHECK (code <> ''),
    name TEXT NOT NULL CHECK (name <> ''),
    description TEXT,
    add_on_type TEXT NOT NULL CHECK (add_on_type IN ('ON_OFF', 'QUANTITY')),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    unit_amount TEXT NOT NULL CHECK (unit_amount GLOB '[0-9]*'),
    amount_includes_tax INTEGER CHECK (amount_includes_tax IN (0, 1)),
    tax_rate TEXT CHECK (CAST(tax_rate AS NUMERIC) BETWEEN 0 AND 1),
    all_plans INTEGER NOT NULL CHECK (all_plans IN (0, 1)),
    -- A list of codes.
    eligible_plans TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ACTIVE', 'DELETED')),
    metadata TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, code),
    CONSTRAINT all_plans_or_those_that_are_named CHECK (all_plans = (json_array_length(eligible_plans) = 0))
) STRICT;

CREATE INDEX add_ons_name ON add_ons (tenant_id, name, id);
CREATE INDEX add_ons_type ON add_ons (tenant_id, add_on_type, id);
CREATE INDEX add_ons_state ON add_ons (tenant_id, state, id);
CREATE INDEX add_ons_created_at ON add_ons (tenant_id, created_at, id);
CREATE INDEX add_ons_updated_at ON add_ons (tenant_id, updated_at, id);

-- What a plan, an add-on or one subscription entitles to.
CREATE TABLE entitlements (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    plan_id BLOB,
    add_on_id BLOB,
    subscription_id BLOB,
    feature_id BLOB NOT NULL,
    feature_type TEXT NOT NULL,
    usage_limit INTEGER CHECK (usage_limit >= 0),
    soft_limit INTEGER NOT NULL CHECK (soft_limit IN (0, 1)),
    reset_period TEXT CHECK (reset_period IN ('DAY', 'WEEK', 'MONTH', 'QUARTER', 'HALF_YEAR', 'YEAR')),
    static_value TEXT CHECK (static_value <> ''),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES plans (tenant_id, id),
    FOREIGN KEY (tenant_id, add_on_id) REFERENCES add_ons (tenant_id, id),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    FOREIGN KEY (tenant_id, feature_id, feature_type) REFERENCES features (tenant_id, id, feature_type),
    CONSTRAINT an_entitlement_has_one_owner CHECK (
        CASE WHEN plan_id IS NULL THEN 0 ELSE 1 END + CASE WHEN add_on_id IS NULL THEN 0 ELSE 1 END
            + CASE WHEN subscription_id IS NULL THEN 0 ELSE 1 END = 1
    ),
    CONSTRAINT only_what_is_measured_is_limited CHECK (
        feature_type = 'METERED' OR usage_limit IS NULL AND NOT soft_limit AND reset_period IS NULL
    ),
    CONSTRAINT a_soft_limit_is_a_limit CHECK (usage_limit IS NOT NULL OR NOT soft_limit),
    CONSTRAINT what_is_static_has_a_value CHECK ((feature_type = 'STATIC') = (static_value IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX entitlements_plan ON entitlements (tenant_id, plan_id, feature_id);
CREATE UNIQUE INDEX entitlements_add_on ON entitlements (tenant_id, add_on_id, feature_id);
CREATE UNIQUE INDEX entitlements_subscription ON entitlements (tenant_id, subscription_id, feature_id);

CREATE TABLE discounts (
    tenant_id BLOB NOT NULL REFERENCES tenants,
    id BLOB NOT NULL,
    code TEXT NOT NULL CHECK (code <> ''),
    name TEXT NOT NULL CHECK (name <> ''),
    percentage TEXT CHECK (CAST(percentage AS NUMERIC) > 0 AND CAST(percentage AS NUMERIC) <= 100),
    currency TEXT CHECK (length(currency) = 3),
    amount INTEGER CHECK (amount > 0),
    -- A list of names.
    applies_to TEXT NOT NULL CHECK (json_array_length(applies_to) > 0),
    fixed_count INTEGER CHECK (fixed_count > 0),
    fixed_period INTEGER CHECK (fixed_period > 0),
    fixed_period_unit TEXT CHECK (fixed_period_unit IN ('DAYS', 'MONTHS')),
    state TEXT NOT NULL CHECK (state IN ('ACTIVE', 'DELETED')),
    metadata TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, code),
    CONSTRAINT a_discount_is_a_percentage_or_an_amount CHECK ((percentage IS NULL) <> (amount IS NULL)),
    CONSTRAINT an_amount_has_a_currency CHECK ((amount IS NULL) = (currency IS NULL)),
    CONSTRAINT a_period_has_a_unit CHECK ((fixed_period IS NULL) = (fixed_period_unit IS NULL))
) STRICT;

CREATE INDEX discounts_name ON discounts (tenant_id, name, id);
CREATE INDEX discounts_state ON discounts (tenant_id, state, id);
CREATE INDEX discounts_created_at ON discounts (tenant_id, created_at, id);
CREATE INDEX discounts_updated_at ON discounts (tenant_id, updated_at, id);

CREATE TABLE coupons (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    code TEXT NOT NULL CHECK (code <> ''),
    -- The code in lower case, in which codes are compared.
    folded_code TEXT NOT NULL CHECK (folded_code = lower(folded_code)),
    name TEXT NOT NULL CHECK (name <> ''),
    discount_id BLOB NOT NULL,
    all_plans INTEGER NOT NULL CHECK (all_plans IN (0, 1)),
    -- A list of codes.
    eligible_plans TEXT NOT NULL,
    max_redemptions INTEGER CHECK (max_redemptions > 0),
    redemptions INTEGER NOT NULL CHECK (redemptions >= 0),
    valid_from TEXT,
    valid_until TEXT,
    strategy TEXT NOT NULL CHECK (strategy IN ('ONCE_PER_CUSTOMER', 'ONCE_PER_PLAN', 'ONCE_PER_SUBSCRIPTION')),
    state TEXT NOT NULL CHECK (state IN ('ACTIVE', 'EXPIRED', 'DELETED')),
    expire_reason TEXT CHECK (expire_reason IN ('EARLY', 'VALID_UNTIL', 'MAX')),
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, folded_code),
    FOREIGN KEY (tenant_id, discount_id) REFERENCES discounts (tenant_id, id),
    CONSTRAINT all_plans_or_those_that_are_named CHECK (all_plans = (json_array_length(eligible_plans) = 0)),
    CONSTRAINT no_more_than_the_maximum_is_redeemed CHECK (redemptions <= max_redemptions),
    CONSTRAINT an_active_coupon_can_be_redeemed CHECK (state <> 'ACTIVE' OR redemptions < max_redemptions),
    CONSTRAINT a_validity_is_half_open CHECK (valid_from < valid_until),
    CONSTRAINT what_has_expired_has_a_reason CHECK ((state = 'EXPIRED') = (expire_reason IS NOT NULL)),
    CONSTRAINT what_was_redeemed_stays CHECK (state <> 'DELETED' OR redemptions = 0)
) STRICT;

CREATE INDEX coupons_code ON coupons (tenant_id, code, id);
CREATE INDEX coupons_name ON coupons (tenant_id, name, id);
CREATE INDEX coupons_discount ON coupons (tenant_id, discount_id, id);
CREATE INDEX coupons_state ON coupons (tenant_id, state, id);
CREATE INDEX coupons_valid_until ON coupons (tenant_id, valid_until, id);
CREATE INDEX coupons_created_at ON coupons (tenant_id, created_at, id);
CREATE INDEX coupons_updated_at ON coupons (tenant_id, updated_at, id);

CREATE TABLE coupon_redemptions (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    coupon_id BLOB NOT NULL,
    subscription_id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    plan_id BLOB NOT NULL,
    -- What the coupon's strategy allows once.
    once_key TEXT NOT NULL CHECK (once_key <> ''),
    redeemed_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, coupon_id, once_key),
    FOREIGN KEY (tenant_id, coupon_id) REFERENCES coupons (tenant_id, id),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES plans (tenant_id, id)
) STRICT;

CREATE INDEX coupon_redemptions_coupon ON coupon_redemptions (tenant_id, coupon_id, id);
CREATE INDEX coupon_redemptions_subscription ON coupon_redemptions (tenant_id, subscription_id, id);
CREATE INDEX coupon_redemptions_customer ON coupon_redemptions (tenant_id, customer_id, id);
CREATE INDEX coupon_redemptions_plan ON coupon_redemptions (tenant_id, plan_id, id);
