//! Versions of plans: which change makes one, which holds in place, and how each is found.

use super::plan::WHOLE;
use super::{blamed, with};
use crate::support::builders::text;
use crate::support::{TestApp, both, mutation};
use serde_json::{Value, json};

/// The whole plan with its id.
fn with_id() -> String {
    WHOLE.replacen('{', "{ id", 1)
}

/// Changes a plan; answers the version that there is then.
fn update(app: &TestApp, plan: &str, changes: Value) -> Value {
    app.mutate("updatePlan", with(json!({"planId": plan}), changes), &with_id())["plan"].take()
}

/// What stands for a version: its number, its state, its revision and what it costs.
fn versions(app: &TestApp, code: &str) -> Value {
    let document = format!(
        r#"{{ planByCode(code: "{code}", version: 1) {{ versions {{ version state revision prices {{ amount }} }} }} }}"#
    );
    let found = app.data(&document)["planByCode"]["versions"].take();
    let version = |version: &Value| {
        let amounts: Vec<&Value> = version["prices"].as_array().unwrap().iter().map(|price| &price["amount"]).collect();
        json!([version["version"], version["state"], version["revision"], amounts])
    };
    Value::from(found.as_array().unwrap().iter().map(version).collect::<Vec<_>>())
}

/// How many rows each of these tables has, and how many events were told.
fn counts(app: &TestApp) -> [i64; 3] {
    ["plans", "prices", "events"].map(|table| app.database.number(&format!("SELECT count(*) FROM {table}")))
}

both! {
    another_price_makes_a_new_version_and_keeps_the_old_one(app) {
        let input = json!({
            "code": "gold", "name": "Gold", "schedule": {"type": "MONTH_LASTDAY"}, "description": "The best.",
            "prices": [{"amount": "29"}, {"name": "Seat", "billingModel": "PER_UNIT", "amount": "0.5"}],
            "trial": {"length": 1, "unit": "MONTHS"}, "setupFee": {"amount": "5"}, "metadata": {"a": 1},
        });
        let selection = &with_id();
        let first = app.mutate("createPlan", input, selection)["plan"].take();
        app.set_clock("2025-02-01T12:00:00Z");
        let second = update(app, &text(&first["id"]), json!({"prices": [{"amount": "39"}, {"amount": "0.25"}]}));
        assert_ne!(first["id"], second["id"]);
        let price = |at: usize, amount: &str, model: &str| {
            let changes = json!({"amount": amount, "billingModel": model, "plan": {"version": 2}});
            with(with(first["prices"][at].clone(), changes), json!({"createdAt": "2025-02-01T12:00:00Z"}))
        };
        let expected = json!({
            "id": second["id"], "version": 2, "versions": [{"version": 1}, {"version": 2}],
            "prices": [price(0, "39", "FLAT_FEE"), price(1, "0.25", "FLAT_FEE")],
            "createdAt": "2025-02-01T12:00:00Z", "updatedAt": "2025-02-01T12:00:00Z",
        });
        assert_eq!(second, with(first.clone(), expected), "all else is copied, the names of prices, too");
        let document = "query ($id: ID!) { plan(id: $id) { id state revision createdAt updatedAt prices { amount } } }";
        let before = app.data_with(document, json!({"id": first["id"]}));
        let expected = json!({
            "id": first["id"], "state": "SUPERSEDED", "revision": 2, "createdAt": "2025-01-31T12:00:00Z",
            "updatedAt": "2025-02-01T12:00:00Z", "prices": [{"amount": "29"}, {"amount": "0.5"}],
        });
        assert_eq!(before["plan"], expected);
    }

    what_is_billed_makes_versions_and_what_is_not_does_not(app) {
        let id = app.plan("gold", "29");
        let versioned = [
            json!({"amount": "30"}),
            json!({"prices": [{"amount": "30"}, {"amount": "1"}]}),
            json!({"prices": [{"amount": "30", "cadence": "IN_ARREARS"}]}),
            json!({"schedule": {"type": "PERIOD", "billingPeriod": "MONTH"}}),
            json!({"schedule": {"type": "PERIOD", "billingPeriod": "MONTH", "interval": 2}}),
            json!({"quantity": 2}),
            json!({"trial": {"length": 7, "unit": "DAYS"}}),
            json!({"trial": null}),
            json!({"prorationUnit": "SECOND", "fixedTrialDays": false}),
            json!({"currency": "USD", "amount": "30"}),
        ];
        for (index, changes) in versioned.iter().enumerate() {
            let plan = update(app, &id, changes.clone());
            assert_eq!((&plan["version"], &plan["revision"]), (&json!(index + 2), &json!(1)), "{changes}");
        }
        let in_place = [
            json!({"name": "Silver"}),
            json!({"description": "Good."}),
            json!({"partialPeriodHandling": "NO_BILL"}),
            json!({"minimumProratedAmount": "1"}),
            json!({"amountIncludesTax": true}),
            json!({"taxRate": "0.25"}),
            json!({"setupFee": {"amount": "5"}}),
            json!({"setupFee": {"amount": "5", "handling": "SEPARATE"}}),
            json!({"setupFee": null}),
            json!({"includeZeroAmount": true}),
            json!({"fixedCount": 1}),
            json!({"fixedLifeTime": {"length": 1, "unit": "DAYS"}}),
            json!({"noticePeriods": 1}),
            json!({"noticePeriodsAfterCurrent": false}),
            json!({"fixationPeriods": 1}),
            json!({"fixationPeriodsFull": true}),
            json!({"renewalReminderDays": 1}),
            json!({"trialReminderDays": 1}),
            json!({"metadata": {"a": 1}}),
        ];
        app.set_clock("2025-02-01T12:00:00Z");
        for (index, changes) in in_place.iter().enumerate() {
            let plan = update(app, &id, changes.clone());
            assert_eq!((&plan["version"], &plan["revision"]), (&json!(11), &json!(index + 2)), "{changes}");
            assert_eq!(plan["updatedAt"], "2025-02-01T12:00:00Z");
            for (name, value) in changes.as_object().unwrap() {
                let nested = matches!(name.as_str(), "minimumProratedAmount" | "setupFee");
                assert!(nested || plan[name] == *value, "{changes} {plan}");
            }
        }
        let mut expected: Vec<Value> = (1..11).map(|version| json!([version, "SUPERSEDED", 2])).collect();
        expected.push(json!([11, "ACTIVE", 20]));
        let found = versions(app, "gold");
        let found: Vec<Value> =
            found.as_array().unwrap().iter().map(|version| json!(version.as_array().unwrap()[..3])).collect();
        assert_eq!(found, expected);
        let told = app.database.texts("SELECT event_type AS line FROM events ORDER BY id");
        assert_eq!(told.len(), 1 + versioned.len() + in_place.len());
        assert!(told[0] == "plan.created" && told[1..].iter().all(|event| event == "plan.updated"), "{told:?}");
        crate::support::consistency::assert_consistent(app);
    }

    a_change_that_changes_nothing_does_nothing(app) {
        let input = json!({
            "code": "gold", "name": "Gold", "schedule": {"type": "DAILY"}, "currency": "EUR",
            "prices": [
                {"amount": "29.00"},
                {"billingModel": "TIERED", "tierMode": "SLAB", "tiers": [
                    {"upTo": "1.0", "unitAmount": "0.10"}, {"unitAmount": "0", "flatAmount": "5"},
                ]},
            ],
            "taxRate": "0.20", "setupFee": {"amount": "5"}, "metadata": {"b": {"y": 1, "x": 2}, "a": [1, 2]},
        });
        let selection = &with_id();
        let made = app.mutate("createPlan", input, selection)["plan"].take();
        let id = text(&made["id"]);
        let before = counts(app);
        app.set_clock("2025-02-01T12:00:00Z");
        for same in [
            json!({}),
            json!({"name": " Gold ", "schedule": {"type": "DAILY", "interval": 1}, "currency": "eur"}),
            json!({"prices": [
                {"amount": 29},
                {"billingModel": "TIERED", "tierMode": "SLAB", "tiers": [
                    {"upTo": "1", "unitAmount": "0.1", "flatAmount": "0"}, {"unitAmount": "0.00", "flatAmount": "5.0"},
                ]},
            ]}),
            json!({"taxRate": "0.2", "setupFee": {"amount": "5.00", "handling": "FIRST", "text": null}}),
            json!({"metadata": {"a": [1, 2], "b": {"x": 2, "y": 1}}, "trial": null, "quantity": 1}),
            json!({"name": "Gold", "expectedRevision": 1}),
        ] {
            assert_eq!(update(app, &id, same.clone()), made, "{same}");
            assert_eq!(counts(app), before, "{same}");
        }
    }

    a_price_keeps_its_name_unless_it_gets_another(app) {
        let id = app.plan("gold", "29");
        let names = |plan: &Value| -> Vec<String> {
            plan["prices"].as_array().unwrap().iter().map(|price| text(&price["name"])).collect()
        };
        assert_eq!(names(&update(app, &id, json!({"name": "Silver", "amount": "30"}))), ["The gold"]);
        let prices = json!([{"amount": "30"}, {"amount": "1"}, {"amount": "2", "name": "Third"}]);
        assert_eq!(names(&update(app, &id, json!({"prices": prices}))), ["The gold", "Silver", "Third"]);
        let prices = json!([{"amount": "30", "name": "First"}, {"amount": "1"}, {"amount": "2"}]);
        assert_eq!(names(&update(app, &id, json!({"prices": prices}))), ["First", "Silver", "Third"]);
    }

    a_price_measures_its_feature_in_the_next_version_too(app) {
        let id = app.plan("gold", "29");
        let feature = app.feature("calls", "METERED");
        app.feature("data", "METERED");
        let usage = |code: &str| json!({"type": "USAGE", "amount": "0.1", "featureCode": code});
        let plan = update(app, &id, json!({"prices": [{"amount": "29"}, usage("calls")]}));
        assert_eq!(plan["prices"][1]["feature"], json!({"code": "calls"}));
        assert_eq!(update(app, &id, json!({"prices": [{"amount": "29"}, usage("calls")]}))["version"], 2, "the same");
        app.mutate("archiveFeature", json!({"featureId": feature}), "__typename");
        let plan = update(app, &id, json!({"quantity": 2}));
        assert_eq!((&plan["version"], &plan["prices"][1]["feature"]), (&json!(3), &json!({"code": "calls"})));
        let plan = update(app, &id, json!({"prices": [{"amount": "29"}, usage("data")]}));
        assert_eq!((&plan["version"], &plan["prices"][1]["feature"]), (&json!(4), &json!({"code": "data"})));
    }

    the_currency_of_a_plan_is_that_of_its_amounts(app) {
        let id = app.plan("gold", "29");
        update(app, &id, json!({"setupFee": {"amount": "5"}, "minimumProratedAmount": "1"}));
        let to_yen = json!({"planId": id, "currency": "JPY"});
        super::refuses_at(
            app,
            "updatePlan",
            to_yen.clone(),
            &["VALIDATION_ERROR input.setupFee", "VALIDATION_ERROR input.minimumProratedAmount"],
        );
        let without = with(to_yen, json!({"setupFee": {"amount": 500}, "minimumProratedAmount": null}));
        super::refuses_at(app, "updatePlan", without.clone(), &["VALIDATION_ERROR input.currency"]);
        let plan = app.mutate("updatePlan", with(without, json!({"amount": "3000"})), WHOLE)["plan"].take();
        assert_eq!(plan["setupFee"]["amount"], json!({"amount": "500", "currency": "JPY"}));
        assert_eq!((&plan["prices"][0]["currency"], &plan["version"]), (&json!("JPY"), &json!(2)));
    }

    a_version_is_found_by_its_number_and_the_active_one_without(app) {
        let first = app.plan("gold", "29");
        let second = text(&update(app, &first, json!({"amount": "39"}))["id"]);
        app.plan("silver", "19");
        let find = |arguments: &str| {
            app.data(&format!("{{ planByCode({arguments}) {{ id state }} }}"))["planByCode"].take()
        };
        let old = json!({"id": first, "state": "SUPERSEDED"});
        let new = json!({"id": second, "state": "ACTIVE"});
        for (arguments, expected) in [
            (r#"code: "gold""#, &new),
            (r#"code: " gold ", version: null"#, &new),
            (r#"code: "gold", version: 1"#, &old),
            (r#"version: 2, code: "gold""#, &new),
            (r#"code: "gold", version: 3"#, &Value::Null),
            (r#"code: "gold", version: 0"#, &Value::Null),
            (r#"code: "gold", version: -2147483648"#, &Value::Null),
            (r#"code: "Gold""#, &Value::Null),
            (r#"code: """#, &Value::Null),
            (r#"code: "a\u0000b", version: 1"#, &Value::Null),
        ] {
            assert_eq!(find(arguments), *expected, "{arguments}");
        }
        let document = "query ($code: String!, $version: Int) { planByCode(code: $code, version: $version) { id } }";
        for (variables, id) in [
            (json!({"code": "gold"}), &second),
            (json!({"code": "gold", "version": null}), &second),
            (json!({"code": "gold", "version": 1}), &first),
        ] {
            assert_eq!(app.data_with(document, variables)["planByCode"]["id"], *id);
        }
        app.mutate("archivePlan", json!({"planId": first}), "__typename");
        assert_eq!(find(r#"code: "gold""#), Value::Null);
        assert_eq!(find(r#"code: "gold", version: 1"#), json!({"id": first, "state": "DELETED"}));
        let silver = app.data(r#"{ planByCode(code: "silver") { state } }"#);
        assert_eq!(silver["planByCode"]["state"], "ACTIVE", "another plan stays");
    }

    archiving_ends_all_versions(app) {
        let id = app.plan("gold", "29");
        update(app, &id, json!({"amount": "39"}));
        app.set_clock("2025-02-01T12:00:00Z");
        let archived = app.mutate("archivePlan", json!({"planId": id}), "plan { version state revision updatedAt }");
        let expected = json!({"version": 2, "state": "DELETED", "revision": 2, "updatedAt": "2025-02-01T12:00:00Z"});
        assert_eq!(archived["plan"], expected);
        assert_eq!(versions(app, "gold"), json!([[1, "DELETED", 3, ["29"]], [2, "DELETED", 2, ["39"]]]));
        let told = app.database.texts("SELECT event_type AS line FROM events ORDER BY id");
        assert_eq!(told, ["plan.created", "plan.updated", "plan.archived"]);
    }

    another_revision_than_expected_is_a_conflict(app) {
        let first = app.plan("gold", "29");
        let second = text(&update(app, &first, json!({"amount": "39"}))["id"]);
        update(app, &second, json!({"name": "Silver"}));
        let before = app.database.dump();
        for (id, revision) in [(&second, 1), (&second, 3), (&second, 0), (&second, i32::MAX), (&first, 2), (&first, 1)] {
            for (mutation, changes) in [
                ("updatePlan", json!({"name": "Bronze"})),
                ("updatePlan", json!({"amount": "1"})),
                ("updatePlan", json!({})),
                ("archivePlan", json!({})),
            ] {
                let input = with(json!({"planId": id, "expectedRevision": revision}), changes);
                let payload = app.attempt(mutation, input, "plan { id revision }");
                assert_eq!(blamed(&payload["userErrors"]), ["CONFLICT input.expectedRevision"], "{mutation} {revision}");
                assert_eq!(payload["plan"], json!({"id": second, "revision": 2}), "it shows the newest version");
            }
        }
        app.database.assert_unchanged(&before);
        let third = update(app, &second, json!({"amount": "49", "expectedRevision": 2}));
        assert_eq!((&third["version"], &third["revision"]), (&json!(3), &json!(1)));
        app.mutate("archivePlan", json!({"planId": third["id"], "expectedRevision": 1}), "__typename");
    }

    a_repetition_under_one_key_makes_one_version(app) {
        let id = app.plan("gold", "29");
        let send = |key: &str, field: &str, input: Value| {
            let (document, variables) = mutation(field, input, "plan { id version }");
            app.send_as(&app.key, &[("idempotency-key", key)], &document, variables).json()
        };
        let new = json!({"code": "silver", "name": "Silver", "schedule": {"type": "MANUAL"}});
        for (key, field, input) in [
            ("create", "createPlan", new),
            ("update", "updatePlan", json!({"planId": id, "amount": "39"})),
            ("archive", "archivePlan", json!({"planId": id})),
        ] {
            let first = send(key, field, input.clone());
            assert_eq!(first["data"][field]["userErrors"], json!([]), "{field}");
            let before = app.database.dump();
            let again = send(key, field, input);
            assert_eq!(again["data"], first["data"], "{field}");
            assert_eq!(again["extensions"]["idempotency"], json!({"replayed": true}), "{field}");
            app.database.assert_unchanged(&before);
        }
        assert_eq!(counts(app)[..2], [3, 2]);
    }

    plans_are_listed_with_all_their_versions(app) {
        let gold = app.plan("gold", "29");
        app.set_clock("2025-02-01T12:00:00Z");
        app.plan("silver", "19");
        app.set_clock("2025-02-02T12:00:00Z");
        update(app, &gold, json!({"amount": "39"}));
        update(app, &gold, json!({"currency": "USD", "amount": "49"}));
        let archived = app.plan("bronze", "9");
        app.mutate("archivePlan", json!({"planId": archived}), "__typename");
        let list = |arguments: &str| {
            let answer = app.data(&format!("{{ plans({arguments}) {{ nodes {{ code version }} totalCount }} }}"));
            let name = |plan: &Value| format!("{} {}", text(&plan["code"]), plan["version"]);
            let found: Vec<String> = answer["plans"]["nodes"].as_array().unwrap().iter().map(name).collect();
            assert_eq!(answer["plans"]["totalCount"], found.len(), "{arguments}");
            found
        };
        for (filter, expected) in [
            ("state: {eq: ACTIVE}", &["gold 3", "silver 1"][..]),
            ("state: {in: [SUPERSEDED, DELETED]}", &["bronze 1", "gold 1", "gold 2"]),
            (r#"code: {eq: "gold"}"#, &["gold 1", "gold 2", "gold 3"]),
            (r#"code: {startsWith: "g"}, version: {gte: 2}"#, &["gold 2", "gold 3"]),
            (r#"name: {eq: "The silver"}"#, &["silver 1"]),
            (r#"currency: {eq: "USD"}"#, &["gold 3"]),
            (r#"createdAt: {lt: "2025-02-02T00:00:00Z"}"#, &["gold 1", "silver 1"]),
            (r#"updatedAt: {lt: "2025-02-02T00:00:00Z"}"#, &["silver 1"]),
        ] {
            let arguments = format!("filter: {{{filter}}}, orderBy: [{{field: CODE}}, {{field: VERSION}}]");
            assert_eq!(list(&arguments), expected, "{filter}");
        }
        assert_eq!(list("orderBy: [{field: VERSION, direction: DESC}, {field: NAME}]")[..2], ["gold 3", "gold 2"]);
        assert_eq!(list("orderBy: [{field: UPDATED_AT}]")[0], "silver 1");
        assert_eq!(list("orderBy: [{field: CREATED_AT}, {field: CODE}]")[2..], ["bronze 1", "gold 2", "gold 3"]);
        let newest = ["bronze 1", "gold 3", "gold 2", "silver 1", "gold 1"];
        assert_eq!(list("first: 100"), newest, "newest first where nothing is said");
    }
}
