-- The same, as an expression that is put in the place of the call: no statement of its own for each event. A sequence that
-- was never raised has no last value.
CREATE OR REPLACE FUNCTION event_transaction() RETURNS BIGINT LANGUAGE SQL VOLATILE
    AS 'SELECT pg_current_xact_id()::text::bigint + coalesce(pg_sequence_last_value(''event_base''), 0)';
