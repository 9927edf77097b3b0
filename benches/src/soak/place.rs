//! Where the soak happens: a folder with a database of its own, and the server on it.

use super::Kind;
use crate::Failure;
use crate::load::Server;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The disk of SQLite, in megabytes: small enough to be filled.
const DISK: u32 = 512;
/// What lets the machine's clock be stepped for one program.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

pub struct Place {
    kind: Kind,
    folder: PathBuf,
    address: SocketAddr,
    server: Option<Server>,
    memory: (f64, f64),
}

impl Place {
    pub fn make(kind: Kind) -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("perennial-soak-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let place = Place { kind, folder, address, server: None, memory: (0.0, 0.0) };
        std::fs::write(place.clock_file(), "+0")?;
        match kind {
            Kind::Postgres => {
                // PostgreSQL does not run as root.
                shell(&format!("chmod 777 {0}; chown postgres {0}", place.path()))?;
                place.postgres("initdb -D DIR/data -U postgres -A trust -E UTF8 --locale=C >DIR/log")?;
                let settings = format!(
                    "listen_addresses = ''\nunix_socket_directories = '{}'\nmax_connections = 60\n",
                    place.path()
                );
                shell(&format!("printf %s \"{settings}\" >>{}/data/postgresql.conf", place.path()))?;
                place.start_database()?;
                // No superuser, for whom there is always a connection left.
                place.sql("CREATE ROLE soak LOGIN", "postgres")?;
                place.sql("CREATE DATABASE soak OWNER soak", "postgres")?;
            }
            Kind::Sqlite => {
                shell(&format!("mkdir -p {0}/disk && mount -t tmpfs -o size={DISK}m tmpfs {0}/disk", place.path()))?;
            }
        }
        Ok(place)
    }

    pub fn url(&self) -> String {
        match self.kind {
            Kind::Postgres => format!("postgres:///soak?host={}&user=soak", self.path()),
            Kind::Sqlite => format!("sqlite://{}/disk/soak.db", self.path()),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts our server, or starts it anew.
    pub fn serve(&mut self) -> Result<(), Failure> {
        self.note_memory();
        self.server = None;
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("server.log"))?;
        let mut program = Command::new(std::env::current_exe()?);
        program.args(["ours", "--database-url", &self.url(), "--listen", &self.address.to_string()]);
        program.stdout(Stdio::null()).stderr(log);
        if Path::new(FAKETIME).exists() {
            let clock = self.clock_file();
            program.env("LD_PRELOAD", FAKETIME).env("FAKETIME_TIMESTAMP_FILE", clock).env("FAKETIME_NO_CACHE", "1");
            program.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        self.server = Some(Server::run(&mut program, self.address)?);
        self.note_memory();
        Ok(())
    }

    /// Kills the server and starts another one.
    pub fn kill_server(&mut self) -> Result<(), Failure> {
        self.serve()
    }

    pub fn note_memory(&mut self) {
        if let Some(server) = &self.server {
            let (now, most) = server.memory();
            self.memory = (if self.memory.0 == 0.0 { now } else { self.memory.0 }, self.memory.1.max(most));
        }
    }

    /// Megabytes: when it was started, and at most.
    pub fn memory(&self) -> (f64, f64) {
        self.memory
    }

    /// Sets what the server's machine takes for the time, such as `+2h`. False where that cannot be done here.
    pub fn step_clock(&self, offset: &str) -> Result<bool, Failure> {
        std::fs::write(self.clock_file(), offset)?;
        Ok(Path::new(FAKETIME).exists())
    }

    fn clock_file(&self) -> PathBuf {
        self.folder.join("clock")
    }

    pub fn path(&self) -> String {
        self.folder.display().to_string()
    }

    pub fn start_database(&self) -> Result<(), Failure> {
        self.postgres("pg_ctl -D DIR/data -l DIR/postgres.log -w start >>DIR/log")
    }

    /// Runs one of PostgreSQL's programs as its user; DIR is the folder.
    pub fn postgres(&self, command: &str) -> Result<(), Failure> {
        let command = command.replace("DIR", &self.path());
        shell(&format!("su postgres -c 'PATH=$PATH:$(pg_config --bindir):$(echo /usr/lib/postgresql/*/bin) {command}'"))
    }

    pub fn sql(&self, sql: &str, database: &str) -> Result<(), Failure> {
        shell(&format!("psql -q -h {} -U postgres -d {database} -c \"{sql}\" >/dev/null", self.path()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.server = None;
        let tidied = match self.kind {
            Kind::Postgres => self.postgres("pg_ctl -D DIR/data -m immediate stop >>DIR/log"),
            Kind::Sqlite => shell(&format!("umount {}/disk", self.path())),
        };
        match tidied {
            Ok(()) => drop(std::fs::remove_dir_all(&self.folder)),
            Err(failure) => eprintln!("{} stays: {failure}", self.path()),
        }
    }
}

pub fn shell(command: &str) -> Result<(), Failure> {
    let status = Command::new("sh").args(["-c", command]).status()?;
    if status.success() { Ok(()) } else { Err(format!("{status}: {command}").into()) }
}
