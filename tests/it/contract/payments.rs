//! Payment methods, tokens and attempts: what the database refuses, and what the guards of the repository let through.

use super::refusals::{Check, Foreign, OURS, THEIRS, Unique, allows, copy, new_id, refuses};
use crate::support::builders::text;
use crate::support::consistency::assert_consistent;
use crate::support::{TestApp, both};
use chrono::TimeDelta;
use perennial::domain::payment::{ChargeOutcome, Decline, PaymentAttempt};
use perennial::domain::payment_method::PaymentToken;
use perennial::domain::tenant::Tenant;
use perennial::domain::{Id, Instant};
use perennial::repository::{Fault, Query, Read, Tx, payment, payment_method};
use serde_json::{Value, json};

const SUBSCRIPTION: &str = "sub_00000000000000000000000000";

/// A token, and two attempts to charge by it.
struct Rivals {
    token: Id<PaymentToken>,
    one: PaymentAttempt,
    two: PaymentAttempt,
}

impl Rivals {
    fn make(app: &TestApp) -> Rivals {
        let (customer, token) = (app.customer("Jane"), app.token("SUCCEEDS"));
        let [one, two] = [(); 2].map(|()| app.reserve_payment(app.tenant, (&customer, SUBSCRIPTION), &token, None));
        Rivals { token: token.parse().unwrap(), one, two }
    }

    fn hold(&self, app: &TestApp, attempt: &PaymentAttempt, (now, until): (i64, i64)) -> Read<()> {
        app.app.db.write(|tx| payment_method::hold_token(tx, app.tenant, self.token, attempt.id, at(now), at(until)))
    }

    fn release(&self, app: &TestApp, attempt: &PaymentAttempt) {
        app.app.db.write(|tx| payment_method::release_token(tx, app.tenant, self.token, attempt.id)).unwrap();
    }

    fn spend(&self, app: &TestApp, attempt: Option<&PaymentAttempt>, now: i64) -> Read<()> {
        let attempt = attempt.map(|attempt| attempt.id);
        app.app.db.write(|tx| payment_method::use_token(tx, app.tenant, self.token, attempt, (at(now), at(now))))
    }

    /// Which attempt holds it, and until which second; and in which second it was used.
    fn stored(&self, app: &TestApp) -> (Option<(Id<PaymentAttempt>, i64)>, Option<i64>) {
        let token = app.app.db.read_once(|conn| Query::by_id(app.tenant, self.token).first(conn)).unwrap().unwrap();
        let second = |instant: Instant| (instant - at(0)).num_seconds();
        (token.reserved_by.zip(token.reserved_until.map(second)), token.used_at.map(second))
    }
}

/// So many seconds after the start of the test.
fn at(second: i64) -> Instant {
    crate::support::START.parse::<Instant>().unwrap() + TimeDelta::seconds(second)
}

/// Another tenant that has a customer and a payment method: its id and that of the method.
fn foreign_payments(app: &TestApp) -> (Id<Tenant>, String) {
    let (tenant, key) = app.another_tenant("Other");
    let id = |field: &str, input: Value, object: &str| {
        let payload = app.attempt_as(&key, field, input, &format!("{object} {{ id }}"));
        text(&payload[object]["id"])
    };
    let customer = id("createCustomer", json!({"name": "Foreign"}), "customer");
    let token = id("createTestToken", json!({"card": "HANGS"}), "paymentToken");
    (tenant, id("addPaymentMethod", json!({"customerId": customer, "token": token}), "paymentMethod"))
}

#[track_caller]
fn loses(answer: Read<()>) {
    assert!(matches!(answer, Err(Fault::LostRace)), "{answer:?}");
}

fn finish(app: &TestApp, attempt: &PaymentAttempt) -> Read<()> {
    app.app.db.write(|tx: &mut Tx<'_>| payment::finish(tx, app.tenant, attempt))
}

both! {
    a_row_says_what_its_status_says(app) {
        let rivals = Rivals::make(app);
        rivals.hold(app, &rivals.one, (0, 60)).unwrap();
        app.payment_method(&rivals.one.customer_id.to_string(), "SUCCEEDS");
        let declined = "status = 'DECLINED', finished_at = created_at, error_code = 'x'";
        for (why, statement) in [
            (Check("state"), "UPDATE payment_methods SET state = 'LOST'".to_owned()),
            (Check("gateway_reference"), "UPDATE payment_methods SET gateway_reference = ''".to_owned()),
            (Check("label"), "UPDATE payment_methods SET label = ''".to_owned()),
            (Check("gateway_reference"), "UPDATE payment_tokens SET gateway_reference = ''".to_owned()),
            (Check("label"), "UPDATE payment_tokens SET label = ''".to_owned()),
            (Check("a_token_lives_for_a_time"), "UPDATE payment_tokens SET expires_at = created_at".to_owned()),
            (Check("a_hold_has_an_end"), "UPDATE payment_tokens SET reserved_until = NULL".to_owned()),
            (Check("a_hold_has_an_end"), "UPDATE payment_tokens SET reserved_by = NULL".to_owned()),
            (Check("a_used_token_is_not_held"), "UPDATE payment_tokens SET used_at = created_at".to_owned()),
            (Check("amount"), "UPDATE payment_attempts SET amount = 0".to_owned()),
            (Check("currency"), "UPDATE payment_attempts SET currency = 'EURO'".to_owned()),
            (Check("idempotency_key"), "UPDATE payment_attempts SET idempotency_key = ''".to_owned()),
            (Check("status"), "UPDATE payment_attempts SET status = 'LOST', finished_at = created_at".to_owned()),
            (Check("an_attempt_has_one_source"), "UPDATE payment_attempts SET payment_token_id = NULL".to_owned()),
            (
                Check("an_attempt_has_one_source"),
                "UPDATE payment_attempts SET payment_method_id = (SELECT id FROM payment_methods)".to_owned(),
            ),
            (Check("an_attempt_is_finished"), "UPDATE payment_attempts SET status = 'SUCCEEDED'".to_owned()),
            (Check("an_attempt_is_finished"), "UPDATE payment_attempts SET finished_at = created_at".to_owned()),
            (
                Check("an_attempt_is_finished"),
                "UPDATE payment_attempts SET status = 'REVERSING', finished_at = created_at".to_owned(),
            ),
            (Check("error_state"), format!("UPDATE payment_attempts SET {declined}, error_state = 'LOST'")),
            (
                Check("an_error_is_what_the_status_says"),
                format!("UPDATE payment_attempts SET {declined}, error_state = 'PROCESSING_ERROR'"),
            ),
            (
                Check("an_error_is_what_the_status_says"),
                "UPDATE payment_attempts SET status = 'DECLINED', finished_at = created_at".to_owned(),
            ),
            (
                Check("an_error_is_what_the_status_says"),
                "UPDATE payment_attempts SET status = 'FAILED', finished_at = created_at".to_owned(),
            ),
            (
                Check("an_error_is_what_the_status_says"),
                "UPDATE payment_attempts SET status = 'FAILED', finished_at = created_at, error_code = 'x',
                     error_state = 'HARD_DECLINED'".to_owned(),
            ),
            (
                Check("an_error_is_what_the_status_says"),
                "UPDATE payment_attempts SET status = 'REVERSED', finished_at = created_at, error_code = 'x',
                     error_state = 'HARD_DECLINED'".to_owned(),
            ),
            (
                Check("an_error_has_a_code"),
                "UPDATE payment_attempts SET status = 'DECLINED', finished_at = created_at,
                     error_state = 'HARD_DECLINED'".to_owned(),
            ),
            (Check("an_error_has_a_code"), "UPDATE payment_attempts SET error_code = 'x'".to_owned()),
            (Check("gateway_reference"), "UPDATE payment_attempts SET gateway_reference = ''".to_owned()),
            (
                Check("error_code"),
                "UPDATE payment_attempts SET status = 'DECLINED', finished_at = created_at, error_code = '',
                     error_state = 'HARD_DECLINED'".to_owned(),
            ),
        ] {
            refuses(app, why, &statement);
        }
        allows(app, &format!("UPDATE payment_attempts SET {declined}, error_state = 'SOFT_DECLINED'"));
    }

    one_attempt_at_a_time_is_reserved_under_a_key(app) {
        let (customer, method) = (app.customer("Jane"), app.token("SUCCEEDS"));
        let [one, two] = ["one", "two"]
            .map(|key| app.reserve_payment(app.tenant, (&customer, SUBSCRIPTION), &method, Some(key)));
        refuses(app, Unique, "UPDATE payment_attempts SET idempotency_key = 'one'");
        let again = || copy(app, "payment_attempts", "idempotency_key = 'one'", &[("id", new_id(app, 1))]);
        refuses(app, Unique, &again());
        let reserved = |key: &str| {
            let found = app.app.db.read_once(|conn| payment::reserved_by_key(app.tenant, key).first(conn)).unwrap();
            found.map(|attempt| attempt.id)
        };
        assert_eq!((reserved("one"), reserved("two"), reserved("three")), (Some(one.id), Some(two.id), None));
        // What has its outcome leaves the key to others, who may come to the same.
        finish(app, &one.finished(&ChargeOutcome::Succeeded { reference: None }, at(1)).unwrap()).unwrap();
        assert_eq!(reserved("one"), None);
        allows(app, &again());
        allows(app, "UPDATE payment_attempts SET status = 'SUCCEEDED', finished_at = created_at");
    }

    the_log_is_for_what_does_not_exist_but_by_what_does(app) {
        let rivals = Rivals::make(app);
        rivals.hold(app, &rivals.one, (0, 60)).unwrap();
        let method = app.payment_method(&rivals.one.customer_id.to_string(), "SUCCEEDS");
        let nobody = "cus_00000000000000000000000000";
        app.reserve_payment(app.tenant, (nobody, SUBSCRIPTION), &method, None);
        let other = foreign_payments(app);
        app.reserve_payment(other.0, (nobody, SUBSCRIPTION), &other.1, None);
        for (table, column, of, which) in [
            ("payment_methods", "customer_id", "customers", ""),
            ("payment_tokens", "customer_id", "customers", ""),
            ("payment_tokens", "reserved_by", "payment_attempts", "AND reserved_by IS NOT NULL"),
            ("payment_attempts", "payment_token_id", "payment_tokens", "AND payment_token_id IS NOT NULL"),
            ("payment_attempts", "payment_method_id", "payment_methods", "AND payment_method_id IS NOT NULL"),
        ] {
            for id in [format!("(SELECT id FROM {of} WHERE {THEIRS})"), new_id(app, 1)] {
                refuses(app, Foreign, &format!("UPDATE {table} SET {column} = {id} WHERE {OURS} {which}"));
            }
        }
        for table in ["payment_methods", "payment_tokens"] {
            refuses(app, Foreign, &format!("DELETE FROM {table} WHERE {OURS}"));
        }
        // An attempt holds the token that it is by, and no other.
        let another = app.token("SUCCEEDS");
        let another = app.reserve_payment(app.tenant, (nobody, SUBSCRIPTION), &another, None);
        let held = app.app.db.write(|tx| {
            payment_method::hold_token(tx, app.tenant, rivals.token, another.id, at(60), at(90))
        });
        assert!(matches!(held, Err(Fault::Database(_))), "{held:?}");
    }

    a_token_is_held_by_one_attempt_until_its_time_has_run_out(app) {
        let rivals = Rivals::make(app);
        assert_eq!(rivals.stored(app), (None, None));
        rivals.hold(app, &rivals.one, (0, 60)).unwrap();
        assert_eq!(rivals.stored(app), (Some((rivals.one.id, 60)), None));
        loses(rivals.hold(app, &rivals.two, (59, 119)));
        rivals.release(app, &rivals.two);
        assert_eq!(rivals.stored(app), (Some((rivals.one.id, 60)), None), "only who holds it lets go of it");
        rivals.hold(app, &rivals.two, (60, 120)).unwrap();
        rivals.release(app, &rivals.one);
        assert_eq!(rivals.stored(app), (Some((rivals.two.id, 120)), None));
        rivals.release(app, &rivals.two);
        assert_eq!(rivals.stored(app), (None, None));
        rivals.hold(app, &rivals.one, (61, 121)).unwrap();
        assert_consistent(app);
    }

    a_token_is_used_once(app) {
        let rivals = Rivals::make(app);
        rivals.hold(app, &rivals.one, (0, 60)).unwrap();
        loses(rivals.spend(app, Some(&rivals.two), 59));
        loses(rivals.spend(app, None, 59));
        rivals.spend(app, Some(&rivals.one), 59).unwrap();
        assert_eq!(rivals.stored(app), (None, Some(59)));
        for attempt in [Some(&rivals.one), Some(&rivals.two), None] {
            loses(rivals.spend(app, attempt, 90));
        }
        for attempt in [&rivals.one, &rivals.two] {
            loses(rivals.hold(app, attempt, (90, 120)));
        }
        assert_eq!(rivals.stored(app), (None, Some(59)));
    }

    who_holds_a_token_may_use_it_late_but_not_when_another_holds_it(app) {
        let [late, slow, free] = [(); 3].map(|()| Rivals::make(app));
        late.hold(app, &late.one, (0, 60)).unwrap();
        late.spend(app, Some(&late.one), 100).unwrap();
        slow.hold(app, &slow.one, (0, 60)).unwrap();
        slow.hold(app, &slow.two, (60, 120)).unwrap();
        loses(slow.spend(app, Some(&slow.one), 100));
        slow.spend(app, Some(&slow.two), 100).unwrap();
        free.hold(app, &free.one, (0, 60)).unwrap();
        free.spend(app, None, 60).unwrap();
        assert_eq!([&late, &slow, &free].map(|rivals| rivals.stored(app).1), [Some(100), Some(100), Some(60)]);
    }

    an_attempt_gets_its_outcome_once(app) {
        let rivals = Rivals::make(app);
        let declined = ChargeOutcome::Declined { state: Decline::Soft, code: "insufficient_funds".to_owned() };
        let [declined, succeeded] =
            [declined, ChargeOutcome::Succeeded { reference: None }].map(|outcome| rivals.one.finished(&outcome, at(2)).unwrap());
        finish(app, &declined).unwrap();
        for late in [&succeeded, &declined, &rivals.one.given_up(&ChargeOutcome::Succeeded { reference: None }, at(3)).unwrap()] {
            loses(finish(app, late));
        }
        let stored = app.app.db.read_once(|conn| payment::all(app.tenant).order("id").load(conn)).unwrap();
        assert_eq!(stored, [declined, rivals.two], "and nobody else gets it");
    }

    what_is_taken_back_pays_for_nothing(app) {
        let rivals = Rivals::make(app);
        let reversing = rivals.one.given_up(&ChargeOutcome::Succeeded { reference: None }, at(1)).unwrap();
        let reversed = reversing.reversed(at(2)).unwrap();
        loses(finish(app, &reversed));
        finish(app, &reversing).unwrap();
        for late in [&rivals.one.finished(&ChargeOutcome::Succeeded { reference: None }, at(3)).unwrap(), &reversing, &rivals.one] {
            loses(finish(app, late));
        }
        finish(app, &reversed).unwrap();
        loses(finish(app, &reversed));
        let stored = app.app.db.read_once(|conn| payment::all(app.tenant).order("id").load(conn)).unwrap();
        assert_eq!(stored, [reversed, rivals.two]);
    }
}
