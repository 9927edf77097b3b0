//! What the work of one thread amounts to. An operation runs on one thread from its beginning to its end, so what is
//! counted between the two is its own.

use std::cell::{Cell, RefCell};
use std::ops::Sub;
use std::time::Duration;

thread_local! {
    static TALLY: Cell<Tally> = const { Cell::new(Tally::NONE) };
    static REFUSALS: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
    static DEPRECATED: RefCell<Vec<Deprecated>> = const { RefCell::new(Vec::new()) };
}

/// What a thread did since it began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tally {
    /// Statements, without those that begin and end transactions.
    pub statements: u64,
    /// Time in them.
    pub database: Duration,
    /// Rows that were read as objects.
    pub rows: u64,
}

/// A deprecated field that somebody selected.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Deprecated {
    pub on: String,
    pub field: &'static str,
}

impl Tally {
    const NONE: Tally = Tally { statements: 0, database: Duration::ZERO, rows: 0 };

    /// That of this thread, so far.
    pub fn so_far() -> Tally {
        TALLY.get()
    }
}

impl Sub for Tally {
    type Output = Tally;
    fn sub(self, earlier: Tally) -> Tally {
        Tally {
            statements: self.statements.wrapping_sub(earlier.statements),
            database: self.database.saturating_sub(earlier.database),
            rows: self.rows.wrapping_sub(earlier.rows),
        }
    }
}

/// A statement was run.
pub fn statement(took: Duration) {
    let tally = TALLY.get();
    let (statements, database) = (tally.statements.wrapping_add(1), tally.database.saturating_add(took));
    TALLY.set(Tally { statements, database, ..tally });
}

/// Rows were read.
pub fn rows(rows: usize) {
    let tally = TALLY.get();
    TALLY.set(Tally { rows: tally.rows.wrapping_add(u64::try_from(rows).unwrap_or_default()), ..tally });
}

/// A mutation was refused.
pub fn refused(code: &'static str) {
    REFUSALS.with_borrow_mut(|refusals| refusals.push(code));
}

/// A deprecated field is read.
pub fn deprecated(on: &str, field: &'static str) {
    DEPRECATED.with_borrow_mut(|fields| fields.push(Deprecated { on: on.to_owned(), field }));
}

/// The codes of refusals, and the deprecated fields, since this was asked last.
pub fn take() -> (Vec<&'static str>, Vec<Deprecated>) {
    (REFUSALS.take(), DEPRECATED.take())
}
