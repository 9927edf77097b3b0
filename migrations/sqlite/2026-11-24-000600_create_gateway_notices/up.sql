-- What gateways told by themselves. A row is stored in the transaction of its effect, so that a notice that is sent again
-- has none.
CREATE TABLE gateway_notices (
    tenant_id BLOB NOT NULL,
    gateway TEXT NOT NULL CHECK (gateway IN ('TEST', 'STRIPE')),
    -- The gateway's own id of it.
    notice_id TEXT NOT NULL CHECK (notice_id <> ''),
    -- The gateway's own word for what happened.
    notice_type TEXT NOT NULL CHECK (notice_type <> ''),
    attempt_id BLOB NOT NULL,
    received_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, gateway, notice_id),
    FOREIGN KEY (tenant_id, attempt_id) REFERENCES payment_attempts (tenant_id, id)
) STRICT;

CREATE INDEX gateway_notices_attempt ON gateway_notices (tenant_id, attempt_id);
