-- Parallel scans: when there is one, of which column the slices are, and what is
-- grouped in them.  EXPLAIN does not contact MongoDB; the statistics are invented.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
\getenv uri AD_TEST_MONGODB_URI
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'uri');
CREATE FOREIGN TABLE t (
	id int OPTIONS (field '_id'), i int, l bigint, f double precision, s text OPTIONS (field 't'), ts timestamptz, g int, j jsonb
) SERVER mongodb OPTIONS (database 'ad_test', collection 'sound');
ANALYZE t;
SET max_parallel_workers_per_gather = 2;
SET timezone = 'UTC';
-- since PostgreSQL 16, groups may also be sorted by what an aggregate makes distinct
DO $$ BEGIN
	IF current_setting('enable_presorted_aggregate', true) IS NOT NULL THEN
		SET enable_presorted_aggregate = off;
	END IF;
END $$;
CREATE PROCEDURE documents(number real) LANGUAGE sql AS $$ UPDATE pg_class SET reltuples = number WHERE relname = 't' $$;

-- the plan of a query, but for MongoDB's query
CREATE FUNCTION shape(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line !~ '(MongoDB (Query|Collection)|Output):' THEN
			RETURN NEXT line;
		END IF;
	END LOOP;
END $$;

-- chosen for many documents only
CALL documents(20000);
SELECT shape('SELECT sum(length(j::text)) FROM t');
SELECT shape('SELECT count(*), sum(f) FROM t');
SELECT shape('SELECT s, i FROM t');
CALL documents(300000);
SELECT shape('SELECT sum(length(j::text)) FROM t');
SELECT shape('SELECT count(*), sum(f) FROM t');
SELECT shape('SELECT count(*), sum(f) FROM t WHERE id = 5');
SELECT shape('SELECT s FROM t ORDER BY ts LIMIT 5');
CALL documents(10000000);

-- groups of slices, and who combines them
SELECT shape('SELECT g, avg(i), max(ts), bool_or(i > 5) FROM t GROUP BY g');
SELECT shape('SELECT g, count(*) FROM t GROUP BY g HAVING count(*) > 5');
SELECT shape('SELECT count(*), sum(f), count(DISTINCT s) FROM t');
SELECT shape('SELECT count(DISTINCT s) FROM t HAVING count(*) > 5');
EXPLAIN (VERBOSE, COSTS OFF) SELECT count(*), sum(i), count(DISTINCT s) FROM t WHERE ts > '1970-01-02' AND ts < '2026-03-20';
-- states that are made, averages beside distinct values, distinct values by group
SELECT shape('SELECT sum(l) FROM t');
SELECT shape('SELECT avg(i), count(DISTINCT s) FROM t');
SELECT shape('SELECT g, count(DISTINCT s) FROM t GROUP BY g');

-- by the column that the conditions restrict most, or by _id
SELECT shape('SELECT count(*) FROM t WHERE i > 0');
SELECT shape('SELECT count(*) FROM t WHERE i > -5 AND ts BETWEEN ''1990-01-01'' AND ''2026-03-20''');
SELECT shape('SELECT count(*) FROM t WHERE ts::date BETWEEN ''1990-01-01'' AND ''2026-03-20''');
SELECT shape('SELECT count(*) FROM t WHERE i = 5');
SELECT shape('SELECT count(*) FROM t WHERE f > -2');
SELECT shape('SELECT count(*) FROM t WHERE i > -5 OR ts > ''1970-01-01''');
SELECT shape('SELECT count(*) FROM t WHERE f > 50');

-- not at all: a snapshot, what only the leader may evaluate, what is to be avoided, no statistics
ALTER SERVER mongodb OPTIONS (ADD snapshot 'statement');
SELECT shape('SELECT count(*), sum(f) FROM t');
ALTER SERVER mongodb OPTIONS (DROP snapshot);
CREATE FUNCTION restricted(text) RETURNS text PARALLEL RESTRICTED LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
SELECT shape('SELECT count(*) FROM t WHERE restricted(s) > ''a''');
ALTER FOREIGN TABLE t OPTIONS (ADD avoid '$match.$gte');
SELECT shape('SELECT count(*), sum(f) FROM t');
ALTER FOREIGN TABLE t OPTIONS (DROP avoid);
DELETE FROM pg_statistic WHERE starelid = 't'::regclass;
SELECT shape('SELECT count(*), sum(f) FROM t');
DROP PROCEDURE documents;
DROP FUNCTION shape, restricted;
DROP EXTENSION admin_dashboard CASCADE;
