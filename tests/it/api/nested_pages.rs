//! Pages within pages: each parent has one of its own.

use crate::support::both;
use serde_json::{Value, json};

both! {
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
