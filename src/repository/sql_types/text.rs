//! What is kept as text: closed sets of names, currencies and time zones.

use super::{In, stands_for};
use crate::domain::billing::HoldCode;
use crate::domain::billing_group::BillingGroupStatus;
use crate::domain::coupon::{CouponState, ExpireReason, RedemptionStrategy};
use crate::domain::credit::CreditState;
use crate::domain::credit_note::CreditDisposition;
use crate::domain::discount::{DiscountOrder, PercentageBase};
use crate::domain::dunning::DunningFinalAction;
use crate::domain::feature::{CatalogueState, EntitlementSource, FeatureType};
use crate::domain::gateway::Gateway;
use crate::domain::invoice::{InvoiceReason, InvoiceStatus};
use crate::domain::meter::Aggregation;
use crate::domain::payment::{PaymentAttemptStatus, PaymentErrorState};
use crate::domain::payment_method::PaymentMethodState;
use crate::domain::payment_terms::PaymentTerms;
use crate::domain::period::{BillingPeriod, DurationUnit, ProrationUnit};
use crate::domain::plan::{PlanState, SetupFeeHandling};
use crate::domain::price::{BillingCadence, BillingModel, PackageRounding, PriceType, TierMode};
use crate::domain::pricing::{LineKind, Rounding};
use crate::domain::received::{PaymentKind, RefundStatus};
use crate::domain::schedule::{BillingCycle, PartialPeriodHandling, ScheduleType};
use crate::domain::subscription::parts::AdditionalCostState;
use crate::domain::subscription::{
    CollectionMethod, InvoiceBilling, PaymentBehavior, ProrationBehavior, ScheduledPaymentStatus, SignupMethod,
    SubscriptionStatus,
};
use crate::domain::{Choice, Country, Currency, add_on, api_key, asset, event, order, product, tenant};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, Queryable};
use diesel::expression::AsExpression;
use diesel::internal::derives::as_expression::Bound;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{Nullable, Text};
use diesel::sqlite::{Sqlite, SqliteValue};

/// Lets a type be kept as text: how it is named, and how it is read back.
macro_rules! text {
    ($($type:ty: |$value:ident| $name:expr, |$text:ident| $read:expr;)*) => { $(
        stands_for! { [] $type as Text; }
        impl<DB: Backend> ToSql<Text, DB> for $type where str: ToSql<Text, DB> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                let $value = self;
                let name: &'static str = $name;
                ToSql::<Text, DB>::to_sql(name, out)
            }
        }
        impl FromSql<Text, Pg> for $type {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                let $text = std::str::from_utf8(value.as_bytes())?;
                $read
            }
        }
        impl FromSql<Text, Sqlite> for $type {
            fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
                let $text = value.read_text();
                $read
            }
        }
    )* };
}

fn choice<C: Choice>(name: &str) -> deserialize::Result<C> {
    C::from_name(name).ok_or_else(|| format!("{name:?} is no {}", C::NAME).into())
}

text! {
    Currency: |currency| currency.code(), |text| text.parse().map_err(Into::into);
    Country: |country| country.code(), |text| text.parse().map_err(Into::into);
    In: |zone| zone.0.name(), |text| text.parse().map(In).map_err(|_| format!("{text:?} is no time zone").into());
    api_key::Scope: |value| value.name(), |text| choice(text);
    asset::AssetStatus: |value| value.name(), |text| choice(text);
    asset::UnavailableReason: |value| value.name(), |text| choice(text);
    BillingGroupStatus: |value| value.name(), |text| choice(text);
    event::EventType: |value| value.name(), |text| choice(text);
    order::OrderStatus: |value| value.name(), |text| choice(text);
    product::ProductStatus: |value| value.name(), |text| choice(text);
    tenant::BillingStart: |value| value.name(), |text| choice(text);
    tenant::TenantMode: |value| value.name(), |text| choice(text);
    ScheduledPaymentStatus: |value| value.name(), |text| choice(text);
    SubscriptionStatus: |value| value.name(), |text| choice(text);
    add_on::AddOnType: |value| value.name(), |text| choice(text);
    Aggregation: |value| value.name(), |text| choice(text);
    BillingCadence: |value| value.name(), |text| choice(text);
    BillingCycle: |value| value.name(), |text| choice(text);
    BillingModel: |value| value.name(), |text| choice(text);
    BillingPeriod: |value| value.name(), |text| choice(text);
    CatalogueState: |value| value.name(), |text| choice(text);
    CreditDisposition: |value| value.name(), |text| choice(text);
    CreditState: |value| value.name(), |text| choice(text);
    CouponState: |value| value.name(), |text| choice(text);
    DiscountOrder: |value| value.name(), |text| choice(text);
    DunningFinalAction: |value| value.name(), |text| choice(text);
    DurationUnit: |value| value.name(), |text| choice(text);
    ExpireReason: |value| value.name(), |text| choice(text);
    FeatureType: |value| value.name(), |text| choice(text);
    LineKind: |value| value.name(), |text| choice(text);
    PackageRounding: |value| value.name(), |text| choice(text);
    PartialPeriodHandling: |value| value.name(), |text| choice(text);
    Gateway: |value| value.name(), |text| choice(text);
    PaymentAttemptStatus: |value| value.name(), |text| choice(text);
    PaymentErrorState: |value| value.name(), |text| choice(text);
    PaymentMethodState: |value| value.name(), |text| choice(text);
    PaymentTerms: |value| value.name(), |text| choice(text);
    PercentageBase: |value| value.name(), |text| choice(text);
    PlanState: |value| value.name(), |text| choice(text);
    PriceType: |value| value.name(), |text| choice(text);
    ProrationUnit: |value| value.name(), |text| choice(text);
    RedemptionStrategy: |value| value.name(), |text| choice(text);
    Rounding: |value| value.name(), |text| choice(text);
    ScheduleType: |value| value.name(), |text| choice(text);
    SetupFeeHandling: |value| value.name(), |text| choice(text);
    TierMode: |value| value.name(), |text| choice(text);
    AdditionalCostState: |value| value.name(), |text| choice(text);
    CollectionMethod: |value| value.name(), |text| choice(text);
    InvoiceBilling: |value| value.name(), |text| choice(text);
    HoldCode: |value| value.name(), |text| choice(text);
    InvoiceReason: |value| value.name(), |text| choice(text);
    InvoiceStatus: |value| value.name(), |text| choice(text);
    PaymentBehavior: |value| value.name(), |text| choice(text);
    ProrationBehavior: |value| value.name(), |text| choice(text);
    SignupMethod: |value| value.name(), |text| choice(text);
    PaymentKind: |value| value.name(), |text| choice(text);
    RefundStatus: |value| value.name(), |text| choice(text);
    EntitlementSource: |value| value.name(), |text| choice(text);
}
