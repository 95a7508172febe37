-- Which groupings MongoDB does, and by what pipeline.  EXPLAIN does not
-- contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE FOREIGN TABLE t (
	b boolean, i int, l bigint, f double precision, s text, ts timestamptz
) SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE loose (b boolean, i int, l bigint, f double precision, s text, ts timestamptz)
	SERVER mongodb OPTIONS (database 'shop', on_mismatch 'null');
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ '(MongoDB (Query|Parameters)|Filter|Aggregate|One-Time Filter)' THEN
			RETURN NEXT trim(line);
		END IF;
	END LOOP;
END $$;

-- the dashboard's query: one aggregate, whose reply is one document
CREATE FOREIGN TABLE calls (created_by_email text, created_at timestamptz NOT NULL, duration_minutes double precision)
	SERVER mongodb OPTIONS (database 'livekit');
SET plan_cache_mode = force_generic_plan;
PREPARE dashboard(timestamptz, timestamptz, text) AS
	SELECT count(*), sum(duration_minutes), count(DISTINCT created_by_email) FROM calls
	WHERE created_at >= $1 AND created_at <= $2 AND ($3 IS NULL OR created_by_email = $3);
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE dashboard('2026-02-26Z', '2026-03-28Z', NULL);
SET plan_cache_mode = force_custom_plan;
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE dashboard('2026-02-26Z', '2026-03-28Z', NULL);
RESET plan_cache_mode;

-- values that are not verified: the pipeline that one would write by hand
ALTER FOREIGN TABLE calls OPTIONS (ADD verify 'false');
SELECT shown($$SELECT count(*), sum(duration_minutes), count(DISTINCT created_by_email) FROM calls WHERE created_at BETWEEN '2026-02-26Z' AND '2026-03-28Z'$$);
SELECT shown($$SELECT created_by_email, max(duration_minutes), count(created_at) FROM calls WHERE created_at > '2026-02-26Z' AND duration_minutes IS NOT NULL GROUP BY 1$$);
SELECT shown($$SELECT * FROM calls WHERE created_by_email IS NULL OR created_by_email LIKE 'a%' ORDER BY duration_minutes, created_at DESC LIMIT 3$$);
SELECT shown($$SELECT created_by_email, count(*) FROM calls GROUP BY 1 HAVING count(*) > 2 ORDER BY 2 LIMIT 3$$);
-- a column's own option wins
ALTER FOREIGN TABLE calls ALTER duration_minutes OPTIONS (ADD verify 'true');
SELECT shown($$SELECT sum(duration_minutes), max(created_at) FROM calls WHERE created_at < '2026-02-26Z'$$);
ALTER FOREIGN TABLE calls ALTER duration_minutes OPTIONS (DROP verify);
ALTER FOREIGN TABLE calls OPTIONS (DROP verify);

-- keys without columns; sets by a column with another type or collation; what a node above computes
CREATE FUNCTION positive(bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS 'BEGIN RETURN $1 > 0; END';
CREATE OPERATOR |+| (RIGHTARG = bigint, PROCEDURE = positive);
SELECT shown('SELECT i, true, 1.5, $$x$$::text, count(*) FROM t GROUP BY 1, 2, 3, 4');
SELECT shown('SELECT i, length(current_setting($$TimeZone$$)), count(*) FROM t GROUP BY 1, 2');
SELECT shown('SELECT now(), count(*) FROM t GROUP BY 1');
SELECT shown('SELECT s::varchar, count(*) FROM t GROUP BY ROLLUP (s::varchar)');
SELECT shown('SELECT s COLLATE "POSIX", s, count(*) FROM t GROUP BY ROLLUP (s COLLATE "POSIX", s)');
SELECT shown('SELECT i, generate_series(1, 2), count(*) FROM t GROUP BY 1, 2');
SELECT shown('SELECT s::bpchar, count(*) FROM t GROUP BY 1');
SELECT shown('SELECT DISTINCT i::oid FROM t');
SELECT shown('SELECT i, count(*), row_number() OVER (ORDER BY count(*)) FROM t GROUP BY 1 ORDER BY 3, 1 LIMIT 2');
SELECT shown('SELECT i, generate_series(1, 2), count(*) FROM t GROUP BY 1 ORDER BY 1, 2 LIMIT 2');
SELECT shown('SELECT * FROM (SELECT i, row_number() OVER (PARTITION BY i ORDER BY s) AS n FROM t) q WHERE |+| n');
SELECT shown('SELECT count(*) FROM t WHERE |+| l');
DROP FUNCTION positive(bigint) CASCADE;

-- one aggregate at a time
SELECT shown('SELECT count(*) FROM t');
SELECT shown('SELECT count(i) FROM t');
SELECT shown('SELECT count(NULL), count(1), count(t.*), count(NULL::text[]) FROM t');
-- rows without columns, up to a limit: their number
SELECT shown('SELECT count(*) FROM (SELECT i FROM t LIMIT 50000) q');
SELECT shown('SELECT count(*) FROM (SELECT i FROM t WHERE i > 5 OFFSET 10 LIMIT 100) q');
SELECT shown('SELECT count(*) FROM (SELECT i FROM t LIMIT 99) q');
SELECT shown('SELECT count(i) FROM (SELECT i FROM t LIMIT 50000) q');
SELECT shown('SELECT count(*) FROM (SELECT i FROM t ORDER BY i LIMIT 50000) q');
SELECT shown('SELECT count(*) FROM (SELECT i FROM t WHERE md5(s) = ''x'' LIMIT 50000) q');
SELECT shown('SELECT count(s) FROM loose');
SELECT shown('SELECT sum(f) FROM t');
SELECT shown('SELECT sum(i) FROM t');
SELECT shown('SELECT sum(l) FROM t');
SELECT shown('SELECT sum(f) FROM loose');
SELECT shown('SELECT max(ts) FROM t');
SELECT shown('SELECT min(ts) FROM loose');
SELECT shown('SELECT max(f) FROM t');
SELECT shown('SELECT min(f) FROM loose');
SELECT shown('SELECT max(s) FROM t');
-- of what a clock shows, which can go back
SELECT shown('SELECT max(ts::date) FROM t');
SELECT shown('SELECT i, min(date_trunc(''month'', ts)), max(ts AT TIME ZONE ''Asia/Tokyo'') FILTER (WHERE b) FROM loose GROUP BY 1');
SELECT shown('SELECT i, max(ts::date) FROM t WHERE ts = ''2025-01-01Z'' GROUP BY 1 HAVING extract(dow FROM max(ts::date)) = 1 ORDER BY 2 DESC, 1 LIMIT 3');
SELECT shown('SELECT max(ts + interval ''1 day'') FROM t');
SELECT shown('SELECT max((ts + interval ''1 hour'')::date) FROM t');
SELECT shown('SELECT max(greatest(ts, ts)::date) FROM t');
-- of doubles as numerics, if the function rises with them
SELECT shown('SELECT max(round(f::numeric, 2)), min(f::numeric) FROM t');
SELECT shown('SELECT max(round(f::numeric, i)) FROM t');
SELECT shown('SELECT max(abs(f::numeric)) FROM t');
SELECT shown('SELECT avg(f) FROM t');
SELECT shown('SELECT bool_and(b) FROM t');
SELECT shown('SELECT sum(i + 1) FROM t');
SELECT shown('SELECT count(i) FILTER (WHERE b) FROM t');
SELECT shown('SELECT sum(DISTINCT i) FROM t');
SELECT shown('SELECT array_agg(i ORDER BY f) FROM t');

-- distinct values of one column, beside others
SELECT shown('SELECT count(DISTINCT i) FROM t');
SELECT shown('SELECT count(DISTINCT i), count(*), sum(f) FROM t');
SELECT shown('SELECT count(DISTINCT s) FROM loose');
SELECT shown('SELECT count(DISTINCT i), count(DISTINCT l) FROM t');

-- groups
SELECT shown('SELECT i, count(*) FROM t GROUP BY i');
SELECT shown('SELECT count(*) FROM t GROUP BY s, b');
SELECT shown('SELECT i, b, count(DISTINCT s) FROM t GROUP BY i, b');
SELECT shown('SELECT i, count(DISTINCT i), sum(f) FROM t GROUP BY i');
SELECT shown('SELECT s, count(*) FROM loose GROUP BY s');
SELECT shown('SELECT i FROM t GROUP BY i');
SELECT shown('SELECT i % 2, count(*) FROM t GROUP BY 1');

-- differences of instants
CREATE FOREIGN TABLE spans (a timestamptz NOT NULL, z timestamptz NOT NULL) SERVER mongodb OPTIONS (database 'shop', verify 'false');
SELECT shown('SELECT sum(z - a), avg(z - a), min(z - a), max(z - a) FROM spans');
SELECT shown('SELECT a, max(z - a) FROM spans GROUP BY a ORDER BY 2 DESC LIMIT 3');
SELECT shown('SELECT a, sum(z - a) FROM spans GROUP BY a ORDER BY 2 DESC LIMIT 3');
SELECT shown('SELECT sum(z - now()), avg(justify_days(z - a)) FROM spans');

-- deviations of integers whose squares are exact, and of doubles; percentiles
CREATE FOREIGN TABLE ranked (ranked0 int, ranked_ text, i int NOT NULL)
	SERVER mongodb OPTIONS (database 'shop');
SELECT shown('SELECT stddev(i), var_pop(i) FILTER (WHERE b) FROM loose');
SELECT shown('SELECT variance(i % 10) FROM t');
SELECT shown('SELECT stddev(f), var_pop(f), avg(f) FROM t WHERE f = 1');
SELECT shown('SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY f), percentile_cont(0.95) WITHIN GROUP (ORDER BY f) FROM loose');
SELECT shown('SELECT ranked_, percentile_disc(0.5) WITHIN GROUP (ORDER BY i) FROM ranked GROUP BY 1');
SELECT shown('SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY s COLLATE "C") FROM loose');
-- not these
SELECT shown('SELECT stddev(l) FROM t');
SELECT shown('SELECT stddev(DISTINCT i) FROM t');
SELECT shown('SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY f DESC) FROM t');
SELECT shown('SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY i USING >) FROM t');
SELECT shown('SELECT percentile_cont(ARRAY[0.5]) WITHIN GROUP (ORDER BY f) FROM t');
SELECT shown('SELECT percentile_cont(i / 100.0) WITHIN GROUP (ORDER BY f) FROM t GROUP BY i');
SELECT shown('SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY f) FROM t');
SELECT shown('SELECT mode() WITHIN GROUP (ORDER BY i), rank(3) WITHIN GROUP (ORDER BY i) FROM t');
SELECT shown('SELECT i, percentile_cont(0.5) WITHIN GROUP (ORDER BY f) FROM t GROUP BY ROLLUP (i)');

-- grouping sets of columns, in one pipeline; over nothing there is the total
SELECT shown('SELECT i, b, count(*) FROM t GROUP BY ROLLUP (i, b)');
SELECT shown('SELECT i, GROUPING(i), sum(f) FROM t WHERE i IS NOT NULL AND ts > now() GROUP BY GROUPING SETS ((i), (i), ())');
SELECT shown('SELECT i, s, GROUPING(s, i) FROM t GROUP BY i, CUBE (s)');
SELECT shown('SELECT i, count(*) FROM t GROUP BY ROLLUP (i) HAVING count(*) > 1 AND GROUPING(i) = 0 ORDER BY 1 LIMIT 3');
SELECT shown('SELECT i, count(*) FROM t GROUP BY GROUPING SETS ((i), (s)) ORDER BY 2 DESC LIMIT 3');
-- one set is none
SELECT shown('SELECT i, GROUPING(i) FROM t GROUP BY i');
SELECT shown('SELECT i, s, GROUPING(i, s) FROM t GROUP BY GROUPING SETS ((s, i))');
SELECT shown('SELECT lower(s), GROUPING(lower(s)), count(*) FROM t GROUP BY 1');
SELECT shown('SELECT i FROM t GROUP BY i HAVING GROUPING(i) = 0');
-- of expressions, with two totals, with DISTINCT, of a column that is two keys
SELECT shown('SELECT i % 2, count(*) FROM t GROUP BY ROLLUP (1)');
SELECT shown('SELECT count(*) FROM t GROUP BY GROUPING SETS ((), ())');
SELECT shown('SELECT i, count(DISTINCT s) FROM t GROUP BY ROLLUP (i)');
SELECT shown('SELECT f, count(*) FROM t GROUP BY ROLLUP (f), md5(s)');
SELECT shown('SELECT i, i AS again FROM t GROUP BY GROUPING SETS ((1), (2))');

-- expressions of aggregates, and conditions on groups, stay above
EXPLAIN (VERBOSE, COSTS OFF)
	SELECT sum(f) / nullif(count(*), 0) FROM t WHERE b HAVING count(*) > 5;
EXPLAIN (VERBOSE, COSTS OFF)
	SELECT i, count(*) FROM t GROUP BY i HAVING min(f) < 0 ORDER BY 2 DESC LIMIT 3;

-- only if all conditions go down
SELECT shown('SELECT count(*) FROM t WHERE i = 1');
SELECT shown('SELECT count(*) FROM t WHERE md5(s) = ''x''');
SELECT shown('SELECT count(*) FROM t WHERE now() < ''2020-01-01''');
SELECT shown('SELECT count(*) FROM t WHERE random() < 0.5');
SELECT shown('SELECT count(*) FROM t WHERE false');
SELECT shown('SELECT count(*) FROM t JOIN loose USING (i)');

-- switched off
SET admin_dashboard.enable_aggregate_pushdown = off;
SELECT shown('SELECT count(*) FROM t');
RESET admin_dashboard.enable_aggregate_pushdown;
ALTER FOREIGN TABLE t OPTIONS (ADD enable_aggregate_pushdown 'false');
SELECT shown('SELECT count(*) FROM t');
DROP EXTENSION admin_dashboard CASCADE;
DROP FUNCTION shown(text);
