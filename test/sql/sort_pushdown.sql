-- Which ORDER BY, LIMIT and OFFSET are MongoDB's, and in what words.  Each that
-- goes down has one beside it that does not.  EXPLAIN does not contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE FOREIGN TABLE t (
	b boolean, i int, l bigint, f double precision, s text, c text COLLATE "C",
	ts timestamptz NOT NULL, n numeric NOT NULL, nf double precision NOT NULL, nc text COLLATE "C" NOT NULL,
	place text OPTIONS (field 'meta.place') COLLATE "POSIX", doc jsonb OPTIONS (field '$')
) SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE loose (b boolean, i int, c text COLLATE "C", f double precision, ts timestamptz NOT NULL)
	SERVER mongodb OPTIONS (database 'shop', on_mismatch 'null');
CREATE FOREIGN TABLE u (i int NOT NULL, j int NOT NULL) SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE twice (a int OPTIONS (field 'n') NOT NULL, b bigint OPTIONS (field 'n') NOT NULL, i int NOT NULL)
	SERVER mongodb OPTIONS (database 'shop');
-- the lines that matter; what sorts, groups or limits in PostgreSQL
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ '(MongoDB (Query|Parameters)|Filter|Sort Key):|(->|^) *[A-Za-z ]*(Limit|Sort|Aggregate|Unique|WindowAgg|LockRows|Merge|ProjectSet)' THEN
			-- PostgreSQL 17 shows an init plan's result in another way, and 18 a window's
			RETURN NEXT regexp_replace(trim(line, '-> '), '\(InitPlan \w+\)\.col1|(?<== )\$\d', '$0', 'g');
		END IF;
	END LOOP;
END $$;

-- a declaration, or a condition, says that there is nothing but values
SELECT shown('SELECT i FROM t ORDER BY ts');
SELECT shown('SELECT i FROM t ORDER BY ts DESC LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY ts NULLS FIRST LIMIT 10 OFFSET 20');
SELECT shown('SELECT l FROM t WHERE i > 5 ORDER BY i DESC, ts LIMIT 10');
SELECT shown('SELECT l FROM t WHERE i IS NOT NULL ORDER BY i LIMIT 10');
SELECT shown('SELECT l FROM t WHERE i IN (1, 2) ORDER BY i LIMIT 10');
SELECT shown('SELECT i FROM loose WHERE b ORDER BY b, i LIMIT 10');
SELECT shown('SELECT i FROM loose WHERE ts > ''2026-01-01Z'' ORDER BY ts LIMIT 10');

-- one field as two columns
SELECT shown('SELECT a, b FROM twice ORDER BY a, b DESC, i LIMIT 10');
SELECT shown('SELECT a, b FROM twice ORDER BY a DESC, b OFFSET 100 LIMIT 10');
SELECT shown('SELECT DISTINCT ON (a) a, b, i FROM twice ORDER BY a, b DESC, i');
SELECT shown('SELECT a, b, count(*) FROM twice GROUP BY a, b ORDER BY a, b DESC LIMIT 10');

-- otherwise there is a key for NULLs, and one for mismatches where they are errors
SELECT shown('SELECT b FROM t ORDER BY b LIMIT 10');
SELECT shown('SELECT b FROM t ORDER BY b NULLS FIRST LIMIT 10');
SELECT shown('SELECT b FROM t ORDER BY b DESC LIMIT 10');
SELECT shown('SELECT b FROM t ORDER BY b DESC NULLS LAST LIMIT 10');
SELECT shown('SELECT b FROM loose ORDER BY b LIMIT 10');
SELECT shown('SELECT b FROM loose ORDER BY b NULLS FIRST LIMIT 10');
SELECT shown('SELECT b FROM loose ORDER BY b DESC LIMIT 10');
SELECT shown('SELECT b FROM loose ORDER BY b DESC NULLS LAST LIMIT 10');
SELECT shown('SELECT i FROM loose ORDER BY ts LIMIT 10');
SELECT shown('SELECT b FROM loose WHERE i < 5 OR b ORDER BY b LIMIT 10');
SELECT shown('SELECT b FROM t ORDER BY ts, b NULLS FIRST LIMIT 10');
SELECT shown('SELECT doc FROM t ORDER BY b NULLS FIRST LIMIT 10');
-- without a limit, computed keys are not worth it
SELECT shown('SELECT i FROM t ORDER BY b');

-- NaN is greater than all other numbers
SELECT shown('SELECT f FROM t WHERE f < 1 ORDER BY f LIMIT 10');
SELECT shown('SELECT f FROM t WHERE f BETWEEN 0 AND 1 ORDER BY f LIMIT 10');
SELECT shown('SELECT f FROM t WHERE f > 1 ORDER BY f LIMIT 10');
SELECT shown('SELECT f FROM t WHERE f <= ''NaN'' ORDER BY f LIMIT 10');
SELECT shown('SELECT nf FROM t ORDER BY nf NULLS FIRST LIMIT 10');

-- text: by bytes only, and an ObjectId is its digits
SELECT shown('SELECT i FROM t WHERE c <> '''' ORDER BY c LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY nc NULLS FIRST LIMIT 10');
SELECT shown('SELECT i FROM t WHERE place = ''x'' OR place = ''y'' ORDER BY place LIMIT 10');
SELECT shown('SELECT i FROM loose ORDER BY c LIMIT 10');
SELECT shown('SELECT i FROM t WHERE s <> '''' ORDER BY s COLLATE "C" LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY c USING ~<~ LIMIT 10');

-- not columns that MongoDB can order
SELECT shown('SELECT i FROM t ORDER BY n LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY ts, i + 1 LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY ts, random() LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY doc LIMIT 10');
-- of several, those that come first: a limit lets PostgreSQL read no more than is equal in them
SELECT shown('SELECT i, count(*) FROM t GROUP BY i ORDER BY i, md5(i::text) LIMIT 10');
SELECT shown('SELECT i, n FROM t ORDER BY ts, n LIMIT $$1$$::int OFFSET 2');
SELECT shown('SELECT i FROM t ORDER BY ts, n');
SELECT shown('SELECT i FROM t ORDER BY n, ts LIMIT 10');

-- limits
SELECT shown('SELECT i FROM t LIMIT 10');
SELECT shown('SELECT i FROM t OFFSET 10');
SELECT shown('SELECT i FROM t LIMIT 10 OFFSET 0');
SELECT shown('SELECT i FROM t LIMIT ALL OFFSET NULL');
SELECT shown('SELECT i FROM t LIMIT 9223372036854775807 OFFSET 5');
SELECT shown('SELECT i FROM t WHERE ts > ''2026-01-01Z'' LIMIT (SELECT 5) OFFSET (SELECT 6)');
SELECT shown('SELECT i FROM t LIMIT extract(year FROM now())');
SELECT shown('SELECT i FROM t LIMIT random() * 10');
SELECT shown('SELECT i + 1, length(s) FROM t ORDER BY ts LIMIT 10');
SELECT shown('SELECT i FROM t WHERE md5(s) = ''x'' LIMIT 10');
SELECT shown('SELECT i FROM t WHERE md5(s) = ''x'' ORDER BY ts LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY ts FETCH FIRST 10 ROWS WITH TIES');
SELECT shown('SELECT i FROM t ORDER BY ts LIMIT 10 FOR UPDATE');
SELECT shown('SELECT generate_series(1, i) FROM t ORDER BY ts LIMIT 10');
SELECT shown('SELECT DISTINCT i FROM t LIMIT 10');
SELECT shown('SELECT DISTINCT md5(s) FROM t LIMIT 10');
SELECT shown('SELECT count(*) FROM t LIMIT 10');
SELECT shown('SELECT rank() OVER (ORDER BY ts) FROM t LIMIT 10');
SELECT shown('SELECT i FROM t UNION ALL SELECT i FROM loose LIMIT 10');
SELECT shown('SELECT * FROM (SELECT i FROM t ORDER BY ts LIMIT 10) q WHERE i > 5');
SELECT shown('SELECT (SELECT i FROM t ORDER BY ts LIMIT 1)');
SELECT shown('SELECT i FROM t WHERE false ORDER BY ts LIMIT 10');

-- by expressions that do not fail, and whose order is SQL's
SELECT shown('SELECT i FROM t ORDER BY length(s), ts LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY l + 1 LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY i + 1::bigint DESC NULLS LAST LIMIT 10');
SELECT shown('SELECT i FROM loose ORDER BY abs(f), i + 1::bigint LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY date_trunc(''day'', ts) DESC, i LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY ts::date LIMIT 10');
SET timezone = 'Europe/Berlin';
SELECT shown('SELECT i FROM t WHERE ts > ''2026-01-01Z'' ORDER BY date_trunc(''hour'', ts) LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY ts::timestamp LIMIT 10');
SELECT shown('SELECT i FROM t WHERE l = 1 ORDER BY ts::date LIMIT (SELECT 10)');
RESET timezone;
SELECT shown('SELECT i FROM t ORDER BY extract(year FROM ts), extract(epoch FROM ts) LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY extract(epoch FROM ts) / 3600 LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY coalesce(c, ''x'') LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY coalesce(s, ''x'') LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY i > 5, b IS NULL LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY CASE WHEN i > 5 THEN 1 ELSE 2 END LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY lower(c) LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY random() LIMIT 10');
SELECT shown('SELECT i FROM t ORDER BY length(s)');
SELECT shown('SELECT max(length(s)), array_agg(i) FROM t');

-- what OFFSET skips may be a mismatch, so that PostgreSQL skips it
SELECT shown('SELECT b FROM t ORDER BY b NULLS FIRST LIMIT 10 OFFSET 5');
SELECT shown('SELECT b, count(*) FROM t GROUP BY b ORDER BY 2 LIMIT NULL OFFSET 5');
SELECT shown('SELECT b FROM t ORDER BY b NULLS FIRST OFFSET 5');
SELECT shown('SELECT b FROM loose ORDER BY b NULLS FIRST LIMIT 10 OFFSET 5');
-- unless many are skipped
SELECT shown('SELECT b FROM t ORDER BY b NULLS FIRST, i LIMIT 10 OFFSET 500');
SELECT shown('SELECT b FROM t ORDER BY b NULLS FIRST OFFSET 9900');
SELECT shown('SELECT b FROM t ORDER BY b NULLS FIRST LIMIT 10 OFFSET 99');
SELECT shown('SELECT b FROM t ORDER BY b NULLS FIRST LIMIT (SELECT 10) OFFSET 100');
ALTER SERVER mongodb OPTIONS (ADD avoid '$setWindowFields');
SELECT shown('SELECT b FROM t ORDER BY b NULLS FIRST LIMIT 10 OFFSET 100');
ALTER SERVER mongodb OPTIONS (DROP avoid);

-- as PostgREST and others send it
SET plan_cache_mode = force_generic_plan;
PREPARE page(int, bigint, bigint) AS SELECT i FROM t WHERE l = $1 ORDER BY ts DESC LIMIT $2 OFFSET $3;
SELECT shown('EXECUTE page(1, 2, 3)');
PREPARE guarded_page(bigint, bigint) AS SELECT b FROM t ORDER BY b NULLS FIRST LIMIT $1 OFFSET $2;
SELECT shown('EXECUTE guarded_page(2, 3)');
SET plan_cache_mode = force_custom_plan;
SELECT shown('EXECUTE page(1, 2, 3)');
SELECT shown('EXECUTE page(1, 2, 0)');
SELECT shown('EXECUTE page(1, NULL, NULL)');
SELECT shown('EXECUTE guarded_page(2, 0)');
RESET plan_cache_mode;

-- 0 asks nothing, and less is the executor's error: MongoDB is not there
SELECT i FROM t ORDER BY ts LIMIT 0;
SELECT i FROM t LIMIT (SELECT 0);
SELECT i FROM t LIMIT (SELECT 0) OFFSET (SELECT 3);
SELECT i FROM t LIMIT -1;
SELECT i FROM t LIMIT -1 OFFSET -1;
EXECUTE page(1, -2, 3);
EXECUTE page(1, 2, -3);
EXECUTE guarded_page(-2, 3);
EXECUTE guarded_page(2, -3);

-- an order for something else
SELECT shown('SELECT * FROM u JOIN u v USING (i) ORDER BY i');
SELECT shown('SELECT rank() OVER (ORDER BY ts) FROM t');
-- how the planner would compute max(n): mismatches would go unnoticed
SELECT shown('SELECT stddev(l) FROM t');
SELECT shown('SELECT max(n) FROM t');

-- switched off: by the setting, the server, the table
SET admin_dashboard.enable_sort_pushdown = off;
SELECT shown('SELECT i FROM t ORDER BY ts LIMIT 10');
SELECT shown('SELECT i FROM t LIMIT 10');
RESET admin_dashboard.enable_sort_pushdown;
ALTER SERVER mongodb OPTIONS (ADD enable_sort_pushdown 'false');
SELECT shown('SELECT i FROM t ORDER BY ts LIMIT 10');
ALTER FOREIGN TABLE t OPTIONS (ADD enable_sort_pushdown 'true');
SELECT shown('SELECT i FROM t ORDER BY ts LIMIT 10');
DROP EXTENSION admin_dashboard CASCADE;
DROP FUNCTION shown(text);
