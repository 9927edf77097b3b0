//! Those who send slowly, or only half, or nothing: they are hung up on, and nobody else notices.

use crate::support::program::PATIENCE;
use crate::support::{Backend, Setup, TestApp, each_database};
use perennial::http::Limits;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// A server that waits for a second, and takes two connections at once.
fn impatient(backend: Backend) -> TestApp {
    let second = Duration::from_secs(1);
    let http = Limits { head: second, arrival: second, connections: 2, ..Setup::default().http };
    TestApp::served(backend, Setup { http, workers: 1, ..Setup::default() })
}

fn connect(app: &TestApp) -> TcpStream {
    let stream = TcpStream::connect(app.url("").trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// What is said until the connection is closed, which it must be.
fn said(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("still open: {error}"),
        _ => String::from_utf8(bytes).unwrap(),
    }
}

fn head(app: &TestApp, length: usize) -> String {
    let key = &app.key;
    format!(
        "POST /graphql HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n"
    )
}

/// What a program in a hurry would send.
fn is_served(app: &TestApp) -> bool {
    let mut stream = connect(app);
    let body = r#"{"query": "{ tenant { name } }"}"#;
    let head = head(app, body.len()).replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
    write!(stream, "{head}{body}").unwrap();
    said(&mut stream).starts_with("HTTP/1.1 200")
}

fn heads_that_never_end_are_hung_up_on(app: &TestApp) {
    let mut stream = connect(app);
    write!(stream, "POST /graphql HTTP/1.1\r\nhost: test\r\nx-more: ").unwrap();
    let said = said(&mut stream);
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{said}");
    assert!(is_served(app));
}
each_database!(heads_that_never_end_are_hung_up_on, super::impatient);

fn bodies_that_never_end_are_refused(app: &TestApp) {
    let mut stream = connect(app);
    write!(stream, "{}{{\"query\": ", head(app, 1_000)).unwrap();
    let said = said(&mut stream);
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("REQUEST_TIMEOUT"), "{said}");
    assert!(is_served(app));
}
each_database!(bodies_that_never_end_are_refused, super::impatient);

fn bodies_that_break_off_are_refused(app: &TestApp) {
    for chunked in [false, true] {
        let mut stream = connect(app);
        let head = head(app, 1_000);
        let head = if chunked { head.replace("content-length: 1000", "transfer-encoding: chunked") } else { head };
        write!(stream, "{head}{}", if chunked { "5\r\n{\"que" } else { "{\"query\": " }).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        // Whoever hangs up may or may not hear why.
        let said = said(&mut stream);
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 400") || said.starts_with("HTTP/1.1 408"), "{said}");
    }
    assert!(is_served(app));
}
each_database!(bodies_that_break_off_are_refused, super::impatient);

fn connections_without_a_request_make_way_for_others(app: &TestApp) {
    // As many as there may be; the others wait outside until these are closed.
    let mut idle: Vec<_> = (0..6).map(|_| connect(app)).collect();
    assert!(is_served(app));
    for stream in &mut idle {
        let said = said(stream);
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{said}");
    }
}
each_database!(connections_without_a_request_make_way_for_others, super::impatient);

fn what_is_no_request_is_refused(app: &TestApp) {
    for (bytes, statuses) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], &["400"][..]),
        (b"\xff\xfe\xfd\xfc\r\n\r\n", &["400"]),
        (b"GET / HTTP/9.9\r\n\r\n", &["400", "505"]),
        (b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n", &["400"]),
        (b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nx", &["400"]),
    ] {
        let mut stream = connect(app);
        stream.write_all(bytes).unwrap();
        let said = said(&mut stream);
        let status = said.split(' ').nth(1).unwrap_or("408");
        assert!(statuses.contains(&status) || status == "408", "{said}");
    }
    // A head of half a megabyte.
    let mut stream = connect(app);
    let _ = write!(stream, "GET / HTTP/1.1\r\nx-more: {}", "x".repeat(500_000));
    let said = said(&mut stream);
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 431") || said.starts_with("HTTP/1.1 400"), "{said}");
    assert!(is_served(app));
}
each_database!(what_is_no_request_is_refused, super::impatient);
