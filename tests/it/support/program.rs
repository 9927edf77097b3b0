//! The program itself, as somebody types it.

use super::Answer;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long something may take that should happen soon.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A call of the program that hears nothing of our own environment.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perennial"));
    command.args(arguments).env_clear().env("RUST_BACKTRACE", "1").stdin(Stdio::null());
    command
}

/// Runs the program to its end on a database.
pub fn call(url: &str, arguments: &[&str]) -> Output {
    command(arguments).env("DATABASE_URL", url).output().unwrap()
}

/// Runs the program, which must succeed; answers what it printed.
pub fn print(url: &str, arguments: &[&str]) -> String {
    let output = call(url, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A new tenant of a database: its id and its first key.
pub fn tenant(url: &str) -> (String, String) {
    let made: Value = serde_json::from_str(&print(url, &["tenant", "create", "Acme", "--json"])).unwrap();
    (made["tenantId"].as_str().unwrap().to_owned(), made["apiKey"].as_str().unwrap().to_owned())
}

/// What the program says, line by line. It is read to the end whether or not anybody listens, so that the program never
/// waits for a reader.
fn lines(output: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

/// A program that serves. Killed with this value.
pub struct Program {
    child: Child,
    pub address: SocketAddr,
    metrics: Option<SocketAddr>,
    log: Mutex<Receiver<String>>,
    agent: ureq::Agent,
}

impl Program {
    /// Starts to serve on a free port and waits until it listens; what it said instead where it does not.
    pub fn try_serve(url: &str, arguments: &[&str]) -> Result<Program, String> {
        Program::try_serve_with(url, arguments, &[])
    }

    /// The same with more in its environment.
    pub fn try_serve_with(url: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Program, String> {
        let own = ["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--workers", "2"];
        let mut command = command(&[&own, arguments].concat());
        command.env("DATABASE_URL", url).envs(environment.iter().copied());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = lines(child.stderr.take().unwrap());
        let (mut said, mut metrics) = (String::new(), None);
        while let Ok(line) = log.recv_timeout(PATIENCE) {
            let entry: Value = serde_json::from_str(&line).unwrap_or_default();
            let address = || entry["address"].as_str().unwrap().parse().unwrap();
            if entry["message"] == "metrics" {
                metrics = Some(address());
            }
            if entry["message"] == "listening" {
                let mut program = Program::at(address(), child, log);
                program.metrics = metrics;
                return Ok(program);
            }
            said += &line;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        Err(said)
    }

    /// Starts the demo on a free port, in a database that is filled already, and waits until it says where it is.
    pub fn demo(url: &str) -> Program {
        let mut command = command(&["demo", "--listen", "127.0.0.1:0", "--workers", "2"]);
        let mut child =
            command.env("DATABASE_URL", url).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let said = lines(child.stdout.take().unwrap());
        let address = loop {
            let line = said.recv_timeout(PATIENCE).unwrap();
            if let Some(address) = line.strip_prefix("Playground  http://") {
                break address.trim_end_matches('/').parse().unwrap();
            }
        };
        Program::at(address, child, said)
    }

    fn at(address: SocketAddr, child: Child, log: Receiver<String>) -> Program {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        Program { child, address, metrics: None, log: Mutex::new(log), agent: config.build().into() }
    }

    pub fn serve(url: &str) -> Program {
        Program::try_serve(url, &[]).unwrap()
    }

    /// Waits until the log says this; answers the line.
    pub fn await_log(&self, message: &str) -> String {
        let log = self.log.lock().unwrap();
        loop {
            let line = log.recv_timeout(PATIENCE).unwrap();
            if line.contains(message) {
                return line;
            }
        }
    }

    /// What the log says until the program ends.
    pub fn rest_of_log(&self) -> String {
        self.log.lock().unwrap().iter().map(|line| line + "\n").collect()
    }

    pub fn post(&self, path: &str, body: &str) -> Answer {
        let request = self.agent.post(format!("http://{}{path}", self.address)).content_type("application/json");
        Answer::of(request.send(body).unwrap())
    }

    pub fn get(&self, path: &str) -> Answer {
        Answer::of(self.agent.get(format!("http://{}{path}", self.address)).call().unwrap())
    }

    /// Asks where metrics are served.
    pub fn get_metrics(&self, path: &str) -> Answer {
        Answer::of(self.agent.get(format!("http://{}{path}", self.metrics.unwrap())).call().unwrap())
    }

    /// Runs one document, under an idempotency key if there is one.
    pub fn send(
        &self,
        key: &str,
        once: Option<&str>,
        document: &str,
        variables: &Value,
    ) -> Result<Answer, ureq::Error> {
        let request = self.agent.post(format!("http://{}/graphql", self.address));
        let mut request = request.header("authorization", format!("Bearer {key}"));
        if let Some(once) = once {
            request = request.header("idempotency-key", once);
        }
        let mut response = request.send_json(json!({"query": document, "variables": variables}))?;
        let text = response.body_mut().read_to_string()?;
        Ok(Answer { status: response.status().as_u16(), headers: response.headers().clone(), text })
    }

    /// Sends a signal, such as TERM or KILL.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("/bin/sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for its own end.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
