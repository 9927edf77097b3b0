-- Money that came in for an invoice: by a charge, or noted by hand.
CREATE TABLE payments (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    invoice_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('CARD', 'BANK_TRANSFER', 'CASH', 'OTHER')),
    -- The charge that brought it. One charge may pay several invoices that were made together.
    attempt_id UUID,
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    amount BIGINT NOT NULL CHECK (amount > 0),
    -- What went back of it, or is on its way.
    amount_refunded BIGINT NOT NULL,
    reference TEXT COLLATE "C" CHECK (reference <> ''),
    notes TEXT COLLATE "C" CHECK (notes <> ''),
    received_at TIMESTAMPTZ NOT NULL,
    -- The key by which it was noted.
    recorded_by UUID,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, attempt_id, invoice_id),
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    FOREIGN KEY (tenant_id, attempt_id) REFERENCES payment_attempts (tenant_id, id),
    FOREIGN KEY (tenant_id, recorded_by) REFERENCES api_keys (tenant_id, id),
    CONSTRAINT a_card_is_charged CHECK ((kind = 'CARD') = (attempt_id IS NOT NULL)),
    CONSTRAINT what_is_charged_is_not_noted CHECK ((attempt_id IS NULL) = (recorded_by IS NOT NULL)),
    CONSTRAINT no_more_goes_back_than_came_in CHECK (amount_refunded BETWEEN 0 AND amount)
);

CREATE INDEX payments_invoice ON payments (tenant_id, invoice_id, id);
CREATE INDEX payments_customer ON payments (tenant_id, customer_id, id);
CREATE INDEX payments_kind ON payments (tenant_id, kind, id);
CREATE INDEX payments_received_at ON payments (tenant_id, received_at, id);
CREATE INDEX payments_created_at ON payments (tenant_id, created_at, id);

-- Money of a payment that goes back. What was charged goes back by the gateway.
CREATE TABLE refunds (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    payment_id UUID NOT NULL,
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    amount BIGINT NOT NULL CHECK (amount > 0),
    reason TEXT COLLATE "C" CHECK (reason <> ''),
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('PENDING', 'SUCCEEDED', 'FAILED')),
    error_code TEXT COLLATE "C" CHECK (error_code <> ''),
    idempotency_key TEXT COLLATE "C" CHECK (idempotency_key <> ''),
    created_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    -- Until when the request that reserved it may be at work, by the machine's clock.
    reserved_until TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, payment_id) REFERENCES payments (tenant_id, id),
    CONSTRAINT a_refund_is_finished_with_its_outcome CHECK ((status = 'PENDING') = (finished_at IS NULL)),
    CONSTRAINT a_failed_refund_has_a_code CHECK ((status = 'FAILED') = (error_code IS NOT NULL))
);

CREATE INDEX refunds_payment ON refunds (tenant_id, payment_id, id);
CREATE UNIQUE INDEX refunds_pending_key ON refunds (tenant_id, idempotency_key) WHERE status = 'PENDING';
-- Those that have no outcome, of all tenants.
CREATE INDEX refunds_open ON refunds (tenant_id, created_at, id) WHERE finished_at IS NULL;
