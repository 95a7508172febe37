-- Aggregates of distinct values of several arguments, and those that stay.
-- EXPLAIN does not contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE FOREIGN TABLE t (b boolean, i int, l bigint NOT NULL, f double precision, n numeric, s text, ts timestamptz, j jsonb)
	SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE loose (i int, s text, x text OPTIONS (field 'distinct.x'))
	SERVER mongodb OPTIONS (database 'shop', on_mismatch 'null');
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ '(MongoDB (Query|Parameters)|Filter|Aggregate)' THEN
			RETURN NEXT trim(line, '-> ');
		END IF;
	END LOOP;
END $$;
CREATE FUNCTION stays(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	plan text := '';
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		plan := plan || line;
	END LOOP;
	RETURN NEXT CASE WHEN plan LIKE '%$sum%' THEN 'MongoDB counts' ELSE 'stays' END || ': ' || query;
END $$;

EXPLAIN (VERBOSE, COSTS OFF) SELECT count(DISTINCT i), count(DISTINCT s), count(*), sum(f) FROM t WHERE l > 5;
SELECT shown('SELECT b, count(DISTINCT i), sum(DISTINCT l), avg(f), min(ts), max(ts) FROM t GROUP BY b');
-- a key, an expression, the same argument again
SELECT shown('SELECT i, count(DISTINCT i), count(DISTINCT l % 10), sum(DISTINCT l % 10) FROM t WHERE i > 0 GROUP BY i');
-- the sum is of the expression, not of what it is computed from
SELECT shown('SELECT sum(DISTINCT i + 1) FROM t WHERE i > 0');
-- with FILTER: one argument, and the same with and without
SELECT shown('SELECT count(DISTINCT s) FILTER (WHERE i = 1) FROM loose');
SELECT shown('SELECT count(DISTINCT i), count(DISTINCT i) FILTER (WHERE s = ''a'') FROM loose');
-- a field that a document may have already
SELECT shown('SELECT x, count(DISTINCT i), count(DISTINCT s) FROM loose GROUP BY x');
-- conditions on groups, their order, a limit
SELECT shown('SELECT b, count(DISTINCT i), count(DISTINCT l) FROM t GROUP BY b HAVING count(DISTINCT i) > 2 ORDER BY 3 DESC LIMIT 5');

-- values that MongoDB cannot tell apart, several columns, an order, sets of keys
SELECT stays('SELECT count(DISTINCT n), count(DISTINCT s) FROM t');
SELECT stays('SELECT count(DISTINCT j), count(DISTINCT s) FROM t');
SELECT stays('SELECT count(DISTINCT (i, s)), count(DISTINCT s) FROM t');
SELECT stays('SELECT count(DISTINCT s) FILTER (WHERE md5(s) > ''a'') FROM t');
SELECT stays('SELECT string_agg(DISTINCT s, '',''), count(DISTINCT i) FROM t');
SELECT stays('SELECT b, count(DISTINCT s), count(DISTINCT i) FROM t GROUP BY ROLLUP (b)');
DROP EXTENSION admin_dashboard CASCADE;
DROP FUNCTION shown(text), stays(text);
