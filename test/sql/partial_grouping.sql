-- Groupings of which MongoDB does a part, and PostgreSQL the rest.  EXPLAIN
-- does not contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
-- since PostgreSQL 16, sorted groups may also be sorted by what an aggregate makes distinct
DO $$ BEGIN
	IF current_setting('enable_presorted_aggregate', true) IS NOT NULL THEN
		SET enable_presorted_aggregate = off;
	END IF;
END $$;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE FOREIGN TABLE t (
	b boolean, i int, l bigint, f double precision, n numeric, s text, v varchar(10), c char(3), d date,
	ts timestamptz, j jsonb, a text[]
) SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE loose (i int, f double precision, s text)
	SERVER mongodb OPTIONS (database 'shop', on_mismatch 'null');
CREATE FUNCTION label(text, int) RETURNS text STABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1 || $2; END';
CREATE FUNCTION noise(text) RETURNS text VOLATILE LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';

-- whether a query is partly grouped by MongoDB, and by what query
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ '(MongoDB (Query|Parameters)|Filter|Aggregate|Group  )' THEN
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
		plan := plan || line;
	END LOOP;
	RETURN NEXT CASE WHEN plan LIKE '%$group%' THEN 'MongoDB groups' ELSE 'stays' END || ': ' || query;
END $$;

-- by the column that a key reads
EXPLAIN (VERBOSE, COSTS OFF) SELECT lower(s), count(*), sum(f) FROM t GROUP BY 1;
EXPLAIN (VERBOSE, COSTS OFF) SELECT lower(s) || '!', sum(f) / count(*) FROM t GROUP BY lower(s) HAVING count(*) > 1 ORDER BY 1;
SELECT shown('SELECT lower(s), count(*) FROM loose GROUP BY 1');
SELECT shown('SELECT lower(s) FROM t GROUP BY 1');
SELECT shown('SELECT label(s, i), count(*) FROM t GROUP BY 1');
SELECT shown('SELECT upper(v), to_char(d, ''Day''), b::text, count(*) FROM t GROUP BY 1, 2, 3');

-- beside keys that MongoDB computes
SELECT shown('SELECT lower(s), i, l % 10, count(*) FROM t WHERE l = 1 GROUP BY 1, 2, 3');
SELECT shown('SELECT date_trunc(''day'', ts), lower(s), count(*) FROM t WHERE ts > ''2025-01-01Z'' AND ts < ''2026-01-01Z'' GROUP BY 1, 2');
SELECT shown('SELECT s, lower(s), length(s), count(*) FROM t WHERE s = ''a'' GROUP BY 1, 2, 3');

-- conditions: what they read is a key, too
EXPLAIN (VERBOSE, COSTS OFF) SELECT s, max(f) FROM t WHERE md5(s) LIKE 'a%' AND i = 1 GROUP BY s;
SELECT shown('SELECT upper(s), count(*) FROM t WHERE s ILIKE ''%a_%'' GROUP BY 1');
SELECT shown('SELECT s, i, count(*) FROM t WHERE label(s, i) = ''a1'' GROUP BY 1, 2');
SELECT stays('SELECT s, count(*) FROM t WHERE md5(s) = (SELECT max(v) FROM t) GROUP BY 1');
SELECT shown('SELECT s, count(*) FROM t WHERE label(s, i) = ''a1'' GROUP BY 1');
SELECT shown('SELECT count(*) FROM t WHERE md5(s) = ''x''');
SELECT shown('SELECT i % 10, count(*) FROM t WHERE chr(i) = ''x'' GROUP BY 1');
SELECT stays('SELECT s, count(*) FROM t WHERE noise(s) = ''x'' GROUP BY 1');
SELECT stays('SELECT s, count(*) FROM t WHERE md5(s) = ''x'' OR s = (SELECT v FROM t u WHERE u.s = t.s) GROUP BY 1');

-- aggregates that are made from states of doubles, and of pairs
SELECT shown('SELECT stddev(f), count(DISTINCT s) FROM t');
SELECT shown('SELECT s, corr(f, i) FROM t GROUP BY 1');
SELECT shown('SELECT lower(s), corr(f, i), avg(f), stddev(f) FROM t GROUP BY 1');
SELECT shown('SELECT s, regr_count(f, i) FROM t GROUP BY 1 HAVING regr_count(f, i) > 5');
EXPLAIN (VERBOSE, COSTS OFF) SELECT s FROM t GROUP BY 1 HAVING covar_pop(i, i) > 5;
SELECT stays('SELECT corr(DISTINCT f, i) FROM t');
SELECT stays('SELECT corr(f, length(md5(s))) FROM t');

-- distinct values
EXPLAIN (VERBOSE, COSTS OFF) SELECT DISTINCT lower(s), i FROM t;
SELECT shown('SELECT DISTINCT s FROM t WHERE s ILIKE ''%a_%''');
SELECT stays('SELECT DISTINCT f::text FROM t');
SET enable_hashagg = off;
SELECT shown('SELECT DISTINCT s FROM t WHERE md5(v) = ''x''');
RESET enable_hashagg;

-- an error that PostgreSQL would not meet where the condition is not true
SELECT shown('SELECT lower(s), sum(i + 1) FROM t GROUP BY 1');
-- of many parts, rather the columns become keys, unless they cannot; of columns that are keys, no part does
SELECT shown('SELECT lower(concat(' || string_agg('left(s, ' || n || ')', ', ') || ')), count(*) FROM t GROUP BY 1') FROM generate_series(1, 17) n;
SELECT shown('SELECT lower(concat(f > 1, ' || string_agg('left(s, ' || n || ')', ', ') || ')), count(*) FROM t GROUP BY 1') FROM generate_series(1, 17) n;
SELECT right(line, 200) FROM shown('SELECT count(*) FROM t WHERE ' || (SELECT string_agg(format('(i = %s OR (l > %1$s AND ', n), '') FROM generate_series(1, 300) n) || 's = ''x''' || repeat('))', 300)) line;
SELECT stays('SELECT lower(s), sum(i + 1) FROM t WHERE md5(s) = ''x'' GROUP BY 1');

-- the states of aggregates
SELECT shown('SELECT lower(s), count(f), sum(i), min(i), max(f), avg(f), avg(i), bool_and(b) FROM t WHERE f > 0 AND i > 0 GROUP BY 1');
SELECT shown('SELECT lower(s), count(*) FILTER (WHERE i = 1) FROM t WHERE i > 0 GROUP BY 1');
SELECT shown('SELECT lower(s), sum(l), avg(l) FROM t WHERE s = ''a'' AND l > 0 GROUP BY 1');
SELECT shown('SELECT lower(s), avg(f), stddev(f) FROM t WHERE s = ''a'' AND f = 1 GROUP BY 1');
-- numerics: those that MongoDB cannot sum are keys
SELECT shown('SELECT sum(n), avg(n), max(n), count(*) FROM t');
SELECT shown('SELECT sum(n) FILTER (WHERE b), max(n) FILTER (WHERE b) FROM t');
SELECT stays('SELECT sum(n + 1) FROM t');
-- counts: what MongoDB cannot test is a key
CREATE TYPE grade AS ENUM ('good', 'bad');
CREATE FOREIGN TABLE odd (
	ia int[], va varchar(5)[], ja jsonb[], ua uuid[], na numeric(4, 2)[], e grade, c char(3), nm name, tm time, by bytea,
	n numeric(10, 2), n30 numeric(30, 20), j jsonb, u uuid, r real, i int, inner_tags text[] OPTIONS (field 'meta.tags')
) SERVER mongodb OPTIONS (database 'shop');
SELECT shown('SELECT count(ia), count(*) FROM odd');
SELECT shown('SELECT i, count(va) FILTER (WHERE i > 1) FROM odd WHERE i > 0 GROUP BY i HAVING count(va) > 1');
SELECT shown('SELECT count(e) FROM odd');
SELECT shown('SELECT count(c), count(nm) FROM odd');
SELECT shown('SELECT count(tm), count(by) FROM odd');
SELECT shown('SELECT count(n) FROM odd');
-- MongoDB cannot test enough of these
SELECT stays('SELECT count(j) FROM odd');
SELECT stays('SELECT count(ja) FROM odd');
SELECT stays('SELECT count(u) FROM odd');
SELECT stays('SELECT count(ua) FROM odd');
SELECT stays('SELECT count(r) FROM odd');
SELECT stays('SELECT count(na) FROM odd');
SELECT stays('SELECT count(n30) FROM odd');
SELECT stays('SELECT count(inner_tags) FROM odd');
SELECT shown('SELECT count(ia), count(DISTINCT i) FROM odd');
-- unless they are a key, or the values are not verified
SELECT shown('SELECT ua, count(ua) FROM odd GROUP BY ua');
ALTER FOREIGN TABLE odd OPTIONS (ADD verify 'false');
SELECT shown('SELECT count(j), count(u), count(n30), count(DISTINCT i) FROM odd');
SELECT stays('SELECT lower(s), stddev(l) FROM t GROUP BY 1');
SELECT stays('SELECT lower(s), stddev(n) FROM t GROUP BY 1');
SELECT stays('SELECT lower(s), string_agg(s, '','' ORDER BY s) FROM t GROUP BY 1');

-- beside aggregates of distinct values, whole aggregates of smaller groups are merged
EXPLAIN (VERBOSE, COSTS OFF) SELECT lower(s), count(DISTINCT i), count(*) FROM t GROUP BY 1;
SELECT shown('SELECT count(DISTINCT lower(s)), count(*), sum(i), bool_or(b) FILTER (WHERE b) FROM t WHERE i > 0');
SELECT shown('SELECT b, count(DISTINCT (s, i)), avg(i) FROM t WHERE i > 0 GROUP BY b HAVING count(*) > 1');
SELECT shown('SELECT string_agg(DISTINCT s, '',''), count(*) FROM t WHERE md5(s) > ''a''');
SELECT shown('SELECT count(DISTINCT lower(s)), sum(n), max(n) FROM t');
SELECT stays('SELECT count(DISTINCT lower(s)), string_agg(v, '','') FROM t');
SELECT stays('SELECT count(DISTINCT f::text), count(*) FROM t');
SELECT stays('SELECT count(DISTINCT lower(s)), sum(i + 1) FROM t WHERE md5(s) > ''a''');
SELECT shown('SELECT i, count(DISTINCT lower(s)), count(*) FROM t GROUP BY ROLLUP (i)');

-- equal values that an expression can tell apart; values that MongoDB cannot
SELECT stays('SELECT f::text, count(*) FROM t GROUP BY 1');
SELECT stays('SELECT n::text, count(*) FROM t GROUP BY 1');
SELECT shown('SELECT lower(c), count(*) FROM t GROUP BY 1');
SELECT stays('SELECT j ->> ''a'', count(*) FROM t GROUP BY 1');
SELECT stays('SELECT t::text, count(*) FROM t GROUP BY 1');
SELECT stays('SELECT noise(s), count(*) FROM t GROUP BY 1');
SELECT stays('SELECT lower(s), i, stddev(f) FROM t GROUP BY ROLLUP (1, 2)');
SELECT stays('SELECT lower(s), generate_series(1, 2), count(*) FROM t GROUP BY ROLLUP (1, 2)');
-- but by grouping sets that can be merged
SELECT shown('SELECT lower(s), i, count(*), GROUPING(i) FROM t GROUP BY ROLLUP (1, 2) HAVING count(*) > 1');

-- parts of keys and conditions that MongoDB evaluates
SELECT shown('SELECT lower(left(s, 3)), count(*) FROM t WHERE s = ''a'' GROUP BY 1');
SELECT shown('SELECT date_trunc(''hour'', ts, ''UTC'') + interval ''5 minutes'' * floor(extract(minute FROM ts AT TIME ZONE ''UTC'') / 5), count(*) FROM t WHERE ts > ''2025-01-01Z'' AND ts < ''2026-01-01Z'' GROUP BY 1');
SELECT shown('SELECT count(*) FROM t WHERE extract(dow FROM ts AT TIME ZONE ''UTC'') + 1 = 2 AND ts > ''2025-01-01Z'' AND ts < ''2026-01-01Z''');
-- a part that may fail is not evaluated, and one whose equal values differ is none
SELECT shown('SELECT lower((i + 1)::text), count(*) FROM t WHERE i = 1 GROUP BY 1');
SELECT stays('SELECT (f + 1)::text, count(*) FROM t GROUP BY 1');
SELECT stays('SELECT s, count(*) FROM t WHERE md5(s || noise(s)) = ''x'' GROUP BY 1');
SELECT stays('SELECT count(*) FROM t WHERE md5(j::text) = ''x''');

-- without GROUP BY
SELECT shown('SELECT count(*), max(i) FROM t WHERE upper(s) = ''PAID'' AND i = 1');
SELECT shown('SELECT count(*) FROM t WHERE s ILIKE ''%a_%'' HAVING count(*) > 1');
SELECT stays('SELECT count(*) FROM t WHERE md5(ts::text) = ''x''');
SELECT stays('SELECT sum(i + 1) FROM t WHERE md5(s) = ''x''');

-- minima and maxima of text in an order that only PostgreSQL knows
SELECT shown('SELECT min(s), max(v), count(*) FROM t WHERE s = ''a'' AND v = ''a''');
SELECT shown('SELECT b, min(s) FROM t WHERE s = ''a'' AND b GROUP BY b');
SELECT shown('SELECT min(s) FILTER (WHERE b), count(*) FROM t');
SELECT shown('SELECT min(s || ''a''), count(*) FROM t');
SELECT stays('SELECT min(s || f::text), count(*) FROM t');

-- doubles as numerics
EXPLAIN (VERBOSE, COSTS OFF) SELECT s, sum(f::numeric), avg(f::numeric) FROM t WHERE s IN ('a', 'b') GROUP BY s;

-- doubles without statistics are not expected to repeat; bi.sql has those that do
SELECT stays('SELECT round(f::numeric, 1), count(*) FROM t GROUP BY 1');
SELECT stays('SELECT sum(f::numeric(10, 2)) FROM t');

-- groups by what a subquery has, unless that depends on the row; 17 shows a subplan in another way
SELECT line FROM shown('SELECT count(*), sum(f) FROM t WHERE i NOT IN (SELECT oid::int FROM pg_class)') line WHERE line NOT LIKE 'Filter%';
SELECT line FROM shown('SELECT s IN (SELECT relname::text FROM pg_class), count(*) FROM t GROUP BY 1') line WHERE line NOT LIKE 'Group Key%';
SELECT shown('SELECT count(*) FILTER (WHERE i IN (SELECT oid::int FROM pg_class)) FROM t');
SELECT stays('SELECT count(*) FROM t WHERE (SELECT max(oid::int) FROM pg_class WHERE oid::int < i) > 5');

-- aggregates of distinct values
EXPLAIN (VERBOSE, COSTS OFF) SELECT i, count(DISTINCT lower(s)), string_agg(DISTINCT s, ',') FILTER (WHERE b), min(lower(v)) FROM t WHERE i > 1 GROUP BY i HAVING bool_or(b);
SELECT shown('SELECT sum(DISTINCT l), array_agg(DISTINCT d) FROM t WHERE md5(s) = ''x''');
SELECT stays('SELECT string_agg(s, '','') FROM t');
SELECT stays('SELECT count(DISTINCT f), max(l) FILTER (WHERE f > 0), min(lower(s)) FROM t');
SELECT stays('SELECT count(DISTINCT s || noise(s)) FROM t');
SELECT stays('SELECT mode() WITHIN GROUP (ORDER BY i) FROM t');

-- columns whose values MongoDB can tell apart but not test
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN amount AS int;
CREATE FOREIGN TABLE u (u uuid, y bytea, e mood, a text[], m time, n numeric(4, 2), r real, q amount,
	x text[] OPTIONS (field 'x.x'), w jsonb[], h double precision[], p text OPTIONS (field 'p.0'))
	SERVER mongodb OPTIONS (database 'shop');
SELECT shown('SELECT e, count(*) FROM u GROUP BY 1');
SELECT shown('SELECT count(DISTINCT u), array_agg(DISTINCT y), min(m) FROM u');
SELECT shown('SELECT count(*) FROM u WHERE ''x'' = ANY (a)');
SELECT stays('SELECT n, count(*) FROM u GROUP BY 1');
SELECT stays('SELECT r, count(*) FROM u GROUP BY 1');
SELECT stays('SELECT q, count(*) FROM u GROUP BY 1');
SELECT stays('SELECT x, count(*) FROM u GROUP BY 1');
SELECT stays('SELECT w, count(*) FROM u GROUP BY 1');
SELECT stays('SELECT h, count(*) FROM u GROUP BY 1');
SELECT stays('SELECT p, count(*) FROM u GROUP BY 1');

-- what a format reads
CREATE FUNCTION reads(format text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE format('EXPLAIN (VERBOSE, COSTS OFF) SELECT to_char(ts AT TIME ZONE ''UTC'', %L), count(*) FROM t WHERE ts > ''2025-01-01Z'' AND ts < ''2026-01-01Z'' GROUP BY 1', format) LOOP
		IF line ~ 'MongoDB Query' THEN
			RETURN NEXT coalesce(substring(line FROM '"_id": (.*), "a0": {"\$first'), 'local') || ' for ' || format;
		END IF;
	END LOOP;
END $$;
SELECT reads('YYYY-MM');
SELECT reads('FMDay DDth Month YYYY');
SELECT reads('Day D');
SELECT reads('YYYY"-Q"Q');
SELECT reads('IYYY-"W"IW');
SELECT reads('Dy HH24');
SELECT reads('HH12 AM');
SELECT reads('hh24:mi:ss');
SELECT reads('ss.ms');
SELECT reads('yyyy-mm-dd hh24:mi:ss.ms');
SELECT reads('YYYY TZ');
SELECT reads('YYYY of');
SELECT reads('J');
SELECT reads('mMI');
SELECT reads('YYYY "unclosed');
SELECT reads('\"YYYY\"');
SELECT reads('----');

-- instants are many
SELECT stays('SELECT to_char(ts, ''TZ''), count(*) FROM t GROUP BY 1');
SELECT stays('SELECT lower(s), ts, count(*) FROM t GROUP BY 1, 2');

-- all of a grouping is better than a part
SELECT shown('SELECT left(s, 4), count(*) FROM t WHERE s = ''a'' GROUP BY 1');

-- a plan of parameters
SET plan_cache_mode = force_generic_plan;
PREPARE by_label(text) AS SELECT label(s, i) || $1, count(*) FROM t WHERE v = $1 AND md5(s) > $1 GROUP BY s, i;
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE by_label('a');
RESET plan_cache_mode;

-- by arrays, for keys that are their elements, and by what other sets are made from
EXPLAIN (VERBOSE, COSTS OFF) SELECT unnest(a), count(*), sum(f) FROM t GROUP BY 1;
SELECT shown('SELECT DISTINCT unnest(a), i FROM t');
SELECT shown('SELECT regexp_split_to_table(s, ''-''), lower(s), count(*) FROM t WHERE md5(s) > ''a'' GROUP BY 1, 2');
-- sets that are a part of a key, that are random, or of what MongoDB cannot group by
SELECT stays('SELECT lower(unnest(a)), count(*) FROM t GROUP BY 1');
SELECT stays('SELECT generate_series(1, (random() * i)::int), count(*) FROM t GROUP BY 1');
SELECT stays('SELECT jsonb_array_elements(j), count(*) FROM t GROUP BY 1');
SELECT stays('SELECT generate_series(1, i, sum(i) OVER ()) FROM t');

-- aggregates of which PostgreSQL evaluates FILTER, the conditions of CASE, or the argument on groups
EXPLAIN (VERBOSE, COSTS OFF)
SELECT count(*) FILTER (WHERE upper(s) = 'A'), sum(f) FILTER (WHERE b), avg(l) FILTER (WHERE lower(s) > 'b'), max(ts) FILTER (WHERE lower(s) > 'b') FROM t;
EXPLAIN (VERBOSE, COSTS OFF)
SELECT i, sum(CASE WHEN s ILIKE '%a_%' THEN f WHEN b THEN NULL ELSE 1 END), avg(CASE upper(v) WHEN 'X' THEN l ELSE i END), count(CASE WHEN upper(v) = 'X' THEN 1 END) FROM t GROUP BY 1;
EXPLAIN (VERBOSE, COSTS OFF)
SELECT sum(length(lower(s))), avg(length(lower(s)) / 8.0), sum(length(lower(s))::float8), count(nullif(lower(s), 'a')) FROM t;
SELECT shown('SELECT sum(n) FILTER (WHERE upper(s) = ''A''), min(n) FROM t');
SELECT shown('SELECT lower(s), sum(1) FILTER (WHERE upper(v) = ''X'') FROM t GROUP BY 1 HAVING count(*) FILTER (WHERE upper(v) = ''Y'') > 1');
-- one that is random, reads too much, may fail where PostgreSQL does not evaluate it, or whose order counts
SELECT stays('SELECT count(*) FILTER (WHERE noise(s) = ''a'') FROM t');
SELECT stays('SELECT sum(CASE WHEN j ->> ''a'' = ''x'' THEN 1 ELSE 0 END) FROM t');
SELECT stays('SELECT sum(f * length(lower(s))) FROM t');
SELECT stays('SELECT sum(CASE WHEN upper(s) = ''A'' THEN f / (f - 1) END) FROM t');
SELECT stays('SELECT sum(length(lower(s))::real) FROM t');
SELECT stays('SELECT string_agg(s, '','') FILTER (WHERE upper(s) = ''A'') FROM t');
SELECT stays('SELECT count(*) FILTER (WHERE extract(epoch FROM ts) / 7 > 3) FROM t');
SELECT stays('SELECT stddev(f) FILTER (WHERE upper(s) = ''A'') FROM t');
SELECT stays('SELECT sum(' || repeat('CASE WHEN upper(s) = ''A'' THEN f ELSE ', 9) || 'f' || repeat(' END', 9) || ') FROM t');

-- switched off
SET admin_dashboard.enable_aggregate_pushdown = off;
SELECT stays('SELECT lower(s), count(*) FROM t GROUP BY 1');
RESET admin_dashboard.enable_aggregate_pushdown;
DROP EXTENSION admin_dashboard CASCADE;
DROP TYPE mood;
DROP DOMAIN amount;
DROP FUNCTION shown(text), stays(text), reads(text), label(text, int), noise(text);
