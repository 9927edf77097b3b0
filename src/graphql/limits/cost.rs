//! The cost of a query: how many objects its answer may hold. What docs/limits.md says of it is this:
//!
//! ```text
//! cost of a selection = for each field that leads to objects: how many × (price of one + cost of what is selected below)
//! ```
//!
//! A document is looked through once, with the declared types, and becomes a tree of its lists; what is always there once
//! is added up beforehand. To reckon the cost with the variables of a request is then a walk over a handful of lists.

use super::prices::{Often, Price, Prices};
use super::{QueryLimits, TOO_COMPLEX, grouped, with};
use crate::graphql::engine::{LONGEST_PAGE, PAGE, coded};
use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, FragmentDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, Positioned, ServerError, Value, Variables};
use async_graphql_value::Value as Given;
use std::collections::HashMap;

/// How often introspection may go around from types to others. The queries of all tools go around once.
const MOST_AROUND: usize = 2;
/// What an answer that goes around more often is taken to hold.
const AROUND_TOO_OFTEN: u64 = 1_000_000;

/// What a request is expected to cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Estimate {
    pub cost: u64,
    /// What of it is not counted while the answer is written: introspection.
    pub uncounted: u64,
}

/// The costs of the operations of a document, but for the variables.
pub struct Plan(Vec<Operation>);

struct Operation {
    name: Option<Name>,
    pos: Pos,
    whole: Part,
}

/// A part of the answer that is there zero times, once or many times in the part above it.
struct Part {
    /// Where it is, from the operation down, by the keys of the answer.
    path: String,
    times: Times,
    when: Vec<When>,
    /// What it costs each time, without the parts below it.
    each: u64,
    below: Vec<Part>,
    is_introspection: bool,
}

#[derive(Clone)]
enum Times {
    Fixed(u64),
    Page(Length),
    Ids(Option<Given>),
}

/// The arguments `first` and `last` of a connection.
#[derive(Clone, Default)]
struct Length {
    first: Option<Given>,
    last: Option<Given>,
}

/// A `@skip` or an `@include` whose condition is a variable.
#[derive(Clone)]
struct When {
    variable: Name,
    is: bool,
}

impl Plan {
    /// Looks a document through whose spreads are known to be bounded.
    pub fn of(document: &ExecutableDocument, prices: &Prices) -> Plan {
        let operations = document.operations.iter().map(|(name, operation)| {
            let mut whole = Part::new(String::new(), Times::Fixed(1), Vec::new());
            let root = match operation.node.ty {
                OperationType::Query => prices.query(),
                OperationType::Mutation => prices.mutation(),
                OperationType::Subscription => prices.subscription(),
            };
            if let Some(root) = root {
                let walk = Walk { fragments: &document.fragments, prices };
                walk.set(&operation.node.selection_set.node, &At { of: root, ..At::default() }, &mut whole);
            }
            Operation { name: name.cloned(), pos: operation.pos, whole }
        });
        Plan(operations.collect())
    }

    /// What the operation costs with these variables, among which are the defaults. Refuses what costs too much.
    pub fn cost(
        &self,
        operation: Option<&str>,
        variables: &Variables,
        limits: &QueryLimits,
    ) -> Result<Estimate, ServerError> {
        let named = |known: &&Operation| operation.is_none() || known.name.as_deref() == operation;
        // Which one is meant where several are is said by whoever runs it.
        let Some(operation) = self.0.iter().find(named) else { return Ok(Estimate::default()) };
        let mut uncounted = 0;
        let cost = operation.whole.cost(variables, &mut uncounted);
        if cost <= limits.cost {
            return Ok(Estimate { cost, uncounted });
        }
        Err(operation.refusal(cost, variables, limits.cost))
    }
}

impl Part {
    fn new(path: String, times: Times, when: Vec<When>) -> Part {
        Part { path, times, when, each: 0, below: Vec::new(), is_introspection: false }
    }

    fn cost(&self, variables: &Variables, uncounted: &mut u64) -> u64 {
        let times = self.times(variables);
        if times == 0 {
            return 0;
        }
        let cost = times.saturating_mul(self.one(variables, uncounted));
        if self.is_introspection {
            *uncounted = uncounted.saturating_add(cost);
        }
        cost
    }

    /// What it costs once.
    fn one(&self, variables: &Variables, uncounted: &mut u64) -> u64 {
        self.below.iter().fold(self.each, |sum, part| sum.saturating_add(part.cost(variables, uncounted)))
    }

    fn times(&self, variables: &Variables) -> u64 {
        let is_there =
            |when: &When| matches!(variables.get(&when.variable), Some(Value::Boolean(is)) if *is == when.is);
        if !self.when.iter().all(is_there) {
            return 0;
        }
        match &self.times {
            Times::Fixed(times) => *times,
            Times::Page(length) => length.of(variables),
            Times::Ids(given) => match value(given.as_ref(), variables) {
                Some(Number::Items(items)) => items.min(page(LONGEST_PAGE)),
                _ => 1,
            },
        }
    }
}

impl Length {
    /// The length of the page. A longer one is refused when the argument is read, with a kinder answer.
    fn of(&self, variables: &Variables) -> u64 {
        let length = |given: &Option<Given>| match value(given.as_ref(), variables)? {
            Number::Whole(length) => Some(length.min(page(LONGEST_PAGE))),
            Number::Items(_) => None,
        };
        length(&self.first).or_else(|| length(&self.last)).unwrap_or(page(PAGE))
    }
}

fn page(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// What of a value matters here.
enum Number {
    Whole(u64),
    /// How many a list has.
    Items(u64),
}

fn value(given: Option<&Given>, variables: &Variables) -> Option<Number> {
    match given? {
        Given::Number(number) => number.as_u64().map(Number::Whole),
        Given::List(items) => Some(Number::Items(page(items.len()))),
        Given::Variable(name) => match variables.get(name)? {
            Value::Number(number) => number.as_u64().map(Number::Whole),
            Value::List(items) => Some(Number::Items(page(items.len()))),
            _ => None,
        },
        _ => None,
    }
}

impl Operation {
    /// Says what makes it cost so much: the list that most of it comes from, and the page with which it would pass.
    fn refusal(&self, cost: u64, variables: &Variables, limit: u64) -> ServerError {
        let mut heaviest: Vec<(&Part, u64)> = Vec::new();
        let (mut part, mut above) = (&self.whole, 1_u64);
        // Down along what costs most, as long as that is most of what is above it.
        while let Some(child) = part.below.iter().max_by_key(|child| child.cost(variables, &mut 0)) {
            let (whole, own) = (part.one(variables, &mut 0), child.cost(variables, &mut 0));
            if own < whole / 2 {
                break;
            }
            heaviest.push((child, above));
            above = above.saturating_mul(child.times(variables));
            part = child;
        }
        let fitting = heaviest.iter().rev().find_map(|(part, above)| {
            let Times::Page(_) = part.times else { return None };
            let one = part.one(variables, &mut 0).saturating_mul(*above);
            let others = cost.saturating_sub(one.saturating_mul(part.times(variables)));
            let fits = limit.saturating_sub(others).checked_div(one)?;
            (fits > 0).then_some((part.path.as_str(), Some(fits)))
        });
        let list = || heaviest.iter().rev().find(|(part, _)| !matches!(part.times, Times::Fixed(1)));
        let (path, fits) = fitting.or_else(|| list().map(|(part, _)| (part.path.as_str(), None))).unwrap_or_default();
        let hint = match fits {
            Some(fits) => format!(" Most of them are at `{path}`: with `first: {fits}` there it would be answered."),
            None if path.is_empty() => " Select less.".to_owned(),
            None => format!(" Most of them are at `{path}`: select less there, or shorter pages."),
        };
        let message =
            format!("The answer may hold {} objects: at most {} are allowed.{hint}", grouped(cost), grouped(limit));
        let refusal = ServerError { locations: vec![self.pos], ..coded(message, TOO_COMPLEX) };
        with(
            refusal,
            [
                ("cost", Value::from(cost)),
                ("limit", Value::from(limit)),
                ("path", Value::from(path)),
                ("fits", fits.map_or(Value::Null, Value::from)),
            ],
        )
    }
}

struct Walk<'a> {
    fragments: &'a HashMap<Name, Positioned<FragmentDefinition>>,
    prices: &'a Prices,
}

/// Where the walk is.
#[derive(Clone, Default)]
struct At {
    /// The type.
    of: usize,
    /// The keys of the answer, from the operation down.
    path: String,
    /// That of the page which this is.
    length: Length,
    /// How often introspection went around.
    around: usize,
}

impl Walk<'_> {
    fn set(&self, set: &SelectionSet, at: &At, into: &mut Part) {
        for selection in &set.items {
            let Some(when) = when(selection.node.directives()) else { continue };
            match &selection.node {
                Selection::Field(field) => self.field(&field.node, when, at, into),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref().map(|condition| &condition.node.on.node);
                    self.fragment(&inline.node.selection_set.node, condition, when, at, into);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(&spread.node.fragment_name.node) {
                        let condition = &fragment.node.type_condition.node.on.node;
                        self.fragment(&fragment.node.selection_set.node, Some(condition), when, at, into);
                    }
                }
            }
        }
    }

    /// What several fragments select for different types is added up: which of them the objects have is not known.
    fn fragment(&self, set: &SelectionSet, condition: Option<&Name>, when: Vec<When>, at: &At, into: &mut Part) {
        let Some(of) = condition.map_or(Some(at.of), |name| self.prices.find(name)) else { return };
        let at = At { of, ..at.clone() };
        if when.is_empty() {
            return self.set(set, &at, into);
        }
        let mut part = Part::new(at.path.clone(), Times::Fixed(1), when);
        self.set(set, &at, &mut part);
        into.keep(part);
    }

    fn field(&self, field: &Field, when: Vec<When>, at: &At, into: &mut Part) {
        let name = field.name.node.as_str();
        let Some(Price { to, often, each }) = self.prices.price(at.of, name) else { return };
        let key = field.response_key().node.as_str();
        let path = if at.path.is_empty() { key.to_owned() } else { format!("{}.{key}", at.path) };
        let is_introspection = name.starts_with("__");
        let argument = |name| field.get_argument(name).map(|given| given.node.clone());
        let mut below = At { of: to, path, length: Length::default(), around: at.around };
        let times = match often {
            Often::Once => Times::Fixed(1),
            Often::Connection => {
                below.length = Length { first: argument("first"), last: argument("last") };
                Times::Fixed(1)
            }
            Often::Page => Times::Page(at.length.clone()),
            Often::Ids => Times::Ids(argument("ids")),
            Often::About(about) => Times::Fixed(about),
            Often::Around(about) => {
                below.around = at.around.saturating_add(1);
                Times::Fixed(if below.around > MOST_AROUND { AROUND_TOO_OFTEN } else { about })
            }
        };
        let set = &field.selection_set.node;
        // What is there once anyhow is part of what it is in.
        if matches!(times, Times::Fixed(1)) && when.is_empty() && !is_introspection {
            into.each = into.each.saturating_add(each);
            return self.set(set, &below, into);
        }
        // Of a page the connection is named, as that has the arguments.
        let path = if often == Often::Page { at.path.clone() } else { below.path.clone() };
        let mut part = Part { each, is_introspection, ..Part::new(path, times, when) };
        self.set(set, &below, &mut part);
        into.keep(part);
    }
}

impl Part {
    fn keep(&mut self, part: Part) {
        if part.each > 0 || !part.below.is_empty() {
            self.below.push(part);
        }
    }
}

/// When something is there that has these directives; none where it never is.
fn when(directives: &[Positioned<Directive>]) -> Option<Vec<When>> {
    let mut all = Vec::new();
    for directive in directives {
        let is = match directive.node.name.node.as_str() {
            "include" => true,
            "skip" => false,
            _ => continue,
        };
        match directive.node.get_argument("if").map(|given| &given.node) {
            Some(Given::Boolean(given)) if *given != is => return None,
            Some(Given::Variable(variable)) => all.push(When { variable: variable.clone(), is }),
            // What is no condition is refused by validation.
            _ => {}
        }
    }
    Some(all)
}

#[cfg(test)]
mod tests;
