DROP TABLE billing_holds;
DROP TABLE billed_periods;
DROP INDEX scheduled_payments_invoice;
CREATE TABLE old_scheduled_payments (
    tenant_id BLOB NOT NULL,
    subscription_id BLOB NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    due_date TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    status TEXT NOT NULL CHECK (status IN
        ('SCHEDULED', 'INVOICED', 'PAID', 'FAILED', 'CANCELLED', 'SETTLED_ELSEWHERE')),
    PRIMARY KEY (tenant_id, subscription_id, sequence),
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES subscriptions (tenant_id, id)
) STRICT;
INSERT INTO old_scheduled_payments
    SELECT tenant_id, subscription_id, sequence, due_date, currency, amount, status FROM scheduled_payments;
DROP TABLE scheduled_payments;
ALTER TABLE old_scheduled_payments RENAME TO scheduled_payments;
CREATE INDEX scheduled_payments_due ON scheduled_payments (tenant_id, due_date) WHERE status = 'SCHEDULED';
DROP INDEX subscriptions_return_overdue;
DROP INDEX subscriptions_due_together;
DROP INDEX subscriptions_due;
ALTER TABLE subscriptions DROP COLUMN consolidated_by;
ALTER TABLE subscriptions DROP COLUMN return_overdue_since;
ALTER TABLE subscriptions DROP COLUMN usage_billed_until;
ALTER TABLE subscriptions DROP COLUMN due_at;
ALTER TABLE subscriptions DROP COLUMN next_billing_at;
