CREATE OR REPLACE FUNCTION event_transaction() RETURNS BIGINT LANGUAGE SQL STABLE
    AS 'SELECT pg_current_xact_id()::text::bigint + last_value FROM event_base';
