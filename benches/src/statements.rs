//! Counts the SQL statements of a query, in this process.

use crate::baseline::Baseline;
use crate::load::page_query;
use crate::report::Report;
use crate::{Failure, generate};
use async_graphql::{Request, Variables};
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use perennial::app::Viewer;
use perennial::graphql::{Api, Caller};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

static STATEMENTS: AtomicU64 = AtomicU64::new(0);

fn counting() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event
            && query.to_string().starts_with("SELECT")
        {
            STATEMENTS.fetch_add(1, Ordering::Relaxed);
        }
    }))
}

fn counting_all() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { .. } = event {
            STATEMENTS.fetch_add(1, Ordering::Relaxed);
        }
    }))
}

/// Counts every statement of connections that are opened from now on.
pub fn count_all() -> Result<(), Failure> {
    Ok(set_default_instrumentation(counting_all)?)
}

/// How many statements were counted until now.
pub fn counted() -> u64 {
    STATEMENTS.load(Ordering::Relaxed)
}

/// Asks both for pages of different lengths, and notes how many statements each took.
pub fn count(url: &str, report: &mut Report) -> Result<(), Failure> {
    set_default_instrumentation(counting)?;
    let app = Arc::new(generate::open(url, 8)?);
    let viewer = app.authenticate(&generate::new_key(&app, 0)?)?.ok_or("the new key is unknown")?;
    let api = Api::new(app.clone());
    let baseline = Baseline::new(app, Some(Duration::ZERO));
    actix_web::rt::System::new().block_on(async {
        for first in [1, 10, 50, 100] {
            let request =
                || Request::new(page_query()).variables(Variables::from_json(json!({"first": first, "after": null})));
            let ours = counted_in(async { api.execute(request(), caller(&viewer)).await.response.is_ok() }).await?;
            let theirs = counted_in(async { baseline.execute(request(), &viewer).await.is_ok() }).await?;
            report.statements(&format!("page of {first} orders (5 relations)"), ours, theirs);
        }
        Ok(())
    })
}

async fn counted_in(run: impl Future<Output = bool>) -> Result<u64, Failure> {
    let before = counted();
    if !run.await {
        return Err("a query failed".into());
    }
    Ok(counted() - before)
}

fn caller(viewer: &Viewer) -> Caller {
    Caller { viewer: viewer.clone(), request_id: "benchmark".to_owned(), idempotency_key: None }
}
