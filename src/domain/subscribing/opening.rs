//! What a new subscription is invoiced right away (`flexprice.md` §1.13, `billwerk.md` §3 and §4).

use super::extras::position;
use super::{Agreement, Ids};
use crate::domain::calendar::day_of;
use crate::domain::invoice::{Balance, Collection, Invoice, InvoiceLine, InvoiceReason, InvoiceStatus, Totals};
use crate::domain::payment_terms::due_date;
use crate::domain::period::Proration;
use crate::domain::plan::SetupFeeHandling;
use crate::domain::price::{BillingCadence, Price, PriceModel, PriceType};
use crate::domain::pricing::{AppliedDiscount, Bill, Charge, Charges, LineKind, Rounding, Stacking, bill};
use crate::domain::schedule::{PartialPeriodHandling, ScheduledPeriod};
use crate::domain::subscription::parts::{AdditionalCost, AdditionalCostState, SubscriptionDiscount, SubscriptionItem};
use crate::domain::{ErrorCode, Id, Instant, Refusal};
use bigdecimal::BigDecimal;

/// The invoices that are made right away, each with its lines.
#[derive(Clone, Debug, Default)]
pub struct Opening {
    pub invoices: Vec<(Invoice, Vec<InvoiceLine>)>,
}

/// Which invoice a setup fee is on.
enum SetupFeeInvoice {
    /// The one that is made anyway.
    Shared,
    Own,
}

impl Opening {
    /// What is to be paid of all of it, after credits, in minor units.
    pub fn due(&self) -> i64 {
        self.invoices.iter().map(|(invoice, _)| invoice.balance.due.minor).sum()
    }

    /// The invoices without their lines.
    pub fn invoices_mut(&mut self) -> impl Iterator<Item = &mut Invoice> {
        self.invoices.iter_mut().map(|(invoice, _)| invoice)
    }

    /// The invoice over the first period, else the only other one.
    pub fn main(&self) -> Option<&(Invoice, Vec<InvoiceLine>)> {
        self.of_period().or(self.invoices.first())
    }

    /// The invoice over the first period.
    pub(super) fn of_period(&self) -> Option<&(Invoice, Vec<InvoiceLine>)> {
        self.invoices.iter().find(|(invoice, _)| invoice.reason == InvoiceReason::SubscriptionCreate)
    }
}

impl Agreement {
    /// Makes the invoices that are due right away, and notes what they took: additional costs, discounts.
    pub fn open(&mut self, now: Instant, ids: Ids<'_>) -> Result<Opening, Refusal> {
        let mut opening = Opening::default();
        let first = self.billed_now(now);
        let mut charges = first.map(|first| self.period_charges(&first)).unwrap_or_default();
        let costs = if first.is_some() { self.cost_charges() } else { Vec::new() };
        let invoiced = !charges.is_empty() || !costs.is_empty();
        match self.setup_fee(invoiced) {
            Some((fee, SetupFeeInvoice::Shared)) => charges.push(fee),
            Some((fee, SetupFeeInvoice::Own)) => {
                let bill = self.bill(vec![fee], self.subscription.start_date)?;
                opening.invoices.push(self.invoice(InvoiceReason::SetupFee, None, &bill, now, ids));
            }
            None => {}
        }
        charges.extend(costs);
        if let Some(period) = first.filter(|_| invoiced) {
            let bill = self.bill_without_zeros(charges, period.period.start)?;
            let made = self.invoice(InvoiceReason::SubscriptionCreate, Some(period), &bill, now, ids);
            for cost in &mut self.costs {
                (cost.state, cost.invoice_id) = (AdditionalCostState::Transferred, Some(made.0.id));
            }
            opening.invoices.push(made);
        }
        self.note_next_billing(now);
        Ok(opening)
    }

    /// What is billed in advance for a period, and what is billed once.
    fn period_charges(&self, period: &ScheduledPeriod) -> Vec<Charge> {
        let proration = self.proration(period);
        let items = self.items.iter().filter(|item| active(item.start_date, item.end_date, period));
        let mut charges: Vec<Charge> = items.filter_map(|item| self.item_charge(item, period, proration)).collect();
        if self.terms.cadence == BillingCadence::InAdvance {
            let add_ons = self.add_ons.iter().filter(|add_on| active(add_on.start_date, add_on.end_date, period));
            charges.extend(add_ons.map(|add_on| {
                let catalogue = self.catalogue_add_ons.iter().find(|known| known.id == add_on.add_on_id);
                let unit_amount = add_on.fixed_amount.clone().or(catalogue.map(|known| known.unit_amount.clone()));
                Charge {
                    reference: Some(add_on.id.untyped()),
                    quantity: add_on.quantity.into(),
                    proration,
                    minimum_prorated_amount: self.terms.partial_periods.minimum_amount,
                    period: Some(period.period),
                    tax: add_on.tax,
                    ..self.charge(LineKind::AddOn, add_on.name.clone(), unit_amount.unwrap_or_default())
                }
            }));
        }
        charges
    }

    /// A charge of one unit of something without a price of its own, taxed like the plan.
    fn charge(&self, kind: LineKind, description: String, unit_amount: BigDecimal) -> Charge {
        Charge {
            kind,
            description,
            price_id: None,
            plan_version: None,
            reference: None,
            model: PriceModel::PerUnit { unit_amount },
            quantity: 1.into(),
            proration: None,
            minimum_prorated_amount: None,
            period: None,
            tax: self.terms.tax,
            credit: false,
        }
    }

    fn item_charge(
        &self,
        item: &SubscriptionItem,
        period: &ScheduledPeriod,
        proration: Option<Proration>,
    ) -> Option<Charge> {
        let price: &Price = self.prices.iter().find(|price| price.id == item.price_id)?;
        let recurring = match price.price_type {
            PriceType::Recurring if price.cadence.unwrap_or(self.terms.cadence) == BillingCadence::InAdvance => true,
            PriceType::OneTime => false,
            PriceType::Recurring | PriceType::Usage => return None,
        };
        let minimum = self.terms.partial_periods.minimum_amount.filter(|_| recurring);
        Some(Charge {
            kind: if item.additional { LineKind::Item } else { LineKind::Plan },
            description: item.name.clone(),
            price_id: Some(price.id),
            plan_version: Some(self.plan.version),
            reference: Some(item.id.untyped()),
            model: price.model.clone(),
            quantity: item.quantity.unwrap_or_default().into(),
            proration: proration.filter(|_| recurring),
            minimum_prorated_amount: minimum,
            period: Some(period.period).filter(|_| recurring),
            tax: self.terms.tax,
            credit: false,
        })
    }

    /// How much of a partial first period is billed; none where it is billed in full (`billwerk.md` §4.1).
    fn proration(&self, period: &ScheduledPeriod) -> Option<Proration> {
        let schedule = self.schedule()?;
        let part = schedule.proration(period, self.terms.partial_periods.unit);
        match self.terms.partial_periods.handling {
            _ if !period.is_stub => None,
            PartialPeriodHandling::BillProrated => Some(part),
            PartialPeriodHandling::BillZeroAmount => Some(Proration { numerator: 0, ..part }),
            PartialPeriodHandling::BillFull | PartialPeriodHandling::NoBill => None,
        }
    }

    /// The setup fee, if it is charged right away, and on which invoice; `invoiced` says whether there is another one.
    fn setup_fee(&self, invoiced: bool) -> Option<(Charge, SetupFeeInvoice)> {
        let fee = self.plan.setup_fee.as_ref().filter(|_| self.terms.setup_fee)?;
        let on = match fee.handling {
            SetupFeeHandling::First | SetupFeeHandling::SeparateConditional if invoiced => SetupFeeInvoice::Shared,
            // It waits for the first invoice.
            SetupFeeHandling::First => return None,
            SetupFeeHandling::Separate | SetupFeeHandling::SeparateConditional => SetupFeeInvoice::Own,
        };
        let text = fee.text.clone().unwrap_or_else(|| "Setup fee".to_owned());
        let charge = self.charge(LineKind::SetupFee, text, fee.amount.decimal());
        Some((Charge { plan_version: Some(self.plan.version), ..charge }, on))
    }

    fn cost_charges(&self) -> Vec<Charge> {
        let charge = |cost: &AdditionalCost| Charge {
            reference: Some(cost.id.untyped()),
            quantity: cost.quantity.into(),
            tax: cost.tax,
            ..self.charge(LineKind::AdditionalCost, cost.text.clone(), cost.amount.decimal())
        };
        self.costs.iter().map(charge).collect()
    }

    /// Bills, and leaves lines of the plan that come to nothing out where there are others and the plan does not want
    /// them (`billwerk.md` §3).
    fn bill_without_zeros(&self, charges: Vec<Charge>, at: Instant) -> Result<Bill, Refusal> {
        let whole = self.bill(charges.clone(), at)?;
        let zero = |index: usize| {
            let line = whole.lines.get(index);
            line.is_some_and(|line| line.kind == LineKind::Plan && line.amount.minor == 0)
        };
        let others: Vec<Charge> =
            charges.into_iter().enumerate().filter(|(index, _)| !zero(*index)).map(|(_, charge)| charge).collect();
        let dropped = others.len() < whole.lines.iter().filter(|line| line.reduces.is_none()).count();
        if self.plan.include_zero_amount || others.is_empty() || !dropped {
            return Ok(whole);
        }
        self.bill(others, at)
    }

    /// Bills, with the discounts that run at the moment `at`: the start of what is billed, as of which items are, too.
    fn bill(&self, charges: Vec<Charge>, at: Instant) -> Result<Bill, Refusal> {
        let running = |discount: &&SubscriptionDiscount| {
            let dated = discount.start_date <= at && discount.end_date.is_none_or(|end| at < end);
            dated && discount.terms.running(discount.start_date, discount.uses, at, self.subscription.timezone)
        };
        // A price of the plan may be billed by another one, which stands for it.
        let billed = |target| {
            let mut prices = charges.iter().filter_map(|charge| charge.price_id);
            prices.find(|price| stands_for(&self.prices, *price, target)).unwrap_or(target)
        };
        let applied = |discount: &SubscriptionDiscount| AppliedDiscount {
            reference: discount.id.untyped(),
            name: discount.name.clone(),
            value: discount.terms.value,
            applies_to: discount.terms.applies_to.clone(),
            price_id: discount.price_id.map(billed),
        };
        let discounts = self.discounts.iter().filter(running).map(applied).collect();
        let made = bill(Charges {
            currency: self.subscription.currency,
            zone: self.subscription.timezone,
            charges,
            discounts,
            stacking: Stacking { order: self.settings.discount_order, base: self.settings.percentage_base },
        });
        made.map_err(|wrong| Refusal::new(ErrorCode::ValidationError, wrong.to_string()))
    }

    fn invoice(
        &mut self,
        reason: InvoiceReason,
        period: Option<ScheduledPeriod>,
        bill: &Bill,
        now: Instant,
        ids: Ids<'_>,
    ) -> (Invoice, Vec<InvoiceLine>) {
        let issue_date = day_of(now, self.subscription.timezone);
        let invoice = Invoice {
            id: Id::new(ids()),
            number: None,
            status: InvoiceStatus::Draft,
            reason,
            customer_id: self.terms.invoiced_customer_id,
            subscription_id: Some(self.subscription.id),
            billing_group_id: None,
            currency: self.subscription.currency,
            period: period.map(|period| period.period),
            period_number: period.and_then(|period| i32::try_from(period.number).ok()),
            totals: Totals::from(bill),
            balance: Balance::of(bill.total),
            collection: Collection::new(self.terms.collection_method, self.terms.payment_method_id),
            rounding: Rounding::HalfAwayFromZero,
            issue_date,
            due_date: due_date(issue_date, self.terms.payment_terms),
            paid_at: None,
            voided_at: None,
            test: self.terms.test,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let lines = bill.lines.iter().enumerate().map(|(index, line)| InvoiceLine {
            id: Id::new(ids()),
            invoice_id: invoice.id,
            position: position(index),
            subscription_id: invoice.subscription_id,
            line: line.clone(),
        });
        let lines: Vec<InvoiceLine> = lines.collect();
        for discount in &mut self.discounts {
            let took = |line: &InvoiceLine| {
                line.line.reduces.as_ref().is_some_and(|reduced| reduced.discount == discount.id.untyped())
            };
            discount.uses += i32::from(lines.iter().any(took));
        }
        (invoice, lines)
    }
}

/// Whether `[start, end)` has begun when the period begins, and is not over then.
fn active(start: Instant, end: Option<Instant>, period: &ScheduledPeriod) -> bool {
    start <= period.period.start && end.is_none_or(|end| period.period.start < end)
}

/// Whether a price is the one that is meant, or one of the subscription's own in its place.
pub(super) fn stands_for(prices: &[Price], price: Id<Price>, meant: Id<Price>) -> bool {
    let own = |known: &&Price| known.id == price && known.parent_price_id == Some(meant);
    price == meant || prices.iter().any(|known| own(&known))
}
