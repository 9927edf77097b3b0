-- What a tenant has decided about amounts, tax and discounts, and whether anything in it is real.
ALTER TABLE tenants ADD COLUMN mode TEXT NOT NULL DEFAULT 'LIVE' CHECK (mode IN ('LIVE', 'TEST'));
ALTER TABLE tenants ADD COLUMN amounts_include_tax INTEGER NOT NULL DEFAULT 0 CHECK (amounts_include_tax IN (0, 1));
-- A fraction: 0.25 is 25 %.
ALTER TABLE tenants ADD COLUMN tax_rate TEXT NOT NULL DEFAULT '0' CHECK (CAST(tax_rate AS NUMERIC) BETWEEN 0 AND 1);
ALTER TABLE tenants ADD COLUMN multiple_discounts_allowed INTEGER NOT NULL DEFAULT 1
    CHECK (multiple_discounts_allowed IN (0, 1));
ALTER TABLE tenants ADD COLUMN discount_order TEXT NOT NULL DEFAULT 'PERCENTAGE_FIRST'
    CHECK (discount_order IN ('PERCENTAGE_FIRST', 'AMOUNT_FIRST'));
ALTER TABLE tenants ADD COLUMN percentage_base TEXT NOT NULL DEFAULT 'FULL'
    CHECK (percentage_base IN ('FULL', 'COMPOUND'));

-- Since when nothing new begins for a customer.
ALTER TABLE customers ADD COLUMN archived_at TEXT;
CREATE INDEX customers_archived_at ON customers (tenant_id, archived_at, id);
