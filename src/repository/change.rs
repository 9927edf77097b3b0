//! `UPDATE` statements that are prepared once by each connection.
//!
//! Diesel prepares its own anew each time, since it cannot know how many texts a statement has whose columns may be left
//! out. In ours none is, so that the database need not read and plan them as often as they are run.

use diesel::RunQueryDsl;
use diesel::backend::Backend;
use diesel::dsl::Filter;
use diesel::query_builder::{AsChangeset, AstPass, IntoUpdateTarget, QueryFragment, QueryId};
use diesel::query_dsl::methods::FilterDsl;
use diesel::query_source::QuerySource;
use diesel::result::QueryResult;

/// Begins an `UPDATE` of a table, as `diesel::update` does.
pub(super) fn change<Q>(target: Q) -> Updating<Q> {
    Updating(target)
}

/// An `UPDATE` that does not say yet what becomes of the rows.
pub(super) struct Updating<Q>(Q);

impl<Q> Updating<Q> {
    pub fn filter<P>(self, predicate: P) -> Updating<Filter<Q, P>>
    where
        Q: FilterDsl<P>,
    {
        Updating(FilterDsl::filter(self.0, predicate))
    }

    pub fn set<V>(self, values: V) -> Update<<Q::Table as QuerySource>::FromClause, Q::WhereClause, V::Changeset>
    where
        Q: IntoUpdateTarget<Table: QuerySource>,
        V: AsChangeset<Target = Q::Table>,
    {
        let target = self.0.into_update_target();
        Update { table: target.table.from_clause(), filter: target.where_clause, values: values.as_changeset() }
    }
}

/// A whole `UPDATE`.
pub(super) struct Update<T, W, V> {
    table: T,
    filter: W,
    values: V,
}

impl<B, T, W, V> QueryFragment<B> for Update<T, W, V>
where
    B: Backend,
    T: QueryFragment<B>,
    W: QueryFragment<B>,
    V: QueryFragment<B>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, B>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        self.table.walk_ast(out.reborrow())?;
        out.push_sql(" SET ");
        self.values.walk_ast(out.reborrow())?;
        self.filter.walk_ast(out)
    }
}

// Diesel then keeps prepared statements by their text.
impl<T, W, V> QueryId for Update<T, W, V> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl<C, T, W, V> RunQueryDsl<C> for Update<T, W, V> {}
