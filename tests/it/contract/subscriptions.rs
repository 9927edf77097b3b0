//! What the database itself refuses of subscriptions to plans and their invoices, and that what was stored of them comes
//! back to the last digit.

use super::refusals::{Check, Foreign, OURS, THEIRS, Unique, allows, copy, new_id, refuses};
use crate::support::builders::{text, to_m30};
use crate::support::{TestApp, both};
use perennial::domain::Id;
use perennial::domain::invoice::Invoice;
use perennial::domain::period::{Period, Proration, ProrationUnit};
use perennial::domain::pricing::{LineKind, Reduction, TaxRate};
use perennial::domain::subscription::Subscription;
use perennial::repository::{Fault, invoice, terms};
use serde_json::{Value, json};
use uuid::Uuid;

/// Everything that a subscription to a plan can have, of one tenant; answers its id and that of its invoice.
fn full(app: &TestApp, key: &str) -> (Id<Subscription>, Id<Invoice>) {
    let make = |field: &str, input: Value, selection: &str| {
        let payload = app.attempt_as(key, field, input, selection);
        assert_eq!(payload["userErrors"], json!([]), "{field}");
        payload
    };
    let customer = text(&make("createCustomer", json!({"name": "Jane"}), "customer { id }")["customer"]["id"]);
    let token = json!({"card": "SUCCEEDS", "customerId": customer});
    let token = make("createTestToken", token, "paymentToken { id }")["paymentToken"]["id"].clone();
    make("addPaymentMethod", json!({"customerId": customer, "token": token}), "__typename");
    let plan = json!({
        "code": "M30", "name": "M", "schedule": {"type": "PERIOD", "billingPeriod": "MONTH", "billingCycle": "CALENDAR"},
        "amount": "300", "minimumProratedAmount": "1",
    });
    let price = make("createPlan", plan, "plan { prices { id } }")["plan"]["prices"][0]["id"].clone();
    make("createAddOn", json!({"code": "a", "name": "A", "addOnType": "QUANTITY", "unitAmount": "5"}), "__typename");
    make("createDiscount", json!({"code": "D", "name": "D", "percentage": "10"}), "__typename");
    make("createCoupon", json!({"code": "C", "name": "C", "discount": "D"}), "__typename");
    let phase = json!({"startDate": "2025-01-31T12:00:00Z", "priceOverrides": [{"priceId": price, "amount": "200"}]});
    let wanted = json!({
        "addOns": [{"addOn": {"code": "a"}}], "couponCodes": ["C"], "phases": [phase],
        "discounts": [{"discount": {"code": "D"}, "amount": "1", "fixedCount": 2, "fixedPeriod": 1, "fixedPeriodUnit": "DAYS"}],
        "additionalCosts": [{"handle": "cost", "text": "C", "amount": "3"}], "commitmentAmount": "7",
        "prorationBehavior": "CREATE_PRORATIONS",
    });
    let made =
        make("createSubscription", to_m30(&json!({"id": customer}), wanted), "subscription { id } invoice { id }");
    let id = |of: &str| text(&made[of]["id"]);
    (id("subscription").parse().unwrap(), id("invoice").parse().unwrap())
}

both! {
    a_part_of_a_subscription_makes_sense_by_itself(app) {
        full(app, &app.key);
        for (why, table, change) in [
            (Check("quantity"), "subscription_terms", "quantity = 0"),
            (Check("schedule_interval"), "subscription_terms", "schedule_interval = 0"),
            (Check("fixed_day"), "subscription_terms", "fixed_day = 29"),
            (Check("base_month"), "subscription_terms", "base_month = 13"),
            (Check("fixed_count"), "subscription_terms", "fixed_count = 0"),
            (Check("a_draft_trial_has_a_unit"), "subscription_terms", "draft_trial_length = 1"),
            (Check("a_draft_trial_has_a_unit"), "subscription_terms", "draft_trial_unit = 'DAYS'"),
            (Check("proration_unit"), "subscription_terms", "proration_unit = 'MINUTE'"),
            (Check("minimum_prorated_amount"), "subscription_terms", "minimum_prorated_amount = -1"),
            (Check("currency"), "subscription_terms", "currency = 'EURO'"),
            (Check("cadence"), "subscription_terms", "cadence = 'LATER'"),
            (Check("proration_behavior"), "subscription_terms", "proration_behavior = 'SOME'"),
            (Check("commitment_amount"), "subscription_terms", "commitment_amount = -1"),
            (Check("grace_seconds"), "subscription_terms", "grace_seconds = -1"),
            (Check("signup_method"), "subscription_terms", "signup_method = 'FAX'"),
            (Check("invoice_billing"), "subscription_terms", "invoice_billing = 'INVOICE_TO_NOBODY'"),
            (Check("a_method_has_its_behaviours"), "subscription_terms", "payment_behavior = 'DEFAULT_INCOMPLETE'"),
            (
                Check("a_method_has_its_behaviours"),
                "subscription_terms",
                "collection_method = 'SEND_INVOICE', payment_behavior = 'ERROR_IF_INCOMPLETE'",
            ),
            (Check("a_method_has_its_behaviours"), "subscription_terms", "collection_method = 'BARTER'"),
            (Check("position"), "subscription_phases", "position = -1"),
            (Check("a_phase_is_half_open"), "subscription_phases", "end_date = start_date"),
            (Check("quantity"), "subscription_items", "quantity = -1"),
            (Check("name"), "subscription_items", "name = ''"),
            (Check("an_item_is_half_open"), "subscription_items", "end_date = start_date"),
            (Check("quantity"), "subscription_add_ons", "quantity = 0"),
            (Check("handle"), "subscription_add_ons", "handle = ''"),
            (Check("an_add_on_is_half_open"), "subscription_add_ons", "end_date = start_date"),
            (Check("amount"), "additional_costs", "amount = -1"),
            (Check("quantity"), "additional_costs", "quantity = 0"),
            (Check("state"), "additional_costs", "state = 'LOST'"),
            (Check("transferred_means_on_an_invoice"), "additional_costs", "state = 'PENDING'"),
            (Check("transferred_means_on_an_invoice"), "additional_costs", "invoice_id = NULL"),
            (Check("uses"), "subscription_discounts", "uses = -1"),
            (Check("a_percentage_or_an_amount"), "subscription_discounts", "percentage = NULL, amount = NULL, currency = NULL"),
            (Check("a_percentage_or_an_amount"), "subscription_discounts", "percentage = '10', amount = 1, currency = 'EUR'"),
            (Check("a_percentage_or_an_amount"), "subscription_discounts", "percentage = NULL, amount = 1, currency = NULL"),
            (Check("a_discount_period_has_a_unit"), "subscription_discounts", "fixed_period_length = 1, fixed_period_unit = NULL"),
            (Check("a_discount_is_used_as_often_as_it_may"), "subscription_discounts", "fixed_count = 1, uses = 2"),
            (Check("a_discount_is_half_open"), "subscription_discounts", "end_date = start_date"),
            (Foreign, "subscription_terms", "plan_id = subscription_id"),
        ] {
            refuses(app, why, &format!("UPDATE {table} SET {change}"));
        }
        let method = "collection_method = 'SEND_INVOICE', payment_behavior = 'DEFAULT_INCOMPLETE'";
        allows(app, &format!("UPDATE subscription_terms SET {method}"));
        allows(app, "UPDATE additional_costs SET state = 'CANCELLED', invoice_id = NULL");
    }

    an_invoice_makes_sense_by_itself(app) {
        full(app, &app.key);
        for (why, table, change) in [
            (Check("status"), "invoices", "status = 'LOST'"),
            (Check("reason"), "invoices", "reason = 'WHIM'"),
            (Check("currency"), "invoices", "currency = 'EURO'"),
            (Check("period_number"), "invoices", "period_number = 0"),
            (Check("discount_total"), "invoices", "discount_total = -1"),
            (Check("amount_paid"), "invoices", "amount_paid = -1"),
            (Check("rounding"), "invoices", "rounding = 'HALF_EVEN'"),
            (Check("a_billed_period_is_half_open"), "invoices", "period_end = period_start"),
            (Check("a_billed_period_is_half_open"), "invoices", "period_end = NULL"),
            (Check("only_a_draft_has_no_number"), "invoices", "number = NULL"),
            (Check("only_a_draft_has_no_number"), "invoices", "status = 'DRAFT'"),
            (Check("amount_due"), "invoices", "amount_due = -1, amount_paid = total + 1"),
            (Check("credit_applied"), "invoices", "credit_applied = -1, amount_paid = total + 1"),
            (Check("amount_credited"), "invoices", "amount_credited = -1, amount_paid = total + 1"),
            // It is a check of two columns, which has no name of its own on both databases.
            (Check("check"), "invoices", "amount_refunded = amount_paid + 1"),
            (Check("collection_method"), "invoices", "collection_method = 'BARTER'"),
            (Check("dunning_step"), "invoices", "dunning_step = -1, dunning_started_at = created_at"),
            (Check("what_is_due"), "invoices", "amount_paid = total - 1"),
            (Check("paid_means_in_full"), "invoices", "amount_paid = total - 1, amount_due = 1"),
            (Check("paid_means_in_full"), "invoices", "status = 'OPEN', paid_at = NULL"),
            (Check("paid_at_a_moment"), "invoices", "paid_at = NULL"),
            (Check("void_means_nothing_was_paid"), "invoices", "voided_at = created_at"),
            (Check("void_means_nothing_was_paid"), "invoices", "status = 'VOID', paid_at = NULL, voided_at = created_at"),
            (Check("only_what_is_due_is_collected"), "invoices", "collect_at = created_at"),
            (Check("a_reminder_has_a_begin"), "invoices", "dunning_step = 1"),
            (Check("totals_add_up"), "invoices", "tax_total = tax_total + 1"),
            (Check("due_after_it_was_issued"), "invoices", "due_date = '2025-01-30'"),
            (Check("position"), "invoice_lines", "position = -1 WHERE position = 0"),
            (Check("rounding"), "invoice_lines", "rounding = 'HALF_EVEN'"),
            (Check("discount_amount"), "invoice_lines", "discount_amount = -1"),
            (Check("proration_denominator"), "invoice_lines", "proration_denominator = 0 WHERE proration_denominator IS NOT NULL"),
            (Check("proration_numerator"), "invoice_lines", "proration_numerator = -1 WHERE proration_numerator IS NOT NULL"),
            (Check("a_proration_is_whole_or_none"), "invoice_lines", "proration_unit = NULL WHERE proration_unit IS NOT NULL"),
            (Check("a_line_period_is_half_open"), "invoice_lines", "period_start = NULL WHERE period_end IS NOT NULL"),
            (Check("a_discount_reduces_a_line"), "invoice_lines", "reduced_position = NULL"),
            (Check("a_discount_reduces_a_line"), "invoice_lines", "discount_id = NULL"),
            (Check("a_discount_reduces_a_line"), "invoice_lines", "kind = 'DISCOUNT' WHERE kind = 'PLAN'"),
        ] {
            refuses(app, why, &format!("UPDATE {table} SET {change}"));
        }
        allows(app, "UPDATE invoices SET status = 'DRAFT', number = NULL, paid_at = NULL");
    }

    what_is_there_once_is_there_once(app) {
        full(app, &app.key);
        let again = |table: &str, changes: &[(&str, &str)]| {
            let changes = changes.iter().map(|(column, value)| (*column, (*value).to_owned()));
            let changes: Vec<_> = changes.chain([("id", new_id(app, 1))]).collect();
            copy(app, table, "1 = 1", &changes) + " LIMIT 1"
        };
        for (table, changes) in [
            ("subscription_phases", &[("position", "9")][..]),
            ("subscription_phases", &[("start_date", "'2030-01-01T00:00:00.000000Z'"), ("end_date", "NULL")]),
            ("subscription_items", &[]),
            ("subscription_add_ons", &[("position", "9")]),
            ("subscription_add_ons", &[("handle", "'other'")]),
            ("subscription_discounts", &[("position", "9")]),
            ("additional_costs", &[("position", "9")]),
            ("invoices", &[("number", "'other'")]),
            ("invoices", &[("billed_at", "'2030-01-01T00:00:00.000000Z'")]),
            ("invoice_lines", &[]),
        ] {
            refuses(app, Unique, &again(table, changes));
        }
        // A setup fee bills no period, and is there once all the same.
        let fee = [("reason", "'SETUP_FEE'"), ("billed_at", "NULL"), ("number", "'other'")];
        allows(app, &again("invoices", &fee));
        let another = copy(
            app,
            "invoices",
            "reason = 'SETUP_FEE'",
            &[("id", new_id(app, 2)), ("number", "'third'".to_owned())],
        );
        refuses(app, Unique, &another);
    }

    no_stretch_of_time_is_billed_twice(app) {
        full(app, &app.key);
        let (start, end) = ("'2031-01-01T00:00:00.000000Z'", "'2031-02-01T00:00:00.000000Z'");
        let first = "previous_end IS NULL";
        let next = |changes: &[(&str, &str)]| {
            let changes: Vec<_> = changes.iter().map(|(column, value)| (*column, (*value).to_owned())).collect();
            copy(app, "billed_periods", first, &changes) + " LIMIT 1"
        };
        // The same once more; a second beginning; one that follows nothing; one that begins before the one before ends.
        refuses(app, Unique, &next(&[]));
        refuses(app, Unique, &next(&[("period_start", start), ("period_end", end)]));
        refuses(app, Foreign, &next(&[("previous_end", start), ("period_start", start), ("period_end", end)]));
        refuses(app, Check("after_the_one_before"), &next(&[("previous_end", "period_end"), ("period_end", end)]));
        let follows = [("previous_end", "period_end"), ("period_start", "period_end"), ("period_end", end)];
        allows(app, &next(&follows));
        // It has a successor by now.
        refuses(app, Unique, &next(&[("previous_end", "period_end"), ("period_start", start), ("period_end", "'2032-01-01T00:00:00.000000Z'")]));
        refuses(app, Check("a_billed_stretch_is_half_open"), "UPDATE billed_periods SET period_start = period_end");
    }

    nothing_of_a_subscription_is_anothers(app) {
        full(app, &app.key);
        full(app, &app.another_tenant("Other").1);
        let theirs = |table: &str| format!("(SELECT id FROM {table} WHERE {THEIRS} LIMIT 1)");
        for (table, column, of) in [
            ("subscription_terms", "subscription_id", "subscriptions"),
            ("subscription_terms", "plan_id", "plans"),
            ("subscription_terms", "payment_method_id", "payment_methods"),
            ("subscription_terms", "invoiced_customer_id", "customers"),
            ("subscription_phases", "subscription_id", "subscriptions"),
            ("subscription_items", "subscription_id", "subscriptions"),
            ("subscription_items", "price_id", "prices"),
            ("subscription_add_ons", "subscription_id", "subscriptions"),
            ("subscription_add_ons", "add_on_id", "add_ons"),
            ("subscription_discounts", "subscription_id", "subscriptions"),
            ("subscription_discounts", "discount_id", "discounts"),
            ("subscription_discounts", "coupon_id", "coupons"),
            ("subscription_discounts", "price_id", "prices"),
            ("additional_costs", "subscription_id", "subscriptions"),
            ("additional_costs", "invoice_id", "invoices"),
            ("invoices", "subscription_id", "subscriptions"),
            ("invoices", "customer_id", "customers"),
            ("invoice_lines", "invoice_id", "invoices"),
            ("invoice_lines", "price_id", "prices"),
            ("invoice_lines", "discount_id", "subscription_discounts"),
        ] {
            // Of a line, only that of a discount names one.
            let which = if column == "discount_id" && table == "invoice_lines" { "AND kind = 'DISCOUNT'" } else { "" };
            refuses(app, Foreign, &format!("UPDATE {table} SET {column} = {} WHERE {OURS} {which}", theirs(of)));
        }
    }

    what_an_invoice_says_comes_back_to_the_last_digit(app) {
        let (subscription, invoice) = full(app, &app.key);
        let at = |text: &str| text.parse().unwrap();
        let read = |conn: &mut _| {
            let found = invoice::of_subscriptions(app.tenant, &[subscription]).first(conn)?.unwrap();
            let lines = invoice::lines_of(app.tenant, &[invoice]).load(conn)?;
            let terms = terms::of_subscriptions(app.tenant, &[subscription]).first(conn)?.unwrap();
            Ok::<_, Fault>((found, lines, terms))
        };
        let (mut stored, lines, terms) = app.app.db.read(read).unwrap();
        assert_eq!((stored.id, terms.subscription_id), (invoice, subscription));
        let mut line = lines.into_iter().find(|line| line.line.kind == LineKind::Discount).unwrap();
        stored.id = Id::new(Uuid::from_u128(1));
        stored.number = Some("9/Zoë".to_owned());
        stored.billed_at = Some(at("2199-12-31T23:59:59.999999Z"));
        stored.period = Some(Period { start: at("2025-03-01T00:00:00.000001Z"), end: at("2199-12-31T23:59:59.999999Z") });
        (stored.totals.subtotal.minor, stored.totals.discount_total.minor) = (i64::MIN, i64::MAX);
        (line.id, line.invoice_id) = (Id::new(Uuid::from_u128(2)), stored.id);
        line.line.description = "'\"\\ 北京".to_owned();
        line.line.quantity = "123456789.000000000001".parse().unwrap();
        line.line.unit_amount = "0.000000000001".parse().ok();
        line.line.proration = Some(Proration { numerator: 0, denominator: i64::MAX, unit: ProrationUnit::Second });
        line.line.period = stored.period;
        line.line.amount.minor = i64::MIN;
        line.line.discount_amount.minor = i64::MAX;
        line.line.tax.rate = TaxRate::try_new(&"0.190001".parse().unwrap()).unwrap();
        line.line.reduces = line.line.reduces.map(|reduced| Reduction { position: 99, ..reduced });
        app.app.db.write(|tx| invoice::insert(tx, app.tenant, &[(stored.clone(), vec![line.clone()])])).unwrap();
        let found = app.app.db.read(|conn| {
            let lines = invoice::lines_of(app.tenant, &[stored.id]).load(conn)?;
            Ok::<_, Fault>((invoice::all(app.tenant).order("id").first(conn)?.unwrap(), lines))
        });
        let (invoice, lines) = found.unwrap();
        assert_eq!(format!("{invoice:?}"), format!("{stored:?}"));
        assert_eq!(format!("{lines:?}"), format!("{:?}", [line]));
    }
}
