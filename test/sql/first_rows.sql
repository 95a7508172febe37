-- The first row of each group: DISTINCT ON, row_number() = 1, and the first
-- element of array_agg().  EXPLAIN does not contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE FOREIGN TABLE t (b boolean, i int, l bigint NOT NULL, f double precision, n numeric, s text,
	ts timestamptz, j jsonb, a int[], p positive, inner_j jsonb OPTIONS (field 'a.j'))
	SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE loose (i int, s text, ts timestamptz)
	SERVER mongodb OPTIONS (database 'shop', on_mismatch 'null');
CREATE FUNCTION noise(text) RETURNS text VOLATILE LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ '(MongoDB (Query|Parameters)|Filter|Unique|WindowAgg|Sort|Aggregate)' THEN
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
	RETURN NEXT CASE WHEN plan ~ '\$group' THEN 'MongoDB groups' ELSE 'stays' END || ': ' || query;
END $$;

-- DISTINCT ON: with an order that an index can have, with a computed one, in several directions
EXPLAIN (VERBOSE, COSTS OFF) SELECT DISTINCT ON (s) s, l, j FROM t ORDER BY s, l DESC;
SELECT shown('SELECT DISTINCT ON (s) s, ts, f FROM t ORDER BY s, ts DESC');
SELECT shown('SELECT DISTINCT ON (s) s, ts, f FROM t WHERE ts > ''2025-01-01Z'' AND ts < $$2026-01-01Z$$ ORDER BY s, ts DESC');
SELECT shown('SELECT DISTINCT ON (i, b) l, s || ''!'' FROM t ORDER BY b DESC, i, f DESC NULLS LAST, ts, l');
SELECT shown('SELECT DISTINCT ON (i) i, ts FROM loose ORDER BY i, ts');
-- computed keys hide no field
CREATE FOREIGN TABLE sorted (sorted0 int, s text OPTIONS (field 'sorted1.s'), f double precision)
	SERVER mongodb OPTIONS (database 'shop');
SELECT shown('SELECT DISTINCT ON (s) s, sorted0 FROM sorted ORDER BY s, f');
-- any row
SELECT shown('SELECT DISTINCT ON (s) s, a FROM t');
-- keys that MongoDB computes, and such of which it groups by a part
SELECT shown('SELECT DISTINCT ON (date_trunc(''day'', ts)) ts, l FROM t WHERE ts > ''2025-01-01Z'' AND ts < $$2026-01-01Z$$ ORDER BY date_trunc(''day'', ts), ts DESC');
SELECT shown('SELECT DISTINCT ON (lower(s)) s, l FROM t WHERE i > 5 ORDER BY lower(s), l');
SELECT shown('SELECT count(*), sum(l) FROM (SELECT DISTINCT ON (s) s, l FROM t ORDER BY s, l DESC) q WHERE l > 5');
PREPARE latest AS SELECT DISTINCT ON (s) s, l FROM t WHERE l > $1 ORDER BY s, ts > $2, l DESC;
SET plan_cache_mode = force_generic_plan;
SELECT shown('EXECUTE latest (1, now())');
-- a document cannot be sorted by two fields that may be arrays
SELECT shown('SELECT DISTINCT ON (s, i) s, i, l FROM t ORDER BY s, i, l DESC');
SELECT shown('SELECT DISTINCT ON (s, i) s, i, l FROM t WHERE i > 5 ORDER BY s, i, l DESC');

-- orders that are not MongoDB's, conditions that it does not evaluate, rows that cannot be left out
SELECT stays('SELECT DISTINCT ON (i) i, n FROM t ORDER BY i, n');
ALTER FOREIGN TABLE loose OPTIONS (ADD avoid '$group.$first');
SELECT stays('SELECT DISTINCT ON (i) i, ts FROM loose ORDER BY i, ts');
ALTER FOREIGN TABLE loose OPTIONS (DROP avoid);
SELECT stays('SELECT DISTINCT ON (i) i, l FROM t ORDER BY i, 10 / l');
SELECT stays('SELECT DISTINCT ON (i) i, l FROM t WHERE upper(s) = ''A'' ORDER BY i, l');
SELECT stays('SELECT DISTINCT ON (n) n, l FROM t ORDER BY n, l');
SELECT stays('SELECT DISTINCT ON (i) i, noise(s) FROM t');
SELECT stays('SELECT DISTINCT ON (i) i, generate_series(1, 2) FROM t ORDER BY i');
SELECT stays('SELECT DISTINCT ON (i) i, p FROM t ORDER BY i, l');
SELECT stays('SELECT DISTINCT ON (i) i, inner_j FROM t ORDER BY i, l');
SELECT stays('SELECT DISTINCT ON (i) i, t FROM t ORDER BY i, l');
-- keys of which nearly every row has another, and one that is constant
SELECT stays('SELECT DISTINCT ON (ts) ts, l FROM t ORDER BY ts, l');
SELECT stays('SELECT DISTINCT ON (i) i, l FROM t WHERE i = 5 ORDER BY i, l');
SET admin_dashboard.enable_sort_pushdown = off;
SELECT stays('SELECT DISTINCT ON (i) i, l FROM t ORDER BY i, l');
RESET admin_dashboard.enable_sort_pushdown;
SET admin_dashboard.enable_aggregate_pushdown = off;
SELECT stays('SELECT DISTINCT ON (i) i, l FROM t ORDER BY i, l');
RESET admin_dashboard.enable_aggregate_pushdown;

-- row_number()
SELECT shown('SELECT s, l, f FROM (SELECT *, row_number() OVER (PARTITION BY s ORDER BY l DESC) AS k FROM t) q WHERE k = 1');
SELECT shown('SELECT * FROM (SELECT ts, row_number() OVER w AS k, row_number() OVER w + 1 AS m FROM loose WINDOW w AS (PARTITION BY lower(s), i ORDER BY ts DESC)) q WHERE k <= 1 AND m > 0');
SELECT stays('SELECT * FROM (SELECT s, row_number() OVER (PARTITION BY s ORDER BY l) AS k FROM t) q WHERE k = 2');
SELECT stays('SELECT * FROM (SELECT s, row_number() OVER (PARTITION BY s ORDER BY l) AS k FROM t) q WHERE k <= 2');
SELECT stays('SELECT * FROM (SELECT s, row_number() OVER (PARTITION BY s ORDER BY l) AS k FROM t) q WHERE k >= 1');
SELECT stays('SELECT * FROM (SELECT s, row_number() OVER (PARTITION BY s ORDER BY l) AS k FROM t) q');
SELECT stays('SELECT * FROM (SELECT s, rank() OVER (PARTITION BY s ORDER BY l) AS k FROM t) q WHERE k = 1');
SELECT stays('SELECT * FROM (SELECT s, count(*) OVER w AS c, row_number() OVER w AS k FROM t WINDOW w AS (PARTITION BY s ORDER BY l)) q WHERE k = 1');
SELECT stays('SELECT * FROM (SELECT s, sum(l) OVER (), row_number() OVER (PARTITION BY s ORDER BY l) AS k FROM t) q WHERE k = 1');
SELECT stays('SELECT * FROM (SELECT s, row_number() OVER (ORDER BY l) AS k FROM t) q WHERE k = 1');

-- array_agg(): both directions, both places of null, several keys
EXPLAIN (VERBOSE, COSTS OFF) SELECT s, (array_agg(i ORDER BY l DESC))[1], count(*) FROM t GROUP BY s;
SELECT shown('SELECT i, (array_agg(s ORDER BY ts DESC))[1], (array_agg(s ORDER BY ts))[1] FROM loose GROUP BY i');
SELECT shown('SELECT (array_agg(b ORDER BY ts DESC NULLS LAST, i DESC))[1], (array_agg(ts ORDER BY i NULLS FIRST, f + 1))[1] FROM t');
SELECT shown('SELECT (array_agg(f ORDER BY l) FILTER (WHERE f > 5))[1], count(DISTINCT s) FROM t HAVING (array_agg(f ORDER BY l) FILTER (WHERE f > 5))[1] > 7');
-- other elements and uses, directions that differ, an order that is not MongoDB's, what it cannot tell mismatches of
SELECT stays('SELECT s, (array_agg(i ORDER BY l))[2] FROM t GROUP BY s');
SELECT stays('SELECT s, (array_agg(i ORDER BY l))[1:1] FROM t GROUP BY s');
SELECT stays('SELECT s, (array_agg(i ORDER BY l))[1], array_agg(i ORDER BY l) FROM t GROUP BY s');
SELECT stays('SELECT s, (array_agg(i ORDER BY l))[1], cardinality(array_agg(i ORDER BY l)) FROM t GROUP BY s');
SELECT stays('SELECT s, (array_agg(i ORDER BY l DESC, i))[1] FROM t GROUP BY s');
SELECT stays('SELECT s, (array_agg(i ORDER BY n))[1] FROM t GROUP BY s');
SELECT stays('SELECT s, (array_agg(i + 1 ORDER BY l))[1] FROM t GROUP BY s');
SELECT stays('SELECT s, (array_agg(j ORDER BY l))[1] FROM t GROUP BY s');
DROP EXTENSION admin_dashboard CASCADE;
DROP DOMAIN positive;
DROP FUNCTION noise(text), shown(text), stays(text);
