-- Money that came in for an invoice: by a charge, or noted by hand.
CREATE TABLE payments (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    invoice_id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('CARD', 'BANK_TRANSFER', 'CASH', 'OTHER')),
    -- The charge that brought it. One charge may pay several invoices that were made together.
    attempt_id BLOB,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount INTEGER NOT NULL CHECK (amount > 0),
    -- What went back of it, or is on its way.
    amount_refunded INTEGER NOT NULL,
    reference TEXT CHECK (reference <> ''),
    notes TEXT CHECK (notes <> ''),
    received_at TEXT NOT NULL,
    -- The key by which it was noted.
    recorded_by BLOB,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, attempt_id, invoice_id),
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    FOREIGN KEY (tenant_id, attempt_id) REFERENCES payment_attempts (tenant_id, id),
    FOREIGN KEY (tenant_id, recorded_by) REFERENCES api_keys (tenant_id, id),
    CONSTRAINT a_card_is_charged CHECK ((kind = 'CARD') = (attempt_id IS NOT NULL)),
    CONSTRAINT what_is_charged_is_not_noted CHECK ((attempt_id IS NULL) = (recorded_by IS NOT NULL)),
    CONSTRAINT no_more_goes_back_than_came_in CHECK (amount_refunded BETWEEN 0 AND amount)
) STRICT;

CREATE INDEX payments_invoice ON payments (tenant_id, invoice_id, id);
CREATE INDEX payments_customer ON payments (tenant_id, customer_id, id);
CREATE INDEX payments_kind ON payments (tenant_id, kind, id);
CREATE INDEX payments_received_at ON payments (tenant_id, received_at, id);
CREATE INDEX payments_created_at ON payments (tenant_id, created_at, id);

-- Money of a payment that goes back. What was charged goes back by the gateway.
CREATE TABLE refunds (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    payment_id BLOB NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount INTEGER NOT NULL CHECK (amount > 0),
    reason TEXT CHECK (reason <> ''),
    status TEXT NOT NULL CHECK (status IN ('PENDING', 'SUCCEEDED', 'FAILED')),
    error_code TEXT CHECK (error_code <> ''),
    idempotency_key TEXT CHECK (idempotency_key <> ''),
    created_at TEXT NOT NULL,
    finished_at TEXT,
    -- Until when the request that reserved it may be at work, by the machine's clock.
    reserved_until TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, payment_id) REFERENCES payments (tenant_id, id),
    CONSTRAINT a_refund_is_finished_with_its_outcome CHECK ((status = 'PENDING') = (finished_at IS NULL)),
    CONSTRAINT a_failed_refund_has_a_code CHECK ((status = 'FAILED') = (error_code IS NOT NULL))
) STRICT;

CREATE INDEX refunds_payment ON refunds (tenant_id, payment_id, id);
CREATE UNIQUE INDEX refunds_pending_key ON refunds (tenant_id, idempotency_key) WHERE status = 'PENDING';
-- Those that have no outcome, of all tenants.
CREATE INDEX refunds_open ON refunds (tenant_id, created_at, id) WHERE finished_at IS NULL;
