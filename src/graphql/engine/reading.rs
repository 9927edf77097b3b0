//! Where a reading of the database comes from. What is selected says by itself which queries will be run, so they are
//! noted first: where all of them are foreseen, they are run as one statement, and otherwise one after the other.

use super::declare::{Field, Object, of};
use super::document::QueryEnv;
use super::view::View;
use crate::domain::api_key::Scope;
use crate::domain::tenant::Tenant;
use crate::domain::{Id, Instant};
use crate::repository::api_key::Standing;
use crate::repository::tree::{Counts, Found, stands};
use crate::repository::{Conn, Db, Fault, Query, Read, Stored, Tree};
use async_graphql::parser::types::SelectionSet;
use tracing::field::Empty;

/// What is read for whom.
#[derive(Clone, Copy)]
pub struct Reading<'q> {
    pub tenant: Id<Tenant>,
    /// The tenant's time, as it was when the request came.
    pub now: Instant,
    /// What the key of the request may do.
    pub scope: Scope,
    pub env: &'q QueryEnv,
    /// When it is too late to read on; none where there is no such moment.
    pub until: Option<std::time::Instant>,
}

impl<'q> Reading<'q> {
    /// Loads what `sets` select of rows that are in hand, as of one moment and by as few ways to the database as it takes.
    /// Where the key was not looked up, that is the moment at which `standing` has to hold.
    pub fn load<T: Object>(
        self,
        db: &Db,
        standing: impl Fn() -> Option<Standing>,
        rows: &[&T],
        sets: &[&'q SelectionSet],
    ) -> Read<View<'q, T>> {
        let mut tree = Tree::default();
        let noted = View::load(&mut Cx::new(self, Source::Noted(&mut tree)), rows, sets);
        match (noted, standing()) {
            // What is only noted is not counted: it is loaded from nothing.
            (Ok(_), None) if tree.is_empty() => {
                return View::load(&mut Cx::new(self, Source::Found(Found::default())), rows, sets);
            }
            (Ok(_), Some(_)) if tree.is_empty() => return Err(Fault::Outdated),
            // One statement sees one moment by itself: it is spared two ways to the server.
            (Ok(_), None) if tree.is_single() => return db.read_once(|conn| self.load_by(conn, rows, sets)),
            (Ok(_), Some(_)) if tree.is_list() => {
                return db.read_once(|conn| {
                    View::load(&mut Cx::new(self, Source::Given(conn, standing().map(Box::new))), rows, sets)
                });
            }
            (Ok(_), standing) => {
                let is_remembered = standing.is_some();
                tree.add_standing(standing);
                if let Some(found) = db.read_tree(&tree) {
                    let mut found = found?;
                    if is_remembered && !stands(&mut found) {
                        return Err(Fault::Outdated);
                    }
                    return View::load(&mut Cx::new(self, Source::Found(found)), rows, sets);
                }
            }
            // It is not known beforehand what will be read.
            (Err(_), _) => {}
        }
        db.read(|conn| match standing().map(|standing| standing.holds(conn)).transpose()? {
            Some(false) => Err(Fault::Outdated),
            Some(true) | None => self.load_by(conn, rows, sets),
        })
    }

    /// Loads what `sets` select, by one statement after the other on a connection.
    pub fn load_by<T: Object>(self, conn: &mut Conn, rows: &[&T], sets: &[&'q SelectionSet]) -> Read<View<'q, T>> {
        View::load(&mut Cx::new(self, Source::Asked(conn)), rows, sets)
    }
}

/// What loading needs.
pub struct Cx<'c, 'q> {
    source: Source<'c>,
    /// Which rows the parents are.
    level: Level,
    /// How many queries there were before.
    queries: usize,
    /// The column of the parents that holds the keys of the objects that a field leads to.
    key: Option<&'static str>,
    pub tenant: Id<Tenant>,
    pub now: Instant,
    pub scope: Scope,
    pub env: &'q QueryEnv,
    until: Option<std::time::Instant>,
}

/// Where rows come from.
enum Source<'c> {
    /// The database is asked.
    Asked(&'c mut Conn),
    /// The database is asked, once, for rows that there are only if something holds of the key.
    Given(&'c mut Conn, Option<Box<Standing>>),
    /// Nowhere: what would be asked is only noted.
    Noted(&'c mut Tree),
    /// They were read already.
    Found(Found),
}

/// Which rows the parents of a field are.
#[derive(Clone, Copy)]
enum Level {
    /// They are in hand from the start.
    InHand,
    /// A query finds them: the first one is 0.
    Query(usize),
    /// There are none.
    Nowhere,
}

/// What names the rows that are looked for.
#[derive(Clone, Copy)]
pub enum By {
    /// Their ids, which do not depend on what is read.
    Given,
    /// The key of the parents, which they hold.
    Parent,
    /// A column of the parents, which holds their ids.
    Column,
}

impl<'c, 'q> Cx<'c, 'q> {
    fn new(reading: Reading<'q>, source: Source<'c>) -> Self {
        let Reading { tenant, now, scope, env, until } = reading;
        Cx { source, level: Level::InHand, queries: 0, key: None, tenant, now, scope, env, until }
    }

    /// Whether nothing is read yet.
    pub fn only_notes(&self) -> bool {
        matches!(self.source, Source::Noted(_))
    }

    /// A connection for what is read in a way of its own, and cannot be foreseen.
    pub fn conn(&mut self) -> Read<&mut Conn> {
        match &mut self.source {
            Source::Asked(conn) => Ok(conn),
            Source::Given(..) | Source::Noted(_) | Source::Found(_) => {
                Err(Fault::Database("this cannot be foreseen".to_owned()))
            }
        }
    }

    /// Loads a field of the rows of `T`.
    pub(super) fn below<T: Object, R>(
        &mut self,
        field: &'static Field<T>,
        parents: usize,
        load: impl FnOnce(&mut Self) -> Read<R>,
    ) -> Read<R> {
        if self.until.is_some_and(|until| std::time::Instant::now() > until) {
            return Err(Fault::TimedOut);
        }
        let level = self.level;
        self.key = field.reads.only();
        let loaded = if self.only_notes() {
            load(self)
        } else {
            let on = &*of::<T>().name;
            tracing::debug_span!("load", on, field = field.name, parents, rows = Empty).in_scope(|| load(self))
        };
        self.level = level;
        loaded
    }

    /// The rows that a query finds which does not depend on the parents.
    pub fn all<U: Stored>(&mut self, query: Query<U>) -> Read<Vec<U>> {
        self.rows::<(), U, ()>(By::Given, &[Id::new(uuid::Uuid::nil())], |_| query)
    }

    /// The rows that a query finds for some ids, which are those of the parents, of the type `T`, or are held by them.
    pub fn rows<T: 'static, U: Stored, E>(
        &mut self,
        by: By,
        ids: &[Id<E>],
        query: impl FnOnce(&[Id<E>]) -> Query<U>,
    ) -> Read<Vec<U>> {
        self.find::<T, U, E, _>(by, ids, query, Query::load, Tree::add)
    }

    /// How many rows a query finds that does not depend on the parents.
    pub fn total<U: Stored>(&mut self, query: Query<U>) -> Read<i64> {
        let counts = self.counts::<(), U, ()>(By::Given, &[Id::new(uuid::Uuid::nil())], |_| query)?;
        Ok(counts.first().map(|(_, count)| *count).unwrap_or_default())
    }

    /// How many rows a query finds for each of the parents, of the type `T`.
    pub fn counts<T: 'static, U: Stored, E>(
        &mut self,
        by: By,
        ids: &[Id<E>],
        query: impl FnOnce(&[Id<E>]) -> Query<U>,
    ) -> Read<Counts> {
        let level = self.level;
        let counts = self.find::<T, U, E, _>(by, ids, query, Query::count, Tree::add_count);
        self.level = level;
        counts
    }

    fn find<T: 'static, U: Stored, E, R: 'static>(
        &mut self,
        by: By,
        ids: &[Id<E>],
        query: impl FnOnce(&[Id<E>]) -> Query<U>,
        load: fn(&Query<U>, &mut Conn) -> Read<Vec<R>>,
        note: fn(&mut Tree, Query<U>) -> usize,
    ) -> Read<Vec<R>> {
        let level = match by {
            By::Given => Level::InHand,
            By::Parent | By::Column => self.level,
        };
        let none = match level {
            Level::InHand => ids.is_empty(),
            Level::Query(_) => ids.is_empty() && matches!(self.source, Source::Asked(_)),
            Level::Nowhere => true,
        };
        if none {
            self.level = Level::Nowhere;
            return Ok(Vec::new());
        }
        let rows = match &mut self.source {
            Source::Asked(conn) => load(&query(ids), conn)?,
            Source::Given(conn, standing) => {
                let rows = load(&query(ids).given(standing.take()), conn)?;
                // There may be none, or the key is another by now: that is looked at.
                if rows.is_empty() {
                    return Err(Fault::Outdated);
                }
                rows
            }
            Source::Noted(tree) => {
                let query = match level {
                    Level::Query(above) => {
                        let key = match by {
                            By::Column => Some(self.key.unwrap_or_default()),
                            By::Parent | By::Given => None,
                        };
                        tree.below::<T, U>(query(&[]), above, key)
                    }
                    Level::InHand | Level::Nowhere => Some(query(ids)),
                };
                let query = query.ok_or_else(|| Fault::Database("this cannot be foreseen".to_owned()))?;
                note(tree, query);
                Vec::new()
            }
            Source::Found(found) => {
                let rows = found.next().and_then(|rows| rows.downcast::<Vec<R>>().ok());
                let rows = rows.ok_or_else(|| Fault::Database("other queries were noted than are run".to_owned()))?;
                tracing::Span::current().record("rows", rows.len());
                *rows
            }
        };
        self.level = Level::Query(self.queries);
        self.queries += 1;
        Ok(rows)
    }
}
