//! Events: what happened in a tenant, in the order in which it can be seen.
//!
//! An event is read once everything before it can be: on PostgreSQL that is when every transaction with a lower number is
//! over, on SQLite always. Whoever goes on behind the last position that it has read misses nothing.

use super::db::{Conn, Read, Tx};
use super::list::{Bind, Direction, List, Listed};
use super::query::{Comparison, Condition, Query, Values, stored};
use super::sql_types::At;
use crate::domain::event::{Event, EventType, Position};
use crate::domain::tenant::Tenant;
use crate::domain::{Choice, Id};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::sync::OnceLock;

stored!(Event, events(id, event_type, subject, data, created_at, transaction_id, place) => {
    let At(created_at) = created_at;
    Event { id, position: Position { transaction: transaction_id, place }, event_type, subject, data, created_at }
});

/// The list has one order, that of the positions, and no filter of the usual kind.
impl Listed for Event {
    fn declare() -> List<Self> {
        List::new()
    }
    fn id(&self) -> Id<()> {
        self.id.untyped()
    }
    fn list() -> &'static List<Self> {
        static LIST: OnceLock<List<Event>> = OnceLock::new();
        LIST.get_or_init(Self::declare)
    }
    fn place(&self) -> Option<String> {
        Some(self.position.to_string())
    }
}

/// The order of the positions.
const ORDER: &[&str] = &["transaction_id", "place"];

/// Which events somebody wants.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of these types; of any, where there are none.
    pub types: Vec<EventType>,
    /// About this object, in its text form.
    pub subject: Option<String>,
}

impl Wanted {
    pub fn holds_of(&self, event: &Event) -> bool {
        (self.types.is_empty() || self.types.contains(&event.event_type))
            && self.subject.as_ref().is_none_or(|subject| *subject == event.subject)
    }

    fn condition(&self) -> Option<Condition> {
        let subject = self.subject.as_ref().map(|subject| is("subject", Comparison::Equal, Bind::from(subject)));
        let types = (!self.types.is_empty()).then(|| {
            let names = self.types.iter().map(|event_type| event_type.name().to_owned());
            Condition::Among("event_type", Values::Texts(names.collect()))
        });
        let mut all: Vec<Condition> = subject.into_iter().chain(types).collect();
        if all.len() > 1 { Some(Condition::All(all)) } else { all.pop() }
    }
}

/// A stretch of events.
#[derive(Clone, Debug, Default)]
pub struct Stretch {
    pub wanted: Wanted,
    pub after: Option<Position>,
    pub before: Option<Position>,
}

impl Stretch {
    fn query(&self, tenant: Id<Tenant>) -> Query<Event> {
        let conditions = [
            self.after.map(|position| beyond(position, Comparison::AtLeast, Comparison::Greater)),
            self.before.map(|position| beyond(position, Comparison::AtMost, Comparison::Less)),
            self.wanted.condition(),
        ];
        conditions.into_iter().flatten().fold(Query::new(tenant), Query::filter)
    }

    /// The first events of the stretch, at most so many; or the last ones, the last one first. Only what is settled.
    pub fn read(&self, conn: &mut Conn, tenant: Id<Tenant>, most: i64, backward: bool) -> Read<Vec<Event>> {
        let direction = if backward { Direction::Desc } else { Direction::Asc };
        self.settled(conn, tenant)?.ordered(ORDER, direction).most(most).load(conn)
    }

    /// How many events there are in the stretch, without regard to where it begins and ends.
    pub fn count(&self, conn: &mut Conn, tenant: Id<Tenant>) -> Read<i64> {
        let whole = Stretch { wanted: self.wanted.clone(), ..Stretch::default() };
        let counts = whole.settled(conn, tenant)?.count(conn)?;
        Ok(counts.first().map(|(_, count)| *count).unwrap_or_default())
    }

    fn settled(&self, conn: &mut Conn, tenant: Id<Tenant>) -> Read<Query<Event>> {
        let query = self.query(tenant);
        Ok(match open_from(conn)? {
            Some(open) => query.filter(is("transaction_id", Comparison::Less, Bind::Int(open))),
            None => query,
        })
    }
}

/// What can be read behind a position.
pub struct News {
    pub events: Vec<Event>,
    /// Up to here nothing is left to be read.
    pub upto: Position,
    /// Whether there is more that can be read.
    pub more: bool,
    /// Whether there is more already that cannot: it waits for transactions that are not over.
    pub unsettled: bool,
}

/// The next events behind a position, at most so many.
pub fn news(conn: &mut Conn, tenant: Id<Tenant>, after: Position, wanted: &Wanted, most: usize) -> Read<News> {
    // Asked before anything is read: what was over then can be seen now.
    let end = end(conn, tenant)?;
    let stretch = Stretch { wanted: wanted.clone(), after: Some(after), before: None };
    let query = stretch.query(tenant).ordered(ORDER, Direction::Asc);
    let mut events = query.most(i64::try_from(most).unwrap_or(i64::MAX)).load(conn)?;
    let (read, full) = (events.len(), events.len() == most);
    if matches!(conn, Conn::Postgres(_)) {
        events.retain(|event| event.position <= end);
    }
    let unsettled = events.len() < read;
    let last = events.last().map_or(after, |event| event.position);
    let more = full && !unsettled;
    Ok(News { upto: if more { last } else { last.max(end) }, events, more, unsettled })
}

/// The position behind which everything lies that is still to come.
pub fn end(conn: &mut Conn, tenant: Id<Tenant>) -> Read<Position> {
    if let Some(open) = open_from(conn)? {
        return Ok(Position { transaction: open - 1, place: i64::MAX });
    }
    let last: Option<Event> = Query::new(tenant).ordered(ORDER, Direction::Desc).first(conn)?;
    Ok(last.map_or(Position::START, |last| last.position))
}

/// From where on who begins to listen now must read, and what lies behind that and is no news: it can be seen, and waits only
/// for transactions that are not over.
pub fn now(conn: &mut Conn, tenant: Id<Tenant>) -> Read<(Position, Vec<Position>)> {
    let end = end(conn, tenant)?;
    let behind = Stretch { wanted: Wanted::default(), after: Some(end), before: None };
    let seen = behind.query(tenant).ordered(ORDER, Direction::Asc).load(conn)?;
    Ok((end, seen.into_iter().map(|event| event.position).collect()))
}

/// Whether anything was ever told of an object.
pub fn is_known(conn: &mut Conn, tenant: Id<Tenant>, subject: &str) -> Read<bool> {
    let about: Query<Event> =
        Query::new(tenant).filter(is("subject", Comparison::Equal, Bind::Text(subject.to_owned())));
    Ok(about.first(conn)?.is_some())
}

/// The lowest number of a transaction that may not be over; none where there is one writer at a time.
fn open_from(conn: &mut Conn) -> Read<Option<i64>> {
    let Conn::Postgres(conn) = conn else { return Ok(None) };
    let open =
        sql::<BigInt>("pg_snapshot_xmin(pg_current_snapshot())::text::bigint + (SELECT last_value FROM event_base)");
    Ok(Some(diesel::select(open).get_result(conn)?))
}

/// Lets positions go on where they were, where the tables came from another PostgreSQL, whose transactions were numbered
/// higher. To be called before anything is told.
pub fn continue_positions(tx: &mut Tx<'_>) -> Read<()> {
    let Conn::Postgres(conn) = tx.itself() else { return Ok(()) };
    // A look into the index for each tenant, and no way through all events.
    diesel::sql_query(
        "SELECT setval('event_base', max(last.transaction_id)) FROM tenants, LATERAL (
             SELECT transaction_id FROM events WHERE events.tenant_id = tenants.tenant_id
             ORDER BY transaction_id DESC, place DESC LIMIT 1
         ) AS last
         HAVING max(last.transaction_id) >= event_transaction()",
    )
    .execute(conn)?;
    Ok(())
}

/// That an event lies beyond a position. The bound says it once more for the first column, which an index seeks by.
fn beyond(position: Position, bound: Comparison, beyond: Comparison) -> Condition {
    let transaction = || Bind::Int(position.transaction);
    Condition::All(vec![
        is("transaction_id", bound, transaction()),
        Condition::Any(vec![
            is("transaction_id", beyond, transaction()),
            is("place", beyond, Bind::Int(position.place)),
        ]),
    ])
}

fn is(column: &'static str, comparison: Comparison, value: Bind) -> Condition {
    Condition::Is(column, comparison, value)
}
