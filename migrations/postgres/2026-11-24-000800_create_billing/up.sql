-- The exact moment at which something of a subscription is billed, or ends, next; and when the run looks at it. They
-- differ where it was set aside. Nothing of a subscription that does not run falls due.
ALTER TABLE subscriptions ADD COLUMN next_billing_at TIMESTAMPTZ;
ALTER TABLE subscriptions ADD COLUMN due_at TIMESTAMPTZ;
-- Usage before this moment is billed, and takes nothing more.
ALTER TABLE subscriptions ADD COLUMN usage_billed_until TIMESTAMPTZ;
-- Since when a device should have come back.
ALTER TABLE subscriptions ADD COLUMN return_overdue_since TIMESTAMPTZ;
-- Who gets one invoice for all that falls due on a day: a billing group, or a parent customer.
ALTER TABLE subscriptions ADD COLUMN consolidated_by UUID;
CREATE INDEX subscriptions_due ON subscriptions (tenant_id, due_at, id) WHERE due_at IS NOT NULL;
-- The groups of which something is due, and what is due of one.
CREATE INDEX subscriptions_due_together ON subscriptions (tenant_id, consolidated_by, due_at)
    WHERE consolidated_by IS NOT NULL AND due_at IS NOT NULL;
CREATE INDEX subscriptions_return_overdue ON subscriptions (tenant_id, return_overdue_since, id)
    WHERE return_overdue_since IS NOT NULL;

ALTER TABLE scheduled_payments ADD COLUMN invoice_id UUID;
ALTER TABLE scheduled_payments ADD FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id);
ALTER TABLE scheduled_payments ADD CONSTRAINT invoiced_means_on_an_invoice CHECK (
    CASE WHEN status IN ('INVOICED', 'PAID', 'FAILED') THEN invoice_id IS NOT NULL ELSE invoice_id IS NULL END
);
CREATE INDEX scheduled_payments_invoice ON scheduled_payments (tenant_id, invoice_id);

-- What was billed of what: [period_start, period_end) of an item, an add-on, or a rental. Each row but the first of its
-- source begins where an earlier one ends, and none has two successors: so no two can overlap, and the database needs no
-- more than its unique indexes to see to that.
CREATE TABLE billed_periods (
    tenant_id UUID NOT NULL,
    subscription_id UUID NOT NULL,
    source_id UUID NOT NULL,
    period_start TIMESTAMPTZ NOT NULL,
    period_end TIMESTAMPTZ NOT NULL,
    -- The end of the period before; none for the first.
    previous_end TIMESTAMPTZ,
    invoice_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, source_id, period_end),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id),
    FOREIGN KEY (tenant_id, source_id, previous_end) REFERENCES billed_periods (tenant_id, source_id, period_end),
    CONSTRAINT a_billed_stretch_is_half_open CHECK (period_start < period_end),
    CONSTRAINT after_the_one_before CHECK (previous_end <= period_start)
);

CREATE UNIQUE INDEX billed_periods_one_successor ON billed_periods (tenant_id, source_id, previous_end);
CREATE UNIQUE INDEX billed_periods_one_first ON billed_periods (tenant_id, source_id) WHERE previous_end IS NULL;
CREATE INDEX billed_periods_subscription ON billed_periods (tenant_id, subscription_id);
CREATE INDEX billed_periods_invoice ON billed_periods (tenant_id, invoice_id);

-- Subscriptions that could not be billed, and why: they are tried again, and hold up nobody else.
CREATE TABLE billing_holds (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    subscription_id UUID NOT NULL,
    code TEXT COLLATE "C" NOT NULL CHECK (code <> ''),
    message TEXT COLLATE "C" NOT NULL CHECK (message <> ''),
    attempts INTEGER NOT NULL CHECK (attempts > 0),
    since TIMESTAMPTZ NOT NULL,
    retry_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, subscription_id),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id)
);

CREATE INDEX billing_holds_code ON billing_holds (tenant_id, code, id);
CREATE INDEX billing_holds_since ON billing_holds (tenant_id, since, id);
CREATE INDEX billing_holds_retry_at ON billing_holds (tenant_id, retry_at, id);
