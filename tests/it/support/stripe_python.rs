//! Finds a Python that has localstripe. Shared by `build.rs` and `tests/it/support/stripe_server.rs`, so that both answer
//! alike whether there is one.

use std::path::PathBuf;

/// The interpreter that is named, else the one that `.ci/run` makes.
pub fn interpreter() -> Option<PathBuf> {
    let named = std::env::var_os("TEST_LOCALSTRIPE").filter(|path| !path.is_empty());
    let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    let own = PathBuf::from(root).join("target/localstripe/bin/python");
    named.map(PathBuf::from).or_else(|| own.is_file().then_some(own))
}
