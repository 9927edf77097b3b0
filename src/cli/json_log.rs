//! The log as JSON: one flat object a line. What stands in the spans around an event, such as the request id, stands in its
//! line, so that lines can be filtered by it without being nested. Values that are recorded later are appended to what is
//! written of a span already, and nothing is read again for that.

use std::fmt::{self, Debug};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, Scope};

/// Writes fields as members of an object, each with a comma before it.
pub struct Fields;

impl<'w> FormatFields<'w> for Fields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut members = Members { writer, written: Ok(()) };
        fields.record(&mut members);
        members.written
    }
}

/// Writes an event as one line.
pub struct Line;

impl<S: Subscriber + for<'s> LookupSpan<'s>> FormatEvent<S, Fields> for Line {
    fn format_event(&self, cx: &FmtContext<'_, S, Fields>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        writer.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut writer)?;
        write!(writer, "\",\"level\":\"{}\",\"target\":\"{}\"", event.metadata().level(), event.metadata().target())?;
        cx.format_fields(writer.by_ref(), event)?;
        for span in cx.event_scope().into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<FormattedFields<Fields>>() {
                writer.write_str(fields)?;
            }
        }
        writer.write_str("}\n")
    }
}

struct Members<'w> {
    writer: Writer<'w>,
    written: fmt::Result,
}

impl Members<'_> {
    /// Writes one member; `value` is JSON.
    fn member(&mut self, field: &Field, value: impl fmt::Display) {
        // Those are for traces only.
        if self.written.is_ok() && !field.name().starts_with("otel.") {
            self.written = write!(self.writer, ",\"{}\":{value}", field.name());
        }
    }
}

impl Visit for Members<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        // A text always serializes.
        self.member(field, serde_json::to_string(value).unwrap_or_default());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, value);
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, value);
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, value);
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, serde_json::Value::from(value));
    }
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing::field::Empty;
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_is_one_flat_object() {
        let written = Written::default();
        let log = {
            let written = written.clone();
            tracing_subscriber::fmt::layer().fmt_fields(Fields).event_format(Line).with_writer(move || written.clone())
        };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(log), || {
            let outer = tracing::info_span!("outer", request_id = "a\"b\n", status = Empty, otel.name = "no");
            let _entered = outer.enter();
            outer.record("status", 200_u16);
            tracing::info_span!("inner", mutation = "m").in_scope(|| {
                tracing::warn!(count = -1_i64, ratio = 0.5, good = true, cause = ?Some("x"), "said {}", 1);
            });
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let mut line: Value = serde_json::from_str(&text).unwrap();
        assert!(line["timestamp"].take().as_str().is_some_and(|time| time.ends_with('Z')));
        assert_eq!(
            line,
            json!({"timestamp": null, "level": "WARN", "target": "perennial::cli::json_log::tests", "message": "said 1",
                "count": -1, "ratio": 0.5, "good": true, "cause": "Some(\"x\")", "request_id": "a\"b\n", "status": 200,
                "mutation": "m"})
        );
    }
}
