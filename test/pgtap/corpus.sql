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

-- One test for each query, zone and collection, and one with all pushdown off; under
-- other zones than the first, of the collection with mismatches alone, to save time.  A
-- query that is no query proves nothing, so SQLSTATE 42... is a failure, too.
CREATE FUNCTION ways(zone text, OUT collection text, OUT pushdown text) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT way.* FROM (VALUES ('mixed', 'on'), ('sound', 'on'), ('few', 'off')) way (collection, pushdown)
	WHERE way.collection || way.pushdown = 'mixedon' OR zone = 'Europe/Berlin'
$$;
CREATE PROCEDURE push(setting text) LANGUAGE sql AS $$
	SELECT set_config(format('admin_dashboard.enable_%s_pushdown', class), setting, true)
	FROM unnest(ARRAY['filter', 'aggregate', 'sort', 'join']) class
$$;
CREATE FUNCTION same(zone text, ordered boolean, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	way record;
	expected text;
	got text;
BEGIN
	PERFORM set_config('timezone', zone, true);
	FOR way IN SELECT * FROM ways(zone) LOOP
		expected := public.answer(query, 'local_' || way.collection, ordered);
		CALL public.push(way.pushdown);
		got := public.answer(query, 'remote_' || way.collection, ordered);
		PERFORM set_config('search_path', 'public', true);
		CALL push('on');
		RETURN NEXT ok(got = expected AND expected NOT LIKE '42%',
			format('%s, pushdown %s, %s: %s', way.collection, way.pushdown, zone, query));
		IF got <> expected THEN
			RETURN NEXT diag(public.difference(expected, got));
		END IF;
	END LOOP;
END $$;

SELECT plan(1 + count(*)::int) FROM corpus, ways(zone);
SELECT same(zone, ordered, query) FROM corpus ORDER BY number;
-- nothing that MongoDB was asked may fail on any document
\set problems `"$PYTHON" test/lib/total.py "$AD_TEST_COMMANDS"`
SELECT matches(:'problems'::text, '^\d+ commands are total$', 'no expression can fail');
SELECT * FROM finish();
ROLLBACK;
