//! What the billing run makes in the weeks after, and what it could not bill.

use super::{Making, awkward};
use chrono::TimeDelta;
use perennial::app::billing;
use perennial::domain::billing::{BillingHold, HoldCode};
use perennial::repository::{billing as rows, subscription};

impl Making<'_> {
    pub(super) fn billed(&self) {
        let (tenant, now) = (self.viewer.tenant_id, self.app.ambient.now());
        // Hardly anything is used, but more than this.
        let committed = "UPDATE subscription_terms SET commitment_amount = 1, overage_factor = '2', true_up = TRUE \
             WHERE collection_method = 'SEND_INVOICE'";
        self.app.db.execute_batch(committed).expect("it runs");
        let (until, later) = (now + TimeDelta::days(35), now + TimeDelta::days(40));
        let found = self.app.db.read_once(|conn| subscription::all(tenant).order("id").load(conn)).expect("it reads");
        let due = found.iter().filter(|subscription| subscription.billing.due_at.is_some());
        // Those that are set aside until later stay in the periods in which they used something.
        for (n, subscription) in due.enumerate().step_by(2) {
            let code = [HoldCode::NotBillable, HoldCode::Inconsistent, HoldCode::Internal][n % 3];
            let failed = (code, format!("{} {n}", awkward(n)));
            let hold = BillingHold::after_failure(None, self.app.ambient.id(now), subscription.id, failed, later);
            self.app.db.write(|tx| rows::hold(tx, tenant, &hold)).expect("it holds");
        }
        billing::run(self.app, tenant, until, &|_| {}).expect("it bills");
    }
}
