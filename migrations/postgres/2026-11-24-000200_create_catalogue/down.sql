DROP TABLE entitlements;
DROP TABLE features;
