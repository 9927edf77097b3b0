//! What goes wrong. Each fault is over when `strike` returns: then the server has to serve again, by itself.

use super::Kind;
use super::place::{Place, shell};
use crate::Failure;
use std::thread::sleep;
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    DatabaseRestarted,
    DatabaseKilled,
    DatabaseFrozen,
    ConnectionsCut,
    TableLocked,
    ConnectionsUsedUp,
    FileLocked,
    DiskFull,
    ClockStepped,
    ServerKilled,
}

use Fault::*;

impl Fault {
    pub fn all(kind: Kind) -> &'static [Fault] {
        match kind {
            Kind::Postgres => &[
                ConnectionsCut,
                DatabaseRestarted,
                TableLocked,
                ClockStepped,
                DatabaseKilled,
                ConnectionsUsedUp,
                DatabaseFrozen,
                ServerKilled,
            ],
            Kind::Sqlite => &[DiskFull, FileLocked, ClockStepped, ServerKilled],
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            DatabaseRestarted => "the database is restarted",
            DatabaseKilled => "the database is killed, and away for 3 s",
            DatabaseFrozen => "the database stands still for 5 s",
            ConnectionsCut => "all connections are cut",
            TableLocked => "a table is locked for 12 s, so that all connections wait",
            ConnectionsUsedUp => "the database takes no more connections, and cuts those there are",
            FileLocked => "another program writes for 12 s",
            DiskFull => "the disk is full for 5 s",
            ClockStepped => "the clock steps two hours ahead, and back",
            ServerKilled => "our server is killed and started",
        }
    }

    pub fn strike(self, place: &mut Place) -> Result<(), Failure> {
        let cut =
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'soak' AND pid <> pg_backend_pid()";
        match self {
            DatabaseRestarted => place.postgres("pg_ctl -D DIR/data -l DIR/postgres.log -m fast -w restart >>DIR/log"),
            DatabaseKilled => {
                place.postgres("pg_ctl -D DIR/data -m immediate -w stop >>DIR/log")?;
                sleep(Duration::from_secs(3));
                place.start_database()
            }
            DatabaseFrozen => {
                let all = format!(
                    "$(head -1 {0}/data/postmaster.pid) $(pgrep -P $(head -1 {0}/data/postmaster.pid))",
                    place.path()
                );
                shell(&format!("kill -STOP {all}; sleep 5; kill -CONT {all}"))
            }
            ConnectionsCut => place.sql(cut, "soak"),
            TableLocked => place.sql("BEGIN; LOCK TABLE customers; SELECT pg_sleep(12); COMMIT", "soak"),
            ConnectionsUsedUp => {
                place.sql("ALTER DATABASE soak CONNECTION LIMIT 0", "postgres")?;
                place.sql(cut, "postgres")?;
                sleep(Duration::from_secs(4));
                place.sql("ALTER DATABASE soak CONNECTION LIMIT -1", "postgres")
            }
            FileLocked => shell(&format!(
                "python3 -c \"import sqlite3, time; c = sqlite3.connect('{}/disk/soak.db', isolation_level=None, timeout=60); \
                 c.execute('BEGIN IMMEDIATE'); time.sleep(12); c.execute('COMMIT')\"",
                place.path()
            )),
            DiskFull => shell(&format!(
                "cd {}/disk && (dd if=/dev/zero of=filler bs=64k 2>/dev/null; sleep 5; rm -f filler)",
                place.path()
            )),
            ClockStepped => {
                for offset in ["+2h", "-30m", "+0"] {
                    if !place.step_clock(offset)? {
                        return Ok(());
                    }
                    sleep(Duration::from_secs(2));
                }
                Ok(())
            }
            ServerKilled => place.kill_server(),
        }
    }
}
