DROP TABLE asset_assignments;
DROP TABLE scheduled_payments;
DROP TABLE subscriptions;
DROP TABLE assets;
