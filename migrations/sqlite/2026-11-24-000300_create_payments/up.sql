CREATE TABLE payment_methods (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('ACTIVE', 'INACTIVE', 'FAILED')),
    -- What the gateway knows it by.
    gateway_reference TEXT NOT NULL CHECK (gateway_reference <> ''),
    label TEXT NOT NULL CHECK (label <> ''),
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id)
) STRICT;

CREATE INDEX payment_methods_customer ON payment_methods (tenant_id, customer_id, id);

-- What a checkout page gets from the gateway for a card: for one use.
CREATE TABLE payment_tokens (
    tenant_id BLOB NOT NULL REFERENCES tenants,
    id BLOB NOT NULL,
    customer_id BLOB,
    gateway_reference TEXT NOT NULL CHECK (gateway_reference <> ''),
    label TEXT NOT NULL CHECK (label <> ''),
    expires_at TEXT NOT NULL,
    used_at TEXT,
    -- The attempt for which a request that is being processed holds it, and until when.
    reserved_by BLOB,
    reserved_until TEXT,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customers (tenant_id, id),
    FOREIGN KEY (tenant_id, reserved_by, id) REFERENCES payment_attempts (tenant_id, id, payment_token_id),
    CONSTRAINT a_token_lives_for_a_time CHECK (created_at < expires_at),
    CONSTRAINT a_hold_has_an_end CHECK ((reserved_by IS NULL) = (reserved_until IS NULL)),
    CONSTRAINT a_used_token_is_not_held CHECK (used_at IS NULL OR reserved_by IS NULL)
) STRICT;

-- The log of what was asked of the gateway. It outlives what is taken back when a payment fails, such as a subscription
-- and its customer, and so has no foreign keys to them.
CREATE TABLE payment_attempts (
    tenant_id BLOB NOT NULL REFERENCES tenants,
    id BLOB NOT NULL,
    -- What is to be created with the money, or the invoice that it pays.
    subscription_id BLOB,
    invoice_id BLOB,
    customer_id BLOB NOT NULL,
    payment_method_id BLOB,
    payment_token_id BLOB,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount INTEGER NOT NULL CHECK (amount > 0),
    idempotency_key TEXT CHECK (idempotency_key <> ''),
    status TEXT NOT NULL CHECK (status IN
        ('RESERVED', 'SUCCEEDED', 'DECLINED', 'FAILED', 'REVERSING', 'REVERSED')),
    error_state TEXT CHECK (error_state IN ('SOFT_DECLINED', 'HARD_DECLINED', 'PROCESSING_ERROR')),
    error_code TEXT CHECK (error_code <> ''),
    -- What the gateway calls the charge.
    gateway_reference TEXT CHECK (gateway_reference <> ''),
    created_at TEXT NOT NULL,
    finished_at TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, payment_method_id) REFERENCES payment_methods (tenant_id, id),
    FOREIGN KEY (tenant_id, payment_token_id) REFERENCES payment_tokens (tenant_id, id),
    CONSTRAINT an_attempt_is_for_something CHECK (subscription_id IS NOT NULL OR invoice_id IS NOT NULL),
    CONSTRAINT an_attempt_has_one_source CHECK ((payment_method_id IS NULL) <> (payment_token_id IS NULL)),
    CONSTRAINT an_attempt_is_finished_with_its_outcome CHECK (
        (status IN ('RESERVED', 'REVERSING')) = (finished_at IS NULL)
    ),
    CONSTRAINT an_error_is_what_the_status_says CHECK (
        CASE status
            WHEN 'DECLINED' THEN error_state IS NOT NULL AND error_state <> 'PROCESSING_ERROR'
            WHEN 'FAILED' THEN error_state IS NOT NULL AND error_state = 'PROCESSING_ERROR'
            ELSE error_state IS NULL
        END
    ),
    CONSTRAINT an_error_has_a_code CHECK ((error_state IS NULL) = (error_code IS NULL))
) STRICT;

-- A token names the attempt that holds it, and that attempt must be by this token.
CREATE UNIQUE INDEX payment_attempts_holds_token ON payment_attempts (tenant_id, id, payment_token_id);
-- One attempt at a time under an idempotency key.
CREATE UNIQUE INDEX payment_attempts_reserved_key ON payment_attempts (tenant_id, idempotency_key)
    WHERE status = 'RESERVED';
-- One attempt at a time for an invoice.
CREATE UNIQUE INDEX payment_attempts_reserved_invoice ON payment_attempts (tenant_id, invoice_id)
    WHERE status IN ('RESERVED', 'REVERSING');
CREATE INDEX payment_attempts_invoice ON payment_attempts (tenant_id, invoice_id, id);
-- Those that have no outcome, of all tenants: whoever takes back what died looks for them again and again.
CREATE INDEX payment_attempts_open ON payment_attempts (tenant_id, created_at, id) WHERE finished_at IS NULL;
CREATE INDEX payment_attempts_status ON payment_attempts (tenant_id, status, id);
CREATE INDEX payment_attempts_subscription ON payment_attempts (tenant_id, subscription_id, id);
CREATE INDEX payment_attempts_customer ON payment_attempts (tenant_id, customer_id, id);
CREATE INDEX payment_attempts_created_at ON payment_attempts (tenant_id, created_at, id);
