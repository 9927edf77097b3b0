CREATE TABLE features (
    tenant_id UUID NOT NULL REFERENCES tenants,
    id UUID NOT NULL,
    code TEXT COLLATE "C" NOT NULL CHECK (code <> ''),
    name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    description TEXT COLLATE "C",
    feature_type TEXT COLLATE "C" NOT NULL CHECK (feature_type IN ('BOOLEAN', 'METERED', 'STATIC')),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('ACTIVE', 'DELETED')),
    metadata JSONB NOT NULL,
    version INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, code),
    -- Entitlements carry the type beside the feature: it says which terms they may have.
    UNIQUE (tenant_id, id, feature_type)
);

CREATE INDEX features_name ON features (tenant_id, name, id);
CREATE INDEX features_type ON features (tenant_id, feature_type, id);
CREATE INDEX features_state ON features (tenant_id, state, id);
CREATE INDEX features_created_at ON features (tenant_id, created_at, id);
CREATE INDEX features_updated_at ON features (tenant_id, updated_at, id);

-- What a plan, an add-on or one subscription entitles to.
CREATE TABLE entitlements (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    plan_id UUID,
    add_on_id UUID,
    subscription_id UUID,
    feature_id UUID NOT NULL,
    feature_type TEXT COLLATE "C" NOT NULL,
    usage_limit BIGINT CHECK (usage_limit >= 0),
    soft_limit BOOLEAN NOT NULL,
    reset_period TEXT COLLATE "C" CHECK (reset_period IN ('DAY', 'WEEK', 'MONTH', 'QUARTER', 'HALF_YEAR', 'YEAR')),
    static_value TEXT COLLATE "C" CHECK (static_value <> ''),
    PRIMARY KEY (tenant_id, id),
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
);

CREATE UNIQUE INDEX entitlements_plan ON entitlements (tenant_id, plan_id, feature_id);
CREATE UNIQUE INDEX entitlements_add_on ON entitlements (tenant_id, add_on_id, feature_id);
CREATE UNIQUE INDEX entitlements_subscription ON entitlements (tenant_id, subscription_id, feature_id);
