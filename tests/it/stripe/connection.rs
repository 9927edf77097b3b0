//! Where Stripe does not answer, or the connection breaks.

use super::stripe_at;
use perennial::app::stripe::Stripe;
use perennial::app::{Ambient, PaymentGateway};
use perennial::domain::gateway::{Attachment, NewCard, Refund, RefundOutcome};
use perennial::domain::payment::{Charge, ChargeOutcome, Reversal};
use perennial::domain::{Currency, Id, Money};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use uuid::Uuid;

fn charge() -> Charge {
    Charge {
        tenant: Id::new(Uuid::from_u128(1)),
        attempt: Id::new(Uuid::from_u128(2)),
        reserved_at: Ambient::real().now(),
        amount: Money::new(12900, Currency::EUR),
        gateway_reference: "cus_1/pm_1/card".to_owned(),
    }
}

/// One request as it arrived.
struct Request {
    line: String,
    headers: Vec<String>,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        let prefix = format!("{name}: ");
        self.headers.iter().find_map(|header| header.strip_prefix(&prefix))
    }
}

/// Takes the next connection and reads a request from it.
fn receive(listener: &TcpListener) -> (Request, TcpStream) {
    let (connection, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let line = lines.remove(0);
    let mut request = Request { line, headers: lines, body: String::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    reader.take(length).read_to_string(&mut request.body).unwrap();
    (request, connection)
}

fn answer(mut connection: TcpStream, status: u16, body: &str) {
    let length = body.len();
    write!(connection, "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
}

/// Runs `ask` with a Stripe that answers as `serve` does.
fn against<T>(serve: impl FnOnce(&TcpListener) + Send, ask: impl FnOnce(&Stripe) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stripe = stripe_at(&format!("http://{}", listener.local_addr().unwrap()), Ambient::real());
    std::thread::scope(|scope| {
        let serving = scope.spawn(|| serve(&listener));
        let answer = ask(&stripe);
        serving.join().unwrap();
        answer
    })
}

#[test]
fn where_nobody_listens_nothing_is_known() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let stripe = stripe_at(&format!("http://{gone}"), Ambient::real());
    let (charge, code) = (charge(), "connection_failed".to_owned());
    assert_eq!(stripe.charge(&charge), ChargeOutcome::Failed { code: code.clone() });
    assert_eq!(stripe.reverse(&charge), Reversal::Failed { code: code.clone() });
    let refund = Refund {
        id: Id::new(Uuid::from_u128(3)),
        charge: charge.clone(),
        charge_reference: None,
        amount: charge.amount,
    };
    assert_eq!(stripe.refund(&refund), RefundOutcome::Failed { code: code.clone() });
    let customer = Id::new(Uuid::from_u128(4));
    let card = NewCard { tenant: charge.tenant, customer, token: "pm_1".to_owned(), beside: None };
    assert_eq!(stripe.attach(&card), Attachment::Failed { code });
}

#[test]
fn a_connection_that_breaks_is_tried_once_more_under_the_same_key() {
    let charge = charge();
    let attempt = charge.attempt.to_string();
    let serve = |listener: &TcpListener| {
        for broken in [true, false] {
            let (request, connection) = receive(listener);
            assert_eq!(request.line, "POST /v1/payment_intents HTTP/1.1");
            assert_eq!(request.header("idempotency-key"), Some(attempt.as_str()));
            assert_eq!(request.header("authorization"), Some("Bearer sk_test_perennial"));
            assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
            for field in ["amount=12900", "currency=eur", "customer=cus_1", "payment_method=pm_1"] {
                assert!(request.body.split('&').any(|one| one == field), "{}", request.body);
            }
            if !broken {
                answer(connection, 200, r#"{"id":"pi_1","status":"requires_confirmation"}"#);
            }
        }
        let (request, connection) = receive(listener);
        assert_eq!(request.line, "POST /v1/payment_intents/pi_1/confirm HTTP/1.1");
        assert_eq!(request.header("idempotency-key"), Some(format!("{attempt}-confirm").as_str()));
        assert_eq!(request.body, "off_session=true");
        answer(connection, 200, r#"{"id":"pi_1","status":"succeeded"}"#);
    };
    let outcome = against(serve, |stripe| stripe.charge(&charge));
    assert_eq!(outcome, ChargeOutcome::Succeeded { reference: Some("pi_1".to_owned()) });
}

#[test]
fn an_answer_that_says_nothing_is_a_failure_and_no_reversal_is_done_by_it() {
    for (status, body, code) in [
        (500, "{}", "http_500"),
        (503, "", "http_503"),
        (429, r#"{"error":{"type":"invalid_request_error","code":"rate_limit"}}"#, "http_429"),
        (409, r#"{"error":{"type":"idempotency_error"}}"#, "http_409"),
        (401, r#"{"error":{"type":"invalid_request_error"}}"#, "http_401"),
        (301, "", "http_301"),
        (400, r#"{"error":{"type":"idempotency_error"}}"#, "idempotency_error"),
        (400, "<html>", "answer_not_understood"),
        (200, "<html>", "answer_not_understood"),
    ] {
        let serve = || |listener: &TcpListener| answer(receive(listener).1, status, body);
        let charged = against(serve(), |stripe| stripe.charge(&charge()));
        assert_eq!(charged, ChargeOutcome::Failed { code: code.to_owned() }, "{status} {body}");
        let reversed = against(serve(), |stripe| stripe.reverse(&charge()));
        assert_eq!(reversed, Reversal::Failed { code: code.to_owned() }, "{status} {body}");
    }
}
