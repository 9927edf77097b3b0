//! Plans and prices.

use super::{Store, choice, id, instant, json, maybe, money};
use async_graphql::{Value, value};
use bigdecimal::BigDecimal;
use perennial::domain::Id;
use perennial::domain::period::Duration;
use perennial::domain::plan::Plan;
use perennial::domain::price::{Price, Tier};
use perennial::domain::schedule::PlanSchedule;
use perennial::domain::subscription::Subscription;
use perennial::domain::tenant::Tenant;
use perennial::repository::{Conn, Read, plan, price};

impl Store {
    pub fn plans(&mut self, conn: &mut Conn, tenant: Id<Tenant>, subscriptions: &[Id<Subscription>]) -> Read<()> {
        let plans = plan::all(tenant).order("code").order("version").load(conn)?;
        let ids: Vec<_> = plans.iter().map(|row| row.id).collect();
        plans.iter().for_each(|row| self.plan(row));
        price::of_plans(tenant, &ids).load(conn)?.iter().for_each(|row| self.price(row));
        price::of_subscriptions(tenant, subscriptions).load(conn)?.iter().for_each(|row| self.price(row));
        Ok(())
    }

    fn plan(&mut self, row: &Plan) {
        let fee = row.setup_fee.as_ref().map(|fee| {
            let text = maybe(fee.text.as_deref(), Value::from);
            value!({"amount": money(fee.amount), "text": text, "handling": choice(fee.handling)})
        });
        self.add(
            "Plan",
            [
                ("id", id(row.id)),
                ("code", row.code.clone().into()),
                ("version", row.version.into()),
                ("state", choice(row.state)),
                ("name", row.name.clone().into()),
                ("description", maybe(row.description.as_deref(), Value::from)),
                ("currency", row.currency.code().into()),
                ("schedule", schedule(row.schedule)),
                ("partialPeriodHandling", choice(row.partial_periods.handling)),
                ("prorationUnit", choice(row.partial_periods.unit)),
                ("minimumProratedAmount", maybe(row.partial_periods.minimum_amount, money)),
                ("quantity", row.quantity.into()),
                ("amountIncludesTax", maybe(row.tax.amount_includes_tax, Value::from)),
                ("taxRate", maybe(row.tax.rate, |rate| decimal(&rate.decimal()))),
                ("trial", maybe(row.trial, duration)),
                ("fixedTrialDays", row.fixed_trial_days.into()),
                ("setupFee", fee.unwrap_or_default()),
                ("includeZeroAmount", row.include_zero_amount.into()),
                ("fixedCount", maybe(row.fixed_count, Value::from)),
                ("fixedLifeTime", maybe(row.fixed_life_time, duration)),
                ("noticePeriods", row.contract.notice_periods.into()),
                ("noticePeriodsAfterCurrent", row.contract.notice_periods_after_current.into()),
                ("fixationPeriods", row.contract.fixation_periods.into()),
                ("fixationPeriodsFull", row.contract.fixation_periods_full.into()),
                ("renewalReminderDays", maybe(row.reminders.renewal_days, Value::from)),
                ("trialReminderDays", maybe(row.reminders.trial_days, Value::from)),
                ("metadata", json(row.metadata.as_str())),
                ("revision", row.revision.into()),
                ("createdAt", instant(row.created_at)),
                ("updatedAt", instant(row.updated_at)),
            ],
        );
    }

    fn price(&mut self, row: &Price) {
        let settings = row.model.settings();
        let tiers = settings.tiers.iter().flatten().map(tier).collect();
        self.add(
            "Price",
            [
                ("id", id(row.id)),
                ("name", row.name.clone().into()),
                ("type", choice(row.price_type)),
                ("currency", row.currency.code().into()),
                ("billingModel", choice(settings.billing_model)),
                ("amount", maybe(settings.amount, |amount| decimal(&amount))),
                ("packageSize", maybe(settings.package_size, Value::from)),
                ("packageRounding", maybe(settings.package_rounding, choice)),
                ("tierMode", maybe(settings.tier_mode, choice)),
                ("tiers", Value::List(tiers)),
                ("cadence", maybe(row.cadence, choice)),
                ("billingPeriod", maybe(row.billing_period, |(period, _)| choice(period))),
                ("billingPeriodCount", maybe(row.billing_period, |(_, count)| i32::from(count).into())),
                ("feature", maybe(row.feature_id, id)),
                ("plan", maybe(row.plan_id, id)),
                ("subscription", maybe(row.subscription_id, id)),
                ("parent", maybe(row.parent_price_id, id)),
                ("createdAt", instant(row.created_at)),
            ],
        );
    }
}

pub fn schedule(schedule: PlanSchedule) -> Value {
    let settings = schedule.settings();
    value!({
        "type": choice(settings.schedule_type),
        "interval": maybe(settings.interval, Value::from),
        "fixedDay": maybe(settings.fixed_day, Value::from),
        "baseMonth": maybe(settings.base_month, Value::from),
        "billingPeriod": maybe(settings.billing_period, choice),
        "billingCycle": maybe(settings.billing_cycle, choice),
    })
}

fn tier(tier: &Tier) -> Value {
    let up_to = maybe(tier.up_to.as_ref(), decimal);
    value!({
        "upTo": up_to, "unitAmount": decimal(&tier.unit_amount), "flatAmount": decimal(&tier.flat_amount),
    })
}

pub fn duration(duration: Duration) -> Value {
    value!({"length": duration.length, "unit": choice(duration.unit)})
}

pub fn decimal(decimal: &BigDecimal) -> Value {
    decimal.normalized().to_plain_string().into()
}
