DROP TABLE billing_groups;
DROP TABLE customer_revenues;
DROP TABLE customers;
