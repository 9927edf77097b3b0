//! Traces, sent to a collector by OTLP: HTTP with JSON. Off unless asked for; then the spans of the program become spans of
//! traces, and nothing is to be done where they are made.

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tracing::level_filters::LevelFilter;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(10);

static ON: AtomicBool = AtomicBool::new(false);

/// Whether spans go to a collector.
pub fn are_sent() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Keeps traces being sent. What is left of them is sent when it is dropped.
pub struct Traces(SdkTracerProvider);

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(cause) = self.0.shutdown() {
            tracing::warn!(%cause, "the last traces were not sent");
        }
    }
}

/// What makes traces of spans, and keeps them being sent to the collector at this address.
pub fn start<S>(collector: &str) -> Result<(impl Layer<S> + use<S>, Traces), String>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new())
        .with_protocol(Protocol::HttpJson)
        .with_endpoint(format!("{}/v1/traces", collector.trim_end_matches('/')))
        .build()
        .map_err(|cause| cause.to_string())?;
    let resource = Resource::builder()
        .with_service_name("perennial")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("perennial"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false);
    // Our own spans. Events stay in the log, which says more than others should keep.
    let ours = filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with("perennial"));
    ON.store(true, Ordering::Relaxed);
    Ok((layer.with_filter(ours.with_max_level_hint(LevelFilter::DEBUG)), Traces(provider)))
}

/// Makes a span, which has not begun, a part of somebody else's trace. The ids are hexadecimal.
pub fn go_on(span: &Span, trace_id: &str, parent_id: &str, is_sampled: bool) {
    let (Ok(trace), Ok(parent)) = (TraceId::from_hex(trace_id), SpanId::from_hex(parent_id)) else { return };
    let flags = if is_sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let theirs = SpanContext::new(trace, parent, flags, true, TraceState::default());
    // Refused only where there is no trace to be part of.
    let _ = span.set_parent(Context::new().with_remote_span_context(theirs));
}

/// Names a span that has begun after what it turned out to be.
pub fn rename(span: &Span, name: String) {
    span.context().span().update_name(name);
}

/// Sends by the client that everything else is sent by. It blocks, on the thread that does nothing but sending traces.
#[derive(Debug)]
struct Client(ureq::Agent);

impl Client {
    fn new() -> Self {
        let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier).build();
        let config = ureq::Agent::config_builder().http_status_as_error(false).tls_config(tls);
        Client(config.timeout_global(Some(PATIENCE)).build().into())
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, mut body) = self.0.run(request.map(|body| body.to_vec()))?.into_parts();
        if !head.status.is_success() {
            tracing::warn!(status = head.status.as_u16(), "the collector refused traces");
        }
        Ok(Response::from_parts(head, body.read_to_vec()?.into()))
    }
}

impl HttpClient for Client {
    fn send_bytes<'c, 'f>(
        &'c self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        'c: 'f,
        Self: 'f,
    {
        Box::pin(
            async move { self.send(request).inspect_err(|cause| tracing::warn!(%cause, "traces could not be sent")) },
        )
    }
}
