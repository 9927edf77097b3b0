//! Compression of answers, by what the client accepts. Short ones are left as they are, and so is what comes bit by bit.

use super::cors::append_vary;
use actix_web::Error;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use std::io::Write;

/// Shorter answers fit into a packet or two as they are: to compress them would take time and save none.
const SHORTEST: u64 = 1_024;
/// Longer ones are compressed on another thread, so that others need not wait meanwhile.
const LONG: usize = 64 * 1_024;

/// How hard each tries: about as long as it takes to make the answer, no longer.
const GZIP: u32 = 4;
const BROTLI: u32 = 4;
const ZSTD: i32 = 3;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Encoding {
    Zstd,
    Brotli,
    Gzip,
}

impl Encoding {
    /// What is taken first where a client likes them alike: the fastest for what it saves.
    const ALL: [Encoding; 3] = [Encoding::Zstd, Encoding::Brotli, Encoding::Gzip];

    fn name(self) -> &'static str {
        match self {
            Encoding::Zstd => "zstd",
            Encoding::Brotli => "br",
            Encoding::Gzip => "gzip",
        }
    }

    fn compress(self, plain: &[u8]) -> std::io::Result<Vec<u8>> {
        let packed = Vec::with_capacity(plain.len() / 4);
        match self {
            Encoding::Zstd => zstd::bulk::compress(plain, ZSTD),
            Encoding::Brotli => {
                let mut writer = brotli::CompressorWriter::new(packed, 4_096, BROTLI, 20);
                writer.write_all(plain)?;
                writer.flush()?;
                Ok(writer.into_inner())
            }
            Encoding::Gzip => {
                let mut writer = flate2::write::GzEncoder::new(packed, flate2::Compression::new(GZIP));
                writer.write_all(plain)?;
                writer.finish()
            }
        }
    }
}

/// Compresses an answer, where that is worth it and the client can read it.
pub async fn compress(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let encoding = accepted(request.headers());
    let has_body = *request.method() != Method::HEAD;
    let response = next.call(request).await?;
    let worth = match response.response().body().size() {
        BodySize::Sized(length) => length >= SHORTEST,
        BodySize::None | BodySize::Stream => false,
    };
    if !worth || !has_body || !is_text(response.headers()) || response.headers().contains_key(header::CONTENT_ENCODING)
    {
        return Ok(response);
    }
    let (request, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    append_vary(response.headers_mut(), "Accept-Encoding");
    let Some(encoding) = encoding else { return Ok(ServiceResponse::new(request, response.set_body(body))) };
    let plain = match body.try_into_bytes() {
        Ok(plain) => plain,
        Err(body) => return Ok(ServiceResponse::new(request, response.set_body(body))),
    };
    let body = match packed(encoding, plain.clone()).await {
        Some(packed) => {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
            // The same file in another form: it is the same for whoever asks whether it has changed.
            if let Some(tag) = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok())
                && !tag.starts_with("W/")
                && let Ok(weak) = HeaderValue::from_str(&format!("W/{tag}"))
            {
                response.headers_mut().insert(header::ETAG, weak);
            }
            packed
        }
        None => plain,
    };
    Ok(ServiceResponse::new(request, response.set_body(BoxBody::new(body))))
}

async fn packed(encoding: Encoding, plain: Bytes) -> Option<Bytes> {
    let is_long = plain.len() > LONG;
    let compress = move || encoding.compress(&plain).ok().map(Bytes::from);
    if is_long {
        return tokio::task::spawn_blocking(compress).await.ok().flatten();
    }
    compress()
}

/// Whether an answer is of a kind that gets shorter.
fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/") && kind != "text/event-stream"
        || kind.ends_with("json")
        || matches!(kind, "application/javascript" | "image/svg+xml" | "font/ttf")
}

/// The encoding that the client likes best of those that there are.
fn accepted(headers: &HeaderMap) -> Option<Encoding> {
    let mut best: Option<(Encoding, f32)> = None;
    let mut ranges = Vec::new();
    for value in headers.get_all(header::ACCEPT_ENCODING) {
        ranges.extend(value.to_str().ok()?.split(',').filter_map(range));
    }
    for offered in Encoding::ALL {
        let named = |name: &str| ranges.iter().find(|(range, _)| range.eq_ignore_ascii_case(name)).map(|(_, q)| *q);
        let quality = named(offered.name()).or_else(|| named("*")).unwrap_or_default();
        if quality > best.map_or(0.0, |(_, best)| best) {
            best = Some((offered, quality));
        }
    }
    // Whoever would rather have it as it is gets it so.
    let plain = ranges.iter().find(|(range, _)| range.eq_ignore_ascii_case("identity")).map_or(0.0, |(_, q)| *q);
    best.filter(|(_, quality)| *quality >= plain).map(|(encoding, _)| encoding)
}

fn range(text: &str) -> Option<(&str, f32)> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let quality: f32 = quality.map_or(Some(1.0), |quality| quality.parse().ok())?;
    (0.0..=1.0).contains(&quality).then_some((name, quality))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderName;
    use std::io::Read;

    fn accepting(value: &'static str) -> Option<Encoding> {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("accept-encoding"), HeaderValue::from_static(value));
        accepted(&headers)
    }

    #[test]
    fn what_the_client_likes_best_is_taken() {
        for (accept, expected) in [
            ("gzip", Some(Encoding::Gzip)),
            ("gzip, deflate, br", Some(Encoding::Brotli)),
            ("gzip, deflate, br, zstd", Some(Encoding::Zstd)),
            ("gzip;q=1.0, br;q=0.5", Some(Encoding::Gzip)),
            ("*", Some(Encoding::Zstd)),
            ("*;q=0.1, gzip;q=0", Some(Encoding::Zstd)),
            ("zstd;q=0, br;q=0, *", Some(Encoding::Gzip)),
            ("identity", None),
            ("identity;q=1, gzip;q=0.5", None),
            ("deflate", None),
            ("gzip;q=0", None),
            ("gzip;q=loud", None),
            ("gzip;q=2", None),
            ("", None),
        ] {
            assert_eq!(accepting(accept), expected, "{accept}");
        }
        assert_eq!(accepted(&HeaderMap::new()), None);
    }

    #[test]
    fn what_is_packed_can_be_unpacked() {
        let plain: String = (0..2_000).map(|n| format!("{{\"id\":\"ord_{n}\",\"status\":\"PENDING\"}},")).collect();
        for encoding in Encoding::ALL {
            let packed = encoding.compress(plain.as_bytes()).unwrap();
            assert!(packed.len() * 3 < plain.len(), "{encoding:?}: {}", packed.len());
            let mut unpacked = Vec::new();
            match encoding {
                Encoding::Zstd => unpacked = zstd::bulk::decompress(&packed, plain.len()).unwrap(),
                Encoding::Brotli => {
                    brotli::Decompressor::new(&packed[..], 4_096).read_to_end(&mut unpacked).map(drop).unwrap();
                }
                Encoding::Gzip => {
                    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).map(drop).unwrap();
                }
            }
            assert!(unpacked == plain.as_bytes(), "{encoding:?}");
        }
    }
}
