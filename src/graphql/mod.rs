//! The wire. Translation only: what a client wrote becomes a command of a use case, and what the repository answers is
//! written as the client selected it. A file a noun: its object types, its inputs, its mutations.

mod add_on;
pub mod api;
mod api_key;
mod asset;
mod billing;
mod billing_group;
mod check;
mod coupon;
mod credit;
mod credit_note;
mod customer;
mod discount;
mod documents;
mod dunning;
mod eligible_plans;
mod engine;
mod entitlement;
mod errors;
mod feature;
mod fulfilment;
mod invoice;
mod invoicing;
mod limits;
mod meter;
mod money;
mod mutations;
mod order;
mod payment;
mod payment_method;
mod plan;
mod price;
mod product;
mod query;
mod received;
mod scalars;
mod subscription;
mod tax;
mod tenant;
mod trusted_document;
mod usage;
mod watched;

pub use api::{Api, Asked, Caller, schema_sdl};
pub use documents::{check_text, named_by};
pub use engine::to_json;
