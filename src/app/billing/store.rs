//! Storing what a batch came to.

use super::Billed;
use super::load::{Account, Kind, Unbillable};
use crate::app::mutation::{Stop, Work};
use crate::app::{credit, invoice};
use crate::domain::billing::{BillingHold, Due, HoldCode};
use crate::domain::event::EventType;
use crate::domain::invoice::{Invoice, InvoiceLine, InvoiceReason, InvoiceStatus};
use crate::domain::subscription::parts::AdditionalCostState;
use crate::domain::subscription::{ScheduledPaymentStatus, Subscription, SubscriptionStatus};
use crate::domain::{Choice, Id, Instant};
use crate::repository::{billing as rows, fulfilment, subscription, terms};
use serde_json::json;

/// What is said of a subscription for which the program failed: its log says more.
pub(super) const FAILED: &str = "Billing failed; the server's log says how.";

/// What a batch came to, before it is stored.
#[derive(Default)]
pub(super) struct Rolled {
    accounts: Vec<(Account, Gone)>,
    /// Drafts of invoices, in the order of their numbers.
    invoices: Vec<(Invoice, Vec<InvoiceLine>)>,
    refused: Vec<Unbillable>,
}

/// From which moment an account has gone on, and the place of the invoice over what fell due.
struct Gone {
    at: Instant,
    reason: InvoiceReason,
    invoice: Option<usize>,
}

impl Rolled {
    /// Adds an account that has gone on, with the invoice over what fell due of it alone.
    pub fn invoiced(&mut self, account: Account, due: &Due, made: Option<(Invoice, Vec<InvoiceLine>)>) {
        let invoice = made.is_some().then_some(self.invoices.len());
        self.invoices.extend(made);
        self.go_on(account, due, invoice);
    }

    /// Adds accounts that have gone on, with one invoice over what fell due of all of them.
    pub fn invoiced_together(&mut self, fallen: Vec<(Account, Due)>, made: Option<(Invoice, Vec<InvoiceLine>)>) {
        let place = made.is_some().then_some(self.invoices.len());
        self.invoices.extend(made);
        for (account, due) in fallen {
            self.go_on(account, &due, place.filter(|_| due.bill.is_some()));
        }
    }

    fn go_on(&mut self, mut account: Account, due: &Due, invoice: Option<usize>) {
        if let Some((invoice, _)) = invoice.and_then(|place| self.invoices.get(place)) {
            account.invoiced(invoice.id);
        }
        self.accounts.push((account, Gone { at: due.at, reason: due.reason, invoice }));
    }

    pub fn refuse(&mut self, unbillable: Unbillable) {
        self.refused.push(unbillable);
    }
}

/// Stores all of it, and says what happened. The numbers of invoices come last: whoever else wants one waits from there.
pub(super) fn store(work: &mut Work<'_, '_>, mut rolled: Rolled) -> Result<Billed, Stop> {
    let (tenant, now) = (work.tenant, work.now);
    let ids: Vec<_> = rolled.accounts.iter().map(|(account, _)| account.id()).collect();
    let done = Billed { moments: ids.len(), invoices: rolled.invoices.len(), held: rolled.refused.len() };
    let taken = credit::take(work, rolled.invoices.iter_mut().map(|(invoice, _)| invoice), now)?;
    issue(work, &mut rolled);
    let mut subscriptions = Vec::new();
    for (account, gone) in &mut rolled.accounts {
        let subscription = account.subscription_mut();
        subscription.version += 1;
        subscription.updated_at = now;
        subscriptions.push(subscription.clone());
        announce(work, account, gone.at);
    }
    rows::roll(work.tx, tenant, &subscriptions)?;
    let held = match ids.is_empty() {
        true => Vec::new(),
        false => rows::holds_of(tenant, &ids).load(work.conn())?,
    };
    let released: Vec<_> = held.iter().map(|hold| hold.id).collect();
    rows::release(work.tx, tenant, &released)?;
    for (subscription, code, refusal) in std::mem::take(&mut rolled.refused) {
        hold(work, subscription, (code, refusal.message.into_owned()))?;
    }
    invoice::store(work, &mut rolled.invoices)?;
    credit::spend(work, &taken)?;
    parts(work, &rolled)?;
    Ok(done)
}

/// Issues the invoices, after their customers' credits came off. Who is to pay at the end of its trial waits for that.
fn issue(work: &Work<'_, '_>, rolled: &mut Rolled) {
    for (account, gone) in &mut rolled.accounts {
        let invoice = gone.invoice.and_then(|place| rolled.invoices.get_mut(place));
        let Some((invoice, _)) = invoice else { continue };
        if invoice.status == InvoiceStatus::Draft {
            invoice.issue(work.now, account.subscription().timezone);
        }
        if gone.reason == InvoiceReason::SubscriptionTrialEnd && invoice.status != InvoiceStatus::Paid {
            account.wait_for_payment();
        }
    }
}

/// Stores what became of the parts of the accounts.
fn parts(work: &mut Work<'_, '_>, rolled: &Rolled) -> Result<(), Stop> {
    let (mut discounts, mut costs, mut payments, mut added) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let on_these = |invoice: Option<Id<Invoice>>| rolled.invoices.iter().any(|(made, _)| Some(made.id) == invoice);
    for (account, _) in &rolled.accounts {
        match &account.kind {
            Kind::Agreement(agreement, before) => {
                if agreement.terms.committed.is_some() {
                    terms::committed_use(work.tx, work.tenant, &agreement.terms)?;
                }
                discounts.extend(
                    agreement
                        .discounts
                        .iter()
                        .zip(&before.uses)
                        .filter_map(|(discount, uses)| (discount.uses != *uses).then_some(discount)),
                );
                let transferred = agreement.costs.iter().filter(|cost| cost.state == AdditionalCostState::Transferred);
                costs.extend(transferred.filter(|cost| on_these(cost.invoice_id)));
            }
            Kind::Rental(rental) => {
                added.extend(rental.added.clone());
                payments.extend(rental.invoiced.iter().filter(|it| it.invoice_id.is_some()));
            }
            Kind::Broken(_) => {}
        }
    }
    rows::count_discounts(work.tx, work.tenant, &discounts)?;
    rows::transfer_costs(work.tx, work.tenant, &costs)?;
    fulfilment::insert_payments(work.tx, work.tenant, &added)?;
    rows::invoice_payments(work.tx, work.tenant, &payments)?;
    for (invoice, _) in rolled.invoices.iter().filter(|(invoice, _)| invoice.status == InvoiceStatus::Paid) {
        subscription::conclude_payments(work.tx, work.tenant, invoice.id, ScheduledPaymentStatus::Paid)?;
    }
    Ok(())
}

/// Says what happened to a subscription at a moment.
fn announce(work: &mut Work<'_, '_>, account: &Account, at: Instant) {
    let subscription = account.subscription();
    let (id, status) = (subscription.id, subscription.status);
    if subscription.trial_end == Some(at) {
        work.event(EventType::SubscriptionTrialEnded, id, json!({"status": status.name()}));
    }
    if subscription.billing.return_overdue_since == Some(at) {
        work.event(EventType::SubscriptionReturnOverdue, id, json!({}));
    }
    if status == SubscriptionStatus::Ended {
        work.event(EventType::SubscriptionEnded, id, json!({}));
    } else if subscription.trial_end == Some(at) {
        // Its first period begins with the end of the trial.
    } else if subscription.current_period_start == Some(at) {
        work.event(EventType::SubscriptionRenewed, id, json!({}));
    } else if subscription.billing.return_overdue_since != Some(at) {
        work.event(EventType::SubscriptionUpdated, id, json!({}));
    }
}

/// Sets a subscription aside, with the reason.
pub(super) fn hold(
    work: &mut Work<'_, '_>,
    subscription: Id<Subscription>,
    failed: (HoldCode, String),
) -> Result<(), Stop> {
    let before = rows::holds_of(work.tenant, &[subscription]).first(work.conn())?;
    let hold = BillingHold::after_failure(before.as_ref(), work.id(), subscription, failed, work.now);
    rows::hold(work.tx, work.tenant, &hold)?;
    let data = json!({"code": hold.code.name(), "attempts": hold.attempts});
    work.event(EventType::SubscriptionBillingHeld, subscription, data);
    Ok(())
}
