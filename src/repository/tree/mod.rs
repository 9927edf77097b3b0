//! Queries that hang together, read by one statement: each level finds the rows above it by itself. So all of them take
//! one way to the server, and see one moment without a transaction.
//!
//! `WITH l0 AS (…), l1 AS (… FROM l0 …) SELECT 0, … FROM l0 UNION ALL SELECT 1, … FROM l1`. The rows of all levels have the
//! same columns: each level puts its values where the type fits, and nothing into the others.

mod level;

use super::api_key::Standing;
use super::db::{Db, Read};
use super::partly;
use super::query::{Query, Stored};
use super::query_sql::load;
use super::row::{StoredColumn, whole};
use super::statement::{Dialect, Statement};
use super::{Conn, Fault};
use crate::domain::Id;
use crate::telemetry::tally;
use diesel::pg::Pg;
use diesel::sql_types::{Integer, Untyped};
use level::{Count, Gather, Level, Rows};
use std::any::{Any, TypeId};
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Queries that hang together. Those of a level name the rows of one before it.
#[derive(Default)]
pub struct Tree {
    levels: Vec<Box<dyn Level>>,
}

/// What a tree has found: the values of each level, in the order in which they were added.
pub type Found = std::vec::IntoIter<Box<dyn Any>>;

/// How many rows there are below each parent.
pub type Counts = Vec<(Option<Id<()>>, i64)>;

/// Larger ones are not read by one statement.
const MOST_LEVELS: usize = 20;
/// Where rows are this wide, and many, what they leave empty costs more than several ways to the server.
const WIDE: usize = 32;
const MANY: i64 = 10;

impl Tree {
    pub fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    pub fn is_single(&self) -> bool {
        self.levels.len() == 1
    }

    /// Whether it is one query for rows: a count answers in any case.
    pub fn is_list(&self) -> bool {
        self.is_single() && self.levels.iter().all(|level| level.holds() != TypeId::of::<Counts>())
    }

    /// Adds a query; answers its level.
    pub fn add<T: Stored>(&mut self, query: Query<T>) -> usize {
        let columns = partly::needed(&query);
        self.push(Rows { query, columns })
    }

    /// Adds the number of rows of a query; answers its level.
    pub fn add_count<T: Stored>(&mut self, query: Query<T>) -> usize {
        self.push(Count(query))
    }

    /// Adds the question whether a key is what it was, where that is asked: the last level answers it.
    pub fn add_standing(&mut self, standing: Option<Standing>) {
        standing.map(|standing| self.push(standing));
    }

    fn push(&mut self, level: impl Level + 'static) -> usize {
        self.levels.push(Box::new(level));
        self.levels.len() - 1
    }

    /// The same query for the children of the rows that a level finds. `T` is the type of those rows; `key` is the column
    /// that holds the parents' ids, or their own key. None where the children cannot be found that way.
    pub fn below<T: 'static, U>(&self, query: Query<U>, level: usize, key: Option<&str>) -> Option<Query<U>> {
        let above = self.levels.get(level).filter(|above| above.holds() == TypeId::of::<T>())?;
        let key = match key {
            Some(key) => above.columns().iter().find(|column| column.name == key)?.name,
            None => above.key(),
        };
        query.below(level, key)
    }

    /// Whether one statement is less work than several, where the rows of all levels have this many columns.
    fn pays(&self, width: usize) -> bool {
        let is_long = self.levels.iter().any(|level| level.most() > MANY);
        self.levels.len() <= MOST_LEVELS && (width <= WIDE || !is_long)
    }

    /// The statement, and where the values of each level stand in its rows.
    fn statement(&self) -> (Statement<'_, Untyped>, Vec<Vec<usize>>) {
        let mut slots = Vec::new();
        let places: Vec<Vec<usize>> =
            self.levels.iter().map(|level| take_slots(&level.columns(), &mut slots)).collect();
        let mut statement = Statement::new(Dialect::Postgres);
        for (number, level) in self.levels.iter().enumerate() {
            statement.push(&[if number == 0 { "WITH l" } else { ", l" }, &number.to_string(), " AS ("]);
            level.write(&mut statement);
            statement.push(&[")"]);
        }
        for (number, (level, places)) in self.levels.iter().zip(&places).enumerate() {
            let number = number.to_string();
            statement.push(&[if number == "0" { " SELECT " } else { " UNION ALL SELECT " }, &number]);
            let columns = level.columns();
            for (slot, kind) in slots.iter().enumerate() {
                match places.iter().position(|place| *place == slot + 1).and_then(|column| columns.get(column)) {
                    Some(column) => statement.push(&[", ", column.name]),
                    None => statement.push(&[", NULL::", kind]),
                }
            }
            statement.push(&[" FROM l", &number]);
        }
        (statement, places)
    }
}

/// Gives each column a slot of its type: the first that the level has not taken yet. The first slot is the level's number.
fn take_slots(columns: &[&'static StoredColumn], slots: &mut Vec<&'static str>) -> Vec<usize> {
    let mut taken = Vec::with_capacity(columns.len());
    for column in columns {
        let free = (0..slots.len()).find(|slot| slots.get(*slot) == Some(&column.kind) && !taken.contains(&(slot + 1)));
        let slot = free.unwrap_or_else(|| {
            slots.push(column.kind);
            slots.len() - 1
        });
        taken.push(slot + 1);
    }
    taken
}

/// The trees that are read by one statement. Clients compose their queries freely, and every connection keeps each of these
/// statements prepared: so there are not more of them than it can hold.
#[derive(Clone, Default)]
pub struct Trees {
    known: Arc<Mutex<Known>>,
    hasher: RandomState,
}

struct Known {
    since: Instant,
    texts: HashSet<u64>,
}

impl Default for Known {
    fn default() -> Self {
        Known { since: Instant::now(), texts: HashSet::new() }
    }
}

/// How many of them there are within [`LIFETIME`].
const MOST_TREES: usize = 200;
/// For how long they are known: no connection lives longer, and what it keeps goes with it.
const LIFETIME: Duration = Duration::from_mins(30);

impl Trees {
    /// Whether this statement is one of those that are kept prepared.
    fn holds(&self, text: &str) -> bool {
        let text = self.hasher.hash_one(text);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.since.elapsed() > LIFETIME {
            *known = Known::default();
        }
        known.texts.contains(&text) || (known.texts.len() < MOST_TREES && known.texts.insert(text))
    }
}

impl Db {
    /// Reads all of a tree by one statement. None where it is not read that way: SQLite is not far enough away for that, and
    /// there may be too many different trees.
    pub fn read_tree(&self, tree: &Tree) -> Option<Read<Found>> {
        if !self.is_postgres() {
            return None;
        }
        let (statement, places) = tree.statement();
        let width = places.iter().flatten().max().copied().unwrap_or_default();
        let is_read = tree.pays(width) && self.trees.holds(&statement.text);
        is_read.then(|| self.read_once(|conn| tree.load(conn, &statement, &places)))
    }
}

impl Standing {
    /// Whether the key is what it was. With SQLite, where a key is looked up each time, nothing is known of that.
    pub fn holds(self, conn: &mut Conn) -> Read<bool> {
        let mut tree = Tree::default();
        tree.add_standing(Some(self));
        let (statement, places) = tree.statement();
        let mut found = tree.load(conn, &statement, &places)?;
        Ok(stands(&mut found))
    }
}

/// Whether the key is what it was, which the last level says.
pub fn stands(found: &mut Found) -> bool {
    found.next_back().and_then(|stands| stands.downcast::<bool>().ok()).is_some_and(|stands| *stands)
}

impl Tree {
    fn load(&self, conn: &mut Conn, statement: &Statement<'_, Untyped>, places: &[Vec<usize>]) -> Read<Found> {
        let Conn::Postgres(conn) = conn else { return Ok(Vec::new().into_iter()) };
        let mut levels: Vec<_> = self.levels.iter().zip(places).map(|(level, places)| level.gather(places)).collect();
        // Levels come one after the other and in their own order: what is read of a `WITH` is not shared out to others.
        for row in load(conn, statement)? {
            let row = row?;
            let level: i32 = whole::<Integer, _, Pg, _>(&row, Some(0))?;
            let level = usize::try_from(level).ok().and_then(|level| levels.get_mut(level));
            level.ok_or_else(|| Fault::Database("a row of no level".to_owned()))?.row(&row)?;
        }
        let (counts, found): (Vec<usize>, Vec<_>) = levels.into_iter().map(Gather::all).unzip();
        tally::rows(counts.iter().sum());
        Ok(found.into_iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::customer::Customer;
    use crate::domain::order::{Order, OrderItem};
    use crate::repository::order;
    use uuid::Uuid;

    #[test]
    fn levels_share_columns_of_one_type() {
        let tenant = Id::new(Uuid::nil());
        let mut tree = Tree::default();
        let orders = tree.add(order::all(tenant).most(5).only(Some(&["number", "customer_id"])));
        let customers = Query::<Customer>::new(tenant).of_each::<Customer>("id", &[]).only(Some(&["email"]));
        tree.add(tree.below::<Order, _>(customers, orders, Some("customer_id")).unwrap());
        let items = order::items_of(tenant, &[]);
        tree.add_count(tree.below::<Order, _>(items, orders, None).unwrap());
        let (statement, places) = tree.statement();
        assert_eq!(
            statement.text,
            "WITH l0 AS (SELECT id, number, customer_id FROM orders WHERE tenant_id =  LIMIT ), \
             l1 AS (SELECT id, email FROM customers WHERE tenant_id =  AND id = ANY(ARRAY(SELECT customer_id FROM l0))), \
             l2 AS (SELECT order_id AS parent, count(*) AS total FROM order_items WHERE tenant_id =  \
             AND order_id = ANY(ARRAY(SELECT id FROM l0)) GROUP BY order_id) \
             SELECT 0, id, number, customer_id, NULL::int8 FROM l0 \
             UNION ALL SELECT 1, id, email, NULL::uuid, NULL::int8 FROM l1 \
             UNION ALL SELECT 2, parent, NULL::text, NULL::uuid, total FROM l2"
        );
        assert_eq!(places, [vec![1, 2, 3], vec![1, 2], vec![1, 4]]);
    }

    #[test]
    fn children_are_found_below_rows_of_their_parents_type_only() {
        let tenant = Id::new(Uuid::nil());
        let mut tree = Tree::default();
        let orders = tree.add(order::all(tenant).only(Some(&["number"])));
        let items = || order::items_of(tenant, &[]);
        assert!(tree.below::<Order, OrderItem>(items(), orders, None).is_some());
        assert!(tree.below::<Customer, OrderItem>(items(), orders, None).is_none());
        assert!(tree.below::<Order, OrderItem>(items(), orders, Some("customer_id")).is_none(), "it is not read");
    }

    #[test]
    fn there_are_not_more_trees_than_connections_can_keep() {
        let trees = Trees::default();
        assert!((0..MOST_TREES).all(|number| trees.holds(&number.to_string())));
        assert!(!trees.holds("one more"));
        assert!(trees.holds("7"));
    }
}
