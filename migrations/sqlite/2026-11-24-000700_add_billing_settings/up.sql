-- The clock of a tenant for trying out: it stands still until it is advanced. Without one, time runs by itself.
ALTER TABLE tenants ADD COLUMN clock TEXT CHECK (mode = 'TEST' OR clock IS NULL);

-- Until when the request that reserved an attempt may be at work, by the machine's clock. Those that were open before
-- this was kept have died.
ALTER TABLE payment_attempts ADD COLUMN reserved_until TEXT NOT NULL DEFAULT '1970-01-01T00:00:00.000000Z';

-- Of ISO 3166-1, for tax.
ALTER TABLE customers ADD COLUMN country TEXT CHECK (length(country) = 2);
CREATE INDEX customers_country ON customers (tenant_id, country, id);

-- What is charged as tax in a country, from a day on until another rate of the same country begins.
CREATE TABLE tax_rates (
    tenant_id BLOB NOT NULL REFERENCES tenants,
    id BLOB NOT NULL,
    country TEXT NOT NULL CHECK (length(country) = 2),
    name TEXT NOT NULL CHECK (name <> ''),
    -- A fraction: 0.25 is 25 %.
    rate TEXT NOT NULL CHECK (CAST(rate AS NUMERIC) BETWEEN 0 AND 1),
    valid_from TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE UNIQUE INDEX tax_rates_country ON tax_rates (tenant_id, country, valid_from);
CREATE INDEX tax_rates_valid_from ON tax_rates (tenant_id, valid_from, id);
CREATE INDEX tax_rates_created_at ON tax_rates (tenant_id, created_at, id);

-- What follows when an invoice is not paid: the days between the steps, what becomes of the subscription in the end, and
-- for how long nothing happens at first.
ALTER TABLE tenants ADD COLUMN dunning_schedule TEXT NOT NULL DEFAULT '[3,5,7]';
ALTER TABLE tenants ADD COLUMN dunning_final_action TEXT NOT NULL DEFAULT 'NONE'
    CHECK (dunning_final_action IN ('END', 'PAUSE', 'NONE'));
ALTER TABLE tenants ADD COLUMN dunning_grace_seconds INTEGER NOT NULL DEFAULT 0 CHECK (dunning_grace_seconds >= 0);
ALTER TABLE tenants ADD COLUMN no_grace_on_hard_decline INTEGER NOT NULL DEFAULT 1
    CHECK (no_grace_on_hard_decline IN (0, 1));
-- How long usage that comes late is waited for.
ALTER TABLE tenants ADD COLUMN usage_grace_seconds INTEGER NOT NULL DEFAULT 0
    CHECK (usage_grace_seconds BETWEEN 0 AND 604800);
-- Whether rentals go on by the month after their contract.
ALTER TABLE tenants ADD COLUMN month_to_month INTEGER NOT NULL DEFAULT 0 CHECK (month_to_month IN (0, 1));
ALTER TABLE tenants ADD COLUMN default_payment_terms TEXT
    CHECK (default_payment_terms IN
    ('NET_15', 'NET_30', 'NET_45', 'NET_60', 'NET_75', 'NET_90'));
