//! The figures as Markdown.

use crate::load::Measured;
use std::fmt::{self, Display, Write};

#[derive(Default)]
pub struct Report {
    title: String,
    reads: String,
    mutations: String,
    memory: String,
    statements: String,
}

/// The run that was disturbed least: other programs only ever add to the CPU time of a request.
fn best(runs: &[Measured]) -> Measured {
    let least = runs.iter().min_by(|a, b| a.cpu.total_cmp(&b.cpu));
    *least.expect("at least one round")
}

fn database(cpu: Option<f64>) -> String {
    cpu.map_or_else(|| "–".to_owned(), |cpu| format!("{cpu:.2}"))
}

impl Report {
    pub fn new(url: &str, compared: usize) -> Self {
        let database = if url.starts_with("postgres") { "PostgreSQL" } else { "SQLite" };
        let title = format!("{database}: both servers gave the same answers to {compared} different requests.");
        Report { title, ..Report::default() }
    }

    pub fn compared_run(&mut self, name: &str, connections: usize, ours: &[Measured], baseline: &[Measured]) {
        let (a, b) = (best(ours), best(baseline));
        self.reads(&format!(
            "| {name} | {connections} | {:.1} | {:.1} | {:.3} | {:.3} | {} | {} | {:.0} | {:.0} | {:.1} / {:.1} | {:.1} / {:.1} |",
            b.cpu / a.cpu,
            a.rate / b.rate,
            a.cpu,
            b.cpu,
            database(a.database_cpu),
            database(b.database_cpu),
            a.rate,
            b.rate,
            a.p50,
            a.p99,
            b.p50,
            b.p99,
        ));
        if a.failed + b.failed > 0 {
            self.reads(&format!("| **{} and {} failed** |", a.failed, b.failed));
        }
    }

    fn reads(&mut self, line: &str) {
        eprintln!("{line}");
        self.reads.push_str(line);
        self.reads.push('\n');
    }

    pub fn mutation_run(&mut self, name: &str, connections: usize, run: &Measured) {
        let line = format!(
            "| {name} | {connections} | {:.3} | {} | {:.0} | {:.1} / {:.1} | {} of {} |\n",
            run.cpu,
            database(run.database_cpu),
            run.rate,
            run.p50,
            run.p99,
            run.failed,
            run.requests
        );
        eprint!("{line}");
        self.mutations.push_str(&line);
    }

    pub fn memory(&mut self, name: &str, (now, most): (f64, f64)) {
        let _ = writeln!(self.memory, "| {name} | {now:.0} MB | {most:.0} MB |");
    }

    pub fn statements(&mut self, name: &str, ours: u64, baseline: u64) {
        let _ = writeln!(self.statements, "| {name} | {ours} | {baseline} |");
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { title, reads, mutations, memory, statements } = self;
        writeln!(f, "{title}\n")?;
        writeln!(f, "CPU is in ms a request: of the server, and of the database's own processes (DB).\n")?;
        writeln!(
            f,
            "| query | connections | CPU, baseline ÷ ours | rate, ours ÷ baseline | CPU ours | CPU baseline | DB ours | \
             DB baseline | req/s ours | req/s baseline | p50 / p99 ours, ms | p50 / p99 baseline, ms |"
        )?;
        writeln!(f, "|{}\n{reads}", "---|".repeat(12))?;
        if !mutations.is_empty() {
            writeln!(f, "| fulfilOrderItem on | connections | CPU | DB | req/s | p50 / p99, ms | failed |")?;
            writeln!(f, "|{}\n{mutations}", "---|".repeat(7))?;
        }
        writeln!(f, "| memory | at the end | at most |\n|---|---|---|\n{memory}")?;
        if !statements.is_empty() {
            writeln!(f, "| statements a query | ours | baseline |\n|---|---|---|\n{statements}")?;
        }
        Ok(())
    }
}
