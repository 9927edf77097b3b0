CREATE TABLE products (
    tenant_id BLOB NOT NULL REFERENCES tenants,
    id BLOB NOT NULL,
    sku TEXT NOT NULL CHECK (sku <> ''),
    name TEXT NOT NULL CHECK (name <> ''),
    status TEXT NOT NULL CHECK (status IN ('ACTIVE', 'INACTIVE')),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    list_price INTEGER CHECK (list_price >= 0),
    metadata TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, sku),
    -- Order items and assets carry the SKU beside the product; this keeps the two together.
    UNIQUE (tenant_id, id, sku)
) STRICT;

CREATE INDEX products_name ON products (tenant_id, name, id);
CREATE INDEX products_status ON products (tenant_id, status, id);
CREATE INDEX products_created_at ON products (tenant_id, created_at, id);
CREATE INDEX products_updated_at ON products (tenant_id, updated_at, id);

CREATE TABLE rental_prices (
    tenant_id BLOB NOT NULL,
    product_id BLOB NOT NULL,
    contract_length INTEGER NOT NULL CHECK (contract_length BETWEEN 1 AND 120),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    monthly_price INTEGER NOT NULL CHECK (monthly_price >= 0),
    PRIMARY KEY (tenant_id, product_id, contract_length, currency),
    FOREIGN KEY (tenant_id, product_id) REFERENCES products (tenant_id, id)
) STRICT;
