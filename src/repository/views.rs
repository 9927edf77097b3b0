//! The views, as the migrations make them: read like tables, never written.

diesel::table! {
    use crate::repository::sql_types::Identifier;
    use diesel::sql_types::*;

    subscription_entitlements (tenant_id, subscription_id, source, feature_id) {
        tenant_id -> Identifier,
        subscription_id -> Identifier,
        customer_id -> Identifier,
        subscription_status -> Text,
        source -> Text,
        feature_id -> Identifier,
        usage_limit -> Nullable<BigInt>,
        soft_limit -> Bool,
        reset_period -> Nullable<Text>,
        static_value -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::repository::sql_types::Identifier;
    use diesel::sql_types::*;

    customer_entitlements (tenant_id, customer_id, feature_id) {
        tenant_id -> Identifier,
        customer_id -> Identifier,
        feature_id -> Identifier,
        usage_limit -> Nullable<BigInt>,
    }
}
