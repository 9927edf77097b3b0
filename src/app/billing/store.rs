//! Storing what a batch came to.

use super::Billed;
use super::batch::note;
use super::load::{Account, Kind, Unbillable};
use crate::app::invoice;
use crate::app::mutation::{Stop, Work};
use crate::domain::billing::{BillingHold, Due, HoldCode};
use crate::domain::event::EventType;
use crate::domain::invoice::{Invoice, InvoiceLine};
use crate::domain::subscription::parts::AdditionalCostState;
use crate::domain::subscription::{Subscription, SubscriptionStatus};
use crate::domain::{Choice, Id, Instant};
use crate::repository::{billing as rows, fulfilment, terms};
use serde_json::json;

/// What is said of a subscription for which the program failed: its log says more.
pub(super) const FAILED: &str = "Billing failed; the server's log says how.";

/// What a batch came to, before it is stored.
#[derive(Default)]
pub(super) struct Rolled {
    /// Those that have gone on, and from which moment.
    accounts: Vec<(Account, Instant)>,
    pub invoices: Vec<(Invoice, Vec<InvoiceLine>)>,
    refused: Vec<Unbillable>,
}

impl Rolled {
    /// Adds an account that has gone on, with the invoice over what fell due of it alone.
    pub fn invoiced(&mut self, mut account: Account, due: &Due, made: Option<(Invoice, Vec<InvoiceLine>)>) {
        if let Some((invoice, _)) = &made {
            note(&mut account, due, invoice);
        }
        self.go_on(account, due.at);
        self.invoices.extend(made);
    }

    /// Adds an account that has gone on.
    pub fn go_on(&mut self, account: Account, at: Instant) {
        self.accounts.push((account, at));
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
    let mut subscriptions = Vec::new();
    for (account, at) in &mut rolled.accounts {
        let subscription = account.subscription_mut();
        subscription.version += 1;
        subscription.updated_at = now;
        subscriptions.push(subscription.clone());
        announce(work, account, *at);
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
    parts(work, &rolled)?;
    Ok(done)
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
    } else if subscription.current_period_start == Some(at) && subscription.trial_end != Some(at) {
        work.event(EventType::SubscriptionRenewed, id, json!({}));
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
