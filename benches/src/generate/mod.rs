//! Fills a database with five tenants, the same ones each time.

mod sql;
mod world;

use crate::Failure;
use crate::random::Random;
use perennial::app::{App, operator};
use perennial::domain::Id;
use perennial::domain::api_key::Scope;
use perennial::domain::tenant::Tenant;
use perennial::repository::{DatabaseUrl, Db};
use std::time::Instant;
use uuid::Uuid;

const TENANTS: u128 = 5;

/// The tenant at `place`, from 0.
pub fn tenant_id(place: u128) -> Id<Tenant> {
    Id::new(Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + place))
}

/// The program on a database, whose tables are made if it has none. It hands out no links.
pub fn open(url: &str, connections: u32) -> Result<App, Failure> {
    let url: DatabaseUrl = url.parse()?;
    let db = Db::open(&url, connections)?;
    db.migrate_if_new()?;
    Ok(App::new(db, String::new()))
}

/// Whether the generated data is there.
pub fn is_filled(app: &App) -> bool {
    operator::list_keys(app, tenant_id(0)).is_ok()
}

/// A new key for the tenant at `place`.
pub fn new_key(app: &App, place: u128) -> Result<String, Failure> {
    Ok(operator::create_key(app, tenant_id(place), "benchmark", Scope::Admin)?.1)
}

pub fn generate(url: &str, scale: f64) -> Result<(), Failure> {
    // One connection, so that all statements of a tenant are in one transaction.
    let app = open(url, 1)?;
    let db = &app.db;
    if is_filled(&app) {
        return Err("the database is filled already: give a new one".into());
    }
    if !db.is_postgres() {
        // The indexes take rows at random places: they should fit.
        db.execute_batch("PRAGMA cache_size = -1000000")?;
    }
    let began = Instant::now();
    for place in 0..TENANTS {
        let seed = u64::try_from(place)? + 1;
        db.execute_batch("BEGIN")?;
        let counts = world::fill(db, tenant_id(place).uuid(), &mut Random::new(seed), scale)?;
        db.execute_batch("COMMIT")?;
        eprintln!("tenant {}: {counts} ({:.0?})", place + 1, began.elapsed());
    }
    // With a limit SQLite gathers no samples of values, for which it would plan statements anew at each run.
    db.execute_batch(if db.is_postgres() { "ANALYZE" } else { "PRAGMA analysis_limit = 1000; ANALYZE" })?;
    if !db.is_postgres() {
        db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    }
    for place in 0..TENANTS {
        println!("{} {}", tenant_id(place), new_key(&app, place)?);
    }
    Ok(())
}
