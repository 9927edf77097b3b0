//! Credit notes: what is taken back of an invoice after it was issued (`billwerk.md` §7).

use super::choice::choice;
use super::credit::Credit;
use super::customer::Customer;
use super::exact::Ratio;
use super::invoice::{Invoice, InvoiceLine, InvoiceStatus};
use super::pricing::LineKind;
use super::{Date, Entity, ErrorCode, Id, Instant, Money, Refusal};
use bigdecimal::num_traits::ToPrimitive;

/// What was taken back of an invoice. The invoice itself never changes.
#[derive(Clone, PartialEq, Debug)]
pub struct CreditNote {
    pub id: Id<CreditNote>,
    /// Without gaps in the tenant.
    pub number: String,
    pub invoice_id: Id<Invoice>,
    pub customer_id: Id<Customer>,
    pub disposition: CreditDisposition,
    pub reason: String,
    /// What is taken back, tax included. More than nothing.
    pub amount: Money,
    pub net_amount: Money,
    /// The same share of the invoice's tax.
    pub tax_amount: Money,
    /// What the customer got for it; none where it lowered what is due.
    pub credit_id: Option<Id<Credit>>,
    pub issue_date: Date,
    pub created_at: Instant,
}

impl Entity for CreditNote {
    const NAME: &'static str = "CreditNote";
    const PREFIX: &'static str = "crn";
}

/// How much of one line of the invoice a note takes back.
#[derive(Clone, PartialEq, Debug)]
pub struct CreditNoteLine {
    pub credit_note_id: Id<CreditNote>,
    /// The place of the line in the invoice.
    pub position: i32,
    pub description: String,
    /// Tax included.
    pub amount: Money,
}

choice! {
    /// What becomes of the amount of a credit note. More values may be added.
    pub enum CreditDisposition {
        /// It lowers what is due of an invoice that is not paid.
        Adjustment = "ADJUSTMENT",
        /// The customer gets a credit over it, for what it has paid.
        Credit = "CREDIT",
    }
}

/// What somebody wants to take back.
#[derive(Clone, Debug)]
pub enum Creditable {
    /// This much, tax included.
    Amount(Money),
    /// So much of the lines at these places, tax included. Each line is named once.
    Lines(Vec<(i32, Money)>),
}

/// The notes that there are over an invoice already, and what they took back of its lines.
#[derive(Clone, Default, Debug)]
pub struct Credited {
    pub notes: Vec<CreditNote>,
    pub lines: Vec<CreditNoteLine>,
}

impl Credited {
    fn minor(&self, which: impl Fn(&CreditNote) -> bool) -> i64 {
        self.notes.iter().filter(|note| which(note)).map(|note| note.amount.minor).sum()
    }

    /// What of an invoice the customer has got back by credits: it cannot be refunded once more.
    pub fn by_credits(&self) -> i64 {
        self.minor(|note| note.disposition == CreditDisposition::Credit)
    }

    fn of_line(&self, position: i32) -> i64 {
        let lines = self.lines.iter().filter(|line| line.position == position);
        lines.map(|line| line.amount.minor).sum()
    }

    /// How much can still be taken back in this way: what is due of the invoice, or what was paid of it, by credits or
    /// otherwise, and did not go back yet. Both together are the total less what was credited and refunded
    /// (`billwerk.md` §7).
    pub fn left(&self, invoice: &Invoice, disposition: CreditDisposition) -> Result<i64, Refusal> {
        let wrong = |message: &'static str| Err(Refusal::new(ErrorCode::InvoiceWrongState, message).at(&["invoiceId"]));
        let balance = invoice.balance;
        match (invoice.status, disposition) {
            (InvoiceStatus::Draft, _) => wrong("The invoice is a draft: change it, or delete it."),
            (InvoiceStatus::Void, _) => wrong("The invoice is void: there is nothing to credit."),
            (InvoiceStatus::Paid, CreditDisposition::Adjustment) => {
                wrong("The invoice is paid: give the customer a credit instead.")
            }
            (_, CreditDisposition::Adjustment) => Ok(balance.due.minor),
            (_, CreditDisposition::Credit) => {
                let settled = balance.paid.minor + balance.credit_applied.minor;
                Ok(settled - balance.refunded.minor - self.by_credits())
            }
        }
    }
}

/// What is noted, before it has its ids and its number.
#[derive(Clone, PartialEq, Debug)]
pub struct Noted {
    pub amount: Money,
    pub net_amount: Money,
    pub tax_amount: Money,
    /// Place, description, amount.
    pub lines: Vec<(i32, String, Money)>,
}

/// Works out what a note takes back. The tax is the share that all notes together have of the invoice's tax, rounded once,
/// less the tax of those before: notes over the whole total carry exactly the whole tax.
pub fn note(
    invoice: &Invoice,
    lines: &[InvoiceLine],
    before: &Credited,
    asked: &Creditable,
    disposition: CreditDisposition,
) -> Result<Noted, Refusal> {
    let left = before.left(invoice, disposition)?;
    let (amount, noted) = match asked {
        Creditable::Amount(amount) => (*amount, Vec::new()),
        Creditable::Lines(asked) => {
            let mut noted = Vec::new();
            for (index, (position, amount)) in asked.iter().enumerate() {
                let line = creditable_line(lines, before, *position, *amount);
                let line = line.map_err(|refusal| refusal.below(&["lines", &index.to_string()]))?;
                noted.push((*position, line.line.description.clone(), *amount));
            }
            let minor = asked.iter().map(|(_, amount)| amount.minor).sum();
            (Money::new(minor, invoice.currency), noted)
        }
    };
    if amount.minor > left {
        let left = Money::new(left, invoice.currency);
        let message = match disposition {
            CreditDisposition::Adjustment => format!("Only {left} {} are due.", invoice.currency),
            CreditDisposition::Credit => {
                format!("Only {left} {} were paid and did not go back yet.", invoice.currency)
            }
        };
        let argument = if noted.is_empty() { "amount" } else { "lines" };
        return Err(Refusal::new(ErrorCode::CreditTooHigh, message).at(&[argument]));
    }
    let so_far = before.minor(|_| true);
    let tax = share(invoice, so_far + amount.minor) - share(invoice, so_far);
    let money = |minor| Money::new(minor, invoice.currency);
    Ok(Noted { amount, net_amount: money(amount.minor - tax), tax_amount: money(tax), lines: noted })
}

/// The share of the invoice's tax in so much of its total, rounded once.
fn share(invoice: &Invoice, minor: i64) -> i64 {
    let (tax, total) = (invoice.totals.tax_total.minor, invoice.totals.total.minor);
    let share = Ratio::new(tax, 1).part(minor, total);
    share.and_then(|share| share.half_away_from_zero().to_i64()).unwrap_or_default()
}

/// The line at a place, of which so much may still be taken back: its amount after discounts, with tax.
fn creditable_line<'l>(
    lines: &'l [InvoiceLine],
    before: &Credited,
    position: i32,
    amount: Money,
) -> Result<&'l InvoiceLine, Refusal> {
    let chargeable = |line: &&InvoiceLine| line.position == position && line.line.kind != LineKind::Discount;
    let Some(line) = lines.iter().find(chargeable) else {
        let message = "There is no line at this place that can be credited.";
        return Err(Refusal::new(ErrorCode::ValidationError, message).at(&["position"]));
    };
    let rest = line.line.rest();
    let tax = if line.line.tax.included { Ratio::new(0, 1) } else { line.line.tax.of(rest) };
    let whole = Ratio::new(rest, 1).plus(tax).half_away_from_zero().to_i64().unwrap_or(i64::MAX);
    let left = whole - before.of_line(position);
    if amount.minor > left {
        let message =
            format!("Only {} {} of this line can be credited.", Money { minor: left, ..amount }, amount.currency);
        return Err(Refusal::new(ErrorCode::CreditTooHigh, message).at(&["amount"]));
    }
    Ok(line)
}

#[cfg(test)]
mod tests;
