//! What listens: a reader of server-sent events and a WebSocket, over real sockets.

use crate::support::{Answer, TestApp};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::client::generate_key;
use tungstenite::http::Request;
use tungstenite::{Message, WebSocket};

/// Longer than anything takes that is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// An answer that goes on.
pub struct Events(BufReader<Box<dyn Read + Send>>);

impl Events {
    /// Subscribes, and is listened to when this answers. What happened before is not heard, unless it
    /// is asked for.
    pub fn open(app: &TestApp, document: &str, variables: Value) -> Events {
        Events::at(app, &app.url("/graphql"), &app.key, document, variables)
    }

    pub fn at(app: &TestApp, url: &str, key: &str, document: &str, variables: Value) -> Events {
        Events::try_at(app, url, key, document, variables).unwrap_or_else(|answer| panic!("{answer:?}"))
    }

    pub fn try_at(
        app: &TestApp,
        url: &str,
        key: &str,
        document: &str,
        variables: Value,
    ) -> Result<Events, Box<Answer>> {
        if variables.get("after").is_none() {
            app.settle();
        }
        let request = app.agent().post(url).header("authorization", format!("Bearer {key}"));
        let request = request.header("accept", "text/event-stream");
        let response = request.send_json(json!({"query": document, "variables": variables})).unwrap();
        if response.status() != 200 {
            return Err(Box::new(Answer::of(response)));
        }
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("content-type").as_deref(), Some("text/event-stream"));
        assert_eq!(header("content-encoding"), None, "what comes bit by bit is not compressed");
        let mut events = Events(BufReader::new(Box::new(response.into_body().into_reader())));
        assert_eq!(events.line(), ":", "the answer begins at once");
        Ok(events)
    }

    pub fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.0.read_line(&mut line).unwrap() > 0, "the answer ended");
        line.trim_end_matches('\n').to_owned()
    }

    /// The name and the data of the next event.
    fn next(&mut self) -> (String, String) {
        let mut event = (String::new(), String::new());
        loop {
            let line = self.line();
            match line.split_once(':') {
                Some(("event", name)) => event.0 = name.trim().to_owned(),
                Some(("data", data)) => event.1 = data.trim().to_owned(),
                None if !event.0.is_empty() => return event,
                _ => {}
            }
        }
    }

    /// The next answer, which must be one.
    pub fn answer(&mut self) -> Value {
        let (name, data) = self.next();
        assert_eq!(name, "next", "{data}");
        serde_json::from_str(&data).unwrap()
    }

    /// What the next answer says of a field, without errors.
    pub fn field(&mut self, name: &str) -> Value {
        let mut answer = self.answer();
        assert_eq!(answer.get("errors"), None, "{answer:#}");
        answer["data"][name].take()
    }

    /// Asserts that this is the end.
    pub fn ends(mut self) {
        assert_eq!(self.next(), ("complete".to_owned(), String::new()));
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        assert!(rest.is_empty(), "{rest:?}");
    }
}

/// A WebSocket of a client.
pub struct Socket(pub WebSocket<TcpStream>);

impl Socket {
    /// One that has shaken hands, and said nothing.
    pub fn open(address: SocketAddr, headers: &[(&str, &str)]) -> Socket {
        Socket::try_open(address, headers).unwrap_or_else(|status| panic!("refused with {status}"))
    }

    /// The same, or the status with which it is refused.
    pub fn try_open(address: SocketAddr, headers: &[(&str, &str)]) -> Result<Socket, u16> {
        let stream = TcpStream::connect(address).unwrap();
        Socket::over(stream, address, headers)
    }

    pub fn over(stream: TcpStream, address: SocketAddr, headers: &[(&str, &str)]) -> Result<Socket, u16> {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = Request::get(format!("ws://{address}/graphql"))
            .header("host", address.to_string())
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", generate_key());
        if headers.iter().all(|(name, _)| *name != "sec-websocket-protocol") {
            request = request.header("sec-websocket-protocol", "graphql-transport-ws");
        }
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let request = request.body(()).unwrap().into_client_request().unwrap();
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                Err(response.status().as_u16())
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// One that was let in.
    pub fn begun(address: SocketAddr, key: &str) -> Socket {
        let mut socket = Socket::open(address, &[]);
        socket.begin(key);
        socket
    }

    pub fn begin(&mut self, key: &str) {
        self.send(json!({"type": "connection_init", "payload": {"Authorization": format!("Bearer {key}")}}));
        assert_eq!(self.receive(), json!({"type": "connection_ack"}));
    }

    pub fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).unwrap();
    }

    pub fn subscribe(&mut self, id: &str, document: &str, variables: Value) {
        self.send(json!({"id": id, "type": "subscribe", "payload": {"query": document, "variables": variables}}));
    }

    /// The next message, which must be one.
    pub fn receive(&mut self) -> Value {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// What the next message, which answers an operation, says of a field.
    pub fn field(&mut self, id: &str, name: &str) -> Value {
        let mut message = self.receive();
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message:#}");
        assert_eq!(message["payload"].get("errors"), None, "{message:#}");
        message["payload"]["data"][name].take()
    }

    /// With which number and reason the server closes it; messages before that are passed over.
    pub fn closed(mut self) -> (u16, String) {
        loop {
            match self.0.read() {
                Ok(Message::Close(Some(frame))) => return (frame.code.into(), frame.reason.to_string()),
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}
