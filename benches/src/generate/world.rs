//! One tenant's data: half a year of orders, and what became of them.

use super::sql::{Sink, Table};
use crate::random::Random;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use perennial::domain::Zone;
use perennial::domain::schedule::RentalTerms;
use perennial::domain::subscription::ContractLength;
use perennial::domain::tenant::BillingStart;
use perennial::repository::{Db, Fault};
use uuid::Uuid;

/// In the order in which rows can be written. The only key that points forwards, that of an asset to the subscription
/// which holds it, is checked at the end of the transaction.
const TABLES: &[Table] = &[
    table("tenants", "tenant_id,name,billing_start,timezone,default_currency,version,created_at,updated_at"),
    table("customers", "tenant_id,id,external_id,name,email,metadata,device_count,version,created_at,updated_at"),
    table("customer_revenues", "tenant_id,customer_id,currency,monthly_amount"),
    table(
        "plans",
        "tenant_id,id,code,version,state,name,currency,schedule_type,schedule_interval,billing_period,billing_cycle,\
         partial_handling,proration_unit,quantity,fixed_trial_days,include_zero_amount,notice_periods,\
         notice_periods_after_current,fixation_periods,fixation_periods_full,metadata,revision,created_at,updated_at",
    ),
    table("products", "tenant_id,id,sku,name,status,currency,list_price,metadata,version,created_at,updated_at"),
    table("rental_prices", "tenant_id,product_id,contract_length,currency,monthly_price"),
    table("counters", "tenant_id,series,last_number"),
    table(
        "orders",
        "tenant_id,id,number,status,customer_id,currency,total_devices,rented_devices,cancel_reason,version,\
         created_at,updated_at,confirmed_at,fulfilled_at,cancelled_at",
    ),
    table(
        "order_items",
        "tenant_id,id,order_id,position,product_id,sku,quantity,fulfilled_quantity,currency,unit_price,contract_length",
    ),
    table(
        "assets",
        "tenant_id,id,serial_number,product_id,sku,status,reason,reserved_order_id,customer_id,subscription_id,\
         currency,acquisition_cost,location,version,created_at,updated_at",
    ),
    table(
        "subscriptions",
        "tenant_id,id,status,customer_id,plan_id,order_id,order_item_id,asset_id,currency,timezone,monthly_amount,\
         contract_length,billing_start,start_date,end_date,billing_anchor,current_period_start,current_period_end,\
         next_billing_date,metadata,version,created_at,updated_at",
    ),
    table(
        "subscription_terms",
        "tenant_id,subscription_id,plan_id,quantity,schedule_type,schedule_interval,billing_period,billing_cycle,\
         billed_from,anchor,partial_handling,proration_unit,currency,cadence,tax_rate,amounts_include_tax,setup_fee,\
         overage_factor,true_up,collection_method,payment_behavior,invoice_billing,invoiced_customer_id,test",
    ),
    table("scheduled_payments", "tenant_id,subscription_id,sequence,due_date,currency,amount,status"),
    table("asset_assignments", "tenant_id,id,asset_id,subscription_id,customer_id,assigned_at,returned_at"),
];

const fn table(name: &'static str, columns: &'static str) -> Table {
    Table { name, columns }
}

const PRODUCTS: usize = 50;
const PLANS: usize = 8;
const LENGTHS: [i32; 3] = [3, 6, 12];
/// The orders of a tenant are spread over so many days before [`today`].
const DAYS: i64 = 180;
const ZONE: Zone = Zone::Europe__Berlin;

/// The day after the last of the data.
fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 1).expect("a day")
}

struct Product {
    id: Uuid,
    sku: String,
    /// By the place of [`LENGTHS`].
    prices: [i64; 3],
}

struct Customer {
    id: Uuid,
    devices: i32,
    monthly: i64,
}

struct World<'d, 'r> {
    sink: Sink<'d>,
    random: &'r mut Random,
    tenant: Uuid,
    products: Vec<Product>,
    customers: Vec<Customer>,
    counts: [usize; 5],
}

/// An item while its order is made.
struct Item {
    id: Uuid,
    product: usize,
    length: usize,
    quantity: i32,
    fulfilled: i32,
}

/// Writes a tenant; answers what it has, in words.
pub fn fill(db: &Db, tenant: Uuid, random: &mut Random, scale: f64) -> Result<String, Fault> {
    let share = |whole: f64| (whole * scale).ceil().max(1.0) as usize;
    let sink = Sink::new(db, TABLES)?;
    let mut world = World { sink, random, tenant, products: Vec::new(), customers: Vec::new(), counts: [0; 5] };
    let (customers, orders, assets) = (share(4_000.0), share(20_000.0), share(50_000.0));
    let first = today().and_time(Default::default()).and_utc() - TimeDelta::days(DAYS);
    let step = TimeDelta::days(DAYS) / i32::try_from(orders).unwrap_or(i32::MAX);
    world.catalogue(first);
    for number in 0..customers {
        let id = world.id(first + TimeDelta::milliseconds(number as i64));
        world.customers.push(Customer { id, devices: 0, monthly: 0 });
    }
    for number in 0..orders {
        let at = first + step * i32::try_from(number).unwrap_or(i32::MAX);
        world.order(number + 1, at);
    }
    while world.counts[2] < assets {
        world.spare(first);
    }
    world.plans(first);
    // Customers count their devices, so they are known last, and written first.
    world.write_customers(first);
    world.sink.add("counters", &[tenant.into(), "orders".into(), (orders as i64).into()]);
    world.sink.write()?;
    let [orders, items, assets, subscriptions, payments] = world.counts;
    Ok(format!(
        "{customers} customers, {PRODUCTS} products, {orders} orders, {items} items, {assets} assets, {subscriptions} \
         subscriptions, {payments} payments"
    ))
}

impl World<'_, '_> {
    /// A UUIDv7 made at this moment.
    fn id(&mut self, at: DateTime<Utc>) -> Uuid {
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&self.random.next().to_be_bytes());
        bytes[8..].copy_from_slice(&self.random.next().to_be_bytes()[..2]);
        uuid::Builder::from_unix_timestamp_millis(at.timestamp_millis() as u64, &bytes).into_uuid()
    }

    fn catalogue(&mut self, at: DateTime<Utc>) {
        let (tenant, name) = (self.tenant, format!("Tenant {:02}", self.tenant.as_bytes()[15] + 1));
        self.sink.add(
            "tenants",
            &[
                tenant.into(),
                (&name).into(),
                "IMMEDIATE".into(),
                ZONE.name().into(),
                "EUR".into(),
                1.into(),
                at.into(),
                at.into(),
            ],
        );
        for number in 1..=PRODUCTS {
            let (id, sku) = (self.id(at), format!("SKU-{number:03}"));
            let price = 900 + 100 * self.random.below(80) as i64;
            let list_price = price * 20;
            let name = format!("Device of kind {number}");
            #[rustfmt::skip]
            self.sink.add("products", &[
                tenant.into(), id.into(), (&sku).into(), (&name).into(), "ACTIVE".into(), "EUR".into(),
                list_price.into(), "{}".into(), 1.into(), at.into(), at.into(),
            ]);
            let prices = [price + 600, price + 300, price];
            for (length, price) in LENGTHS.iter().zip(prices) {
                #[rustfmt::skip]
                self.sink.add("rental_prices", &[
                    tenant.into(), id.into(), (*length).into(), "EUR".into(), price.into(),
                ]);
            }
            self.products.push(Product { id, sku, prices });
        }
    }

    fn write_customers(&mut self, at: DateTime<Utc>) {
        let tenant = self.tenant;
        for (index, Customer { id, devices, monthly }) in self.customers.iter().enumerate() {
            let number = index + 1;
            let (external, name) = (format!("C-{number:05}"), format!("Customer Number {number} Ltd"));
            let email = format!("office@customer-{number}.example");
            #[rustfmt::skip]
            self.sink.add("customers", &[
                tenant.into(), (*id).into(), (&external).into(), (&name).into(), (&email).into(), "{}".into(),
                (*devices).into(), 1.into(), at.into(), at.into(),
            ]);
            if *devices > 0 {
                #[rustfmt::skip]
                self.sink.add("customer_revenues", &[
                    tenant.into(), (*id).into(), "EUR".into(), (*monthly).into(),
                ]);
            }
        }
    }

    /// An order with all that became of it.
    fn order(&mut self, number: usize, at: DateTime<Utc>) {
        let tenant = self.tenant;
        let id = self.id(at);
        let customer = self.random.below(self.customers.len());
        let mut status = self.random.weighted(&[
            (66, "FULFILLED"),
            (10, "PARTIAL"),
            (15, "CONFIRMED"),
            (6, "PENDING"),
            (3, "CANCELLED"),
        ]);
        let mut items = self.items(at);
        let total: i32 = items.iter().map(|item| item.quantity).sum();
        // Nothing lies between none and all of one unit.
        if status == "PARTIAL" && total == 1 {
            status = "CONFIRMED";
        }
        let mut left = match status {
            "FULFILLED" => total,
            "PARTIAL" => 1 + self.random.below((total - 1) as usize) as i32,
            _ => 0,
        };
        let rented = left;
        for item in &mut items {
            item.fulfilled = item.quantity.min(left);
            left -= item.fulfilled;
        }
        let (done, name) = (at + TimeDelta::hours(20), format!("{number}"));
        let when = |condition: bool, hours: i64| condition.then(|| at + TimeDelta::hours(hours));
        let cancelled = status == "CANCELLED";
        #[rustfmt::skip]
        self.sink.add("orders", &[
            tenant.into(), id.into(), (&name).into(), status.into(), self.customers[customer].id.into(), "EUR".into(),
            total.into(), rented.into(), cancelled.then_some("Changed their mind.").into(), 1.into(), at.into(),
            done.into(), when(!cancelled && status != "PENDING", 2).into(), when(status == "FULFILLED", 20).into(),
            when(cancelled, 3).into(),
        ]);
        self.counts[0] += 1;
        for (position, item) in items.iter().enumerate() {
            let product = &self.products[item.product];
            #[rustfmt::skip]
            self.sink.add("order_items", &[
                tenant.into(), item.id.into(), id.into(), (position as i32).into(), product.id.into(),
                (&product.sku).into(), item.quantity.into(), item.fulfilled.into(), "EUR".into(),
                product.prices[item.length].into(), LENGTHS[item.length].into(),
            ]);
            self.counts[1] += 1;
            for _ in 0..item.fulfilled {
                self.subscription(id, item, customer, done);
            }
        }
    }

    fn items(&mut self, at: DateTime<Utc>) -> Vec<Item> {
        let lines = self.random.weighted(&[(1, 1), (2, 2), (1, 3)]);
        let item = |_| Item {
            id: self.id(at),
            product: self.random.below(PRODUCTS),
            length: self.random.weighted(&[(4, 0), (3, 1), (3, 2)]),
            quantity: self.random.weighted(&[(65, 1), (25, 2), (10, 3)]),
            fulfilled: 0,
        };
        (0..lines).map(item).collect()
    }

    /// One unit that became a subscription, with its device. A contract that is over has ended, and its device is back.
    fn subscription(&mut self, order: Uuid, item: &Item, customer: usize, at: DateTime<Utc>) {
        let tenant = self.tenant;
        let (id, asset) = (self.id(at), self.id(at - TimeDelta::days(30)));
        let (length, price) = (LENGTHS[item.length], self.products[item.product].prices[item.length]);
        let terms = RentalTerms {
            start: at.date_naive(),
            length: ContractLength::try_new(length).expect("a length within bounds"),
            billing_start: BillingStart::Immediate,
            billing_day: None,
            zone: ZONE,
        };
        let now = today().and_time(Default::default()).and_utc();
        let (period_start, period_end) = terms.period_at(now);
        let live = terms.end_instant() > now;
        let holder = live.then(|| self.customers[customer].id);
        if live {
            self.customers[customer].devices += 1;
            self.customers[customer].monthly += price;
        }
        let status = if live {
            "RENTED_OUT"
        } else {
            self.random.weighted(&[(6, "AVAILABLE"), (3, "RETURNED"), (1, "IN_REPAIR")])
        };
        self.asset(asset, item.product, status, None, holder.zip(live.then_some(id)), at);
        #[rustfmt::skip]
        self.sink.add("subscriptions", &[
            tenant.into(), id.into(), if live { "ACTIVE" } else { "ENDED" }.into(), self.customers[customer].id.into(),
            None::<Uuid>.into(), order.into(), item.id.into(), asset.into(), "EUR".into(), ZONE.name().into(), price.into(), length.into(),
            "IMMEDIATE".into(), terms.start_instant().into(), terms.end_instant().into(),
            terms.billing_anchor().into(), period_start.into(), period_end.into(),
            if live { terms.next_billing_date(today()) } else { None }.into(), "{}".into(), 1.into(), at.into(), at.into(),
        ]);
        self.counts[3] += 1;
        for (index, due) in terms.due_dates().enumerate() {
            let status = if due < today() { "SETTLED_ELSEWHERE" } else { "SCHEDULED" };
            #[rustfmt::skip]
            self.sink.add("scheduled_payments", &[
                tenant.into(), id.into(), (index as i32 + 1).into(), due.into(), "EUR".into(), price.into(),
                status.into(),
            ]);
            self.counts[4] += 1;
        }
        let assignment = self.id(at);
        #[rustfmt::skip]
        self.sink.add("asset_assignments", &[
            tenant.into(), assignment.into(), asset.into(), id.into(), self.customers[customer].id.into(), at.into(),
            (!live).then(|| terms.end_instant()).into(),
        ]);
    }

    /// Plans by the month, and two subscriptions to one of them for each customer.
    fn plans(&mut self, first: DateTime<Utc>) {
        let tenant = self.tenant;
        let mut plans = Vec::new();
        for number in 1..=PLANS {
            let (id, code, name) = (self.id(first), format!("PLAN-{number}"), format!("Plan number {number}"));
            #[rustfmt::skip]
            self.sink.add("plans", &[
                tenant.into(), id.into(), (&code).into(), 1.into(), "ACTIVE".into(), (&name).into(), "EUR".into(),
                "PERIOD".into(), 1.into(), "MONTH".into(), "ANNIVERSARY".into(), "BILL_PRORATED".into(), "DAY".into(),
                1.into(), false.into(), false.into(), 0.into(), false.into(), 0.into(), false.into(), "{}".into(),
                1.into(), first.into(), first.into(),
            ]);
            plans.push(id);
        }
        let customers: Vec<Uuid> = self.customers.iter().map(|customer| customer.id).collect();
        for customer in customers.iter().flat_map(|customer| [customer, customer]) {
            let at = first + TimeDelta::minutes(self.random.below(DAYS as usize * 24 * 60) as i64);
            let (id, plan) = (self.id(at), plans[self.random.below(PLANS)]);
            #[rustfmt::skip]
            self.sink.add("subscriptions", &[
                tenant.into(), id.into(), "ACTIVE".into(), (*customer).into(), plan.into(), None::<Uuid>.into(),
                None::<Uuid>.into(), None::<Uuid>.into(), "EUR".into(), ZONE.name().into(), None::<i64>.into(),
                None::<i32>.into(), None::<&str>.into(), at.into(), None::<DateTime<Utc>>.into(), at.into(), at.into(),
                (at + TimeDelta::days(30)).into(), None::<NaiveDate>.into(), "{}".into(), 1.into(), at.into(), at.into(),
            ]);
            #[rustfmt::skip]
            self.sink.add("subscription_terms", &[
                tenant.into(), id.into(), plan.into(), 1.into(), "PERIOD".into(), 1.into(), "MONTH".into(),
                "ANNIVERSARY".into(), at.into(), at.into(), "BILL_PRORATED".into(), "DAY".into(), "EUR".into(),
                "IN_ADVANCE".into(), 0.into(), false.into(), false.into(), 1.into(), false.into(),
                "SEND_INVOICE".into(), "DEFAULT_ACTIVE".into(), "INVOICE_TO_SELF".into(), (*customer).into(), false.into(),
            ]);
            self.counts[3] += 1;
        }
    }

    /// A device that was never rented.
    fn spare(&mut self, at: DateTime<Utc>) {
        let (id, product) = (self.id(at), self.random.below(PRODUCTS));
        let status = self.random.weighted(&[
            (90, "AVAILABLE"),
            (3, "IN_REPAIR"),
            (3, "UNAVAILABLE"),
            (2, "SOLD"),
            (2, "RETIRED"),
        ]);
        self.asset(id, product, status, (status == "UNAVAILABLE").then_some("DAMAGED"), None, at);
    }

    fn asset(
        &mut self,
        id: Uuid,
        product: usize,
        status: &str,
        reason: Option<&str>,
        held: Option<(Uuid, Uuid)>,
        at: DateTime<Utc>,
    ) {
        self.counts[2] += 1;
        let tenant = self.tenant;
        let serial = format!("SN-{}-{:07}", at.year(), self.counts[2]);
        let shelf = format!("Shelf {}", self.random.below(200));
        let product = &self.products[product];
        let (customer, subscription) = held.unzip();
        let cost = product.prices[2] * 15;
        #[rustfmt::skip]
        self.sink.add("assets", &[
            tenant.into(), id.into(), (&serial).into(), product.id.into(), (&product.sku).into(), status.into(),
            reason.into(), None::<Uuid>.into(), customer.into(), subscription.into(), "EUR".into(), cost.into(),
            held.is_none().then_some(shelf.as_str()).into(), 1.into(), at.into(), at.into(),
        ]);
    }
}
