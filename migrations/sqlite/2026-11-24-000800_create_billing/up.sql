-- The exact moment at which something of a subscription is billed, or ends, next; and when the run looks at it. They
-- differ where it was set aside. Nothing of a subscription that does not run falls due.
ALTER TABLE subscriptions ADD COLUMN next_billing_at TEXT;
ALTER TABLE subscriptions ADD COLUMN due_at TEXT;
-- Usage before this moment is billed, and takes nothing more.
ALTER TABLE subscriptions ADD COLUMN usage_billed_until TEXT;
-- Since when a device should have come back.
ALTER TABLE subscriptions ADD COLUMN return_overdue_since TEXT;
-- Who gets one invoice for all that falls due on a day: a billing group, or a parent customer.
ALTER TABLE subscriptions ADD COLUMN consolidated_by BLOB;
CREATE INDEX subscriptions_due ON subscriptions (tenant_id, due_at, id) WHERE due_at IS NOT NULL;
-- The groups of which something is due, and what is due of one.
CREATE INDEX subscriptions_due_together ON subscriptions (tenant_id, consolidated_by, due_at)
    WHERE consolidated_by IS NOT NULL AND due_at IS NOT NULL;
CREATE INDEX subscriptions_return_overdue ON subscriptions (tenant_id, return_overdue_since, id)
    WHERE return_overdue_since IS NOT NULL;

-- SQLite adds no foreign key to a table: it is made anew.
CREATE TABLE new_scheduled_payments (
    tenant_id BLOB NOT NULL,
    subscription_id BLOB NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    due_date TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    status TEXT NOT NULL CHECK (status IN
        ('SCHEDULED', 'INVOICED', 'PAID', 'FAILED', 'CANCELLED', 'SETTLED_ELSEWHERE')),
    invoice_id BLOB,
    PRIMARY KEY (tenant_id, subscription_id, sequence),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id),
    CONSTRAINT invoiced_means_on_an_invoice CHECK (
        CASE WHEN status IN ('INVOICED', 'PAID', 'FAILED') THEN invoice_id IS NOT NULL ELSE invoice_id IS NULL END
    )
) STRICT;
INSERT INTO new_scheduled_payments
    SELECT tenant_id, subscription_id, sequence, due_date, currency, amount, status, NULL FROM scheduled_payments;
DROP TABLE scheduled_payments;
ALTER TABLE new_scheduled_payments RENAME TO scheduled_payments;
CREATE INDEX scheduled_payments_due ON scheduled_payments (tenant_id, due_date) WHERE status = 'SCHEDULED';
CREATE INDEX scheduled_payments_invoice ON scheduled_payments (tenant_id, invoice_id);

-- What was billed of what: [period_start, period_end) of an item, an add-on, or a rental. Each row but the first of its
-- source begins where an earlier one ends, and none has two successors: so no two can overlap, and the database needs no
-- more than its unique indexes to see to that.
CREATE TABLE billed_periods (
    tenant_id BLOB NOT NULL,
    subscription_id BLOB NOT NULL,
    source_id BLOB NOT NULL,
    period_start TEXT NOT NULL,
    period_end TEXT NOT NULL,
    -- The end of the period before; none for the first.
    previous_end TEXT,
    invoice_id BLOB NOT NULL,
    PRIMARY KEY (tenant_id, source_id, period_end),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id),
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES invoices (tenant_id, id),
    FOREIGN KEY (tenant_id, source_id, previous_end) REFERENCES billed_periods (tenant_id, source_id, period_end),
    CONSTRAINT a_billed_stretch_is_half_open CHECK (period_start < period_end),
    CONSTRAINT after_the_one_before CHECK (previous_end <= period_start)
) STRICT;

CREATE UNIQUE INDEX billed_periods_one_successor ON billed_periods (tenant_id, source_id, previous_end);
CREATE UNIQUE INDEX billed_periods_one_first ON billed_periods (tenant_id, source_id) WHERE previous_end IS NULL;
CREATE INDEX billed_periods_subscription ON billed_periods (tenant_id, subscription_id);
CREATE INDEX billed_periods_invoice ON billed_periods (tenant_id, invoice_id);

-- Subscriptions that could not be billed, and why: they are tried again, and hold up nobody else.
CREATE TABLE billing_holds (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    subscription_id BLOB NOT NULL,
    code TEXT NOT NULL CHECK (code <> ''),
    message TEXT NOT NULL CHECK (message <> ''),
    attempts INTEGER NOT NULL CHECK (attempts > 0),
    since TEXT NOT NULL,
    retry_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, subscription_id),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id)
) STRICT;

CREATE INDEX billing_holds_code ON billing_holds (tenant_id, code, id);
CREATE INDEX billing_holds_since ON billing_holds (tenant_id, since, id);
CREATE INDEX billing_holds_retry_at ON billing_holds (tenant_id, retry_at, id);
