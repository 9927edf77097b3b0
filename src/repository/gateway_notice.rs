//! What gateways told by themselves.

use super::db::{Read, Tx};
use super::on_backend;
use super::schema::gateway_notices;
use super::sql_types::At;
use crate::domain::gateway::Notice;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use diesel::prelude::*;

/// Takes a notice down, before anything follows from it. Answers false where it was before: somebody who is about to do
/// so is waited for.
pub fn take_down(tx: &mut Tx<'_>, tenant: Id<Tenant>, notice: &Notice, now: Instant) -> Read<bool> {
    let rows = on_backend!(tx, |conn| diesel::insert_into(gateway_notices::table)
        .values((
            gateway_notices::tenant_id.eq(tenant),
            gateway_notices::gateway.eq(notice.gateway),
            gateway_notices::notice_id.eq(&notice.id),
            gateway_notices::notice_type.eq(&notice.kind),
            gateway_notices::attempt_id.eq(notice.attempt),
            gateway_notices::received_at.eq(At(now)),
        ))
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(rows == 1)
}
