SELECT id, serial_number, sku, status, location, created_at FROM assets
WHERE tenant_id = :tenant AND sku = :sku AND status = :status AND id < :after ORDER BY id DESC LIMIT 101;
