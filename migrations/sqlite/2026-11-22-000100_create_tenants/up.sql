-- A tenant is one company. Its id leads every key of every table, so that no row can point at another tenant's and
-- the tables can be sharded by tenant as they stand.
CREATE TABLE tenants (
    tenant_id BLOB NOT NULL PRIMARY KEY,
    name TEXT NOT NULL CHECK (name <> ''),
    billing_start TEXT NOT NULL CHECK (billing_start IN ('IMMEDIATE', 'FIRST_OF_NEXT_MONTH', 'SAME_DAY_NEXT_MONTH')),
    timezone TEXT NOT NULL,
    default_currency TEXT NOT NULL CHECK (length(default_currency) = 3),
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE api_keys (
    tenant_id BLOB NOT NULL REFERENCES tenants,
    id BLOB NOT NULL,
    name TEXT NOT NULL CHECK (name <> ''),
    scope TEXT NOT NULL CHECK (scope IN ('READ', 'WRITE', 'ADMIN')),
    -- SHA-256 of the secret. The secret itself has 256 random bits, so that a slow hash would add nothing.
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    created_at TEXT NOT NULL,
    last_used_at TEXT,
    revoked_at TEXT,
    PRIMARY KEY (tenant_id, id)
) STRICT;

-- The one look-up that does not know its tenant yet: the key says which it is.
CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash);
