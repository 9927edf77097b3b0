//! Subscriptions to plans: creating them, trying out what would be created, and starting drafts.
//!
//! Everything is decided and stored in one transaction. Where the opening invoice must be charged there are three steps,
//! since a charge is an outside effect (`decisions.md` 11):
//!
//! 1. A first transaction decides, and reserves the payment attempt and the token.
//! 2. The gateway is asked, outside of any transaction (`charge.rs`).
//! 3. A last one decides again on what is there now, and stores it all with the outcome; or it refuses, and only the
//!    attempt's log stays. A charge whose creation did not come about is reversed.

mod activate;
mod charge;
mod load;
mod method;
mod preview;
mod store;

pub use activate::{ActivateSubscription, activate_subscription};
pub(in crate::app) use load::find_source;
pub use method::{PaymentMethodSet, UpdateSubscriptionPaymentMethod, update_subscription_payment_method};
pub use preview::{Preview, PreviewedInvoice, preview_subscription};

use super::credit;
use super::customer::CreateCustomer;
use super::mutation::{Answer, Call, Stop, Work};
use crate::domain::customer::Customer;
use crate::domain::invoice::Invoice;
use crate::domain::plan::Plan;
use crate::domain::subscribing::request::{InitialStatus, Reference};
use crate::domain::subscribing::{self, Agreement, Opening, Request};
use crate::domain::subscription::Subscription;
use crate::domain::{Id, Instant};
use crate::repository::Fault;
use charge::{Charged, Step};
use load::Loaded;
use serde::{Deserialize, Serialize};

/// A request for a subscription, and for whom and to what it is.
#[derive(Clone, Debug)]
pub struct CreateSubscription {
    pub customer: CustomerReference,
    pub plan: Reference<Plan>,
    /// The newest version where there is none.
    pub plan_version: Option<i32>,
    pub generate_handle: bool,
    pub request: Request,
}

/// Who the subscription is for.
#[derive(Clone, Debug)]
pub enum CustomerReference {
    Id(Id<Customer>),
    ExternalId(String),
    /// Made in the same transaction.
    New(Box<CreateCustomer>),
}

/// The subscription that was created or started, its customer, and the invoice that was made right away.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct SubscriptionCreated {
    pub subscription: Id<Subscription>,
    pub customer: Id<Customer>,
    pub invoice: Option<Id<Invoice>>,
}

pub fn create_subscription(call: &Call<'_>, new: &CreateSubscription) -> Result<Answer<SubscriptionCreated>, Fault> {
    charge::in_steps(call, |work, charged| create(work, new, charged))
}

/// Decides, and stores what was decided; or says what must be charged first.
fn create(
    work: &mut Work<'_, '_>,
    new: &CreateSubscription,
    charged: Option<&Charged>,
) -> Result<Step<SubscriptionCreated>, Stop> {
    let now = charged.map_or(work.now, |charged| charged.now);
    let loaded = load::load(work, new, charged)?;
    let (mut agreement, mut opening) = decide(work, new, &loaded, now)?;
    let taken = credit::take(work, opening.invoices_mut(), now)?;
    if !agreement.is_draft() {
        let asked = (new.request.payment.conditional_create, new.request.status);
        let source = &loaded.situation.source;
        if let Some(reservation) = charge::settle(&mut agreement, &mut opening, source, asked, charged, now)? {
            return Ok(Step::Charge(Box::new(reservation)));
        }
    }
    store::store(work, &mut agreement, &mut opening, &loaded, charged, new.generate_handle)?;
    credit::spend(work, &taken)?;
    Ok(Step::Done(outcome(&agreement, &opening)))
}

/// Decides what the subscription is, and what is invoiced right away.
fn decide(
    work: &Work<'_, '_>,
    new: &CreateSubscription,
    loaded: &Loaded,
    now: Instant,
) -> Result<(Agreement, Opening), Stop> {
    let ids = || work.id::<()>().uuid();
    let mut agreement = subscribing::prepare(&new.request, &loaded.situation, now, &ids)?;
    if new.request.status == InitialStatus::Draft {
        agreement.keep_trial(&new.request);
        let opening = Opening::default();
        agreement.check_condition(&new.request, &opening, now)?;
        return Ok((agreement, opening));
    }
    agreement.start(&new.request, now);
    let opening = agreement.open(now, &ids)?;
    agreement.check_condition(&new.request, &opening, now)?;
    Ok((agreement, opening))
}

fn outcome(agreement: &Agreement, opening: &Opening) -> SubscriptionCreated {
    SubscriptionCreated {
        subscription: agreement.subscription.id,
        customer: agreement.subscription.customer_id,
        invoice: opening.main().map(|(invoice, _)| invoice.id),
    }
}
