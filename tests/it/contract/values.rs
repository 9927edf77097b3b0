//! Values come back as they were stored, on both databases alike.

use crate::support::both;
use crate::support::builders::text;
use perennial::domain::customer::Customer;
use perennial::domain::money::LARGEST;
use perennial::domain::product::{Product, ProductStatus, RentalPrice};
use perennial::domain::subscription::ContractLength;
use perennial::domain::text::Metadata;
use perennial::domain::{Currency, Id, Instant, Money};
use perennial::repository::{Batch, Fault, Query, Read, customer, product};
use serde_json::{Value, json};
use uuid::Uuid;

/// Texts that are easily spoilt on their way.
const TEXTS: &[&str] = &[
    "Jane Doe",
    "Zoë Müller-Ångström",
    "Zoe\u{308} decomposed",
    "北京 渋谷 🦀 👩‍👩‍👧",
    "مرحبا",
    "O'Neill \"Q\" \\ % _ ? $1 :a; -- /* */",
    "line\nbreak\ttab\r\nend",
    " leading and trailing ",
    "\u{1}\u{7f}\u{feff}\u{fffd}\u{10ffff}",
    "NULL",
    "0",
];

const INSTANTS: &[&str] = &[
    "1970-01-01T00:00:00Z",
    "1970-01-01T00:00:00.000001Z",
    "1999-12-31T23:59:59.999999Z",
    "2000-01-01T00:00:00Z",
    "2024-02-29T12:34:56.789012Z",
    "2025-03-30T01:59:59.999999Z",
    "2199-12-31T23:59:59.999999Z",
];

fn documents() -> Vec<Value> {
    let deep = (0..50).fold(json!("end"), |inner, _| json!({"in": inner}));
    vec![
        json!({}),
        json!({"": "", "a": [1, 2.5, -3, null, true, "x"], "b": {"ä": "🦀"}}),
        json!({"large": i64::MAX, "small": i64::MIN, "unsigned": u64::MAX, "fraction": 0.1, "tiny": 1e-7}),
        json!({"quotes": "' \" \\ / \u{1} \u{2028}", "text": TEXTS}),
        json!({"deep": deep}),
    ]
}

fn new_customer(number: usize) -> Customer {
    let at = |shift: usize| -> Instant { INSTANTS[(number + shift) % INSTANTS.len()].parse().unwrap() };
    let name = TEXTS[number % TEXTS.len()].to_owned();
    Customer {
        id: Id::new(Uuid::from_u128(u128::MAX - u128::try_from(number).unwrap())),
        external_id: Some(format!("{name}{number}")),
        email: number.is_multiple_of(2).then(|| name.clone()),
        phone: None,
        timezone: number.is_multiple_of(2).then(|| "America/Argentina/Buenos_Aires".parse().unwrap()),
        country: number.is_multiple_of(2).then(|| "ZW".parse().unwrap()),
        parent_customer_id: None,
        metadata: Metadata::try_new(&documents()[number % documents().len()]).unwrap(),
        device_count: if number == 0 { i32::MAX } else { 0 },
        version: i32::MAX,
        created_at: at(0),
        updated_at: at(1),
        archived_at: number.is_multiple_of(2).then(|| at(2)),
        name,
    }
}

/// Everything of a customer; its document is compared as a document, because PostgreSQL sorts its keys.
fn told(customer: &Customer) -> (String, Value) {
    let mut bare = customer.clone();
    bare.metadata = Metadata::empty();
    (format!("{bare:?}"), serde_json::from_str(customer.metadata.as_str()).unwrap())
}

both! {
    texts_instants_and_documents_come_back(app) {
        let customers: Vec<Customer> = (0..TEXTS.len() * INSTANTS.len()).map(new_customer).collect();
        app.app.db.write(|tx| customers.iter().try_for_each(|one| customer::insert(tx, app.tenant, one))).unwrap();
        for stored in &customers {
            let found = app.app.db.read(|conn| Query::by_id(app.tenant, stored.id).first(conn)).unwrap().unwrap();
            assert_eq!(told(&found), told(stored));
            let external_id = stored.external_id.as_deref().unwrap();
            let found = app.app.db.read(|conn| customer::by_external_id(app.tenant, external_id).first(conn));
            assert_eq!(found.unwrap().map(|found| found.id), Some(stored.id), "found by {external_id:?}");
        }
    }

    rows_are_sorted_by_time_and_by_the_bytes_of_a_text(app) {
        let customers: Vec<Customer> = (0..TEXTS.len() * INSTANTS.len()).map(new_customer).collect();
        app.app.db.write(|tx| customers.iter().try_for_each(|one| customer::insert(tx, app.tenant, one))).unwrap();
        let sorted = |column| {
            let found: Read<Vec<Customer>> =
                app.app.db.read(|conn| customer::all(app.tenant).order(column).order("id").load(conn));
            found.unwrap()
        };
        assert!(sorted("created_at").is_sorted_by_key(|customer| (customer.created_at, customer.id)));
        assert!(sorted("name").is_sorted_by_key(|customer| (customer.name.clone(), customer.id)));
    }

    money_comes_back_to_the_last_unit(app) {
        let at: Instant = INSTANTS[0].parse().unwrap();
        for (number, (currency, minor)) in
            [("EUR", LARGEST), ("JPY", LARGEST), ("KWD", 1), ("EUR", 0), ("USD", LARGEST - 1)].into_iter().enumerate()
        {
            let currency: Currency = currency.parse().unwrap();
            let amount = Money::new(minor, currency);
            let made = Product {
                id: Id::new(Uuid::from_u128(u128::try_from(number).unwrap())),
                sku: format!("P{number}"),
                name: "P".to_owned(),
                status: ProductStatus::Active,
                currency,
                list_price: Some(amount),
                metadata: Metadata::empty(),
                version: 1,
                created_at: at,
                updated_at: at,
            };
            let length = ContractLength::try_new(120).unwrap();
            let price = RentalPrice { product_id: made.id, contract_length: length, monthly_price: amount };
            app.app.db.write(|tx| {
                product::insert(tx, app.tenant, &made)?;
                product::set_prices(tx, app.tenant, made.id, std::slice::from_ref(&price))
            })
            .unwrap();
            let (found, prices) = app.app.db.read(|conn| {
                let found = Query::by_id(app.tenant, made.id).first(conn)?;
                Ok::<_, Fault>((found.unwrap(), product::prices_of(app.tenant, &[made.id]).load(conn)?))
            })
            .unwrap();
            assert_eq!(format!("{found:?}"), format!("{made:?}"));
            assert_eq!(format!("{prices:?}"), format!("{:?}", [price]));
        }
    }

    a_customers_revenue_adds_up_beyond_32_bits(app) {
        let made = new_customer(1);
        let large = Money::new(LARGEST, Currency::EUR);
        app.app.db.write(|tx| {
            customer::insert(tx, app.tenant, &Customer { version: 1, ..made.clone() })?;
            (0..1000).try_for_each(|_| {
                let mut batch = Batch::default();
                customer::gain(&mut batch, app.tenant, made.id, 1, large, made.created_at);
                batch.run(tx)
            })
        })
        .unwrap();
        let revenues = app.app.db.read(|conn| customer::revenues_of(app.tenant, &[made.id]).load(conn)).unwrap();
        assert_eq!(revenues[0].monthly, Money::new(LARGEST * 1000, Currency::EUR));
    }

    rentals_of_long_ago_and_far_ahead_have_their_days(app) {
        let customer = app.customer("Jane Doe");
        app.product("LAP", "129.00");
        for (serial_number, start, end, last_due) in [
            ("S1970", "1970-01-01", "1980-01-01T00:00:00Z", "1979-12-01"),
            ("S2199", "2199-01-31", "2209-01-31T00:00:00Z", "2208-12-31"),
        ] {
            app.asset("LAP", serial_number);
            let order = app.order(&customer, &[("LAP", 1, 12)]);
            let input = json!({
                "orderId": order, "customerId": customer, "assetSerialNumber": serial_number, "startDate": start,
                "contractLength": 120,
            });
            let selection = "subscription { startDate endDate paymentSchedule { dueDate amount { amount } } }";
            let made = app.mutate("fulfilOrderItem", input, selection)["subscription"].clone();
            assert_eq!(made["startDate"], format!("{start}T00:00:00Z"));
            assert_eq!(made["endDate"], end);
            let schedule = made["paymentSchedule"].as_array().unwrap();
            assert_eq!((schedule.len(), text(&schedule[119]["dueDate"]).as_str()), (120, last_due));
        }
        crate::support::consistency::assert_consistent(app);
    }
}
