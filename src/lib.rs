//! Perennial: a GraphQL backend for companies that sell or rent on subscription.

/// The use cases: one function a mutation.
pub mod app;
/// The command line.
pub mod cli;
/// Every setting.
pub mod config;
/// The demo tenant's data.
pub mod demo;
/// The rules: plain types and pure functions.
pub mod domain;
/// The wire: the schema, the reading engine, the translation of inputs.
pub mod graphql;
/// The server: routes, credentials, limits, the playground.
pub mod http;
/// What runs without a request.
pub mod jobs;
/// The SQL: the only layer that names Diesel.
pub mod repository;
/// What those who run the program see of it: counters, and traces.
pub mod telemetry;
