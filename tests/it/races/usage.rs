//! Usage that is recorded while its subscription is billed.

use crate::support::builders::text;
use crate::support::{Backend, TestApp, both};
use perennial::domain::Id;
use perennial::domain::subscription::Subscription;
use perennial::repository::{Fault, Query};
use serde_json::json;

both! {
    /// Whoever records usage keeps the subscriptions as they are, so that none of it falls into a period that somebody
    /// is billing. Several may record at once.
    what_is_kept_can_be_kept_by_others_and_changed_by_nobody(app) {
        app.plan("M30", "300.00");
        let wanted = json!({"customer": {"create": {"name": "Jane"}}, "plan": {"code": "M30"}});
        let made = app.mutate("createSubscription", wanted, "subscription { id }");
        let id: Id<Subscription> = text(&made["subscription"]["id"]).parse().unwrap();
        let free = |app: &TestApp, lock: &str| {
            let free = format!("SELECT count(*) FROM (SELECT 1 FROM subscriptions FOR {lock} SKIP LOCKED) AS free");
            app.database.number(&free)
        };
        let kept = app.app.db.write(|tx| {
            let kept = Query::by_id(app.tenant, id).order("id").keep(tx)?;
            // SQLite has one writer at a time.
            if app.database.backend == Backend::Postgres {
                assert_eq!((free(app, "SHARE"), free(app, "NO KEY UPDATE")), (1, 0));
            }
            Ok::<_, Fault>(kept.len())
        });
        assert_eq!(kept.unwrap(), 1);
        if app.database.backend == Backend::Postgres {
            assert_eq!(free(app, "NO KEY UPDATE"), 1, "the transaction is over");
        }
    }
}
