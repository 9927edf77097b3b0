//! What must hold of payments, and of what goes back of them.

/// Each rule, and what breaks it, as in [`super::RULES`].
pub const RULES: &[(&str, &str)] = &[
    (
        "what is paid of an invoice came in",
        "SELECT coalesce(i.number, 'draft') AS line FROM invoices i WHERE i.amount_paid <> (
             SELECT coalesce(sum(p.amount), 0) FROM payments p
             WHERE (p.tenant_id, p.invoice_id, p.currency, p.customer_id)
                 = (i.tenant_id, i.id, i.currency, i.customer_id))",
    ),
    (
        "what was charged, and kept, is a payment",
        "SELECT 'made ' || CAST(a.created_at AS TEXT) AS line FROM payment_attempts a
         WHERE (CASE a.status WHEN 'SUCCEEDED' THEN a.amount ELSE 0 END) <> (
             SELECT coalesce(sum(p.amount), 0) FROM payments p
             WHERE (p.tenant_id, p.attempt_id, p.currency) = (a.tenant_id, a.id, a.currency))",
    ),
    (
        "a charge of an invoice is one payment of that invoice",
        "SELECT 'made ' || CAST(a.created_at AS TEXT) AS line FROM payment_attempts a
         WHERE a.invoice_id IS NOT NULL AND a.status = 'SUCCEEDED' AND 1 <> (
             SELECT count(*) FROM payments p
             WHERE (p.tenant_id, p.attempt_id, p.invoice_id) = (a.tenant_id, a.id, a.invoice_id))",
    ),
    (
        "a payment that was charged for a subscription pays an invoice of it",
        "SELECT i.number AS line FROM payments p
         JOIN payment_attempts a ON (a.tenant_id, a.id) = (p.tenant_id, p.attempt_id)
         JOIN invoices i ON (i.tenant_id, i.id) = (p.tenant_id, p.invoice_id)
         WHERE a.invoice_id IS NULL AND a.subscription_id <> i.subscription_id",
    ),
    (
        "what goes back of a payment is its refunds",
        "SELECT 'received ' || CAST(p.received_at AS TEXT) AS line FROM payments p WHERE p.amount_refunded <> (
             SELECT coalesce(sum(r.amount), 0) FROM refunds r
             WHERE (r.tenant_id, r.payment_id, r.currency) = (p.tenant_id, p.id, p.currency) AND r.status <> 'FAILED')",
    ),
    (
        "what went back of an invoice is its refunds",
        "SELECT i.number AS line FROM invoices i WHERE i.amount_refunded <> (
             SELECT coalesce(sum(r.amount), 0) FROM refunds r
             JOIN payments p ON (p.tenant_id, p.id) = (r.tenant_id, r.payment_id)
             WHERE (p.tenant_id, p.invoice_id) = (i.tenant_id, i.id) AND r.status = 'SUCCEEDED')",
    ),
    (
        "a subscription that waits for its payment has an invoice to be paid",
        "SELECT 'made ' || CAST(s.created_at AS TEXT) AS line FROM subscriptions s
         WHERE s.status = 'INCOMPLETE' AND NOT EXISTS (
             SELECT 1 FROM invoices i WHERE (i.tenant_id, i.subscription_id) = (s.tenant_id, s.id)
                 AND i.status IN ('OPEN', 'PAST_DUE', 'FAILED', 'VOID'))",
    ),
];
