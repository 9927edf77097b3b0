-- When a key stops opening anything by itself; and whether it takes registered documents only.
ALTER TABLE api_keys ADD COLUMN expires_at TIMESTAMPTZ;
ALTER TABLE api_keys ADD COLUMN trusted_documents_only BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX api_keys_scope ON api_keys (tenant_id, scope, id);
CREATE INDEX api_keys_created_at ON api_keys (tenant_id, created_at, id);

-- Which key took whose place. A key is replaced once: of two rotations at the same time one is refused.
CREATE TABLE api_key_rotations (
    tenant_id UUID NOT NULL,
    api_key_id UUID NOT NULL,
    replaced_by_id UUID NOT NULL,
    rotated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, api_key_id),
    UNIQUE (tenant_id, replaced_by_id),
    FOREIGN KEY (tenant_id, api_key_id) REFERENCES api_keys (tenant_id, id),
    FOREIGN KEY (tenant_id, replaced_by_id) REFERENCES api_keys (tenant_id, id),
    CONSTRAINT nothing_replaces_itself CHECK (api_key_id <> replaced_by_id)
);

-- Documents that a tenant registered: they are named by the hash of their text.
CREATE TABLE trusted_documents (
    tenant_id UUID NOT NULL REFERENCES tenants,
    id UUID NOT NULL,
    -- SHA-256 of the text, in lower-case hexadecimal digits.
    sha256 TEXT COLLATE "C" NOT NULL CHECK (length(sha256) = 64),
    text TEXT COLLATE "C" NOT NULL CHECK (text <> ''),
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, sha256)
);

CREATE INDEX trusted_documents_created_at ON trusted_documents (tenant_id, created_at, id);
