//! Invoices: their lists, by themselves and below who gets them and what they are for.

use super::lists::{assert_count, walk};
use crate::support::builders::{text, to_m30};
use crate::support::{TestApp, both};
use serde_json::{Value, json};

/// Who has invoices, and the subscription of the customer below another one.
struct Books {
    parent: String,
    child: String,
    below: String,
}

/// Five invoices, oldest first, each with a total of its own:
///
/// | total | status | issued | due |
/// |---|---|---|---|
/// | 300.00 EUR | PAID | 1 February | 1 February |
/// | 2000 JPY | OPEN | 1 February | 3 March |
/// | 600.00 EUR | OPEN | 3 February | 3 February |
/// | 5.00 EUR, a setup fee | OPEN | 5 February | 5 February |
/// | 10.00 EUR | OPEN | 5 February | 5 February |
///
/// The last two are for a subscription of another customer than the one that gets them.
fn books(app: &TestApp) -> Books {
    app.plan("M30", "300.00");
    let schedule = json!({"type": "MONTH_STARTDATE"});
    let yen = json!({"code": "YEN", "name": "Yen", "schedule": schedule, "currency": "JPY", "amount": "1000"});
    app.mutate("createPlan", yen, "__typename");
    let fee = json!({"amount": "5", "handling": "SEPARATE"});
    let fee = json!({"code": "FEE", "name": "Fee", "schedule": schedule, "amount": "10", "setupFee": fee});
    app.mutate("createPlan", fee, "__typename");
    let [good, bad, parent] = ["Good", "Bad", "Parent"].map(|name| app.customer(name));
    let child = json!({"name": "Child", "parentCustomerId": parent});
    let child = text(&app.mutate("createCustomer", child, "customer { id }")["customer"]["id"]);
    app.payment_method(&good, "SUCCEEDS");
    app.payment_method(&bad, "INSUFFICIENT_FUNDS");
    let subscribe = |day: &str, customer: &str, changes: Value| {
        app.set_clock(&format!("2025-02-{day}T12:00:00Z"));
        let input = to_m30(&json!({"id": customer}), changes);
        text(&app.mutate("createSubscription", input, "subscription { id }")["subscription"]["id"])
    };
    subscribe("01", &good, json!({}));
    let terms = json!({"collectionMethod": "SEND_INVOICE", "paymentTerms": "NET_30"});
    subscribe("01", &good, super::with(terms, json!({"plan": {"code": "YEN"}, "quantity": 2})));
    subscribe("03", &bad, json!({"quantity": 2}));
    let to_parent = json!({"collectionMethod": "SEND_INVOICE", "invoiceBilling": "INVOICE_TO_PARENT"});
    let below = subscribe("05", &child, super::with(to_parent, json!({"plan": {"code": "FEE"}})));
    Books { parent, child, below }
}

/// The totals of the invoices on a page.
fn totals(page: &Value) -> Vec<&str> {
    let nodes = page["nodes"].as_array().unwrap_or_else(|| panic!("{page}"));
    nodes.iter().map(|node| node["totals"]["total"]["amount"].as_str().unwrap()).collect()
}

both! {
    invoices_are_filtered_by_what_they_say(app) {
        let Books { parent, child, below } = books(app);
        for (filter, expected) in [
            ("status: {eq: PAID}".to_owned(), &["300.00"][..]),
            ("status: {in: [DRAFT, PAID]}".to_owned(), &["300.00"]),
            ("status: {eq: OPEN}".to_owned(), &["2000", "600.00", "5.00", "10.00"]),
            ("not: {status: {eq: OPEN}}, reason: {eq: SETUP_FEE}".to_owned(), &[]),
            ("reason: {eq: SETUP_FEE}".to_owned(), &["5.00"]),
            ("reason: {eq: SUBSCRIPTION_CREATE}, status: {eq: OPEN}".to_owned(), &["2000", "600.00", "10.00"]),
            (format!(r#"customerId: {{eq: "{parent}"}}"#), &["5.00", "10.00"]),
            (format!(r#"customerId: {{eq: "{child}"}}"#), &[]),
            (format!(r#"subscriptionId: {{in: ["{below}"]}}"#), &["5.00", "10.00"]),
            (r#"currency: {eq: "JPY"}"#.to_owned(), &["2000"]),
            (r#"currency: {eq: "jpy"}"#.to_owned(), &[]),
            ("number: {isNull: true}".to_owned(), &[]),
            (r#"number: {eq: "INV-000003"}"#.to_owned(), &["600.00"]),
            (r#"number: {startsWith: "INV-00000", in: ["INV-000002", "INV-000005"]}"#.to_owned(), &["2000", "10.00"]),
            (r#"issueDate: {lt: "2025-02-03"}"#.to_owned(), &["300.00", "2000"]),
            (r#"issueDate: {eq: "2025-02-05"}"#.to_owned(), &["5.00", "10.00"]),
            (r#"dueDate: {gt: "2025-02-05"}"#.to_owned(), &["2000"]),
            (r#"dueDate: {gte: "2025-02-03", lte: "2025-02-04"}"#.to_owned(), &["600.00"]),
            (r#"createdAt: {gt: "2025-02-01T12:00:00Z", lt: "2025-02-05T12:00:00Z"}"#.to_owned(), &["600.00"]),
            (r#"updatedAt: {lte: "2025-02-01T13:00:00+01:00"}"#.to_owned(), &["300.00", "2000"]),
            (r#"or: [{currency: {eq: "JPY"}}, {status: {eq: PAID}}]"#.to_owned(), &["300.00", "2000"]),
        ] {
            let query = format!(
                "{{ invoices(filter: {{{filter}}}, orderBy: {{field: CREATED_AT}}) {{ nodes {{ totals {{ total {{ amount }} }} }} }} }}"
            );
            assert_eq!(totals(&app.data(&query)["invoices"]), expected, "{filter}");
            assert_count(app, "invoices", &filter, expected.len());
        }
    }

    invoices_are_sorted_by_their_dates(app) {
        books(app);
        let newest_first = ["10.00", "5.00", "600.00", "2000", "300.00"];
        for (order, expected) in [
            ("", newest_first),
            ("orderBy: []", newest_first),
            ("orderBy: {field: ISSUE_DATE, direction: DESC}", newest_first),
            ("orderBy: {field: CREATED_AT}", ["300.00", "2000", "600.00", "5.00", "10.00"]),
            ("orderBy: {field: UPDATED_AT, direction: DESC}", newest_first),
            ("orderBy: {field: DUE_DATE}", ["300.00", "600.00", "5.00", "10.00", "2000"]),
            ("orderBy: {field: DUE_DATE, direction: DESC}", ["2000", "10.00", "5.00", "600.00", "300.00"]),
            (
                "orderBy: [{field: ISSUE_DATE}, {field: DUE_DATE, direction: DESC}]",
                ["2000", "300.00", "600.00", "10.00", "5.00"],
            ),
        ] {
            let query = format!("{{ invoices(first: 100 {order}) {{ nodes {{ totals {{ total {{ amount }} }} }} }} }}");
            assert_eq!(totals(&app.data(&query)["invoices"]), expected, "{order}");
        }
        for order in ["", "orderBy: {field: DUE_DATE}", "orderBy: {field: ISSUE_DATE, direction: DESC}"] {
            let all = walk(app, "invoices", order, 100, true, || ());
            assert_eq!(all.len(), 5);
            for (size, forward) in [(1, true), (2, true), (2, false), (3, false)] {
                assert_eq!(walk(app, "invoices", order, size, forward, || ()), all, "{order} {size} {forward}");
            }
        }
    }

    invoices_stand_below_who_gets_them_and_below_what_they_are_for(app) {
        let Books { parent, below, .. } = books(app);
        let page = "totalCount pageInfo { hasNextPage } nodes { totals { total { amount } } customer { name } subscription { id } }";
        let found = app.data(&format!(
            "{{ customers(orderBy: {{field: NAME}}) {{ nodes {{ name invoices(first: 1) {{ {page} }} }} }} }}"
        ));
        let customers = found["customers"]["nodes"].as_array().unwrap();
        let shown = |node: &Value| {
            let invoices = &node["invoices"];
            json!([node["name"], invoices["totalCount"], totals(invoices), invoices["pageInfo"]["hasNextPage"]])
        };
        assert_eq!(
            customers.iter().map(shown).collect::<Vec<_>>(),
            [
                json!(["Bad", 1, ["600.00"], false]),
                json!(["Child", 0, [], false]),
                json!(["Good", 2, ["2000"], true]),
                json!(["Parent", 2, ["10.00"], true]),
            ]
        );
        let found = app.data(&format!(
            r#"{{ subscription(id: "{below}") {{ customer {{ name }} terms {{ invoicedCustomer {{ id }} }}
                  invoices(last: 9, orderBy: {{field: CREATED_AT}}) {{ {page} }} }} }}"#
        ));
        let subscription = &found["subscription"];
        assert_eq!(subscription["customer"]["name"], "Child");
        assert_eq!(subscription["terms"]["invoicedCustomer"]["id"], json!(parent));
        assert_eq!(totals(&subscription["invoices"]), ["5.00", "10.00"]);
        for invoice in subscription["invoices"]["nodes"].as_array().unwrap() {
            assert_eq!((&invoice["customer"]["name"], &invoice["subscription"]["id"]), (&json!("Parent"), &json!(below)));
        }
    }
}
