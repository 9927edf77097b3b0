//! What the database itself refuses, whatever the program above it does.

use crate::support::{Backend, TestApp, both};
use perennial::repository::Fault;
use serde_json::json;

/// Why a statement is refused.
#[derive(Clone, Copy, Debug)]
pub(super) enum Why {
    /// A check whose name, or whose column, is this.
    Check(&'static str),
    Unique,
    Foreign,
}
pub(super) use Why::{Check, Foreign, Unique};

/// Asserts that a statement is refused for this reason.
#[track_caller]
pub(super) fn refuses(app: &TestApp, why: Why, statement: &str) {
    let fault = app.app.db.execute_batch(statement).expect_err(statement);
    let said = fault.to_string().to_lowercase();
    let as_expected = match why {
        Check(name) => said.contains("check constraint") && said.contains(name),
        Unique => matches!(fault, Fault::LostRace),
        Foreign => said.contains("foreign key constraint"),
    };
    assert!(as_expected, "{statement}\nis refused, but not by {why:?}: {said}");
}

#[track_caller]
pub(super) fn allows(app: &TestApp, statement: &str) {
    app.app.db.execute_batch(statement).unwrap_or_else(|fault| panic!("{statement}: {fault}"));
}

/// An identifier that nothing has, in SQL.
pub(super) fn new_id(app: &TestApp, number: u32) -> String {
    match app.database.backend {
        Backend::Sqlite => format!("x'0000000000007000800000000000{number:04}'"),
        Backend::Postgres => format!("'00000000-0000-7000-8000-00000000{number:04}'::uuid"),
    }
}

/// Inserts what is in a row once more, but for some columns.
pub(super) fn copy(app: &TestApp, table: &str, of: &str, changes: &[(&str, String)]) -> String {
    let columns = app.database.texts(&match app.database.backend {
        Backend::Sqlite => format!("SELECT name AS line FROM pragma_table_info('{table}')"),
        Backend::Postgres => {
            format!("SELECT column_name::text AS line FROM information_schema.columns WHERE table_name = '{table}'")
        }
    });
    let value = |column: &String| {
        changes.iter().find(|(changed, _)| changed == column).map_or(column.clone(), |(_, value)| value.clone())
    };
    let values: Vec<String> = columns.iter().map(value).collect();
    let columns = columns.join(", ");
    format!("INSERT INTO {table} ({columns}) SELECT {} FROM {table} WHERE {of}", values.join(", "))
}

/// A tenant that has a customer, a product, an asset, an order, a subscription and a group, all of them other than ours.
fn other_tenant(app: &TestApp) -> String {
    let (_, key) = app.another_tenant("Other");
    let make = |field: &str, input, selection: &str| {
        let payload = app.attempt_as(&key, field, input, selection);
        assert_eq!(payload["userErrors"], json!([]));
        payload
    };
    let customer = make("createCustomer", json!({"name": "Foreign"}), "customer { id }")["customer"]["id"].clone();
    make("createBillingGroup", json!({"customerId": customer, "name": "Foreign", "billingDay": 1}), "__typename");
    make("createProduct", json!({"sku": "FOREIGN", "name": "Foreign"}), "__typename");
    make(
        "createPlan",
        json!({"code": "foreign", "name": "F", "schedule": {"type": "DAILY"}, "amount": "1"}),
        "__typename",
    );
    make("createFeature", json!({"code": "foreign", "name": "F", "featureType": "BOOLEAN"}), "__typename");
    let add_on = json!({"code": "foreign", "name": "F", "addOnType": "ON_OFF", "unitAmount": "1"});
    make("createAddOn", add_on, "__typename");
    make("createDiscount", json!({"code": "FOREIGN", "name": "F", "percentage": "1"}), "__typename");
    make("createCoupon", json!({"code": "FOREIGN", "name": "F", "discount": "FOREIGN"}), "__typename");
    make("createAsset", json!({"sku": "FOREIGN", "serialNumber": "F1"}), "__typename");
    let item = json!({"sku": "FOREIGN", "quantity": 1, "contractLength": 12, "unitPrice": "1.00"});
    let order = make("createOrder", json!({"customerId": customer, "items": [item]}), "order { id }");
    let order = order["order"]["id"].clone();
    make("confirmOrder", json!({"orderId": order}), "__typename");
    let scan = json!({"orderId": order, "customerId": customer, "assetSerialNumber": "F1"});
    make("fulfilOrderItem", scan, "__typename");
    key
}

pub(super) const OURS: &str = "tenant_id = (SELECT tenant_id FROM tenants WHERE name = 'Acme')";
pub(super) const THEIRS: &str = "tenant_id = (SELECT tenant_id FROM tenants WHERE name = 'Other')";

both! {
    numbers_stay_within_their_bounds(app) {
        let warehouse = app.warehouse();
        app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        app.billing_group(&warehouse.customer, 28);
        for (why, statement) in [
            (Check("no_more_is_fulfilled_than_ordered"), "UPDATE order_items SET fulfilled_quantity = quantity + 1"),
            (Check("no_more_is_fulfilled_than_ordered"), "UPDATE order_items SET fulfilled_quantity = -1"),
            (Check("quantity"), "UPDATE order_items SET quantity = 0 WHERE sku = 'MON'"),
            (Check("order_progress_is_in_range"), "UPDATE orders SET rented_devices = total_devices + 1"),
            (Check("order_progress_is_in_range"), "UPDATE orders SET rented_devices = -1"),
            (Check("device_count"), "UPDATE customers SET device_count = -1"),
            (Check("monthly_amount"), "UPDATE customer_revenues SET monthly_amount = -1"),
            (Check("amount"), "UPDATE scheduled_payments SET amount = -1"),
            (Check("sequence"), "UPDATE scheduled_payments SET sequence = 0 WHERE sequence = 1"),
            (Check("billing_day"), "UPDATE billing_groups SET billing_day = 29"),
            (Check("contract_length"), "UPDATE subscriptions SET contract_length = 121"),
            (Check("contract_length"), "UPDATE order_items SET contract_length = 0"),
            (Check("monthly_price"), "UPDATE rental_prices SET monthly_price = -1"),
            (Check("currency"), "UPDATE orders SET currency = 'EURO'"),
            (Check("tax_rate"), "UPDATE tenants SET tax_rate = '1.000001'"),
            (Check("tax_rate"), "UPDATE tenants SET tax_rate = '-0.1'"),
            (Check("periods_are_half_open"), "UPDATE subscriptions SET end_date = start_date"),
            (Check("periods_are_half_open"), "UPDATE subscriptions SET current_period_end = current_period_start"),
            (Check("assign"), "UPDATE asset_assignments SET returned_at = '2025-01-31T11:59:59.000000Z'"),
        ] {
            refuses(app, why, statement);
        }
    }

    a_setting_has_one_of_its_values(app) {
        for (why, statement) in [
            (Check("billing_start"), "UPDATE tenants SET billing_start = 'SOON'"),
            (Check("mode"), "UPDATE tenants SET mode = 'SANDBOX'"),
            (Check("discount_order"), "UPDATE tenants SET discount_order = 'FULL'"),
            (Check("percentage_base"), "UPDATE tenants SET percentage_base = 'AMOUNT_FIRST'"),
        ] {
            refuses(app, why, statement);
        }
    }

    a_status_is_what_the_rest_of_the_row_says(app) {
        let warehouse = app.warehouse();
        app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        for (why, statement) in [
            (Check("order_status_follows_progress"), "UPDATE orders SET status = 'FULFILLED'"),
            (Check("order_status_follows_progress"), "UPDATE orders SET status = 'CONFIRMED'"),
            (Check("order_status_follows_progress"), "UPDATE orders SET status = 'CANCELLED'"),
            (Check("order_status_follows_progress"), "UPDATE orders SET rented_devices = total_devices"),
            (Check("order_status_follows_progress"), "UPDATE orders SET rented_devices = 0"),
            (Check("status"), "UPDATE orders SET status = 'LOST'"),
            (Check("rented_out_means_held"), "UPDATE assets SET status = 'RENTED_OUT' WHERE serial_number = 'L2'"),
            (Check("rented_out_means_held"), "UPDATE assets SET status = 'AVAILABLE' WHERE serial_number = 'L1'"),
            (Check("rented_out_means_held"), "UPDATE assets SET customer_id = NULL WHERE serial_number = 'L1'"),
            (Check("rented_out_means_held"), "UPDATE assets SET subscription_id = NULL WHERE serial_number = 'L1'"),
            (Check("reserved_means_kept"), "UPDATE assets SET status = 'RESERVED' WHERE serial_number = 'L2'"),
            (Check("unavailable_has_a_reason"), "UPDATE assets SET status = 'UNAVAILABLE' WHERE serial_number = 'L2'"),
            (Check("unavailable_has_a_reason"), "UPDATE assets SET reason = 'LOST' WHERE serial_number = 'L2'"),
            (Check("cost_has_a_currency"), "UPDATE assets SET acquisition_cost = 1 WHERE serial_number = 'L2'"),
        ] {
            refuses(app, why, statement);
        }
    }

    one_live_subscription_holds_an_asset(app) {
        let warehouse = app.warehouse();
        app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        let twin = |number, status: &str| {
            copy(app, "subscriptions", "1 = 1", &[("id", new_id(app, number)), ("status", format!("'{status}'"))])
        };
        for (number, live) in ["ACTIVE", "PAUSED", "TRIALING", "DRAFT", "INCOMPLETE"].iter().enumerate() {
            refuses(app, Unique, &twin(u32::try_from(number).unwrap(), live));
        }
        refuses(app, Unique, &copy(app, "asset_assignments", "1 = 1", &[("id", new_id(app, 1))]));
        // Those before it may have held it.
        let returned = [("id", new_id(app, 1)), ("returned_at", "assigned_at".to_owned())];
        allows(app, &copy(app, "asset_assignments", "1 = 1", &returned));
        allows(app, &twin(10, "ENDED"));
        refuses(app, Unique, "UPDATE subscriptions SET status = 'ACTIVE' WHERE status = 'ENDED'");
    }

    an_asset_names_a_subscription_that_names_it_back(app) {
        let warehouse = app.warehouse();
        app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        let of_l1 = |column: &str| format!("(SELECT {column} FROM assets WHERE serial_number = 'L1')");
        refuses(app, Foreign, &format!(
            "UPDATE assets SET status = 'RENTED_OUT', subscription_id = {}, customer_id = {} WHERE serial_number = 'L2'",
            of_l1("subscription_id"),
            of_l1("customer_id"),
        ));
        let l2 = "(SELECT id FROM assets WHERE serial_number = 'L2')";
        refuses(app, Foreign, &format!("UPDATE subscriptions SET asset_id = {l2}"));
        // It is looked at when the transaction ends, so that both can be changed in any order.
        allows(app, &format!(
            "BEGIN;
             UPDATE assets SET status = 'RENTED_OUT', subscription_id = {}, customer_id = {} WHERE serial_number = 'L2';
             UPDATE assets SET status = 'RETURNED', subscription_id = NULL, customer_id = NULL
                 WHERE serial_number = 'L1';
             UPDATE subscriptions SET asset_id = {l2};
             COMMIT",
            of_l1("subscription_id"),
            of_l1("customer_id"),
        ));
    }

    a_name_is_taken_once_in_a_tenant_and_free_in_another(app) {
        let warehouse = app.warehouse();
        app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        allows(app, "UPDATE customers SET external_id = 'crm-1'");
        allows(app, "UPDATE subscriptions SET handle = 'sub-1'");
        let id = || ("id", new_id(app, 1));
        refuses(app, Unique, &copy(app, "assets", "serial_number = 'L2'", &[id()]));
        refuses(app, Unique, &copy(app, "products", "sku = 'LAP'", &[id()]));
        refuses(app, Unique, &copy(app, "orders", "1 = 1", &[id()]));
        app.plan("gold", "29");
        app.feature("sso", "BOOLEAN");
        app.add_on("storage", "QUANTITY");
        app.discount("HALF", "50");
        app.coupon("WELCOME", "HALF");
        for table in ["features", "add_ons", "discounts", "coupons"] {
            refuses(app, Unique, &copy(app, table, "1 = 1", &[id()]));
        }
        let another = [id(), ("state", "'DELETED'".to_owned())];
        refuses(app, Unique, &copy(app, "plans", "1 = 1", &another));
        refuses(app, Unique, &copy(app, "customers", "1 = 1", &[id()]));
        refuses(app, Unique, &copy(app, "order_items", "sku = 'LAP'", &[id()]));
        refuses(app, Unique, &copy(app, "api_keys", "1 = 1", &[id()]));
        let without_asset = [id(), ("asset_id", "NULL".to_owned())];
        refuses(app, Unique, &copy(app, "subscriptions", "1 = 1", &without_asset));
        refuses(app, Unique, &copy(app, "customer_revenues", "1 = 1", &[]));
        refuses(app, Unique, &copy(app, "scheduled_payments", "sequence = 1", &[]));

        let key = other_tenant(app);
        for (field, input) in [
            ("createCustomer", json!({"name": "Same", "externalId": "crm-1"})),
            ("createProduct", json!({"sku": "LAP", "name": "Same"})),
            ("createAsset", json!({"sku": "LAP", "serialNumber": "L2"})),
            ("createPlan", json!({"code": "gold", "name": "G", "schedule": {"type": "MANUAL"}})),
            ("createFeature", json!({"code": "sso", "name": "F", "featureType": "BOOLEAN"})),
            ("createAddOn", json!({"code": "storage", "name": "S", "addOnType": "ON_OFF", "unitAmount": "1"})),
            ("createDiscount", json!({"code": "HALF", "name": "H", "percentage": "50"})),
            ("createCoupon", json!({"code": "welcome", "name": "W", "discount": "HALF"})),
        ] {
            assert_eq!(app.attempt_as(&key, field, input, "__typename")["userErrors"], json!([]), "{field}");
        }
        // A revoked key's secret is nobody else's either.
        refuses(app, Unique, &format!("UPDATE api_keys SET hash = (SELECT hash FROM api_keys WHERE {OURS})"));
        allows(app, &format!("UPDATE subscriptions SET handle = 'sub-1' WHERE {THEIRS}"));
        allows(app, &format!("UPDATE orders SET number = (SELECT number FROM orders WHERE {OURS}) WHERE {THEIRS}"));
    }

    nothing_points_to_another_tenant_or_to_nothing(app) {
        let warehouse = app.warehouse();
        app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        app.billing_group(&warehouse.customer, 1);
        let plan = app.plan("gold", "29");
        app.feature("sso", "BOOLEAN");
        let entitlements = json!([{"feature": "sso"}]);
        app.mutate("setPlanEntitlements", json!({"planId": plan, "entitlements": entitlements}), "__typename");
        let add_on = app.add_on("storage", "QUANTITY");
        app.mutate("updateAddOn", json!({"addOnId": add_on, "entitlements": entitlements}), "__typename");
        app.discount("HALF", "50");
        app.coupon("WELCOME", "HALF");
        other_tenant(app);
        for (table, column, of, which) in [
            ("billing_groups", "customer_id", "customers", ""),
            ("customer_revenues", "customer_id", "customers", ""),
            ("customers", "parent_customer_id", "customers", ""),
            ("rental_prices", "product_id", "products", "AND contract_length = 12 AND monthly_price = 12900"),
            ("orders", "customer_id", "customers", ""),
            ("orders", "billing_group_id", "billing_groups", ""),
            ("order_items", "order_id", "orders", ""),
            ("order_items", "product_id", "products", ""),
            ("assets", "product_id", "products", "AND serial_number = 'L2'"),
            ("assets", "customer_id", "customers", "AND serial_number = 'L1'"),
            ("assets", "subscription_id", "subscriptions", "AND serial_number = 'L1'"),
            ("subscriptions", "customer_id", "customers", ""),
            ("subscriptions", "order_id", "orders", ""),
            ("subscriptions", "order_item_id", "order_items", ""),
            ("subscriptions", "asset_id", "assets", ""),
            ("subscriptions", "billing_group_id", "billing_groups", ""),
            ("scheduled_payments", "subscription_id", "subscriptions", "AND sequence = 1"),
            ("prices", "plan_id", "plans", ""),
            ("prices", "feature_id", "features", ""),
            ("entitlements", "plan_id", "plans", "AND plan_id IS NOT NULL"),
            ("entitlements", "add_on_id", "add_ons", "AND add_on_id IS NOT NULL"),
            ("entitlements", "feature_id", "features", ""),
            ("coupons", "discount_id", "discounts", ""),
            ("asset_assignments", "asset_id", "assets", ""),
            ("asset_assignments", "subscription_id", "subscriptions", ""),
            ("asset_assignments", "customer_id", "customers", ""),
        ] {
            for id in [format!("(SELECT id FROM {of} WHERE {THEIRS})"), new_id(app, 1)] {
                refuses(app, Foreign, &format!("UPDATE {table} SET {column} = {id} WHERE {OURS} {which}"));
            }
        }
        refuses(app, Foreign, &format!(
            "UPDATE assets SET status = 'RESERVED', reserved_order_id = (SELECT id FROM orders WHERE {THEIRS})
             WHERE serial_number = 'L2'"
        ));
        for (column, of) in [("subscription_id", "subscriptions"), ("parent_price_id", "prices")] {
            let foreign = format!("(SELECT id FROM {of} WHERE {THEIRS})");
            let own = "(SELECT id FROM subscriptions LIMIT 1)".to_owned();
            let owner = [("id", new_id(app, 1)), ("plan_id", "NULL".to_owned()), ("subscription_id", own)];
            let owner = owner.into_iter().filter(|(known, _)| *known != column).chain([(column, foreign)]);
            refuses(app, Foreign, &copy(app, "prices", OURS, &owner.collect::<Vec<_>>()));
        }
        for table in ["customers", "products", "orders", "subscriptions", "assets", "plans", "features", "add_ons", "discounts"] {
            refuses(app, Foreign, &format!("DELETE FROM {table} WHERE {OURS}"));
        }
    }

    a_group_is_joined_by_its_own_customer_only(app) {
        let warehouse = app.warehouse();
        app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        let other = app.customer("Joe Bloggs");
        app.billing_group(&other, 1);
        refuses(app, Foreign, "UPDATE orders SET billing_group_id = (SELECT id FROM billing_groups)");
        refuses(app, Foreign, "UPDATE subscriptions SET billing_group_id = (SELECT id FROM billing_groups)");
    }
}
