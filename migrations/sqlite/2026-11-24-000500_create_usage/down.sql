ALTER TABLE invoice_lines DROP COLUMN factor;
ALTER TABLE invoice_lines DROP COLUMN base_amount;
DROP TABLE usage_events;
DROP TABLE meters;
