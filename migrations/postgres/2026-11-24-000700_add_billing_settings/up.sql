-- The clock of a tenant for trying out: it stands still until it is advanced. Without one, time runs by itself.
ALTER TABLE tenants ADD COLUMN clock TIMESTAMPTZ CHECK (mode = 'TEST' OR clock IS NULL);

-- Until when the request that reserved an attempt may be at work, by the machine's clock. Those that were open before
-- this was kept have died.
ALTER TABLE payment_attempts ADD COLUMN reserved_until TIMESTAMPTZ NOT NULL DEFAULT '1970-01-01T00:00:00Z';
