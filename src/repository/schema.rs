//! The tables, as the migrations make them. A test holds this file against both databases.

pub use super::views::subscription_entitlements;

diesel::table! {
    use crate::repository::sql_types::{Exact, Identifier, Moment};
    use diesel::sql_types::*;

    tax_rates (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        country -> Text,
        name -> Text,
        rate -> Exact,
        valid_from -> Date,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Exact, Identifier, Moment};
    use diesel::sql_types::*;

    tenants (tenant_id) {
        tenant_id -> Identifier,
        name -> Text,
        billing_start -> Text,
        timezone -> Text,
        default_currency -> Text,
        version -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
        mode -> Text,
        amounts_include_tax -> Bool,
        tax_rate -> Exact,
        multiple_discounts_allowed -> Bool,
        discount_order -> Text,
        percentage_base -> Text,
        clock -> Nullable<Moment>,
        dunning_schedule -> Document,
        dunning_final_action -> Text,
        dunning_grace_seconds -> Integer,
        no_grace_on_hard_decline -> Bool,
        usage_grace_seconds -> Integer,
        month_to_month -> Bool,
        default_payment_terms -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    api_keys (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        name -> Text,
        scope -> Text,
        hash -> Binary,
        created_at -> Moment,
        last_used_at -> Nullable<Moment>,
        revoked_at -> Nullable<Moment>,
        expires_at -> Nullable<Moment>,
        trusted_documents_only -> Bool,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Identifier, Moment};
    use diesel::sql_types::*;

    api_key_rotations (tenant_id, api_key_id) {
        tenant_id -> Identifier,
        api_key_id -> Identifier,
        replaced_by_id -> Identifier,
        rotated_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Identifier, Moment};
    use diesel::sql_types::*;

    trusted_documents (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        sha256 -> Text,
        text -> Text,
        created_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    customers (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        external_id -> Nullable<Text>,
        name -> Text,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        timezone -> Nullable<Text>,
        parent_customer_id -> Nullable<Identifier>,
        metadata -> Document,
        device_count -> Integer,
        version -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
        archived_at -> Nullable<Moment>,
        country -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    customer_revenues (tenant_id, customer_id, currency) {
        tenant_id -> Identifier,
        customer_id -> Identifier,
        currency -> Text,
        monthly_amount -> BigInt,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Identifier, Moment};
    use diesel::sql_types::*;

    billed_periods (tenant_id, source_id, period_end) {
        tenant_id -> Identifier,
        subscription_id -> Identifier,
        source_id -> Identifier,
        period_start -> Moment,
        period_end -> Moment,
        previous_end -> Nullable<Moment>,
        invoice_id -> Identifier,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    billing_groups (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        customer_id -> Identifier,
        name -> Text,
        billing_day -> Integer,
        status -> Text,
        currency -> Nullable<Text>,
        version -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Identifier, Moment};
    use diesel::sql_types::*;

    billing_holds (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        subscription_id -> Identifier,
        code -> Text,
        message -> Text,
        attempts -> Integer,
        since -> Moment,
        retry_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Identifier, Moment};
    use diesel::sql_types::*;

    credits (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        customer_id -> Identifier,
        subscription_id -> Nullable<Identifier>,
        handle -> Text,
        text -> Text,
        currency -> Text,
        amount -> BigInt,
        remaining -> BigInt,
        valid_from -> Moment,
        state -> Text,
        version -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Identifier, Moment};
    use diesel::sql_types::*;

    credit_applications (tenant_id, credit_id, invoice_id) {
        tenant_id -> Identifier,
        credit_id -> Identifier,
        invoice_id -> Identifier,
        currency -> Text,
        amount -> BigInt,
        created_at -> Moment,
        returned_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Identifier, Moment};
    use diesel::sql_types::*;

    credit_notes (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        number -> Text,
        invoice_id -> Identifier,
        customer_id -> Identifier,
        disposition -> Text,
        reason -> Text,
        currency -> Text,
        amount -> BigInt,
        net_amount -> BigInt,
        tax_amount -> BigInt,
        credit_id -> Nullable<Identifier>,
        issue_date -> Date,
        created_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::Identifier;
    use diesel::sql_types::*;

    credit_note_lines (tenant_id, credit_note_id, position) {
        tenant_id -> Identifier,
        credit_note_id -> Identifier,
        position -> Integer,
        description -> Text,
        currency -> Text,
        amount -> BigInt,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    products (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        sku -> Text,
        name -> Text,
        status -> Text,
        currency -> Text,
        list_price -> Nullable<BigInt>,
        metadata -> Document,
        version -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    rental_prices (tenant_id, product_id, contract_length, currency) {
        tenant_id -> Identifier,
        product_id -> Identifier,
        contract_length -> Integer,
        currency -> Text,
        monthly_price -> BigInt,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    counters (tenant_id, series) {
        tenant_id -> Identifier,
        series -> Text,
        last_number -> BigInt,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    orders (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        number -> Text,
        status -> Text,
        customer_id -> Identifier,
        billing_group_id -> Nullable<Identifier>,
        currency -> Text,
        total_devices -> Integer,
        rented_devices -> Integer,
        notes -> Nullable<Text>,
        cancel_reason -> Nullable<Text>,
        version -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
        confirmed_at -> Nullable<Moment>,
        fulfilled_at -> Nullable<Moment>,
        cancelled_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    order_items (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        order_id -> Identifier,
        position -> Integer,
        product_id -> Identifier,
        sku -> Text,
        quantity -> Integer,
        fulfilled_quantity -> Integer,
        currency -> Text,
        unit_price -> BigInt,
        contract_length -> Integer,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    assets (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        serial_number -> Text,
        product_id -> Identifier,
        sku -> Text,
        status -> Text,
        reason -> Nullable<Text>,
        reserved_order_id -> Nullable<Identifier>,
        customer_id -> Nullable<Identifier>,
        subscription_id -> Nullable<Identifier>,
        currency -> Nullable<Text>,
        acquisition_cost -> Nullable<BigInt>,
        location -> Nullable<Text>,
        notes -> Nullable<Text>,
        version -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    subscriptions (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        handle -> Nullable<Text>,
        status -> Text,
        customer_id -> Identifier,
        order_id -> Nullable<Identifier>,
        order_item_id -> Nullable<Identifier>,
        asset_id -> Nullable<Identifier>,
        billing_group_id -> Nullable<Identifier>,
        parent_subscription_id -> Nullable<Identifier>,
        currency -> Text,
        timezone -> Text,
        monthly_amount -> Nullable<BigInt>,
        contract_length -> Nullable<Integer>,
        billing_start -> Nullable<Text>,
        start_date -> Moment,
        end_date -> Nullable<Moment>,
        trial_start -> Nullable<Moment>,
        trial_end -> Nullable<Moment>,
        billing_anchor -> Nullable<Moment>,
        current_period_start -> Nullable<Moment>,
        current_period_end -> Nullable<Moment>,
        next_billing_date -> Nullable<Date>,
        notes -> Nullable<Text>,
        metadata -> Document,
        version -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
        plan_id -> Nullable<Identifier>,
        hosted_payment_link -> Nullable<Text>,
        next_billing_at -> Nullable<Moment>,
        due_at -> Nullable<Moment>,
        usage_billed_until -> Nullable<Moment>,
        return_overdue_since -> Nullable<Moment>,
        consolidated_by -> Nullable<Identifier>,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    refunds (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        payment_id -> Identifier,
        currency -> Text,
        amount -> BigInt,
        reason -> Nullable<Text>,
        status -> Text,
        error_code -> Nullable<Text>,
        idempotency_key -> Nullable<Text>,
        created_at -> Moment,
        finished_at -> Nullable<Moment>,
        reserved_until -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    scheduled_payments (tenant_id, subscription_id, sequence) {
        tenant_id -> Identifier,
        subscription_id -> Identifier,
        sequence -> Integer,
        due_date -> Date,
        currency -> Text,
        amount -> BigInt,
        status -> Text,
        invoice_id -> Nullable<Identifier>,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    asset_assignments (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        asset_id -> Identifier,
        subscription_id -> Identifier,
        customer_id -> Identifier,
        assigned_at -> Moment,
        returned_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    gateway_notices (tenant_id, gateway, notice_id) {
        tenant_id -> Identifier,
        gateway -> Text,
        notice_id -> Text,
        notice_type -> Text,
        attempt_id -> Identifier,
        received_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    idempotency_keys (tenant_id, key) {
        tenant_id -> Identifier,
        key -> Text,
        fingerprint -> Binary,
        outcome -> Document,
        created_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    audit_records (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        operation -> Text,
        actor -> Text,
        request_id -> Text,
        outcome -> Document,
        created_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    events (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        event_type -> Text,
        subject -> Text,
        data -> Document,
        created_at -> Moment,
        transaction_id -> BigInt,
        place -> BigInt,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Exact, Identifier, Moment};
    use diesel::sql_types::*;

    subscription_terms (tenant_id, subscription_id) {
        tenant_id -> Identifier,
        subscription_id -> Identifier,
        plan_id -> Identifier,
        quantity -> Integer,
        schedule_type -> Text,
        schedule_interval -> Nullable<Integer>,
        fixed_day -> Nullable<Integer>,
        base_month -> Nullable<Integer>,
        billing_period -> Nullable<Text>,
        billing_cycle -> Nullable<Text>,
        billed_from -> Nullable<Moment>,
        anchor -> Nullable<Moment>,
        requested_end -> Nullable<Moment>,
        fixed_count -> Nullable<Integer>,
        draft_trial_length -> Nullable<Integer>,
        draft_trial_unit -> Nullable<Text>,
        partial_handling -> Text,
        proration_unit -> Text,
        minimum_prorated_amount -> Nullable<BigInt>,
        currency -> Text,
        cadence -> Text,
        tax_rate -> Exact,
        amounts_include_tax -> Bool,
        setup_fee -> Bool,
        proration_behavior -> Nullable<Text>,
        commitment_amount -> Nullable<BigInt>,
        commitment_duration -> Nullable<Text>,
        overage_factor -> Exact,
        true_up -> Bool,
        committed_from -> Nullable<Moment>,
        committed_used -> Nullable<Exact>,
        collection_method -> Text,
        payment_behavior -> Text,
        payment_terms -> Nullable<Text>,
        grace_seconds -> Nullable<Integer>,
        signup_method -> Nullable<Text>,
        payment_method_id -> Nullable<Identifier>,
        invoice_billing -> Text,
        invoiced_customer_id -> Identifier,
        test -> Bool,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Exact, Identifier, Moment};
    use diesel::sql_types::*;

    subscription_phases (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        subscription_id -> Identifier,
        position -> Integer,
        start_date -> Moment,
        end_date -> Nullable<Moment>,
        metadata -> Document,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Exact, Identifier, Moment};
    use diesel::sql_types::*;

    subscription_items (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        subscription_id -> Identifier,
        position -> Integer,
        price_id -> Identifier,
        quantity -> Nullable<Integer>,
        name -> Text,
        additional -> Bool,
        start_date -> Moment,
        end_date -> Nullable<Moment>,
        metadata -> Document,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Exact, Identifier, Moment};
    use diesel::sql_types::*;

    subscription_add_ons (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        subscription_id -> Identifier,
        position -> Integer,
        add_on_id -> Identifier,
        handle -> Text,
        quantity -> Integer,
        fixed_amount -> Nullable<Exact>,
        tax_rate -> Exact,
        amount_includes_tax -> Bool,
        name -> Text,
        description -> Nullable<Text>,
        start_date -> Moment,
        end_date -> Nullable<Moment>,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Exact, Identifier, Moment};
    use diesel::sql_types::*;

    subscription_discounts (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        subscription_id -> Identifier,
        position -> Integer,
        discount_id -> Identifier,
        coupon_id -> Nullable<Identifier>,
        handle -> Text,
        name -> Text,
        percentage -> Nullable<Exact>,
        amount -> Nullable<BigInt>,
        currency -> Nullable<Text>,
        applies_to -> Document,
        fixed_count -> Nullable<Integer>,
        fixed_period_length -> Nullable<Integer>,
        fixed_period_unit -> Nullable<Text>,
        price_id -> Nullable<Identifier>,
        start_date -> Moment,
        end_date -> Nullable<Moment>,
        uses -> Integer,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Exact, Identifier, Moment};
    use diesel::sql_types::*;

    invoices (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        number -> Nullable<Text>,
        status -> Text,
        reason -> Text,
        customer_id -> Identifier,
        subscription_id -> Nullable<Identifier>,
        billing_group_id -> Nullable<Identifier>,
        currency -> Text,
        billed_at -> Nullable<Moment>,
        period_start -> Nullable<Moment>,
        period_end -> Nullable<Moment>,
        period_number -> Nullable<Integer>,
        subtotal -> BigInt,
        discount_total -> BigInt,
        net_total -> BigInt,
        tax_total -> BigInt,
        total -> BigInt,
        credit_applied -> BigInt,
        amount_credited -> BigInt,
        amount_paid -> BigInt,
        amount_due -> BigInt,
        amount_refunded -> BigInt,
        collection_method -> Text,
        payment_method_id -> Nullable<Identifier>,
        collect_at -> Nullable<Moment>,
        dunning_started_at -> Nullable<Moment>,
        dunning_step -> Integer,
        paid_at -> Nullable<Moment>,
        voided_at -> Nullable<Moment>,
        rounding -> Text,
        issue_date -> Date,
        due_date -> Date,
        test -> Bool,
        version -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Exact, Identifier, Moment};
    use diesel::sql_types::*;

    invoice_lines (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        invoice_id -> Identifier,
        position -> Integer,
        subscription_id -> Nullable<Identifier>,
        kind -> Text,
        description -> Text,
        price_id -> Nullable<Identifier>,
        plan_version -> Nullable<Integer>,
        reference_id -> Nullable<Identifier>,
        billing_model -> Nullable<Text>,
        quantity -> Exact,
        unit_amount -> Nullable<Exact>,
        proration_numerator -> Nullable<BigInt>,
        proration_denominator -> Nullable<BigInt>,
        proration_unit -> Nullable<Text>,
        period_start -> Nullable<Moment>,
        period_end -> Nullable<Moment>,
        timezone -> Text,
        rounding -> Text,
        currency -> Text,
        amount -> BigInt,
        discount_amount -> BigInt,
        tax_rate -> Exact,
        amount_includes_tax -> Bool,
        reduced_position -> Nullable<Integer>,
        discount_id -> Nullable<Identifier>,
        discount_percentage -> Nullable<Exact>,
        base_amount -> Nullable<Exact>,
        factor -> Nullable<Exact>,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Exact, Identifier, Moment};
    use diesel::sql_types::*;

    additional_costs (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        subscription_id -> Identifier,
        position -> Integer,
        handle -> Text,
        text -> Text,
        currency -> Text,
        amount -> BigInt,
        quantity -> Integer,
        tax_rate -> Exact,
        amount_includes_tax -> Bool,
        state -> Text,
        invoice_id -> Nullable<Identifier>,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    payment_methods (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        customer_id -> Identifier,
        state -> Text,
        gateway_reference -> Text,
        label -> Text,
        version -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    payment_tokens (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        customer_id -> Nullable<Identifier>,
        gateway_reference -> Text,
        label -> Text,
        expires_at -> Moment,
        used_at -> Nullable<Moment>,
        reserved_by -> Nullable<Identifier>,
        reserved_until -> Nullable<Moment>,
        created_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    payment_attempts (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        subscription_id -> Nullable<Identifier>,
        invoice_id -> Nullable<Identifier>,
        customer_id -> Identifier,
        payment_method_id -> Nullable<Identifier>,
        payment_token_id -> Nullable<Identifier>,
        currency -> Text,
        amount -> BigInt,
        idempotency_key -> Nullable<Text>,
        status -> Text,
        error_state -> Nullable<Text>,
        error_code -> Nullable<Text>,
        gateway_reference -> Nullable<Text>,
        created_at -> Moment,
        finished_at -> Nullable<Moment>,
        reserved_until -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    payments (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        invoice_id -> Identifier,
        customer_id -> Identifier,
        kind -> Text,
        attempt_id -> Nullable<Identifier>,
        currency -> Text,
        amount -> BigInt,
        amount_refunded -> BigInt,
        reference -> Nullable<Text>,
        notes -> Nullable<Text>,
        received_at -> Moment,
        recorded_by -> Nullable<Identifier>,
        created_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Exact, Identifier, Moment};
    use diesel::sql_types::*;

    plans (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        code -> Text,
        version -> Integer,
        state -> Text,
        name -> Text,
        description -> Nullable<Text>,
        currency -> Text,
        schedule_type -> Text,
        schedule_interval -> Nullable<Integer>,
        fixed_day -> Nullable<Integer>,
        base_month -> Nullable<Integer>,
        billing_period -> Nullable<Text>,
        billing_cycle -> Nullable<Text>,
        partial_handling -> Text,
        proration_unit -> Text,
        minimum_prorated_amount -> Nullable<BigInt>,
        quantity -> Integer,
        amount_includes_tax -> Nullable<Bool>,
        tax_rate -> Nullable<Exact>,
        trial_length -> Nullable<Integer>,
        trial_unit -> Nullable<Text>,
        fixed_trial_days -> Bool,
        setup_fee -> Nullable<BigInt>,
        setup_fee_text -> Nullable<Text>,
        setup_fee_handling -> Nullable<Text>,
        include_zero_amount -> Bool,
        fixed_count -> Nullable<Integer>,
        life_time_length -> Nullable<Integer>,
        life_time_unit -> Nullable<Text>,
        notice_periods -> Integer,
        notice_periods_after_current -> Bool,
        fixation_periods -> Integer,
        fixation_periods_full -> Bool,
        renewal_reminder_days -> Nullable<Integer>,
        trial_reminder_days -> Nullable<Integer>,
        metadata -> Document,
        revision -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Exact, Identifier, Moment};
    use diesel::sql_types::*;

    prices (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        plan_id -> Nullable<Identifier>,
        subscription_id -> Nullable<Identifier>,
        parent_price_id -> Nullable<Identifier>,
        position -> Integer,
        name -> Text,
        price_type -> Text,
        currency -> Text,
        billing_model -> Text,
        amount -> Nullable<Exact>,
        package_size -> Nullable<BigInt>,
        package_rounding -> Nullable<Text>,
        tier_mode -> Nullable<Text>,
        tiers -> Nullable<Document>,
        cadence -> Nullable<Text>,
        billing_period -> Nullable<Text>,
        billing_period_count -> Nullable<Integer>,
        feature_id -> Nullable<Identifier>,
        created_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    features (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        code -> Text,
        name -> Text,
        description -> Nullable<Text>,
        feature_type -> Text,
        state -> Text,
        metadata -> Document,
        version -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Exact, Identifier, Moment};
    use diesel::sql_types::*;

    add_ons (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        code -> Text,
        name -> Text,
        description -> Nullable<Text>,
        add_on_type -> Text,
        currency -> Text,
        unit_amount -> Exact,
        amount_includes_tax -> Nullable<Bool>,
        tax_rate -> Nullable<Exact>,
        all_plans -> Bool,
        eligible_plans -> Document,
        state -> Text,
        metadata -> Document,
        version -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    entitlements (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        plan_id -> Nullable<Identifier>,
        add_on_id -> Nullable<Identifier>,
        subscription_id -> Nullable<Identifier>,
        feature_id -> Identifier,
        feature_type -> Text,
        usage_limit -> Nullable<BigInt>,
        soft_limit -> Bool,
        reset_period -> Nullable<Text>,
        static_value -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Exact, Identifier, Moment};
    use diesel::sql_types::*;

    discounts (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        code -> Text,
        name -> Text,
        percentage -> Nullable<Exact>,
        currency -> Nullable<Text>,
        amount -> Nullable<BigInt>,
        applies_to -> Document,
        fixed_count -> Nullable<Integer>,
        fixed_period -> Nullable<Integer>,
        fixed_period_unit -> Nullable<Text>,
        state -> Text,
        metadata -> Document,
        version -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    coupons (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        code -> Text,
        folded_code -> Text,
        name -> Text,
        discount_id -> Identifier,
        all_plans -> Bool,
        eligible_plans -> Document,
        max_redemptions -> Nullable<Integer>,
        redemptions -> Integer,
        valid_from -> Nullable<Moment>,
        valid_until -> Nullable<Moment>,
        strategy -> Text,
        state -> Text,
        expire_reason -> Nullable<Text>,
        version -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    coupon_redemptions (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        coupon_id -> Identifier,
        subscription_id -> Identifier,
        customer_id -> Identifier,
        plan_id -> Identifier,
        once_key -> Text,
        redeemed_at -> Moment,
    }
}

// Whoever collects looks at several of them at once.
diesel::allow_tables_to_appear_in_same_query!(invoices, payment_attempts, tenants);
diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    meters (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        code -> Text,
        name -> Text,
        aggregation -> Text,
        property -> Nullable<Text>,
        filters -> Document,
        feature_id -> Identifier,
        state -> Text,
        version -> Integer,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::repository::sql_types::{Document, Identifier, Moment};
    use diesel::sql_types::*;

    usage_events (tenant_id, id) {
        tenant_id -> Identifier,
        id -> Identifier,
        event_id -> Text,
        meter_id -> Identifier,
        subscription_id -> Identifier,
        occurred_at -> Moment,
        properties -> Document,
        counted -> Bool,
        value_millionths -> Nullable<BigInt>,
        unique_key -> Nullable<Text>,
        created_at -> Moment,
    }
}
