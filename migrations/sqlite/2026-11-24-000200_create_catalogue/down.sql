DROP TABLE coupon_redemptions;
DROP TABLE coupons;
DROP TABLE discounts;
DROP TABLE entitlements;
DROP TABLE add_ons;
DROP TABLE features;
