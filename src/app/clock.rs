//! The time of a tenant. One for trying out may own a clock, which stands still until it is advanced; for all others time
//! is the machine's.

use super::billing::{self, Billed};
use super::collect::{self, Collected};
use super::mutation::{Answer, Call, Stop};
use super::tenant::TenantChanged;
use super::{App, Viewer};
use crate::domain::event::EventType;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use crate::repository::{Conn, Fault, Read, tenant};

/// The time of a tenant at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    pub now: Instant,
    /// Whether it is that of a clock that stands still.
    stands_still: bool,
}

impl Time {
    /// Time that runs by itself.
    pub fn running(machine_now: Instant) -> Time {
        Time { now: machine_now, stands_still: false }
    }

    /// This time, or the other one where that is later: what falls due while a clock is advanced happens when it does.
    pub fn not_before(self, other: Instant) -> Time {
        Time { now: self.now.max(other), ..self }
    }
}

impl App {
    /// The time of whoever asks, as it was when the request came. A use case has its own, which is read anew:
    /// [`super::Work::now`].
    pub fn now(&self, viewer: &Viewer) -> Instant {
        viewer.clock.unwrap_or_else(|| self.ambient.now())
    }

    /// The time of a tenant, as it is stored now.
    pub fn time_of(&self, conn: &mut Conn, tenant: Id<Tenant>) -> Read<Time> {
        Ok(match tenant::clock(conn, tenant)? {
            Some(now) => Time { now, stands_still: true },
            None => Time::running(self.ambient.now()),
        })
    }

    /// Until when what falls due of a tenant is done: its own time, or an earlier moment.
    pub fn until_of(&self, tenant: Id<Tenant>, until: Option<Instant>) -> Result<Instant, Fault> {
        let now = self.db.read_once(|conn| self.time_of(conn, tenant))?.now;
        Ok(until.map_or(now, |until| until.min(now)))
    }

    /// A new identifier of what happens at a tenant's time.
    pub fn id<E>(&self, time: Time) -> Id<E> {
        match time.stands_still {
            true => self.ambient.id_at_rest(time.now),
            false => self.ambient.id(time.now),
        }
    }
}

/// To when a clock is to be advanced.
#[derive(Clone, Copy, Debug)]
pub struct AdvanceClock {
    pub to: Instant,
}

/// Advances the tenant's clock, after everything that falls due until then was done. The first advance starts the clock.
/// That takes many transactions: whoever dies in between goes on by asking for the same again.
pub fn advance_clock(call: &Call<'_>, change: AdvanceClock) -> Result<Answer<TenantChanged>, Fault> {
    let tenant = call.viewer.tenant_id;
    // What was answered before under the same key is answered again, before anything is done.
    let refused = call.run_or_reserve(|work| {
        tenant::own(work.conn(), tenant)?.may_advance(work.now, change.to)?;
        Ok(None)
    })?;
    if let Some(answer) = refused {
        return Ok(answer);
    }
    match run_due(call.app, tenant, change.to) {
        Err(Stop::Refused { refusals, .. }) => return Ok(Answer::refused(refusals)),
        Err(Stop::Failed(fault)) => return Err(fault),
        Err(Stop::Replay(_)) | Ok(()) => {}
    }
    call.run(|work| {
        work.event(EventType::TenantClockAdvanced, tenant, serde_json::json!({"to": change.to.to_rfc3339()}));
        Ok(TenantChanged { tenant })
    })
}

/// Does everything that falls due until `to`, moment by moment in the order of time, and sets the clock to it. Refuses
/// where others have advanced it further.
fn run_due(app: &App, tenant: Id<Tenant>, to: Instant) -> Result<(), Stop> {
    let mut before = None;
    while let Some(next) = next_due(app, tenant)?.filter(|next| *next <= to) {
        set(app, tenant, next)?;
        let Billed { moments, held, .. } = billing::run(app, tenant, next, &|_| {})?;
        let Collected { paid, unpaid, reminded, failed, left: _ } = collect::collect_due(app, tenant, next)?;
        // What stays due although nobody does anything about it, or can, would keep this here for ever.
        if before == Some(next) && moments + held + paid + unpaid + reminded + failed == 0 {
            return Err(Fault::Unavailable(format!("something stays due at {next}")).into());
        }
        before = Some(next);
    }
    set(app, tenant, to)
}

/// When something of a tenant falls due next.
fn next_due(app: &App, tenant: Id<Tenant>) -> Result<Option<Instant>, Fault> {
    let billed = billing::next_at(app, tenant)?;
    Ok(billed.into_iter().chain(collect::next_at(app, tenant)?).min())
}

/// Sets a clock to a moment, unless it is there or beyond already.
fn set(app: &App, tenant: Id<Tenant>, to: Instant) -> Result<(), Stop> {
    app.db.write(|tx| {
        let own = tenant::own(tx, tenant)?;
        let now = own.clock.unwrap_or_else(|| app.ambient.now());
        if own.clock.is_some_and(|clock| to <= clock) {
            return Ok(());
        }
        let to = to.max(now);
        own.may_advance(now, to)?;
        Ok(tenant::set_clock(tx, tenant, own.clock, to)?)
    })
}
