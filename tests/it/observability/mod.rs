//! What those who run the server see of it, and what clients do not.

mod exposition;
mod leaks;
mod log;
mod metrics;
mod prepared;
mod readiness;
mod traces;
