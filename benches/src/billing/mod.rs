//! The billing run: how fast it is, and what it takes.

mod data;

use crate::load::process::{Job, database_cpu};
use crate::{Failure, generate, statements};
use chrono::Utc;
use diesel::sql_types::BigInt;
use diesel::{QueryableByName, RunQueryDsl};
use perennial::app::{App, billing};
use perennial::domain::Id;
use perennial::domain::tenant::Tenant;
use perennial::repository::Conn;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many subscriptions are billed to count statements.
const COUNTED: u64 = 1_000;

/// Bills a quarter of the subscriptions and then all of them with one process, and all of them with two; each run has
/// a tenant of its own. Prints what that took.
pub fn measure(url: &str, count: u64) -> Result<(), Failure> {
    // Counted are the statements of this process, which bills only a few.
    statements::count_all()?;
    // One connection, so that what is set for one statement holds for the next.
    let app = Arc::new(generate::open(url, 1)?);
    println!("{:.1} statements an invoice\n", statements_an_invoice(&app)?);
    println!(
        "| subscriptions | processes | invoices a second | CPU an invoice, ms | CPU of the database, ms | memory, MB |"
    );
    println!("|{}", "---|".repeat(6));
    for (count, processes) in [(count / 4, 1), (count, 1), (count, 2)] {
        println!("{}", run(&app, url, count.max(1), processes)?);
    }
    Ok(())
}

fn run(app: &Arc<App>, url: &str, count: u64, processes: usize) -> Result<String, Failure> {
    let tenant = due(app, count)?;
    let (began, before) = (Instant::now(), database_cpu(url).unwrap_or_default());
    let id = tenant.to_string();
    let jobs: Vec<_> = (0..processes).map(|_| Job::start(&["bill", "--database-url", url, "--tenant", &id])).collect();
    let mut jobs = jobs.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut database: Option<f64> = None;
    while jobs.iter_mut().map(Job::is_running).collect::<Result<Vec<_>, _>>()?.contains(&true) {
        // What a backend has used is gone with it.
        database = database_cpu(url).map(|cpu| cpu.since(&before).max(database.unwrap_or_default()));
        std::thread::sleep(Duration::from_millis(10));
    }
    let seconds = began.elapsed().as_secs_f64();
    check(app, tenant, count)?;
    let invoices = count as f64;
    let milliseconds = |cpu: f64| cpu * 1_000.0 / invoices;
    let database = database.map(|cpu| format!("{:.2}", milliseconds(cpu)));
    Ok(format!(
        "| {count} | {processes} | {:.0} | {:.2} | {} | {} |",
        invoices / seconds,
        milliseconds(jobs.iter().map(|job| job.cpu).sum()),
        database.as_deref().unwrap_or("–"),
        jobs.iter().map(|job| format!("{:.0}", job.memory)).collect::<Vec<_>>().join(", "),
    ))
}

/// A new tenant whose subscriptions have just fallen due.
fn due(app: &Arc<App>, count: u64) -> Result<Id<Tenant>, Failure> {
    let began = Instant::now();
    let (tenant, due) = data::fill(app, count)?;
    eprintln!("{count} subscriptions made ({:.0?})", began.elapsed());
    while let Ok(left) = (due - Utc::now()).to_std() {
        std::thread::sleep(left);
    }
    Ok(tenant)
}

fn statements_an_invoice(app: &Arc<App>) -> Result<f64, Failure> {
    let tenant = due(app, COUNTED)?;
    let before = statements::counted();
    billing::run(app, tenant, app.ambient.now(), &|_| {})?;
    let counted = statements::counted() - before;
    check(app, tenant, COUNTED)?;
    Ok(counted as f64 / COUNTED as f64)
}

#[derive(QueryableByName, PartialEq, Debug)]
struct Made {
    #[diesel(sql_type = BigInt)]
    invoices: i64,
    #[diesel(sql_type = BigInt)]
    subscriptions: i64,
    #[diesel(sql_type = BigInt)]
    right: i64,
    #[diesel(sql_type = BigInt)]
    lines: i64,
}

/// Sees to it that every subscription has exactly one new invoice, with the right total and the right number of lines.
fn check(app: &App, tenant: Id<Tenant>, count: u64) -> Result<(), Failure> {
    let tenant = data::literal(app.db.is_postgres(), tenant);
    let made = format!("FROM invoices WHERE tenant_id = {tenant} AND reason = 'SUBSCRIPTION_CYCLE'");
    let sql = format!(
        "SELECT count(*) AS invoices, count(DISTINCT subscription_id) AS subscriptions,
             count(CASE WHEN total = {} AND status = 'OPEN' THEN 1 END) AS \"right\",
             (SELECT count(*) FROM invoice_lines
              WHERE tenant_id = {tenant} AND kind <> 'DISCOUNT' AND invoice_id IN (SELECT id {made})) AS lines
         {made}",
        data::TOTAL
    );
    let found: Made = app.db.read_once(|conn| {
        Ok(match conn {
            Conn::Postgres(conn) => diesel::sql_query(&sql).get_result(conn)?,
            Conn::Sqlite(conn) => diesel::sql_query(&sql).get_result(conn)?,
        })
    })?;
    let count = i64::try_from(count)?;
    let expected = Made { invoices: count, subscriptions: count, right: count, lines: 3 * count };
    if found == expected { Ok(()) } else { Err(format!("{found:?} instead of {expected:?}").into()) }
}
