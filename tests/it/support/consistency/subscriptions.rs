//! Rules of subscriptions to plans, their invoices and their payments.

/// Each rule, and what breaks it, as in [`super::RULES`].
pub const RULES: &[(&str, &str)] = &[
    (
        "a subscription to a plan has terms, and no other has",
        "SELECT s.status AS line FROM subscriptions s WHERE (s.plan_id IS NOT NULL) <> EXISTS (
             SELECT 1 FROM subscription_terms t WHERE (t.tenant_id, t.subscription_id) = (s.tenant_id, s.id))",
    ),
    (
        "a subscription has items at prices of its plan or of its own",
        "SELECT i.name AS line FROM subscription_items i
         JOIN subscriptions s ON (s.tenant_id, s.id) = (i.tenant_id, i.subscription_id)
         JOIN prices p ON (p.tenant_id, p.id) = (i.tenant_id, i.price_id)
         WHERE CASE WHEN p.plan_id = s.plan_id THEN 1 WHEN p.subscription_id = s.id THEN 1 ELSE 0 END = 0",
    ),
    (
        "a draft was not started, and is not invoiced",
        "SELECT 'made ' || CAST(s.created_at AS TEXT) AS line FROM subscriptions s
         WHERE s.status = 'DRAFT' AND (s.current_period_start IS NOT NULL OR EXISTS (
             SELECT 1 FROM invoices i WHERE (i.tenant_id, i.subscription_id) = (s.tenant_id, s.id)))",
    ),
    (
        "an incomplete subscription has an invoice to pay",
        "SELECT 'made ' || CAST(s.created_at AS TEXT) AS line FROM subscriptions s
         WHERE s.status = 'INCOMPLETE' AND NOT EXISTS (
             SELECT 1 FROM invoices i WHERE (i.tenant_id, i.subscription_id) = (s.tenant_id, s.id) AND i.status <> 'PAID')",
    ),
    (
        "nobody who is to pay first has an invoice to pay",
        "SELECT 'made ' || CAST(i.created_at AS TEXT) AS line FROM invoices i
         JOIN subscription_terms t ON (t.tenant_id, t.subscription_id) = (i.tenant_id, i.subscription_id)
         WHERE t.payment_behavior = 'ERROR_IF_INCOMPLETE' AND i.status <> 'PAID'",
    ),
    (
        "an archived customer has no live subscription to a plan",
        "SELECT c.name AS line FROM subscriptions s
         JOIN customers c ON (c.tenant_id, c.id) = (s.tenant_id, s.customer_id)
         WHERE s.plan_id IS NOT NULL AND s.status NOT IN ('ENDED', 'CANCELLED') AND c.archived_at IS NOT NULL",
    ),
    (
        "an invoice adds up its lines, of which it has some",
        "SELECT i.reason || ' ' || CAST(i.total AS TEXT) AS line FROM invoices i
         WHERE (i.subtotal, i.discount_total, 1) <> (
             SELECT coalesce(sum(CASE l.kind WHEN 'DISCOUNT' THEN 0 ELSE l.amount END), 0),
                 coalesce(sum(CASE l.kind WHEN 'DISCOUNT' THEN -l.amount ELSE 0 END), 0),
                 CASE WHEN count(*) > 0 THEN 1 ELSE 0 END
             FROM invoice_lines l WHERE (l.tenant_id, l.invoice_id) = (i.tenant_id, i.id))",
    ),
    (
        "the tax of an invoice is in its lines, or on top of them",
        "SELECT i.reason || ' ' || CAST(i.total AS TEXT) AS line FROM invoices i
         WHERE i.subtotal - i.discount_total <> (
             SELECT CASE sum(CASE WHEN l.amount_includes_tax THEN 1 ELSE 0 END)
                 WHEN 0 THEN i.net_total WHEN count(*) THEN i.total ELSE i.subtotal - i.discount_total END
             FROM invoice_lines l WHERE (l.tenant_id, l.invoice_id) = (i.tenant_id, i.id))",
    ),
    (
        "the numbers of invoices are counted from 1 on, without a gap",
        "SELECT max(number) AS line FROM invoices WHERE number IS NOT NULL GROUP BY tenant_id
         HAVING count(*) <> max(CAST(substr(number, 5) AS INTEGER)) OR min(number) <> 'INV-000001'",
    ),
    (
        "a transferred cost is on an invoice of its subscription",
        "SELECT c.handle AS line FROM additional_costs c WHERE c.state = 'TRANSFERRED' AND NOT EXISTS (
             SELECT 1 FROM invoices i
             JOIN invoice_lines l ON (l.tenant_id, l.invoice_id) = (i.tenant_id, i.id)
             WHERE (i.tenant_id, i.id, l.subscription_id, l.reference_id)
                 = (c.tenant_id, c.invoice_id, c.subscription_id, c.id))",
    ),
    (
        "a coupon counts its redemptions",
        "SELECT c.code AS line FROM coupons c WHERE c.redemptions <> (
             SELECT count(*) FROM coupon_redemptions r WHERE (r.tenant_id, r.coupon_id) = (c.tenant_id, c.id))",
    ),
    (
        "a coupon has expired with its last redemption",
        "SELECT c.code || ' ' || c.state AS line FROM coupons c WHERE c.redemptions > c.max_redemptions
             OR (c.redemptions = c.max_redemptions) <> (c.state = 'EXPIRED' AND c.expire_reason = 'MAX')",
    ),
    (
        "a redemption gives a discount, once",
        "SELECT c.code AS line FROM coupon_redemptions r
         JOIN coupons c ON (c.tenant_id, c.id) = (r.tenant_id, r.coupon_id)
         WHERE 1 <> (SELECT count(*) FROM subscription_discounts d
             WHERE (d.tenant_id, d.subscription_id, d.coupon_id) = (r.tenant_id, r.subscription_id, r.coupon_id))",
    ),
    (
        "a coupon's discount was redeemed",
        "SELECT d.handle AS line FROM subscription_discounts d WHERE d.coupon_id IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM coupon_redemptions r
             WHERE (r.tenant_id, r.subscription_id, r.coupon_id) = (d.tenant_id, d.subscription_id, d.coupon_id))",
    ),
    (
        "a charge that was kept is for a subscription of the customer who was charged",
        "SELECT 'made ' || CAST(a.created_at AS TEXT) AS line FROM payment_attempts a
         WHERE a.status = 'SUCCEEDED' AND a.invoice_id IS NULL AND NOT EXISTS (
             SELECT 1 FROM subscriptions s
             WHERE (s.tenant_id, s.id, s.customer_id) = (a.tenant_id, a.subscription_id, a.customer_id))",
    ),
    (
        "a subscription that was charged by a token or a method has that method",
        "SELECT 'made ' || CAST(a.created_at AS TEXT) AS line FROM payment_attempts a
         LEFT JOIN payment_tokens k ON (k.tenant_id, k.id) = (a.tenant_id, a.payment_token_id)
         WHERE a.status = 'SUCCEEDED' AND a.invoice_id IS NULL AND NOT EXISTS (
             SELECT 1 FROM subscription_terms t
             JOIN payment_methods m ON (m.tenant_id, m.id) = (t.tenant_id, t.payment_method_id)
             WHERE (t.tenant_id, t.subscription_id, m.customer_id) = (a.tenant_id, a.subscription_id, a.customer_id)
                 AND (m.id = a.payment_method_id
                     OR (m.gateway_reference, m.created_at) = (k.gateway_reference, k.used_at)))",
    ),
    (
        "a used token has become a payment method",
        "SELECT t.label AS line FROM payment_tokens t WHERE t.used_at IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM payment_methods m
             WHERE (m.tenant_id, m.gateway_reference, m.created_at) = (t.tenant_id, t.gateway_reference, t.used_at)
                 AND m.customer_id = coalesce(t.customer_id, m.customer_id))",
    ),
    (
        "every method of the test gateway has had a token of its own",
        "SELECT m.label AS line FROM payment_methods m WHERE m.gateway_reference LIKE 'test%' GROUP BY m.tenant_id, m.gateway_reference, m.label
         HAVING count(*) <> (SELECT count(*) FROM payment_tokens t
             WHERE (t.tenant_id, t.gateway_reference) = (m.tenant_id, m.gateway_reference) AND t.used_at IS NOT NULL)",
    ),
    (
        "what discounts take off a line stands in lines of their own",
        "SELECT l.description AS line FROM invoice_lines l WHERE l.kind <> 'DISCOUNT' AND l.discount_amount <> (
             SELECT coalesce(sum(-d.amount), 0) FROM invoice_lines d
             WHERE (d.tenant_id, d.invoice_id, d.reduced_position) = (l.tenant_id, l.invoice_id, l.position))",
    ),
    (
        "a discount of a subscription counts the invoices that it was on",
        "SELECT d.handle AS line FROM subscription_discounts d WHERE d.uses <> (
             SELECT count(DISTINCT l.invoice_id) FROM invoice_lines l
             WHERE (l.tenant_id, l.discount_id) = (d.tenant_id, d.id))",
    ),
    (
        "an invoice is in the currency of its subscription, and for who gets its invoices",
        "SELECT i.reason || ' ' || CAST(i.total AS TEXT) AS line FROM invoices i
         JOIN subscriptions s ON (s.tenant_id, s.id) = (i.tenant_id, i.subscription_id)
         JOIN subscription_terms t ON (t.tenant_id, t.subscription_id) = (s.tenant_id, s.id)
         WHERE i.currency <> s.currency OR i.customer_id <> t.invoiced_customer_id OR i.total < 0",
    ),
];
