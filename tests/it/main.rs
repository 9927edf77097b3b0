//! The integration tests: one binary, a module a concern.

#![cfg(test)]

mod api;
mod architecture;
mod cli;
mod crash;
mod differential;
mod races;
mod schema;
mod support;
