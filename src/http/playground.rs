//! The playground (`GraphiQL`) at `/`, built into the binary: nothing in it is fetched from anywhere else.
//!
//! The page comes from `playground/dist/` (see `playground/build.sh`), its tabs from `playground/examples/`.

use actix_web::http::header::{self, ETag, EntityTag, IfNoneMatch};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder, Resource, guard, web};
use rust_embed::Embed;
use serde_json::{Value, json};

/// What the page may do. The workers of the editor come from our own files; its styles are set inline.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'";

#[derive(Embed)]
#[folder = "playground/dist/"]
struct Assets;

#[derive(Embed)]
#[folder = "playground/examples/"]
struct Examples;

/// How the playground is set up.
#[derive(Clone, Debug, Default)]
pub struct Playground {
    /// The key that the page sends unless told otherwise. Anybody who can open the page can read it, so this is for
    /// demonstration data only.
    pub api_key: Option<String>,
    /// What stands in the examples for `{{name}}`, such as the ids of objects to try them with.
    pub values: Vec<(&'static str, String)>,
}

/// The routes of the playground, for [`actix_web::App::configure`]; none of them if there is to be no playground.
pub fn routes(settings: Option<Playground>) -> impl Fn(&mut web::ServiceConfig) + Clone {
    let document = settings.map(|settings| web::Bytes::from(document(&settings).to_string()));
    move |config| {
        let Some(document) = document.clone() else {
            return;
        };
        config
            .app_data(web::Data::new(Document(document)))
            .service(readable("/").to(index))
            .service(readable("/playground.json").to(playground_json))
            .service(readable("/playground/{file}").to(asset));
    }
}

/// The text of `/playground.json`.
struct Document(web::Bytes);

async fn index(request: HttpRequest) -> HttpResponse {
    file(&request, "index.html")
}

async fn asset(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    file(&request, &name)
}

async fn playground_json(document: web::Data<Document>) -> HttpResponse {
    builder(HttpResponse::Ok()).content_type("application/json").body(document.0.clone())
}

/// A resource that may be read and nothing else.
fn readable(path: &str) -> Resource {
    web::resource(path).guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// The document from which the page sets itself up.
fn document(settings: &Playground) -> Value {
    let mut names: Vec<_> = Examples::iter().collect();
    names.sort();
    let stems = names.iter().filter_map(|name| name.strip_suffix(".graphql"));
    let examples: Vec<_> = stems.filter_map(|stem| example(stem, &settings.values)).collect();
    json!({ "apiKey": settings.api_key, "examples": examples })
}

/// One tab: its name is the comment in the first line, its variables are in a file of the same name, if there is one.
fn example(stem: &str, values: &[(&str, String)]) -> Option<Value> {
    let text = |ending| {
        let file = Examples::get(&format!("{stem}.{ending}"))?;
        let text = String::from_utf8_lossy(&file.data).into_owned();
        Some(values.iter().fold(text, |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value)))
    };
    let query: String = text("graphql")?;
    let comment = query.lines().next().and_then(|line| line.strip_prefix('#'));
    let name = comment.map_or(stem, str::trim);
    Some(json!({ "name": name, "query": query, "variables": text("json") }))
}

/// The response with one of the built files, or without it if the browser already has it.
fn file(request: &HttpRequest, name: &str) -> HttpResponse {
    let Some(file) = Assets::get(name) else {
        return HttpResponse::NotFound().finish();
    };
    let hash = file.metadata.sha256_hash();
    let number = u128::from_be_bytes(*hash.first_chunk().unwrap_or(&[0; 16]));
    let tag = EntityTag::new_strong(format!("{number:032x}"));
    let known = match request.get_header::<IfNoneMatch>() {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
        None => false,
    };
    if known {
        return builder(HttpResponse::NotModified()).insert_header(ETag(tag)).finish();
    }
    let mut response = builder(HttpResponse::Ok());
    response.insert_header(ETag(tag)).content_type(content_type(name)).body(file.data.into_owned())
}

/// A response with the headers that all of them have.
fn builder(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CACHE_CONTROL, "no-cache"));
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("ttf") => "font/ttf",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{App, http::StatusCode, test};
    use test::TestRequest;

    #[actix_web::test]
    async fn serves_every_file_and_nothing_when_off() {
        let api_key = Some("key".into());
        let values = vec![("orderId", "ord_1".into())];
        let app = App::new().configure(routes(Some(Playground { api_key, values })));
        let app = test::init_service(app).await;
        for name in Assets::iter() {
            assert_ne!(content_type(&name), "application/octet-stream", "{name}");
            let get = || TestRequest::get().uri(&format!("/playground/{name}"));
            let first = test::call_service(&app, get().to_request()).await;
            assert_eq!(first.status(), StatusCode::OK, "{name}");
            let tag = first.headers().get(header::ETAG).expect("an ETag");
            let again = get().insert_header((header::IF_NONE_MATCH, tag));
            let again = test::call_service(&app, again.to_request()).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{name}");
        }
        let request = TestRequest::get().uri("/playground.json").to_request();
        let json: Value = test::call_and_read_body_json(&app, request).await;
        assert_eq!(json.pointer("/apiKey"), Some(&json!("key")));
        assert_eq!(json.pointer("/examples/0/name"), Some(&json!("Orders")));
        let variables = json.pointer("/examples/4/variables").and_then(Value::as_str).expect("variables");
        let variables: Value = serde_json::from_str(variables).expect("JSON");
        assert_eq!(variables.pointer("/input/orderId"), Some(&json!("ord_1")));

        let off = test::init_service(App::new().configure(routes(None))).await;
        let response = test::call_service(&off, TestRequest::get().uri("/").to_request()).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
}
