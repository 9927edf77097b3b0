//! The wire. Translation only: what a client wrote becomes a command of a use case, and what the repository answers is
//! written as the client selected it. A file a noun: its object types, its inputs, its mutations.

mod add_on;
pub mod api;
mod asset;
mod billing_group;
mod check;
mod coupon;
mod credit;
mod credit_note;
mod customer;
mod discount;
mod eligible_plans;
mod engine;
mod entitlement;
mod errors;
mod feature;
mod fulfilment;
mod invoice;
mod invoicing;
mod limits;
mod money;
mod mutations;
mod order;
mod payment;
mod payment_method;
mod plan;
mod price;
mod product;
mod query;
mod scalars;
mod subscription;
mod tenant;

pub use api::{Api, Caller, schema_sdl};
pub use engine::to_json;
