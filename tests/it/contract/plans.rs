//! What the database itself refuses of plans and prices, and that amounts come back to the last digit.

use super::refusals::{Why, allows, copy, new_id, refuses};
use crate::support::{TestApp, both};
use Why::{Check, Unique};
use bigdecimal::BigDecimal;
use perennial::domain::plan::Plan;
use perennial::domain::price::{BillingModel, Tier, TierMode};
use perennial::domain::price::{
    MOST_PACKAGE, ModelSettings, PackageRounding, Price, PriceModel, PriceTerms, PriceType,
};
use perennial::domain::{Currency, Id, Instant};
use perennial::repository::{Fault, plan, price};
use serde_json::json;
use uuid::Uuid;

/// A plan with all that a plan can have.
fn full(app: &TestApp) {
    let input = json!({
        "code": "gold", "name": "Gold", "schedule": {"type": "MONTH_FIXEDDAY", "fixedDay": 1, "baseMonth": 1},
        "prices": [
            {"amount": "29"},
            {"billingModel": "PACKAGE", "amount": "1", "packageSize": 10, "billingPeriod": "MONTH"},
            {"billingModel": "TIERED", "tierMode": "SLAB", "tiers": [{"unitAmount": "1"}]},
            {"type": "USAGE", "amount": "1"},
            {"type": "ONE_TIME", "amount": "1"},
        ],
        "trial": {"length": 1, "unit": "DAYS"}, "fixedLifeTime": {"length": 1, "unit": "MONTHS"}, "taxRate": "0.25",
        "setupFee": {"amount": "5", "text": "Setup"}, "minimumProratedAmount": "1", "fixedCount": 1,
        "renewalReminderDays": 1, "trialReminderDays": 1, "amountIncludesTax": true,
    });
    app.mutate("createPlan", input, "__typename");
}

/// A moment and an id for rows that are made by hand.
fn made(app: &TestApp) -> (Plan, Instant) {
    app.plan("gold", "29");
    let found = app.app.db.read(|conn| plan::by_code(app.tenant, "gold", None).first(conn)).unwrap().unwrap();
    (found, "2025-01-31T12:00:00Z".parse().unwrap())
}

both! {
    a_version_makes_sense_by_itself(app) {
        full(app);
        for (why, change) in [
            (Check("version"), "version = 0"),
            (Check("state"), "state = 'DRAFT'"),
            (Check("code"), "code = ''"),
            (Check("name"), "name = ''"),
            (Check("currency"), "currency = 'EURO'"),
            (Check("schedule_interval"), "schedule_interval = 0"),
            (Check("schedule_interval"), "schedule_interval = 367"),
            (Check("fixed_day"), "fixed_day = 29"),
            (Check("base_month"), "base_month = 13"),
            (Check("partial_handling"), "partial_handling = 'BILL_HALF'"),
            (Check("proration_unit"), "proration_unit = 'MINUTE', fixed_trial_days = FALSE"),
            (Check("minimum_prorated_amount"), "minimum_prorated_amount = -1"),
            (Check("quantity"), "quantity = 0"),
            (Check("tax_rate"), "tax_rate = '1.01'"),
            (Check("tax_rate"), "tax_rate = '-0.01'"),
            (Check("trial_length"), "trial_length = 0"),
            (Check("setup_fee"), "setup_fee = -1"),
            (Check("setup_fee_handling"), "setup_fee_handling = 'NEVER'"),
            (Check("fixed_count"), "fixed_count = 0"),
            (Check("life_time_length"), "life_time_length = 0"),
            (Check("notice_periods"), "notice_periods = -1"),
            (Check("fixation_periods"), "fixation_periods = -1"),
            (Check("renewal_reminder_days"), "renewal_reminder_days = 0"),
            (Check("trial_reminder_days"), "trial_reminder_days = 0"),
            (Check("a_schedule_has_its_own_settings"), "schedule_type = 'MANUAL'"),
            (Check("a_schedule_has_its_own_settings"), "schedule_type = 'DAILY'"),
            (Check("a_schedule_has_its_own_settings"), "schedule_type = 'WEEKLY_FIXEDDAY'"),
            (Check("a_schedule_has_its_own_settings"), "schedule_type = 'WEEKLY_FIXEDDAY', base_month = NULL, fixed_day = 8"),
            (Check("a_schedule_has_its_own_settings"), "schedule_type = 'PERIOD', fixed_day = NULL, base_month = NULL"),
            (Check("a_schedule_has_its_own_settings"), "schedule_interval = NULL"),
            (Check("a_schedule_has_its_own_settings"), "fixed_day = NULL"),
            (Check("a_schedule_has_its_own_settings"), "billing_period = 'MONTH', billing_cycle = 'CALENDAR'"),
            (Check("a_schedule_has_its_own_settings"), "billing_cycle = 'CALENDAR'"),
            (Check("a_trial_has_a_unit"), "trial_unit = NULL"),
            (Check("a_trial_has_a_unit"), "trial_length = NULL"),
            (Check("fixed_trial_days_are_counted"), "proration_unit = 'SECOND'"),
            (Check("a_life_time_has_a_unit"), "life_time_unit = NULL"),
            (Check("a_setup_fee_has_a_handling"), "setup_fee_handling = NULL"),
            (Check("a_setup_fee_has_a_handling"), "setup_fee = NULL, setup_fee_handling = NULL"),
        ] {
            refuses(app, why, &format!("UPDATE plans SET {change}"));
        }
        allows(app, "UPDATE plans SET schedule_type = 'WEEKLY_FIXEDDAY', base_month = NULL, fixed_day = 7");
        let period = "schedule_type = 'PERIOD', fixed_day = NULL, billing_period = 'YEAR', billing_cycle = 'CALENDAR'";
        allows(app, &format!("UPDATE plans SET {period}"));
        refuses(app, Check("billing_period"), "UPDATE plans SET billing_period = 'DECADE'");
        refuses(app, Check("billing_cycle"), "UPDATE plans SET billing_cycle = 'MOON'");
        allows(app, "UPDATE plans SET setup_fee = NULL, setup_fee_handling = NULL, setup_fee_text = NULL");
    }

    a_price_makes_sense_by_itself(app) {
        full(app);
        for (why, change, of) in [
            (Check("position"), "position = -1", "position = 0"),
            (Check("name"), "name = ''", "position = 0"),
            (Check("price_type"), "price_type = 'GIFT'", "position = 0"),
            (Check("billing_model"), "billing_model = 'AUCTION'", "position = 0"),
            (Check("amount"), "amount = '-1'", "position = 0"),
            (Check("package_size"), "package_size = 0", "position = 1"),
            (Check("package_rounding"), "package_rounding = 'HALF'", "position = 1"),
            (Check("tier_mode"), "tier_mode = 'BOTH'", "position = 2"),
            (Check("tiers"), "tiers = '{}'", "position = 2"),
            (Check("cadence"), "cadence = 'LATER'", "position = 0"),
            (Check("billing_period"), "billing_period = 'DECADE'", "position = 1"),
            (Check("billing_period_count"), "billing_period_count = 0", "position = 1"),
            (Check("billing_period_count"), "billing_period_count = 367", "position = 1"),
            (Check("a_price_has_one_owner"), "plan_id = NULL", "position = 0"),
            (Check("a_model_has_its_own_settings"), "amount = NULL", "position = 0"),
            (Check("a_model_has_its_own_settings"), "billing_model = 'TIERED'", "position = 0"),
            (Check("a_model_has_its_own_settings"), "billing_model = 'PER_UNIT'", "position = 1"),
            (Check("a_model_has_its_own_settings"), "package_size = NULL", "position = 1"),
            (Check("a_model_has_its_own_settings"), "package_rounding = NULL", "position = 1"),
            (Check("a_model_has_its_own_settings"), "tiers = NULL", "position = 2"),
            (Check("a_model_has_its_own_settings"), "tier_mode = NULL", "position = 2"),
            (Check("a_model_has_its_own_settings"), "amount = '1'", "position = 2"),
            (Check("a_billing_period_is_counted"), "billing_period = NULL", "position = 1"),
            (Check("a_billing_period_is_counted"), "billing_period_count = NULL", "position = 1"),
            (Check("a_price_is_billed_as_its_type_is"), "cadence = 'IN_ADVANCE'", "position = 3"),
            (Check("a_price_is_billed_as_its_type_is"), "cadence = 'IN_ARREARS'", "position = 4"),
            (Check("a_price_is_billed_as_its_type_is"), "price_type = 'ONE_TIME'", "position = 1"),
            (Unique, "position = 1", "position = 0"),
        ] {
            refuses(app, why, &format!("UPDATE prices SET {change} WHERE {of}"));
        }
        allows(app, "UPDATE prices SET cadence = 'IN_ARREARS' WHERE price_type = 'USAGE'");
    }

    one_version_of_a_plan_is_active(app) {
        app.plan("gold", "29");
        let version = |version: i32, state: &str| {
            let id = new_id(app, version.unsigned_abs());
            let changes = [("id", id), ("version", version.to_string()), ("state", format!("'{state}'"))];
            copy(app, "plans", "version = 1", &changes)
        };
        refuses(app, Unique, &version(2, "ACTIVE"));
        allows(app, &version(2, "SUPERSEDED"));
        allows(app, &version(3, "DELETED"));
        refuses(app, Unique, &version(3, "SUPERSEDED"));
        refuses(app, Unique, "UPDATE plans SET state = 'ACTIVE'");
        allows(app, "UPDATE plans SET state = 'SUPERSEDED'");
        allows(app, "UPDATE plans SET state = 'ACTIVE' WHERE version = 3");
        app.plan("silver", "19");
    }

    amounts_come_back_to_the_last_digit(app) {
        let (plan, now) = made(app);
        let exact = |text: &str| -> BigDecimal { text.parse().unwrap() };
        let tier = |up_to: Option<&str>, unit: &str, flat: &str| Tier {
            up_to: up_to.map(exact),
            unit_amount: exact(unit),
            flat_amount: exact(flat),
        };
        let models = [
            PriceModel::PerUnit { unit_amount: exact("0.000000000001") },
            PriceModel::PerUnit { unit_amount: exact("9999999999.999999999999") },
            PriceModel::PerUnit { unit_amount: exact("0") },
            PriceModel::Package { amount: exact("0.10"), size: MOST_PACKAGE, rounding: PackageRounding::Down },
            PriceModel::Tiered { mode: TierMode::Slab, tiers: vec![tier(None, "0.000000000001", "10000000000")] },
            PriceModel::Tiered {
                mode: TierMode::Volume,
                tiers: vec![tier(Some("0.000000000001"), "1.10", "0"), tier(Some("999999999999.5"), "0", "0.5"),
                    tier(None, "123456789.123456789123", "0")],
            },
        ];
        let prices: Vec<Price> = (1..).zip(models).map(|(position, model)| {
            let terms = PriceTerms {
                name: "Zoë 'Q'".to_owned(), price_type: PriceType::Recurring, currency: Currency::EUR, model,
                cadence: None, billing_period: None, feature_id: None,
            };
            let id = Id::new(Uuid::from_u128(u128::try_from(position).unwrap()));
            terms.of_plan(id, plan.id, position, now)
        }).collect();
        app.app.db.write(|tx| price::insert(tx, app.tenant, &prices)).unwrap();
        let found = app.app.db.read(|conn| price::of_plans(app.tenant, &[plan.id]).load(conn)).unwrap();
        assert_eq!(found[1..], prices);
    }

    a_price_of_one_subscription_is_found_with_it(app) {
        let warehouse = app.warehouse();
        app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        let (plan, now) = made(app);
        let (subscription, parent) = app.app.db.read(|conn| {
            let subscription = perennial::repository::subscription::all(app.tenant).first(conn)?.unwrap();
            Ok::<_, Fault>((subscription, price::of_plans(app.tenant, &[plan.id]).first(conn)?.unwrap()))
        })
        .unwrap();
        let model = ModelSettings { amount: "19".parse().ok(), ..ModelSettings::of(BillingModel::FlatFee) };
        let own = Price {
            id: Id::new(Uuid::from_u128(1)),
            plan_id: None,
            subscription_id: Some(subscription.id),
            parent_price_id: Some(parent.id),
            model: model.read(Currency::EUR).unwrap(),
            created_at: now,
            ..parent.clone()
        };
        app.app.db.write(|tx| price::insert(tx, app.tenant, std::slice::from_ref(&own))).unwrap();
        refuses(app, Check("a_price_stands_for_another"), "UPDATE prices SET parent_price_id = id WHERE subscription_id IS NOT NULL");
        for owner in ["plan_id = (SELECT id FROM plans)", "subscription_id = NULL, plan_id = (SELECT id FROM plans)"] {
            let change = format!("UPDATE prices SET {owner} WHERE subscription_id IS NOT NULL");
            refuses(app, Check("a_price_has_one_owner"), &change);
        }
        let read = |conn: &mut _| price::of_subscriptions(app.tenant, &[subscription.id]).load(conn);
        assert_eq!(app.app.db.read(read).unwrap(), [own]);
        let document = "{ plans { nodes { prices { amount } } } subscriptions { nodes { id } } }";
        assert_eq!(app.data(document)["plans"]["nodes"][0]["prices"], json!([{"amount": "29"}]));
        let price = format!(
            r#"{{ node(id: "{}") {{ ... on Price {{ amount plan {{ id }} subscription {{ id }} parent {{ amount }} }} }} }}"#,
            Id::<Price>::new(Uuid::from_u128(1))
        );
        let expected = json!({
            "amount": "19", "plan": null, "subscription": {"id": subscription.id.to_string()}, "parent": {"amount": "29"},
        });
        assert_eq!(app.data(&price)["node"], expected);
    }

    a_row_that_makes_no_sense_is_a_fault_of_ours(app) {
        full(app);
        // What no check of the database sees.
        let tiers = r#"[{"upTo": "5", "unitAmount": "1", "flatAmount": "0"}]"#;
        allows(app, &format!("UPDATE prices SET tiers = '{tiers}' WHERE position = 2"));
        let answer = app.send("{ plans { nodes { prices { name } } } }", json!({}));
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL_SERVER_ERROR", "{answer}");
        assert!(!answer.to_string().contains("price"), "and nothing of it is told: {answer}");
    }
}
