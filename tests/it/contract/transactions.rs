//! How transactions behave: all or nothing, tried again where a race was lost, one moment for all that is read.

use crate::support::both;
use perennial::domain::customer::Customer;
use perennial::domain::text::Metadata;
use perennial::domain::{Id, Instant};
use perennial::repository::db::Failure;
use perennial::repository::{Conn, Fault, Query, Read, Tx, customer};
use std::cell::Cell;
use uuid::Uuid;

fn new_customer(number: u128) -> Customer {
    let at: Instant = crate::support::START.parse().unwrap();
    Customer {
        id: Id::new(Uuid::from_u128(number)),
        external_id: None,
        name: format!("Customer {number}"),
        email: None,
        phone: None,
        timezone: None,
        country: None,
        parent_customer_id: None,
        metadata: Metadata::empty(),
        device_count: 0,
        version: 1,
        created_at: at,
        updated_at: at,
        archived_at: None,
    }
}

fn count(conn: &mut Conn, app: &crate::support::TestApp) -> i64 {
    Query::<Customer>::new(app.tenant).count(conn).unwrap()[0].1
}

both! {
    a_lost_race_is_run_again(app) {
        let tries = Cell::new(0);
        let answer: Read<u128> = app.app.db.write(|tx| {
            tries.set(tries.get() + 1);
            customer::insert(tx, app.tenant, &new_customer(tries.get()))?;
            if tries.get() < 5 { Err(Fault::LostRace) } else { Ok(tries.get()) }
        });
        assert_eq!(answer.unwrap(), 5);
        // What was tried before the last time is not there.
        assert_eq!(app.database.texts("SELECT name AS line FROM customers"), ["Customer 5"]);
    }

    a_race_that_is_always_lost_is_given_up(app) {
        let tries = Cell::new(0);
        let answer: Read<()> = app.app.db.write(|tx| {
            tries.set(tries.get() + 1);
            customer::insert(tx, app.tenant, &new_customer(1))?;
            Err(Fault::LostRace)
        });
        assert!(matches!(answer, Err(Fault::LostRace)));
        assert!((2..=100).contains(&tries.get()), "{} times", tries.get());
        assert_eq!(app.database.number("SELECT count(*) FROM customers"), 0);
    }

    a_duplicate_that_the_database_refuses_is_a_lost_race(app) {
        let tries = Cell::new(0);
        let answer: Read<()> = app.app.db.write(|tx| {
            tries.set(tries.get() + 1);
            customer::insert(tx, app.tenant, &new_customer(1))?;
            customer::insert(tx, app.tenant, &new_customer(1))
        });
        assert!(matches!(answer, Err(Fault::LostRace)));
        assert!(tries.get() > 1);
    }

    a_guard_that_finds_nothing_is_a_lost_race(app) {
        app.app.db.write(|tx| customer::insert(tx, app.tenant, &new_customer(1))).unwrap();
        let mut stale = new_customer(1);
        stale.version = 3;
        let answer = app.app.db.write(|tx| customer::update(tx, app.tenant, &stale));
        assert!(matches!(answer, Err(Fault::LostRace)));
        stale.version = 2;
        app.app.db.write(|tx| customer::update(tx, app.tenant, &stale)).unwrap();
    }

    what_the_use_case_refuses_is_run_once_and_leaves_nothing(app) {
        #[derive(Debug)]
        struct Refused;
        impl From<Fault> for Refused {
            fn from(fault: Fault) -> Self {
                panic!("{fault}")
            }
        }
        impl Failure for Refused {
            fn fault(&self) -> Option<&Fault> {
                None
            }
        }
        let tries = Cell::new(0);
        let answer: Result<(), Refused> = app.app.db.write(|tx| {
            tries.set(tries.get() + 1);
            customer::insert(tx, app.tenant, &new_customer(1))?;
            Err(Refused)
        });
        assert!(answer.is_err());
        assert_eq!(tries.get(), 1);
        assert_eq!(app.database.number("SELECT count(*) FROM customers"), 0);
    }

    a_panic_leaves_nothing_and_the_next_transaction_works(app) {
        for _ in 0..20 {
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let _: Read<()> = app.app.db.write(|tx| {
                    customer::insert(tx, app.tenant, &new_customer(1))?;
                    panic!("in the middle of a transaction");
                });
            }));
            assert!(panicked.is_err());
        }
        assert_eq!(app.database.number("SELECT count(*) FROM customers"), 0);
        app.app.db.write(|tx| customer::insert(tx, app.tenant, &new_customer(2))).unwrap();
        assert_eq!(app.database.number("SELECT count(*) FROM customers"), 1);
    }

    what_is_read_is_of_one_moment(app) {
        app.app.db.write(|tx| customer::insert(tx, app.tenant, &new_customer(1))).unwrap();
        app.app.db.read(|conn| {
            assert_eq!(count(conn, app), 1);
            app.app.db.write(|tx| customer::insert(tx, app.tenant, &new_customer(2))).unwrap();
            assert_eq!(count(conn, app), 1, "somebody else's commit came in between");
            Ok::<_, Fault>(())
        })
        .unwrap();
        assert_eq!(app.app.db.read(|conn| Ok::<_, Fault>(count(conn, app))).unwrap(), 2);
    }

    a_transaction_sees_what_it_wrote_and_nobody_else_does(app) {
        app.app.db.write(|tx: &mut Tx<'_>| {
            customer::insert(tx, app.tenant, &new_customer(1))?;
            assert_eq!(count(tx, app), 1);
            assert_eq!(app.app.db.read(|conn| Ok::<_, Fault>(count(conn, app)))?, 0);
            Ok::<_, Fault>(())
        })
        .unwrap();
    }

    whoever_writes_decides_on_what_was_committed_before(app) {
        app.app.db.write(|tx| customer::insert(tx, app.tenant, &new_customer(1))).unwrap();
        // Everybody reads and then writes. On SQLite a transaction that begins as a reader could not go on as a writer.
        let done = crate::support::together::together(8, |_| {
            app.app.db.write(|tx| {
                let mut found = Query::by_id(app.tenant, new_customer(1).id).hold(tx)?.unwrap();
                found.version += 1;
                customer::update(tx, app.tenant, &found)
            })
        });
        assert!(done.iter().all(Result::is_ok), "{done:?}");
        assert_eq!(app.database.number("SELECT version FROM customers"), 9);
    }
}
