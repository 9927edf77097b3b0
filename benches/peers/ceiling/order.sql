\startpipeline
SELECT o.id, o.number, o.status, o.currency, o.total_devices, o.rented_devices, o.created_at, c.id, c.name, c.email
FROM orders o JOIN customers c ON c.tenant_id = :tenant AND c.id = o.customer_id
WHERE o.tenant_id = :tenant AND o.id = :id;
SELECT i.id, i.sku, i.quantity, i.fulfilled_quantity, i.contract_length, i.unit_price, i.currency, p.id, p.name
FROM order_items i JOIN products p ON p.tenant_id = :tenant AND p.id = i.product_id
WHERE i.tenant_id = :tenant AND i.order_id = :id ORDER BY i.position;
SELECT s.id, s.status, s.start_date, s.end_date, s.monthly_amount, s.currency, a.id, a.serial_number, a.status
FROM (SELECT * FROM subscriptions WHERE tenant_id = :tenant AND order_id = :id ORDER BY id DESC LIMIT 21) s
LEFT JOIN assets a ON a.tenant_id = :tenant AND a.id = s.asset_id
ORDER BY s.id DESC;
\endpipeline
