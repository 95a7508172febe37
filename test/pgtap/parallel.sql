-- Parallel scans give the same answers: of the slices of a column, each document
-- is in exactly one, whatever it holds, and the groups of slices add up.  SEED, CORPUS and
-- ONLY are those of test/data/sample.sql.

\set ON_ERROR_STOP on
\set QUIET on

BEGIN;
\ir ../data/differential.sql
\ir ../data/sample.sql

-- Every scan that can be parallel is: as if there were many documents, and workers cost
-- nothing.
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
CREATE PROCEDURE pretend_many(relation regclass) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('ANALYZE %s', relation);
	UPDATE pg_class SET reltuples = 1e7 WHERE oid = relation;
END $$;
CALL pretend_many('remote_few.t');
CALL pretend_many('remote_sound.t');
CALL pretend_many('remote_mixed.t');
CALL pretend_many('remote_strict.t');

CREATE TABLE made (query text);
-- by each column that can be divided, with a range whose ends are values, between values and
-- beyond them
INSERT INTO made
	SELECT format(template, col, low, high)
	FROM (VALUES ('i', '-5', '100'), ('i', '-3000000000', '3000000000'), ('l', '-20', '9223372036854775807'), ('s', '0', '40'),
			('dx', '0', '10'), ('id', '17', '250'), ('ts', '''1970-01-01Z''', '''2026-03-29 01:30Z'''), ('ts', '''2000-01-01''', '''infinity'''),
			('tn', '''1980-01-01 00:00:00.0005''', '''2030-01-01'''), ('d8', '''1990-01-01''', '''2020-01-01'''), ('ts::date', '''1980-01-01''', '''2015-05-05''')) range (col, low, high),
		unnest(ARRAY[
		'SELECT * FROM t WHERE %1$s >= %2$s AND %1$s < %3$s',
		'SELECT count(*), sum(i), min(ts), max(t COLLATE "C"), avg(i), bool_or(b), sum(m) FROM t WHERE %1$s > %2$s AND %1$s <= %3$s',
		'SELECT count(*), count(DISTINCT t), max(ts) FROM t WHERE %1$s > %2$s AND %1$s <= %3$s',
		'SELECT g, t, count(*), sum(i), max(f) FROM t WHERE %1$s BETWEEN %2$s AND %3$s GROUP BY g, t']) template;
INSERT INTO made VALUES
	('SELECT * FROM t'),
	('SELECT id FROM t WHERE i IS NULL'),
	('SELECT count(*), count(i), sum(i), min(l) FROM t'),
	('SELECT count(DISTINCT t), count(*), sum(m) FROM t'),
	('SELECT count(DISTINCT t) - count(*) AS d, count(DISTINCT t) FROM t WHERE id > 3 HAVING count(DISTINCT t) > 1'),
	('SELECT count(DISTINCT t), count(*) FROM t WHERE id > 3 HAVING count(*) < 0'),
	('SELECT count(DISTINCT i), count(DISTINCT t), count(*) FROM t WHERE id > 3'),
	('SELECT count(DISTINCT i), avg(i) FROM t WHERE id > 3'),
	('SELECT count(DISTINCT g), count(*), sum(i), min(ts), bool_and(b) FROM t WHERE id > 100000'),
	('SELECT count(DISTINCT f), count(*) FROM t WHERE id > 3'),
	('SELECT count(DISTINCT b), count(*) FILTER (WHERE i > 0) FROM t WHERE id > 3'),
	('SELECT g, count(DISTINCT t) FROM t WHERE id > 3 GROUP BY g'),
	('SELECT date_trunc(''year'', ts), count(*), sum(i) FROM t WHERE id < 300 GROUP BY 1'),
	('SELECT g, count(*) FROM t WHERE id < 300 GROUP BY g HAVING count(*) > 3 ORDER BY 1'),
	('SELECT DISTINCT g FROM t WHERE id < 300'),
	('SELECT sum(l), avg(l), stddev(i) FROM t WHERE id > 3'),
	('SELECT lower(t), count(*) FROM t WHERE id > 3 GROUP BY 1'),
	('SELECT id FROM t WHERE id > 3 AND t ~ ''(a|b)'' '),
	('SELECT count(*) FROM t WHERE id > 3 AND length(j::text) > 10'),
	('SELECT count(*) FROM t WHERE id > (SELECT min(g) FROM names) AND i < 5'),
	('SELECT k, (SELECT count(*) FROM t WHERE id > k) FROM generate_series(0, 100, 50) k'),
	('SELECT k, n FROM generate_series(0, 100, 50) k, LATERAL (SELECT count(*) AS n FROM t WHERE id > k) s'),
	('SELECT a.id, b.id FROM t a JOIN t b ON a.i = b.dx AND a.g = b.g WHERE a.id < 200'),
	('SELECT n.name, count(*) FROM names n JOIN t ON t.g = n.g AND t.id > 7 GROUP BY 1'),
	('SELECT n.name, t.id FROM names n LEFT JOIN t ON t.i = n.i AND t.id > 7'),
	('SELECT count(*) FROM (SELECT id FROM t WHERE id > 9 UNION ALL SELECT id FROM t WHERE i > 0) u'),
	('SELECT count(*) FROM t WHERE false'),
	('SELECT count(*) FROM t WHERE id > (SELECT NULL::int)'),
	('SELECT count(DISTINCT t) FROM t WHERE id > (SELECT NULL::int)'),
	('SELECT g, count(*) FROM t WHERE id > 2 AND id < 1 GROUP BY g'),
	('SELECT g, GROUPING(g), count(*) FROM t WHERE id > 3 GROUP BY g'),
	('SELECT g, GROUPING(g), count(DISTINCT t) FROM t WHERE id > 3 GROUP BY g'),
	('SELECT g FROM t WHERE id > 3 GROUP BY g HAVING GROUPING(g) = 0'),
	('SELECT x, GROUPING(x), count(*) FROM (SELECT lower(t) AS x FROM t WHERE id > 3) s GROUP BY GROUPING SETS ((x), ())'),
	('SELECT z, count(*) FROM (SELECT coalesce(i, 0) AS z, g FROM t WHERE id > 3) s RIGHT JOIN names n ON n.g = s.g GROUP BY z'),
	('SELECT z, count(*), sum(w) FROM names n LEFT JOIN LATERAL (SELECT coalesce(i, 0) AS z, n.i AS w FROM t WHERE id > 3 AND t.g = n.g) s ON true WHERE z > 3 OR z IS NULL GROUP BY z');

-- An answer; of an error without the value in its message, since of several rows that fail
-- any may come first.
CREATE FUNCTION answer_of_any(query text, schema text, ordered boolean) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN answer ~ '^22' THEN regexp_replace(answer, '"[-0-9.]+"', 'a value') ELSE answer END
	FROM public.answer(query, schema, ordered) answer
$$;
CREATE FUNCTION same(query text, ordered boolean, collection text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	expected text := public.answer_of_any(query, 'local_' || collection, ordered);
	got text := public.answer_of_any(query, 'remote_' || collection, ordered);
BEGIN
	PERFORM set_config('search_path', 'public', true);
	RETURN NEXT ok(got = expected AND expected NOT LIKE '42%', format('%s: %s', collection, query));
	IF got <> expected THEN
		RETURN NEXT diag(public.difference(expected, got));
	END IF;
END $$;

-- what a plan says
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	plan text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		plan := plan || line || E'\n';
	END LOOP;
	RETURN plan;
END $$;

SELECT plan(11 + (SELECT 2 * count(*)::int FROM made) + (SELECT count(*)::int FROM corpus WHERE few));
SELECT same(query, false, collection) FROM made, unnest(ARRAY['few', 'sound']) collection;
SELECT same(query, ordered, 'mixed') FROM corpus WHERE few ORDER BY number;

-- all of that was parallel
SELECT alike(plan_of('SELECT * FROM remote_few.t'), '%Workers Launched: 2%Parallel Foreign Scan%MongoDB Slices: 12 by _id%MongoDB Documents: 300%', 'rows');
SELECT alike(plan_of('SELECT count(*) FROM remote_few.t WHERE ts > ''1990-01-01'''), '%Finalize Aggregate%Parallel Foreign Scan%MongoDB Slices: 6 by ts%', 'groups');
SELECT alike(plan_of('SELECT count(DISTINCT t) FROM remote_few.t WHERE i >= 0 AND ts > ''1800-01-01'''), '%MergeGroups%Parallel Foreign Scan%MongoDB Slices: % by i%', 'distinct values');
SELECT matches(plan_of('SELECT sum(g) FROM remote_few.t WHERE id BETWEEN 10 AND 19'), 'MongoDB Slices: [2-6] by _id', 'only bounds in the range count');
SELECT matches(plan_of('SELECT id, i FROM remote_few.t'), 'Mismatches Read As NULL: [1-9]', 'mismatches of workers are counted');

-- a mismatch is an error, in whatever slice it is
SELECT throws_ok(query, 'HV004', NULL, 'an error: ' || query)
FROM unnest(ARRAY['SELECT count(*), sum(i) FROM remote_strict.t', 'SELECT count(DISTINCT i) FROM remote_strict.t', 'SELECT sum(length(t.*::text)) FROM remote_strict.t']) query;

-- what ends the leader ends the workers, and a scan that is not finished can begin again
SELECT is((SELECT count(*) FROM (SELECT id FROM remote_sound.t LIMIT 7) s), 7::bigint, 'LIMIT');
SELECT is((SELECT sum(n) FROM generate_series(1, 5) k, LATERAL (SELECT count(*) AS n FROM (SELECT id FROM remote_sound.t WHERE k > 0 LIMIT 7) s) u), 35::numeric, 'LIMIT, again and again');
SET LOCAL parallel_leader_participation = off;
SELECT is((SELECT count(*) FROM remote_few.t WHERE j IS DISTINCT FROM '7'), (SELECT count(*) FROM local_few.t WHERE j IS DISTINCT FROM '7'), 'workers alone');
SELECT * FROM finish();
ROLLBACK;
