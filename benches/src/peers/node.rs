//! The peers' programs: installed from npm when they are missing, and started.

use crate::Failure;
use crate::load::process::{Server, free_address};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is copied to the folder in which the packages are.
const FILES: [&str; 9] = [
    "package.json",
    "package-lock.json",
    "serve.js",
    "setup.sql",
    "postgraphile.js",
    "yoga.js",
    "yoga/fulfil.js",
    "yoga/loaders.js",
    "yoga/schema.js",
];

/// The folder of the peers, with all that they need.
pub struct Node {
    folder: PathBuf,
}

/// Where the sources are.
pub fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// Where what is made of them is.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers")
}

impl Node {
    pub fn install() -> Result<Self, Failure> {
        let folder = folder();
        std::fs::create_dir_all(folder.join("yoga"))?;
        let lock = "package-lock.json";
        let installed = std::fs::read(folder.join(lock)).ok() == std::fs::read(sources().join(lock)).ok()
            && folder.join("node_modules/postgraphile").is_dir();
        for file in FILES {
            std::fs::copy(sources().join(file), folder.join(file))?;
        }
        if !installed {
            eprintln!("installing the peers in {}", folder.display());
            let status = Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder).status()?;
            if !status.success() {
                return Err(format!("npm ci: {status}").into());
            }
        }
        Ok(Node { folder })
    }

    /// Starts one of the programs with as many connections to the database as ours has.
    pub fn start(&self, program: &str, url: &str) -> Result<Server, Failure> {
        let address = free_address()?;
        let mut node = Command::new(self.folder.join("node_modules/.bin/node"));
        node.arg(program).current_dir(&self.folder).stdout(Stdio::null()).stderr(Stdio::null());
        node.env("DATABASE_URL", url).env("LISTEN", address.to_string());
        node.env("NODE_ENV", "production").env("GRAPHILE_ENV", "production");
        Server::run(&mut node, address)
    }
}
