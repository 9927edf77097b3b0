//! Plans that several clients change at once.

use crate::support::both;
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::together::{outcome, outcomes, tally, together};
use serde_json::{Value, json};
use std::collections::BTreeSet;

both! {
    sixteen_new_prices_are_sixteen_versions(app) {
        let plan = app.plan("gold", "100");
        let done = together(16, |index| {
            app.attempt("updatePlan", json!({"planId": plan, "amount": index}), "plan { id version prices { amount } }")
        });
        assert_eq!(tally(&done), json!({"DONE": 16}));
        let versions: BTreeSet<i64> =
            done.iter().map(|payload| payload["plan"]["version"].as_i64().unwrap()).collect();
        assert_eq!(versions, (2..=17).collect(), "each has made a version of its own");
        for (index, payload) in done.iter().enumerate() {
            assert_eq!(payload["plan"]["prices"], json!([{"amount": index.to_string()}]));
        }
        assert_eq!(app.database.number("SELECT count(*) FROM plans"), 17);
        assert_eq!(app.database.number("SELECT count(*) FROM prices"), 17);
        assert_eq!(app.database.number("SELECT version FROM plans WHERE state = 'ACTIVE'"), 17);
        assert_consistent(app);
    }

    the_same_new_price_is_one_version(app) {
        let plan = app.plan("gold", "29");
        let done = together(16, |_| app.attempt("updatePlan", json!({"planId": plan, "amount": "39"}), "plan { version }"));
        assert_eq!(tally(&done), json!({"DONE": 16}));
        assert!(done.iter().all(|payload| payload["plan"] == json!({"version": 2})));
        assert_consistent(app);
    }

    changes_in_place_are_counted_and_none_is_lost(app) {
        let plan = app.plan("gold", "29");
        let done = together(16, |index| match index % 2 {
            0 => app.attempt("updatePlan", json!({"planId": plan, "noticePeriods": index + 1}), "__typename"),
            _ => app.attempt("updatePlan", json!({"planId": plan, "fixationPeriods": index}), "__typename"),
        });
        assert_eq!(tally(&done), json!({"DONE": 16}));
        assert_eq!(app.database.number("SELECT revision FROM plans"), 17);
        assert_eq!(app.database.number("SELECT count(*) FROM plans WHERE notice_periods > 0 AND fixation_periods > 0"), 1);
        assert_consistent(app);
    }

    of_sixteen_changes_to_one_revision_one_is_made(app) {
        let plan = app.plan("gold", "29");
        let done = together(16, |index| {
            // Some of them make a version.
            let mut input = json!({"planId": plan, "expectedRevision": 1, "name": format!("Name {index}")});
            if index % 2 == 0 {
                input["amount"] = json!(index);
            }
            app.attempt("updatePlan", input, "plan { id version revision }")
        });
        assert_eq!(tally(&done), json!({"DONE": 1, "CONFLICT": 15}));
        for payload in &done {
            assert_eq!(payload["plan"], done[0]["plan"], "a conflict shows what the winner has made");
        }
        assert_consistent(app);
    }

    a_code_is_taken_once(app) {
        let input = json!({"code": "gold", "name": "Gold", "schedule": {"type": "DAILY"}, "amount": "1"});
        let done = together(16, |_| app.attempt("createPlan", input.clone(), "plan { id }"));
        assert_eq!(tally(&done), json!({"DONE": 1, "DUPLICATE_HANDLE": 15}));
        assert_eq!(app.database.number("SELECT count(*) FROM plans"), 1);
        assert_consistent(app);
    }

    a_plan_that_is_archived_gets_no_version_after_it(app) {
        for round in 0..10 {
            let plan = app.plan(&format!("plan-{round}"), "29");
            let done = together(4, |index| match index {
                0 => app.attempt("archivePlan", json!({"planId": plan}), "__typename"),
                _ => app.attempt("updatePlan", json!({"planId": plan, "amount": index}), "__typename"),
            });
            assert_eq!(outcome(&done[0]), "DONE");
            assert!(outcomes(&done[1..]).iter().all(|outcome| matches!(*outcome, "DONE" | "PLAN_NOT_FOUND")), "{done:?}");
        }
        assert_eq!(app.database.number("SELECT count(*) FROM plans WHERE state <> 'DELETED'"), 0);
        assert_consistent(app);
    }

    an_archive_is_made_once(app) {
        let plan = app.plan("gold", "29");
        let done = together(8, |_| app.attempt("archivePlan", json!({"planId": plan}), "plan { id state }"));
        assert_eq!(tally(&done), json!({"DONE": 1, "PLAN_NOT_FOUND": 7}));
        let archived: Vec<&Value> = done.iter().filter(|payload| outcome(payload) == "DONE").collect();
        assert_eq!(text(&archived[0]["plan"]["id"]), plan);
        assert_consistent(app);
    }
}
