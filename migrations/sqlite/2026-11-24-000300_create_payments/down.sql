-- Tokens and attempts name each other.
UPDATE payment_tokens SET reserved_by = NULL, reserved_until = NULL;
DROP TABLE payment_attempts;
DROP TABLE payment_tokens;
DROP TABLE payment_methods;
