//! What browsers ask before a page of another site may, and what makes answers shorter on the way.

use super::Server;
use crate::support::{TestApp, both};
use perennial::http::live::LiveSettings;
use serde_json::json;
use std::io::Read;

const LISTED: &str = "https://app.example.com";

fn preflight(app: &TestApp, url: &str, origin: &str) -> (u16, Option<String>, Option<String>) {
    let request = ureq::http::Request::options(url)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type")
        .body(())
        .unwrap();
    let response = app.agent().run(request).unwrap();
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("access-control-allow-credentials"), None);
    (
        response.status().as_u16(),
        header("access-control-allow-origin"),
        header("access-control-allow-headers").filter(|allowed| allowed.contains("authorization")),
    )
}

both! {
    pages_of_listed_origins_may_ask_and_no_others(app) {
        let server = Server::of(app, LiveSettings::default(), None, &[LISTED]);
        let (status, allowed, headers) = preflight(app, &server.url(), LISTED);
        assert_eq!((status, allowed.as_deref()), (204, Some(LISTED)));
        assert!(headers.is_some());
        for (url, origin) in [
            (server.url(), "https://evil.example"), (server.url(), "null"), (app.url("/graphql"), LISTED),
        ] {
            assert_eq!(preflight(app, &url, origin).1, None, "{origin}");
        }
        let ask = |origin: &str| {
            let request = app.agent().post(server.url()).header("authorization", format!("Bearer {}", app.key));
            let response = request.header("origin", origin).send_json(json!({"query": "{ viewer { scope } }"})).unwrap();
            let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            (response.status().as_u16(), header("access-control-allow-origin"), header("vary").unwrap_or_default())
        };
        let (status, allowed, vary) = ask(LISTED);
        assert_eq!((status, allowed.as_deref()), (200, Some(LISTED)));
        assert!(vary.contains("Origin") && vary.contains("Accept"), "{vary}");
        assert_eq!(ask("https://evil.example").1, None, "the answer is there, but no page may read it");
        // Whoever may not ask at all can be told so by a page, too.
        let refused = app.agent().post(server.url()).header("origin", LISTED).send_json(json!({})).unwrap();
        assert_eq!(refused.status(), 401);
        assert!(refused.headers().contains_key("access-control-allow-origin"));
    }

    long_answers_are_compressed_and_short_ones_are_not(app) {
        let ask = |query: &str, accept: &str| {
            let request = app.agent().post(app.url("/graphql")).header("authorization", format!("Bearer {}", app.key));
            let request = request.header("accept-encoding", accept);
            let response = request.send_json(json!({"query": query})).unwrap();
            let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            let (encoding, vary) = (header("content-encoding"), header("vary").unwrap_or_default());
            let mut body = Vec::new();
            response.into_body().into_reader().read_to_end(&mut body).unwrap();
            (encoding, vary, body)
        };
        let long = "{ __type(name: \"Query\") { fields { name description } } }";
        let (encoding, vary, plain) = ask(long, "identity");
        assert_eq!(encoding, None);
        assert!(vary.contains("Accept-Encoding"), "{vary}");
        for (accept, expected) in [("gzip", "gzip"), ("br", "br"), ("zstd", "zstd"), ("gzip, deflate, br, zstd", "zstd")] {
            let (encoding, vary, packed) = ask(long, accept);
            assert_eq!(encoding.as_deref(), Some(expected));
            assert!(vary.contains("Accept-Encoding"), "{vary}");
            assert!(packed.len() * 3 < plain.len(), "{accept}: {} of {}", packed.len(), plain.len());
            assert_eq!(unpacked(expected, &packed), plain, "{accept}");
        }
        let (encoding, _, body) = ask("{ viewer { scope } }", "gzip, br, zstd");
        assert_eq!((encoding, body.as_slice()), (None, br#"{"data":{"viewer":{"scope":"ADMIN"}}}"#.as_slice()));
    }
}

fn unpacked(encoding: &str, packed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let read = match encoding {
        "gzip" => flate2::read::GzDecoder::new(packed).read_to_end(&mut plain),
        "br" => brotli::Decompressor::new(packed, 4_096).read_to_end(&mut plain),
        _ => zstd::Decoder::new(packed).unwrap().read_to_end(&mut plain),
    };
    read.unwrap();
    plain
}
