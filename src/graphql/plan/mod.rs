//! Plans and their versions.

mod input;

use super::check::{self, Check};
use super::engine::{Object, Type};
use super::mutations::{Mutation, payload, run};
use crate::app::plan::{PlanChanged, archive_plan, create_plan, update_plan};
use crate::domain::api_key::Scope;
use crate::domain::period::Duration;
use crate::domain::plan::{Plan, SetupFee};
use crate::domain::schedule::PlanSchedule;
use crate::repository::{feature, plan, price, subscription};
use async_graphql::{ID, InputObject};
use input::{CreatePlanInput, UpdatePlanInput};

impl Object for Plan {
    fn declare() -> Type<Self> {
        Type::new(
            "Plan",
            "One version of what is offered on subscription. Its prices, its schedule, its currency, its quantity, its trial \
             and its proration unit never change: a change of them makes a new version, and subscriptions keep theirs.",
        )
        .node(|plan: &Plan| plan.id)
        .column("code", "What all versions of the plan have in common: unique in the tenant.", |plan| &plan.code)
        .column("version", "The number of the version, from 1.", |plan| &plan.version)
        .column("state", "Where the version stands.", |plan| &plan.state)
        .column("name", "The name.", |plan| &plan.name)
        .column("description", "What customers are told about it; null where there is nothing.", |plan| {
            &plan.description
        })
        .column("currency", "The currency of subscriptions that name none, and of the plan's own amounts.", |plan| {
            &plan.currency
        })
        .value("schedule", "When it is billed.", |plan| &plan.schedule)
        .many("prices", "What is charged, in the order of invoices.", price::of_plans, |price| price.plan_id)
        .many("entitlements", "What it entitles to, by the age of the features.", feature::of_plans, |entitlement| {
            entitlement.plan_id
        })
        .column(
            "partialPeriodHandling",
            "What is billed where a subscription starts between two fixed days.",
            |plan| &plan.partial_periods.handling,
        )
        .column("prorationUnit", "What a part of a period is counted in.", |plan| &plan.partial_periods.unit)
        .maybe_value(
            "minimumProratedAmount",
            "What a part of a period must come to at least, or it is free; null where any amount is billed.",
            |plan| plan.partial_periods.minimum_amount.as_ref(),
        )
        .column("quantity", "How many units a subscription has that names no quantity.", |plan| &plan.quantity)
        .column(
            "amountIncludesTax",
            "Whether its amounts include the tax; null where the tenant's setting says so.",
            |plan| &plan.tax.amount_includes_tax,
        )
        .computed(
            "taxRate",
            "Its tax as a fraction, such as 0.25; null where the tenant's setting says it.",
            |plan| plan.tax.rate.map(crate::domain::pricing::TaxRate::decimal),
        )
        .maybe_value("trial", "For how long a subscription is free at first; null where it is not.", |plan| {
            plan.trial.as_ref()
        })
        .column("fixedTrialDays", "Whether a trial ends at the start of a day.", |plan| &plan.fixed_trial_days)
        .maybe_value("setupFee", "What the start of a subscription costs; null where it is free.", |plan| {
            plan.setup_fee.as_ref()
        })
        .column("includeZeroAmount", "Whether a line of zero stands on an invoice beside others.", |plan| {
            &plan.include_zero_amount
        })
        .column("fixedCount", "How many periods are invoiced; null where there is no end.", |plan| &plan.fixed_count)
        .maybe_value(
            "fixedLifeTime",
            "After how long a subscription ends, with the period that is running then; null where there is no end.",
            |plan| plan.fixed_life_time.as_ref(),
        )
        .column("noticePeriods", "How many periods ahead a subscription has to be cancelled.", |plan| {
            &plan.contract.notice_periods
        })
        .column(
            "noticePeriodsAfterCurrent",
            "Whether they are counted from the end of the running period, or from the cancellation.",
            |plan| &plan.contract.notice_periods_after_current,
        )
        .column("fixationPeriods", "How many periods a subscription runs at least.", |plan| {
            &plan.contract.fixation_periods
        })
        .column("fixationPeriodsFull", "Whether these are full periods only.", |plan| {
            &plan.contract.fixation_periods_full
        })
        .column(
            "renewalReminderDays",
            "How many days before a renewal its customer is reminded; null where nobody is.",
            |plan| &plan.reminders.renewal_days,
        )
        .column(
            "trialReminderDays",
            "How many days before the end of a trial its customer is reminded; null where nobody is.",
            |plan| &plan.reminders.trial_days,
        )
        .alike(
            "versions",
            "All versions of the plan, oldest first.",
            plan::versions_of,
            |plan| plan.code.clone(),
            |version| version.code.clone(),
        )
        .connection("subscriptions", "The subscriptions to this version.", subscription::of_plans, |subscription| {
            subscription.plan_id
        })
        .column("metadata", "Whatever you keep with it.", |plan| &plan.metadata)
        .column("revision", "Counts the changes of this version: for `expectedRevision`.", |plan| &plan.revision)
        .column("createdAt", "When this version was created.", |plan| &plan.created_at)
        .column("updatedAt", "When this version was last changed.", |plan| &plan.updated_at)
    }
}

impl Object for PlanSchedule {
    fn declare() -> Type<Self> {
        Type::new("PlanSchedule", "When a plan is billed: each type of schedule has settings of its own.")
            .computed("type", "How the billing periods are laid out.", |schedule: &PlanSchedule| {
                schedule.settings().schedule_type
            })
            .computed("interval", "How many days, weeks, months or billing periods a period has; null for MANUAL.", |own| {
                own.settings().interval
            })
            .computed(
                "fixedDay",
                "The weekday of WEEKLY_FIXEDDAY, where 1 is Monday, or the day of the month of MONTH_FIXEDDAY; null for \
                 others.",
                |schedule| schedule.settings().fixed_day,
            )
            .computed(
                "baseMonth",
                "A month, 1 to 12, in which a period may begin; null where any month will do, and for others than \
                 MONTH_FIXEDDAY and MONTH_LASTDAY.",
                |schedule| schedule.settings().base_month,
            )
            .computed("billingPeriod", "What PERIOD counts; null for others.", |schedule| {
                schedule.settings().billing_period
            })
            .computed("billingCycle", "What PERIOD is aligned to; null for others.", |schedule| {
                schedule.settings().billing_cycle
            })
    }
}

impl Object for Duration {
    fn declare() -> Type<Self> {
        Type::new("Duration", "A length of calendar time.")
            .column("length", "How many days or months.", |duration: &Duration| &duration.length)
            .column("unit", "What is counted.", |duration| &duration.unit)
    }
}

impl Object for SetupFee {
    fn declare() -> Type<Self> {
        Type::new("SetupFee", "What the start of a subscription costs.")
            .value("amount", "The amount.", |fee: &SetupFee| &fee.amount)
            .column("text", "What invoices call it; null where they call it a setup fee.", |fee| &fee.text)
            .column("handling", "Which invoice it is on.", |fee| &fee.handling)
    }
}

/// Which plan to archive.
#[derive(InputObject)]
pub struct ArchivePlanInput {
    /// Which plan: the id of any of its versions.
    plan_id: ID,
    /// Refuse with CONFLICT unless this version is the newest, at this revision.
    expected_revision: Option<i32>,
}

payload! {
    /// What `createPlan` answers.
    CreatePlanPayload of PlanChanged {
        /// The new plan.
        "plan": Plan => |changed| Some(changed.plan),
    }
}
payload! {
    /// What `updatePlan` answers.
    UpdatePlanPayload of PlanChanged {
        /// The newest version of the plan: a new one, where the change made one.
        "plan": Plan => |changed| Some(changed.plan),
    }
}
payload! {
    /// What `archivePlan` answers.
    ArchivePlanPayload of PlanChanged {
        /// The last version of the plan.
        "plan": Plan => |changed| Some(changed.plan),
    }
}

pub fn mutations() -> Vec<Mutation> {
    vec![
        Mutation::new(
            "createPlan",
            "Creates a plan with its prices: its version 1. Errors: VALIDATION_ERROR, ENTITLEMENT_NOT_FOUND (a price measures \
             a feature that is not offered), DUPLICATE_HANDLE (the code is or was that of another plan).",
            Scope::Write,
            |on, running, input: CreatePlanInput| {
                run::<_, _, CreatePlanPayload>(on, running, input.read(), create_plan)
            },
        ),
        Mutation::new(
            "updatePlan",
            "Changes a plan. Other prices, another schedule, currency, quantity, trial or proration unit make a new version, \
             which takes the place of the newest one; anything else is changed in the newest one. A change that changes \
             nothing does nothing. Errors: VALIDATION_ERROR, PLAN_NOT_FOUND, CONFLICT, ENTITLEMENT_NOT_FOUND (a price \
             measures a feature that is not offered).",
            Scope::Write,
            |on, running, input: UpdatePlanInput| {
                run::<_, _, UpdatePlanPayload>(on, running, input.read(), update_plan)
            },
        ),
        Mutation::new(
            "archivePlan",
            "Archives a plan with all its versions: nobody can subscribe to it any more, and subscriptions to it go on. \
             Errors: VALIDATION_ERROR, PLAN_NOT_FOUND, CONFLICT.",
            Scope::Write,
            |on, running, input: ArchivePlanInput| {
                let revision = input.expected_revision;
                let plan = Check::input(|check| check.take("planId", check::id(input.plan_id)));
                run::<_, _, ArchivePlanPayload>(on, running, plan, |call, plan| archive_plan(call, *plan, revision))
            },
        ),
    ]
}
