DROP INDEX customers_archived_at;
ALTER TABLE customers DROP COLUMN archived_at;
ALTER TABLE tenants DROP COLUMN percentage_base;
ALTER TABLE tenants DROP COLUMN discount_order;
ALTER TABLE tenants DROP COLUMN multiple_discounts_allowed;
ALTER TABLE tenants DROP COLUMN tax_rate;
ALTER TABLE tenants DROP COLUMN amounts_include_tax;
ALTER TABLE tenants DROP COLUMN mode;
