ALTER TABLE payment_tokens DROP CONSTRAINT payment_tokens_reserved_by_fkey;
DROP TABLE payment_attempts;
DROP TABLE payment_tokens;
DROP TABLE payment_methods;
