//! Every refusal that Billwerk+ documents of the creation, with its number (`billwerk.md` §10.1). Nothing changes by them.

use super::{monthly, on_the_first, plan, refused_with, request, subscribe};
use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// A customer and M30.
fn jane(app: &TestApp) -> String {
    monthly(app);
    app.customer("Jane Doe")
}

fn tenants_own(id: &str) -> Value {
    json!({"customer": {"id": id}, "plan": {"code": "M30"}})
}

both! {
    customers(app) {
        let jane = jane(app);
        let asked = |customer: Value| json!({"customer": customer, "plan": {"code": "M30"}});
        refused_with(app, &tenants_own("cus_00000000000000000000000000"), 9, "CUSTOMER_NOT_FOUND input.customer");
        refused_with(app, &asked(json!({"externalId": "nobody"})), 9, "CUSTOMER_NOT_FOUND input.customer");
        for empty in ["", " \n"] {
            refused_with(app, &asked(json!({"externalId": empty})), 18, "MISSING_CUSTOMER input.customer.externalId");
        }
        app.mutate("updateCustomer", json!({"customerId": jane, "externalId": "jane"}), "__typename");
        let again = asked(json!({"create": {"name": "Again", "externalId": "jane"}}));
        refused_with(app, &again, 11, "DUPLICATE_HANDLE input.customer.create.externalId");
        let below = asked(json!({"create": {"name": "B", "parentCustomerId": "cus_00000000000000000000000000"}}));
        refused_with(app, &below, 9, "CUSTOMER_NOT_FOUND input.customer.create.parentCustomerId");
        app.mutate("archiveCustomer", json!({"customerId": jane}), "__typename");
        for customer in [json!({"id": jane}), json!({"externalId": "jane"})] {
            refused_with(app, &asked(customer), 71, "CUSTOMER_DELETED input.customer");
        }
        let (_, key) = app.another_tenant("Other");
        let theirs = app.attempt_as(&key, "createCustomer", json!({"name": "T"}), "customer { id }");
        refused_with(app, &tenants_own(&text(&theirs["customer"]["id"])), 9, "CUSTOMER_NOT_FOUND input.customer");
    }

    /// `billwerk.md` §11.12.
    plans(app) {
        let jane = jane(app);
        let new = json!({
            "customer": {"create": {"name": "C", "externalId": "c1"}}, "plan": {"code": "NONE"}, "handle": "h",
        });
        refused_with(app, &new, 10, "PLAN_NOT_FOUND input.plan");
        assert_eq!(app.data(r#"{ customerByExternalId(externalId: "c1") { id } }"#)["customerByExternalId"], json!(null));
        let asked = |plan: Value, changes: Value| super::with(json!({"customer": {"id": jane}, "plan": plan}), changes);
        let none = asked(json!({"id": "plan_00000000000000000000000000"}), json!({}));
        refused_with(app, &none, 10, "PLAN_NOT_FOUND input.plan");
        let version = asked(json!({"code": "M30"}), json!({"planVersion": 2}));
        refused_with(app, &version, 10, "PLAN_NOT_FOUND input.planVersion");
        let first = on_the_first(app);
        app.mutate("archivePlan", json!({"planId": first}), "__typename");
        for archived in [asked(json!({"code": "F1"}), json!({})), asked(json!({"id": first}), json!({}))] {
            refused_with(app, &archived, 10, "PLAN_NOT_FOUND input.plan");
        }
        let version = asked(json!({"code": "F1"}), json!({"planVersion": 1}));
        refused_with(app, &version, 10, "PLAN_NOT_FOUND input.planVersion");
    }

    handles_and_dates(app) {
        let jane = jane(app);
        subscribe(app, request(&jane, "M30", json!({"handle": "h"})), "id");
        refused_with(app, &request(&jane, "M30", json!({"handle": "h"})), 11, "DUPLICATE_HANDLE input.handle");
        for (changes, number, expected) in [
            (json!({"startDate": "2024-12-31T11:59:59Z"}), 37, "START_DATE_TOO_EARLY input.startDate"),
            (json!({"endDate": "2025-01-31T12:00:00Z"}), 14, "END_DATE_NOT_IN_FUTURE input.endDate"),
            (json!({"endDate": "2025-01-01T00:00:00Z"}), 14, "END_DATE_NOT_IN_FUTURE input.endDate"),
            (
                json!({"startDate": "2025-01-10T00:00:00Z", "endDate": "2025-01-20T00:00:00Z"}), 14,
                "END_DATE_NOT_IN_FUTURE input.endDate",
            ),
        ] {
            refused_with(app, &request(&jane, "M30", changes), number, expected);
        }
    }

    the_test_flag(app) {
        let jane = jane(app);
        refused_with(app, &request(&jane, "M30", json!({"test": true})), 20, "TEST_ON_LIVE_TENANT input.test");
    }

    signup_and_source(app) {
        let jane = jane(app);
        let john = app.customer("John Doe");
        let [own, foreign, gone] = [&jane, &john, &jane].map(|customer| app.payment_method(customer, "SUCCEEDS"));
        app.mutate("archivePaymentMethod", json!({"paymentMethodId": gone}), "__typename");
        let used = app.token("SUCCEEDS");
        subscribe(app, request(&jane, "M30", json!({"source": used})), "id");
        let johns = app.mutate("createTestToken", json!({"card": "SUCCEEDS", "customerId": john}), "paymentToken { id }");
        let johns = text(&johns["paymentToken"]["id"]);
        let asked = |method: Value, source: Value| request(&jane, "M30", json!({"signupMethod": method, "source": source}));
        for method in ["EMAIL", "LINK"] {
            refused_with(app, &asked(json!(method), json!(own)), 111, "SOURCE_NOT_ALLOWED input.source");
        }
        for conditional in [json!({}), json!({"signupMethod": "EMAIL"}), json!({"signupMethod": "LINK"})] {
            let input = super::with(request(&jane, "M30", conditional), json!({"conditionalCreate": true}));
            refused_with(app, &input, 111, "SOURCE_NOT_ALLOWED input.conditionalCreate");
        }
        for source in [json!(null), json!(""), json!("  "), json!("visa"), json!(jane), json!("\u{0}")] {
            refused_with(app, &asked(json!("SOURCE"), source), 110, "SOURCE_REQUIRED input.source");
        }
        refused_with(app, &asked(json!(null), json!("visa")), 110, "SOURCE_REQUIRED input.source");
        for method in [json!(null), json!("SOURCE")] {
            for (source, number, expected) in [
                ("ca_00000000000000000000000000", 19, "PAYMENT_METHOD_NOT_FOUND"), ("ca_nonsense", 19, "PAYMENT_METHOD_NOT_FOUND"),
                (&*foreign, 19, "PAYMENT_METHOD_NOT_FOUND"), (&*gone, 42, "PAYMENT_METHOD_NOT_ACTIVE"),
                ("ct_00000000000000000000000000", 34, "INVALID_TOKEN"), ("ct_nonsense", 34, "INVALID_TOKEN"),
                (&*johns, 34, "INVALID_TOKEN"), (&*used, 103, "TOKEN_ALREADY_USED"),
            ] {
                refused_with(app, &asked(method.clone(), json!(source)), number, &format!("{expected} input.source"));
            }
        }
        let late = app.token("SUCCEEDS");
        app.set_clock("2025-01-31T13:00:00Z");
        refused_with(app, &asked(json!("SOURCE"), json!(late)), 104, "TOKEN_EXPIRED input.source");
        let new = json!({
            "customer": {"create": {"name": "N"}}, "plan": {"code": "M30"}, "source": johns, "signupMethod": "SOURCE",
        });
        refused_with(app, &new, 34, "INVALID_TOKEN input.source");
        let new = super::with(new, json!({"source": own}));
        refused_with(app, &new, 19, "PAYMENT_METHOD_NOT_FOUND input.source");
    }

    discounts(app) {
        let jane = jane(app);
        let gone = app.discount("GONE", "10");
        app.discount("D", "10");
        app.mutate("archiveDiscount", json!({"discountId": gone}), "__typename");
        let asked = |rows: Value| request(&jane, "M30", json!({"discounts": rows}));
        for (rows, number, expected) in [
            (json!([{"discount": {"code": "NONE"}}]), 83, "DISCOUNT_NOT_FOUND input.discounts.0.discount"),
            (json!([{"discount": {"code": "d"}}]), 83, "DISCOUNT_NOT_FOUND input.discounts.0.discount"),
            (
                json!([{"discount": {"id": "dsc_00000000000000000000000000"}}]), 83,
                "DISCOUNT_NOT_FOUND input.discounts.0.discount",
            ),
            (
                json!([{"discount": {"code": "D"}}, {"discount": {"code": "GONE"}}]), 121,
                "DISCOUNT_DELETED input.discounts.1.discount",
            ),
            (
                json!([{"discount": {"code": "D"}}, {"discount": {"code": "D"}}]), 11,
                "DUPLICATE_HANDLE input.discounts.1.handle",
            ),
        ] {
            refused_with(app, &asked(rows), number, expected);
        }
        let dollars = json!([{"discount": {"code": "D"}, "amount": "1", "currency": "USD"}]);
        refused_with(app, &asked(dollars), 154, "CURRENCY_MISMATCH input.discounts.0");
        let phases = json!([{
            "startDate": "2025-02-01T00:00:00Z", "discounts": [{"discount": {"code": "NONE"}}],
        }]);
        let phased = request(&jane, "M30", json!({"phases": phases}));
        refused_with(app, &phased, 83, "DISCOUNT_NOT_FOUND input.phases.0.discounts.0.discount");
    }

    /// `billwerk.md` §6: unknown, over, exhausted, for another plan: 86; its strategy used: 87.
    coupons(app) {
        let jane = jane(app);
        on_the_first(app);
        app.discount("D", "10");
        let coupon = |changes: Value| {
            app.mutate("createCoupon", super::with(json!({"name": "C", "discount": "D"}), changes), "__typename");
        };
        coupon(json!({"code": "OTHER", "eligiblePlans": ["F1"]}));
        coupon(json!({"code": "SOON", "validFrom": "2025-02-01T00:00:00Z"}));
        coupon(json!({"code": "LATE", "validUntil": "2025-02-01T00:00:00Z"}));
        coupon(json!({"code": "GOOD"}));
        let ended = app.coupon("ENDED", "D");
        app.mutate("archiveCoupon", json!({"couponId": ended}), "__typename");
        let asked = |codes: Value| request(&jane, "M30", json!({"couponCodes": codes}));
        for code in ["NONE", "OTHER", "SOON", "ENDED"] {
            refused_with(app, &asked(json!([code])), 86, "COUPON_NOT_FOUND input.couponCodes.0");
        }
        refused_with(app, &asked(json!(["GOOD", "NONE"])), 86, "COUPON_NOT_FOUND input.couponCodes.1");
        refused_with(app, &asked(json!(["GOOD", "good"])), 87, "COUPON_ALREADY_USED input.couponCodes.1");
        subscribe(app, asked(json!(["GOOD"])), "id");
        refused_with(app, &asked(json!(["GOOD"])), 87, "COUPON_ALREADY_USED input.couponCodes.0");
        app.set_clock("2025-02-01T00:00:00Z");
        refused_with(app, &asked(json!(["LATE"])), 86, "COUPON_NOT_FOUND input.couponCodes.0");
        let dollars = json!({"code": "DOLLARS", "name": "D", "amount": "1", "currency": "USD"});
        app.mutate("createDiscount", dollars, "__typename");
        app.coupon("FOREIGN", "DOLLARS");
        refused_with(app, &asked(json!(["FOREIGN"])), 154, "CURRENCY_MISMATCH input.couponCodes.0");
        let phases = json!([{"startDate": "2025-02-01T00:00:00Z", "couponCodes": ["NONE"]}]);
        let phased = request(&jane, "M30", json!({"phases": phases}));
        refused_with(app, &phased, 86, "COUPON_NOT_FOUND input.phases.0.couponCodes.0");
    }

    /// `billwerk.md` §11.18.
    add_ons(app) {
        let jane = jane(app);
        on_the_first(app);
        app.add_on("ONE", "ON_OFF");
        app.add_on("MANY", "QUANTITY");
        let gone = app.add_on("GONE", "QUANTITY");
        app.mutate("archiveAddOn", json!({"addOnId": gone}), "__typename");
        let other = json!({
            "code": "OTHER", "name": "O", "addOnType": "ON_OFF", "unitAmount": "1", "eligiblePlans": ["F1"],
        });
        app.mutate("createAddOn", other, "__typename");
        let dollars = json!({"code": "USD", "name": "O", "addOnType": "ON_OFF", "unitAmount": "1", "currency": "USD"});
        app.mutate("createAddOn", dollars, "__typename");
        let asked = |rows: Value| request(&jane, "M30", json!({"addOns": rows}));
        let row = |code: &str| json!({"addOn": {"code": code}});
        for code in ["NONE", "one", "GONE"] {
            refused_with(app, &asked(json!([row(code)])), 113, "ADD_ON_NOT_FOUND input.addOns.0.addOn");
        }
        refused_with(app, &asked(json!([row("OTHER")])), 116, "ADD_ON_NOT_ELIGIBLE input.addOns.0.addOn");
        for quantity in [1, 2] {
            let some = super::with(row("ONE"), json!({"quantity": quantity}));
            refused_with(app, &asked(json!([some])), 115, "ADD_ON_QUANTITY_NOT_ALLOWED input.addOns.0.quantity");
        }
        refused_with(app, &asked(json!([row("MANY"), row("MANY")])), 114, "ADD_ON_ALREADY_ADDED input.addOns.1.addOn");
        let same = |code: &str| super::with(row(code), json!({"handle": "h"}));
        refused_with(app, &asked(json!([same("MANY"), same("ONE")])), 11, "DUPLICATE_HANDLE input.addOns.1.handle");
        let taken = json!([super::with(row("MANY"), json!({"handle": "ONE"})), row("ONE")]);
        refused_with(app, &asked(taken), 11, "DUPLICATE_HANDLE input.addOns.1.handle");
        refused_with(app, &asked(json!([row("USD")])), 154, "CURRENCY_MISMATCH input.addOns.0.addOn");
        subscribe(app, asked(json!([super::with(row("USD"), json!({"amount": "1"}))])), "id");
    }

    additional_costs_and_entitlements(app) {
        let jane = jane(app);
        app.feature("tier", "STATIC");
        let gone = app.feature("gone", "BOOLEAN");
        app.mutate("archiveFeature", json!({"featureId": gone}), "__typename");
        let cost = |handle: &str| json!({"handle": handle, "text": "Cable", "amount": "1"});
        let asked = |rows: Value| request(&jane, "M30", json!({"additionalCosts": rows}));
        subscribe(app, asked(json!([cost("c")])), "id");
        refused_with(app, &asked(json!([cost("a"), cost("c")])), 11, "DUPLICATE_HANDLE input.additionalCosts.1.handle");
        refused_with(app, &asked(json!([cost("a"), cost("a")])), 11, "DUPLICATE_HANDLE input.additionalCosts.1.handle");
        for code in ["none", "gone"] {
            let input = request(&jane, "M30", json!({"entitlements": [code]}));
            refused_with(app, &input, 169, "ENTITLEMENT_NOT_FOUND input.entitlements.0");
        }
        let fixed = request(&jane, "M30", json!({"entitlements": ["tier"]}));
        super::refused(app, &fixed, &["VALIDATION_ERROR input.entitlements.0"]);
    }

    /// `billwerk.md` §4.4 and §11.10, `decisions.md` 10.
    what_is_not_invoiced_at_once_cannot_depend_on_its_payment(app) {
        let jane = jane(app);
        on_the_first(app);
        let schedule = |schedule: Value| json!({"code": text(&schedule["type"]), "schedule": schedule, "amount": "1"});
        for plans in [
            json!({"type": "WEEKLY_FIXEDDAY", "fixedDay": 5}), json!({"type": "MONTH_LASTDAY"}), json!({"type": "MANUAL"}),
        ] {
            plan(app, schedule(plans));
        }
        let calendar = json!({"type": "PERIOD", "billingPeriod": "MONTH", "billingCycle": "CALENDAR"});
        plan(app, super::with(schedule(calendar), json!({"partialPeriodHandling": "NO_BILL"})));
        let asked = |plan: &str, changes: Value| {
            let condition = json!({"conditionalCreate": true, "signupMethod": "SOURCE", "source": app.token("SUCCEEDS")});
            super::with(request(&jane, plan, condition), changes)
        };
        for (plan, changes) in [
            // The last day of the month, and a Friday: even a start on a fixed day.
            ("F1", json!({})), ("WEEKLY_FIXEDDAY", json!({})), ("MONTH_LASTDAY", json!({})), ("MANUAL", json!({})),
            ("M30", json!({"trialDays": 14})), ("M30", json!({"startDate": "2025-02-01T12:00:00Z"})),
            ("M30", json!({"billingCadence": "IN_ARREARS"})), ("M30", json!({"status": "DRAFT"})), ("PERIOD", json!({})),
        ] {
            let input = asked(plan, changes.clone());
            refused_with(app, &input, 75, "NOT_ELIGIBLE_FOR_INVOICE input.conditionalCreate");
        }
        let new = super::with(asked("F1", json!({})), json!({"customer": {"create": {"name": "N", "externalId": "n"}}}));
        refused_with(app, &new, 75, "NOT_ELIGIBLE_FOR_INVOICE input.conditionalCreate");
        for (plan, changes) in [
            ("M30", json!({})), ("F1", json!({"billingPeriod": "MONTH"})), ("MANUAL", json!({"billingPeriod": "DAY"})),
            ("M30", json!({"startDate": "2025-01-20T00:00:00Z"})),
        ] {
            let made = subscribe(app, asked(plan, changes), "status invoices { nodes { status } }");
            assert_eq!(made, json!({"status": "ACTIVE", "invoices": {"nodes": [{"status": "PAID"}]}}));
        }
    }
}
