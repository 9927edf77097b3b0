//! The integration tests: one binary, a module a concern.

#![cfg(test)]
// Whole objects are written as JSON.
#![recursion_limit = "256"]

mod api;
mod architecture;
mod billing;
mod cli;
mod contract;
mod crash;
mod demo;
mod differential;
mod live;
mod migrations;
mod observability;
mod races;
mod recovery;
mod schema;
mod stripe;
mod support;
mod vectors;
