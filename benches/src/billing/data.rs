//! Subscriptions that are due: one is made through the API, and everything that belongs to it is copied.

use crate::Failure;
use async_graphql::{Request, Variables};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use perennial::app::{App, operator};
use perennial::domain::Id;
use perennial::domain::tenant::Tenant;
use perennial::graphql::{Api, Caller, to_json};
use serde_json::{Value, json};
use std::sync::Arc;

/// What belongs to a subscription, parents first: each table, and its columns that differ from copy to copy.
const COPIED: &[(&str, &[&str])] = &[
    ("customers", &["id"]),
    ("subscriptions", &["id", "customer_id"]),
    ("subscription_terms", &["subscription_id", "invoiced_customer_id"]),
    ("subscription_items", &["id", "subscription_id"]),
    ("subscription_discounts", &["id", "subscription_id"]),
    ("invoices", &["id", "customer_id", "subscription_id"]),
    ("invoice_lines", &["id", "invoice_id", "subscription_id", "reference_id", "discount_id"]),
    ("billed_periods", &["subscription_id", "source_id", "invoice_id"]),
];

/// Three lines of 30.00, 19.90 and 5.10, less a tenth, and a quarter of that as tax, in minor units.
pub const TOTAL: i64 = 6_188;

/// How long before it falls due a subscription is made.
const AHEAD: TimeDelta = TimeDelta::seconds(3);

/// Makes a tenant with so many subscriptions, each of a customer of its own, and each billed once before. Answers the
/// tenant, and when all of them fall due together.
pub fn fill(app: &Arc<App>, count: u64) -> Result<(Id<Tenant>, DateTime<Utc>), Failure> {
    let (tenant, key) = operator::create_tenant(app, "Billing benchmark")?;
    let due = Utc::now() + AHEAD;
    subscribe(app, &key, due)?;
    copy(app, tenant, count - 1)?;
    Ok((tenant, due))
}

/// Makes the plan, the discount, the tax rate, the customer and the subscription, whose first period ends at `due`.
fn subscribe(app: &Arc<App>, key: &str, due: DateTime<Utc>) -> Result<(), Failure> {
    let (api, viewer) = (Api::new(app.clone()), app.authenticate(key)?.ok_or("the new key is unknown")?);
    let start = (due - TimeDelta::days(30)).to_rfc3339_opts(SecondsFormat::Micros, true);
    let prices = [("Seats", "30.00"), ("Storage", "19.90"), ("Support", "5.10")];
    let prices = prices.map(|(name, amount)| json!({"name": name, "amount": amount, "cadence": "IN_ADVANCE"}));
    let schedule = json!({"type": "DAILY", "interval": 30});
    let steps = [
        ("setTaxRate", json!({"country": "DE", "name": "VAT", "rate": "0.25", "validFrom": "2020-01-01"})),
        ("createPlan", json!({"code": "PLAN", "name": "Plan", "schedule": schedule, "prices": prices})),
        ("createDiscount", json!({"code": "TEN", "name": "A tenth", "percentage": "10"})),
        (
            "createSubscription",
            json!({
                "customer": {"create": {"name": "Jane Doe", "country": "DE"}}, "plan": {"code": "PLAN"},
                "discounts": [{"discount": {"code": "TEN"}}], "startDate": start, "timezone": "UTC",
                "collectionMethod": "SEND_INVOICE",
            }),
        ),
    ];
    actix_web::rt::System::new().block_on(async {
        for (field, input) in steps {
            let input_type = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
            let query =
                format!("mutation($in: {input_type}!) {{ {field}(input: $in) {{ userErrors {{ message }} }} }}");
            let request = Request::new(query).variables(Variables::from_json(json!({"in": input})));
            let request_id = "benchmark".to_owned();
            let caller = Caller { viewer: viewer.clone(), request_id, idempotency_key: None };
            let answer: Value = serde_json::from_slice(&to_json(&api.execute(request, caller).await.response))?;
            if answer["data"][field]["userErrors"] != json!([]) {
                return Err(format!("{field}: {answer}").into());
            }
        }
        Ok(())
    })
}

/// Copies everything of the tenant's one subscription so often. The copies differ in the last 32 bits of identifiers,
/// which are those that nothing but chance told apart.
fn copy(app: &App, tenant: Id<Tenant>, copies: u64) -> Result<(), Failure> {
    if copies == 0 {
        return Ok(());
    }
    let postgres = app.db.is_postgres();
    let tenant = literal(postgres, tenant);
    let renewed = |column: &&str| match postgres {
        true => format!("{column} = CAST(left(CAST({column} AS text), 28) || lpad(to_hex(n), 8, '0') AS uuid)"),
        false => format!(
            "{column} = CASE WHEN {column} IS NOT NULL THEN unhex(substr(hex({column}), 1, 24) || printf('%08x', n)) END"
        ),
    };
    let mut script = String::from("BEGIN;");
    for (table, columns) in COPIED {
        let mut renewed: Vec<_> = columns.iter().map(renewed).collect();
        if *table == "invoices" {
            renewed.push("number = 'COPY-' || n".to_owned());
        }
        script.push_str(&format!(
            "CREATE TEMPORARY TABLE copies AS
                 WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {copies})
                 SELECT n, original.* FROM numbers, {table} AS original WHERE tenant_id = {tenant};
             UPDATE copies SET {};
             ALTER TABLE copies DROP COLUMN n;
             INSERT INTO {table} SELECT * FROM copies;
             DROP TABLE copies;",
            renewed.join(", ")
        ));
    }
    script.push_str(match postgres {
        true => "COMMIT; VACUUM ANALYZE",
        false => "COMMIT; PRAGMA analysis_limit = 1000; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)",
    });
    let setup = if postgres { "" } else { "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -1000000;" };
    app.db.execute_batch(setup)?;
    // PostgreSQL takes several statements at once for one transaction, in which nothing can be vacuumed.
    Ok(script.split(';').try_for_each(|statement| app.db.execute_batch(statement))?)
}

/// An identifier as it stands in a statement.
pub fn literal(postgres: bool, tenant: Id<Tenant>) -> String {
    match postgres {
        true => format!("'{}'", tenant.uuid()),
        false => format!("x'{}'", tenant.uuid().simple()),
    }
}
