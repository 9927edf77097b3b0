//! The figures side by side, as Markdown.

use super::{Peer, Plan};
use crate::load::Measured;
use std::fmt::{self, Display};

pub struct Report {
    compared: usize,
    rounds: usize,
    lines: Vec<Line>,
    memory: Vec<(Peer, f64)>,
}

/// One question at a number of connections: what each round of each server came to.
struct Line {
    name: &'static str,
    connections: usize,
    runs: Vec<(Peer, Measured)>,
    ceiling: Vec<f64>,
}

const PEERS: [Peer; 4] = [Peer::Ours, Peer::OursOnSqlite, Peer::PostGraphile, Peer::Yoga];

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn cell(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.decimals$}"))
}

impl Line {
    fn of(&self, peer: Peer, value: impl Fn(&Measured) -> f64) -> Vec<f64> {
        self.runs.iter().filter(|(known, _)| *known == peer).map(|(_, run)| value(run)).collect()
    }

    fn median(&self, peer: Peer, value: impl Fn(&Measured) -> f64) -> Option<f64> {
        median(self.of(peer, value))
    }

    /// Others only ever add to what a request takes. (What a connection of PostgreSQL has used is gone when it ends, which
    /// it does now and then: such a run says nothing.)
    fn least(&self, peer: Peer, value: impl Fn(&Measured) -> f64) -> Option<f64> {
        self.of(peer, value).into_iter().filter(|value| *value > 0.0).min_by(f64::total_cmp)
    }

    /// How many times PostGraphile's rate, in the same round.
    fn ratio(&self, rates: Vec<f64>) -> Option<f64> {
        let theirs = self.of(Peer::PostGraphile, |run| run.rate);
        median(rates.into_iter().zip(theirs).map(|(rate, theirs)| rate / theirs).collect())
    }

    fn rates(&self) -> String {
        let ratio = |peer| cell(self.ratio(self.of(peer, |run| run.rate)), 2);
        format!(
            "| {} | {} | {} | {} | 1 ({} a second) | {} | {} | {} |",
            self.name,
            self.connections,
            ratio(Peer::Ours),
            ratio(Peer::OursOnSqlite),
            cell(self.median(Peer::PostGraphile, |run| run.rate), 0),
            ratio(Peer::Yoga),
            cell(self.ratio(self.ceiling.clone()), 2),
            self.share(),
        )
    }

    /// How much of the rate of the SQL alone ours has.
    fn share(&self) -> String {
        let rates = self.of(Peer::Ours, |run| run.rate);
        let share = median(rates.into_iter().zip(&self.ceiling).map(|(rate, most)| rate / most * 100.0).collect());
        share.map_or_else(|| "–".to_owned(), |share| format!("{share:.0} %"))
    }

    fn times(&self) -> String {
        let cells = PEERS.map(|peer| {
            let (p50, p99) = (self.median(peer, |run| run.p50), self.median(peer, |run| run.p99));
            format!("{} / {}", cell(p50, 1), cell(p99, 1))
        });
        format!("| {} | {} | {} |", self.name, self.connections, cells.join(" | "))
    }

    fn cpu(&self) -> String {
        let cells = PEERS.map(|peer| {
            let own = self.least(peer, |run| run.cpu);
            match self.least(peer, |run| run.database_cpu.unwrap_or(f64::NAN)) {
                Some(database) => format!("{} + {database:.2}", cell(own, 2)),
                None => cell(own, 2),
            }
        });
        format!("| {} | {} | {} | {} |", self.name, self.connections, cells.join(" | "), self.saved())
    }

    /// How many times as much PostGraphile takes, with PostgreSQL.
    fn saved(&self) -> String {
        let all = |peer| self.least(peer, |run| run.cpu + run.database_cpu.unwrap_or_default());
        cell(all(Peer::PostGraphile).zip(all(Peer::Ours)).map(|(theirs, ours)| theirs / ours), 2)
    }
}

impl Report {
    pub fn new(compared: usize, plan: &Plan) -> Self {
        Report { compared, rounds: plan.rounds, lines: Vec::new(), memory: Vec::new() }
    }

    fn line(&mut self, name: &'static str, connections: usize) -> &mut Line {
        let place = self.lines.iter().position(|line| line.name == name && line.connections == connections);
        let place = place.unwrap_or_else(|| {
            self.lines.push(Line { name, connections, runs: Vec::new(), ceiling: Vec::new() });
            self.lines.len() - 1
        });
        &mut self.lines[place]
    }

    pub fn run(&mut self, name: &'static str, connections: usize, peer: Peer, run: Measured) {
        if run.failed > 0 {
            eprintln!("{name}: {} failed {} of {}", peer.name(), run.failed, run.requests);
        }
        self.line(name, connections).runs.push((peer, run));
    }

    pub fn ceiling(&mut self, name: &'static str, connections: usize, rate: f64) {
        self.line(name, connections).ceiling.push(rate);
    }

    pub fn memory(&mut self, peer: Peer, most: f64) {
        self.memory.push((peer, most));
    }

    pub fn progress(&mut self, name: &'static str, connections: usize) {
        let line = self.line(name, connections);
        eprintln!("{}\n  p50 / p99 {}\n  CPU {}", line.rates(), line.times(), line.cpu());
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { compared, rounds, lines, memory } = self;
        let failed: usize = lines.iter().flat_map(|line| &line.runs).map(|(_, run)| run.failed).sum();
        writeln!(
            f,
            "All servers on PostgreSQL gave the same answers to {compared} different requests. Medians of {rounds} rounds; \
             CPU is the least of them. {failed} requests failed.\n"
        )?;
        writeln!(
            f,
            "Rate, PostGraphile = 1:\n\n| | connections | Perennial | Perennial, SQLite | PostGraphile | Yoga | SQL alone | \
             Perennial's share of that |\n|{}",
            "---|".repeat(8)
        )?;
        for line in lines {
            writeln!(f, "{}", line.rates())?;
        }
        let names = PEERS.map(Peer::name).join(" | ");
        let with_ratio = format!("{names} | PostGraphile ÷ Perennial");
        for (title, names, write) in [
            ("p50 / p99, ms", &names, Line::times as fn(&Line) -> String),
            ("CPU a request, ms: the server + PostgreSQL", &with_ratio, Line::cpu),
        ] {
            let columns = names.split('|').count() + 2;
            writeln!(f, "\n{title}:\n\n| | connections | {names} |\n|{}", "---|".repeat(columns))?;
            for line in lines {
                writeln!(f, "{}", write(line))?;
            }
        }
        let memory: Vec<_> = memory.iter().map(|(peer, most)| format!("{} {most:.0} MB", peer.name())).collect();
        writeln!(f, "\nMemory at most, after the queries: {}.", memory.join(", "))
    }
}
