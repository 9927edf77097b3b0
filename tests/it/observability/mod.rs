//! What those who run the server see of it, and what clients do not.

mod exposition;
mod metrics;
mod readiness;
