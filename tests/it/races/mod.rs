//! Several clients who want the same thing at once, on a real server. Whoever wins, the database is consistent.

mod billing;
mod clock;
mod collecting;
mod coupons;
mod invoices;
mod keys;
mod orders;
mod others;
mod payments;
mod plans;
mod scans;
mod subscriptions;
mod usage;
