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
