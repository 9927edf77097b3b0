//! Lists: filters, orders and pages.

use crate::support::builders::text;
use crate::support::{TestApp, both};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Customers whose names, ages and numbers of devices differ, some of them alike in one of these.
fn crowd(app: &TestApp) {
    app.product("LAP", "10.00");
    // (name, day of creation, external id)
    for (name, day, external_id) in [
        ("Ada", 1, Some("SN-1")),
        ("Bob", 1, Some("SN-2")),
        ("Cy", 2, Some("sn-3")),
        ("Ada", 3, None),
        ("Éva", 3, Some("SN_4")),
        ("Zoë", 4, Some("SN.5")),
        ("ada", 5, None),
    ] {
        app.set_clock(&format!("2025-02-0{day}T00:00:00Z"));
        app.mutate("createCustomer", json!({"name": name, "externalId": external_id}), "__typename");
    }
}

/// The names that a list of customers has under these arguments.
fn names(app: &TestApp, arguments: &str) -> Vec<String> {
    let list = app.data(&format!("{{ customers({arguments}) {{ nodes {{ name }} totalCount }} }}"))["customers"].take();
    let names: Vec<String> = list["nodes"].as_array().unwrap().iter().map(|node| text(&node["name"])).collect();
    assert_eq!(list["totalCount"], names.len(), "{arguments}");
    names
}

/// The code and the argument of a query's only error; there must be no answer beside it.
fn refused(app: &TestApp, query: &str) -> (String, String) {
    let answer = app.send(query, json!({}));
    let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("{query}: {answer:#}"));
    assert_eq!((errors.len(), &answer["data"]), (1, &Value::Null), "{query}: {answer:#}");
    let extensions = &errors[0]["extensions"];
    let path = extensions["argument"].as_array().map(|path| super::joined(path)).unwrap_or_default();
    (text(&extensions["code"]), path)
}

/// Walks a list page by page; answers the ids in the order in which they were seen.
pub(super) fn walk(
    app: &TestApp,
    list: &str,
    arguments: &str,
    size: usize,
    forward: bool,
    mut between: impl FnMut(),
) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = if forward { format!("first: {size}") } else { format!("last: {size}") };
        let document = format!(
            "{{ {list}({page} {arguments} {cursor}) {{
                edges {{ cursor node {{ id }} }}
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
            }} }}"
        );
        let page = app.data(&document)[list].take();
        let edges = page["edges"].as_array().unwrap();
        let ids: Vec<String> = edges.iter().map(|edge| text(&edge["node"]["id"])).collect();
        let info = &page["pageInfo"];
        assert_eq!(info["startCursor"], edges.first().map_or(Value::Null, |edge| edge["cursor"].clone()));
        assert_eq!(info["endCursor"], edges.last().map_or(Value::Null, |edge| edge["cursor"].clone()));
        let (here, back) =
            if forward { ("hasNextPage", "hasPreviousPage") } else { ("hasPreviousPage", "hasNextPage") };
        assert_eq!(info[back], !cursor.is_empty());
        if forward {
            seen.extend(ids);
        } else {
            seen.splice(..0, ids).for_each(drop);
        }
        if info[here] == false {
            return seen;
        }
        assert_eq!(edges.len(), size, "a page that is not the last is full");
        cursor =
            if forward { format!("after: {}", info["endCursor"]) } else { format!("before: {}", info["startCursor"]) };
        between();
    }
}

/// Asserts that so many objects of a list meet a filter, and that a page of one shows one of them.
#[track_caller]
pub(super) fn assert_count(app: &TestApp, list: &str, filter: &str, count: usize) {
    let query = format!("{{ {list}(filter: {{{filter}}}, first: 1) {{ nodes {{ id }} totalCount }} }}");
    let answer = app.data(&query);
    assert_eq!(answer[list]["totalCount"], count, "{list} {filter}");
    assert_eq!(answer[list]["nodes"].as_array().unwrap().len(), count.min(1), "{list} {filter}");
}

both! {
    filters_keep_what_meets_them(app) {
        crowd(app);
        for (filter, expected) in [
            (r#"name: {eq: "Ada"}"#, &["Ada", "Ada"][..]),
            (r#"name: {in: ["Ada", "Cy", "nobody"]}"#, &["Ada", "Ada", "Cy"]),
            ("name: {in: []}", &[]),
            (r#"name: {startsWith: "A"}"#, &["Ada", "Ada"]),
            (r#"name: {startsWith: "É"}"#, &["Éva"]),
            (r#"name: {startsWith: ""}"#, &["Ada", "Ada", "Bob", "Cy", "Zoë", "ada", "Éva"]),
            (r#"externalId: {startsWith: "SN-"}"#, &["Ada", "Bob"]),
            (r#"externalId: {startsWith: "SN_"}"#, &["Éva"]),
            (r#"externalId: {startsWith: "%"}"#, &[]),
            ("externalId: {isNull: true}", &["Ada", "ada"]),
            (r#"externalId: {isNull: false, startsWith: "S"}, name: {in: ["Bob", "Cy"]}"#, &["Bob"]),
            ("parentCustomerId: {isNull: false}", &[]),
            ("deviceCount: {eq: 0}, createdAt: {lt: \"2025-02-02T00:00:00Z\"}", &["Ada", "Bob"]),
            (r#"createdAt: {lte: "2025-02-02T01:00:00+01:00"}"#, &["Ada", "Bob", "Cy"]),
            (r#"createdAt: {gt: "2025-02-03T00:00:00Z", lt: "2025-02-05T00:00:00Z"}"#, &["Zoë"]),
            (r#"createdAt: {gte: "2025-02-05T00:00:00Z"}"#, &["ada"]),
            (r#"createdAt: {in: ["2025-02-02T00:00:00Z", "2025-02-04T00:00:00Z"]}"#, &["Cy", "Zoë"]),
            ("deviceCount: {in: [1, 2]}", &[]),
            ("deviceCount: {gte: 0, lte: 0}, name: {eq: \"Cy\"}", &["Cy"]),
            (r#"not: {name: {startsWith: "A"}}, createdAt: {lt: "2025-02-04T00:00:00Z"}"#, &["Bob", "Cy", "Éva"]),
            // Not to meet a condition on a value that is absent is to not meet it.
            (r#"not: {externalId: {eq: "SN-1"}}, name: {in: ["Ada", "ada"]}"#, &["Ada", "ada"]),
            (r#"or: [{name: {eq: "Cy"}}, {externalId: {eq: "SN-1"}}]"#, &["Ada", "Cy"]),
            ("or: []", &[]),
            (r#"and: [{name: {eq: "Ada"}}, {externalId: {isNull: false}}]"#, &["Ada"]),
            ("and: [], name: {eq: \"Bob\"}", &["Bob"]),
            (
                r#"not: {or: [{name: {startsWith: "A"}}, {not: {externalId: {startsWith: "SN"}}}]}"#,
                &["Bob", "Zoë", "Éva"],
            ),
        ] {
            assert_eq!(names(app, &format!("filter: {{{filter}}}, orderBy: [{{field: NAME}}]")), expected, "{filter}");
        }
    }

    each_list_is_filtered_by_its_own_fields(app) {
        let warehouse = app.warehouse();
        let group = app.billing_group(&warehouse.customer, 15);
        app.fulfil(&warehouse.order, &warehouse.customer, "L1");
        let scan = warehouse.scan_with("M1", json!({"billingGroupId": group, "startDate": "2025-03-01"}));
        app.mutate("fulfilOrderItem", scan, "__typename");
        app.pending_order(&warehouse.customer, &[("LAP", 1, 12)]);
        let found = app.data(r#"{ productBySku(sku: "LAP") { id } assetBySerialNumber(serialNumber: "M1") { id } }"#);
        let (product, asset) = (text(&found["productBySku"]["id"]), text(&found["assetBySerialNumber"]["id"]));
        let (customer, order, nobody) = (&warehouse.customer, &warehouse.order, "0".repeat(26));
        app.set_clock("2025-04-01T00:00:00Z");
        app.mutate("archiveCustomer", json!({"customerId": app.customer("Joe")}), "__typename");
        for (list, filter, count) in [
            ("customers", "archivedAt: {isNull: true}".to_owned(), 1),
            ("customers", "archivedAt: {isNull: false}, name: {eq: \"Joe\"}".to_owned(), 1),
            ("customers", r#"archivedAt: {gte: "2025-04-01T00:00:00Z"}"#.to_owned(), 1),
            ("customers", r#"archivedAt: {lt: "2025-04-01T00:00:00Z"}"#.to_owned(), 0),
            ("orders", "status: {eq: PENDING}".to_owned(), 1),
            ("orders", "status: {in: [PENDING, PARTIAL, CANCELLED]}".to_owned(), 2),
            ("orders", r#"number: {startsWith: "O-"}"#.to_owned(), 2),
            ("orders", format!(r#"customerId: {{eq: "{customer}"}}"#), 2),
            ("assets", "status: {eq: RENTED_OUT}".to_owned(), 2),
            ("assets", r#"sku: {eq: "MON"}, status: {eq: AVAILABLE}"#.to_owned(), 0),
            ("assets", format!(r#"productId: {{eq: "{product}"}}"#), 4),
            ("assets", format!(r#"customerId: {{in: ["{customer}"]}}"#), 2),
            ("assets", "location: {isNull: true}, serialNumber: {startsWith: \"L\"}".to_owned(), 4),
            ("products", r#"sku: {in: ["LAP", "MON"]}, status: {eq: ACTIVE}"#.to_owned(), 2),
            ("products", r#"name: {eq: "The LAP"}"#.to_owned(), 1),
            ("subscriptions", "status: {eq: ACTIVE}".to_owned(), 2),
            ("subscriptions", format!(r#"orderId: {{eq: "{order}"}}, assetId: {{eq: "{asset}"}}"#), 1),
            ("subscriptions", format!(r#"billingGroupId: {{eq: "{group}"}}"#), 1),
            ("subscriptions", "planId: {isNull: true}".to_owned(), 2),
            ("subscriptions", format!(r#"planId: {{eq: "plan_{nobody}"}}"#), 0),
            ("subscriptions", "billingGroupId: {isNull: true}, handle: {isNull: true}".to_owned(), 1),
            ("subscriptions", r#"nextBillingDate: {eq: "2025-03-15"}"#.to_owned(), 1),
            ("subscriptions", r#"nextBillingDate: {lt: "2025-03-15"}"#.to_owned(), 1),
            ("subscriptions", r#"endDate: {gte: "2027-03-01T00:00:00Z"}"#.to_owned(), 1),
            ("subscriptions", r#"startDate: {lt: "2025-02-01T00:00:00Z"}"#.to_owned(), 1),
        ] {
            assert_count(app, list, &filter, count);
        }
    }

    each_list_of_the_catalogue_is_filtered_by_its_own_fields(app) {
        for (code, feature_type) in [("seats", "METERED"), ("sso", "BOOLEAN"), ("scim", "BOOLEAN")] {
            app.feature(code, feature_type);
        }
        for (code, add_on_type) in [("storage", "QUANTITY"), ("support", "ON_OFF"), ("domain", "ON_OFF")] {
            app.add_on(code, add_on_type);
        }
        let half = app.discount("HALF", "50");
        let gone = app.discount("GONE", "10");
        app.coupon("Welcome", "HALF");
        app.coupon("Spring", "GONE");
        let bound = json!({
            "code": "Summer", "name": "Summer", "discount": "HALF", "validUntil": "2025-09-01T00:00:00Z",
        });
        app.mutate("createCoupon", bound, "__typename");
        app.set_clock("2025-02-01T00:00:00Z");
        app.mutate("archiveDiscount", json!({"discountId": gone}), "__typename");
        let found = app.data(r#"{ featureByCode(code: "sso") { id } addOnByCode(code: "domain") { id }
                                  couponByCode(code: "SPRING") { id } }"#);
        app.mutate("archiveFeature", json!({"featureId": found["featureByCode"]["id"]}), "__typename");
        app.mutate("archiveAddOn", json!({"addOnId": found["addOnByCode"]["id"]}), "__typename");
        app.mutate("expireCoupon", json!({"couponId": found["couponByCode"]["id"]}), "__typename");
        let changed = r#"updatedAt: {gte: "2025-02-01T00:00:00Z"}, createdAt: {lt: "2025-02-01T00:00:00Z"}"#;
        for (list, filter, count) in [
            ("features", "featureType: {eq: BOOLEAN}".to_owned(), 2),
            ("features", "featureType: {in: [METERED, STATIC]}, state: {eq: ACTIVE}".to_owned(), 1),
            ("features", r#"code: {startsWith: "s"}, name: {in: ["The sso", "The scim"]}"#.to_owned(), 2),
            ("features", changed.to_owned(), 1),
            ("addOns", "addOnType: {eq: ON_OFF}, state: {eq: DELETED}".to_owned(), 1),
            ("addOns", r#"code: {eq: "storage"}, name: {startsWith: "The"}"#.to_owned(), 1),
            ("addOns", changed.to_owned(), 1),
            ("discounts", "state: {eq: ACTIVE}".to_owned(), 1),
            ("discounts", r#"code: {in: ["HALF", "GONE"]}, name: {eq: "The GONE"}"#.to_owned(), 1),
            ("discounts", changed.to_owned(), 1),
            ("coupons", format!(r#"discountId: {{eq: "{half}"}}"#), 2),
            ("coupons", "state: {in: [EXPIRED, DELETED]}".to_owned(), 1),
            ("coupons", r#"validUntil: {isNull: true}, code: {startsWith: "W"}"#.to_owned(), 1),
            ("coupons", r#"validUntil: {lte: "2025-09-01T00:00:00Z"}, name: {eq: "Summer"}"#.to_owned(), 1),
            ("coupons", r#"code: {eq: "WELCOME"}"#.to_owned(), 0),
            ("coupons", changed.to_owned(), 1),
        ] {
            assert_count(app, list, &filter, count);
        }
    }

    several_keys_sort_one_after_the_other(app) {
        crowd(app);
        let (up, down) = ("{field: NAME}", "{field: NAME, direction: DESC}");
        for (order, expected) in [
            (String::new(), ["ada", "Zoë", "Éva", "Ada", "Cy", "Bob", "Ada"]),
            ("orderBy: [{field: CREATED_AT}]".to_owned(), ["Ada", "Bob", "Cy", "Ada", "Éva", "Zoë", "ada"]),
            (format!("orderBy: [{up}]"), ["Ada", "Ada", "Bob", "Cy", "Zoë", "ada", "Éva"]),
            (format!("orderBy: {down}"), ["Éva", "ada", "Zoë", "Cy", "Bob", "Ada", "Ada"]),
            (
                format!("orderBy: [{{field: CREATED_AT, direction: DESC}}, {up}]"),
                ["ada", "Zoë", "Ada", "Éva", "Cy", "Ada", "Bob"],
            ),
            (
                format!("orderBy: [{{field: DEVICE_COUNT}}, {{field: CREATED_AT}}, {down}]"),
                ["Bob", "Ada", "Cy", "Éva", "Ada", "Zoë", "ada"],
            ),
        ] {
            assert_eq!(names(app, if order.is_empty() { "first: 100" } else { &order }), expected, "{order}");
        }
    }

    a_walk_sees_every_object_once_in_either_direction(app) {
        crowd(app);
        let all =
            app.data("{ customers(orderBy: [{field: NAME}, {field: CREATED_AT, direction: DESC}]) { nodes { id } } }");
        let expected: Vec<String> =
            all["customers"]["nodes"].as_array().unwrap().iter().map(|node| text(&node["id"])).collect();
        let order = "orderBy: [{field: NAME}, {field: CREATED_AT, direction: DESC}]";
        for size in [1, 2, 3, 7, 8] {
            for forward in [true, false] {
                assert_eq!(walk(app, "customers", order, size, forward, || ()), expected, "{size} {forward}");
            }
        }
        let newest = walk(app, "customers", "", 2, true, || ());
        assert_eq!(newest, walk(app, "customers", "", 3, false, || ()));
        let filtered = walk(app, "customers", "filter: {externalId: {isNull: false}}", 2, true, || ());
        assert_eq!(filtered.len(), 5);
    }

    a_walk_sees_what_was_there_once_while_rows_are_inserted(app) {
        crowd(app);
        for order in [
            "",
            "orderBy: [{field: NAME}]",
            "orderBy: [{field: DEVICE_COUNT}]",
            "orderBy: [{field: NAME, direction: DESC}]",
        ] {
            for forward in [true, false] {
                let before: BTreeSet<String> = walk(app, "customers", order, 100, true, || ()).into_iter().collect();
                let mut names = ["Aaa", "Cat", "zzz", "Bob", "ada"].into_iter();
                let seen = walk(app, "customers", order, 3, forward, || {
                    if let Some(name) = names.next() {
                        app.customer(name);
                    }
                });
                let distinct: BTreeSet<String> = seen.iter().cloned().collect();
                assert_eq!(distinct.len(), seen.len(), "nothing is seen twice: {order} {forward}");
                assert!(before.is_subset(&distinct), "nothing is left out: {order} {forward}");
            }
        }
    }

    a_cursor_belongs_to_its_list_and_its_order(app) {
        crowd(app);
        let page = |arguments: &str| {
            app.data(&format!("{{ customers(first: 1 {arguments}) {{ pageInfo {{ endCursor }} }} }}"))
        };
        let newest = text(&page("")["customers"]["pageInfo"]["endCursor"]);
        let by_name = text(&page("orderBy: [{field: NAME}]")["customers"]["pageInfo"]["endCursor"]);
        let products = app.data("{ products(first: 1) { pageInfo { endCursor } } }");
        let of_products = text(&products["products"]["pageInfo"]["endCursor"]);
        let bad = |argument: &str| ("BAD_USER_INPUT".to_owned(), argument.to_owned());
        let again = format!(
            r#"{{ customers(after: "{by_name}", orderBy: [{{field: NAME}}]) {{ totalCount nodes {{ name }} }} }}"#
        );
        assert_eq!(app.data(&again)["customers"]["nodes"].as_array().unwrap().len(), 6);
        for (cursor, order) in [
            (by_name.as_str(), ""),
            (&of_products, ""),
            (&newest, "orderBy: [{field: NAME}]"),
            (&by_name, "orderBy: [{field: NAME, direction: DESC}]"),
            (&by_name, "orderBy: [{field: NAME}, {field: CREATED_AT}]"),
            (&by_name, "orderBy: [{field: CREATED_AT}]"),
            ("", ""),
            ("x", ""),
            ("%%%", ""),
            ("e30", ""),
            ("W10", ""),
            ("WyItIl0", ""),
            ("bnVsbA", ""),
            ("\u{1f600}", ""),
        ] {
            for argument in ["after", "before"] {
                let query = format!(r#"{{ customers({argument}: "{cursor}" {order}) {{ nodes {{ id }} }} }}"#);
                assert_eq!(refused(app, &query), bad(argument), "{query}");
            }
        }
    }

    a_page_has_between_0_and_100_objects(app) {
        crowd(app);
        for (arguments, count) in
            [("first: 0", 0), ("last: 0", 0), ("first: 3", 3), ("last: 2", 2), ("first: 100", 7), ("first: null", 7)]
        {
            let list = app.data(&format!(
                "{{ customers({arguments}) {{
                    nodes {{ id }} totalCount pageInfo {{ hasNextPage hasPreviousPage endCursor }}
                }} }}"
            ));
            let list = &list["customers"];
            assert_eq!(
                (list["nodes"].as_array().unwrap().len(), &list["totalCount"]),
                (count, &json!(7)),
                "{arguments}"
            );
            let more = arguments.starts_with("first") && count < 7;
            assert_eq!(list["pageInfo"]["hasNextPage"], more, "{arguments}");
            assert_eq!(list["pageInfo"]["hasPreviousPage"], arguments.starts_with("last"), "{arguments}");
            assert_eq!(list["pageInfo"]["endCursor"].is_null(), count == 0, "{arguments}");
        }
        for (arguments, path) in [
            ("first: 101", "first"),
            ("first: -1", "first"),
            ("last: 101", "last"),
            ("last: -1", "last"),
            ("first: 2147483647", "first"),
            ("first: 1, last: 1", "last"),
        ] {
            let found = refused(app, &format!("{{ customers({arguments}) {{ totalCount }} }}"));
            assert_eq!(found, ("BAD_USER_INPUT".into(), path.into()), "{arguments}");
        }
        let by_default = app.data("{ customers { nodes { id } } }");
        assert_eq!(by_default["customers"]["nodes"].as_array().unwrap().len(), 7);
        for number in 0..20 {
            app.customer(&number.to_string());
        }
        let by_default = app.data("{ customers { nodes { id } pageInfo { hasNextPage } } }");
        assert_eq!(by_default["customers"]["nodes"].as_array().unwrap().len(), 25);
        assert_eq!(by_default["customers"]["pageInfo"]["hasNextPage"], true);
    }

    a_filter_that_makes_no_sense_is_refused_with_its_path(app) {
        let deep = |levels: usize| format!("{}name: {{eq: \"A\"}}{}", "not: {".repeat(levels), "}".repeat(levels));
        assert_eq!(names(app, &format!("filter: {{{}}}", deep(6))), [""; 0]);
        let many = format!("name: {{in: [{}]}}", "\"a\",".repeat(501));
        let wide = format!("or: [{}]", "{name: {eq: \"a\"}},".repeat(51));
        for (filter, path) in [
            ("name: {eq: null}", "filter.name.eq"),
            ("name: null", "filter.name"),
            ("or: [{name: {eq: null}}]", "filter.or.0.name.eq"),
            (r#"createdAt: {lt: "yesterday"}"#, "filter.createdAt.lt"),
            (r#"parentCustomerId: {eq: "x"}"#, "filter.parentCustomerId.eq"),
            (r#"parentCustomerId: {in: ["ord_00000000000000000000000000"]}"#, "filter.parentCustomerId.in"),
            (r#"name: {eq: "a\u0000b"}"#, "filter.name.eq"),
            (many.as_str(), "filter.name.in"),
            (&wide, "filter.or.50.name.eq"),
            ("not: null", "filter.not"),
            ("name: {isNull: null}", "filter.name.isNull"),
            (r#"createdAt: {lt: "+10000-01-01T00:00:00Z"}"#, "filter.createdAt.lt"),
        ] {
            let found = refused(app, &format!("{{ customers(filter: {{{filter}}}) {{ totalCount }} }}"));
            assert_eq!(found, ("BAD_USER_INPUT".into(), path.into()), "{filter}");
        }
        let (code, path) = refused(app, &format!("{{ customers(filter: {{{}}}) {{ totalCount }} }}", deep(20)));
        assert_eq!((code.as_str(), path.starts_with("filter.not")), ("BAD_USER_INPUT", true), "{path}");
        let keys = "{field: NAME},".repeat(5);
        let found = refused(app, &format!("{{ customers(orderBy: [{keys}]) {{ totalCount }} }}"));
        assert_eq!(found, ("BAD_USER_INPUT".into(), "orderBy".into()));
    }
}
