-- The queries of test/data/corpus.sql give the same answers over foreign tables
-- as over local copies of the data.
--
-- Each is asked of two collections, all whose values fit and some of whose do not.
-- The tenth of them that test/data/sample.sql chooses is asked with all pushdown off and
-- of columns that are not verified, too, and under its other time zones.

\set ON_ERROR_STOP on
\set QUIET on

BEGIN;
\ir ../data/differential.sql
\ir ../data/sample.sql

-- What the server lacks, or does otherwise than MongoDB, is not pushed down.  With the
-- usual test server this finds nothing, see check_server.sql.
SELECT format('ALTER SERVER %I OPTIONS (ADD avoid %L)', server, expected)
FROM admin_dashboard_check_server('mongodb', 'ad_test'), unnest(ARRAY['mongodb', 'reversed']) server
WHERE construct = 'option avoid' AND NOT ok
\gexec

-- With statistics and without them the planner makes different plans.  Where values
-- seem to be few, it groups in MongoDB whatever can be.
SELECT format('ALTER FOREIGN TABLE remote_mixed.t ALTER %I SET (n_distinct = 4)', attname)
FROM pg_attribute WHERE attrelid = 'remote_mixed.t'::regclass AND attnum > 0
\gexec
ANALYZE remote_mixed.t;

-- One test for each query, zone and collection, and one with all pushdown off; under
-- other zones than the first, of the collection with mismatches alone, to save time.  A
-- query that is no query proves nothing, so SQLSTATE 42... is a failure, too.
CREATE FUNCTION ways(zone text, in_all_ways boolean, OUT collection text, OUT pushdown text) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT way.collection, way.pushdown FROM (VALUES ('mixed', 'on', true), ('sound', 'on', true), ('trusted', 'on', in_all_ways), ('few', 'off', in_all_ways)) way (collection, pushdown, asked)
	WHERE CASE WHEN zone = 'Europe/Berlin' THEN asked ELSE in_all_ways AND way.collection = 'mixed' END
$$;
CREATE PROCEDURE push(setting text) LANGUAGE sql AS $$
	SELECT set_config(format('admin_dashboard.enable_%s_pushdown', class), setting, true)
	FROM unnest(ARRAY['filter', 'aggregate', 'sort', 'join']) class
$$;
CREATE FUNCTION same(zone text, ordered boolean, in_all_ways boolean, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	way record;
	expected text;
	got text;
BEGIN
	PERFORM set_config('timezone', zone, true);
	FOR way IN SELECT * FROM ways(zone, in_all_ways) LOOP
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

SELECT plan(1 + count(*)::int) FROM corpus, ways(zone, sampled);
SELECT same(zone, ordered, sampled, query) FROM corpus ORDER BY number;
\ir ../data/total.sql
SELECT * FROM finish();
ROLLBACK;
