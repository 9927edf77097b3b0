//! The messages of the protocol: what clients send, and why a socket is closed.

use super::super::Limits;
use super::super::rejection::Rejection;
use super::super::request;
use async_graphql::{Request, Value};
use serde::Serialize;

/// Why a socket is closed: the number and the reason, which may have 123 bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Close {
    pub code: u16,
    pub reason: String,
}

impl Close {
    pub fn new(code: u16, reason: impl Into<String>) -> Close {
        Close { code, reason: reason.into() }
    }

    fn invalid(reason: impl Into<String>) -> Close {
        Close::new(4400, reason)
    }

    pub fn unauthorized() -> Close {
        Close::new(4401, "Unauthorized")
    }

    pub fn forbidden() -> Close {
        Close::new(4403, "Forbidden")
    }
}

/// What a client sends.
#[derive(Debug)]
pub enum Message {
    Init {
        /// The value of `Authorization` in the payload, as a header would have it.
        authorization: Option<String>,
    },
    Ping {
        payload: Option<Value>,
    },
    Pong,
    Subscribe {
        id: String,
        /// The request, or why it cannot be run although the message can be read.
        request: Box<Result<Request, Rejection>>,
    },
    Complete {
        id: String,
    },
}

/// The longest id of an operation.
const LONGEST_ID: usize = 128;

/// Reads a message, or says why the socket is to be closed.
pub fn read(text: &[u8], limits: &Limits) -> Result<Message, Close> {
    let message: Value = serde_json::from_slice(text).map_err(|_| Close::invalid("The message is not JSON."))?;
    let Value::Object(mut fields) = message else { return Err(Close::invalid("The message is not an object.")) };
    let Some(Value::String(kind)) = fields.swap_remove("type") else {
        return Err(Close::invalid("The message has no `type`."));
    };
    let payload = fields.swap_remove("payload");
    let id = fields.swap_remove("id");
    let id = || match id {
        Some(Value::String(id)) if !id.is_empty() && id.len() <= LONGEST_ID => Ok(id),
        _ => Err(Close::invalid(format!("`id` must be a text of 1 to {LONGEST_ID} bytes."))),
    };
    Ok(match kind.as_str() {
        "connection_init" => Message::Init { authorization: authorization(optional(payload)?)? },
        "ping" => Message::Ping { payload: optional(payload)? },
        "pong" => {
            optional(payload)?;
            Message::Pong
        }
        "subscribe" => {
            let id = id()?;
            let Some(payload @ Value::Object(_)) = payload else {
                return Err(Close::invalid("`payload` must be an object with `query`."));
            };
            match request::from_value(payload, limits) {
                // What has no document at all, or is of the wrong shape, is no message of the protocol.
                Err(rejection) if rejection.code == "BAD_REQUEST" => return Err(Close::invalid(rejection.message)),
                request => Message::Subscribe { id, request: Box::new(request) },
            }
        }
        "complete" => Message::Complete { id: id()? },
        _ => return Err(Close::invalid("The message has an unknown `type`.")),
    })
}

/// A payload that may be left out.
fn optional(payload: Option<Value>) -> Result<Option<Value>, Close> {
    match payload {
        None | Some(Value::Null) => Ok(None),
        Some(payload @ Value::Object(_)) => Ok(Some(payload)),
        Some(_) => Err(Close::invalid("`payload` must be an object.")),
    }
}

fn authorization(payload: Option<Value>) -> Result<Option<String>, Close> {
    let Some(Value::Object(mut payload)) = payload else { return Ok(None) };
    match payload.swap_remove("Authorization").or_else(|| payload.swap_remove("authorization")) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(authorization)) => Ok(Some(authorization)),
        Some(_) => Err(Close::invalid("`Authorization` must be a text: Bearer and an API key.")),
    }
}

/// What the server sends.
#[derive(Serialize)]
pub struct Sent<'a, P: Serialize> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<P>,
}

impl<P: Serialize> Sent<'_, P> {
    pub fn text(&self) -> String {
        // Plain data always serializes.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A message without a payload.
pub fn plain(kind: &'static str, id: Option<&str>) -> String {
    Sent { id, kind, payload: None::<()> }.text()
}

/// `next` with an answer that is written already.
pub fn next(id: &str, answer: &[u8]) -> String {
    let id = serde_json::to_string(id).unwrap_or_default();
    let mut text = String::with_capacity(answer.len() + id.len() + 40);
    text.push_str("{\"id\":");
    text.push_str(&id);
    text.push_str(",\"type\":\"next\",\"payload\":");
    text.push_str(&String::from_utf8_lossy(answer));
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { query: 40, ..Limits::default() }
    }

    #[test]
    fn what_is_no_message_closes_the_socket() {
        for text in [
            "",
            "x",
            "1",
            "[]",
            "null",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"unknown"}"#,
            r#"{"type":"start"}"#,
            r#"{"type":"connection_init","payload":1}"#,
            r#"{"type":"connection_init","payload":{"Authorization":1}}"#,
            r#"{"type":"ping","payload":"x"}"#,
            r#"{"type":"pong","payload":[]}"#,
            r#"{"type":"complete"}"#,
            r#"{"type":"complete","id":""}"#,
            r#"{"type":"complete","id":1}"#,
            r#"{"type":"subscribe"}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":"{a}"}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":"x"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","operationName":1}}"#,
        ] {
            let close = read(text.as_bytes(), &limits()).unwrap_err();
            assert_eq!(close.code, 4400, "{text}");
            assert!(close.reason.len() <= 123, "{text}: {}", close.reason);
        }
    }

    #[test]
    fn messages_are_read() {
        let subscribe =
            r#"{"id":"1","type":"subscribe","payload":{"query":"{a}","operationName":null,"variables":{"x":1}}}"#;
        let Message::Subscribe { id, request } = read(subscribe.as_bytes(), &limits()).unwrap() else { panic!() };
        assert_eq!((id.as_str(), request.unwrap().query.as_str()), ("1", "{a}"));
        let long = format!(r#"{{"id":"1","type":"subscribe","payload":{{"query":"{{ {} }}"}}}}"#, "a ".repeat(40));
        let Message::Subscribe { request, .. } = read(long.as_bytes(), &limits()).unwrap() else { panic!() };
        assert_eq!(request.unwrap_err().code, "PAYLOAD_TOO_LARGE");
        for payload in [r#"{"Authorization":"Bearer x"}"#, r#"{"authorization":"Bearer x"}"#] {
            let init = format!(r#"{{"type":"connection_init","payload":{payload}}}"#);
            let Message::Init { authorization } = read(init.as_bytes(), &limits()).unwrap() else { panic!() };
            assert_eq!(authorization.as_deref(), Some("Bearer x"));
        }
        assert!(matches!(read(br#"{"type":"connection_init"}"#, &limits()), Ok(Message::Init { authorization: None })));
    }

    #[test]
    fn messages_are_written() {
        assert_eq!(plain("pong", None), r#"{"type":"pong"}"#);
        assert_eq!(plain("complete", Some("a\"")), r#"{"id":"a\"","type":"complete"}"#);
        assert_eq!(next("1", br#"{"data":null}"#), r#"{"id":"1","type":"next","payload":{"data":null}}"#);
    }
}
