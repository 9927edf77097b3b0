-- A row is one version of a plan. What it bills and when never changes; a change makes a new version.
CREATE TABLE plans (
    tenant_id BLOB NOT NULL REFERENCES tenants,
    id BLOB NOT NULL,
    code TEXT NOT NULL CHECK (code <> ''),
    version INTEGER NOT NULL CHECK (version > 0),
    state TEXT NOT NULL CHECK (state IN ('ACTIVE', 'SUPERSEDED', 'DELETED')),
    name TEXT NOT NULL CHECK (name <> ''),
    description TEXT,
    -- That of the setup fee and the minimum prorated amount, too.
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    schedule_type TEXT NOT NULL CHECK (schedule_type IN
        ('MANUAL', 'DAILY', 'WEEKLY_FIXEDDAY', 'MONTH_STARTDATE', 'MONTH_FIXEDDAY', 'MONTH_LASTDAY', 'PERIOD')),
    schedule_interval INTEGER CHECK (schedule_interval BETWEEN 1 AND 366),
    fixed_day INTEGER CHECK (fixed_day BETWEEN 1 AND 28),
    base_month INTEGER CHECK (base_month BETWEEN 1 AND 12),
    billing_period TEXT CHECK (billing_period IN ('DAY', 'WEEK', 'MONTH', 'QUARTER', 'HALF_YEAR', 'YEAR')),
    billing_cycle TEXT CHECK (billing_cycle IN ('ANNIVERSARY', 'CALENDAR')),
    partial_handling TEXT NOT NULL CHECK (partial_handling IN
        ('BILL_PRORATED', 'BILL_FULL', 'BILL_ZERO_AMOUNT', 'NO_BILL')),
    proration_unit TEXT NOT NULL CHECK (proration_unit IN ('DAY', 'SECOND')),
    minimum_prorated_amount INTEGER CHECK (minimum_prorated_amount >= 0),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    amount_includes_tax INTEGER CHECK (amount_includes_tax IN (0, 1)),
    tax_rate TEXT CHECK (CAST(tax_rate AS NUMERIC) BETWEEN 0 AND 1),
    trial_length INTEGER CHECK (trial_length > 0),
    trial_unit TEXT CHECK (trial_unit IN ('DAYS', 'MONTHS')),
    fixed_trial_days INTEGER NOT NULL CHECK (fixed_trial_days IN (0, 1)),
    setup_fee INTEGER CHECK (setup_fee >= 0),
    setup_fee_text TEXT,
    setup_fee_handling TEXT CHECK (setup_fee_handling IN ('FIRST', 'SEPARATE', 'SEPARATE_CONDITIONAL')),
    include_zero_amount INTEGER NOT NULL CHECK (include_zero_amount IN (0, 1)),
    fixed_count INTEGER CHECK (fixed_count > 0),
    life_time_length INTEGER CHECK (life_time_length > 0),
    life_time_unit TEXT CHECK (life_time_unit IN ('DAYS', 'MONTHS')),
    notice_periods INTEGER NOT NULL CHECK (notice_periods >= 0),
    notice_periods_after_current INTEGER NOT NULL CHECK (notice_periods_after_current IN (0, 1)),
    fixation_periods INTEGER NOT NULL CHECK (fixation_periods >= 0),
    fixation_periods_full INTEGER NOT NULL CHECK (fixation_periods_full IN (0, 1)),
    renewal_reminder_days INTEGER CHECK (renewal_reminder_days > 0),
    trial_reminder_days INTEGER CHECK (trial_reminder_days > 0),
    metadata TEXT NOT NULL,
    revision INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, code, version),
    CONSTRAINT a_schedule_has_its_own_settings CHECK (
        (schedule_type <> 'MANUAL') = (schedule_interval IS NOT NULL)
        AND (schedule_type IN ('WEEKLY_FIXEDDAY', 'MONTH_FIXEDDAY')) = (fixed_day IS NOT NULL)
        AND (schedule_type <> 'WEEKLY_FIXEDDAY' OR fixed_day <= 7)
        AND (schedule_type IN ('MONTH_FIXEDDAY', 'MONTH_LASTDAY') OR base_month IS NULL)
        AND (schedule_type = 'PERIOD') = (billing_period IS NOT NULL)
        AND (schedule_type = 'PERIOD') = (billing_cycle IS NOT NULL)
    ),
    CONSTRAINT a_trial_has_a_unit CHECK ((trial_length IS NULL) = (trial_unit IS NULL)),
    CONSTRAINT fixed_trial_days_are_counted CHECK (fixed_trial_days = 0 OR proration_unit = 'DAY'),
    CONSTRAINT a_life_time_has_a_unit CHECK ((life_time_length IS NULL) = (life_time_unit IS NULL)),
    CONSTRAINT a_setup_fee_has_a_handling CHECK (
        (setup_fee IS NULL) = (setup_fee_handling IS NULL) AND (setup_fee IS NOT NULL OR setup_fee_text IS NULL)
    )
) STRICT;

-- New subscriptions get one version.
CREATE UNIQUE INDEX plans_one_active ON plans (tenant_id, code) WHERE state = 'ACTIVE';
CREATE INDEX plans_code ON plans (tenant_id, code, id);
CREATE INDEX plans_version ON plans (tenant_id, version, id);
CREATE INDEX plans_state ON plans (tenant_id, state, id);
CREATE INDEX plans_name ON plans (tenant_id, name, id);
CREATE INDEX plans_currency ON plans (tenant_id, currency, id);
CREATE INDEX plans_created_at ON plans (tenant_id, created_at, id);
CREATE INDEX plans_updated_at ON plans (tenant_id, updated_at, id);

-- A price belongs to one version of a plan, or to one subscription alone. It is never changed.
CREATE TABLE prices (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    plan_id BLOB,
    subscription_id BLOB,
    -- The plan's price that a subscription's own stands for.
    parent_price_id BLOB,
    position INTEGER NOT NULL CHECK (position >= 0),
    name TEXT NOT NULL CHECK (name <> ''),
    price_type TEXT NOT NULL CHECK (price_type IN ('RECURRING', 'ONE_TIME', 'USAGE')),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    billing_model TEXT NOT NULL CHECK (billing_model IN ('FLAT_FEE', 'PER_UNIT', 'PACKAGE', 'TIERED')),
    amount TEXT CHECK (amount GLOB '[0-9]*'),
    package_size INTEGER CHECK (package_size > 0),
    package_rounding TEXT CHECK (package_rounding IN ('UP', 'DOWN')),
    tier_mode TEXT CHECK (tier_mode IN ('VOLUME', 'SLAB')),
    -- [{"upTo": "10", "unitAmount": "5", "flatAmount": "0"}, …]: decimals as texts, no end in the last one.
    tiers TEXT CHECK (json_type(tiers) = 'array'),
    cadence TEXT CHECK (cadence IN ('IN_ADVANCE', 'IN_ARREARS')),
    billing_period TEXT CHECK (billing_period IN ('DAY', 'WEEK', 'MONTH', 'QUARTER', 'HALF_YEAR', 'YEAR')),
    billing_period_count INTEGER CHECK (billing_period_count BETWEEN 1 AND 366),
    feature_id BLOB,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, plan_id, position),
    UNIQUE (tenant_id, subscription_id, position),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES plans (tenant_id, id),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    FOREIGN KEY (tenant_id, parent_price_id) REFERENCES prices (tenant_id, id),
    FOREIGN KEY (tenant_id, feature_id) REFERENCES features (tenant_id, id),
    CONSTRAINT a_price_has_one_owner CHECK (
        (plan_id IS NULL) <> (subscription_id IS NULL) AND (plan_id IS NULL OR parent_price_id IS NULL)
    ),
    CONSTRAINT a_price_stands_for_another CHECK (parent_price_id <> id),
    CONSTRAINT a_model_has_its_own_settings CHECK (
        (billing_model = 'TIERED') = (amount IS NULL)
        AND (billing_model = 'PACKAGE') = (package_size IS NOT NULL)
        AND (billing_model = 'PACKAGE') = (package_rounding IS NOT NULL)
        AND (billing_model = 'TIERED') = (tier_mode IS NOT NULL)
        AND (billing_model = 'TIERED') = (tiers IS NOT NULL)
    ),
    CONSTRAINT a_billing_period_is_counted CHECK ((billing_period IS NULL) = (billing_period_count IS NULL)),
    CONSTRAINT a_price_is_billed_as_its_type_is CHECK (
        CASE price_type
            WHEN 'USAGE' THEN cadence IS NULL OR cadence = 'IN_ARREARS'
            WHEN 'ONE_TIME' THEN (cadence IS NULL OR cadence = 'IN_ADVANCE') AND billing_period IS NULL
            ELSE 1
        END
    )
) STRICT;

CREATE INDEX prices_parent_price ON prices (tenant_id, parent_price_id);
CREATE INDEX prices_feature ON prices (tenant_id, feature_id);
