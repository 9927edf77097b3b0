//! The answer's bytes and its errors.

use super::column::write_string;
use super::run::coded;
use async_graphql::{PathSegment, Pos, Response, ServerError, Value};

/// JSON in the making. `path` says where the writer is, for errors.
pub struct Out<'q> {
    pub(super) bytes: Vec<u8>,
    pub(super) path: Vec<Step<'q>>,
    pub(super) errors: Vec<ServerError>,
    /// How many objects were written, those included that became null later.
    pub(super) objects: u64,
    /// How long the answer may become.
    most: usize,
    /// Where it had become too long.
    overflow: Option<Vec<PathSegment>>,
}

#[derive(Clone, Copy)]
pub(super) enum Step<'q> {
    Key(&'q str),
    Index(usize),
}

/// A value that must not be null could not be given; the nearest nullable one above becomes null instead.
pub struct Null;
pub(super) type Written = Result<(), Null>;

/// Room for what most answers need, so that they are not moved while they grow.
const ROOM: usize = 16 * 1024;

impl<'q> Out<'q> {
    /// An answer that may become `most` bytes long.
    pub(super) fn new(most: usize) -> Self {
        let bytes = Vec::with_capacity(ROOM);
        Out { bytes, path: Vec::new(), errors: Vec::new(), objects: 0, most, overflow: None }
    }

    /// Counts an object that is about to be written. Once the answer is too long, nothing is written any more.
    pub(super) fn object(&mut self) -> Written {
        self.objects = self.objects.saturating_add(1);
        if self.bytes.len() > self.most && self.overflow.is_none() {
            self.overflow = Some(self.path.iter().map(Step::segment).collect());
        }
        if self.overflow.is_some() { Err(Null) } else { Ok(()) }
    }

    /// The error of an answer that became too long, once.
    pub(super) fn overflow(&mut self) -> Option<ServerError> {
        let path = match self.overflow.take() {
            Some(path) => path,
            None if self.bytes.len() > self.most => Vec::new(),
            None => return None,
        };
        let message = format!(
            "The answer is longer than the {} bytes that are allowed. Select less, or ask for shorter pages.",
            self.most
        );
        Some(ServerError { path, ..coded(message, "RESPONSE_TOO_LARGE") })
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Writes `"key":value`, and `null` where a nullable value fails.
    pub(super) fn member(
        &mut self,
        first: bool,
        key: &'q str,
        nullable: bool,
        value: impl FnOnce(&mut Self) -> Written,
    ) -> Written {
        if !first {
            self.bytes.push(b',');
        }
        self.bytes.push(b'"'); // a GraphQL name needs no escaping
        self.raw(key);
        self.raw("\":");
        self.at(Step::Key(key), nullable, value)
    }

    /// Writes `[value,value]`; `nullable` says whether a single value may be null.
    pub(super) fn list(
        &mut self,
        len: usize,
        nullable: bool,
        mut value: impl FnMut(&mut Self, usize) -> Written,
    ) -> Written {
        self.bytes.push(b'[');
        for index in 0..len {
            if index > 0 {
                self.bytes.push(b',');
            }
            self.at(Step::Index(index), nullable, |out| value(out, index))?;
        }
        self.bytes.push(b']');
        Ok(())
    }

    pub(super) fn at(&mut self, step: Step<'q>, nullable: bool, value: impl FnOnce(&mut Self) -> Written) -> Written {
        let start = self.bytes.len();
        self.path.push(step);
        let written = value(self);
        self.path.pop();
        if written.is_err() && nullable {
            self.bytes.truncate(start);
            self.raw("null");
            return Ok(());
        }
        written
    }

    /// Notes an error at the place where the writer is.
    pub(super) fn fail(&mut self, mut error: ServerError, pos: Pos) -> Null {
        error.locations = vec![pos];
        error.path = self.path.iter().map(Step::segment).collect();
        self.errors.push(error);
        Null
    }
}

impl Step<'_> {
    fn segment(&self) -> PathSegment {
        match self {
            Step::Key(key) => PathSegment::Field((*key).to_owned()),
            Step::Index(index) => PathSegment::Index(*index),
        }
    }
}

/// The whole response as bytes. What the engine wrote (`Value::Binary`) is spliced in as it is. A request that was not
/// executed has no `data` at all.
pub fn to_json(response: &Response) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length(&response.data) + 1_024);
    bytes.push(b'{');
    if !not_executed(response) {
        bytes.extend_from_slice(b"\"data\":");
        write_data(&mut bytes, &response.data);
    }
    if !response.errors.is_empty() {
        member(&mut bytes, "errors", &response.errors);
    }
    if !response.extensions.is_empty() {
        member(&mut bytes, "extensions", &response.extensions);
    }
    bytes.push(b'}');
    bytes
}

/// Whether the request was refused before it was executed: then none of its errors has a path.
pub fn not_executed(response: &Response) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// The length of what the engine wrote.
fn length(data: &Value) -> usize {
    let Value::Object(fields) = data else { return 0 };
    fields.values().map(|value| if let Value::Binary(json) = value { json.len() } else { 0 }).sum()
}

fn write_data(bytes: &mut Vec<u8>, data: &Value) {
    match data {
        // A root field that must not be null failed: the engine says so with empty bytes.
        Value::Object(fields) if fields.values().any(|v| matches!(v, Value::Binary(json) if json.is_empty())) => {
            bytes.extend_from_slice(b"null");
        }
        Value::Object(fields) => {
            bytes.push(b'{');
            for (index, (key, value)) in fields.iter().enumerate() {
                if index > 0 {
                    bytes.push(b',');
                }
                write_string(bytes, key);
                bytes.push(b':');
                match value {
                    Value::Binary(json) => bytes.extend_from_slice(json),
                    other => write_serde(bytes, other),
                }
            }
            bytes.push(b'}');
        }
        other => write_serde(bytes, other),
    }
}

fn member(bytes: &mut Vec<u8>, key: &str, value: &impl serde::Serialize) {
    if bytes.len() > 1 {
        bytes.push(b',');
    }
    write_string(bytes, key);
    bytes.push(b':');
    write_serde(bytes, value);
}

fn write_serde(bytes: &mut Vec<u8>, value: &impl serde::Serialize) {
    // Plain data in a Vec: neither can fail.
    if serde_json::to_writer(&mut *bytes, value).is_err() {
        bytes.extend_from_slice(b"null");
    }
}
