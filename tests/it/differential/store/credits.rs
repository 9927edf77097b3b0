//! Credits, what invoices took of them, and credit notes.

use super::{Store, choice, day, id, instant, maybe, money};
use perennial::domain::Id;
use perennial::domain::tenant::Tenant;
use perennial::repository::{Conn, Read, credit, credit_note};

impl Store {
    pub fn credits(&mut self, conn: &mut Conn, tenant: Id<Tenant>) -> Read<()> {
        let rows = credit::all(tenant).order("id").load(conn)?;
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        for row in rows {
            self.add(
                "Credit",
                [
                    ("id", id(row.id)),
                    ("customer", id(row.customer_id)),
                    ("subscription", maybe(row.subscription_id, id)),
                    ("handle", row.handle.into()),
                    ("currency", row.amount.currency.code().into()),
                    ("amount", money(row.amount)),
                    ("remaining", money(row.remaining)),
                    ("text", row.text.into()),
                    ("validFrom", instant(row.valid_from)),
                    ("state", choice(row.state)),
                    ("version", row.version.into()),
                    ("createdAt", instant(row.created_at)),
                    ("updatedAt", instant(row.updated_at)),
                ],
            );
        }
        // Below a credit and below an invoice they come by their time, and then by what is not the parent.
        let mut applications = credit::applications_of(tenant, &ids).load(conn)?;
        applications.sort_by_key(|row| (row.created_at, row.invoice_id, row.credit_id));
        for row in applications {
            self.add(
                "CreditApplication",
                [
                    ("credit", id(row.credit_id)),
                    ("invoice", id(row.invoice_id)),
                    ("amount", money(row.amount)),
                    ("createdAt", instant(row.created_at)),
                    ("returnedAt", maybe(row.returned_at, instant)),
                ],
            );
        }
        let mut notes = credit_note::all(tenant).load(conn)?;
        notes.sort_by_key(|row| (row.created_at, row.id));
        let ids: Vec<_> = notes.iter().map(|row| row.id).collect();
        for row in notes {
            self.add(
                "CreditNote",
                [
                    ("id", id(row.id)),
                    ("number", row.number.into()),
                    ("invoice", id(row.invoice_id)),
                    ("customer", id(row.customer_id)),
                    ("disposition", choice(row.disposition)),
                    ("reason", row.reason.into()),
                    ("currency", row.amount.currency.code().into()),
                    ("amount", money(row.amount)),
                    ("netAmount", money(row.net_amount)),
                    ("taxAmount", money(row.tax_amount)),
                    ("credit", maybe(row.credit_id, id)),
                    ("issueDate", day(row.issue_date)),
                    ("createdAt", instant(row.created_at)),
                ],
            );
        }
        for row in credit_note::lines_of(tenant, &ids).load(conn)? {
            self.add(
                "CreditNoteLine",
                [
                    ("creditNote", id(row.credit_note_id)),
                    ("position", row.position.into()),
                    ("description", row.description.into()),
                    ("amount", money(row.amount)),
                ],
            );
        }
        Ok(())
    }
}
