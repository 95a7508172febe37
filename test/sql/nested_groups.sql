-- Groupings of the groups of a subquery.  EXPLAIN does not contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE FOREIGN TABLE t (b boolean, i int, l bigint, f double precision, n numeric, s text, d date, ts timestamptz, u uuid)
	SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE loose (i int, f double precision, s text)
	SERVER mongodb OPTIONS (database 'shop', on_mismatch 'null');
CREATE FUNCTION noise(text) RETURNS text VOLATILE LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';

-- the query, and what PostgreSQL does beside it
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ '(MongoDB (Query|Parameters)|Filter|Aggregate|Group  |Scan|Sort  |Limit)' THEN
			RETURN NEXT trim(line);
		END IF;
	END LOOP;
END $$;
CREATE FUNCTION stays(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	plan text := '';
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		plan := concat_ws(E'\n', plan, line);
	END LOOP;
	RETURN NEXT CASE WHEN plan ~ '^\s*(Limit\s+.*?|Sort\s+.*?)*Foreign Scan' AND plan !~ 'Aggregate|Subquery|Unique|Group  ' THEN 'MongoDB does it' ELSE 'stays' END || ': ' || query;
END $$;

-- aggregates over groups
EXPLAIN (VERBOSE, COSTS OFF) SELECT avg(n), max(n) FROM (SELECT i, count(*) AS n FROM t GROUP BY i) q;
SELECT shown('SELECT count(*) FROM (SELECT DISTINCT s, i FROM loose) q');
SELECT shown('SELECT sum(x), min(m) FROM (SELECT i, sum(f) AS x, max(l) AS m FROM t WHERE i > 0 GROUP BY i) q');
SELECT shown('SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY n) FROM (SELECT i, count(*) AS n FROM loose GROUP BY i) q');
SELECT shown('SELECT count(DISTINCT n), count(*) FILTER (WHERE n > 5) FROM (SELECT i, count(DISTINCT l) AS n FROM t WHERE i > 0 GROUP BY i) q');

-- by keys, with HAVING, order and limit
SELECT shown('SELECT n, count(*) FROM (SELECT i, count(*) AS n FROM loose GROUP BY i) q GROUP BY n ORDER BY n LIMIT 3');
SELECT shown('SELECT i, avg(n) FROM (SELECT i, s, count(*) AS n FROM t GROUP BY i, s) q GROUP BY i HAVING count(*) > 2');
SELECT shown('SELECT DISTINCT n FROM (SELECT i, count(*) AS n FROM loose GROUP BY i) q');
SELECT shown('SELECT month, avg(n) FROM (SELECT date_trunc(''month'', ts) AS month, i, count(*) AS n FROM t WHERE ts > ''2025-01-01Z'' AND ts < ''2026-01-01Z'' GROUP BY 1, 2) q GROUP BY month');

-- order and limit around a subquery
SELECT shown('SELECT * FROM (SELECT i, count(*) AS n FROM loose GROUP BY i) q ORDER BY n DESC LIMIT 10');
SELECT shown('SELECT n + 1 FROM (SELECT i, sum(f) AS x, count(*) AS n FROM t WHERE i > 0 GROUP BY i) q WHERE x IS NOT NULL ORDER BY x DESC NULLS LAST, i LIMIT 10');
SELECT shown('SELECT m FROM (SELECT i, max(n) AS m FROM (SELECT i, s, count(*) AS n FROM loose GROUP BY i, s) q GROUP BY i) r ORDER BY m LIMIT 10');
SELECT shown('SELECT i + 1 FROM (SELECT DISTINCT i, b FROM t) q LIMIT 10 OFFSET 5');

-- HAVING of the subquery, conditions on it, and three levels
SELECT shown('SELECT avg(n) FROM (SELECT i, count(*) AS n FROM loose GROUP BY i HAVING count(*) > 1) q WHERE n < 10 AND i > 0');
SELECT shown('SELECT max(a) FROM (SELECT i, max(n) AS a FROM (SELECT i, s, count(*) AS n FROM loose GROUP BY i, s) q GROUP BY i) r');

-- what the subquery computes fails whatever the outer query takes of it
SELECT shown('SELECT sum(x) FILTER (WHERE x > 1) FROM (SELECT i, 100 / i AS x FROM loose GROUP BY i) q');

-- of what a clock shows last
SELECT shown('SELECT d, count(*) FROM (SELECT i, max(ts::date) AS d FROM t WHERE ts = ''2025-01-01Z'' GROUP BY i) q GROUP BY d');

-- parameters
SET plan_cache_mode = force_generic_plan;
PREPARE counts (int, bigint) AS SELECT count(*) FROM (SELECT i, count(*) AS n FROM loose WHERE i > $1 GROUP BY i) q WHERE n > $2;
SELECT shown('EXECUTE counts (1, 2)');

-- another collection, and a role without rights
ALTER FOREIGN TABLE loose OPTIONS (ADD collection 'other');
SELECT shown('EXECUTE counts (1, 2)');
CREATE VIEW grouped AS SELECT i, count(*) AS n FROM t GROUP BY i;
CREATE ROLE regress_nested;
GRANT SELECT ON grouped TO regress_nested;
SET ROLE regress_nested;
EXPLAIN (COSTS OFF) SELECT avg(n) FROM grouped;
EXPLAIN (COSTS OFF) SELECT avg(n) FROM (SELECT i, count(*) AS n FROM t GROUP BY i) q;
RESET ROLE;
DROP VIEW grouped;
DROP ROLE regress_nested;

-- not done
SELECT stays('SELECT avg(n) FROM (SELECT i, count(*) AS n FROM t GROUP BY i) q');
SELECT stays(query) FROM (VALUES
	('SELECT count(*) FROM (SELECT i FROM t GROUP BY i LIMIT 5) q'),
	('SELECT count(*) FROM (SELECT i FROM t GROUP BY i OFFSET 5) q'),
	('SELECT avg(a) FROM (SELECT i, avg(l) AS a FROM t GROUP BY i) q'),
	('SELECT max(m) FROM (SELECT max(l) AS m FROM t) q'),
	('SELECT max(d) FROM (SELECT i, max(ts::date) AS d FROM t GROUP BY i) q'),
	('SELECT r, count(*) FROM (SELECT i, max(round(f::numeric, 1)) AS r FROM t GROUP BY i) q GROUP BY r'),
	('SELECT count(*), max(x) FROM (SELECT s, noise(s) AS x FROM t GROUP BY s) q'),
	('SELECT count(*) FROM (SELECT s, noise(s) AS x FROM t GROUP BY s) q'),
	('SELECT count(*) FROM (SELECT i, count(*) AS n FROM t GROUP BY i) q WHERE noise(n::text) = ''1'''),
	('SELECT count(*) FROM (SELECT i FROM t GROUP BY i HAVING avg(l) > 5.5) q'),
	('SELECT count(*) FROM (SELECT i FROM t WHERE md5(s) = ''x'' GROUP BY i) q'),
	('SELECT count(*) FROM (SELECT u FROM t GROUP BY u) q'),
	('SELECT count(*) FROM (SELECT n FROM t GROUP BY n) q'),
	('SELECT max(w) FROM (SELECT i, rank() OVER (ORDER BY count(*)) AS w FROM t GROUP BY i) q'),
	('SELECT count(*) FROM (SELECT i FROM t GROUP BY ROLLUP (i)) q'),
	('SELECT i, count(*) FROM (SELECT i, s FROM t GROUP BY i, s) q GROUP BY ROLLUP (i)'),
	('SELECT count(*) FROM (SELECT i FROM t WHERE l > (SELECT max(l) FROM loose l2(l)) GROUP BY i) q'),
	('SELECT (SELECT max(n) FROM (SELECT s, count(*) AS n FROM t WHERE t.i = o.i GROUP BY s) q) FROM (VALUES (1)) o(i)'),
	('SELECT i + l, count(*) FROM (SELECT i, l FROM t GROUP BY i, l) q GROUP BY 1'),
	('SELECT n FROM (SELECT count(*) AS n FROM t GROUP BY i) q ORDER BY n LIMIT 10'),
	('SELECT i FROM (SELECT i, n / 2 AS h FROM (SELECT i, count(*) AS n FROM t GROUP BY i) q) q ORDER BY noise(h::text) LIMIT 10'),
	('SELECT i, n, rank() OVER (ORDER BY n) FROM (SELECT i, count(*) AS n FROM t GROUP BY i) q LIMIT 10'),
	('SELECT string_agg(s, '','') FROM (SELECT s FROM t GROUP BY s) q')
) q(query);
SET admin_dashboard.enable_aggregate_pushdown = off;
SELECT stays('SELECT avg(n) FROM (SELECT i, count(*) AS n FROM t GROUP BY i) q');
DROP FUNCTION shown, stays, noise;
