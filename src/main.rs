//! The command line. What each command does is in `cli`, what it can be told in `config`.

use clap::Parser;
use perennial::cli;
use perennial::config::Config;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[expect(clippy::print_stderr, reason = "the command line speaks here")]
fn main() -> ExitCode {
    match cli::run(Config::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
