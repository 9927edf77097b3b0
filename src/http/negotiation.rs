//! Which media type an answer gets, out of the `Accept` header; and whether a body is of a type that is read.

use actix_web::http::header::{self, HeaderMap};
use actix_web::mime::{self, Mime};

/// The types in which a single answer can be given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MediaType {
    /// `application/json`: the status says only whether the request could be read.
    Json,
    /// `application/graphql-response+json`: the status also says whether it could be executed.
    GraphqlResponse,
}

impl MediaType {
    /// The order is the one that wildcards prefer.
    const ALL: [MediaType; 2] = [MediaType::Json, MediaType::GraphqlResponse];

    pub fn content_type(self) -> &'static str {
        match self {
            MediaType::Json => "application/json; charset=utf-8",
            MediaType::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        }
    }

    fn name(self) -> &'static str {
        match self {
            MediaType::Json => "application/json",
            MediaType::GraphqlResponse => "application/graphql-response+json",
        }
    }

    /// How closely a range of an `Accept` header names this type; `None` if it does not.
    fn matched_by(self, range: &str) -> Option<u8> {
        if range.eq_ignore_ascii_case(self.name()) {
            Some(2)
        } else if range.eq_ignore_ascii_case("application/*") {
            Some(1)
        } else if range == "*/*" {
            Some(0)
        } else {
            None
        }
    }
}

/// Whether the client would rather have events than a single answer: it names them, and nothing that it likes better.
pub fn wants_events(headers: &HeaderMap) -> bool {
    let mut best: Option<(bool, u16)> = None;
    for value in headers.get_all(header::ACCEPT) {
        for (range, quality) in value.to_str().unwrap_or_default().split(',').filter_map(read_range) {
            let is_events = range.eq_ignore_ascii_case(super::sse::MEDIA_TYPE);
            let is_single = MediaType::ALL.iter().any(|single| single.matched_by(range) == Some(2));
            if (is_events || is_single) && quality > best.map_or(0, |(_, best)| best) {
                best = Some((is_events, quality));
            }
        }
    }
    best.is_some_and(|(is_events, _)| is_events)
}

/// The type to answer in: the highest quality wins, then what is named first. `None` if nothing is acceptable.
pub fn accepted(headers: &HeaderMap) -> Option<MediaType> {
    let mut accept = String::new();
    for value in headers.get_all(header::ACCEPT) {
        if !accept.is_empty() {
            accept.push(',');
        }
        accept.push_str(value.to_str().ok()?);
    }
    negotiate(&accept)
}

fn negotiate(accept: &str) -> Option<MediaType> {
    if accept.trim().is_empty() {
        return Some(MediaType::Json);
    }
    let mut best: Option<(MediaType, u16, usize)> = None;
    for offered in MediaType::ALL {
        // The closest range says what the client thinks of this type, wherever it stands.
        let closest = accept
            .split(',')
            .enumerate()
            .filter_map(|(place, range)| {
                let (range, quality) = read_range(range)?;
                Some((offered.matched_by(range)?, quality, place))
            })
            .reduce(|one, other| if other.0 > one.0 { other } else { one });
        let Some((_, quality, place)) = closest else { continue };
        let better = match best {
            None => quality > 0,
            Some((_, best_quality, best_place)) => {
                quality > best_quality || quality == best_quality && place < best_place
            }
        };
        if better {
            best = Some((offered, quality, place));
        }
    }
    best.map(|(offered, _, _)| offered)
}

/// One range with its quality in thousandths. `None` if the quality is no number: then the range is passed over.
fn read_range(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next()?;
    let mut quality = 1000;
    for parameter in parts {
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("q")
        {
            quality = thousandths(value.trim())?;
        }
    }
    Some((range, quality))
}

fn thousandths(text: &str) -> Option<u16> {
    let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
    if digits.len() > 3 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    match whole {
        "0" => format!("{digits:0<3}").parse().ok(),
        "1" if digits.bytes().all(|digit| digit == b'0') => Some(1000),
        _ => None,
    }
}

/// Whether the body says that it is JSON in UTF-8.
pub fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(content_type)) = headers.get(header::CONTENT_TYPE).map(header::HeaderValue::to_str) else {
        return false;
    };
    content_type.parse::<Mime>().is_ok_and(|found| {
        found.essence_str() == "application/json" && found.get_param(mime::CHARSET).is_none_or(|set| set == mime::UTF_8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use MediaType::{GraphqlResponse, Json};
    use actix_web::http::header::HeaderValue;

    #[test]
    fn the_highest_quality_wins_and_then_the_first_named() {
        for (accept, expected) in [
            ("", Some(Json)),
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("application/json", Some(Json)),
            ("application/graphql-response+json", Some(GraphqlResponse)),
            ("Application/GraphQL-Response+JSON; charset=utf-8", Some(GraphqlResponse)),
            ("application/graphql-response+json, application/json", Some(GraphqlResponse)),
            ("application/json, application/graphql-response+json", Some(Json)),
            ("application/json;q=0.9, application/graphql-response+json", Some(GraphqlResponse)),
            ("application/graphql-response+json; q=0.5, application/json;q=0.51", Some(Json)),
            ("text/html, application/xhtml+xml, */*;q=0.8", Some(Json)),
            ("application/json;q=0, */*", Some(GraphqlResponse)),
            ("*/*, application/json;q=0", Some(GraphqlResponse)),
            ("application/json;q=0", None),
            ("application/json;q=0.000", None),
            ("text/html", None),
            ("application/json;q=loud", None),
            ("application/json;q=1.5", None),
        ] {
            assert_eq!(negotiate(accept), expected, "{accept}");
        }
    }

    #[test]
    fn events_are_for_who_names_them_first() {
        for (accept, expected) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            ("text/event-stream, application/json", true),
            ("application/json, text/event-stream", false),
            ("application/json;q=0.5, text/event-stream", true),
            ("text/event-stream, */*", true),
            ("text/event-stream;q=0", false),
            ("text/*", false),
            ("*/*", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(wants_events(&headers), expected, "{accept}");
        }
    }

    #[test]
    fn several_accept_headers_are_one() {
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, HeaderValue::from_static("text/html"));
        headers.append(header::ACCEPT, HeaderValue::from_static("application/graphql-response+json"));
        assert_eq!(accepted(&headers), Some(GraphqlResponse));
        headers.append(header::ACCEPT, HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(accepted(&headers), None);
    }

    #[test]
    fn only_json_in_utf_8_is_read() {
        for (content_type, expected) in [
            ("application/json", true),
            ("Application/JSON", true),
            ("application/json; charset=utf-8", true),
            ("application/json;charset=\"UTF-8\"", true),
            ("application/json; charset=iso-8859-1", false),
            ("application/graphql", false),
            ("application/graphql-response+json", false),
            ("application/x-www-form-urlencoded", false),
            ("multipart/form-data; boundary=x", false),
            ("text/plain", false),
            ("json", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            assert_eq!(is_json(&headers), expected, "{content_type}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
