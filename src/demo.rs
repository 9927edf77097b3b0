//! The demo tenant's data.

use crate::app::App;
use crate::app::operator::{OperatorError, create_tenant};

/// What `perennial demo` says of its tenant.
pub struct Demo {
    pub api_key: String,
}

/// Fills an empty database with a demo tenant, or finds the one that is there; makes it a new key either way.
pub fn fill(app: &App, progress: &dyn Fn(u64, u64)) -> Result<Demo, OperatorError> {
    progress(0, 1);
    let (_, api_key) = create_tenant(app, "Demo")?;
    Ok(Demo { api_key })
}
