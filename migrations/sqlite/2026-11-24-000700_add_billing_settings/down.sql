ALTER TABLE payment_attempts DROP COLUMN reserved_until;
ALTER TABLE tenants DROP COLUMN clock;
