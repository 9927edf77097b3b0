//! Reads the parameters of a GraphQL request out of a body or a query string. Strict on purpose: what is let through
//! here by accident becomes part of the API.

use super::Limits;
use super::rejection::Rejection;
use actix_web::web;
use async_graphql::{Extensions, Request, Value, Variables};

/// A request out of the JSON body of a POST.
pub fn from_body(body: &[u8], limits: &Limits) -> Result<Request, Rejection> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| Rejection::bad_request("The body is not JSON. Send an object with `query`, encoded in UTF-8."))?;
    let mut fields = match body {
        Value::Object(fields) => fields,
        Value::List(_) => {
            return Err(Rejection::bad_request(
                "The body is a list. Requests cannot be batched: send them one by one.",
            ));
        }
        _ => return Err(Rejection::bad_request("The body is not an object. Send one with `query`.")),
    };
    let mut take = |name: &str| fields.swap_remove(name).unwrap_or_default();
    let parameters = Parameters {
        query: text("query", take("query"))?,
        operation_name: text("operationName", take("operationName"))?,
        variables: take("variables"),
        extensions: take("extensions"),
    };
    parameters.into_request(limits)
}

/// A request out of the query string of a GET.
pub fn from_query_string(query_string: &str, limits: &Limits) -> Result<Request, Rejection> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query_string)
        .map_err(|_| Rejection::bad_request("The query string cannot be read. Send `query=…`, URL-encoded."))?;
    let mut parameters = Parameters::default();
    let mut seen: Vec<&str> = Vec::new();
    for (name, value) in pairs.iter() {
        match name.as_str() {
            "query" => parameters.query = Some(value.clone()),
            "operationName" => parameters.operation_name = Some(value.clone()),
            "variables" => parameters.variables = json(name, value)?,
            "extensions" => parameters.extensions = json(name, value)?,
            _ => continue,
        }
        if seen.contains(&name.as_str()) {
            return Err(Rejection::bad_request(format!("The parameter `{name}` is given twice. Give it once.")));
        }
        seen.push(name);
    }
    parameters.into_request(limits)
}

#[derive(Default)]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Value,
    extensions: Value,
}

impl Parameters {
    fn into_request(self, limits: &Limits) -> Result<Request, Rejection> {
        let variables = match self.variables {
            Value::Null => Variables::default(),
            variables @ Value::Object(_) => Variables::from_value(variables),
            _ => return Err(Rejection::bad_request("`variables` must be an object or null.")),
        };
        let extensions = match self.extensions {
            Value::Null => Extensions::default(),
            Value::Object(fields) => {
                Extensions(fields.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
            }
            _ => return Err(Rejection::bad_request("`extensions` must be an object or null.")),
        };
        let Some(query) = self.query else { return Err(without_query(&extensions)) };
        if query.len() > limits.query {
            return Err(Rejection::too_large("query", limits.query));
        }
        let mut request = Request::new(query).variables(variables);
        request.operation_name = self.operation_name;
        request.extensions = extensions;
        Ok(request)
    }
}

/// Clients that send the hash of a query first send the query itself on hearing this one code.
fn without_query(extensions: &Extensions) -> Rejection {
    if extensions.contains_key("persistedQuery") {
        let status = actix_web::http::StatusCode::BAD_REQUEST;
        return Rejection::new(status, "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported");
    }
    Rejection::bad_request("The parameter `query` is missing. Send the text of the document.")
}

fn text(name: &str, value: Value) -> Result<Option<String>, Rejection> {
    match value {
        Value::String(text) => Ok(Some(text)),
        Value::Null => Ok(None),
        _ => Err(Rejection::bad_request(format!("`{name}` must be a string."))),
    }
}

fn json(name: &str, text: &str) -> Result<Value, Rejection> {
    serde_json::from_str(text)
        .map_err(|_| Rejection::bad_request(format!("The parameter `{name}` is not JSON. Encode an object as JSON.")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::Name;
    use std::time::Duration;

    const LIMITS: Limits = Limits { body: 1000, query: 40, timeout: Duration::from_secs(1) };

    fn body(text: &str) -> Result<Request, Rejection> {
        from_body(text.as_bytes(), &LIMITS)
    }

    #[test]
    fn a_body_is_read_whole() {
        let request = body(
            r#"{"query":"{a}","operationName":"A","variables":{"x":{"b":1,"a":[null]}},"extensions":{"e":true},"more":1}"#,
        )
        .unwrap();
        assert_eq!((request.query.as_str(), request.operation_name.as_deref()), ("{a}", Some("A")));
        assert_eq!(request.variables[&Name::new("x")].to_string(), "{b: 1, a: [null]}");
        assert_eq!(request.extensions["e"], Value::Boolean(true));
        let bare = body(r#"{"query":"{a}","operationName":null,"variables":null,"extensions":null}"#).unwrap();
        assert!(bare.operation_name.is_none() && bare.variables.is_empty() && bare.extensions.is_empty());
    }

    #[test]
    fn every_other_shape_is_a_bad_request() {
        for text in [
            "",
            "{",
            "null",
            "1",
            "\"{a}\"",
            "[]",
            r#"[{"query":"{a}"}]"#,
            "{}",
            r#"{"query":null}"#,
            r#"{"query":1}"#,
            r#"{"query":["{a}"]}"#,
            r#"{"query":{}}"#,
            r#"{"query":"{a}","operationName":1}"#,
            r#"{"query":"{a}","operationName":[]}"#,
            r#"{"query":"{a}","variables":"{}"}"#,
            r#"{"query":"{a}","variables":[]}"#,
            r#"{"query":"{a}","variables":0}"#,
            r#"{"query":"{a}","extensions":"{}"}"#,
            r#"{"query":"{a}","extensions":[]}"#,
            "\u{feff}{\"query\":\"{a}\"}",
        ] {
            let refusal = body(text).unwrap_err();
            assert_eq!((refusal.status.as_u16(), refusal.code), (400, "BAD_REQUEST"), "{text}");
        }
        assert!(from_body(b"{\"query\":\"{a(b:\\\"\xff\\\")}\"}", &LIMITS).is_err(), "not UTF-8");
        let deep = format!(r#"{{"query":"{{a}}","variables":{{"x":{}{}}}}}"#, "[".repeat(9999), "]".repeat(9999));
        assert_eq!(body(&deep).unwrap_err().status.as_u16(), 400, "nested beyond reason");
    }

    #[test]
    fn a_long_query_and_a_hash_without_one_have_answers_of_their_own() {
        let long = body(&format!(r#"{{"query":"{{ {} }}"}}"#, "a ".repeat(40))).unwrap_err();
        assert_eq!((long.status.as_u16(), long.code), (413, "PAYLOAD_TOO_LARGE"));
        let hashed = body(r#"{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"ab"}}}"#).unwrap_err();
        assert_eq!((hashed.status.as_u16(), hashed.code), (400, "PERSISTED_QUERY_NOT_SUPPORTED"));
    }

    #[test]
    fn a_query_string_is_read_whole() {
        let text = "query=%7Ba%7D&operationName=A&variables=%7B%22x%22%3A1%7D&extensions=%7B%22e%22%3A2%7D&more=1";
        let request = from_query_string(text, &LIMITS).unwrap();
        assert_eq!((request.query.as_str(), request.operation_name.as_deref()), ("{a}", Some("A")));
        assert_eq!(request.variables[&Name::new("x")].to_string(), "1");
        assert_eq!(request.extensions["e"].to_string(), "2");
        assert!(from_query_string("query=%7Ba%7D&variables=null", &LIMITS).is_ok());
        for text in [
            "",
            "quer=x",
            "query=a&query=b",
            "query=a&variables=",
            "query=a&variables=1",
            "query=a&variables=%5B%5D",
            "query=a&extensions=x",
        ] {
            let refusal = from_query_string(text, &LIMITS).unwrap_err();
            assert_eq!((refusal.status.as_u16(), refusal.code), (400, "BAD_REQUEST"), "{text}");
        }
    }
}
