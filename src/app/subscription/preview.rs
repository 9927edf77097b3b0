//! Trying out what a request would create: the very same decisions, of which nothing is stored.

use super::{CreateSubscription, decide, load};
use crate::app::credit;
use crate::app::mutation::{Call, Stop, Work};
use crate::domain::invoice::{Invoice, InvoiceLine};
use crate::domain::period::Period;
use crate::domain::plan::Plan;
use crate::domain::subscribing::{Outcome, Settlement};
use crate::domain::subscription::Subscription;
use crate::domain::{Date, Id, Refusal};
use crate::repository::Fault;

/// What a request would create.
#[derive(Clone, Debug)]
pub struct Preview {
    pub subscription: Subscription,
    pub plan_id: Id<Plan>,
    /// The billing periods, from the first on.
    pub periods: Vec<Period>,
    pub invoices: Vec<PreviewedInvoice>,
    /// The next days on which something is billed.
    pub billing_dates: Vec<Date>,
}

/// An invoice that would be made right away.
#[derive(Clone, Debug)]
pub struct PreviewedInvoice {
    pub invoice: Invoice,
    pub lines: Vec<InvoiceLine>,
}

/// A preview, or why there is nothing to see.
pub type Previewed = Result<Preview, Vec<Refusal>>;

/// How many periods and billing dates a preview shows.
const SHOWN: usize = 10;

/// Says what `create_subscription` would do with this. A charge is taken to succeed.
pub fn preview_subscription(call: &Call<'_>, new: &CreateSubscription) -> Result<Previewed, Fault> {
    call.try_out(|work| preview(work, new))
}

fn preview(work: &mut Work<'_, '_>, new: &CreateSubscription) -> Result<Preview, Stop> {
    let now = work.now;
    let loaded = load::load(work, new, None)?;
    let (mut agreement, mut opening) = decide(work, new, &loaded, now)?;
    credit::take(work, opening.invoices_mut(), now)?;
    if !agreement.is_draft() {
        let source = loaded.situation.source.is_chargeable();
        let outcome = match agreement.settlement(&opening, source) {
            Settlement::NothingDue => Outcome::NothingDue,
            Settlement::Charge(_) => Outcome::Paid,
            Settlement::Wait => Outcome::Unpaid,
        };
        let request = &new.request;
        agreement.settle(&mut opening, outcome, request.payment.conditional_create, request.status, now)?;
    }
    let periods = agreement.schedule().into_iter().flat_map(|schedule| schedule.periods());
    Ok(Preview {
        plan_id: agreement.plan.id,
        periods: periods.map(|period| period.period).take(SHOWN).collect(),
        billing_dates: agreement.billing_dates(now, SHOWN),
        invoices: opening.invoices.into_iter().map(|(invoice, lines)| PreviewedInvoice { invoice, lines }).collect(),
        subscription: agreement.subscription,
    })
}
