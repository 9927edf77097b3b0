//! Invoices by hand: drafting them, issuing them, taking something off them, and withdrawing them (`billwerk.md` §5 and
//! §7).

use super::calendar::day_of;
use super::customer::Customer;
use super::invoice::{Balance, Collection, Invoice, InvoiceLine, InvoiceReason, InvoiceStatus, Totals};
use super::payment_terms::{PaymentTerms, due_date};
use super::price::PriceModel;
use super::pricing::{Bill, Charge, Charges, LineKind, Rounding, Stacking, Tax, TaxRate, bill};
use super::subscription::CollectionMethod;
use super::tenant::{Settings, TenantMode};
use super::{Currency, ErrorCode, Id, Instant, Money, Refusal, Zone};
use bigdecimal::BigDecimal;
use bigdecimal::num_bigint::Sign;
use uuid::Uuid;

/// The most lines of an invoice that is made by hand.
pub const MOST_LINES: usize = 100;

/// The most units of one line, and the most digits of their number after the point.
const MOST_UNITS: u32 = 1_000_000;
const UNIT_PLACES: i64 = 6;

/// A line of an invoice that is made by hand.
#[derive(Clone, Debug)]
pub struct NewLine {
    pub description: String,
    pub quantity: BigDecimal,
    pub unit_amount: BigDecimal,
    /// Where the customer's country has no rate. Otherwise it is taxed as everything of the tenant is.
    pub tax_rate: Option<TaxRate>,
    pub amount_includes_tax: Option<bool>,
}

/// How many units a line bills: more than none, at most a million, with at most six digits after the point.
pub fn quantity(quantity: BigDecimal) -> Result<BigDecimal, String> {
    let (quantity, most) = (quantity.normalized(), BigDecimal::from(MOST_UNITS));
    let fits = quantity.sign() == Sign::Plus && quantity <= most && quantity.fractional_digit_count() <= UNIT_PLACES;
    let message = || {
        format!(
            "A line bills more than 0 and at most {MOST_UNITS} units, with at most {UNIT_PLACES} digits after the point."
        )
    };
    if fits { Ok(quantity) } else { Err(message()) }
}

/// Who an invoice by hand is for, and how it is paid.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub currency: Currency,
    pub method: CollectionMethod,
    /// It is due at once where there are none.
    pub payment_terms: Option<PaymentTerms>,
}

/// A draft of an invoice, with the days of the customer's own zone.
pub fn draft(
    customer: &Customer,
    terms: Terms,
    lines: &[NewLine],
    (settings, country_tax): (&Settings, Option<TaxRate>),
    now: Instant,
    ids: &dyn Fn() -> Uuid,
) -> Result<(Invoice, Vec<InvoiceLine>), Refusal> {
    let zone = zone_of(customer, settings);
    let made = work_out(lines, terms.currency, zone, (settings, country_tax))?;
    let issue_date = day_of(now, zone);
    let invoice = Invoice {
        id: Id::new(ids()),
        number: None,
        status: InvoiceStatus::Draft,
        reason: InvoiceReason::OneOff,
        customer_id: customer.id,
        subscription_id: None,
        billing_group_id: None,
        currency: terms.currency,
        billed_at: None,
        period: None,
        period_number: None,
        totals: Totals::from(&made),
        balance: Balance::of(made.total),
        collection: Collection::new(terms.method, None),
        rounding: Rounding::HalfAwayFromZero,
        issue_date,
        due_date: due_date(issue_date, terms.payment_terms),
        paid_at: None,
        voided_at: None,
        test: settings.mode == TenantMode::Test,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let lines = numbered(invoice.id, made, ids);
    Ok((invoice, lines))
}

/// The zone of the days of an invoice that is for no subscription.
pub fn zone_of(customer: &Customer, settings: &Settings) -> Zone {
    customer.timezone.unwrap_or(settings.timezone)
}

/// How a line is taxed: by the tax of the customer's country, else by what it says itself, else as everything of the
/// tenant (`billwerk.md` §7).
fn tax_of(line: &NewLine, (settings, country_tax): (&Settings, Option<TaxRate>)) -> Tax {
    Tax {
        rate: country_tax.or(line.tax_rate).unwrap_or(settings.tax_rate),
        included: line.amount_includes_tax.unwrap_or(settings.amounts_include_tax),
    }
}

fn work_out(
    lines: &[NewLine],
    currency: Currency,
    zone: Zone,
    (settings, country_tax): (&Settings, Option<TaxRate>),
) -> Result<Bill, Refusal> {
    let charge = |line: &NewLine| Charge {
        kind: LineKind::OnDemand,
        description: line.description.clone(),
        price_id: None,
        plan_version: None,
        reference: None,
        model: PriceModel::PerUnit { unit_amount: line.unit_amount.clone() },
        quantity: line.quantity.clone(),
        portion: None,
        proration: None,
        minimum_prorated_amount: None,
        period: None,
        tax: tax_of(line, (settings, country_tax)),
        credit: false,
    };
    let charges = Charges {
        currency,
        zone,
        charges: lines.iter().map(charge).collect(),
        discounts: Vec::new(),
        stacking: Stacking { order: settings.discount_order, base: settings.percentage_base },
    };
    bill(charges).map_err(|wrong| Refusal::new(ErrorCode::ValidationError, wrong.to_string()).at(&["lines"]))
}

fn numbered(invoice: Id<Invoice>, bill: Bill, ids: &dyn Fn() -> Uuid) -> Vec<InvoiceLine> {
    let line = |(position, line)| InvoiceLine {
        id: Id::new(ids()),
        invoice_id: invoice,
        position,
        subscription_id: None,
        line,
    };
    (0..).zip(bill.lines).map(line).collect()
}

/// What a client changes of a draft: what is none stays.
#[derive(Clone, Debug)]
pub struct DraftChange {
    pub lines: Option<Vec<NewLine>>,
    pub method: Option<CollectionMethod>,
    pub payment_terms: Option<Option<PaymentTerms>>,
}

impl Invoice {
    /// Refuses to change or delete what is no draft that was made by hand.
    pub fn changeable(&self) -> Result<(), Refusal> {
        let why = match (self.status, self.reason) {
            (InvoiceStatus::Draft, InvoiceReason::OneOff) => return Ok(()),
            (InvoiceStatus::Draft, _) => "Only a draft that was made by hand can be changed.",
            _ => "Only a draft can be changed: make a credit note, or void the invoice.",
        };
        Err(wrong_state(why))
    }

    /// Changes a draft; answers its new lines where they change.
    pub fn redraft(
        &mut self,
        change: DraftChange,
        customer: &Customer,
        (settings, country_tax): (&Settings, Option<TaxRate>),
        ids: &dyn Fn() -> Uuid,
    ) -> Result<Option<Vec<InvoiceLine>>, Refusal> {
        self.changeable()?;
        self.collection.method = change.method.unwrap_or(self.collection.method);
        if let Some(terms) = change.payment_terms {
            self.due_date = due_date(self.issue_date, terms);
        }
        let Some(lines) = change.lines else { return Ok(None) };
        let made = work_out(&lines, self.currency, zone_of(customer, settings), (settings, country_tax))?;
        self.totals = Totals::from(&made);
        self.balance = Balance::of(made.total);
        Ok(Some(numbered(self.id, made, ids)))
    }

    /// Dates a draft that is about to be issued today: it is due as many days later as was agreed on.
    pub fn date(&mut self, now: Instant, zone: Zone) -> Result<(), Refusal> {
        if self.status != InvoiceStatus::Draft {
            return Err(wrong_state("Only a draft can be finalised."));
        }
        let days = self.due_date - self.issue_date;
        self.issue_date = day_of(now, zone);
        self.due_date = self.issue_date.checked_add_signed(days).unwrap_or(self.issue_date);
        Ok(())
    }

    /// Takes a credit off, before it is issued. No more than is due.
    pub(super) fn take_credit(&mut self, amount: Money) {
        self.balance.credit_applied.minor += amount.minor;
        self.balance.due.minor -= amount.minor;
    }

    /// Takes a credit note off what is due. No more than that.
    pub fn adjust(&mut self, amount: Money, now: Instant) {
        self.balance.credited.minor += amount.minor;
        self.settle(now);
    }

    /// Withdraws it: nothing of it is to be paid any more. It keeps its number and its lines. Refused where money was
    /// paid, where it is being charged, and where credit notes were made over it.
    pub fn void(&mut self, charged: bool, noted: bool, now: Instant) -> Result<(), Refusal> {
        match self.status {
            InvoiceStatus::Draft => return Err(wrong_state("The invoice is a draft: delete it instead.")),
            InvoiceStatus::Void => return Err(wrong_state("The invoice is void already.")),
            InvoiceStatus::Open | InvoiceStatus::PastDue | InvoiceStatus::Failed | InvoiceStatus::Paid => {}
        }
        if self.balance.paid.minor > 0 {
            let message = "Something is paid of the invoice: make a credit note instead.";
            return Err(Refusal::new(ErrorCode::InvoiceHasPayments, message).at(&["invoiceId"]));
        }
        if charged {
            return Err(being_charged());
        }
        if noted {
            return Err(wrong_state("There are credit notes over the invoice: make one over the rest."));
        }
        self.status = InvoiceStatus::Void;
        self.voided_at = Some(now);
        self.paid_at = None;
        self.collection.stop();
        (self.balance.credit_applied.minor, self.balance.due.minor) = (0, 0);
        Ok(())
    }
}

fn wrong_state(message: &'static str) -> Refusal {
    Refusal::new(ErrorCode::InvoiceWrongState, message).at(&["invoiceId"])
}

/// The refusal for an invoice that is being charged, so that what is due of it must stay.
pub fn being_charged() -> Refusal {
    let message = "The invoice is being charged: try again in a moment.";
    Refusal::new(ErrorCode::InvoiceHasPayments, message).at(&["invoiceId"])
}

#[cfg(test)]
mod tests;
