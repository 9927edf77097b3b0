DROP TABLE asset_assignments;
DROP TABLE scheduled_payments;
ALTER TABLE assets DROP CONSTRAINT assets_subscription_fkey;
DROP TABLE subscriptions;
DROP TABLE assets;
