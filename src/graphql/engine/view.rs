//! A level of the answer: rows of one type, what was selected of them, and their relations, each loaded for all rows at
//! once. Loading is finished before the first byte is written, so writing cannot fail for want of the database.

use super::column::Column;
use super::declare::{Field, Kind, Object, Type, of};
use super::json::{Null, Out, Written};
use super::reading::Cx;
use super::registry::Argument;
use super::run::coded;
use super::select::{Selected, select};
use crate::domain::Choice;
use crate::domain::api_key::Scope;
use crate::repository::Read;
use crate::telemetry::tally;
use async_graphql::ServerError;
use async_graphql::parser::types::SelectionSet;
use async_graphql::registry::Registry;

/// The error in the place of what the key may not see, where it may not.
pub fn refused(what: &str, needs: Option<Scope>, scope: Scope) -> Option<ServerError> {
    let needed = needs.filter(|needed| !scope.includes(*needed))?;
    Some(coded(format!("{what} needs a key of the scope {}.", needed.name()), "FORBIDDEN"))
}

/// How the objects behind a field are found.
pub trait Relation<T>: Send + Sync {
    /// Registers the type behind the field and answers its name, with `!` and `[]`.
    fn type_name(&self, registry: &mut Registry) -> String;
    fn nullable(&self) -> bool;
    fn arguments(&self, registry: &mut Registry) -> Vec<Argument> {
        let _ = registry;
        Vec::new()
    }
    /// Whether a use case works each object out, which takes far longer than to read it.
    fn is_worked_out(&self) -> bool {
        false
    }
    /// One statement for all parents, then the same for what was selected below. Bad arguments are found before any
    /// statement: they are an error of the field, not of the request.
    fn load<'q>(&'static self, cx: &mut Cx<'_, 'q>, parents: &[&T], selected: &Selected<'q>) -> Read<Fetched<'q, T>>;
}

pub type Fetched<'q, T> = Result<Box<dyn Loaded<'q, T> + 'q>, ServerError>;

/// A relation, loaded: it can write what belongs to the parent at `index`.
pub trait Loaded<'q, T> {
    fn write(&self, parent: &T, index: usize, out: &mut Out<'q>) -> Written;
}

/// What a query selects of the rows of one level.
pub struct View<'q, T: 'static> {
    ty: &'static Type<T>,
    pub fields: Vec<(Selected<'q>, What<'q, T>)>,
}

/// What stands behind one key of the answer.
pub enum What<'q, T: 'static> {
    Typename,
    Column(&'static dyn Column<T>),
    Relation {
        nullable: bool,
        loaded: Box<dyn Loaded<'q, T> + 'q>,
    },
    Refused {
        nullable: bool,
        error: ServerError,
    },
    /// async-graphql answers it.
    Introspection,
}

impl<'q, T: Object> View<'q, T> {
    /// Loads what `sets` select of `rows`.
    pub fn load(cx: &mut Cx<'_, 'q>, rows: &[&T], sets: &[&'q SelectionSet]) -> Read<Self> {
        let ty = of::<T>();
        let selected = select(cx.env, sets, &ty.name, ty.id.is_some());
        let fields = selected.into_iter().map(|selected| {
            let what = match ty.fields.iter().find(|field| field.name == selected.name()) {
                Some(field) => Self::field(cx, field, rows, &selected)?,
                None if selected.name() == "__typename" => What::Typename,
                None => What::Introspection,
            };
            Ok((selected, what))
        });
        Ok(View { ty, fields: fields.collect::<Read<_>>()? })
    }

    fn field(cx: &mut Cx<'_, 'q>, field: &'static Field<T>, rows: &[&T], selected: &Selected<'q>) -> Read<What<'q, T>> {
        let nullable = field.nullable();
        if let Some(error) = refused(field.name, field.needs, cx.scope) {
            return Ok(What::Refused { nullable, error });
        }
        if field.deprecated.is_some() && !cx.only_notes() {
            tally::deprecated(&of::<T>().name, field.name);
        }
        let relation = match &field.kind {
            Kind::Column(column) => return Ok(What::Column(&**column)),
            Kind::Relation(relation) => relation,
        };
        Ok(match cx.below(field, rows.len(), |cx| relation.load(cx, rows, selected))? {
            Ok(loaded) => What::Relation { nullable, loaded },
            Err(error) => What::Refused { nullable, error },
        })
    }

    /// Writes one row: `index` is its place among the rows that were loaded.
    pub fn write(&self, row: &T, index: usize, out: &mut Out<'q>) -> Written {
        out.object()?;
        out.bytes.push(b'{');
        for (position, (selected, what)) in self.fields.iter().enumerate() {
            let value = |out: &mut Out<'q>| self.value(selected, what, row, index, out);
            out.member(position == 0, selected.key, what.nullable(), value)?;
        }
        out.bytes.push(b'}');
        Ok(())
    }

    /// Writes one field of a row.
    pub fn value(
        &self,
        selected: &Selected<'q>,
        what: &What<'q, T>,
        row: &T,
        index: usize,
        out: &mut Out<'q>,
    ) -> Written {
        match what {
            What::Column(column) => column.write(row, out),
            What::Relation { loaded, .. } => loaded.write(row, index, out),
            What::Typename => {
                out.bytes.push(b'"');
                out.raw(&self.ty.name);
                out.bytes.push(b'"');
                Ok(())
            }
            What::Refused { error, .. } => Err(out.fail(error.clone(), selected.field.pos)),
            What::Introspection => Err(Null),
        }
    }
}

impl<T> What<'_, T> {
    pub fn nullable(&self) -> bool {
        match self {
            What::Column(column) => column.nullable(),
            What::Relation { nullable, .. } | What::Refused { nullable, .. } => *nullable,
            What::Typename | What::Introspection => false,
        }
    }
}

impl<T> Field<T> {
    pub fn nullable(&self) -> bool {
        match &self.kind {
            Kind::Column(column) => column.nullable(),
            Kind::Relation(relation) => relation.nullable(),
        }
    }
}
