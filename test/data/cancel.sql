-- The SQLSTATE with which a query is cancelled, or `none`: OTHERS, which pgTAP's
-- throws_ok() catches, does not include it.

CREATE FUNCTION pg_temp.state_of(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
	RETURN 'none';
EXCEPTION WHEN query_canceled THEN
	RETURN SQLSTATE;
END $$;
