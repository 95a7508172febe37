-- The SQLSTATE with which a query is cancelled, or `none`: OTHERS, which pgTAP's
-- throws_ok() catches, does not include it.
--
-- MongoDB gets what is left of statement_timeout as its own time limit.  If its error
-- comes first, PostgreSQL's timeout still follows, and must not end the function.

CREATE FUNCTION pg_temp.state_of(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE query;
	RETURN 'none';
EXCEPTION WHEN query_canceled THEN
	BEGIN
		PERFORM pg_sleep(0.2);
	EXCEPTION WHEN query_canceled THEN
		NULL;
	END;
	RETURN '57014';
END $$;
