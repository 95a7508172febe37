-- A scan that starts again with the same values sends its query once more, and keeps
-- what comes: Materialize keeps nothing for a subplan in a parallel worker.

\set ON_ERROR_STOP on
\set QUIET on
BEGIN;
\ir ../data/differential.sql
SELECT plan(13);

CREATE FUNCTION documents(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	line text;
	documents bigint := 0;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF) ' || query LOOP
		documents := documents + coalesce(substring(line FROM 'MongoDB Documents: (\d+)')::bigint, 0);
	END LOOP;
	RETURN documents;
END $$;
CREATE FUNCTION same(query text, what text) RETURNS text LANGUAGE sql AS $$
	SELECT is(answer(query, 'remote_sound'), answer(query, 'local_sound'), what)
$$;

SET LOCAL enable_material = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_memoize = off;
SET LOCAL search_path = remote_sound, public;
SELECT is(documents('SELECT count(*) FROM generate_series(1, 6) x LEFT JOIN t ON t.s > x + 0 * random()'), 2 * (SELECT count(*) FROM local_sound.t),
		  'each document comes twice, and not six times');
SELECT is(documents('SELECT count(*) FROM generate_series(1, 1) x LEFT JOIN t ON t.s > x + 0 * random()'), (SELECT count(*) FROM local_sound.t), 'no second scan');
SELECT same('SELECT x, id, s, m, t, j FROM generate_series(1, 5) x LEFT JOIN t ON t.s > x + 0 * random()', 'rows');
SELECT same('SELECT x, (SELECT min(id) FROM (SELECT id, s FROM t WHERE s > 5 OFFSET 0) q WHERE s > x * 100) FROM generate_series(-50, 50) x', 'a subquery');
SELECT same('SELECT x FROM generate_series(-50, 50) x WHERE EXISTS (SELECT FROM (SELECT s FROM t OFFSET 0) q WHERE s > x * 1000)', 'scans that end early');
SELECT same('SELECT x, q.n FROM generate_series(1, 5) x LEFT JOIN (SELECT g k, count(*) n, sum(m) FROM t GROUP BY g) q ON q.k > x + 0 * random()', 'groups with a quick form');
SELECT same('SELECT x, count(q) FROM generate_series(1, 5) x LEFT JOIN (SELECT FROM t OFFSET 3) q ON random() >= 0 GROUP BY x', 'counted rows');
SELECT same('SELECT a, b, q.id FROM generate_series(1, 4) a, LATERAL (SELECT b, id FROM generate_series(1, 3) b LEFT JOIN t ON t.id > a * 100 AND t.s > b + 0 * random()) q', 'values that change now and then');
SET LOCAL work_mem = '64kB';
SELECT same('SELECT x, id, t, j, ta FROM generate_series(1, 5) x LEFT JOIN t ON random() >= 0', 'more than memory holds');
RESET work_mem;
RESET enable_material;

-- in parallel
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
ANALYZE remote_sound.t;
SELECT same('SELECT count(*), sum(id) FROM (SELECT id, m FROM t UNION ALL SELECT id, m FROM t) x WHERE m > ALL (SELECT m FROM t WHERE m < 100 AND id > 20)', 'all of a subquery');
SELECT same('SELECT count(*), sum(id) FROM (SELECT id, s FROM t UNION ALL SELECT id, s FROM t) x WHERE s < ANY (SELECT s FROM t WHERE id > 200) OR s IS NULL', 'any of a subquery');
CREATE TABLE public.many AS SELECT n, n % 100 AS m FROM generate_series(1, 10000) n;
ALTER TABLE public.many SET (parallel_workers = 2);
SELECT same('SELECT count(*) FROM many WHERE m > ALL (SELECT id FROM t WHERE id < 80)', 'in workers');
SET LOCAL statement_timeout = '60s';
SELECT same('SELECT count(*), min(n) FROM many WHERE m > ALL (SELECT s::int FROM t WHERE s BETWEEN -100 AND 100)', 'of many rows, in time');
SELECT * FROM finish();
ROLLBACK;
