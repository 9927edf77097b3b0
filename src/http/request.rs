//! Reads the parameters of a GraphQL request out of a body or a query string. Strict on purpose: what is let through
//! here by accident becomes part of the API.

use super::Limits;
use super::rejection::Rejection;
use crate::graphql::named_by;
use actix_web::web;
use async_graphql::{Extensions, Request, Value, Variables, value};

/// A request out of the JSON body of a POST.
pub fn from_body(body: &[u8], limits: &Limits) -> Result<Request, Rejection> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|_| Rejection::bad_request("The body is not JSON. Send an object with `query`, encoded in UTF-8."))?;
    from_value(body, limits)
}

/// A request out of JSON that was read.
pub fn from_value(body: Value, limits: &Limits) -> Result<Request, Rejection> {
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
        document_id: text("documentId", take("documentId"))?,
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
            "documentId" => parameters.document_id = Some(value.clone()),
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
    document_id: Option<String>,
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
        let mut extensions = match self.extensions {
            Value::Null => Extensions::default(),
            Value::Object(fields) => {
                Extensions(fields.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
            }
            _ => return Err(Rejection::bad_request("`extensions` must be an object or null.")),
        };
        let named = named_by(&extensions).map_err(Rejection::bad_request)?;
        let query = match (self.query, self.document_id) {
            (Some(_), Some(_)) => {
                return Err(Rejection::bad_request("Both `query` and `documentId` are given. Send one of them."));
            }
            (None, Some(_)) if named.is_some() => {
                let message = "Both `documentId` and `extensions.persistedQuery` are given. Send one of them.";
                return Err(Rejection::bad_request(message));
            }
            (None, Some(id)) => {
                extensions.insert("persistedQuery".to_owned(), persisted(&id));
                named_by(&extensions).map_err(|_| Rejection::bad_request(DOCUMENT_ID))?;
                String::new()
            }
            (Some(query), None) => query,
            (None, None) if named.is_some() => String::new(),
            (None, None) => {
                return Err(Rejection::bad_request("The parameter `query` is missing. Send the text of the document."));
            }
        };
        if query.len() > limits.query {
            return Err(Rejection::too_large("query", limits.query));
        }
        let mut request = Request::new(query).variables(variables);
        request.operation_name = self.operation_name;
        request.extensions = extensions;
        Ok(request)
    }
}

const DOCUMENT_ID: &str = "`documentId` must be `sha256:` and the SHA-256 of the text: 64 hexadecimal digits.";

/// The same name as the extension has it, which is where everything behind here looks.
fn persisted(id: &str) -> Value {
    let hash = id.strip_prefix("sha256:").unwrap_or(id);
    value!({"version": 1, "sha256Hash": hash})
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

    fn limits() -> Limits {
        Limits { query: 40, ..Limits::default() }
    }

    fn body(text: &str) -> Result<Request, Rejection> {
        from_body(text.as_bytes(), &limits())
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
        assert!(from_body(b"{\"query\":\"{a(b:\\\"\xff\\\")}\"}", &limits()).is_err(), "not UTF-8");
        let deep = format!(r#"{{"query":"{{a}}","variables":{{"x":{}{}}}}}"#, "[".repeat(9999), "]".repeat(9999));
        assert_eq!(body(&deep).unwrap_err().status.as_u16(), 400, "nested beyond reason");
    }

    #[test]
    fn a_long_query_has_an_answer_of_its_own() {
        let long = body(&format!(r#"{{"query":"{{ {} }}"}}"#, "a ".repeat(40))).unwrap_err();
        assert_eq!((long.status.as_u16(), long.code), (413, "PAYLOAD_TOO_LARGE"));
    }

    #[test]
    fn a_document_may_be_named_instead() {
        let hash = "ab".repeat(32);
        let persisted = format!(r#""extensions":{{"persistedQuery":{{"version":1,"sha256Hash":"{hash}"}}}}"#);
        for text in [
            format!("{{{persisted}}}"),
            format!(r#"{{"documentId":"sha256:{hash}"}}"#),
            format!(r#"{{"documentId":"{hash}","extensions":null}}"#),
        ] {
            let request = body(&text).unwrap();
            assert_eq!(request.query, "");
            assert_eq!(named_by(&request.extensions).unwrap().unwrap().as_str(), hash, "{text}");
        }
        assert_eq!(body(&format!(r#"{{"query":"{{a}}",{persisted}}}"#)).unwrap().query, "{a}");
        for text in [
            r#"{"documentId":"sha256:ab"}"#.to_owned(),
            r#"{"documentId":7}"#.to_owned(),
            format!(r#"{{"documentId":"md5:{hash}"}}"#),
            format!(r#"{{"documentId":"sha256:{hash}","query":"{{a}}"}}"#),
            format!(r#"{{"documentId":"sha256:{hash}",{persisted}}}"#),
            r#"{"extensions":{"persistedQuery":{}}}"#.to_owned(),
            r#"{"query":"{a}","extensions":{"persistedQuery":{"version":1,"sha256Hash":"ab"}}}"#.to_owned(),
        ] {
            let refusal = body(&text).unwrap_err();
            assert_eq!((refusal.status.as_u16(), refusal.code), (400, "BAD_REQUEST"), "{text}");
        }
        let request = from_query_string(&format!("documentId=sha256%3A{hash}"), &limits()).unwrap();
        assert_eq!(named_by(&request.extensions).unwrap().unwrap().as_str(), hash);
    }

    #[test]
    fn a_query_string_is_read_whole() {
        let text = "query=%7Ba%7D&operationName=A&variables=%7B%22x%22%3A1%7D&extensions=%7B%22e%22%3A2%7D&more=1";
        let request = from_query_string(text, &limits()).unwrap();
        assert_eq!((request.query.as_str(), request.operation_name.as_deref()), ("{a}", Some("A")));
        assert_eq!(request.variables[&Name::new("x")].to_string(), "1");
        assert_eq!(request.extensions["e"].to_string(), "2");
        assert!(from_query_string("query=%7Ba%7D&variables=null", &limits()).is_ok());
        for text in [
            "",
            "quer=x",
            "query=a&query=b",
            "query=a&variables=",
            "query=a&variables=1",
            "query=a&variables=%5B%5D",
            "query=a&extensions=x",
        ] {
            let refusal = from_query_string(text, &limits()).unwrap_err();
            assert_eq!((refusal.status.as_u16(), refusal.code), (400, "BAD_REQUEST"), "{text}");
        }
    }
}
