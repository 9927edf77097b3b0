//! The tenant, its settings, and who is asking.

use super::check::{self, Check};
use super::dunning::DunningInput;
use super::engine::{Object, Type};
use super::mutations::{Mutation, Wire, payload, run};
use crate::app::Viewer;
use crate::app::clock::{AdvanceClock, advance_clock};
use crate::app::tenant::{TenantChanged, UpdateTenantSettings, update_tenant_settings};
use crate::domain::Refusal;
use crate::domain::api_key::Scope;
use crate::domain::payment_terms::PaymentTerms;
use crate::domain::pricing::{DiscountOrder, PercentageBase};
use crate::domain::tenant::{BillingStart, Tenant};
use crate::graphql::scalars::{CurrencyCode, DateTime, Decimal, TimeZone};
use async_graphql::{InputObject, MaybeUndefined};

impl Object for Viewer {
    fn declare() -> Type<Self> {
        Type::new("Viewer", "Who is asking: the API key of this request.")
            .computed("keyId", "The key's identifier.", |viewer: &Viewer| viewer.key_id.to_string())
            .column("keyName", "The name that the key was given.", |viewer| &viewer.key_name)
            .computed("scope", "What the key may do.", Viewer::scope)
            .column("trustedDocumentsOnly", "Whether the key takes registered documents only.", |viewer| {
                &viewer.grant.trusted_documents_only
            })
            .column("expiresAt", "From when on the key opens nothing; null where it does not expire.", |viewer| {
                &viewer.expires_at
            })
            .one("tenant", "Whose data the key opens.", |viewer| viewer.tenant_id)
    }
}

impl Object for Tenant {
    fn declare() -> Type<Self> {
        Type::new("Tenant", "The company whose data this is.")
            .node(|tenant: &Tenant| tenant.id)
            .column("name", "Its name.", |tenant| &tenant.name)
            .column("billingStart", "When the first payment of a rental is due.", |tenant| {
                &tenant.settings.billing_start
            })
            .column("timezone", "The zone in which its days begin and end.", |tenant| &tenant.settings.timezone)
            .column("defaultCurrency", "The currency of prices that name none.", |tenant| {
                &tenant.settings.default_currency
            })
            .column("mode", "Whether its business is real. Said when it is created, and never changed.", |tenant| {
                &tenant.settings.mode
            })
            .column(
                "amountsIncludeTax",
                "Whether amounts include tax, where neither the plan nor the request says so.",
                |tenant| &tenant.settings.amounts_include_tax,
            )
            .computed("taxRate", "The tax of what has no rate of its own: a fraction, 0.25 is 25 %.", |tenant| {
                tenant.settings.tax_rate.decimal()
            })
            .column(
                "multipleDiscountsAllowed",
                "Whether a subscription may have more than one discount at a time.",
                |tenant| &tenant.settings.multiple_discounts_allowed,
            )
            .column("discountOrder", "Which discounts come first where a line has both kinds.", |tenant| {
                &tenant.settings.discount_order
            })
            .column("percentageBase", "What each of several percentages is taken of.", |tenant| {
                &tenant.settings.percentage_base
            })
            .value("dunning", "What follows when an invoice is not paid.", |tenant| &tenant.settings.dunning)
            .column(
                "usageGraceSeconds",
                "For how many seconds after its end a period with usage waits for usage that comes late.",
                |tenant| &tenant.settings.usage_grace_seconds,
            )
            .column(
                "monthToMonth",
                "Whether a rental goes on by the month after its contract, while the device is out.",
                |tenant| &tenant.settings.month_to_month,
            )
            .column(
                "defaultPaymentTerms",
                "How long customers have to pay, where a request does not say so; null where that is not at all.",
                |tenant| &tenant.settings.default_payment_terms,
            )
            .column(
                "clock",
                "The time of a tenant for trying out, which stands still until `advanceClock`; null where time runs by itself.",
                |tenant| &tenant.clock,
            )
            .timed("now", "What time it is for the tenant.", |tenant: &Tenant, now| tenant.clock.unwrap_or(now))
            .column("version", "Counts its changes: for `expectedVersion`.", |tenant| &tenant.version)
            .column("createdAt", "When it was created.", |tenant| &tenant.created_at)
            .column("updatedAt", "When it was last changed.", |tenant| &tenant.updated_at)
    }
}

/// What to change of the tenant's settings. What is left out stays; a change affects only what is made later.
#[derive(InputObject)]
pub struct UpdateTenantSettingsInput {
    /// When the first payment of a rental is due.
    billing_start: MaybeUndefined<Wire<BillingStart>>,
    /// The zone in which days begin and end.
    timezone: MaybeUndefined<TimeZone>,
    /// The currency of prices that name none.
    default_currency: MaybeUndefined<CurrencyCode>,
    /// Whether amounts include tax, where neither the plan nor the request says so.
    amounts_include_tax: MaybeUndefined<bool>,
    /// The tax of what has no rate of its own: a fraction from 0 to 1, with at most 6 digits after the point.
    tax_rate: MaybeUndefined<Decimal>,
    /// Whether a subscription may have more than one discount at a time.
    multiple_discounts_allowed: MaybeUndefined<bool>,
    /// Which discounts come first where a line has both kinds.
    discount_order: MaybeUndefined<Wire<DiscountOrder>>,
    /// What each of several percentages is taken of.
    percentage_base: MaybeUndefined<Wire<PercentageBase>>,
    /// What follows when an invoice is not paid.
    dunning: MaybeUndefined<DunningInput>,
    /// For how many seconds after its end a period with usage waits for usage that comes late: at most 7 days.
    usage_grace_seconds: MaybeUndefined<i32>,
    /// Whether a rental goes on by the month after its contract, while the device is out.
    month_to_month: MaybeUndefined<bool>,
    /// How long customers have to pay, where a request does not say so; null for not at all.
    default_payment_terms: MaybeUndefined<Wire<PaymentTerms>>,
    /// Refuse with CONFLICT unless the tenant is at this version.
    expected_version: Option<i32>,
}

impl UpdateTenantSettingsInput {
    fn read(self) -> Result<UpdateTenantSettings, Vec<Refusal>> {
        Check::input(|check| {
            let billing_start = check.set("billingStart", self.billing_start, |wire| Ok::<_, String>(wire.0));
            let timezone = check.set("timezone", self.timezone, check::zone);
            let default_currency = check.set("defaultCurrency", self.default_currency, check::currency);
            let amounts_include_tax = check.set("amountsIncludeTax", self.amounts_include_tax, Ok::<_, String>);
            let tax_rate = check.set("taxRate", self.tax_rate, check::tax_rate);
            let several = check.set("multipleDiscountsAllowed", self.multiple_discounts_allowed, Ok::<_, String>);
            let discount_order = check.set("discountOrder", self.discount_order, |wire| Ok::<_, String>(wire.0));
            let percentage_base = check.set("percentageBase", self.percentage_base, |wire| Ok::<_, String>(wire.0));
            let dunning = check
                .set_with("dunning", self.dunning, |check, given| check.below("dunning", |check| given.read_in(check)));
            let usage_grace = check.set("usageGraceSeconds", self.usage_grace_seconds, |given| {
                check::number(given, 0..=LONGEST_USAGE_GRACE)
            });
            let month_to_month = check.set("monthToMonth", self.month_to_month, Ok::<_, String>);
            let terms = check.change("defaultPaymentTerms", self.default_payment_terms, |wire| Ok::<_, String>(wire.0));
            Some(UpdateTenantSettings {
                expected_version: self.expected_version,
                billing_start: billing_start?,
                timezone: timezone?,
                default_currency: default_currency?,
                amounts_include_tax: amounts_include_tax?,
                tax_rate: tax_rate?,
                multiple_discounts_allowed: several?,
                discount_order: discount_order?,
                percentage_base: percentage_base?,
                dunning: dunning?,
                usage_grace_seconds: usage_grace?,
                month_to_month: month_to_month?,
                default_payment_terms: terms?,
            })
        })
    }
}

/// Seven days.
const LONGEST_USAGE_GRACE: i32 = 604_800;

/// To when to advance the clock.
#[derive(InputObject)]
pub struct AdvanceClockInput {
    /// Not before the tenant's time, and at most two years ahead of it.
    to: DateTime,
}

impl AdvanceClockInput {
    fn read(self) -> Result<AdvanceClock, Vec<Refusal>> {
        Check::input(|check| Some(AdvanceClock { to: check.take("to", check::instant(self.to))? }))
    }
}

payload! {
    /// What `advanceClock` answers.
    AdvanceClockPayload of TenantChanged {
        /// The tenant, at its new time.
        "tenant": Tenant => |changed| Some(changed.tenant),
    }
}

payload! {
    /// What `updateTenantSettings` answers.
    UpdateTenantSettingsPayload of TenantChanged {
        /// The tenant, with its new settings.
        "tenant": Tenant => |changed| Some(changed.tenant),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "updateTenantSettings",
            "Changes the tenant's settings. Errors: VALIDATION_ERROR, CONFLICT.",
            Scope::Admin,
            |on, running, input: UpdateTenantSettingsInput| {
                run::<_, _, UpdateTenantSettingsPayload>(on, running, input.read(), |call, change| {
                    update_tenant_settings(call, *change)
                })
            },
        ),
        Mutation::new(
            "advanceClock",
            "Advances the clock of a tenant for trying out, which is started by the first advance: everything happens at \
             the clock's time from then on. Errors: VALIDATION_ERROR, CLOCK_OF_LIVE_TENANT, CLOCK_GOES_FORWARD_ONLY.",
            Scope::Admin,
            |on, running, input: AdvanceClockInput| {
                run::<_, _, AdvanceClockPayload>(on, running, input.read(), |call, change| advance_clock(call, *change))
            },
        ),
    ]
}
