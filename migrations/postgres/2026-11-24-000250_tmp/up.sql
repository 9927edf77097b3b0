CREATE TABLE add_ons (tenant_id UUID NOT NULL, id UUID NOT NULL, PRIMARY KEY (tenant_id, id));
