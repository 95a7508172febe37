-- admin_dashboard_check_server() finds what a server lacks, and the option avoid keeps
-- queries from using it.

\set ON_ERROR_STOP on
\set QUIET on
\getenv uri AD_TEST_MONGODB_URI

SET client_min_messages = warning;
BEGIN;
CREATE EXTENSION admin_dashboard;
CREATE SERVER "Mongo's" FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'uri', enable_aggregate_pushdown 'false', use_remote_estimate 'true');
SET timezone = 'Asia/Tokyo';
SET admin_dashboard.enable_filter_pushdown = off;

CREATE TEMPORARY TABLE checks AS SELECT row_number() OVER (), * FROM admin_dashboard_check_server('Mongo''s');
CREATE VIEW constructs AS SELECT DISTINCT construct FROM checks WHERE construct <> 'option avoid';

SELECT plan(16 + 21 + 2 + 1 + 1 + (SELECT count(*)::int FROM constructs));

SELECT is((SELECT string_agg(concat_ws(' ', construct, query, expected, got), E'\n') FROM checks WHERE ok IS NOT TRUE), NULL, 'the test server passes all checks');
SELECT is((SELECT ROW(construct, query, expected, got, ok)::text FROM checks ORDER BY row_number DESC LIMIT 1),
		  '("option avoid",,"",,t)', 'so there is nothing to avoid');
SELECT is((SELECT count(*)::int FROM checks WHERE expected IS NULL OR (got IS NULL AND query IS NOT NULL)), 0, 'each check shows what came');
SELECT is((SELECT count(*)::int FROM pg_class WHERE relname LIKE 'checked\_%'), 0, 'no table is left');
SELECT is(current_setting('timezone') || current_setting('admin_dashboard.enable_filter_pushdown') || current_setting('enable_sort'),
		  'Asia/Tokyooffon', 'settings are as before');

-- Another server: one that would fail the checks of these constructs
RESET admin_dashboard.enable_filter_pushdown;
ALTER SERVER "Mongo's" OPTIONS (DROP enable_aggregate_pushdown, DROP use_remote_estimate, ADD avoid ' $mod ,$match.$in');
SELECT is((SELECT ROW(query, expected, got, ok)::text FROM admin_dashboard_check_server('Mongo''s', 'ad_test') WHERE construct = 'option avoid'),
		  '("ALTER SERVER ""Mongo''s"" OPTIONS (DROP avoid)",""," $mod ,$match.$in",f)', 'the option is removed if there is nothing to avoid');

-- what is avoided is not sent, and nothing else is lost
CREATE FOREIGN TABLE checked_calls (id integer OPTIONS (field '_id'), i integer, l bigint, f double precision, s text,
	b boolean, t timestamptz, d date, k text, n numeric, z text OPTIONS (on_mismatch 'null'))
	SERVER "Mongo's" OPTIONS (database 'ad_test', collection 'checked_calls', avoid '');
CREATE FOREIGN TABLE checked_no_calls (id integer OPTIONS (field '_id'), k text)
	SERVER "Mongo's" OPTIONS (database 'ad_test', collection 'checked_no_calls', avoid '');
CREATE FOREIGN TABLE checked_no_names (id text OPTIONS (field '_id'), k text)
	SERVER "Mongo's" OPTIONS (database 'ad_test', collection 'checked_no_names', avoid '');
CREATE FUNCTION sent(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	lines text = '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		lines := lines || coalesce(substring(line FROM 'MongoDB Query: (.*)') || E'\n', '');
	END LOOP;
	RETURN lines;
END $$;
SET enable_hashagg = off;
SET enable_sort = off;
CREATE FUNCTION avoid(list text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['checked_calls', 'checked_no_calls', 'checked_no_names'] LOOP
		EXECUTE format('ALTER FOREIGN TABLE %I OPTIONS (SET avoid %L)', name, list);
	END LOOP;
END $$;
CREATE FUNCTION operators(query text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT DISTINCT (regexp_matches(query, '"(\$[a-zA-Z]+)": ', 'g'))[1]
$$;
-- the queries of its checks lose it; an operator of $match or $group may remain in expressions
CREATE FUNCTION avoids(avoided text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before text[];
	after text[];
BEGIN
	PERFORM avoid('');
	before := ARRAY(SELECT sent(checks.query) FROM checks WHERE construct = avoided ORDER BY row_number);
	PERFORM avoid(avoided);
	after := ARRAY(SELECT sent(checks.query) FROM checks WHERE construct = avoided ORDER BY row_number);
	RETURN ok((SELECT bool_and(b <> a AND avoided NOT IN (SELECT operators(a))) FROM unnest(before, after) sent (b, a)),
			  avoided || ' is not sent');
END $$;
SELECT avoids(construct) FROM constructs ORDER BY construct COLLATE "C";

SELECT avoid((SELECT string_agg(construct, ', ') FROM constructs));
SELECT is((SELECT string_agg(DISTINCT o, ' ') FROM checks, operators(sent(checks.query)) o WHERE checks.query IS NOT NULL AND construct <> 'option avoid'),
		  NULL, 'if all are avoided, nothing is sent but plain scans');
SELECT avoid('$match.$in');
SELECT unalike(sent('SELECT id FROM checked_calls WHERE i IN (1, 2, 3)'), '%$in%', '$in of a $match');
SELECT alike(sent('SELECT (i > 3), count(*) FROM checked_calls GROUP BY 1'), '%$group%', 'an expression is another construct');
PREPARE by_text(text) AS SELECT id FROM checked_calls WHERE s = $1 AND i > 3;
SET plan_cache_mode = force_generic_plan;
SELECT unalike(sent('EXECUTE by_text(''x'')'), '%"s": {"$%', 'a text that may become $in is compared locally');
SELECT alike(sent('EXECUTE by_text(''x'')'), '%"i": {"$gt": 3%', 'and the rest is not');
SET plan_cache_mode = auto;

-- what the form depends on that is sent: values known at execution, and ends of ranges
CREATE FUNCTION is_local(avoided text, query text, wanted boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	filtered boolean = false;
BEGIN
	PERFORM avoid(avoided);
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		filtered := filtered OR line ~ '^ *Filter:';
	END LOOP;
	RETURN ok(filtered = wanted, format('%s, %s: %s', avoided, CASE WHEN wanted THEN 'local' ELSE 'pushed down' END, query));
END $$;
SET plan_cache_mode = force_generic_plan;
PREPARE any_of(int[]) AS SELECT id FROM checked_calls WHERE i = ANY ($1);
PREPARE none_of(int[]) AS SELECT id FROM checked_calls WHERE i <> ALL ($1);
PREPARE more_than_any(int[]) AS SELECT id FROM checked_calls WHERE i > ANY ($1);
PREPARE no_text(text[]) AS SELECT id FROM checked_calls WHERE s <> ALL ($1);
PREPARE is_like(text) AS SELECT id FROM checked_calls WHERE s LIKE $1;
PREPARE is_unlike(text) AS SELECT id FROM checked_calls WHERE s NOT LIKE $1;
PREPARE numbers(numeric[]) AS SELECT id FROM checked_calls WHERE n = ANY ($1);
PREPARE greater(double precision) AS SELECT id FROM checked_calls WHERE f > $1;
PREPARE between_two(timestamptz, timestamptz) AS SELECT id FROM checked_calls WHERE t >= $1 AND t <= $2;
PREPARE null_or(text) AS SELECT id FROM checked_calls WHERE $1 IS NULL OR s = $1;
SELECT is_local(avoided, query, wanted)
FROM (VALUES
	('$match.$expr', $q$SELECT id FROM checked_calls WHERE t > '2026-03-28 23:59:59.9985Z'$q$, true),
	('$convert', $q$SELECT id FROM checked_calls WHERE t < '2026-03-28'$q$, true),
	('$match.$or', $q$SELECT id FROM checked_calls WHERE t <> '2026-03-28'$q$, true),
	('$match.$or', $q$SELECT id FROM checked_calls WHERE (t AT TIME ZONE 'Europe/Berlin')::date <> '2026-03-28'$q$, true),
	('$match.$gte', $q$SELECT id FROM checked_calls WHERE extract(epoch FROM t) >= 0$q$, true),
	('$match.$expr, $match.$or, $convert', $q$SELECT id FROM checked_calls WHERE t >= '2026-03-28' AND t < '2026-03-29'$q$, false),
	('$match.$expr', $q$SELECT id FROM checked_calls WHERE t >= now() - interval '1 day' AND t < now()$q$, true),
	('$match.$not', 'EXECUTE any_of(''{5}'')', true),
	('$match.$not', 'SELECT id FROM checked_calls WHERE i = ANY ((SELECT array_agg(1))::int[])', true),
	('$match.$expr', 'EXECUTE none_of(''{5}'')', true),
	('$convert', 'EXECUTE more_than_any(''{5}'')', true),
	('$match.$regex', 'EXECUTE no_text(''{x}'')', true),
	('$match.$lte', 'EXECUTE is_like(''x'')', true),
	('$regexMatch', 'EXECUTE is_like(''x'')', true),
	('$match.$nor', 'EXECUTE is_unlike(''x'')', true),
	('$match.$or', 'EXECUTE greater(1)', true),
	('$match.$or', 'EXECUTE between_two(now(), now())', true),
	('$match.$in, $mod, $regexMatch, $dateTrunc', 'EXECUTE between_two(now(), now())', false),
	('$match.$in', 'EXECUTE null_or(''x'')', true),
	('$match.$nin', 'EXECUTE any_of(''{5}'')', false),
	('$match.$nor', 'EXECUTE is_like(''x'')', false)) asked (avoided, query, wanted);
RESET plan_cache_mode;
SELECT avoid('');
SELECT alike(sent('SELECT c.id, o.k FROM checked_calls c LEFT JOIN checked_no_calls o ON o.id = c.i'), '%$lookup%', 'two tables in a join');
ALTER FOREIGN TABLE checked_no_calls OPTIONS (SET avoid '$lookup');
SELECT unalike(sent('SELECT c.id, o.k FROM checked_calls c LEFT JOIN checked_no_calls o ON o.id = c.i'), '%$lookup%', 'which does without what either avoids');

-- settings that could disturb
SET standard_conforming_strings = off;
SELECT is((SELECT bool_and(ok) FROM admin_dashboard_check_server('Mongo''s') WHERE construct <> 'option avoid'), true, 'strings of the old kind');
RESET standard_conforming_strings;

-- what is refused
SELECT throws_like($$ALTER SERVER "Mongo's" OPTIONS (SET avoid '$mod, $modd')$$, 'invalid value for option "avoid": "$mod, $modd"', 'a name that no construct has');
SELECT throws_ok('SELECT * FROM admin_dashboard_check_server(''nosuch'')', '42704', NULL, 'no such server');
SELECT throws_ok('SELECT * FROM admin_dashboard_check_server(''Mongo''''s'', ''a.b'')', 'HV00Q', 'invalid name of a MongoDB database: "a.b"', 'no name of a database');
CREATE FOREIGN DATA WRAPPER other;
CREATE SERVER other FOREIGN DATA WRAPPER other;
SELECT throws_ok('SELECT * FROM admin_dashboard_check_server(''other'')', '42809', '"other" is not a server of admin_dashboard_fdw', 'a server of another wrapper');
SELECT throws_ok('SELECT * FROM admin_dashboard_check_server(NULL)', '22004', 'server must not be null', 'no server');
CREATE SERVER nowhere FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
SELECT throws_ok('SELECT * FROM admin_dashboard_check_server(''nowhere'')', '08001', NULL, 'a server that is not there');

SELECT * FROM finish();
ROLLBACK;
