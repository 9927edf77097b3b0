//! A client that keeps its connection: just enough HTTP to measure with.

use crate::Failure;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

pub struct Client {
    stream: BufReader<TcpStream>,
    head: String,
    request: Vec<u8>,
    pub body: Vec<u8>,
}

impl Client {
    pub fn connect(address: SocketAddr, key: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nContent-Length: "
        );
        Ok(Client { stream: BufReader::with_capacity(64 * 1024, stream), head, request: Vec::new(), body: Vec::new() })
    }

    /// Sends a request that must not be refused; its answer is then in `body`.
    pub fn post(&mut self, json: &str) -> Result<(), Failure> {
        match self.send(json)? {
            200 => Ok(()),
            status => Err(format!("the server answered {status}").into()),
        }
    }

    /// Sends a request; answers the status, and the answer is then in `body`.
    pub fn send(&mut self, json: &str) -> Result<u16, Failure> {
        self.request.clear();
        write!(self.request, "{}{}\r\n\r\n{json}", self.head, json.len())?;
        self.stream.get_mut().write_all(&self.request)?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).unwrap_or_default().parse()?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            if line == "\r\n" {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body)?;
        Ok(status)
    }

    /// Sends a request and reads its answer.
    pub fn ask(&mut self, json: &str) -> Result<serde_json::Value, Failure> {
        self.post(json)?;
        let answer: serde_json::Value = serde_json::from_slice(&self.body)?;
        match answer.get("errors") {
            Some(errors) => Err(format!("{errors}").into()),
            None => Ok(answer),
        }
    }
}
