-- Takes a statement back whose guard has found less than it expected: somebody else was faster.
CREATE FUNCTION lost_race() RETURNS INTEGER LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RAISE EXCEPTION 'somebody else was faster' USING ERRCODE = 'serialization_failure';
END
$$;
