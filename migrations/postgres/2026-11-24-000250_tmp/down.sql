DROP TABLE add_ons;
