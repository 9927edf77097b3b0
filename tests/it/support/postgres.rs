//! PostgreSQL for tests: one server for a test process, and a database for each test.
//!
//! The server is that of `TEST_POSTGRES_URL`, a superuser's URL, or else one that is started for this process alone,
//! and is gone with it. Tests that need it say
//! `#[cfg_attr(without_postgres, ignore = "no PostgreSQL: set TEST_POSTGRES_URL or install its server")]`.

#[path = "postgres_binaries.rs"]
mod postgres_binaries;

use std::collections::hash_map::RandomState;
use std::ffi::OsStr;
use std::hash::BuildHasher;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A PostgreSQL server on which databases can be made.
pub struct Server {
    address: Address,
    /// What the names of this process's databases begin with: others may use the same server.
    prefix: String,
    /// Tidies up once this process is gone. It waits for its standard input to close, and this holds it open.
    _watchdog: Child,
}

enum Address {
    /// The folder of the socket of our own server.
    Folder(PathBuf),
    /// Any database of a server that somebody else runs.
    Url(String),
}

/// The server of this process. Panics where there is none.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| match std::env::var("TEST_POSTGRES_URL") {
        Ok(url) if !url.is_empty() => Server::at(url),
        _ => Server::start(),
    })
}

impl Server {
    fn at(url: String) -> Server {
        let prefix = prefix();
        let watchdog = watchdog(include_str!("postgres_leftovers.sh"))
            .args([psql().as_os_str(), url.as_ref(), prefix.as_ref()])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Server { address: Address::Url(url), prefix, _watchdog: watchdog }
    }

    fn start() -> Server {
        let binaries =
            postgres_binaries::directory().expect("no PostgreSQL: set TEST_POSTGRES_URL or install its server");
        let mut command = watchdog(include_str!("postgres_cluster.sh"));
        command.arg(binaries).stdout(Stdio::piped());
        // PostgreSQL refuses to run as root. Root's own folder for temporary files may be closed to others.
        let root = id(&["-u"]) == Some(0);
        if root {
            let (user, group) = ["postgres", "nobody"]
                .iter()
                .find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)))
                .expect("PostgreSQL does not run as root, and there is neither a user postgres nor nobody");
            command.uid(user).gid(group);
        }
        // The path of a socket must be short: 103 bytes where the system is strictest.
        let temporary = std::env::temp_dir();
        let roomy = !root && temporary.as_os_str().len() < 60;
        command.arg(if roomy { temporary.as_path() } else { Path::new("/tmp") });

        let mut watchdog = command.spawn().unwrap();
        let mut answer = BufReader::new(watchdog.stdout.take().unwrap());
        let mut line = String::new();
        answer.read_line(&mut line).unwrap();
        let Some(folder) = line.strip_prefix("ready ") else {
            answer.read_to_string(&mut line).unwrap();
            panic!("cannot start a PostgreSQL server: {line}");
        };
        Server { address: Address::Folder(folder.trim_end().into()), prefix: prefix(), _watchdog: watchdog }
    }

    /// The URL of a database on this server, for libpq.
    pub fn url(&self, database: &str) -> String {
        let database = percent_encoded(database);
        match &self.address {
            Address::Folder(folder) => {
                let folder = percent_encoded(folder.to_str().unwrap());
                format!("postgres:///{database}?host={folder}&port=5432&user=postgres")
            }
            Address::Url(url) => {
                let (scheme, rest) = url.split_once("://").expect("TEST_POSTGRES_URL is no URL");
                let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
                let authority = place.split('/').next().unwrap_or_default();
                let mark = if parameters.is_empty() { "" } else { "?" };
                format!("{scheme}://{authority}/{database}{mark}{parameters}")
            }
        }
    }

    /// The URL to make and drop databases with.
    fn maintenance_url(&self) -> String {
        match &self.address {
            Address::Folder(_) => self.url("postgres"),
            Address::Url(url) => url.clone(),
        }
    }

    fn new_name(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        format!("{}{}", self.prefix, NUMBER.fetch_add(1, Ordering::Relaxed))
    }
}

/// A database of one test. It is dropped with this value, whoever may still be connected.
pub struct Database {
    name: String,
    url: String,
}

impl Database {
    /// The URL, for libpq.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // A test that failed is not to fail again here. What stays is dropped when this process ends.
        let _ = sql(&server().maintenance_url(), &drop);
    }
}

/// A new database as `migrate` leaves it. The first call of a process runs `migrate`, which is given the URL of an
/// empty database and must have closed its connections when it returns; the calls after it copy what it made.
pub fn fresh_database(migrate: impl FnOnce(&str)) -> Database {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    let server = server();
    let template = TEMPLATE.get_or_init(|| {
        let name = server.new_name();
        sql(&server.maintenance_url(), &format!("CREATE DATABASE {name}")).unwrap();
        migrate(&server.url(&name));
        name
    });
    let name = server.new_name();
    sql(&server.maintenance_url(), &format!("CREATE DATABASE {name} TEMPLATE {template}")).unwrap();
    Database { url: server.url(&name), name }
}

/// A new database without tables.
pub fn empty_database() -> Database {
    let server = server();
    let name = server.new_name();
    sql(&server.maintenance_url(), &format!("CREATE DATABASE {name}")).unwrap();
    Database { url: server.url(&name), name }
}

/// Runs one statement. Answers what it selects, a row a line and columns with `|` between them, or what went wrong.
pub fn sql(url: &str, statement: &str) -> Result<String, String> {
    let psql = psql();
    let answer = Command::new(&psql)
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
        .args(["--command", statement, "--dbname", url])
        .stdin(Stdio::null())
        .output()
        .map_err(|cause| format!("cannot run {}: {cause}", psql.display()))?;
    if answer.status.success() {
        Ok(String::from_utf8_lossy(&answer.stdout).trim_end().to_owned())
    } else {
        Err(format!("{statement}: {}", String::from_utf8_lossy(&answer.stderr).trim_end()))
    }
}

/// The installed client, or whichever there is where the server is elsewhere.
fn psql() -> PathBuf {
    postgres_binaries::directory().map_or_else(|| "psql".into(), |directory| directory.join("psql"))
}

/// A shell that outlives this process for a moment. In a group of its own, so that Ctrl-C does not reach it.
fn watchdog(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script, "watchdog"]).current_dir("/").process_group(0);
    command.stdin(Stdio::piped()).stderr(Stdio::null());
    command
}

/// What no other process on the same server has.
fn prefix() -> String {
    format!("perennial_test_{:016x}_", RandomState::new().hash_one(std::process::id()))
}

/// What `id` says, if it is a number.
fn id(arguments: &[impl AsRef<OsStr>]) -> Option<u32> {
    let answer = Command::new("id").args(arguments).output().ok().filter(|answer| answer.status.success())?;
    String::from_utf8(answer.stdout).ok()?.trim().parse().ok()
}

fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") }).collect()
}
