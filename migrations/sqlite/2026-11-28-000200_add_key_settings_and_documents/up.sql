-- When a key stops opening anything by itself; and whether it takes registered documents only.
ALTER TABLE api_keys ADD COLUMN expires_at TEXT;
ALTER TABLE api_keys ADD COLUMN trusted_documents_only INTEGER NOT NULL DEFAULT 0 CHECK (trusted_documents_only IN (0, 1));
CREATE INDEX api_keys_scope ON api_keys (tenant_id, scope, id);
CREATE INDEX api_keys_created_at ON api_keys (tenant_id, created_at, id);

-- Which key took whose place. A key is replaced once: of two rotations at the same time one is refused.
CREATE TABLE api_key_rotations (
    tenant_id BLOB NOT NULL,
    api_key_id BLOB NOT NULL,
    replaced_by_id BLOB NOT NULL,
    rotated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, api_key_id),
    UNIQUE (tenant_id, replaced_by_id),
    FOREIGN KEY (tenant_id, api_key_id) REFERENCES api_keys (tenant_id, id),
    FOREIGN KEY (tenant_id, replaced_by_id) REFERENCES api_keys (tenant_id, id),
    CONSTRAINT nothing_replaces_itself CHECK (api_key_id <> replaced_by_id)
) STRICT;

-- Documents that a tenant registered: they are named by the hash of their text.
CREATE TABLE trusted_documents (
    tenant_id BLOB NOT NULL REFERENCES tenants,
    id BLOB NOT NULL,
    -- SHA-256 of the text, in lower-case hexadecimal digits.
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    text TEXT NOT NULL CHECK (text <> ''),
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, sha256)
) STRICT;

CREATE INDEX trusted_documents_created_at ON trusted_documents (tenant_id, created_at, id);
