//! Subscriptions to plans: drafts and started ones, trials, phases, add-ons, discounts by themselves and by coupons,
//! additional costs, prices of their own, parents; with invoices in every status.

use super::plans::exact;
use super::subscribed_plans::{CODES, currency, flat};
use super::{Making, awkward, but_every};
use chrono::{Days, TimeDelta};
use perennial::app::payment_method::{AddPaymentMethod, CardGiven, add_payment_method};
use perennial::app::subscription::{
    ActivateSubscription, CreateSubscription, CustomerReference, activate_subscription, create_subscription,
};
use perennial::domain::customer::Customer;
use perennial::domain::discount::{Discount, DiscountValue, NewDiscountValue, Percentage};
use perennial::domain::feature::FeatureType;
use perennial::domain::payment_method::PaymentToken;
use perennial::domain::payment_terms::PaymentTerms;
use perennial::domain::period::{BillingPeriod, Duration, DurationUnit};
use perennial::domain::plan::{Plan, PlanState};
use perennial::domain::price::{BillingCadence, BillingModel, NewPrice, Price};
use perennial::domain::pricing::TaxRate;
use perennial::domain::schedule::{BillingCycle, Interval};
use perennial::domain::subscribing::Request;
use perennial::domain::subscribing::request::{
    InitialStatus, ItemPrice, ModelRequest, NewAddOn, NewCommitment, NewCost, NewDiscount, NewItem, NewPhase,
    PaymentRequest, PriceOverride, Reference, Timing, TrialRequest,
};
use perennial::domain::subscription::{
    CollectionMethod, InvoiceBilling, PaymentBehavior, ProrationBehavior, SignupMethod, Subscription,
    SubscriptionStatus,
};
use perennial::domain::tenant::{Settings, TenantMode};
use perennial::domain::text::Metadata;
use perennial::domain::{Currency, Id, Instant, Zone};
use perennial::repository::{Conn, Query, Read, add_on, coupon, customer, discount, feature, price};

fn metadata(n: usize) -> Metadata {
    Metadata::try_new(&serde_json::json!({awkward(n): n})).expect("metadata")
}

/// What there is to subscribe to, and whom to.
struct Shop {
    customers: Vec<Customer>,
    plans: Vec<Plan>,
    prices: Vec<Price>,
    settings: Settings,
}

impl Making<'_> {
    fn read<T>(&self, read: impl Fn(&mut Conn) -> Read<T>) -> T {
        self.app.db.read(read).expect("it reads")
    }

    /// So many subscriptions. The catalogue is there already.
    pub fn subscriptions(&self, amount: usize) {
        let tenant = self.viewer.tenant_id;
        let shop = self.read(|conn| {
            let customers = customer::all(tenant).order("id").load(conn)?;
            let plans = perennial::repository::plan::all(tenant).order("code").load(conn)?;
            let plans: Vec<Plan> = plans
                .into_iter()
                .filter(|plan| plan.code.starts_with(CODES) && plan.state == PlanState::Active)
                .collect();
            let ids: Vec<_> = plans.iter().map(|plan| plan.id).collect();
            let prices = price::of_plans(tenant, &ids).load(conn)?;
            let customers = customers.into_iter().filter(|customer| customer.archived_at.is_none()).collect();
            let own = Query::by_id(tenant, tenant).first(conn)?;
            let settings = own.expect("a tenant").settings;
            Ok(Shop { customers, plans, prices, settings })
        });
        let mut made = Vec::new();
        for n in 0..amount {
            made.push(self.subscribe(n, &shop, &made));
        }
        for (n, id) in made.iter().enumerate().filter(|(n, _)| n % 7 == 3) {
            if n % 2 == 1 {
                let activation = ActivateSubscription {
                    subscription_id: *id,
                    start_date: None,
                    source: None,
                    expected_version: but_every(2, n / 2, 1),
                };
                self.run(|call| activate_subscription(call, &activation));
            }
        }
    }

    fn subscribe(&self, n: usize, shop: &Shop, made: &[Id<Subscription>]) -> Id<Subscription> {
        let customer = &shop.customers[n * n % shop.customers.len()];
        let plan = &shop.plans[(n + n / 7) % shop.plans.len()];
        let now = self.app.ambient.now();
        let mut request = request(n, now);
        request.test = but_every(2, n, shop.settings.mode == TenantMode::Test);
        let is_draft = request.status == InitialStatus::Draft;
        // Which prices are billed depends on the currency; only the plan of several currencies is asked for another one.
        let is_foreign = plan.currency != currency("JPY") && n.is_multiple_of(3);
        let prices: Vec<&Price> = shop.prices.iter().filter(|price| price.plan_id == Some(plan.id)).collect();
        request.currency = Some(currency("JPY")).filter(|jpy| is_foreign && prices.iter().any(|p| p.currency == *jpy));
        let own = request.currency.unwrap_or(plan.currency);
        let billed: Vec<&Price> = prices.into_iter().filter(|price| price.currency == own).collect();
        request.no_setup_fee = own != plan.currency || n % 8 == 5;
        if plan.trial.is_some() && n % 4 == 1 {
            request.trial = TrialRequest::OfThePlan;
        }
        if n % 4 == 1 {
            request.price_overrides = vec![over(billed[0], n)];
        } else if n % 10 == 8 && billed.len() == 1 {
            request.amount = Some(exact("17"));
        }
        if n % 3 == 1 {
            request.additional_items = items(n, billed[0]);
        }
        request.add_ons = self.add_ons(n, plan, own);
        request.discounts = self.discounts(n, own, billed[0]);
        request.coupon_codes = self.coupons(n, plan, own);
        if !shop.settings.multiple_discounts_allowed {
            request.discounts.truncate(1 - request.coupon_codes.len().min(1));
        }
        if n.is_multiple_of(4) && request.timing.proration.is_none() {
            request.entitlements = self.features(n);
        }
        if n % 9 == 7 && !is_draft {
            request.phases = phases(n, request.timing.start_date.unwrap_or(now), billed[0]);
            request.timing.start_date = request.phases.first().map(|phase| phase.start_date);
            request.timing.end_date = None;
        }
        // Who did not ask by mail or by a link is charged: a token, or the customer's own method.
        let (method, payment) = (request.payment.collection_method, &mut request.payment);
        if method == CollectionMethod::ChargeAutomatically && payment.signup_method.is_none() {
            let token = self.token([0, 1, 0, 3, 0][n / 2 % 5], Some(customer.id));
            if n % 3 == 2 {
                self.keep(customer.id, token);
            } else {
                payment.source = Some(token.to_string());
                payment.signup_method = but_every(2, n / 2, SignupMethod::Source);
                if n / 2 % 5 == 4 {
                    payment.behavior = PaymentBehavior::ErrorIfIncomplete;
                }
            }
        }
        let running = |id: &&Id<Subscription>| {
            let found = self.read(|conn| Query::by_id(self.viewer.tenant_id, **id).first(conn));
            found.is_some_and(|found| SubscriptionStatus::RUNNING.contains(&found.status))
        };
        if n % 5 == 4 {
            request.parent_subscription_id = made.iter().rev().filter(running).nth(n % 3).copied();
        }
        if customer.parent_customer_id.is_some() && n.is_multiple_of(2) {
            request.invoice_billing = InvoiceBilling::InvoiceToParent;
        }
        let new = CreateSubscription {
            customer: match &customer.external_id {
                Some(external_id) if n.is_multiple_of(2) => CustomerReference::ExternalId(external_id.clone()),
                _ => CustomerReference::Id(customer.id),
            },
            plan: if n.is_multiple_of(2) { Reference::Id(plan.id) } else { Reference::Code(plan.code.clone()) },
            plan_version: None,
            generate_handle: request.handle.is_none() && n.is_multiple_of(2),
            request,
        };
        self.run(|call| create_subscription(call, &new)).subscription
    }

    /// A payment method of the customer, which is charged where nothing else is said.
    fn keep(&self, customer_id: Id<Customer>, token: Id<PaymentToken>) {
        self.run(|call| add_payment_method(call, &AddPaymentMethod { customer_id, card: CardGiven::Token(token) }));
    }

    /// Up to three add-ons that go with the plan.
    fn add_ons(&self, n: usize, plan: &Plan, currency: Currency) -> Vec<NewAddOn> {
        let known = self.read(|conn| add_on::all(self.viewer.tenant_id).order("id").load(conn));
        let fitting = known.iter().filter(|known| known.offered().is_ok() && known.goes_with(&plan.code).is_ok());
        let new = |(place, known): (usize, &perennial::domain::add_on::AddOn)| NewAddOn {
            add_on: if place % 2 == 0 { Reference::Id(known.id) } else { Reference::Code(known.code.clone()) },
            handle: but_every(2, n + place, format!("{} {place}", awkward(n))),
            quantity: known.quantity(Some(small(place) + 2)).ok(),
            amount: (known.currency != currency || n % 4 == 2).then(|| exact("7")),
            fixed_amount: n % 3 == 2,
            amount_includes_tax: but_every(2, n, place == 0),
            name: but_every(2, n, awkward(n + place).to_owned()),
            description: but_every(3, n, awkward(n).to_owned()),
            start_date: None,
            end_date: but_every(2, n + 1, "2027-05-05T05:05:05.000005Z".parse().expect("an instant")),
        };
        fitting.skip(n % 2).take(n % 4).enumerate().map(new).collect()
    }

    fn discounts(&self, n: usize, currency: Currency, price: &Price) -> Vec<NewDiscount> {
        let known = self.read(|conn| discount::all(self.viewer.tenant_id).order("id").load(conn));
        let fitting = known.iter().filter(|known| known.offered().is_ok());
        let in_currency = |known: &Discount| match known.terms.value {
            DiscountValue::Percentage(_) => true,
            DiscountValue::Amount(amount) => amount.currency == currency,
        };
        let new = |(place, known): (usize, &Discount)| NewDiscount {
            discount: if place == 0 { Reference::Id(known.id) } else { Reference::Code(known.code.clone()) },
            handle: but_every(2, n + place, format!("{}-{place}", awkward(n + 1))),
            name: but_every(2, n, awkward(n + 2).to_owned()),
            value: if in_currency(known) && n.is_multiple_of(2) {
                None
            } else if n % 4 == 3 {
                Some(NewDiscountValue::Amount(exact("2"), None))
            } else {
                Some(NewDiscountValue::Percentage(Percentage::try_new(&exact("33.3")).expect("a percentage")))
            },
            applies_to: None,
            fixed_count: but_every(2, n, 2),
            fixed_period: but_every(3, n, Duration { length: 2, unit: DurationUnit::Months }),
            price_id: (n % 6 == 2).then_some(price.id).filter(|_| n % 4 != 1 && n % 10 != 8 && n % 9 != 7),
            start_date: None,
            end_date: but_every(2, n + 1, "2027-06-06T00:00:00Z".parse().expect("an instant")),
        };
        fitting.skip(n % 3).take([0, 1, 0, 2, 1][n % 5]).enumerate().map(new).collect()
    }

    /// The code of a coupon that can be redeemed, for some.
    fn coupons(&self, n: usize, plan: &Plan, currency: Currency) -> Vec<String> {
        let tenant = self.viewer.tenant_id;
        let (now, takes_one) = (self.app.ambient.now(), n % 3 == 2);
        let known = self.read(|conn| coupon::all(tenant).order("id").load(conn));
        let in_currency = |id| {
            let found = self.read(|conn| Query::<Discount>::by_id(tenant, id).first(conn)).expect("a discount");
            match found.terms.value {
                DiscountValue::Percentage(_) => true,
                DiscountValue::Amount(amount) => amount.currency == currency,
            }
        };
        let mut fitting = known
            .iter()
            .filter(|coupon| takes_one && coupon.redeemable(&plan.code, now).is_ok() && in_currency(coupon.discount_id))
            .cycle()
            .skip(n);
        // Each customer redeems a coupon once: whoever comes next takes the next one.
        let chosen = fitting.next().filter(|coupon| coupon.redemptions == 0);
        chosen.map(|coupon| coupon.code.to_lowercase()).into_iter().collect()
    }

    /// The codes of features that a subscription can have by itself.
    fn features(&self, n: usize) -> Vec<String> {
        let known = self.read(|conn| feature::all(self.viewer.tenant_id).order("id").load(conn));
        let fitting = known.iter().filter(|known| known.offered().is_ok() && known.feature_type != FeatureType::Static);
        fitting.skip(n / 4 % 3).take(2).map(|known| known.code.clone()).collect()
    }
}

/// A request of which some parts do not depend on the plan.
fn request(n: usize, now: Instant) -> Request {
    let is_draft = n % 7 == 3;
    let zones = [Zone::America__New_York, Zone::Asia__Kathmandu, Zone::Pacific__Apia];
    let (collection_method, behavior) = [
        (CollectionMethod::ChargeAutomatically, PaymentBehavior::DefaultActive),
        (CollectionMethod::SendInvoice, PaymentBehavior::DefaultIncomplete),
        (CollectionMethod::ChargeAutomatically, PaymentBehavior::AllowIncomplete),
        (CollectionMethod::SendInvoice, PaymentBehavior::DefaultActive),
    ][n % 4];
    let start_date = match n % 6 {
        1 => Some(now + Days::new(10)),
        2 => Some(now - TimeDelta::hours(20)),
        _ => None,
    };
    // Another rhythm than the plan's, along the calendar or from an anchor.
    let cycle = match n % 10 {
        4 => Some(BillingCycle::Calendar),
        7 => Some(BillingCycle::Anniversary),
        _ => None,
    };
    let proration = [ProrationBehavior::CreateProrations, ProrationBehavior::None][n % 2];
    Request {
        handle: but_every(3, n, format!("{} to {n}", awkward(n))),
        quantity: but_every(2, n, small(n % 5) + 1),
        currency: None,
        status: match n % 11 {
            _ if is_draft => InitialStatus::Draft,
            5 => InitialStatus::Incomplete,
            _ => InitialStatus::Active,
        },
        test: None,
        metadata: metadata(n),
        timing: Timing {
            start_date,
            end_date: but_every(4, n + 2, now + Days::new(400)).filter(|_| n.is_multiple_of(2)),
            cadence: [None, Some(BillingCadence::InAdvance), Some(BillingCadence::InArrears)][n / 2 % 3],
            billing_period: cycle.map(|_| BillingPeriod::Week),
            billing_period_count: but_every(2, n / 10, Interval::try_new(2).expect("an interval"))
                .filter(|_| cycle.is_some()),
            billing_cycle: cycle,
            billing_anchor: (n % 10 == 7).then(|| now + TimeDelta::hours(30)),
            timezone: but_every(2, n, zones[n / 2 % 3]),
            proration: cycle.filter(|_| n % 6 != 2).map(|_| proration),
        },
        trial: match n % 8 {
            2 => TrialRequest::Days(14),
            3 => TrialRequest::OfThePlan,
            4 if start_date.is_none() => TrialRequest::Between(now - TimeDelta::days(1), now + TimeDelta::days(3)),
            _ => TrialRequest::Never,
        },
        phases: Vec::new(),
        amount: None,
        amount_includes_tax: but_every(3, n, n.is_multiple_of(2)),
        no_setup_fee: false,
        price_overrides: Vec::new(),
        additional_items: Vec::new(),
        add_ons: Vec::new(),
        additional_costs: (0..n % 3).map(|place| cost(n, place)).collect(),
        discounts: Vec::new(),
        coupon_codes: Vec::new(),
        entitlements: Vec::new(),
        commitment: NewCommitment {
            amount: but_every(3, n, exact("100")),
            duration: but_every(2, n, BillingPeriod::Year),
            overage_factor: but_every(2, n + 1, exact("1.50")),
            true_up: n.is_multiple_of(3),
        },
        payment: PaymentRequest {
            collection_method,
            behavior,
            terms: but_every(2, n, [PaymentTerms::Net15, PaymentTerms::Net30, PaymentTerms::Net90][n / 2 % 3]),
            grace_seconds: but_every(3, n, 3600),
            signup_method: [Some(SignupMethod::Email), Some(SignupMethod::Link), None, None, None][n % 5],
            source: None,
            conditional_create: false,
        },
        parent_subscription_id: None,
        invoice_billing: InvoiceBilling::InvoiceToSelf,
    }
}

fn small(number: usize) -> i32 {
    i32::try_from(number).expect("a small number")
}

fn cost(n: usize, place: usize) -> NewCost {
    NewCost {
        handle: format!("{} cost {n} {place}", awkward(n)),
        text: awkward(n + place).to_owned(),
        amount: exact(["3", "0"][place % 2]),
        quantity: small(n % 3) + 1,
        amount_includes_tax: but_every(2, n, true),
        tax_rate: but_every(2, n + 1, TaxRate::try_new(&exact("0.07")).expect("a rate")),
    }
}

fn over(price: &Price, n: usize) -> PriceOverride {
    let model =
        ModelRequest { model: Some(BillingModel::PerUnit), amount: Some(exact("11")), ..ModelRequest::default() };
    PriceOverride {
        price_id: price.id,
        quantity: but_every(2, n, 2),
        model: if n.is_multiple_of(3) && n % 2 == 1 { ModelRequest::default() } else { model },
    }
}

fn items(n: usize, price: &Price) -> Vec<NewItem> {
    let item = |price, place: usize| NewItem {
        price,
        quantity: but_every(2, n + place, 4),
        name: but_every(2, place, awkward(n).to_owned()),
        start_date: None,
        end_date: None,
        metadata: metadata(n + place),
    };
    let new = NewPrice { name: but_every(2, n, awkward(n + 1).to_owned()), ..flat("6") };
    vec![item(ItemPrice::Existing(price.id), 0), item(ItemPrice::New(Box::new(new)), 1)]
}

/// Two phases: thirty days with prices of their own, then what is left.
fn phases(n: usize, start: Instant, price: &Price) -> Vec<NewPhase> {
    let end = start + Days::new(30);
    let phase = |start_date, end_date| NewPhase {
        start_date,
        end_date,
        price_overrides: Vec::new(),
        additional_items: Vec::new(),
        discounts: Vec::new(),
        coupon_codes: Vec::new(),
        metadata: metadata(n),
    };
    let first = NewPhase {
        price_overrides: vec![over(price, 2)],
        additional_items: items(n, price),
        ..phase(start, Some(end))
    };
    vec![first, phase(end, None)]
}
