//! The measurement: both servers, all workloads, in turn.

pub mod fulfilling;
pub mod http;
mod measure;
pub mod process;
pub mod reading;

pub use reading::{body, page_query};

use crate::report::Report;
use crate::{Failure, generate};
pub use http::Client;
pub use measure::{Measured, Until, measure};
pub use process::Server;
use std::time::Duration;

/// What to measure, and how long.
pub struct Plan {
    pub url: String,
    pub seconds: f64,
    pub rounds: usize,
    pub connections: Vec<usize>,
    /// Mutations a run; none are measured where it is 0.
    pub mutations: usize,
    pub default_delay: bool,
}

pub fn load(plan: &Plan) -> Result<Report, Failure> {
    let app = generate::open(&plan.url, 1)?;
    if !generate::is_filled(&app) {
        return Err("the database is empty: run `generate` first".into());
    }
    let key = generate::new_key(&app, 0)?;
    let flags: &[&str] = if plan.default_delay { &["--default-delay"] } else { &[] };
    let ours = Server::start("ours", &plan.url, &[])?;
    let baseline = Server::start("baseline", &plan.url, flags)?;
    let mut client = Client::connect(ours.address, &key)?;
    let readings = reading::readings(&mut client)?;
    let compared = reading::compare(&readings, &mut client, &mut Client::connect(baseline.address, &key)?)?;
    let mut report = Report::new(&plan.url, compared);
    for reading in &readings {
        for connections in &plan.connections {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            for round in 0..=plan.rounds {
                // The round before the first warms up, and is not counted.
                let time = Duration::from_secs_f64(if round == 0 { 0.3 } else { plan.seconds });
                for (server, runs) in [(&ours, &mut a), (&baseline, &mut b)] {
                    let run = measure(server, &key, &plan.url, &reading.bodies, *connections, Until::After(time))?;
                    if round > 0 {
                        runs.push(run);
                    }
                }
            }
            report.compared_run(reading.name, *connections, &a, &b);
        }
    }
    report.memory("Perennial, after the queries", ours.memory());
    report.memory("baseline, after the queries", baseline.memory());
    drop(baseline);
    for (name, contended) in [("distinct orders", false), ("one order", true)] {
        for connections in plan.connections.iter().filter(|_| plan.mutations > 0) {
            // A new connection: the server ended the idle one meanwhile.
            let mut client = Client::connect(ours.address, &key)?;
            let units = fulfilling::units(&mut client, plan.mutations, contended)?;
            let bodies: Vec<_> = units.iter().map(fulfilling::request).collect();
            let run = measure(&ours, &key, &plan.url, &bodies, *connections, Until::AllSent)?;
            report.mutation_run(name, *connections, &run);
        }
    }
    report.memory("Perennial, after the mutations", ours.memory());
    Ok(report)
}
