DROP TABLE rental_prices;
DROP TABLE products;
