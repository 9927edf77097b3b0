-- What gateways told by themselves. A row is stored in the transaction of its effect, so that a notice that is sent again
-- has none.
CREATE TABLE gateway_notices (
    tenant_id UUID NOT NULL,
    gateway TEXT COLLATE "C" NOT NULL CHECK (gateway IN ('TEST', 'STRIPE')),
    -- The gateway's own id of it.
    notice_id TEXT COLLATE "C" NOT NULL CHECK (notice_id <> ''),
    -- The gateway's own word for what happened.
    notice_type TEXT COLLATE "C" NOT NULL CHECK (notice_type <> ''),
    attempt_id UUID NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, gateway, notice_id),
    FOREIGN KEY (tenant_id, attempt_id) REFERENCES payment_attempts (tenant_id, id)
);

CREATE INDEX gateway_notices_attempt ON gateway_notices (tenant_id, attempt_id);
