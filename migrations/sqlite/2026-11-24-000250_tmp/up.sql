CREATE TABLE add_ons (tenant_id BLOB NOT NULL, id BLOB NOT NULL, PRIMARY KEY (tenant_id, id)) STRICT;
