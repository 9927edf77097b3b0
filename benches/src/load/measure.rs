//! Sends requests on several connections at once, and counts.

use super::http::Client;
use super::process::{Server, database_cpu};
use crate::Failure;
use crate::random::Random;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// What came of one run.
#[derive(Clone, Copy)]
pub struct Measured {
    pub requests: usize,
    /// Answers that say that something was wrong.
    pub failed: usize,
    pub rate: f64,
    /// Milliseconds.
    pub p50: f64,
    pub p99: f64,
    /// Milliseconds of CPU a request: of the server, and of PostgreSQL where there is one.
    pub cpu: f64,
    pub database_cpu: Option<f64>,
}

/// When a run ends.
#[derive(Clone, Copy)]
pub enum Until {
    /// Requests are drawn at random for so long.
    After(Duration),
    /// Each request is sent once.
    AllSent,
}

pub fn measure(
    server: &Server,
    key: &str,
    url: &str,
    bodies: &[String],
    connections: usize,
    until: Until,
) -> Result<Measured, Failure> {
    let next = AtomicUsize::new(0);
    let (cpu, database) = (server.cpu(), database_cpu(url));
    let began = Instant::now();
    let runs: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|place| {
                let next = &next;
                scope.spawn(move || run(server, key, bodies, Random::new(place as u64 + 1), next, until))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread that does not panic")).collect()
    });
    let elapsed = began.elapsed().as_secs_f64();
    let cpu = server.cpu().since(&cpu);
    let database = database.zip(database_cpu(url)).map(|(before, after)| after.since(&before));
    let mut micros = Vec::new();
    let mut failed = 0;
    for run in runs {
        let (times, failures) = run?;
        micros.extend(times);
        failed += failures;
    }
    micros.sort_unstable();
    let requests = micros.len().max(1);
    let percentile = |share: usize| f64::from(micros.get(requests * share / 100).copied().unwrap_or_default()) / 1000.0;
    let each = |seconds: f64| seconds * 1000.0 / requests as f64;
    Ok(Measured {
        requests,
        failed,
        rate: requests as f64 / elapsed,
        p50: percentile(50),
        p99: percentile(99),
        cpu: each(cpu),
        database_cpu: database.map(each),
    })
}

/// One connection: how long each request took, in microseconds, and how many failed.
fn run(
    server: &Server,
    key: &str,
    bodies: &[String],
    mut random: Random,
    next: &AtomicUsize,
    until: Until,
) -> Result<(Vec<u32>, usize), Failure> {
    let mut client = Client::connect(server.address, key)?;
    let (mut times, mut failed) = (Vec::new(), 0);
    let began = Instant::now();
    loop {
        let body = match until {
            Until::After(time) if began.elapsed() >= time => break,
            Until::After(_) => &bodies[random.below(bodies.len())],
            Until::AllSent => match bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                Some(body) => body,
                None => break,
            },
        };
        let sent = Instant::now();
        client.post(body)?;
        times.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
        failed += usize::from(is_failure(&client.body));
    }
    Ok((times, failed))
}

/// Errors stand at the end of an answer, and the payload of a mutation says whether it was refused.
fn is_failure(body: &[u8]) -> bool {
    let contains = |needle: &[u8]| body.windows(needle.len()).any(|window| window == needle);
    // Mutations' answers are short; those of queries are too long to search without being seen in the measurement.
    !body.starts_with(b"{\"data\":{") || (body.len() < 2_000 && (contains(b"\"errors\":[") || contains(b"\"code\":")))
}
