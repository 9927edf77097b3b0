//! `kill -9` in the middle of subscriptions that are paid for, again and again.

use super::random;
use crate::support::builders::text;
use crate::support::database::TestDatabase;
use crate::support::program::{Program, tenant};
use crate::support::{mutation, on_both};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const KILLS: u64 = 10;
const CLIENTS: usize = 6;
/// More customers than come between all the kills.
const CUSTOMERS: usize = 300;

/// What must hold beside the usual rules, where nobody does anything but subscribe by a token of its own.
const RULES: &[(&str, &str)] = &[
    (
        "a customer came with its subscription",
        "SELECT c.name AS line FROM customers c WHERE 1 <> (SELECT count(*) FROM subscriptions s
             WHERE (s.tenant_id, s.customer_id) = (c.tenant_id, c.id))",
    ),
    (
        "a method belongs to a subscription",
        "SELECT m.label AS line FROM payment_methods m WHERE 1 <> (SELECT count(*) FROM subscription_terms t
             WHERE (t.tenant_id, t.payment_method_id) = (m.tenant_id, m.id))",
    ),
    (
        "a subscription has an invoice and items",
        "SELECT s.handle AS line FROM subscriptions s WHERE NOT EXISTS (SELECT 1 FROM invoices i
             WHERE (i.tenant_id, i.subscription_id) = (s.tenant_id, s.id))
         OR NOT EXISTS (SELECT 1 FROM subscription_items i
             WHERE (i.tenant_id, i.subscription_id) = (s.tenant_id, s.id))",
    ),
    (
        "who is held up for a payment has an attempt that will be taken back",
        "SELECT t.label AS line FROM payment_tokens t WHERE t.used_at IS NULL AND t.reserved_by IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM payment_attempts a WHERE (a.tenant_id, a.id) = (t.tenant_id, t.reserved_by)
                 AND a.status = 'RESERVED')",
    ),
];

#[track_caller]
fn assert_whole(database: &TestDatabase) {
    database.assert_consistent();
    for (rule, breach) in RULES {
        assert_eq!(database.texts(breach), Vec::<String>::new(), "{rule}");
    }
}

/// Makes every attempt that has no outcome one of long ago, and every hold of a token one that has run out.
fn grow_old(database: &TestDatabase) {
    let long_ago = "'2001-01-01T00:00:00.000000Z'";
    let statements = format!(
        "UPDATE payment_attempts SET reserved_until = {long_ago} WHERE finished_at IS NULL;
         UPDATE payment_tokens SET reserved_until = {long_ago} WHERE reserved_by IS NOT NULL;"
    );
    database.open().execute_batch(&statements).unwrap();
}

struct Shop {
    key: String,
    tokens: Vec<String>,
}

impl Shop {
    fn open(program: &Program, key: String) -> Shop {
        let made = |field: &str, input: Value| {
            let (document, variables) = mutation(field, input, "__typename");
            let answer = program.send(&key, None, &document, &variables).unwrap().json();
            assert_eq!(answer["data"][field]["userErrors"], json!([]), "{answer:#}");
        };
        made(
            "createPlan",
            json!({
                "code": "M30", "name": "Gold", "schedule": {"type": "MONTH_STARTDATE"}, "amount": "300.00",
            }),
        );
        made("createDiscount", json!({"code": "TEN", "name": "A tenth", "percentage": "10"}));
        made("createCoupon", json!({"code": "CPN", "name": "Welcome", "discount": "TEN"}));
        let mut tokens = Vec::new();
        for chunk in (0..CUSTOMERS).collect::<Vec<_>>().chunks(25) {
            let create = |index: &usize| {
                let card = if index % 4 == 3 { "INSUFFICIENT_FUNDS" } else { "SUCCEEDS" };
                format!("t{index}: createTestToken(input: {{card: {card}}}) {{ paymentToken {{ id }} }}")
            };
            let document = format!("mutation {{ {} }}", chunk.iter().map(create).collect::<Vec<_>>().join(" "));
            let answer = program.send(&key, None, &document, &json!({})).unwrap().json();
            tokens.extend(chunk.iter().map(|index| text(&answer["data"][format!("t{index}")]["paymentToken"]["id"])));
        }
        Shop { key, tokens }
    }

    /// The payload of a customer's request, again and again the same under its key; none where nobody answers any more.
    /// Of four, three are charged, and one is declined: every other of those is created unpaid, the others are refused.
    fn subscribe(&self, program: &Program, index: usize) -> Option<Value> {
        let input = json!({
            "customer": {"create": {"name": "Jane Doe", "externalId": format!("crm-{index}")}}, "plan": {"code": "M30"},
            "source": self.tokens[index], "couponCodes": ["CPN"], "generateHandle": true,
            "paymentBehavior": if index % 8 == 7 { "ERROR_IF_INCOMPLETE" } else { "ALLOW_INCOMPLETE" },
            "additionalCosts": [{"handle": format!("delivery-{index}"), "text": "Delivery", "amount": "5.00"}],
        });
        let (document, variables) = mutation("createSubscription", input, "subscription { id status }");
        let answer = program.send(&self.key, Some(&format!("key-{index}")), &document, &variables).ok()?;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let mut answer = answer.json();
        assert_eq!(answer.get("errors"), None, "{answer:#}");
        Some(answer["data"]["createSubscription"].take())
    }

    /// The same where it comes to its end; answers the subscription's id, or none where it was declined.
    fn finish(&self, program: &Program, index: usize) -> Option<String> {
        let payload = self.subscribe(program, index).unwrap();
        match payload["userErrors"][0]["code"].as_str() {
            None => {
                let status = if index % 4 == 3 { "INCOMPLETE" } else { "ACTIVE" };
                assert_eq!(payload["subscription"]["status"], status, "{index}");
                Some(text(&payload["subscription"]["id"]))
            }
            Some(code) => {
                assert_eq!((code, index % 8), ("PAYMENT_DECLINED", 7), "{payload:#}");
                None
            }
        }
    }
}

on_both! {
    a_kill_leaves_no_half_of_a_subscription_and_what_is_tried_again_is_paid_for_once(database) {
        let mut program = Program::serve(&database.url);
        let (_, key) = tenant(&database.url);
        let shop = Shop::open(&program, key);
        let next = AtomicUsize::new(0);
        let acknowledged = Mutex::new(BTreeMap::new());
        let (mut seed, mut died) = (0x5EED, 0);
        for _ in 0..KILLS {
            let enough = acknowledged.lock().unwrap().len() + usize::try_from(random(&mut seed) % 9).unwrap();
            let spins = random(&mut seed) % 200_000;
            std::thread::scope(|scope| {
                for _ in 0..CLIENTS {
                    scope.spawn(|| {
                        loop {
                            let index = next.fetch_add(1, Ordering::Relaxed);
                            let Some(payload) = shop.subscribe(&program, index) else { break };
                            let id = payload["subscription"]["id"].as_str().map(str::to_owned);
                            acknowledged.lock().unwrap().insert(index, id);
                        }
                    });
                }
                while acknowledged.lock().unwrap().len() <= enough {
                    std::thread::yield_now();
                }
                (0..spins).for_each(|_| std::hint::spin_loop());
                program.signal("KILL");
            });
            program.wait();
            assert_whole(database);
            died += database.number("SELECT count(*) FROM payment_attempts WHERE finished_at IS NULL");
            grow_old(database);
            program = Program::serve(&database.url);
        }

        let acknowledged = acknowledged.into_inner().unwrap();
        let tried = next.into_inner();
        assert!(tried <= CUSTOMERS, "{tried} tokens were not enough");
        assert!(died > 0, "no kill came between a charge and what it was for");
        // Everybody tries everything again, twice.
        let mut created = 0;
        for round in 0..2 {
            for index in 0..tried {
                let subscription = shop.finish(&program, index);
                created += usize::from(round == 0 && subscription.is_some());
                if let Some(before) = acknowledged.get(&index) {
                    assert_eq!(&subscription, before, "{index} was acknowledged otherwise");
                }
            }
        }
        assert_eq!(usize::try_from(database.number("SELECT count(*) FROM subscriptions")).unwrap(), created);
        assert_eq!(database.number("SELECT count(*) FROM payment_attempts WHERE finished_at IS NULL"), 0);
        assert_whole(database);
    }

    a_charge_that_the_program_died_with_is_taken_back_at_the_next_start(database) {
        let mut program = Program::serve(&database.url);
        let (_, key) = tenant(&database.url);
        let shop = Shop::open(&program, key);
        let (document, variables) = mutation("createTestToken", json!({"card": "HANGS"}), "paymentToken { id }");
        let made = program.send(&shop.key, None, &document, &variables).unwrap().json();
        let token = text(&made["data"]["createTestToken"]["paymentToken"]["id"]);
        let input = json!({"customer": {"create": {"name": "Jane"}}, "plan": {"code": "M30"}, "source": token});
        let (document, variables) = mutation("createSubscription", input, "subscription { id }");
        let statuses = || database.texts("SELECT status AS line FROM payment_attempts");
        std::thread::scope(|scope| {
            let hanging = scope.spawn(|| program.send(&shop.key, None, &document, &variables).map(|answer| answer.text));
            while statuses().is_empty() {
                std::thread::yield_now();
            }
            program.signal("KILL");
            assert!(hanging.join().unwrap().is_err());
        });
        program.wait();
        assert_eq!(statuses(), ["RESERVED"]);
        drop(Program::serve(&database.url));
        assert_eq!(statuses(), ["RESERVED"], "it may be at work elsewhere");
        grow_old(database);
        let program = Program::serve(&database.url);
        program.await_log("payments died, and were taken back");
        assert_eq!(statuses(), ["REVERSED"]);
        assert_eq!(database.number("SELECT count(*) FROM payment_tokens WHERE reserved_by IS NOT NULL"), 0);
        assert_whole(database);
    }

    a_charge_of_an_invoice_that_the_program_died_with_is_asked_for_again_at_the_next_start(database) {
        let mut program = Program::serve(&database.url);
        let (_, key) = tenant(&database.url);
        let shop = Shop::open(&program, key);
        let send = |program: &Program, field: &str, input: Value, selection: &str| {
            let (document, variables) = mutation(field, input, selection);
            let answer = program.send(&shop.key, None, &document, &variables).unwrap().json();
            assert_eq!(answer["data"][field]["userErrors"], json!([]), "{answer:#}");
            answer["data"][field].clone()
        };
        let input = json!({"customer": {"create": {"name": "Jane"}}, "plan": {"code": "M30"}});
        let made = send(&program, "createSubscription", input, "customer { id }");
        let token = send(&program, "createTestToken", json!({"card": "HANGS"}), "paymentToken { id }");
        let input = json!({"customerId": made["customer"]["id"], "token": token["paymentToken"]["id"]});
        send(&program, "addPaymentMethod", input, "__typename");
        program.signal("KILL");
        program.wait();
        let due = "UPDATE invoices SET collect_at = '2001-01-01T00:00:00.000000Z'";
        database.open().execute_batch(due).unwrap();
        let statuses = || database.texts("SELECT status AS line FROM payment_attempts");
        // It dies while the gateway is asked.
        let mut program = Program::serve(&database.url);
        while statuses().is_empty() {
            std::thread::yield_now();
        }
        program.signal("KILL");
        program.wait();
        let mut program = Program::serve(&database.url);
        assert_eq!(statuses(), ["RESERVED"], "it may be at work elsewhere, and nobody else charges");
        program.signal("KILL");
        program.wait();
        grow_old(database);
        // By now the bank answers.
        let answers = "UPDATE payment_methods SET gateway_reference = 'test_SUCCEEDS';
            UPDATE payment_tokens SET gateway_reference = 'test_SUCCEEDS' WHERE used_at IS NOT NULL";
        database.open().execute_batch(answers).unwrap();
        let program = Program::serve(&database.url);
        program.await_log("charges or refunds died, and were asked for again");
        assert_eq!(statuses(), ["SUCCEEDED"]);
        assert_eq!(database.texts("SELECT status AS line FROM invoices"), ["PAID"]);
        assert_eq!(database.number("SELECT count(*) FROM payments"), 1);
        database.assert_consistent();
    }
}
