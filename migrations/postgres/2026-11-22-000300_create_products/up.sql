CREATE TABLE products (
    tenant_id UUID NOT NULL REFERENCES tenants,
    id UUID NOT NULL,
    sku TEXT COLLATE "C" NOT NULL CHECK (sku <> ''),
    name TEXT COLLATE "C" NOT NULL CHECK (name <> ''),
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('ACTIVE', 'INACTIVE')),
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    list_price BIGINT CHECK (list_price >= 0),
    metadata JSONB NOT NULL,
    version INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, sku),
    -- Order items and assets carry the SKU beside the product; this keeps the two together.
    UNIQUE (tenant_id, id, sku)
);

CREATE INDEX products_name ON products (tenant_id, name, id);
CREATE INDEX products_status ON products (tenant_id, status, id);
CREATE INDEX products_created_at ON products (tenant_id, created_at, id);
CREATE INDEX products_updated_at ON products (tenant_id, updated_at, id);

CREATE TABLE rental_prices (
    tenant_id UUID NOT NULL,
    product_id UUID NOT NULL,
    contract_length INTEGER NOT NULL CHECK (contract_length BETWEEN 1 AND 120),
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    monthly_price BIGINT NOT NULL CHECK (monthly_price >= 0),
    PRIMARY KEY (tenant_id, product_id, contract_length, currency),
    FOREIGN KEY (tenant_id, product_id) REFERENCES products (tenant_id, id)
);
