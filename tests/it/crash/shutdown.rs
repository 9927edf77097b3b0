//! SIGTERM: no new requests, those under way finish, and all is well.

use crate::support::on_both;
use crate::support::program::{PATIENCE, Program, tenant};
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

on_both! {
    sigterm_lets_a_request_under_way_finish(database) {
        let mut program = Program::serve(&database.url);
        let (_, key) = tenant(&database.url);
        let document = "mutation { createCustomer(input: {name: \"Jane Doe\"}) { customer { name } } }";
        let body = json!({"query": document}).to_string();

        // The server asks for the body, so it is at work on this request.
        let mut connection = TcpStream::connect(program.address).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            connection,
            "POST /graphql HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            body.len()
        )
        .unwrap();
        let mut answer = BufReader::new(connection.try_clone().unwrap());
        let mut line = String::new();
        answer.read_line(&mut line).unwrap();
        assert_eq!(line, "HTTP/1.1 100 Continue\r\n");

        program.signal("TERM");
        program.await_log("stopping");
        // Whoever comes now comes too late.
        while TcpStream::connect(program.address).is_ok_and(|mut late| {
            // A connection that the system took before the server let go of the port is closed unanswered.
            late.set_read_timeout(Some(PATIENCE)).unwrap();
            let _ = late.write_all(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n");
            late.read(&mut [0; 1]).is_ok_and(|bytes| bytes > 0)
        }) {}

        connection.write_all(body.as_bytes()).unwrap();
        let mut rest = String::new();
        answer.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("HTTP/1.1 200 OK") && rest.contains("\"name\":\"Jane Doe\""), "{rest}");
        assert_eq!(program.wait().code(), Some(0));
        assert_eq!(database.number("SELECT count(*) FROM customers"), 1);
    }

    a_second_signal_ends_at_once(database) {
        let mut program = Program::serve(&database.url);
        let (_, key) = tenant(&database.url);
        let mut connection = TcpStream::connect(program.address).unwrap();
        write!(
            connection,
            "POST /graphql HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
             Content-Length: 10\r\nExpect: 100-continue\r\n\r\n"
        )
        .unwrap();
        let mut line = String::new();
        BufReader::new(connection.try_clone().unwrap()).read_line(&mut line).unwrap();
        program.signal("TERM");
        program.await_log("requests under way may finish");
        program.signal("INT");
        program.await_log("stopping at once");
        program.wait();
    }
}
