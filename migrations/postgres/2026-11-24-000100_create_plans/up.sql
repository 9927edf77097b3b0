-- A row is one version of a plan. What it bills and when never changes; a change makes a new version.
CREATE TABLE plans (
    tenant_id UUID NOT NULL REFERENCES tenants,
    id UUID NOT NULL,
    code TEXT COLLATE "C" NOT NULL CHECK (code <> ''),
    version INTEGER NOT NULL CHECK (version > 0),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('ACTIVE', 'SUPERSEDED', 'DELETED')),
    name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    description TEXT COLLATE "C",
    -- That of the setup fee and the minimum prorated amount, too.
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    schedule_type TEXT COLLATE "C" NOT NULL CHECK (schedule_type IN
        ('MANUAL', 'DAILY', 'WEEKLY_FIXEDDAY', 'MONTH_STARTDATE', 'MONTH_FIXEDDAY', 'MONTH_LASTDAY', 'PERIOD')),
    schedule_interval INTEGER CHECK (schedule_interval BETWEEN 1 AND 366),
    fixed_day INTEGER CHECK (fixed_day BETWEEN 1 AND 28),
    base_month INTEGER CHECK (base_month BETWEEN 1 AND 12),
    billing_period TEXT COLLATE "C" CHECK (billing_period IN ('DAY', 'WEEK', 'MONTH', 'QUARTER', 'HALF_YEAR', 'YEAR')),
    billing_cycle TEXT COLLATE "C" CHECK (billing_cycle IN ('ANNIVERSARY', 'CALENDAR')),
    partial_handling TEXT COLLATE "C" NOT NULL CHECK (partial_handling IN
        ('BILL_PRORATED', 'BILL_FULL', 'BILL_ZERO_AMOUNT', 'NO_BILL')),
    proration_unit TEXT COLLATE "C" NOT NULL CHECK (proration_unit IN ('DAY', 'SECOND')),
    minimum_prorated_amount BIGINT CHECK (minimum_prorated_amount >= 0),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    amount_includes_tax BOOLEAN,
    tax_rate NUMERIC CHECK (tax_rate BETWEEN 0 AND 1),
    trial_length INTEGER CHECK (trial_length > 0),
    trial_unit TEXT COLLATE "C" CHECK (trial_unit IN ('DAYS', 'MONTHS')),
    fixed_trial_days BOOLEAN NOT NULL,
    setup_fee BIGINT CHECK (setup_fee >= 0),
    setup_fee_text TEXT COLLATE "C",
    setup_fee_handling TEXT COLLATE "C" CHECK (setup_fee_handling IN ('FIRST', 'SEPARATE', 'SEPARATE_CONDITIONAL')),
    include_zero_amount BOOLEAN NOT NULL,
    fixed_count INTEGER CHECK (fixed_count > 0),
    life_time_length INTEGER CHECK (life_time_length > 0),
    life_time_unit TEXT COLLATE "C" CHECK (life_time_unit IN ('DAYS', 'MONTHS')),
    notice_periods INTEGER NOT NULL CHECK (notice_periods >= 0),
    notice_periods_after_current BOOLEAN NOT NULL,
    fixation_periods INTEGER NOT NULL CHECK (fixation_periods >= 0),
    fixation_periods_full BOOLEAN NOT NULL,
    renewal_reminder_days INTEGER CHECK (renewal_reminder_days > 0),
    trial_reminder_days INTEGER CHECK (trial_reminder_days > 0),
    metadata JSONB NOT NULL,
    revision INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
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
    CONSTRAINT fixed_trial_days_are_counted CHECK (NOT fixed_trial_days OR proration_unit = 'DAY'),
    CONSTRAINT a_life_time_has_a_unit CHECK ((life_time_length IS NULL) = (life_time_unit IS NULL)),
    CONSTRAINT a_setup_fee_has_a_handling CHECK (
        (setup_fee IS NULL) = (setup_fee_handling IS NULL) AND (setup_fee IS NOT NULL OR setup_fee_text IS NULL)
    )
);

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
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    plan_id UUID,
    subscription_id UUID,
    -- The plan's price that a subscription's own stands for.
    parent_price_id UUID,
    position INTEGER NOT NULL CHECK (position >= 0),
    name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    price_type TEXT COLLATE "C" NOT NULL CHECK (price_type IN ('RECURRING', 'ONE_TIME', 'USAGE')),
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    billing_model TEXT COLLATE "C" NOT NULL CHECK (billing_model IN ('FLAT_FEE', 'PER_UNIT', 'PACKAGE', 'TIERED')),
    amount NUMERIC CHECK (amount >= 0),
    package_size BIGINT CHECK (package_size > 0),
    package_rounding TEXT COLLATE "C" CHECK (package_rounding IN ('UP', 'DOWN')),
    tier_mode TEXT COLLATE "C" CHECK (tier_mode IN ('VOLUME', 'SLAB')),
    -- [{"upTo": "10", "unitAmount": "5", "flatAmount": "0"}, …]: decimals as texts, no end in the last one.
    tiers JSONB CHECK (jsonb_typeof(tiers) = 'array'),
    cadence TEXT COLLATE "C" CHECK (cadence IN ('IN_ADVANCE', 'IN_ARREARS')),
    billing_period TEXT COLLATE "C" CHECK (billing_period IN ('DAY', 'WEEK', 'MONTH', 'QUARTER', 'HALF_YEAR', 'YEAR')),
    billing_period_count INTEGER CHECK (billing_period_count BETWEEN 1 AND 366),
    feature_id UUID,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, plan_id, position),
    UNIQUE (tenant_id, subscription_id, position),
    FOREIGN KEY (tenant_id, plan_id) REFERENCES plans (tenant_id, id),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    FOREIGN KEY (tenant_id, parent_price_id) REFERENCES prices (tenant_id, id),
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
            ELSE TRUE
        END
    )
);

CREATE INDEX prices_parent_price ON prices (tenant_id, parent_price_id);
CREATE INDEX prices_feature ON prices (tenant_id, feature_id);
