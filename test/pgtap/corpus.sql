-- The queries of test/data/corpus.sql give the same answers over foreign tables
-- as over local copies of the data, under each of their time zones.

\set ON_ERROR_STOP on
\set QUIET on
\set queries `"$PYTHON" test/data/corpus.py`

BEGIN;
\ir ../data/differential.sql

CREATE TABLE corpus AS
	SELECT line.number, part[1] AS zone, part[2] = 'yes' AS ordered, part[3] AS query
	FROM regexp_split_to_table(:'queries', '\n') WITH ORDINALITY AS line (line, number),
		regexp_split_to_array(line.line, '\t') AS part;

-- One test for each query, zone and collection; under other zones than the
-- first, of the collection with mismatches alone, to save time.  A query that is no query
-- proves nothing, so SQLSTATE 42... is a failure, too.
CREATE FUNCTION collections(zone text) RETURNS text[] LANGUAGE sql AS
	$$ SELECT CASE WHEN zone = 'Europe/Berlin' THEN ARRAY['sound', 'mixed'] ELSE ARRAY['mixed'] END $$;
CREATE FUNCTION same(zone text, ordered boolean, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	collection text;
	expected text;
	got text;
BEGIN
	PERFORM set_config('timezone', zone, true);
	FOREACH collection IN ARRAY collections(zone) LOOP
		expected := public.answer(query, 'local_' || collection, ordered);
		got := public.answer(query, 'remote_' || collection, ordered);
		PERFORM set_config('search_path', 'public', true);
		RETURN NEXT ok(got = expected AND expected NOT LIKE '42%', format('%s, %s: %s', collection, zone, query));
		IF got <> expected THEN
			RETURN NEXT diag(public.difference(expected, got));
		END IF;
	END LOOP;
END $$;

SELECT plan(sum(cardinality(collections(zone)))::int) FROM corpus;
SELECT same(zone, ordered, query) FROM corpus ORDER BY number;
SELECT * FROM finish();
ROLLBACK;
