//! Pages within pages: each parent has one of its own.

use crate::support::both;
use serde_json::{Value, json};

both! {
    what_lies_beyond_a_page_takes_nothing_from_the_pages_below(app) {
        app.product("LAP", "10.00");
        for name in ["A", "B", "C", "D"] {
            let customer = app.customer(name);
            app.pending_order(&customer, &[("LAP", 1, 12)]);
        }
        for arguments in ["first: 2", "last: 2", "first: 2, orderBy: [{field: NAME}]", "last: 2, orderBy: [{field: NAME}]"] {
            let query = format!("{{ customers({arguments}) {{ nodes {{ name orders(first: 3) {{ totalCount nodes {{ id }} }} }} }} }}");
            let found = app.data(&query);
            let orders = |node: &Value| (node["orders"]["totalCount"].clone(), node["orders"]["nodes"].as_array().unwrap().len());
            let found: Vec<_> = found["customers"]["nodes"].as_array().unwrap().iter().map(orders).collect();
            assert_eq!(found, [(json!(1), 1), (json!(1), 1)], "{arguments}");
        }
    }

    each_parent_has_its_own_page(app) {
        app.product("LAP", "10.00");
        for (name, orders) in [("A", 0), ("B", 1), ("C", 5)] {
            let customer = app.customer(name);
            for quantity in 1..=orders {
                app.pending_order(&customer, &[("LAP", quantity, 12)]);
            }
        }
        let pages = |arguments: &str| {
            let document = format!(
                "{{ customers(orderBy: [{{field: NAME}}]) {{ nodes {{ orders({arguments}) {{
                    totalCount nodes {{ totalDevices }} pageInfo {{ hasNextPage hasPreviousPage }}
                }} }} }} }}"
            );
            let found = app.data(&document)["customers"]["nodes"].take();
            let page = |node: &Value| {
                let orders = &node["orders"];
                let devices: Vec<Value> =
                    orders["nodes"].as_array().unwrap().iter().map(|order| order["totalDevices"].clone()).collect();
                json!([
                    orders["totalCount"],
                    devices,
                    orders["pageInfo"]["hasNextPage"],
                    orders["pageInfo"]["hasPreviousPage"]
                ])
            };
            Value::from(found.as_array().unwrap().iter().map(page).collect::<Vec<_>>())
        };
        assert_eq!(pages("first: 2"), json!([[0, [], false, false], [1, [1], false, false], [5, [5, 4], true, false]]));
        assert_eq!(pages("last: 2"), json!([[0, [], false, false], [1, [1], false, false], [5, [2, 1], false, true]]));
        let numbers = "first: 2, orderBy: [{field: NUMBER}]";
        assert_eq!(pages(numbers), json!([[0, [], false, false], [1, [1], false, false], [5, [1, 2], true, false]]));
        let filter = r#"first: 1, filter: {number: {in: ["O-000003", "O-000004"]}}"#;
        assert_eq!(pages(filter), json!([[0, [], false, false], [0, [], false, false], [2, [3], true, false]]));
        assert_eq!(pages("first: 0"), json!([[0, [], false, false], [1, [], true, false], [5, [], true, false]]));
    }
}
