\startpipeline
SELECT id, name, email FROM customers WHERE tenant_id = :tenant AND id < :after ORDER BY id DESC LIMIT 51;
SELECT s.customer_id, s.id, s.status, s.start_date, s.monthly_amount, s.currency, p.id, p.code, p.name
FROM (SELECT id FROM customers WHERE tenant_id = :tenant AND id < :after ORDER BY id DESC LIMIT 51) c,
LATERAL (SELECT * FROM subscriptions WHERE tenant_id = :tenant AND customer_id = c.id ORDER BY id DESC LIMIT 6) s
LEFT JOIN plans p ON p.tenant_id = :tenant AND p.id = s.plan_id;
\endpipeline
