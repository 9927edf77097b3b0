//! What must hold of every database that was filled through the API, whatever happened at once and whatever was killed.

mod invoices;
mod payments;
mod subscriptions;

use super::TestApp;
use super::database::{Backend, TestDatabase};
use perennial::domain::Id;
use perennial::domain::invoice::Invoice;
use perennial::domain::order::Order;
use perennial::domain::subscription::Subscription;
use std::collections::HashMap;
use uuid::Uuid;

/// Each rule, and what breaks it: a `line` that says where, a row a breach. The same SQL runs on both databases.
const RULES: &[(&str, &str)] = &[
    (
        "an order counts the units of its items",
        "SELECT o.number AS line FROM orders o WHERE (o.rented_devices, o.total_devices) <> (
             SELECT coalesce(sum(i.fulfilled_quantity), 0), coalesce(sum(i.quantity), 0) FROM order_items i
             WHERE (i.tenant_id, i.order_id) = (o.tenant_id, o.id))",
    ),
    (
        "an order has a subscription for each unit",
        "SELECT o.number AS line FROM orders o WHERE o.rented_devices <> (
             SELECT count(*) FROM subscriptions s WHERE (s.tenant_id, s.order_id) = (o.tenant_id, o.id))",
    ),
    (
        "an item has a subscription for each unit",
        "SELECT i.sku AS line FROM order_items i WHERE i.fulfilled_quantity <> (
             SELECT count(*) FROM subscriptions s WHERE (s.tenant_id, s.order_item_id) = (i.tenant_id, i.id))",
    ),
    (
        "an order's status follows its progress",
        "SELECT o.number || ' ' || o.status AS line FROM orders o WHERE NOT CASE o.status
             WHEN 'PARTIAL' THEN o.rented_devices > 0 AND o.rented_devices < o.total_devices
             WHEN 'FULFILLED' THEN o.rented_devices = o.total_devices
             ELSE o.rented_devices = 0 END",
    ),
    (
        "an order knows when it came to its status",
        "SELECT o.number || ' ' || o.status AS line FROM orders o
         WHERE (o.status = 'FULFILLED') <> (o.fulfilled_at IS NOT NULL)
            OR (o.status = 'CANCELLED') <> (o.cancelled_at IS NOT NULL)
            OR o.status IN ('CONFIRMED', 'PARTIAL', 'FULFILLED') AND o.confirmed_at IS NULL
            OR o.status = 'PENDING' AND o.confirmed_at IS NOT NULL",
    ),
    (
        "a customer counts the devices on its live subscriptions",
        "SELECT c.name AS line FROM customers c WHERE c.device_count <> (
             SELECT count(*) FROM subscriptions s
             WHERE (s.tenant_id, s.customer_id) = (c.tenant_id, c.id) AND s.asset_id IS NOT NULL
                 AND s.status NOT IN ('ENDED', 'CANCELLED'))",
    ),
    (
        "a customer's revenue is what its live rentals cost a month",
        "SELECT c.name || ' ' || r.currency AS line FROM customer_revenues r
         JOIN customers c ON (c.tenant_id, c.id) = (r.tenant_id, r.customer_id)
         WHERE r.monthly_amount <> (
             SELECT coalesce(sum(s.monthly_amount), 0) FROM subscriptions s
             WHERE (s.tenant_id, s.customer_id, s.currency) = (r.tenant_id, r.customer_id, r.currency)
                 AND s.status NOT IN ('ENDED', 'CANCELLED'))",
    ),
    (
        "every currency of a customer's live rentals has a revenue",
        "SELECT c.name || ' ' || s.currency AS line FROM subscriptions s
         JOIN customers c ON (c.tenant_id, c.id) = (s.tenant_id, s.customer_id)
         WHERE s.monthly_amount IS NOT NULL AND s.status NOT IN ('ENDED', 'CANCELLED') AND NOT EXISTS (
             SELECT 1 FROM customer_revenues r
             WHERE (r.tenant_id, r.customer_id, r.currency) = (s.tenant_id, s.customer_id, s.currency))",
    ),
    (
        "an asset is rented out exactly while one live subscription holds it",
        "SELECT a.serial_number || ' ' || a.status AS line FROM assets a
         WHERE CASE a.status WHEN 'RENTED_OUT' THEN 1 ELSE 0 END <> (
             SELECT count(*) FROM subscriptions s
             WHERE (s.tenant_id, s.asset_id) = (a.tenant_id, a.id) AND s.status NOT IN ('ENDED', 'CANCELLED'))",
    ),
    (
        "a rented asset names the subscription and the customer that hold it",
        "SELECT a.serial_number AS line FROM assets a WHERE a.status = 'RENTED_OUT' AND NOT EXISTS (
             SELECT 1 FROM subscriptions s
             WHERE (s.tenant_id, s.id, s.asset_id, s.customer_id)
                 = (a.tenant_id, a.subscription_id, a.id, a.customer_id)
                 AND s.status NOT IN ('ENDED', 'CANCELLED'))",
    ),
    (
        "a rented asset has one open assignment, any other none",
        "SELECT a.serial_number AS line FROM assets a WHERE CASE a.status WHEN 'RENTED_OUT' THEN 1 ELSE 0 END <> (
             SELECT count(*) FROM asset_assignments g
             WHERE (g.tenant_id, g.asset_id) = (a.tenant_id, a.id) AND g.returned_at IS NULL)",
    ),
    (
        "the open assignment names who holds the asset",
        "SELECT a.serial_number AS line FROM asset_assignments g
         JOIN assets a ON (a.tenant_id, a.id) = (g.tenant_id, g.asset_id)
         WHERE g.returned_at IS NULL
             AND (a.status <> 'RENTED_OUT' OR g.subscription_id <> a.subscription_id OR g.customer_id <> a.customer_id)",
    ),
    (
        "nothing is kept for a cancelled order",
        "SELECT a.serial_number || ' ' || o.number AS line FROM assets a
         JOIN orders o ON (o.tenant_id, o.id) = (a.tenant_id, a.reserved_order_id) WHERE o.status = 'CANCELLED'",
    ),
    (
        "a rental is for its order's customer, item, kind of device and currency",
        "SELECT o.number || ' ' || a.serial_number AS line FROM subscriptions s
         JOIN orders o ON (o.tenant_id, o.id) = (s.tenant_id, s.order_id)
         JOIN order_items i ON (i.tenant_id, i.id) = (s.tenant_id, s.order_item_id)
         JOIN assets a ON (a.tenant_id, a.id) = (s.tenant_id, s.asset_id)
         WHERE s.customer_id <> o.customer_id OR i.order_id <> o.id OR i.sku <> a.sku OR s.currency <> o.currency",
    ),
    (
        "a rental has a payment for each month",
        "SELECT 'started ' || CAST(s.start_date AS TEXT) AS line FROM subscriptions s
         WHERE s.contract_length IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM scheduled_payments p WHERE (p.tenant_id, p.subscription_id) = (s.tenant_id, s.id)
             GROUP BY p.subscription_id
             HAVING min(p.sequence) = 1 AND count(*) = max(p.sequence) AND count(*) >= s.contract_length)",
    ),
    (
        "each payment of a rental is its monthly amount",
        "SELECT 'due ' || CAST(p.due_date AS TEXT) AS line FROM scheduled_payments p
         JOIN subscriptions s ON (s.tenant_id, s.id) = (p.tenant_id, p.subscription_id)
         WHERE s.monthly_amount IS NULL OR p.amount <> s.monthly_amount OR p.currency <> s.currency",
    ),
    (
        "a rental is billed next on its first open due date",
        "SELECT 'started ' || CAST(s.start_date AS TEXT) AS line FROM subscriptions s
         WHERE s.contract_length IS NOT NULL AND s.status NOT IN ('ENDED', 'CANCELLED') AND s.next_billing_date <> (
             SELECT min(p.due_date) FROM scheduled_payments p
             WHERE (p.tenant_id, p.subscription_id) = (s.tenant_id, s.id) AND p.status = 'SCHEDULED')",
    ),
    (
        "a billing group bills in one currency",
        "SELECT g.name || ' ' || s.currency AS line FROM subscriptions s
         JOIN billing_groups g ON (g.tenant_id, g.id) = (s.tenant_id, s.billing_group_id)
         WHERE g.currency IS NULL OR g.currency <> s.currency",
    ),
    (
        "no customer stands above itself",
        "WITH RECURSIVE above (tenant_id, name, start, id, steps) AS (
             SELECT tenant_id, name, id, parent_customer_id, 1 FROM customers WHERE parent_customer_id IS NOT NULL
             UNION ALL
             SELECT b.tenant_id, b.name, b.start, c.parent_customer_id, b.steps + 1 FROM above b
             JOIN customers c ON (c.tenant_id, c.id) = (b.tenant_id, b.id)
             WHERE c.parent_customer_id IS NOT NULL AND b.steps < 30)
         SELECT DISTINCT name AS line FROM above WHERE id = start",
    ),
    (
        "a token is held by an attempt that has no outcome",
        "SELECT t.label AS line FROM payment_tokens t WHERE t.reserved_by IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM payment_attempts a WHERE (a.tenant_id, a.id, a.payment_token_id)
                 = (t.tenant_id, t.reserved_by, t.id) AND a.status = 'RESERVED')",
    ),
    (
        "the versions of a plan are counted from 1 on, without a gap",
        "SELECT code AS line FROM plans GROUP BY tenant_id, code HAVING min(version) <> 1 OR max(version) <> count(*)",
    ),
    (
        "the last version of a plan is the active one, or all are deleted",
        "SELECT p.code || ' ' || p.state AS line FROM plans p WHERE p.state <> (
             SELECT CASE WHEN l.state = 'DELETED' THEN 'DELETED' WHEN l.version = p.version THEN 'ACTIVE'
                 ELSE 'SUPERSEDED' END
             FROM plans l WHERE (l.tenant_id, l.code) = (p.tenant_id, p.code)
             ORDER BY l.version DESC LIMIT 1)",
    ),
    (
        "a plan with a schedule has a price in its own currency",
        "SELECT p.code AS line FROM plans p WHERE p.schedule_type <> 'MANUAL' AND NOT EXISTS (
             SELECT 1 FROM prices r WHERE (r.tenant_id, r.plan_id, r.currency) = (p.tenant_id, p.id, p.currency))",
    ),
    (
        "the prices of a plan have places from 0 on, without a gap",
        "SELECT p.code AS line FROM plans p JOIN prices r ON (r.tenant_id, r.plan_id) = (p.tenant_id, p.id)
         GROUP BY p.tenant_id, p.id, p.code HAVING min(r.position) <> 0 OR max(r.position) + 1 <> count(*)",
    ),
    ("a claimed idempotency key has an outcome", "SELECT key AS line FROM idempotency_keys WHERE CAST(outcome AS TEXT) = 'null'"),
    ("no event is told twice", "SELECT event_type || ' ' || subject AS line FROM events
         WHERE event_type IN ('order.created', 'order.confirmed', 'order.cancelled', 'order.fulfilled',
             'subscription.created', 'subscription.draft_created', 'subscription.activated', 'invoice.created',
             'invoice.paid', 'customer.created', 'customer.archived', 'product.created', 'asset.created',
             'billing_group.created', 'payment_method.created', 'payment_method.archived', 'plan.created', 'plan.archived')
         GROUP BY tenant_id, event_type, subject HAVING count(*) > 1"),
];

/// Events, one or any of several, and the rows of which each has one.
const EVENTS: &[(&[&str], &str)] = &[
    (&["order.created"], "orders"),
    (&["order.confirmed"], "orders WHERE confirmed_at IS NOT NULL"),
    (&["order.cancelled"], "orders WHERE status = 'CANCELLED'"),
    (&["order.fulfilled"], "orders WHERE status = 'FULFILLED'"),
    (&["subscription.created", "subscription.draft_created"], "subscriptions"),
    (&["invoice.failed"], "invoices WHERE status = 'FAILED'"),
    (&["payment.received"], "payments"),
    (&["payment.refunded"], "refunds WHERE status = 'SUCCEEDED'"),
    (&["payment.refund_failed"], "refunds WHERE status = 'FAILED'"),
    (&["payment_method.failed"], "payment_methods WHERE state = 'FAILED'"),
    (
        &["invoice.created"],
        "(SELECT id FROM invoices UNION ALL SELECT id FROM events WHERE event_type = 'invoice.deleted') AS made_once",
    ),
    // One that credits paid may be withdrawn later.
    (
        &["invoice.paid"],
        "invoices i WHERE i.status = 'PAID' OR i.status = 'VOID' AND i.total = (
             SELECT coalesce(sum(a.amount), 0) FROM credit_applications a
             WHERE (a.tenant_id, a.invoice_id) = (i.tenant_id, i.id))",
    ),
    (&["invoice.voided"], "invoices WHERE status = 'VOID'"),
    (&["credit.created"], "credits"),
    (&["credit.cancelled"], "credits WHERE state = 'CANCELLED'"),
    (&["credit_note.created"], "credit_notes"),
    (&["coupon.redeemed"], "coupon_redemptions"),
    (&["asset.assigned"], "asset_assignments"),
    (&["asset.created"], "assets"),
    (&["customer.created"], "customers"),
    (&["customer.archived"], "customers WHERE archived_at IS NOT NULL"),
    (&["product.created"], "products"),
    (&["billing_group.created"], "billing_groups"),
    (&["payment_method.created"], "payment_methods"),
    (&["payment_method.archived"], "payment_methods WHERE state = 'INACTIVE'"),
    (&["plan.created"], "plans WHERE version = 1"),
    (&["plan.archived"], "plans WHERE version = 1 AND state = 'DELETED'"),
    (&["feature.created"], "features"),
    (&["feature.archived"], "features WHERE state = 'DELETED'"),
    (&["add_on.created"], "add_ons"),
    (&["add_on.archived"], "add_ons WHERE state = 'DELETED'"),
    (&["discount.created"], "discounts"),
    (&["discount.archived"], "discounts WHERE state = 'DELETED'"),
    (&["coupon.created"], "coupons"),
    (&["coupon.archived"], "coupons WHERE state = 'DELETED'"),
];

impl TestDatabase {
    /// Every breach of a rule.
    pub fn inconsistencies(&self) -> Vec<String> {
        let events = EVENTS.iter().map(|(events, rows)| {
            let (named, among) = (events.join(" or "), events.join("', '"));
            format!(
                "SELECT told || ' times {named} for ' || made AS line FROM (SELECT
                     CAST((SELECT count(*) FROM events WHERE event_type IN ('{among}')) AS TEXT) AS told,
                     CAST((SELECT count(*) FROM {rows}) AS TEXT) AS made) AS counted WHERE told <> made"
            )
        });
        let rules = || RULES.iter().chain(subscriptions::RULES).chain(payments::RULES).chain(invoices::RULES);
        let names = rules().map(|(rule, _)| *rule).chain(EVENTS.iter().map(|_| "each event is told once"));
        let statements: Vec<String> = rules().map(|(_, breach)| (*breach).to_owned()).chain(events).collect();
        let found = names.zip(self.texts_of_each(&statements));
        let found = found.flat_map(|(rule, places)| places.into_iter().map(move |place| format!("{rule}: {place}")));
        found.chain(self.untold()).collect()
    }

    /// What changed more often than was told: those who listen to an object hear of each of its changes.
    fn untold(&self) -> Vec<String> {
        let id = match self.backend {
            Backend::Sqlite => "lower(hex(id))",
            Backend::Postgres => "CAST(id AS TEXT)",
        };
        let versions = |table: &str| format!("SELECT {id} || ' ' || version AS line FROM {table}");
        let told = "SELECT subject || ' ' || count(*) AS line FROM events GROUP BY subject".to_owned();
        let tables = ["orders", "subscriptions", "invoices"];
        let statements: Vec<String> = tables.iter().map(|table| versions(table)).chain([told]).collect();
        let mut found = self.texts_of_each(&statements);
        let number = |line: &str| {
            let (name, number) = line.split_once(' ').unwrap();
            (name.to_owned(), number.parse::<i64>().unwrap())
        };
        let told: HashMap<String, i64> = found.pop().unwrap().iter().map(|line| number(line)).collect();
        let named: [fn(Uuid) -> String; 3] = [
            |id| Id::<Order>::new(id).to_string(),
            |id| Id::<Subscription>::new(id).to_string(),
            |id| Id::<Invoice>::new(id).to_string(),
        ];
        let changed = found.iter().zip(named).flat_map(|(lines, name)| {
            lines.iter().map(move |line| {
                let (id, version) = number(line);
                (name(id.parse().unwrap()), version)
            })
        });
        let untold = changed.filter(|(name, version)| told.get(name).is_none_or(|told| told < version));
        untold.map(|(name, version)| format!("each change is told: {name} at version {version}")).collect()
    }

    #[track_caller]
    pub fn assert_consistent(&self) {
        let found = self.inconsistencies();
        assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    }
}

/// Asserts that everything that is counted, linked or told more than once in the database says the same.
#[track_caller]
pub fn assert_consistent(app: &TestApp) {
    app.database.assert_consistent();
}
