//! Finds the programs of an installed PostgreSQL server. Shared by `build.rs` and `tests/it/support/postgres.rs`, so that
//! both answer alike whether there is one.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What the tests call.
const PROGRAMS: [&str; 4] = ["initdb", "pg_ctl", "postgres", "psql"];

/// Folders with a folder for each version, which has its programs in `bin`: Debian, Fedora, Homebrew, Postgres.app.
const INSTALLATIONS: [(&str, &str); 6] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql"),
    ("/usr/local/opt", "postgresql"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql"),
    ("/Applications/Postgres.app/Contents/Versions", ""),
];

/// The folder of the programs: the one that PATH leads to, else the newest.
pub fn directory() -> Option<PathBuf> {
    on_path().into_iter().chain(installed()).find(|directory| is_complete(directory))
}

/// What PATH leads to. `pg_config` may belong to the client's headers alone, so its answer is looked at like any other.
fn on_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<_> = std::env::split_paths(&path).collect();
    if let Ok(answer) = Command::new("pg_config").arg("--bindir").output() {
        found.push(String::from_utf8_lossy(&answer.stdout).trim().into());
    }
    found
}

/// The usual places, newest version first in each.
fn installed() -> Vec<PathBuf> {
    INSTALLATIONS
        .iter()
        .flat_map(|(folder, prefix)| {
            let entries = Path::new(folder).read_dir().into_iter().flatten().flatten();
            let mut versions: Vec<_> = entries
                .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
                .map(|entry| (version(&entry.file_name().to_string_lossy()), entry.path().join("bin")))
                .collect();
            versions.sort();
            versions.into_iter().rev().map(|(_, directory)| directory)
        })
        .collect()
}

/// 9.6 is older than 15, though "9.6" sorts after "15".
fn version(name: &str) -> Vec<u32> {
    name.split(|letter: char| !letter.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

fn is_complete(directory: &Path) -> bool {
    directory.is_absolute() && PROGRAMS.iter().all(|program| directory.join(program).is_file())
}
