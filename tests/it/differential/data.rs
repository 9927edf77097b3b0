//! The data: two tenants, filled through the use cases, with awkward texts, ties in time, and nulls wherever a column
//! may be null.

mod billed;
mod catalogue;
mod credits;
mod keys;
mod payments;
mod plans;
mod received;
mod subscribed_plans;
mod subscriptions;
mod usage;

pub use subscribed_plans::CODES;

use chrono::TimeDelta;
use perennial::app::asset::{self, ChangeAssetStatus, CreateAsset};
use perennial::app::billing_group::{self, CreateBillingGroup, UpdateBillingGroup};
use perennial::app::customer::{self, CreateCustomer};
use perennial::app::fulfilment::{self, FulfilOrderItems, Scan};
use perennial::app::mutation::OnError;
use perennial::app::order::{self, CreateOrder, NewItem};
use perennial::app::product::{self, CreateProduct, UpdateProduct};
use perennial::app::{Ambient, Answer, App, Call, Gateways, Remembered, TestGateway, Viewer, operator};
use perennial::domain::asset::{StatusChange, UnavailableReason};
use perennial::domain::billing_group::{BillingDay, BillingGroup, BillingGroupStatus};
use perennial::domain::customer::Customer;
use perennial::domain::fulfilment::Terms;
use perennial::domain::order::{Order, Quantity};
use perennial::domain::pricing::{DiscountOrder, PercentageBase, TaxRate};
use perennial::domain::product::ProductStatus;
use perennial::domain::subscription::ContractLength;
use perennial::domain::tenant::{Settings, TenantMode};
use perennial::domain::text::Metadata;
use perennial::domain::{Currency, Id, Instant, Zone};
use perennial::repository::{Db, Fault};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// What makes trouble when it is written without care.
pub const AWKWARD: &[&str] = &[
    "plain",
    "\"quoted\"",
    "back\\slash",
    "tab\there",
    "line\nbreak\r",
    "bell \u{7} and \u{1f}",
    "Ünïcödé ß",
    "漢字 😀",
    "rtl \u{202e}txt",
    "separators \u{2028}\u{2029}",
    "' OR 1=1 --",
    "100%_[a-z]",
    "\u{7f}\u{80}del",
    "</script>",
    "{\"json\": [1]}",
    "Plain",
    "\u{10ffff}last",
];

/// An application whose clock and ids are the same in every run. Every third moment is the same as the one before it,
/// so that sorting by time needs the id; some moments have a fraction.
pub fn app(db: Db) -> App {
    let start: Instant = "2026-01-31T23:59:00Z".parse().expect("an instant");
    let (moments, ids) = (AtomicI64::new(0), AtomicU64::new(0));
    let clock = move || {
        let moment = moments.fetch_add(1, Ordering::SeqCst);
        let fraction = [0, 0, 0, 120, 999_999, 500_000][usize::try_from(moment % 6).unwrap_or_default()];
        start + TimeDelta::seconds(moment / 3 * 7000) + TimeDelta::microseconds(fraction)
    };
    let id = move |now: Instant| {
        // The time, then a number that does not grow with it: ids of one moment are in no order of their making.
        let number = u128::from(ids.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let millis = u128::try_from(now.timestamp_millis()).unwrap_or_default();
        Uuid::from_u128(millis << 80 | 7 << 76 | 2 << 62 | number >> 2)
    };
    let gateways = Gateways::only(Arc::new(TestGateway::new(Duration::ZERO)));
    App { db, ambient: Ambient::new(clock, id), gateways, public_url: String::new(), remembered: Remembered::default() }
}

/// How much of everything a tenant gets.
pub struct Amounts {
    pub customers: usize,
    pub products: usize,
    pub orders: usize,
    pub assets: usize,
    pub plans: usize,
    pub subscriptions: usize,
}

/// A new tenant with its data; answers its key.
pub fn tenant(app: &App, name: &str, amounts: &Amounts) -> Viewer {
    let settings = Settings {
        mode: TenantMode::Test,
        amounts_include_tax: true,
        tax_rate: TaxRate::try_new(&"0.08875".parse().expect("a decimal")).expect("a rate"),
        multiple_discounts_allowed: false,
        discount_order: DiscountOrder::AmountFirst,
        percentage_base: PercentageBase::Compound,
        ..Settings::default()
    };
    let id = app.ambient.id(app.ambient.now());
    let (_, secret) = operator::create_tenant_as(app, id, name, settings).expect("a tenant");
    let viewer = app.authenticate(&secret).expect("an answer").expect("a viewer");
    Making { app, viewer: &viewer }.everything(amounts);
    Making { app, viewer: &viewer }.keys();
    // From now on its time stands still, so that it can be compared.
    app.db.write(|tx| perennial::repository::tenant::set_clock(tx, id, None, app.ambient.now())).expect("it is set");
    viewer
}

struct Making<'m> {
    app: &'m App,
    viewer: &'m Viewer,
}

fn awkward(n: usize) -> &'static str {
    AWKWARD[n % AWKWARD.len()]
}

/// The value for all but every `n`th.
fn but_every<T>(n: usize, index: usize, value: T) -> Option<T> {
    (!index.is_multiple_of(n)).then_some(value)
}

fn length(index: usize) -> ContractLength {
    ContractLength::try_new([12, 24, 36, 1][index % 4]).expect("a length")
}

impl Making<'_> {
    fn run<T>(&self, use_case: impl FnOnce(&Call<'_>) -> Result<Answer<T>, Fault>) -> T {
        let call =
            Call { app: self.app, viewer: self.viewer, request_id: "making", operation: "making", idempotency: None };
        let answer = use_case(&call).expect("the database answers");
        assert!(answer.refusals.is_empty(), "{:?}", answer.refusals);
        answer.outcome.expect("an outcome")
    }

    fn everything(&self, amounts: &Amounts) {
        let customers: Vec<_> = (0..amounts.customers)
            .fold(Vec::new(), |known, n| [known.clone(), vec![self.customer(n, &known)]].concat());
        let groups: Vec<_> =
            (0..amounts.customers).filter(|n| n % 3 > 0).map(|n| (customers[n], self.group(n, customers[n]))).collect();
        let skus: Vec<String> = (0..amounts.products).map(|n| self.product(n)).collect();
        let assets: Vec<(String, usize)> =
            (0..amounts.assets).map(|n| (self.asset(n, &skus[n % skus.len()]), n % skus.len())).collect();
        let mut free = assets.clone();
        for n in 0..amounts.orders {
            // A few customers order most, some nothing.
            let customer = customers[n * n % customers.len()];
            let group = groups.iter().find(|(owner, _)| *owner == customer).map(|(_, group)| *group);
            self.order(n, customer, group, &skus, &mut free);
        }
        self.payments(&customers);
        let ordered: Vec<_> = (0..amounts.orders).map(|n| n * n % customers.len()).collect();
        let idle = customers.iter().enumerate().filter(|(place, _)| !ordered.contains(place));
        for (_, customer) in idle.step_by(2) {
            self.run(|call| customer::archive_customer(call, *customer, None));
        }
        // What is left in the warehouse gets other statuses.
        for (n, (serial_number, _)) in free.iter().enumerate().filter(|(n, _)| n % 2 == 0) {
            let change = [
                StatusChange::Unavailable(UnavailableReason::Lost),
                StatusChange::Unavailable(UnavailableReason::Damaged),
                StatusChange::Retired,
            ];
            self.asset_status(serial_number, change[n / 2 % change.len()]);
        }
        self.retire_products(&skus);
        let inactive = groups.iter().step_by(4).map(|(_, group)| UpdateBillingGroup {
            billing_group_id: *group,
            expected_version: None,
            name: None,
            billing_day: None,
            status: Some(BillingGroupStatus::Inactive),
        });
        for change in inactive {
            self.run(|call| billing_group::update_billing_group(call, &change));
        }
        // What no use case makes yet.
        self.app
            .db
            .execute_batch(
                "UPDATE subscriptions SET handle = notes WHERE notes IS NOT NULL AND handle IS NULL;
                 UPDATE asset_assignments SET returned_at = assigned_at
                 WHERE subscription_id IN (SELECT id FROM subscriptions WHERE handle LIKE '%-1-%');",
            )
            .expect("it runs");
        self.metered();
        (0..amounts.plans).for_each(|n| self.plan(n));
        self.subscribed_plans();
        self.catalogue(amounts.plans);
        self.subscriptions(amounts.subscriptions);
        self.usage();
        self.received();
        self.billed();
        self.credits(&customers);
    }

    fn customer(&self, n: usize, known: &[Id<Customer>]) -> Id<Customer> {
        let metadata = serde_json::json!({"n": n, "x": [null, true, 1.5, {"y": awkward(n)}], "ä\"\\": "\u{1}"});
        let metadata = if n.is_multiple_of(4) { serde_json::json!({}) } else { metadata };
        let new = CreateCustomer {
            external_id: but_every(3, n, format!("{}-{n}", awkward(n / 2))),
            // Some names are the same.
            name: if n.is_multiple_of(5) { "Same".to_owned() } else { format!("{} {}", awkward(n), n / 20) },
            email: but_every(2, n, format!("mail{n}@example.com")),
            phone: but_every(4, n, "+49 \"30\"".to_owned()),
            timezone: but_every(
                3,
                n + 1,
                if n.is_multiple_of(2) { Zone::Europe__Berlin } else { Zone::Asia__Kathmandu },
            ),
            country: but_every(3, n + 2, ["DE", "CH"][n % 2].parse().expect("a country")),
            parent_customer_id: if n % 3 == 1 { known.get(n / 3).copied() } else { None },
            metadata: Metadata::try_new(&metadata).expect("metadata"),
        };
        self.run(|call| customer::create_customer(call, &new)).customer
    }

    fn group(&self, n: usize, customer_id: Id<Customer>) -> Id<BillingGroup> {
        let billing_day = BillingDay::try_new(i32::try_from(n % 28 + 1).unwrap_or(1)).expect("a day");
        let new = CreateBillingGroup { customer_id, name: awkward(n + 3).to_owned(), billing_day };
        self.run(|call| billing_group::create_billing_group(call, &new)).billing_group
    }

    fn product(&self, n: usize) -> String {
        let currencies = ["EUR", "JPY", "KWD"];
        let new = CreateProduct {
            sku: format!("{}-{n}", awkward(n)),
            name: awkward(n / 2).to_owned(),
            list_price: but_every(2, n, "1299".parse().expect("a decimal")),
            currency: Some(currencies[n % 3].parse::<Currency>().expect("a currency")),
            rental_prices: (0..n % 5)
                .map(|place| (length(place), format!("{}", 7 * (place + n)).parse().expect("a decimal")))
                .collect(),
            metadata: Metadata::try_new(&serde_json::json!({awkward(n): awkward(n + 1)})).expect("metadata"),
        };
        self.run(|call| product::create_product(call, &new));
        new.sku
    }

    fn retire_products(&self, skus: &[String]) {
        for sku in skus.iter().step_by(5) {
            let tenant = self.viewer.tenant_id;
            let found = self.app.db.read(|conn| perennial::repository::product::by_sku(tenant, sku).first(conn));
            let product_id = found.expect("it reads").expect("it exists").id;
            let change = UpdateProduct {
                product_id,
                expected_version: None,
                name: None,
                status: Some(ProductStatus::Inactive),
                list_price: None,
                rental_prices: None,
                metadata: None,
            };
            self.run(|call| product::update_product(call, &change));
        }
    }

    fn asset(&self, n: usize, sku: &str) -> String {
        let new = CreateAsset {
            serial_number: format!("{}{n}", awkward(n)),
            sku: sku.to_owned(),
            acquisition_cost: but_every(3, n, "17".parse().expect("a decimal")),
            location: but_every(2, n, awkward(n / 3).to_owned()),
            notes: but_every(2, n + 1, awkward(n).to_owned()),
        };
        self.run(|call| asset::create_asset(call, &new));
        new.serial_number
    }

    fn asset_status(&self, serial_number: &str, change: StatusChange) {
        let tenant = self.viewer.tenant_id;
        let by_number =
            |conn: &mut _| perennial::repository::asset::by_serial_number(tenant, serial_number).first(conn);
        let asset_id = self.app.db.read(by_number).expect("it reads").expect("it exists").id;
        let change = ChangeAssetStatus { asset_id, expected_version: None, change, notes: None };
        self.run(|call| asset::change_asset_status(call, &change));
    }

    /// An order, in one of its statuses. `free` are serial numbers and which product each of them is.
    fn order(
        &self,
        n: usize,
        customer_id: Id<Customer>,
        group: Option<Id<BillingGroup>>,
        skus: &[String],
        free: &mut Vec<(String, usize)>,
    ) {
        let quantities = [1, 3, 2, 5, 1];
        let items = (0..=(n % 4)).map(|place| NewItem {
            sku: skus[(n + place * 3) % skus.len()].clone(),
            quantity: Quantity::try_new(quantities[(n + place) % 5]).expect("a quantity"),
            contract_length: length(n + place),
            unit_price: Some("129".parse().expect("a decimal")),
        });
        let mut new = CreateOrder {
            number: but_every(2, n, format!("{} no. {n}", awkward(n))),
            customer_id,
            currency: but_every(3, n, Currency::EUR),
            items: items.collect(),
            billing_group_id: group.filter(|_| !n.is_multiple_of(4)),
            notes: but_every(3, n, awkward(n).to_owned()),
        };
        if new.billing_group_id.is_some() {
            new.currency = Some(Currency::EUR);
        }
        let order = self.run(|call| order::create_order(call, &new)).order;
        if n.is_multiple_of(7) {
            let fitting = |(_, product): &(String, usize)| skus[*product] == new.items[0].sku;
            if let Some(at) = free.iter().rposition(fitting) {
                self.asset_status(&free.remove(at).0, StatusChange::Reserved(order));
            }
            return;
        }
        if n.is_multiple_of(5) {
            let reason = but_every(2, n, "changed \"his\" mind");
            self.run(|call| order::cancel_order(call, order, reason, None));
            return;
        }
        self.run(|call| order::confirm_order(call, order, None));
        if !n.is_multiple_of(6) {
            self.fulfil(n, order, &new, skus, free);
        }
    }

    /// Delivers some units of an order, or all.
    fn fulfil(
        &self,
        n: usize,
        order_id: Id<Order>,
        new: &CreateOrder,
        skus: &[String],
        free: &mut Vec<(String, usize)>,
    ) {
        let mut scans = Vec::new();
        for item in &new.items {
            for _ in 0..item.quantity.units() {
                if let Some(at) = free.iter().position(|(_, product)| skus[*product] == item.sku) {
                    let (serial_number, _) = free.remove(at);
                    let notes = but_every(3, scans.len() + n, format!("{}-{n}-{}", awkward(n), scans.len()));
                    scans.push(Scan { serial_number, order_item_id: None, notes });
                }
            }
        }
        if n.is_multiple_of(2) {
            scans.truncate(2);
        }
        if scans.is_empty() {
            return;
        }
        let terms = Terms {
            customer_id: new.customer_id,
            billing_group_id: None,
            start_date: None,
            contract_length: None,
            billing_start: None,
        };
        let request = FulfilOrderItems { order_id, scans, terms, on_error: OnError::RejectAll };
        self.run(|call| fulfilment::fulfil_order_items(call, &request));
    }
}
