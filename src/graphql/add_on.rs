//! Add-ons, and what they entitle to.

use super::check::{self, Check};
use super::eligible_plans;
use super::engine::{Object, Type};
use super::feature::{EntitlementInput, grants};
use super::mutations::{Mutation, Wire, payload, run};
use super::scalars::{CurrencyCode, Decimal, Json};
use crate::app::add_on::{AddOnChanged, CreateAddOn, UpdateAddOn, archive_add_on, create_add_on, update_add_on};
use crate::domain::Refusal;
use crate::domain::add_on::{AddOn, AddOnType};
use crate::domain::api_key::Scope;
use crate::domain::pricing::TaxRate;
use crate::repository::feature;
use async_graphql::{ID, InputObject, MaybeUndefined};

impl Object for AddOn {
    fn declare() -> Type<Self> {
        Type::new("AddOn", "Something that is taken beside a plan, and billed with it.")
            .node(|add_on: &AddOn| add_on.id)
            .column("code", "Its code: unique in the tenant, and never changed.", |add_on| &add_on.code)
            .column("name", "The name, which invoices show.", |add_on| &add_on.name)
            .column("description", "What customers are told about it; null where it is not said.", |add_on| {
                &add_on.description
            })
            .column("addOnType", "Whether it has a quantity.", |add_on| &add_on.add_on_type)
            .column("currency", "The currency of its amount.", |add_on| &add_on.currency)
            .column("unitAmount", "What one costs a period. It may be finer than the currency.", |add_on| {
                &add_on.unit_amount
            })
            .column(
                "amountIncludesTax",
                "Whether the amount includes the tax; null where that is the tenant's setting.",
                |add_on| &add_on.amount_includes_tax,
            )
            .computed(
                "taxRate",
                "Its tax as a fraction, such as 0.25; null where that is the tenant's setting.",
                |add_on| add_on.tax_rate.map(TaxRate::decimal),
            )
            .computed("allPlans", "Whether it goes with every plan.", |add_on| add_on.eligible_plans.is_all())
            .computed(
                "eligiblePlans",
                "The codes of the plans that it goes with; none are named where it is every plan.",
                |add_on| add_on.eligible_plans.codes().to_vec(),
            )
            .many("entitlements", "What it entitles to, by the age of the features.", feature::of_add_ons, |it| {
                it.add_on_id
            })
            .column("state", "Whether it is offered.", |add_on| &add_on.state)
            .column("metadata", "Whatever you keep with it.", |add_on| &add_on.metadata)
            .column("version", "Counts its changes: for `expectedVersion`.", |add_on| &add_on.version)
            .column("createdAt", "When it was created.", |add_on| &add_on.created_at)
            .column("updatedAt", "When it was last changed.", |add_on| &add_on.updated_at)
    }
}

/// A new add-on.
#[derive(InputObject)]
pub struct CreateAddOnInput {
    /// Its code: unique in the tenant, and never changed.
    code: String,
    /// The name, which invoices show.
    name: String,
    /// What customers are told about it: at most 1,000 characters.
    description: Option<String>,
    /// Whether it has a quantity.
    add_on_type: Wire<AddOnType>,
    /// The currency of its amount, which is never changed; the tenant's default where there is none.
    currency: Option<CurrencyCode>,
    /// What one costs a period: at most 12 digits after the point.
    unit_amount: Decimal,
    /// Whether the amount includes the tax; the tenant's setting where there is none.
    amount_includes_tax: Option<bool>,
    /// Its tax as a fraction, such as 0.25; the tenant's setting where there is none.
    tax_rate: Option<Decimal>,
    /// Whether it goes with every plan: true, unless plans are named.
    all_plans: Option<bool>,
    /// The codes of the plans that it goes with, where that is not every one.
    eligible_plans: Option<Vec<String>>,
    /// What it entitles to: at most 100 features.
    entitlements: Option<Vec<EntitlementInput>>,
    /// Whatever you keep with it: an object of at most 16 kB.
    metadata: Option<Json>,
}

impl CreateAddOnInput {
    fn read(self) -> Result<CreateAddOn, Vec<Refusal>> {
        Check::input(|check| {
            let code = check.take("code", check::code(self.code));
            let name = check.take("name", check::name(self.name));
            let description = check.maybe("description", self.description, check::notes);
            let currency = check.maybe("currency", self.currency, check::currency);
            let unit_amount = check.take("unitAmount", check::unit_amount(self.unit_amount));
            let tax_rate = check.maybe("taxRate", self.tax_rate, check::tax_rate);
            let eligible_plans = eligible_plans::new(check, self.all_plans, self.eligible_plans);
            let entitlements = grants(check, self.entitlements.unwrap_or_default());
            let metadata = check.maybe("metadata", self.metadata, check::metadata);
            Some(CreateAddOn {
                code: code?,
                name: name?,
                description: description?,
                add_on_type: self.add_on_type.0,
                currency: currency?,
                unit_amount: unit_amount?,
                amount_includes_tax: self.amount_includes_tax,
                tax_rate: tax_rate?,
                eligible_plans: eligible_plans?,
                entitlements: entitlements?,
                metadata: check::new_metadata(metadata?),
            })
        })
    }
}

/// What to change of an add-on. What is left out stays; null clears. Subscriptions that took its amount keep it.
#[derive(InputObject)]
pub struct UpdateAddOnInput {
    /// Which add-on.
    add_on_id: ID,
    /// Refuse with CONFLICT unless the add-on is at this version.
    expected_version: Option<i32>,
    /// The name, which invoices show.
    name: MaybeUndefined<String>,
    /// What customers are told about it: at most 1,000 characters.
    description: MaybeUndefined<String>,
    /// Whether it has a quantity: ON_OFF may become QUANTITY, not the other way round.
    add_on_type: MaybeUndefined<Wire<AddOnType>>,
    /// What one costs a period, in its currency: at most 12 digits after the point.
    unit_amount: MaybeUndefined<Decimal>,
    /// Whether the amount includes the tax.
    amount_includes_tax: MaybeUndefined<bool>,
    /// Its tax as a fraction, such as 0.25.
    tax_rate: MaybeUndefined<Decimal>,
    /// Whether it goes with every plan.
    all_plans: MaybeUndefined<bool>,
    /// The codes of the plans that it goes with: they replace those before.
    eligible_plans: MaybeUndefined<Vec<String>>,
    /// All that it entitles to: it replaces what was there before.
    entitlements: MaybeUndefined<Vec<EntitlementInput>>,
    /// Whatever you keep with it: replaces what was kept.
    metadata: MaybeUndefined<Json>,
}

impl UpdateAddOnInput {
    fn read(self) -> Result<UpdateAddOn, Vec<Refusal>> {
        Check::input(|check| {
            let add_on_id = check.take("addOnId", check::id(self.add_on_id));
            let name = check.set("name", self.name, check::name);
            let description = check.change("description", self.description, check::notes);
            let add_on_type = check.set("addOnType", self.add_on_type, |wire| Ok::<_, String>(wire.0));
            let unit_amount = check.set("unitAmount", self.unit_amount, check::unit_amount);
            let includes_tax = check.change("amountIncludesTax", self.amount_includes_tax, Ok::<_, String>);
            let tax_rate = check.change("taxRate", self.tax_rate, check::tax_rate);
            let eligible_plans = eligible_plans::change(check, self.all_plans, self.eligible_plans);
            let entitlements = check.set_with("entitlements", self.entitlements, grants);
            let metadata = check.set("metadata", self.metadata, check::metadata);
            Some(UpdateAddOn {
                add_on_id: add_on_id?,
                expected_version: self.expected_version,
                name: name?,
                description: description?,
                add_on_type: add_on_type?,
                unit_amount: unit_amount?,
                amount_includes_tax: includes_tax?,
                tax_rate: tax_rate?,
                eligible_plans: eligible_plans?,
                entitlements: entitlements?,
                metadata: metadata?,
            })
        })
    }
}

/// Which add-on to archive.
#[derive(InputObject)]
pub struct ArchiveAddOnInput {
    /// Which add-on.
    add_on_id: ID,
    /// Refuse with CONFLICT unless the add-on is at this version.
    expected_version: Option<i32>,
}

payload! {
    /// What `createAddOn` answers.
    CreateAddOnPayload of AddOnChanged {
        /// The new add-on.
        "addOn": AddOn => |changed| Some(changed.add_on),
    }
}
payload! {
    /// What `updateAddOn` answers.
    UpdateAddOnPayload of AddOnChanged {
        /// The add-on as it is now.
        "addOn": AddOn => |changed| Some(changed.add_on),
    }
}
payload! {
    /// What `archiveAddOn` answers.
    ArchiveAddOnPayload of AddOnChanged {
        /// The add-on as it is now.
        "addOn": AddOn => |changed| Some(changed.add_on),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "createAddOn",
            "Creates an add-on with what it entitles to. Errors: VALIDATION_ERROR, DUPLICATE_HANDLE (the code is taken), \
             PLAN_NOT_FOUND, ENTITLEMENT_NOT_FOUND (there is no such feature, or it is archived).",
            Scope::Write,
            |on, running, input: CreateAddOnInput| {
                run::<_, _, CreateAddOnPayload>(on, running, input.read(), create_add_on)
            },
        ),
        Mutation::new(
            "updateAddOn",
            "Changes an add-on. Errors: VALIDATION_ERROR, ADD_ON_NOT_FOUND, CONFLICT, ADD_ON_TYPE_NOT_CHANGEABLE, \
             PLAN_NOT_FOUND, ENTITLEMENT_NOT_FOUND (there is no such feature, or it is archived).",
            Scope::Write,
            |on, running, input: UpdateAddOnInput| {
                run::<_, _, UpdateAddOnPayload>(on, running, input.read(), update_add_on)
            },
        ),
        Mutation::new(
            "archiveAddOn",
            "Archives an add-on: no subscription takes it any more, those that have it keep it. One that is archived \
             stays as it is. Errors: VALIDATION_ERROR, ADD_ON_NOT_FOUND, CONFLICT.",
            Scope::Write,
            |on, running, input: ArchiveAddOnInput| {
                let version = input.expected_version;
                let add_on = Check::input(|check| check.take("addOnId", check::id(input.add_on_id)));
                run::<_, _, ArchiveAddOnPayload>(on, running, add_on, |call, add_on| {
                    archive_add_on(call, *add_on, version)
                })
            },
        ),
    ]
}
