//! Rules of invoices, credits and credit notes.

/// Each rule, and what breaks it, as in [`super::RULES`].
pub const RULES: &[(&str, &str)] = &[
    (
        "what is due of an invoice is its total without what was taken off it",
        "SELECT i.status || ' ' || CAST(i.total AS TEXT) AS line FROM invoices i
         WHERE i.status <> 'VOID' AND i.amount_due <> i.total - i.credit_applied - i.amount_credited - i.amount_paid",
    ),
    (
        "the total of an invoice is that of its lines, and the tax that comes on top",
        "SELECT i.status || ' ' || CAST(i.total AS TEXT) AS line FROM invoices i
         WHERE i.subtotal - i.discount_total <> (SELECT coalesce(sum(l.amount), 0) FROM invoice_lines l
             WHERE (l.tenant_id, l.invoice_id) = (i.tenant_id, i.id))",
    ),
    (
        "the numbers of invoices are counted from 1 on, without a gap",
        "SELECT count(*) || ' ' || max(number) AS line FROM invoices WHERE number IS NOT NULL GROUP BY tenant_id
         HAVING min(number) <> 'INV-000001'
             OR max(number) <> 'INV-' || substr('000000' || CAST(count(*) AS TEXT), length(CAST(count(*) AS TEXT)) + 1)",
    ),
    (
        "the numbers of credit notes are counted from 1 on, without a gap",
        "SELECT count(*) || ' ' || max(number) AS line FROM credit_notes GROUP BY tenant_id
         HAVING min(number) <> 'CN-000001'
             OR max(number) <> 'CN-' || substr('000000' || CAST(count(*) AS TEXT), length(CAST(count(*) AS TEXT)) + 1)",
    ),
    (
        "what remains of a credit is what no invoice took",
        "SELECT c.handle AS line FROM credits c WHERE c.amount - c.remaining <> (
             SELECT coalesce(sum(a.amount), 0) FROM credit_applications a
             WHERE (a.tenant_id, a.credit_id) = (c.tenant_id, c.id) AND a.returned_at IS NULL)",
    ),
    (
        "what an invoice took of credits stands with them",
        "SELECT i.status || ' ' || CAST(i.total AS TEXT) AS line FROM invoices i WHERE i.credit_applied <> (
             SELECT coalesce(sum(a.amount), 0) FROM credit_applications a
             WHERE (a.tenant_id, a.invoice_id) = (i.tenant_id, i.id) AND a.returned_at IS NULL)",
    ),
    (
        "a credit went back exactly where its invoice was voided",
        "SELECT i.status || ' ' || i.number AS line FROM credit_applications a
         JOIN invoices i ON (i.tenant_id, i.id) = (a.tenant_id, a.invoice_id)
         WHERE (a.returned_at IS NOT NULL) <> (i.status = 'VOID')",
    ),
    (
        "an invoice takes credits of its customer, its currency and its subscription",
        "SELECT c.handle AS line FROM credit_applications a
         JOIN credits c ON (c.tenant_id, c.id) = (a.tenant_id, a.credit_id)
         JOIN invoices i ON (i.tenant_id, i.id) = (a.tenant_id, a.invoice_id)
         WHERE c.customer_id <> i.customer_id OR c.currency <> i.currency OR a.currency <> i.currency
             OR c.subscription_id IS NOT NULL AND (i.subscription_id IS NULL OR c.subscription_id <> i.subscription_id)",
    ),
    (
        "credit notes lower what is due by what they adjust",
        "SELECT i.status || ' ' || i.number AS line FROM invoices i WHERE i.amount_credited <> (
             SELECT coalesce(sum(n.amount), 0) FROM credit_notes n
             WHERE (n.tenant_id, n.invoice_id) = (i.tenant_id, i.id) AND n.disposition = 'ADJUSTMENT')",
    ),
    (
        "no more of an invoice is credited and refunded than it came to, and no more of its tax",
        "SELECT i.status || ' ' || i.number AS line FROM invoices i JOIN (
             SELECT tenant_id, invoice_id, sum(amount) AS amount, sum(tax_amount) AS tax FROM credit_notes
             GROUP BY tenant_id, invoice_id) n ON (n.tenant_id, n.invoice_id) = (i.tenant_id, i.id)
         WHERE n.amount + i.amount_refunded > i.total OR n.tax > i.tax_total
             OR n.amount = i.total AND n.tax <> i.tax_total",
    ),
    (
        "a credit note is for the customer, and in the currency, of its invoice, and its credit is over as much",
        "SELECT n.number AS line FROM credit_notes n
         JOIN invoices i ON (i.tenant_id, i.id) = (n.tenant_id, n.invoice_id)
         LEFT JOIN credits c ON (c.tenant_id, c.id) = (n.tenant_id, n.credit_id)
         WHERE n.customer_id <> i.customer_id OR n.currency <> i.currency
             OR c.id IS NOT NULL AND (c.amount, c.currency, c.customer_id) <> (n.amount, n.currency, n.customer_id)",
    ),
    (
        "a credit note over lines is over what they come to",
        "SELECT n.number AS line FROM credit_notes n JOIN (
             SELECT tenant_id, credit_note_id, sum(amount) AS amount FROM credit_note_lines
             GROUP BY tenant_id, credit_note_id) l ON (l.tenant_id, l.credit_note_id) = (n.tenant_id, n.id)
         WHERE l.amount <> n.amount",
    ),
];
