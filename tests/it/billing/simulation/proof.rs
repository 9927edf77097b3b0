//! What was billed, against what the schedules say, which are worked out anew.

use super::Used;
use crate::support::{Backend, TestApp};
use bigdecimal::BigDecimal;
use chrono::TimeDelta;
use perennial::domain::Instant;
use perennial::domain::calendar::{day_of, start_of_day};
use perennial::domain::period::Period;
use perennial::domain::plan::Plan;
use perennial::domain::price::{BillingCadence, Price, PriceType};
use perennial::domain::schedule::{PartialPeriodHandling, RentalTerms};
use perennial::domain::subscription::parts::SubscriptionItem;
use perennial::domain::subscription::{Subscription, SubscriptionStatus, Terms};
use perennial::domain::tenant::BillingStart;
use perennial::domain::{Currency, Id};
use perennial::repository::{Fault, Query, price, subscription, subscription_parts, terms};
use std::collections::BTreeMap;

/// The stretches that were billed of each source, in their order.
type Billed = BTreeMap<String, Vec<Period>>;

struct Books {
    subscriptions: Vec<Subscription>,
    terms: BTreeMap<Id<Subscription>, Terms>,
    items: Vec<SubscriptionItem>,
    prices: BTreeMap<Id<Price>, Price>,
    billed: Billed,
}

/// A moment as text, the same on both databases.
fn moment_sql(backend: Backend, column: &str) -> String {
    match backend {
        Backend::Sqlite => column.to_owned(),
        Backend::Postgres => format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"),
    }
}

fn id_sql(backend: Backend, column: &str) -> String {
    match backend {
        Backend::Sqlite => format!("lower(hex({column}))"),
        Backend::Postgres => format!("replace(CAST({column} AS TEXT), '-', '')"),
    }
}

fn billed(app: &TestApp) -> Billed {
    let backend = app.database.backend;
    let (source, start) = (id_sql(backend, "source_id"), moment_sql(backend, "period_start"));
    let end = moment_sql(backend, "period_end");
    let mut billed = Billed::new();
    for line in app.database.texts(&format!(
        "SELECT {source} || ' ' || {start} || ' ' || {end} AS line FROM billed_periods ORDER BY period_start, period_end"
    )) {
        let words: Vec<&str> = line.split(' ').collect();
        let period = Period { start: words[1].parse().unwrap(), end: words[2].parse().unwrap() };
        billed.entry(words[0].to_owned()).or_default().push(period);
    }
    billed
}

impl Books {
    fn read(app: &TestApp) -> Books {
        let tenant = app.tenant;
        let read = app.app.db.read_once(|conn| {
            let subscriptions = subscription::all(tenant).load(conn)?;
            let ids: Vec<_> = subscriptions.iter().map(|subscription| subscription.id).collect();
            let terms = terms::of_subscriptions(tenant, &ids).load(conn)?;
            let plans = Query::<Plan>::new(tenant).load(conn)?;
            let plans: Vec<_> = plans.iter().map(|plan| plan.id).collect();
            let prices = price::of_plans(tenant, &plans).load(conn)?;
            let items = subscription_parts::items_of(tenant, &ids).load(conn)?;
            Ok::<_, Fault>((subscriptions, terms, prices, items))
        });
        let (subscriptions, terms, prices, items) = read.unwrap();
        Books {
            subscriptions,
            terms: terms.into_iter().map(|terms| (terms.subscription_id, terms)).collect(),
            items,
            prices: prices.into_iter().map(|price| (price.id, price)).collect(),
            billed: billed(app),
        }
    }

    /// The periods of a subscription to a plan.
    fn periods(&self, of: &Subscription, now: Instant) -> Vec<Period> {
        let terms = &self.terms[&of.id];
        let (Some(from), unit) = (terms.billed_from, terms.partial_periods.unit) else { return Vec::new() };
        let Some(schedule) = terms.schedule.schedule(from, of.timezone, terms.anchor, unit, None, None) else {
            return Vec::new();
        };
        let without_stub = terms.partial_periods.handling == PartialPeriodHandling::NoBill;
        let ends = of.end_date.unwrap_or(Instant::MAX_UTC);
        schedule
            .periods()
            .filter(|period| !(without_stub && period.is_stub))
            .map(|period| Period { end: period.period.end.min(ends), ..period.period })
            .take_while(|period| period.start < ends && period.start <= now)
            .collect()
    }

    /// What must be billed of an item until the moment at which its subscription is billed next.
    fn expected(&self, of: &Subscription, item: &SubscriptionItem, now: Instant) -> Vec<Period> {
        let terms = &self.terms[&of.id];
        let cadence = self.prices[&item.price_id].cadence.unwrap_or(terms.cadence);
        let over = |moment: Instant| moment <= now && of.billing.next_at.is_none_or(|next| moment < next);
        let item_end = item.end_date.filter(|end| terms.requested_end != Some(*end)).unwrap_or(Instant::MAX_UTC);
        let periods = self.periods(of, now).into_iter();
        match cadence {
            BillingCadence::InAdvance => periods
                .filter(|period| over(period.start) && item.start_date <= period.start && period.start < item_end)
                .collect(),
            BillingCadence::InArrears => periods
                .filter(|period| over(period.end))
                .map(|period| Period { start: period.start.max(item.start_date), end: period.end.min(item_end) })
                .filter(|period| period.start < period.end)
                .collect(),
        }
    }

    fn of(&self, source: &str) -> &[Period] {
        self.billed.get(source).map_or(&[], Vec::as_slice)
    }
}

/// Asserts that each period of everything was billed once, and that nothing is due any more.
pub fn assert_billed_once(app: &TestApp, now: Instant, used: &[Used]) {
    let books = Books::read(app);
    let mut compared = 0;
    for item in &books.items {
        let of = books.subscriptions.iter().find(|of| of.id == item.subscription_id).unwrap();
        let found = books.of(&item.id.uuid().simple().to_string());
        match books.prices[&item.price_id].price_type {
            PriceType::Recurring => {
                let mut expected = books.expected(of, item, now);
                // Less than a day may come to nothing, and nothing is not billed.
                expected.retain(|it| TimeDelta::days(1) <= it.end - it.start || found.contains(it));
                assert_eq!(found, expected, "{item:?} {of:?}");
            }
            // What was not used is not billed.
            PriceType::Usage => assert_eq!(quantity(app, item), total(used, of), "{item:?} {of:?}"),
            PriceType::OneTime => assert_eq!(found, []),
        }
        compared += found.len();
    }
    let mut rented = 0;
    for rental in books.subscriptions.iter().filter(|of| of.plan_id.is_none()) {
        let found = books.of(&rental.id.uuid().simple().to_string());
        assert_eq!(found, months(app, rental, now), "{rental:#?}");
        rented += found.len();
    }
    assert!(compared > 1_000 && rented > 100, "{compared} {rented}");
    for of in &books.subscriptions {
        let running = SubscriptionStatus::RUNNING.contains(&of.status);
        assert!(running || of.billing.due_at.is_none(), "{of:#?}");
        assert!(of.billing.due_at.is_none_or(|due| now < due), "{of:#?}");
        assert!(!running || of.billing.next_at == of.billing.due_at, "{of:#?}");
    }
}

/// The months of a rental whose payments have fallen due: those of the contract, and those after it where it goes on.
fn months(app: &TestApp, rental: &Subscription, now: Instant) -> Vec<Period> {
    let day = rental.billing_group_id.map(|group| {
        let found = app.app.db.read_once(|conn| {
            Query::<perennial::domain::billing_group::BillingGroup>::by_id(app.tenant, group).first(conn)
        });
        found.unwrap().unwrap().billing_day
    });
    let contract = RentalTerms {
        start: day_of(rental.start_date, rental.timezone),
        length: rental.contract_length.unwrap(),
        billing_start: rental.billing_start.unwrap_or(BillingStart::Immediate),
        billing_day: day,
        zone: rental.timezone,
    };
    let length = i32::try_from(contract.length.months()).unwrap();
    let paid = app.app.db.read_once(|conn| subscription::payments_of(app.tenant, &[rental.id]).load(conn)).unwrap();
    let last = i32::try_from(paid.len()).unwrap();
    assert!(last >= length, "{rental:#?}");
    let stops = rental.billing.next_at.unwrap_or(now + TimeDelta::microseconds(1));
    let due = |sequence: &i32| {
        let due = start_of_day(contract.due_date(*sequence).unwrap(), rental.timezone);
        due <= now && due < stops
    };
    (1..=last).filter(due).map(|sequence| contract.month(sequence).unwrap()).collect()
}

/// How much was billed of what was used. What lies within a commitment and what lies beyond it are two lines over the
/// same quantity.
fn quantity(app: &TestApp, item: &SubscriptionItem) -> BigDecimal {
    let backend = app.database.backend;
    let lines = app.database.texts(&format!(
        "SELECT CAST(min(quantity) AS TEXT) AS line FROM invoice_lines WHERE kind IN ('USAGE', 'OVERAGE') AND {} = '{}'
         GROUP BY invoice_id, period_start",
        id_sql(backend, "reference_id"),
        item.id.uuid().simple()
    ));
    lines.iter().map(|line| line.parse::<BigDecimal>().unwrap()).sum::<BigDecimal>().normalized()
}

/// How much was used in the periods that were billed.
fn total(used: &[Used], of: &Subscription) -> BigDecimal {
    let until = of.billing.usage_until;
    let billed = used.iter().filter(|used| used.of == of.id && until.is_some_and(|until| used.at < until));
    billed.map(|used| BigDecimal::from(used.count)).sum::<BigDecimal>().normalized()
}

/// Asserts by SQL that the money adds up.
pub fn assert_money_adds_up(app: &TestApp) {
    for (rule, breach) in [
        (
            "the lines come to the totals",
            "SELECT i.number AS line FROM invoices i WHERE (i.net_total + i.tax_total <> i.total) OR i.subtotal - i.discount_total <> (
                 SELECT sum(l.amount) FROM invoice_lines l WHERE (l.tenant_id, l.invoice_id) = (i.tenant_id, i.id))",
        ),
        (
            "what is due is what is left",
            "SELECT i.number AS line FROM invoices i WHERE i.amount_due < 0 OR i.status <> 'VOID'
                 AND i.amount_due <> i.total - i.credit_applied - i.amount_credited - i.amount_paid",
        ),
        (
            "what is paid came in",
            "SELECT i.number AS line FROM invoices i WHERE i.amount_paid <> (
                 SELECT coalesce(sum(p.amount), 0) FROM payments p WHERE (p.tenant_id, p.invoice_id) = (i.tenant_id, i.id))",
        ),
        (
            "numbers have no gap",
            "SELECT max(number) AS line FROM invoices GROUP BY tenant_id
                 HAVING CAST(substr(max(number), 5) AS INTEGER) <> count(*) OR count(DISTINCT number) <> count(*)",
        ),
        ("nothing is set aside", "SELECT message AS line FROM billing_holds"),
        ("nothing is left half done", "SELECT status AS line FROM payment_attempts WHERE finished_at IS NULL"),
    ] {
        assert_eq!(app.database.texts(breach), Vec::<String>::new(), "{rule}");
    }
    let currencies = app.database.texts("SELECT DISTINCT currency AS line FROM invoices ORDER BY 1");
    assert_eq!(currencies, [Currency::EUR.code(), "JPY", "KWD"]);
}
