//! The views, as the migrations make them: read like tables, never written.

diesel::table! {
    use crate::repository::sql_types::Identifier;
    use diesel::sql_types::*;

    subscription_entitlements (tenant_id, subscription_id, source, position, feature_id) {
        tenant_id -> Identifier,
        subscription_id -> Identifier,
        customer_id -> Identifier,
        subscription_status -> Text,
        source -> Text,
        position -> Integer,
        feature_id -> Identifier,
        usage_limit -> Nullable<BigInt>,
        soft_limit -> Bool,
        reset_period -> Nullable<Text>,
        static_value -> Nullable<Text>,
    }
}
