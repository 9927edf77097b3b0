-- What a page of orders needs, in one round trip: three statements, which join what is one to one.
\startpipeline
SELECT o.id, o.number, o.status, o.currency, o.total_devices, o.rented_devices, o.created_at, c.id, c.name, c.email
FROM (SELECT * FROM orders WHERE tenant_id = :tenant AND id < :after ORDER BY id DESC LIMIT 51) o
JOIN customers c ON c.tenant_id = :tenant AND c.id = o.customer_id
ORDER BY o.id DESC;
SELECT i.order_id, i.id, i.sku, i.quantity, i.fulfilled_quantity, i.contract_length, i.unit_price, i.currency, p.id, p.name
FROM (SELECT id FROM orders WHERE tenant_id = :tenant AND id < :after ORDER BY id DESC LIMIT 51) o
JOIN order_items i ON i.tenant_id = :tenant AND i.order_id = o.id
JOIN products p ON p.tenant_id = :tenant AND p.id = i.product_id;
SELECT s.order_id, s.id, s.status, s.start_date, s.end_date, s.monthly_amount, s.currency, a.id, a.serial_number, a.status
FROM (SELECT id FROM orders WHERE tenant_id = :tenant AND id < :after ORDER BY id DESC LIMIT 51) o,
LATERAL (SELECT * FROM subscriptions WHERE tenant_id = :tenant AND order_id = o.id ORDER BY id DESC LIMIT 21) s
LEFT JOIN assets a ON a.tenant_id = :tenant AND a.id = s.asset_id;
\endpipeline
