-- Parameters of every shape give over a foreign table what they give over a
-- local copy: in generic and custom plans, again and again, null or not.

\set ON_ERROR_STOP on
\set QUIET on
\getenv uri AD_TEST_REVERSED_URI
\set sound `"$PYTHON" test/data/typed.py sound`

SET client_min_messages = warning;
BEGIN;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'uri');
CREATE TABLE local (id int, b boolean, i int, l bigint, f double precision, t text, ts timestamptz, g int);
INSERT INTO local SELECT * FROM json_populate_recordset(NULL::local, :'sound');
CREATE FOREIGN TABLE remote (
	id int OPTIONS (field '_id'), b boolean, i int, l bigint, f double precision, t text, ts timestamptz, g int
) SERVER mongodb OPTIONS (database 'ad_test', collection 'sound');

-- PL/pgSQL: plans are kept, and become generic after five times, or at once.
-- The static queries differ in the table only.
CREATE FUNCTION count_local(_i int, _l bigint, _f double precision, _t text, _ts timestamptz, _b boolean, _is int[])
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	SELECT concat_ws(' ', count(*), sum(id), max(ts)) INTO answer FROM local
	WHERE (_i IS NULL OR i = _i) AND (_l IS NULL OR l >= _l) AND (_f IS NULL OR f < _f)
	  AND (_t IS NULL OR t = _t) AND (_ts IS NULL OR ts > _ts) AND (_b IS NULL OR b = _b)
	  AND (_is IS NULL OR i = ANY (_is));
	RETURN answer;
END $$;
CREATE FUNCTION count_remote(_i int, _l bigint, _f double precision, _t text, _ts timestamptz, _b boolean, _is int[])
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	SELECT concat_ws(' ', count(*), sum(id), max(ts)) INTO answer FROM remote
	WHERE (_i IS NULL OR i = _i) AND (_l IS NULL OR l >= _l) AND (_f IS NULL OR f < _f)
	  AND (_t IS NULL OR t = _t) AND (_ts IS NULL OR ts > _ts) AND (_b IS NULL OR b = _b)
	  AND (_is IS NULL OR i = ANY (_is));
	RETURN answer;
END $$;

CREATE TABLE arguments (
	n int GENERATED ALWAYS AS IDENTITY, _i int, _l bigint, _f double precision, _t text, _ts timestamptz, _b boolean, _is int[]
);
INSERT INTO arguments (_i, _l, _f, _t, _ts, _b, _is) VALUES
	(NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(5, NULL, NULL, NULL, NULL, NULL, NULL),
	(NULL, 42, NULL, NULL, NULL, NULL, NULL),
	(NULL, NULL, 'NaN', NULL, NULL, NULL, NULL),
	(NULL, NULL, '-Infinity', NULL, NULL, NULL, NULL),
	(NULL, NULL, 1.5, NULL, NULL, NULL, NULL),
	(NULL, NULL, NULL, '$a', NULL, NULL, NULL),
	(NULL, NULL, NULL, '000000abc000000000000001', NULL, NULL, NULL),
	(NULL, NULL, NULL, '', NULL, NULL, NULL),
	(NULL, NULL, NULL, NULL, '2026-03-28 23:59:59.9985Z', NULL, NULL),
	(NULL, NULL, NULL, NULL, '-infinity', NULL, NULL),
	(NULL, NULL, NULL, NULL, 'infinity', NULL, NULL),
	(NULL, NULL, NULL, NULL, NULL, true, NULL),
	(NULL, NULL, NULL, NULL, NULL, false, '{}'),
	(NULL, NULL, NULL, NULL, NULL, NULL, '{5,42,NULL}'),
	(NULL, NULL, NULL, NULL, NULL, NULL, '{NULL}'),
	(5, 0, 2, NULL, '1970-01-01Z', true, '{5,6}'),
	(-2147483648, NULL, NULL, NULL, NULL, NULL, NULL),
	(NULL, 9223372036854775807, NULL, NULL, NULL, NULL, NULL),
	(5, NULL, NULL, 'a', NULL, NULL, '{{1,2},{3,5}}');

-- what conditions keep from being evaluated fails over neither table
CREATE TABLE guarded (n int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO guarded (query) VALUES
	('SELECT count(*) FROM %s WHERE CASE WHEN $1 <> 0 THEN i > 10 / $1 ELSE true END'),
	('SELECT count(*) FROM %s WHERE $1 <> 0 AND i > 10 / $1'),
	('SELECT count(*) FROM %s WHERE $2 = '''' OR i = $2::int'),
	('SELECT count(*) FROM %s WHERE NOT ($2 <> '''' AND i = $2::int)'),
	('SELECT count(*) FROM %s WHERE id > 3 AND ($2 IS NULL OR $2 = '''' OR i = $2::int OR md5(t) = $2)'),
	('SELECT count(*) FROM %s WHERE CASE WHEN t = ''no such'' THEN i = (SELECT i FROM local) ELSE true END'),
	('SELECT count(*) FROM %s WHERE coalesce(id, (SELECT i FROM local)) = 3'),
	('SELECT sum(g * (10 / $1)) FILTER (WHERE $1 <> 0), count(*) FROM %s'),
	('SELECT sum(g * (10 / $1)), count(*) FROM %s WHERE $1 <> 0'),
	('SELECT count(DISTINCT g + 10 / $1) FILTER (WHERE $1 <> 0), regr_count(g * (10 / $1), 1) FILTER (WHERE $1 <> 0) FROM %s'),
	('SELECT sum(coalesce(id, 10 / $1)), max(coalesce(g, nullif($1, 0), 10 / $1)) FROM %s WHERE g > 0'),
	('SELECT CASE WHEN $1 = 0 THEN g WHEN g > 10 / $1 THEN 1 ELSE 100 / $1 END AS k, count(*) FROM %s GROUP BY 1'),
	('SELECT md5(t), CASE WHEN g = 100 THEN i / 10 = 10 / $1 ELSE b END AS k, count(*) FROM %s GROUP BY 1, 2'),
	('SELECT g, count(*) FROM %s GROUP BY g HAVING $1 = 0 OR count(*) > 10 / $1'),
	('SELECT id FROM %s ORDER BY CASE WHEN $1 <> 0 THEN g + 10 / $1 ELSE g END, id LIMIT 20'),
	('SELECT avg(n) FROM (SELECT g, count(*) AS n FROM %s GROUP BY g) q WHERE $2 = '''' OR n > $2::int'),
	('SELECT (SELECT count(*) FROM %s y WHERE CASE WHEN x.g <> 0 THEN y.g > 10 / x.g ELSE false END) FROM local x WHERE x.id < 10');
CREATE FUNCTION guarded(query text, source text, number int, word text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('PREPARE guarded (int, text) AS SELECT string_agg(q_row::text, E''\n'' ORDER BY q_row::text) FROM (%s) q_row', format(query, source));
	BEGIN
		EXECUTE format('EXECUTE guarded (%L, %L)', number, word) INTO answer;
	EXCEPTION WHEN OTHERS THEN
		answer := 'error ' || SQLSTATE;
	END;
	DEALLOCATE guarded;
	RETURN coalesce(answer, 'nothing');
END $$;

SELECT plan(3 * (SELECT count(*)::int FROM arguments) + 2 * (SELECT count(*)::int FROM guarded) + 25);

SET LOCAL plan_cache_mode = force_generic_plan;
SELECT is(count_remote(_i, _l, _f, _t, _ts, _b, _is), count_local(_i, _l, _f, _t, _ts, _b, _is), 'generic plan ' || n) FROM arguments;
SELECT is(guarded(query, 'remote', number, word), guarded(query, 'local', number, word), format('%s, %L: %s', number, word, query))
FROM guarded, (VALUES (0, ''), (5, '5')) arguments (number, word) ORDER BY n, number;
SET LOCAL plan_cache_mode = force_custom_plan;
SELECT is(count_remote(_i, _l, _f, _t, _ts, _b, _is), count_local(_i, _l, _f, _t, _ts, _b, _is), 'custom plan ' || n) FROM arguments;
SET LOCAL plan_cache_mode = auto;
SELECT is(count_remote(_i, _l, _f, _t, _ts, _b, _is), count_local(_i, _l, _f, _t, _ts, _b, _is), 'either plan ' || n) FROM arguments;

-- the same prepared statement, twenty times
PREPARE remote_by(int, text) AS SELECT count(*) FROM remote WHERE g = $1 AND (t <> $2 OR t IS NULL);
CREATE FUNCTION execute_remote(g int, t text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	answer bigint;
BEGIN
	EXECUTE format('EXECUTE remote_by(%L, %L)', g, t) INTO answer;
	RETURN answer;
END $$;
SELECT is(execute_remote(k % 7, 'a'), (SELECT count(*) FROM local WHERE g = k % 7 AND (t <> 'a' OR t IS NULL)), 'execution ' || k)
FROM generate_series(1, 20) k;

-- parameters of the executor's own
SELECT is((SELECT array_agg(c) FROM generate_series(0, 6) k, LATERAL (SELECT count(*) c FROM remote WHERE g = k AND i > k) s),
		  (SELECT array_agg(c) FROM generate_series(0, 6) k, LATERAL (SELECT count(*) c FROM local WHERE g = k AND i > k) s), 'lateral');
SELECT is((SELECT array_agg((SELECT sum(id) FROM remote r WHERE r.g = l.g AND r.i = l.i) ORDER BY l.id) FROM local l WHERE l.id < 12),
		  (SELECT array_agg((SELECT sum(id) FROM local r WHERE r.g = l.g AND r.i = l.i) ORDER BY l.id) FROM local l WHERE l.id < 12), 'correlated');
SELECT is((SELECT count(*) FROM remote WHERE ts > (SELECT min(ts) FROM remote) AND i = (SELECT max(i) FROM remote WHERE i < 100)),
		  (SELECT count(*) FROM local WHERE ts > (SELECT min(ts) FROM local) AND i = (SELECT max(i) FROM local WHERE i < 100)), 'init plans');
SELECT is((SELECT count(*) FROM remote WHERE t = current_setting('search_path') OR g = length(current_user) - 8),
		  (SELECT count(*) FROM local WHERE t = current_setting('search_path') OR g = length(current_user) - 8), 'stable functions');

\ir ../data/total.sql
SELECT * FROM finish();
ROLLBACK;
