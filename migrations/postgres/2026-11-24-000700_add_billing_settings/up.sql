-- The clock of a tenant for trying out: it stands still until it is advanced. Without one, time runs by itself.
ALTER TABLE tenants ADD COLUMN clock TIMESTAMPTZ CHECK (mode = 'TEST' OR clock IS NULL);

-- Until when the request that reserved an attempt may be at work, by the machine's clock. Those that were open before
-- this was kept have died.
ALTER TABLE payment_attempts ADD COLUMN reserved_until TIMESTAMPTZ NOT NULL DEFAULT '1970-01-01T00:00:00Z';

-- Of ISO 3166-1, for tax.
ALTER TABLE customers ADD COLUMN country TEXT COLLATE "C" CHECK (length(country) = 2);
CREATE INDEX customers_country ON customers (tenant_id, country, id);

-- What is charged as tax in a country, from a day on until another rate of the same country begins.
CREATE TABLE tax_rates (
    tenant_id UUID NOT NULL REFERENCES tenants,
    id UUID NOT NULL,
    country TEXT COLLATE "C" NOT NULL CHECK (length(country) = 2),
    name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    -- A fraction: 0.25 is 25 %.
    rate NUMERIC NOT NULL CHECK (rate BETWEEN 0 AND 1),
    valid_from DATE NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE UNIQUE INDEX tax_rates_country ON tax_rates (tenant_id, country, valid_from);
CREATE INDEX tax_rates_valid_from ON tax_rates (tenant_id, valid_from, id);
CREATE INDEX tax_rates_created_at ON tax_rates (tenant_id, created_at, id);
