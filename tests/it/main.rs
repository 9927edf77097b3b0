//! The integration tests: one binary, a module a concern.

#![cfg(test)]

mod api;
mod architecture;
mod cli;
mod contract;
mod crash;
mod demo;
mod differential;
mod migrations;
mod races;
mod recovery;
mod schema;
mod support;
mod vectors;
