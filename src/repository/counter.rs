//! Numbers without gaps: one series for each kind of thing that is numbered, in each tenant.

use super::db::{Read, Tx};
use super::on_backend;
use super::schema::counters;
use crate::domain::Id;
use crate::domain::tenant::Tenant;
use diesel::prelude::*;

/// The next number of a series, from 1. It is given back where the transaction is rolled back, so that no number is
/// missing; until then, whoever wants the next one waits.
pub fn next(tx: &mut Tx<'_>, tenant: Id<Tenant>, series: &str) -> Read<i64> {
    take(tx, tenant, series, 1)
}

/// As many next numbers of a series as are asked for, at least one: answers the last of them.
pub fn take(tx: &mut Tx<'_>, tenant: Id<Tenant>, series: &str, count: i64) -> Read<i64> {
    Ok(on_backend!(tx, |conn| diesel::insert_into(counters::table)
        .values((counters::tenant_id.eq(tenant), counters::series.eq(series), counters::last_number.eq(count)))
        .on_conflict((counters::tenant_id, counters::series))
        .do_update()
        .set(counters::last_number.eq(counters::last_number + count))
        .returning(counters::last_number)
        .get_result(conn))?)
}
