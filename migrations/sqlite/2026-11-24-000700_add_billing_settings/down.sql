DROP TABLE tax_rates;
DROP INDEX customers_country;
ALTER TABLE customers DROP COLUMN country;
ALTER TABLE payment_attempts DROP COLUMN reserved_until;
ALTER TABLE tenants DROP COLUMN clock;
