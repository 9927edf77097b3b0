//! The rules. Plain types and pure functions: time, zones and ids arrive as arguments, nothing here reads a clock,
//! a database or a random source. To learn a rule, open the file of its noun.

pub mod add_on;
pub mod api_key;
pub mod asset;
pub mod billing;
pub mod billing_group;
pub mod calendar;
pub mod choice;
pub mod collecting;
pub mod country;
pub mod coupon;
pub mod credit;
pub mod credit_note;
pub mod customer;
pub mod discount;
pub mod dunning;
pub mod eligible_plans;
pub mod event;
pub mod exact;
pub mod feature;
pub mod fulfilment;
pub mod gateway;
pub mod id;
pub mod invoice;
pub mod invoicing;
pub mod meter;
pub mod money;
pub mod order;
pub mod payment;
pub mod payment_method;
pub mod payment_terms;
pub mod period;
pub mod plan;
pub mod price;
pub mod pricing;
pub mod product;
pub mod received;
pub mod refusal;
pub mod schedule;
pub mod subscribing;
pub mod subscription;
pub mod tax;
pub mod tenant;
pub mod text;
pub mod trusted_document;
pub mod usage;

pub use choice::Choice;
pub use country::Country;
pub use id::{Entity, Id};
pub use money::{Currency, Money};
pub use refusal::{ErrorCode, Refusal};

/// An instant in UTC, with microseconds: the finest that both databases keep.
pub type Instant = chrono::DateTime<chrono::Utc>;
/// A calendar date, without a zone.
pub type Date = chrono::NaiveDate;
/// An IANA time zone.
pub type Zone = chrono_tz::Tz;
