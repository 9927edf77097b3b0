//! What each field adds to the cost of a query, out of the declared types.

use async_graphql::registry::{MetaField, MetaType, MetaTypeName, Registry};
use std::collections::HashMap;

/// A mutation, beside what is selected of its payload: it takes about as long as the reading of so many objects.
pub const MUTATION: u64 = 100;
/// An object that a use case works out for each parent, such as a preview.
pub const WORKED_OUT: u64 = 20;
/// How many objects a list that is not paged is taken to have.
const LIST: u64 = 5;
/// How many fields, arguments or values a type of the schema has, on the average.
const DESCRIBED: u64 = 4;

/// How often what is below a field stands in the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Often {
    Once,
    /// Once, and its own lists as often as `first` or `last` say.
    Connection,
    /// A list of a connection.
    Page,
    /// As often as there are ids.
    Ids,
    /// A list of about so many.
    About(u64),
    /// The same, on the way from a type of the schema to others: to go this way again and again leads in circles.
    Around(u64),
}

/// A field that leads to objects.
#[derive(Clone, Copy)]
pub struct Price {
    /// The type behind it.
    pub to: usize,
    pub often: Often,
    /// What one object costs by itself.
    pub each: u64,
}

/// The fields of all types that lead to objects, each type by its number.
#[derive(Default)]
pub struct Prices {
    numbers: HashMap<String, usize>,
    types: Vec<HashMap<String, Price>>,
    query: Option<usize>,
    mutation: Option<usize>,
    subscription: Option<usize>,
}

impl Prices {
    /// The prices of a schema. A field with a complexity of its own is one that a use case works out.
    pub fn of(registry: &Registry) -> Prices {
        let mut prices = Prices::default();
        let fields = registry.types.iter().filter_map(|(name, ty)| match ty {
            MetaType::Object { fields, .. } | MetaType::Interface { fields, .. } => Some((name.as_str(), fields)),
            _ => None,
        });
        let fields: Vec<_> = fields.collect();
        for (name, _) in &fields {
            prices.number(name);
        }
        for (name, fields) in fields {
            let own = fields.values().filter_map(|field| Some((field.name.clone(), prices.field(name, field)?)));
            let own: Vec<_> = own.collect();
            let number = prices.number(name);
            if let Some(known) = prices.types.get_mut(number) {
                known.extend(own);
            }
        }
        prices.query = prices.find(&registry.query_type);
        prices.mutation = registry.mutation_type.as_deref().and_then(|name| prices.find(name));
        prices.subscription = registry.subscription_type.as_deref().and_then(|name| prices.find(name));
        if let Some(mutations) = prices.mutation.and_then(|number| prices.types.get_mut(number)) {
            mutations.values_mut().for_each(|price| price.each = MUTATION);
        }
        prices.describe(u64::try_from(registry.types.len()).unwrap_or(u64::MAX));
        prices
    }

    pub fn query(&self) -> Option<usize> {
        self.query
    }

    pub fn mutation(&self) -> Option<usize> {
        self.mutation
    }

    pub fn subscription(&self) -> Option<usize> {
        self.subscription
    }

    /// The number of a type.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// What a field of a type leads to; none where it has no objects, or there is no such field.
    pub fn price(&self, of: usize, field: &str) -> Option<Price> {
        self.types.get(of)?.get(field).copied()
    }

    fn field(&self, of: &str, field: &MetaField) -> Option<Price> {
        let name = MetaTypeName::concrete_typename(&field.ty);
        let to = self.find(name)?;
        let is_list = field.ty.starts_with('[');
        let often = if is_list && of.ends_with("Connection") {
            Often::Page
        } else if is_list && field.args.contains_key("ids") {
            Often::Ids
        } else if is_list {
            Often::About(LIST)
        } else if field.args.contains_key("first") {
            Often::Connection
        } else {
            Often::Once
        };
        Some(Price { to, often, each: if field.compute_complexity.is_some() { WORKED_OUT } else { 1 } })
    }

    /// The number that a type has, or gets.
    fn number(&mut self, name: &str) -> usize {
        if let Some(known) = self.find(name) {
            return known;
        }
        self.types.push(HashMap::new());
        let number = self.types.len() - 1;
        self.numbers.insert(name.to_owned(), number);
        number
    }

    /// The fields with which a schema tells of itself, which no declaration names.
    fn describe(&mut self, types: u64) {
        use Often::{About, Around, Once};
        let described = [
            ("__Schema", "types", "__Type", About(types)),
            ("__Schema", "queryType", "__Type", Once),
            ("__Schema", "mutationType", "__Type", Once),
            ("__Schema", "subscriptionType", "__Type", Once),
            ("__Schema", "directives", "__Directive", About(LIST)),
            ("__Type", "fields", "__Field", Around(DESCRIBED)),
            ("__Type", "inputFields", "__InputValue", Around(DESCRIBED)),
            ("__Type", "interfaces", "__Type", Around(1)),
            ("__Type", "possibleTypes", "__Type", Around(1)),
            ("__Type", "enumValues", "__EnumValue", About(DESCRIBED)),
            ("__Type", "ofType", "__Type", Once),
            ("__Field", "args", "__InputValue", About(1)),
            ("__Field", "type", "__Type", Once),
            ("__InputValue", "type", "__Type", Once),
            ("__Directive", "args", "__InputValue", About(1)),
        ];
        for (of, field, to, often) in described {
            // What a type is a list of is asked for ten times over, and hardly ever there.
            let each = u64::from(field != "ofType");
            let price = Price { to: self.number(to), often, each };
            let of = self.number(of);
            if let Some(fields) = self.types.get_mut(of) {
                fields.insert(field.to_owned(), price);
            }
        }
        let [schema, ty] = ["__Schema", "__Type"].map(|name| self.number(name));
        if let Some(query) = self.query.and_then(|number| self.types.get_mut(number)) {
            query.insert("__schema".to_owned(), Price { to: schema, often: Often::Once, each: 1 });
            query.insert("__type".to_owned(), Price { to: ty, often: Often::Once, each: 1 });
        }
    }
}
