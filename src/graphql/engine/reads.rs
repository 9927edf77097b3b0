//! Which columns of a row a field needs, so that a query reads no others. What a field cannot say needs the whole row.

use super::declare::{Object, of};
use super::document::QueryEnv;
use super::select::select;
use crate::domain::Money;
use crate::repository::Stored;
use async_graphql::parser::types::SelectionSet;
use std::any::TypeId;

/// What a field needs of its row.
pub(super) enum Reads {
    /// Nobody knows: everything.
    Row,
    /// Its key, which every row has.
    Key,
    /// These columns, where the table has them all; otherwise everything.
    Columns(Vec<String>),
}

impl Reads {
    /// A field that borrows its value from the row, where the table has a column of that name.
    pub fn own(name: &str) -> Self {
        Reads::Columns(vec![column_of(name)])
    }

    /// The column that holds the key of the object that the field leads to.
    pub fn only(&self) -> Option<&str> {
        match self {
            Reads::Columns(names) => names.first().filter(|_| names.len() == 1).map(String::as_str),
            Reads::Row | Reads::Key => None,
        }
    }

    /// A field that names another object: `customer` reads `customer_id`.
    pub fn key(name: &str) -> Self {
        Reads::Columns(vec![column_of(name) + "_id"])
    }

    /// An object that is part of the row: an amount of money is kept beside its currency.
    pub fn part<U: 'static>(name: &str) -> Self {
        if TypeId::of::<U>() == TypeId::of::<Money>() {
            Reads::Columns(vec![column_of(name), "currency".to_owned()])
        } else {
            Reads::Row
        }
    }
}

/// `totalDevices` is kept in `total_devices`.
fn column_of(name: &str) -> String {
    let mut column = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            column.push('_');
        }
        column.push(letter.to_ascii_lowercase());
    }
    column
}

/// The columns of `U`'s table that `sets` need; none where they need whole rows.
pub(super) fn columns<U: Object + Stored>(env: &QueryEnv, sets: &[&SelectionSet]) -> Option<Vec<&'static str>> {
    // Where rows are read as a whole, it does not matter what is selected.
    U::ALONG?;
    let ty = of::<U>();
    let mut columns = Vec::new();
    for selected in select(env, sets, &ty.name, ty.id.is_some()) {
        let Some(field) = ty.fields.iter().find(|field| field.name == selected.name()) else { continue };
        match &field.reads {
            Reads::Row => return None,
            Reads::Key => {}
            Reads::Columns(names) => {
                for name in names {
                    columns.push(U::COLUMNS.iter().find(|column| column.name == name)?.name);
                }
            }
        }
    }
    Some(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_columns() {
        assert_eq!(column_of("sku"), "sku");
        assert_eq!(column_of("totalDevices"), "total_devices");
    }
}
