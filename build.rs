//! Says what the build depends on besides the sources, and whether there are a PostgreSQL and a localstripe to test with.

#[path = "tests/it/support/postgres_binaries.rs"]
mod postgres_binaries;
#[path = "tests/it/support/stripe_python.rs"]
mod stripe_python;

use std::env::var_os;
use std::process::ExitCode;

/// What is built into the program from files that are no Rust.
const EMBEDDED: [&str; 3] = ["migrations", "playground/dist", "playground/examples"];
const OWN_SOURCES: [&str; 3] =
    ["build.rs", "tests/it/support/postgres_binaries.rs", "tests/it/support/stripe_python.rs"];
const SETTINGS: [&str; 5] =
    ["TEST_POSTGRES_URL", "PATH", "PERENNIAL_REQUIRE_POSTGRES", "TEST_LOCALSTRIPE", "PERENNIAL_REQUIRE_LOCALSTRIPE"];

fn main() -> ExitCode {
    for path in EMBEDDED.iter().chain(&OWN_SOURCES) {
        println!("cargo::rerun-if-changed={path}");
    }
    for name in SETTINGS {
        println!("cargo::rerun-if-env-changed={name}");
    }
    println!("cargo::rustc-check-cfg=cfg(without_postgres, without_localstripe)");

    let binaries = postgres_binaries::directory();
    if let Some(directory) = &binaries {
        // A server that is gone, or another one in its place, makes Cargo ask again.
        println!("cargo::rerun-if-changed={}", directory.join("postgres").display());
    }
    let found = binaries.is_some() || var_os("TEST_POSTGRES_URL").is_some_and(|url| !url.is_empty());
    if !found {
        println!("cargo::rustc-cfg=without_postgres");
        if is_required("PERENNIAL_REQUIRE_POSTGRES") {
            println!("cargo::error=no PostgreSQL to test with: set TEST_POSTGRES_URL or install its server");
            return ExitCode::FAILURE;
        }
    }

    if let Some(python) = stripe_python::interpreter() {
        println!("cargo::rerun-if-changed={}", python.display());
    } else {
        println!("cargo::rustc-cfg=without_localstripe");
        if is_required("PERENNIAL_REQUIRE_LOCALSTRIPE") {
            println!("cargo::error=no localstripe to test with: see tests/it/support/stripe_server.rs");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn is_required(setting: &str) -> bool {
    var_os(setting).is_some_and(|value| value == "1")
}
