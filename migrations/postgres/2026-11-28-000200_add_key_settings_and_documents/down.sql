DROP TABLE trusted_documents;
DROP TABLE api_key_rotations;
DROP INDEX api_keys_created_at;
DROP INDEX api_keys_scope;
ALTER TABLE api_keys DROP COLUMN trusted_documents_only;
ALTER TABLE api_keys DROP COLUMN expires_at;
