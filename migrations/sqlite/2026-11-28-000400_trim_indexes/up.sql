-- What nothing looks for costs each fulfilment an entry, or one for each of its payments.
DROP INDEX scheduled_payments_due;
DROP INDEX asset_assignments_subscription;
DROP INDEX asset_assignments_customer;

-- Most rows have none of these. Whoever looks for those that have none finds them by the primary key.
DROP INDEX scheduled_payments_invoice;
CREATE INDEX scheduled_payments_invoice ON scheduled_payments (tenant_id, invoice_id) WHERE invoice_id IS NOT NULL;
DROP INDEX subscriptions_handle;
CREATE UNIQUE INDEX subscriptions_handle ON subscriptions (tenant_id, handle) WHERE handle IS NOT NULL;
DROP INDEX subscriptions_plan;
CREATE INDEX subscriptions_plan ON subscriptions (tenant_id, plan_id, id) WHERE plan_id IS NOT NULL;
DROP INDEX subscriptions_billing_group;
CREATE INDEX subscriptions_billing_group ON subscriptions (tenant_id, billing_group_id, id) WHERE billing_group_id IS NOT NULL;
DROP INDEX subscriptions_parent;
CREATE INDEX subscriptions_parent ON subscriptions (tenant_id, parent_subscription_id, id) WHERE parent_subscription_id IS NOT NULL;
DROP INDEX assets_location;
CREATE INDEX assets_location ON assets (tenant_id, location, id) WHERE location IS NOT NULL;
DROP INDEX orders_billing_group;
CREATE INDEX orders_billing_group ON orders (tenant_id, billing_group_id, id) WHERE billing_group_id IS NOT NULL;
DROP INDEX customers_parent;
CREATE INDEX customers_parent ON customers (tenant_id, parent_customer_id, id) WHERE parent_customer_id IS NOT NULL;
DROP INDEX customers_archived_at;
CREATE INDEX customers_archived_at ON customers (tenant_id, archived_at, id) WHERE archived_at IS NOT NULL;
DROP INDEX customers_country;
CREATE INDEX customers_country ON customers (tenant_id, country, id) WHERE country IS NOT NULL;
