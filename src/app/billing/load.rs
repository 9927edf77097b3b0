//! Reading what the billing of a batch needs: a statement for each kind of thing, however many subscriptions there are.

use crate::domain::billing::{Due, HoldCode, Measured, Past, Rental, Usage};
use crate::domain::calendar::day_of;
use crate::domain::customer::Customer;
use crate::domain::invoice::Invoice;
use crate::domain::payment_method::PaymentMethod;
use crate::domain::subscribing::Agreement;
use crate::domain::subscription::{CollectionMethod, ScheduledPayment, Subscription};
use crate::domain::tax::{CountryTaxRate, rate_for};
use crate::domain::tenant::{Settings, Tenant};
use crate::domain::{Country, Entity, ErrorCode, Id, Instant, Refusal};
use crate::repository::{self, Conn, Query, Read};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A subscription that is due, with everything that its billing needs.
pub(super) struct Account {
    pub kind: Kind,
    taxes: Taxes,
}

pub(super) enum Kind {
    Agreement(Box<Agreement>, Before),
    Rental(Box<Rental>),
    /// What it should have is not there.
    Broken(Box<Subscription>),
}

/// The tax rates of the country of whoever gets the invoices.
#[derive(Clone, Default)]
struct Taxes {
    country: Option<Country>,
    rates: Rc<Vec<CountryTaxRate>>,
}

/// What is known of a subscription before it goes on.
pub(super) struct Before {
    past: Past,
    /// On how many invoices each of its discounts was.
    pub uses: Vec<i32>,
}

/// Which subscription cannot be billed, and why.
pub(super) type Unbillable = (Id<Subscription>, HoldCode, Refusal);

impl Account {
    pub fn subscription(&self) -> &Subscription {
        match &self.kind {
            Kind::Agreement(agreement, _) => &agreement.subscription,
            Kind::Rental(rental) => &rental.subscription,
            Kind::Broken(subscription) => subscription,
        }
    }

    pub fn subscription_mut(&mut self) -> &mut Subscription {
        match &mut self.kind {
            Kind::Agreement(agreement, _) => &mut agreement.subscription,
            Kind::Rental(rental) => &mut rental.subscription,
            Kind::Broken(subscription) => subscription,
        }
    }

    pub fn id(&self) -> Id<Subscription> {
        self.subscription().id
    }

    /// Bills what falls due of it next, and goes on. The tax is that of the day on which it is invoiced: of `now`, or
    /// where there is none, of the moment itself.
    pub fn fall_due(&mut self, now: Option<Instant>) -> Result<Option<Due>, Unbillable> {
        let (id, zone) = (self.id(), self.subscription().timezone);
        let issued = now.or(self.subscription().billing.next_at);
        let day = issued.map(|issued| day_of(issued, zone));
        let rate = day.and_then(|day| rate_for(&self.taxes.rates, self.taxes.country, day));
        let due = match &mut self.kind {
            Kind::Agreement(agreement, before) => {
                agreement.country_tax = rate;
                let due = agreement.fall_due(&before.past);
                if let Ok(Some(Due { bill, .. })) = &due {
                    before.past.billed(bill.as_ref());
                }
                due
            }
            Kind::Rental(rental) => {
                rental.country_tax = rate;
                rental.fall_due()
            }
            Kind::Broken(_) => {
                let refusal = Refusal::new(ErrorCode::NotFound, "Its plan or its terms are missing.");
                return Err((id, HoldCode::Inconsistent, refusal));
            }
        };
        due.map_err(|refusal| (id, HoldCode::NotBillable, refusal))
    }

    /// Notes which invoice bills what fell due of it.
    pub fn invoiced(&mut self, invoice: Id<Invoice>) {
        match &mut self.kind {
            Kind::Agreement(agreement, _) => agreement.costs_invoiced(invoice),
            Kind::Rental(rental) => rental.payments_invoiced(invoice),
            Kind::Broken(_) => {}
        }
    }

    /// Notes that the invoice at the end of its trial is not paid yet.
    pub fn wait_for_payment(&mut self) {
        if let Kind::Agreement(agreement, _) = &mut self.kind {
            agreement.wait_for_payment();
        }
    }

    /// Who gets its invoices.
    pub fn invoiced_customer(&self) -> Id<Customer> {
        match &self.kind {
            Kind::Agreement(agreement, _) => agreement.terms.invoiced_customer_id,
            Kind::Rental(_) | Kind::Broken(_) => self.subscription().customer_id,
        }
    }
}

/// Reads the accounts of some subscriptions, in their order.
pub(super) fn accounts(conn: &mut Conn, tenant: Id<Tenant>, subscriptions: Vec<Subscription>) -> Read<Vec<Account>> {
    let settings = repository::tenant::own(conn, tenant)?.settings;
    let (to_plans, rentals): (Vec<_>, Vec<_>) =
        subscriptions.iter().cloned().partition(|subscription| subscription.plan_id.is_some());
    let mut found: BTreeMap<Id<Subscription>, Kind> = agreements(conn, tenant, settings, to_plans)?
        .into_iter()
        .chain(self::rentals(conn, tenant, settings, rentals)?)
        .collect();
    let account = |subscription: Subscription| {
        let kind = found.remove(&subscription.id).unwrap_or_else(|| Kind::Broken(Box::new(subscription)));
        Account { kind, taxes: Taxes::default() }
    };
    let mut accounts: Vec<Account> = subscriptions.into_iter().map(account).collect();
    add_taxes(conn, tenant, &mut accounts)?;
    Ok(accounts)
}

/// Adds the tax rates of countries, where the tenant has any.
fn add_taxes(conn: &mut Conn, tenant: Id<Tenant>, accounts: &mut [Account]) -> Read<()> {
    let rates = Rc::new(repository::tax::all(tenant).load(conn)?);
    if rates.is_empty() {
        return Ok(());
    }
    let customers = distinct(accounts.iter().map(Account::invoiced_customer));
    let customers = keyed(Query::by_ids(tenant, &customers).load(conn)?, |customer| customer.id);
    for account in accounts {
        let country = customers.get(&account.invoiced_customer()).and_then(|customer| customer.country);
        account.taxes = Taxes { country, rates: rates.clone() };
    }
    Ok(())
}

/// The subscriptions to plans, with everything that belongs to them.
fn agreements(
    conn: &mut Conn,
    tenant: Id<Tenant>,
    settings: Settings,
    subscriptions: Vec<Subscription>,
) -> Read<Vec<(Id<Subscription>, Kind)>> {
    use repository::subscription_parts as parts;
    let ids: Vec<_> = subscriptions.iter().map(|subscription| subscription.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let plans: Vec<_> = distinct(subscriptions.iter().filter_map(|subscription| subscription.plan_id));
    let prices = grouped(repository::price::of_plans(tenant, &plans).load(conn)?, |price| price.plan_id);
    let mut own = grouped(repository::price::of_subscriptions(tenant, &ids).load(conn)?, |price| price.subscription_id);
    let plans = keyed(Query::by_ids(tenant, &plans).load(conn)?, |plan| plan.id);
    let mut terms = keyed(repository::terms::of_subscriptions(tenant, &ids).load(conn)?, |terms| terms.subscription_id);
    let mut items = grouped(parts::items_of(tenant, &ids).load(conn)?, |item| Some(item.subscription_id));
    let add_ons = parts::add_ons_of(tenant, &ids).load(conn)?;
    let catalogue: Vec<_> = distinct(add_ons.iter().map(|add_on| add_on.add_on_id));
    let catalogue = match catalogue.is_empty() {
        true => Vec::new(),
        false => Query::by_ids(tenant, &catalogue).load(conn)?,
    };
    let mut add_ons = grouped(add_ons, |add_on| Some(add_on.subscription_id));
    let mut costs = grouped(parts::costs_of(tenant, &ids).load(conn)?, |cost| Some(cost.subscription_id));
    let mut discounts = grouped(parts::discounts_of(tenant, &ids).load(conn)?, |it| Some(it.subscription_id));
    let mut agreements = Vec::new();
    for subscription in subscriptions {
        let id = subscription.id;
        let plan = subscription.plan_id.and_then(|plan| plans.get(&plan));
        let (Some(terms), Some(plan)) = (terms.remove(&id), plan) else { continue };
        let add_ons = add_ons.remove(&id).unwrap_or_default();
        let taken = |known: &&crate::domain::add_on::AddOn| add_ons.iter().any(|add_on| add_on.add_on_id == known.id);
        let catalogue_add_ons = catalogue.iter().filter(taken).cloned().collect();
        let of_plan = prices.get(&plan.id).into_iter().flatten().cloned();
        agreements.push(Agreement {
            terms,
            plan: plan.clone(),
            prices: of_plan.chain(own.remove(&id).unwrap_or_default()).collect(),
            items: items.remove(&id).unwrap_or_default(),
            catalogue_add_ons,
            add_ons,
            costs: costs.remove(&id).unwrap_or_default(),
            discounts: discounts.remove(&id).unwrap_or_default(),
            redemptions: Vec::new(),
            entitlements: Vec::new(),
            phases: Vec::new(),
            settings,
            // Found when it falls due.
            country_tax: None,
            subscription,
        });
    }
    add_methods(conn, tenant, &mut agreements)?;
    with_past(conn, tenant, agreements)
}

/// Adds what is charged where the subscription names nothing: the newest method of whoever gets the invoices.
fn add_methods(conn: &mut Conn, tenant: Id<Tenant>, agreements: &mut [Agreement]) -> Read<()> {
    let lacking = |agreement: &&mut Agreement| {
        let terms = &agreement.terms;
        terms.collection_method == CollectionMethod::ChargeAutomatically && terms.payment_method_id.is_none()
    };
    let customers = distinct(agreements.iter_mut().filter(lacking).map(|it| it.terms.invoiced_customer_id));
    if customers.is_empty() {
        return Ok(());
    }
    let methods = chargeable(conn, tenant, &customers)?;
    for agreement in agreements.iter_mut().filter(lacking) {
        let newest = methods.get(&agreement.terms.invoiced_customer_id);
        agreement.terms.payment_method_id = newest.map(|method| method.id);
    }
    Ok(())
}

/// Adds what the next bill depends on of the past.
fn with_past(conn: &mut Conn, tenant: Id<Tenant>, agreements: Vec<Agreement>) -> Read<Vec<(Id<Subscription>, Kind)>> {
    let owing: Vec<_> = agreements.iter().filter(|it| it.may_owe_setup_fee()).map(|it| it.subscription.id).collect();
    let billed = match owing.is_empty() {
        true => Vec::new(),
        false => repository::billing::setup_fee_billed(conn, tenant, &owing)?,
    };
    let mut usage = used(conn, tenant, &agreements)?;
    let account = |agreement: Agreement| {
        let id = agreement.subscription.id;
        let past = Past { usage: usage.remove(&id).unwrap_or_default(), setup_fee_billed: billed.contains(&id) };
        let uses = agreement.discounts.iter().map(|discount| discount.uses).collect();
        (id, Kind::Agreement(Box::new(agreement), Before { past, uses }))
    };
    Ok(agreements.into_iter().map(account).collect())
}

/// What was used of each subscription in the period that is over: a statement for each meter.
fn used(conn: &mut Conn, tenant: Id<Tenant>, agreements: &[Agreement]) -> Read<BTreeMap<Id<Subscription>, Usage>> {
    let mut measured: Vec<(Id<Subscription>, Measured)> = Vec::new();
    for agreement in agreements {
        let closing = agreement.closing().map(|closing| agreement.measured(closing)).unwrap_or_default();
        measured.extend(closing.into_iter().map(|measured| (agreement.subscription.id, measured)));
    }
    let features = distinct(measured.iter().map(|(_, measured)| measured.feature));
    let mut usage: BTreeMap<Id<Subscription>, Usage> = BTreeMap::new();
    if features.is_empty() {
        return Ok(usage);
    }
    for meter in repository::meter::of_features(tenant, &features).load(conn)? {
        let of_meter: Vec<_> = measured.iter().filter(|(_, it)| it.feature == meter.feature_id).collect();
        let asked: Vec<_> = of_meter.iter().map(|(subscription, it)| (*subscription, it.period)).collect();
        let totals = repository::usage::totals(conn, tenant, &meter, &asked)?;
        for ((subscription, it), (_, _, total)) in of_meter.into_iter().zip(totals) {
            usage.entry(*subscription).or_default().0.push((it.item, total));
        }
    }
    Ok(usage)
}

/// The rentals, with what is open of their payments.
fn rentals(
    conn: &mut Conn,
    tenant: Id<Tenant>,
    settings: Settings,
    subscriptions: Vec<Subscription>,
) -> Read<Vec<(Id<Subscription>, Kind)>> {
    let ids: Vec<_> = subscriptions.iter().map(|subscription| subscription.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let payments = repository::billing::open_payments_of(tenant, &ids).load(conn)?;
    let mut open: BTreeMap<_, Vec<ScheduledPayment>> = grouped(payments, |payment| Some(payment.subscription_id));
    // Only where it may go on by the month it must be known how far it is.
    let over = |it: &&Subscription| it.end_date.is_some_and(|end| it.billing.next_at.is_some_and(|at| end <= at));
    let over: Vec<_> = subscriptions.iter().filter(over).map(|it| it.id).collect();
    let counts = match settings.month_to_month && !over.is_empty() {
        true => repository::billing::last_sequences(conn, tenant, &over)?,
        false => BTreeMap::new(),
    };
    let groups = distinct(subscriptions.iter().filter_map(|subscription| subscription.billing_group_id));
    let groups = match groups.is_empty() {
        true => BTreeMap::new(),
        false => keyed(Query::by_ids(tenant, &groups).load(conn)?, |group| group.id),
    };
    let assets: Vec<_> = subscriptions.iter().filter_map(|subscription| subscription.asset_id).collect();
    let assets = keyed(Query::by_ids(tenant, &assets).load(conn)?, |asset| asset.id);
    let products = distinct(assets.values().map(|asset| asset.product_id));
    let products = keyed(Query::by_ids(tenant, &products).load(conn)?, |product| product.id);
    let customers = distinct(subscriptions.iter().map(|subscription| subscription.customer_id));
    let methods = chargeable(conn, tenant, &customers)?;
    let rental = |subscription: Subscription| {
        let asset = subscription.asset_id.and_then(|asset| assets.get(&asset));
        let product = asset.and_then(|asset| products.get(&asset.product_id));
        let device = match (product, asset) {
            (Some(product), Some(asset)) => format!("{} ({})", product.name, asset.serial_number),
            _ => "Device".to_owned(),
        };
        let id = subscription.id;
        let rental = Rental {
            open: open.remove(&id).unwrap_or_default(),
            invoiced: Vec::new(),
            payments: counts.get(&id).copied().unwrap_or_default(),
            added: Vec::new(),
            billing_day: subscription
                .billing_group_id
                .and_then(|group| groups.get(&group))
                .map(|group| group.billing_day),
            device,
            payment_method: methods.get(&subscription.customer_id).map(|method| method.id),
            settings,
            country_tax: None,
            subscription,
        };
        (id, Kind::Rental(Box::new(rental)))
    };
    Ok(subscriptions.into_iter().map(rental).collect())
}

/// The newest payment method of each customer that can be charged.
fn chargeable(
    conn: &mut Conn,
    tenant: Id<Tenant>,
    customers: &[Id<Customer>],
) -> Read<BTreeMap<Id<Customer>, PaymentMethod>> {
    let methods = repository::payment_method::of_customers(tenant, customers).load(conn)?;
    let methods = methods.into_iter().filter(|method| method.chargeable_for(method.customer_id).is_ok());
    Ok(methods.map(|method| (method.customer_id, method)).collect())
}

fn distinct<E: Entity>(ids: impl Iterator<Item = Id<E>>) -> Vec<Id<E>> {
    let mut ids: Vec<Id<E>> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn keyed<E: Entity, T>(rows: Vec<T>, key: impl Fn(&T) -> Id<E>) -> BTreeMap<Id<E>, T> {
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

/// Rows by what they belong to, in their order.
fn grouped<E: Entity, T>(rows: Vec<T>, key: impl Fn(&T) -> Option<Id<E>>) -> BTreeMap<Id<E>, Vec<T>> {
    let mut groups: BTreeMap<Id<E>, Vec<T>> = BTreeMap::new();
    for row in rows {
        if let Some(key) = key(&row) {
            groups.entry(key).or_default().push(row);
        }
    }
    groups
}
