//! The arguments of a list, as the schema shows them. The types of the filter and of the order follow from the list's own
//! declaration ([`crate::repository::List`]); `slice.rs` and `filter.rs` read what clients give.

use super::declare::{Object, of};
use super::registry::{Argument, Input, argument, choice_type, enum_type, input_type, scalar_type};
use crate::graphql::money::MoneyInput;
use crate::repository::Listed;
use crate::repository::list::Kind;
use async_graphql::InputType;
use async_graphql::registry::Registry;

/// Registers the arguments of a list of `U`.
pub fn slice_arguments<U: Object + Listed>(registry: &mut Registry) -> Vec<Argument> {
    let mut arguments = vec![
        argument::<Option<i32>>(
            registry,
            "first",
            "How many objects from the start of the list: at most 100, 25 when left out.",
        ),
        argument::<Option<String>>(registry, "after", "Only objects after this cursor."),
        argument::<Option<i32>>(registry, "last", "How many objects from the end of the list: at most 100."),
        argument::<Option<String>>(registry, "before", "Only objects before this cursor."),
    ];
    let name = &of::<U>().name;
    let list = U::list();
    if !list.columns.is_empty() {
        arguments.push(filter_argument::<U>(registry));
    }
    if list.columns.iter().any(|column| column.sort.is_some()) {
        let ty = order_type::<U>(registry, name);
        arguments.push(Argument::new(
            "orderBy",
            "How the list is sorted: the first key counts most. Newest first when left out.",
            format!("[{ty}!]"),
        ));
    }
    arguments
}

/// Registers the filter of a list of `U`.
pub fn filter_argument<U: Object + Listed>(registry: &mut Registry) -> Argument {
    let ty = filter_type::<U>(registry, &of::<U>().name);
    Argument::new("filter", "Only objects that meet these conditions.", ty)
}

/// `OrderFilter`: a condition for each column, and how conditions are combined.
fn filter_type<U: Listed>(registry: &mut Registry, name: &str) -> String {
    let own = format!("{name}Filter");
    let mut fields: Vec<Argument> = Vec::new();
    for column in &U::list().columns {
        let about = format!("What must hold of `{}`.", camel(column.column));
        fields.push(Argument::new(camel(column.column), about, condition_type(registry, column.kind)));
    }
    fields.push(Argument::new("and", "All of these must hold.", format!("[{own}!]")));
    fields.push(Argument::new("or", "At least one of these must hold.", format!("[{own}!]")));
    fields.push(Argument::new("not", "This must not hold.", own.clone()));
    let about = format!("Which {name} objects a list contains: all conditions that are given must hold.");
    input_type(registry, Input { name: own, about, fields })
}

/// `OrderOrder` and `OrderOrderField`.
fn order_type<U: Listed>(registry: &mut Registry, name: &str) -> String {
    let sortable = U::list().columns.iter().filter(|column| column.sort.is_some());
    let values = sortable.map(|column| (column.column.to_uppercase(), format!("By `{}`.", camel(column.column))));
    let field = enum_type(
        registry,
        format!("{name}OrderField"),
        format!("What {name} objects can be sorted by."),
        values.collect(),
    );
    let direction = enum_type(
        registry,
        "OrderDirection".to_owned(),
        "In which direction a list is sorted.".to_owned(),
        vec![("ASC".to_owned(), "From low to high.".to_owned()), ("DESC".to_owned(), "From high to low.".to_owned())],
    );
    let fields = vec![
        Argument::new("field", "What to sort by.", field + "!"),
        Argument {
            default: Some("ASC".to_owned()),
            ..Argument::new("direction", "In which direction.", direction + "!")
        },
    ];
    let about = format!("One key of the order of {name} objects.");
    input_type(registry, Input { name: format!("{name}Order"), about, fields })
}

/// The conditions that there are for a column of some kind.
fn condition_type(registry: &mut Registry, kind: Kind) -> String {
    let (name, value) = match kind {
        Kind::Text => ("String".to_owned(), String::create_type_info(registry)),
        Kind::Int => ("Int".to_owned(), i32::create_type_info(registry)),
        Kind::Instant => ("DateTime".to_owned(), scalar_type(registry, "DateTime")),
        Kind::Day => ("Date".to_owned(), scalar_type(registry, "Date")),
        Kind::Id(_) => ("Id".to_owned(), async_graphql::ID::create_type_info(registry)),
        Kind::Choice(choice) => (choice.name.to_owned(), choice_type(registry, choice)),
        Kind::Money { .. } => return money_condition_type(registry),
    };
    let value = value.trim_end_matches('!').to_owned();
    let mut fields = vec![
        Argument::new("eq", "It is this value.", value.clone()),
        Argument::new("in", "It is one of these values: at most 500.", format!("[{value}!]")),
        Argument::new("isNull", "Whether it is null.", "Boolean"),
    ];
    if matches!(kind, Kind::Int | Kind::Instant | Kind::Day) {
        fields.push(Argument::new("lt", "It is less than this.", value.clone()));
        fields.push(Argument::new("lte", "It is at most this.", value.clone()));
        fields.push(Argument::new("gt", "It is greater than this.", value.clone()));
        fields.push(Argument::new("gte", "It is at least this.", value.clone()));
    }
    if matches!(kind, Kind::Text) {
        fields.push(Argument::new("startsWith", "It begins with this text, upper and lower case told apart.", value));
    }
    let about = "What must hold of a value: all conditions that are given.".to_owned();
    input_type(registry, Input { name: format!("{name}Condition"), about, fields })
}

/// The conditions on an amount. Each says in which currency: there is no order among amounts of several.
fn money_condition_type(registry: &mut Registry) -> String {
    let value = MoneyInput::create_type_info(registry).trim_end_matches('!').to_owned();
    let fields = [
        ("eq", "It is this amount."),
        ("lt", "It is less than this."),
        ("lte", "It is at most this."),
        ("gt", "It is greater than this."),
        ("gte", "It is at least this."),
    ];
    let fields = fields.map(|(name, about)| Argument::new(name, about, value.clone())).into();
    let about =
        "What must hold of an amount: all conditions that are given. None holds of an amount in another currency.";
    input_type(registry, Input { name: "MoneyCondition".to_owned(), about: about.to_owned(), fields })
}

/// The API's name of a column: `created_at` is `createdAt`.
pub fn camel(column: &str) -> String {
    let mut words = column.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        name + &initial.to_uppercase() + rest
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_names_of_fields() {
        assert_eq!(camel("created_at"), "createdAt");
        assert_eq!(camel("next_billing_date"), "nextBillingDate");
        assert_eq!(camel("sku"), "sku");
    }
}
