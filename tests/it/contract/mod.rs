//! What the repository promises on both databases: what the database itself refuses, that values come back as they were
//! stored, and how transactions behave.

mod catalogue;
mod credits;
mod payments;
mod plans;
mod received;
mod refusals;
mod subscriptions;
mod transactions;
mod values;
