//! Says what the build depends on besides the sources, and whether there is a PostgreSQL to test with.

#[path = "tests/it/support/postgres_binaries.rs"]
mod postgres_binaries;

use std::env::var_os;
use std::process::ExitCode;

/// What is built into the program from files that are no Rust.
const EMBEDDED: [&str; 3] = ["migrations", "playground/dist", "playground/examples"];
const OWN_SOURCES: [&str; 2] = ["build.rs", "tests/it/support/postgres_binaries.rs"];
const SETTINGS: [&str; 3] = ["TEST_POSTGRES_URL", "PATH", "PERENNIAL_REQUIRE_POSTGRES"];

fn main() -> ExitCode {
    for path in EMBEDDED.iter().chain(&OWN_SOURCES) {
        println!("cargo::rerun-if-changed={path}");
    }
    for name in SETTINGS {
        println!("cargo::rerun-if-env-changed={name}");
    }
    println!("cargo::rustc-check-cfg=cfg(without_postgres)");

    let binaries = postgres_binaries::directory();
    if let Some(directory) = &binaries {
        // A server that is gone, or another one in its place, makes Cargo ask again.
        println!("cargo::rerun-if-changed={}", directory.join("postgres").display());
    }
    let found = binaries.is_some() || var_os("TEST_POSTGRES_URL").is_some_and(|url| !url.is_empty());
    if !found {
        println!("cargo::rustc-cfg=without_postgres");
        if var_os("PERENNIAL_REQUIRE_POSTGRES").is_some_and(|value| value == "1") {
            println!("cargo::error=no PostgreSQL to test with: set TEST_POSTGRES_URL or install its server");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
