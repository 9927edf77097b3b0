//! The servers' processes, and what `/proc` says of them.

use crate::Failure;
use std::collections::HashMap;
use std::fs::{DirEntry, read_dir};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server in a process of its own, which ends with this value.
pub struct Server {
    pub address: SocketAddr,
    child: Child,
}

/// An address at which nothing listens.
pub fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

impl Server {
    /// Starts a command of this program that serves, and waits until it does.
    pub fn start(command: &str, url: &str, flags: &[&str]) -> Result<Self, Failure> {
        let address = free_address()?;
        let mut program = Command::new(std::env::current_exe()?);
        program.args([command, "--database-url", url, "--listen", &address.to_string()]).args(flags);
        // The log is written as always, to nowhere.
        Server::run(program.stdout(Stdio::null()).stderr(Stdio::null()), address)
    }

    /// Runs a command that serves at this address, and waits until it does.
    pub fn run(command: &mut Command, address: SocketAddr) -> Result<Self, Failure> {
        let mut child = command.spawn()?;
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = child.try_wait()? {
                return Err(format!("the server ended: {status}").into());
            }
            if began.elapsed() > Duration::from_secs(60) {
                return Err("the server does not listen".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Server { address, child })
    }

    /// What its threads have used until now.
    pub fn cpu(&self) -> Used {
        Used::by([self.child.id().to_string()])
    }

    /// Megabytes of memory: now, and at most.
    pub fn memory(&self) -> (f64, f64) {
        memory_of(&self.child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that does its work and ends, and what it has taken as long as it was looked at.
pub struct Job {
    child: Child,
    /// Seconds of CPU.
    pub cpu: f64,
    /// Megabytes of memory at most.
    pub memory: f64,
}

impl Job {
    /// Starts a command of this program.
    pub fn start(arguments: &[&str]) -> Result<Self, Failure> {
        let child = Command::new(std::env::current_exe()?).args(arguments).stdout(Stdio::null()).spawn()?;
        Ok(Job { child, cpu: 0.0, memory: 0.0 })
    }

    /// Looks at it; fails where it failed.
    pub fn is_running(&mut self) -> Result<bool, Failure> {
        self.cpu = self.cpu.max(cpu_of(&self.child.id().to_string()));
        self.memory = self.memory.max(memory_of(&self.child).1);
        match self.child.try_wait()? {
            None => Ok(true),
            Some(status) if status.success() => Ok(false),
            Some(status) => Err(status.to_string().into()),
        }
    }
}

fn memory_of(child: &Child) -> (f64, f64) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let read = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().next().and_then(|kb| kb.parse::<f64>().ok()).unwrap_or_default() / 1024.0
    };
    (read("VmRSS:"), read("VmHWM:"))
}

/// Linux counts CPU time in hundredths of a second.
const TICKS: f64 = 100.0;

fn cpu_of(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name stands in parentheses and may contain anything; user and system time are the 12th and 13th after it.
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
    fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// The CPU time of threads, in nanoseconds, as the scheduler counts it: to the last one, where `/proc/…/stat` looks a
/// hundred times a second who is running.
#[derive(Default)]
pub struct Used(HashMap<PathBuf, u64>);

impl Used {
    fn by(processes: impl IntoIterator<Item = String>) -> Self {
        let threads = processes.into_iter().filter_map(|process| read_dir(format!("/proc/{process}/task")).ok());
        let time = |thread: PathBuf| {
            let text = std::fs::read_to_string(thread.join("schedstat")).ok()?;
            Some((thread, text.split(' ').next()?.parse().ok()?))
        };
        Used(threads.flatten().flatten().filter_map(|thread| time(thread.path())).collect())
    }

    /// Seconds between two moments. What a thread used that has ended by then is lost.
    pub fn since(&self, before: &Used) -> f64 {
        let used =
            |(thread, now): (&PathBuf, &u64)| now.saturating_sub(before.0.get(thread).copied().unwrap_or_default());
        self.0.iter().map(used).sum::<u64>() as f64 / 1e9
    }
}

/// What the backends of this PostgreSQL database have used until now; none for SQLite, which has no process.
pub fn database_cpu(url: &str) -> Option<Used> {
    let name = url.strip_prefix("postgres")?.rsplit_once('/')?.1.split('?').next()?;
    let is_backend = |entry: &DirEntry| {
        let title = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let title = String::from_utf8_lossy(&title);
        title.starts_with("postgres:") && title.split_whitespace().any(|word| word == name)
    };
    let backends = read_dir("/proc").ok()?.flatten().filter(is_backend);
    Some(Used::by(backends.map(|entry| entry.file_name().to_string_lossy().into_owned())))
}
