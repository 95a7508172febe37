-- The SQLSTATE with which a query is cancelled, or `none`: OTHERS, which pgTAP's
-- throws_ok() catches, does not include it.
--
-- MongoDB gets what is left of statement_timeout as its own time limit.  If its error
-- comes first, PostgreSQL's timeout still follows, and must not end the function: it
-- may come before any statement of the handler, so an outer block waits for it.

CREATE FUNCTION pg_temp.state_of(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		EXECUTE query;
		RETURN 'none';
	EXCEPTION WHEN query_canceled THEN
		PERFORM pg_sleep(0.2);
		RETURN '57014';
	END;
EXCEPTION WHEN query_canceled THEN
	RETURN '57014';
END $$;
