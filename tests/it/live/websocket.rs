//! The WebSocket protocol, rule by rule, over real sockets.

use super::client::Socket;
use super::{REVOKED_SOON, Server};
use crate::support::builders::text;
use crate::support::{Backend, TestApp, both};
use perennial::domain::api_key::Scope;
use perennial::http::live::LiveSettings;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use tungstenite::Message;

const EVENTS: &str = "subscription ($after: String) { events(after: $after) { position type subject } }";

/// The position of the last event, from which on nothing is missed.
fn now(app: &TestApp) -> Value {
    app.data("{ events(last: 1) { pageInfo { endCursor } } }")["events"]["pageInfo"]["endCursor"].take()
}

fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

both! {
    a_key_is_given_in_the_first_message_or_in_the_header(app) {
        for name in ["Authorization", "authorization"] {
            let mut socket = Socket::open(app.address(), &[]);
            socket.send(json!({"type": "connection_init", "payload": {name: bearer(&app.key)}}));
            assert_eq!(socket.receive(), json!({"type": "connection_ack"}));
        }
        let mut socket = Socket::open(app.address(), &[("authorization", &bearer(&app.key))]);
        socket.send(json!({"type": "connection_init"}));
        assert_eq!(socket.receive(), json!({"type": "connection_ack"}));
        for init in [
            json!({"type": "connection_init"}),
            json!({"type": "connection_init", "payload": null}),
            json!({"type": "connection_init", "payload": {"Authorization": "Bearer prn_nobody"}}),
            json!({"type": "connection_init", "payload": {"Authorization": "prn_nobody"}}),
        ] {
            let mut socket = Socket::open(app.address(), &[]);
            socket.send(init.clone());
            assert_eq!(socket.closed(), (4403, "Forbidden".to_owned()), "{init}");
        }
        // The key of the first message counts, whatever the header says.
        let mut socket = Socket::open(app.address(), &[("authorization", &bearer(&app.key))]);
        socket.send(json!({"type": "connection_init", "payload": {"Authorization": "Bearer prn_nobody"}}));
        assert_eq!(socket.closed().0, 4403);
        let mut socket = Socket::open(app.address(), &[("x-tenant-id", "ten_00000000000000000000000001")]);
        socket.send(json!({"type": "connection_init", "payload": {"Authorization": bearer(&app.key)}}));
        assert_eq!(socket.closed().0, 4403, "the key is of another tenant");
    }

    who_breaks_a_rule_is_told_which(app) {
        let invalid = |message: Value| {
            let mut socket = Socket::begun(app.address(), &app.key);
            socket.0.send(Message::text(message.as_str().map_or_else(|| message.to_string(), str::to_owned))).unwrap();
            socket.closed()
        };
        for message in [
            json!("not JSON"), json!([]), json!({}), json!({"type": "unknown"}), json!({"type": "subscribe"}),
            json!({"type": "subscribe", "id": "", "payload": {"query": "{ a }"}}),
            json!({"type": "subscribe", "id": "1"}), json!({"type": "subscribe", "id": "1", "payload": {}}),
            json!({"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "variables": 1}}),
            json!({"type": "complete"}), json!({"type": "ping", "payload": 1}),
        ] {
            let (code, reason) = invalid(message.clone());
            assert_eq!(code, 4400, "{message}: {reason}");
            assert!(!reason.is_empty() && reason.len() <= 123, "{message}: {reason}");
        }
        assert_eq!(invalid(json!({"type": "connection_init"})).0, 4429);
        let mut socket = Socket::begun(app.address(), &app.key);
        socket.0.send(Message::binary(b"{}".to_vec())).unwrap();
        assert_eq!(socket.closed().0, 4400);

        let mut early = Socket::open(app.address(), &[]);
        early.subscribe("1", "{ viewer { scope } }", json!({}));
        assert_eq!(early.closed(), (4401, "Unauthorized".to_owned()));

        let mut twice = Socket::begun(app.address(), &app.key);
        twice.subscribe("1", EVENTS, json!({}));
        twice.subscribe("1", EVENTS, json!({}));
        assert_eq!(twice.closed(), (4409, "Subscriber for 1 already exists".to_owned()));

        assert_eq!(closed_at_once(app.address(), "graphql-ws"), 4406);
        let none = Socket::open(app.address(), &[("sec-websocket-protocol", "")]);
        assert_eq!(none.closed(), (4406, "Subprotocol not acceptable".to_owned()));

        let mut long = Socket::begun(app.address(), &app.key);
        long.send(json!({"type": "ping", "payload": {"x": "x".repeat(300_000)}}));
        assert_eq!(long.closed().0, 1009);
    }

    who_says_nothing_is_not_waited_for(app) {
        let settings = LiveSettings { init: Duration::from_millis(200), ..LiveSettings::default() };
        let server = Server::new(app, settings, None);
        let silent = Socket::open(server.address, &[]);
        assert_eq!(silent.closed(), (4408, "Connection initialisation timeout".to_owned()));
        let mut quick = Socket::begun(server.address, &app.key);
        quick.subscribe("1", "{ viewer { scope } }", json!({}));
        assert_eq!(quick.field("1", "viewer"), json!({"scope": "ADMIN"}));
    }

    pings_are_answered_at_any_time(app) {
        let mut socket = Socket::open(app.address(), &[]);
        socket.send(json!({"type": "ping"}));
        assert_eq!(socket.receive(), json!({"type": "pong"}));
        socket.send(json!({"type": "ping", "payload": {"n": 1}}));
        assert_eq!(socket.receive(), json!({"type": "pong", "payload": {"n": 1}}));
        socket.send(json!({"type": "pong"}));
        socket.begin(&app.key);
        socket.0.send(Message::Ping(b"x".to_vec().into())).unwrap();
        assert_eq!(socket.0.read().unwrap(), Message::Pong(b"x".to_vec().into()));
    }

    operations_of_every_kind_run(app) {
        let mut socket = Socket::begun(app.address(), &app.key);
        socket.subscribe("q", "query ($n: Int) { customers(first: $n) { totalCount } }", json!({"n": 1}));
        assert_eq!(socket.field("q", "customers"), json!({"totalCount": 0}));
        assert_eq!(socket.receive(), json!({"id": "q", "type": "complete"}));
        let create = "mutation { createCustomer(input: {name: \"Jane\"}) { customer { name } userErrors { code } } }";
        socket.subscribe("q", create, json!({}));
        assert_eq!(socket.field("q", "createCustomer"), json!({"customer": {"name": "Jane"}, "userErrors": []}));
        assert_eq!(socket.receive(), json!({"id": "q", "type": "complete"}));

        for (document, code) in [
            ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"), ("{", "GRAPHQL_PARSE_FAILED"),
            ("subscription { events(after: \"x\") { id } }", "BAD_USER_INPUT"),
            ("subscription { a: events { id } b: events { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ] {
            socket.subscribe("e", document, json!({}));
            let error = socket.receive();
            assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("e")), "{document}: {error}");
            assert_eq!(error["payload"][0]["extensions"]["code"], json!(code), "{document}: {error}");
        }
        let long = format!("{{ viewer {{ {} }} }}", "scope ".repeat(5_000));
        socket.subscribe("e", &long, json!({}));
        assert_eq!(socket.receive()["payload"][0]["extensions"]["code"], json!("PAYLOAD_TOO_LARGE"));
        // Nothing came after an error: the next message is the answer to this.
        socket.send(json!({"type": "ping"}));
        assert_eq!(socket.receive(), json!({"type": "pong"}));
    }

    a_key_may_do_over_a_socket_what_it_may_do_elsewhere(app) {
        let mut socket = Socket::begun(app.address(), &app.key_with(Scope::Read));
        socket.subscribe("1", "mutation { createCustomer(input: {name: \"Jane\"}) { customer { id } } }", json!({}));
        let refused = socket.receive();
        assert_eq!(refused["payload"]["errors"][0]["extensions"]["code"], json!("FORBIDDEN"), "{refused}");
        assert_eq!(app.database.number("SELECT count(*) FROM customers"), 0);
    }

    several_are_heard_on_one_socket_until_the_client_has_heard_enough(app) {
        let first = app.customer("First");
        let mut start = Value::Null;
        // Others on the same server may have begun before it.
        assert!(eventually(|| {
            start = now(app);
            !start.is_null()
        }));
        let mut socket = Socket::begun(app.address(), &app.key);
        socket.subscribe("all", EVENTS, json!({"after": start}));
        let second = app.customer("Second");
        assert_eq!(socket.field("all", "events")["subject"], json!(second));
        let about = "subscription ($id: ID!) { events(subject: $id, after: \"0\") { type subject } }";
        socket.subscribe("one", about, json!({"id": first}));
        assert_eq!(socket.field("one", "events"), json!({"type": "CUSTOMER_CREATED", "subject": first}));
        socket.send(json!({"type": "complete", "id": "all"}));
        socket.send(json!({"type": "complete", "id": "nobody"}));
        app.mutate("updateCustomer", json!({"customerId": second, "name": "Later"}), "__typename");
        app.mutate("updateCustomer", json!({"customerId": first, "name": "Later"}), "__typename");
        assert_eq!(socket.field("one", "events")["type"], json!("CUSTOMER_UPDATED"), "nothing of `all`, and no echo");
        // An id that is free can be used again, and nothing of what had it before ends it.
        for _ in 0..20 {
            socket.subscribe("all", EVENTS, json!({"after": start}));
            assert_eq!(socket.field("all", "events")["subject"], json!(second));
            socket.send(json!({"type": "complete", "id": "all"}));
            socket.send(json!({"type": "ping"}));
            while socket.receive()["type"] != json!("pong") {}
        }
    }

    what_is_heard_goes_on_where_it_ended(app) {
        let start = now(app);
        assert_eq!(start, Value::Null);
        app.customer("First");
        let mut socket = Socket::begun(app.address(), &app.key);
        socket.subscribe("1", EVENTS, json!({"after": "0"}));
        let last = socket.field("1", "events")["position"].clone();
        drop(socket);
        let made: Vec<String> = (0..5).map(|n| app.customer(&format!("{n}"))).collect();
        let mut socket = Socket::begun(app.address(), &app.key);
        socket.subscribe("1", EVENTS, json!({"after": last}));
        let heard: Vec<String> = made.iter().map(|_| text(&socket.field("1", "events")["subject"])).collect();
        assert_eq!(heard, made);
    }

    so_many_operations_and_sockets_and_no_more(app) {
        let settings = LiveSettings { connections: 1, operations: 2, ..LiveSettings::default() };
        let server = Server::new(app, settings, None);
        let mut socket = Socket::begun(server.address, &app.key);
        for id in ["1", "2", "3"] {
            socket.subscribe(id, EVENTS, json!({}));
        }
        let refused = socket.receive();
        assert_eq!((&refused["id"], &refused["type"]), (&json!("3"), &json!("error")));
        assert_eq!(refused["payload"][0]["extensions"]["code"], json!("TOO_MANY_OPERATIONS"));
        assert_eq!(Socket::try_open(server.address, &[]).err(), Some(503), "there is no second place");
        socket.0.close(None).unwrap();
        while socket.0.read().is_ok() {}
        assert!(eventually(|| Socket::try_open(server.address, &[]).is_ok()), "the place is free again");
    }

    a_key_that_is_revoked_closes_its_sockets(app) {
        let server = Server::new(app, LiveSettings { recheck: REVOKED_SOON, ..LiveSettings::default() }, None);
        let (id, key) = perennial::app::operator::create_key(&app.app, app.tenant, "gone", Scope::Read).unwrap();
        let mut socket = Socket::begun(server.address, &key);
        socket.subscribe("1", EVENTS, json!({}));
        let never = Server::new(app, LiveSettings { recheck: Duration::from_hours(1), ..LiveSettings::default() }, None);
        let mut unwatched = Socket::begun(never.address, &key);
        perennial::app::operator::revoke_key(&app.app, app.tenant, id).unwrap();
        assert_eq!(socket.closed(), (4403, "Forbidden".to_owned()));
        unwatched.subscribe("1", "{ viewer { scope } }", json!({}));
        assert_eq!(unwatched.closed().0, 4403, "it opens nothing more in any case");
    }

    sockets_are_closed_when_the_program_ends(app) {
        let server = Server::new(app, LiveSettings::default(), None);
        let socket = Socket::begun(server.address, &app.key);
        server.end();
        assert_eq!(socket.closed().0, 1001);
    }

    pages_of_other_sites_open_no_socket(app) {
        let address = app.address();
        let own = format!("http://{address}");
        for (origin, expected) in [
            (own.as_str(), None), ("https://perennial.example.com", None), ("https://evil.example", Some(403)),
            ("null", Some(403)), ("http://127.0.0.1:1", Some(403)),
        ] {
            assert_eq!(Socket::try_open(address, &[("origin", origin)]).err(), expected, "{origin}");
        }
        let listed = Server::of(app, LiveSettings::default(), None, &["https://app.example.com"]);
        assert!(Socket::try_open(listed.address, &[("origin", "https://app.example.com")]).is_ok());
        assert_eq!(Socket::try_open(listed.address, &[("origin", "https://other.example.com")]).err(), Some(403));
    }
}

/// With which number a socket is closed whose client offers this protocol only. The client of the other tests would not
/// let the handshake pass.
fn closed_at_once(address: SocketAddr, protocol: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    let handshake = format!(
        "GET /graphql HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n"
    );
    stream.write_all(handshake.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
    let frame = &answer[head..];
    assert_eq!(frame[0], 0x88, "a frame that closes");
    u16::from_be_bytes([frame[2], frame[3]])
}

/// Whether something becomes so within a minute.
fn eventually(mut is_so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_mins(1) {
        if is_so() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}

/// A client that takes nothing of what it is sent is cut off, and what it was sent is not kept.
#[test]
fn who_takes_nothing_is_cut_off() {
    let app = &TestApp::new(Backend::Sqlite);
    let settings = LiveSettings { connections: 1, send: Duration::from_millis(300), ..LiveSettings::default() };
    let server = Server::new(app, settings, None);
    let mut socket = Socket::over(narrow(server.address), server.address, &[]).unwrap();
    socket.begin(&app.key);
    // Each answer is several hundred kilobytes: more of them than any buffer on the way holds.
    let document = "{ __schema { types { name description fields { name description args { name description } } } } }";
    socket.0.get_ref().set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    for id in 0..2_000 {
        let payload = json!({"query": document});
        let message = json!({"id": id.to_string(), "type": "subscribe", "payload": payload}).to_string();
        // Once it is cut off, or waits for this end, it takes nothing more either.
        if socket.0.send(Message::text(message)).is_err() {
            break;
        }
    }
    assert!(eventually(|| Socket::try_open(server.address, &[]).is_ok()), "its place is free again");
}

/// A connection whose own end holds little.
fn narrow(address: SocketAddr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.into()
}
