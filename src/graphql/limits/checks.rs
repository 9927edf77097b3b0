//! Documents that were looked at. One that was seen before is neither looked at nor parsed again.

use super::cost::{Estimate, Plan};
use super::prices::Prices;
use super::{QueryLimits, refused, shape, text};
use crate::graphql::engine::Document;
use async_graphql::parser::types::OperationType;
use async_graphql::{Pos, ServerError, Variables};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// How many documents are kept, and how long one may be that is.
const KEPT: usize = 1_000;
const LONGEST_KEPT: usize = 8_000;

/// A document that may be run, but for what it costs with some variables.
pub struct Checked {
    pub document: Arc<Document>,
    plan: Plan,
}

/// The way through which every document goes.
pub struct Checks {
    limits: QueryLimits,
    prices: Prices,
    kept: RwLock<HashMap<String, Arc<Checked>>>,
}

impl Checks {
    pub fn new(limits: QueryLimits, prices: Prices) -> Checks {
        Checks { limits, prices, kept: RwLock::default() }
    }

    /// Parses a document, unless it asks for too much or is none.
    pub fn check(&self, query: &str) -> Result<Arc<Checked>, ServerError> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(query).cloned();
        if let Some(known) = kept {
            return Ok(known);
        }
        text::check(query, &self.limits)?;
        let document = async_graphql::parser::parse_query(query).map_err(not_graphql)?;
        shape::check(&document, &self.limits)?;
        let plan = Plan::of(&document, &self.prices);
        let checked = Arc::new(Checked { document: Arc::new(Document::new(document)), plan });
        if query.len() <= LONGEST_KEPT {
            let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
            // Clients that write values into their documents fill it with what never comes again: start anew.
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(query.to_owned(), checked.clone());
        }
        Ok(checked)
    }

    /// What an operation costs with its variables, among which are the defaults; refuses what costs too much.
    pub fn cost(
        &self,
        checked: &Checked,
        operation: Option<&str>,
        variables: &Variables,
    ) -> Result<Estimate, ServerError> {
        checked.plan.cost(operation, variables, &self.limits)
    }
}

impl Checked {
    /// What kind of operation this name means; none where it means none.
    pub fn operation_type(&self, name: Option<&str>) -> Option<OperationType> {
        let mut named = self.document.operations.iter().filter(|(known, _)| match name {
            Some(name) => known.is_some_and(|known| known.as_str() == name),
            None => true,
        });
        match (named.next(), named.next()) {
            (Some((_, operation)), None) => Some(operation.node.ty),
            _ => None,
        }
    }
}

fn not_graphql(error: async_graphql::parser::Error) -> ServerError {
    let message = "The document is not GraphQL: look at the place that `locations` names.";
    let locations = ServerError::from(error).locations;
    ServerError { locations, ..refused(message.to_owned(), Pos::default(), "GRAPHQL_PARSE_FAILED") }
}
