//! Reads and writes for long, while the database and the machine fail in every way that they do, and checks that no
//! answer was wrong, nothing that was acknowledged is lost, and nobody had to restart anything.

mod check;
mod faults;
mod ledger;
mod place;
mod reader;
mod wire;
mod writer;

use crate::{Failure, generate};
use faults::Fault;
use ledger::Ledger;
use perennial::app::operator;
use place::Place;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use wire::Wire;

/// Which database.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    Postgres,
    Sqlite,
}

/// Between the end of a fault and the beginning of the next one.
const PEACE: Duration = Duration::from_secs(8);
/// A server that needs longer to serve again once a fault is over did not recover by itself.
const RECOVERY: Duration = Duration::from_secs(15);

pub fn soak(kind: Kind, time: Duration, clients: usize) -> Result<(), Failure> {
    let mut place = Place::make(kind)?;
    let key = {
        let app = generate::open(&place.url(), 1)?;
        operator::create_tenant(&app, "Soak")?.1
    };
    place.serve()?;
    let (address, ledger, stop) = (place.address(), Ledger::default(), AtomicBool::new(false));
    writer::prepare(&mut Wire::new(address, &key, &ledger))?;

    let began = Instant::now();
    let faults = Fault::all(kind);
    let mut recoveries = Vec::new();
    let mut broke: Result<(), Failure> = Ok(());
    std::thread::scope(|scope| {
        for place in 0..clients as u64 {
            let (key, ledger, stop) = (&key, &ledger, &stop);
            scope.spawn(move || writer::write(&mut Wire::new(address, key, ledger), place, stop));
            scope.spawn(move || reader::read(&mut Wire::new(address, key, ledger), place, stop));
        }
        let mut probe = Wire::new(address, &key, &ledger);
        for fault in faults.iter().cycle() {
            std::thread::sleep(PEACE);
            place.note_memory();
            if began.elapsed() > time {
                break;
            }
            broke = fault.strike(&mut place).and_then(|()| {
                let recovered = recovery(&mut probe).ok_or_else(|| format!("no recovery from: {}", fault.name()))?;
                recoveries.push((fault.name(), recovered));
                eprintln!("{:>5.0?} {}: served again after {recovered:.1?}; {ledger}", began.elapsed(), fault.name());
                Ok(())
            });
            if broke.is_err() {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    broke?;
    check::everything(&mut Wire::new(address, &key, &ledger), &ledger);
    report(kind, &ledger, &recoveries, &place, began.elapsed());
    match ledger.wrong() {
        0 => Ok(()),
        wrong => Err(format!("{wrong} things were wrong").into()),
    }
}

/// How long it takes until something is both written and read; none where that is too long.
fn recovery(probe: &mut Wire<'_>) -> Option<Duration> {
    let began = Instant::now();
    while began.elapsed() < RECOVERY {
        if writer::probe(probe) {
            return Some(began.elapsed());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    None
}

fn report(kind: Kind, ledger: &Ledger, recoveries: &[(&str, Duration)], place: &Place, lasted: Duration) {
    let database = if kind == Kind::Postgres { "PostgreSQL" } else { "SQLite" };
    println!("{database}, {:.1} minutes: {ledger}", lasted.as_secs_f64() / 60.0);
    let (first, most) = place.memory();
    println!("memory of the server: {first:.0} MB at first, {most:.0} MB at most");
    println!("\n| fault | times | served again after, at most |\n|---|---|---|");
    let mut names: Vec<&str> = recoveries.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let times: Vec<Duration> =
            recoveries.iter().filter(|(known, _)| *known == name).map(|(_, time)| *time).collect();
        println!("| {name} | {} | {:.1?} |", times.len(), times.iter().max().copied().unwrap_or_default());
    }
    for line in ledger.complaints() {
        println!("wrong: {line}");
    }
}
