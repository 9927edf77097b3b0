//! Whatever belongs to an object is found by an index: neither a table nor all rows of a tenant are looked through. The
//! statements are those that the engine runs; the database says how it would go about them.

use super::statements::{QUERIES, run_by, watch_statements};
use super::{Subject, deep};
use crate::support::Backend;
use crate::support::database::TestDatabase;
use diesel::prelude::*;
use diesel::sql_types::Text;
use perennial::domain::asset::Asset;
use perennial::domain::customer::Customer;
use perennial::domain::order::{Order, OrderItem};
use perennial::domain::plan::Plan;
use perennial::domain::product::Product;
use perennial::domain::subscription::Subscription;
use perennial::repository::Stored;
use serde_json::json;
use std::collections::BTreeSet;

/// Every statement that looks rows up by the ids of others.
fn look_ups(database: &TestDatabase, by_ids: &str) -> BTreeSet<String> {
    watch_statements();
    let subject = Subject::new(database.open());
    let all = QUERIES.iter().flat_map(|(query, ..)| run_by(|| subject.answer(query, &json!({"n": 50}))));
    let found: BTreeSet<String> = all.filter(|statement| statement.contains(by_ids)).collect();
    assert!(found.len() > 20, "{found:#?}");
    found
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// SQLite decides by the form of a statement and the indexes, whatever the tables hold.
#[test]
fn what_belongs_to_an_object_is_found_by_an_index_on_sqlite() {
    deep(|| {
        let database = TestDatabase::empty(Backend::Sqlite);
        let statements = look_ups(&database, "json_each(");
        let mut conn = SqliteConnection::establish(database.url.trim_start_matches("sqlite://")).unwrap();
        for statement in statements {
            let explained = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}"));
            let steps: Vec<Step> = explained.load(&mut conn).unwrap();
            let details: Vec<&str> = steps.iter().map(|step| step.detail.as_str()).collect();
            // The ids that were given, and what was found before.
            let found = details.iter().filter_map(|detail| detail.strip_prefix("CO-ROUTINE "));
            let lists: Vec<&str> = found.chain(["json_each"]).collect();
            for detail in &details {
                let looked_through = match detail.split_once(' ') {
                    Some(("SCAN", of)) => !lists.contains(&of.split(' ').next().unwrap_or_default()),
                    Some(("SEARCH", how)) => !how.contains(" AND "),
                    _ => false,
                };
                assert!(!looked_through, "{statement}\n{details:#?}");
            }
        }
    });
}

/// What PostgreSQL decides depends on what the tables hold. But a condition that it cannot ask of the tables themselves,
/// since a view stands before them, is asked of all rows in any case.
#[test]
#[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]
fn no_view_keeps_a_condition_from_its_tables_on_postgres() {
    deep(|| {
        let database = TestDatabase::empty(Backend::Postgres);
        let statements = look_ups(&database, "ANY(");
        let mut script = vec![
            "SELECT set_config('plan_cache_mode', 'force_generic_plan', false) AS line".to_owned(),
            "CREATE FUNCTION pg_temp.plan(statement TEXT) RETURNS SETOF TEXT LANGUAGE plpgsql AS
             $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || statement; END $$"
                .to_owned(),
        ];
        for (number, statement) in statements.iter().enumerate() {
            let count = (1..100).take_while(|place| statement.contains(&format!("${place}"))).count();
            let nulls = vec!["NULL"; count].join(", ");
            script.push(format!("PREPARE statement_{number} AS {statement}"));
            script.push(format!("SELECT line FROM pg_temp.plan('EXECUTE statement_{number} ({nulls})') AS line"));
        }
        let plans = database.texts_of_each(&script).into_iter().filter(|lines| lines.len() > 1);
        let mut views = 0;
        for plan in plans {
            for steps in plan.windows(2).filter(|steps| steps[0].contains("Subquery Scan")) {
                views += 1;
                assert!(!steps[1].contains("Filter:"), "{}", plan.join("\n"));
            }
        }
        assert!(views > 0, "no statement reads a view");
    });
}

/// A column that SQLite reads along, so that no index holds all that is read of a row.
#[test]
fn what_is_read_along_is_in_no_index() {
    fn along<T: Stored>() -> (&'static str, &'static str) {
        (T::TABLE, T::ALONG.unwrap())
    }
    let database = TestDatabase::fresh(Backend::Sqlite);
    let all = [
        along::<Asset>(),
        along::<Customer>(),
        along::<Order>(),
        along::<OrderItem>(),
        along::<Plan>(),
        along::<Product>(),
        along::<Subscription>(),
    ];
    for (table, column) in all {
        let indexed = format!(
            "SELECT of_index.name AS line FROM pragma_index_list('{table}') AS known, pragma_index_info(known.name) AS of_index"
        );
        let indexed = database.texts(&indexed);
        assert!(
            indexed.contains(&"tenant_id".to_owned()) && !indexed.contains(&column.to_owned()),
            "{table}: {indexed:?}"
        );
    }
}
