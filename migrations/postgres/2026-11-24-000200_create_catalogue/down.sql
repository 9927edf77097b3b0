DROP TABLE coupon_redemptions;
DROP TABLE coupons;
DROP TABLE discounts;
DROP TABLE entitlements;
DROP TABLE add_ons;
ALTER TABLE prices DROP CONSTRAINT prices_feature_fkey;
DROP TABLE features;
