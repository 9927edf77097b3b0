//! How a connection to SQLite is set up.

use diesel::connection::SimpleConnection;
use diesel::result::Error;
use diesel::sqlite::SqliteConnection;

/// How often it is tried to turn the log ahead on, where others do so at the same moment.
const MOST_TRIES: u32 = 20;

/// With a log ahead, NORMAL loses nothing when the process dies, and at most the last moments when the machine does.
const SETTINGS: &str = "
    PRAGMA busy_timeout = 10000;
    PRAGMA synchronous = NORMAL;
    PRAGMA foreign_keys = ON;
    PRAGMA cache_size = -2000;
";

/// Turns the log ahead on (WAL), with which readers and one writer work at once. Of several programs that open a new file
/// at the same moment one does it; SQLite does not wait there, so the others wait for its writer and look again.
fn log_ahead(conn: &mut SqliteConnection) -> Result<(), Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        match conn.batch_execute("PRAGMA journal_mode = WAL") {
            Err(error) if tries < MOST_TRIES && error.to_string().contains("database is locked") => {
                conn.batch_execute("BEGIN IMMEDIATE; COMMIT")?;
            }
            done => return done,
        }
    }
}

pub fn set_up(conn: &mut SqliteConnection) -> Result<(), Error> {
    conn.batch_execute(SETTINGS)?;
    log_ahead(conn)
}
