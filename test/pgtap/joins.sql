-- Joins that MongoDB does give what PostgreSQL's give, over tables with null,
-- missing and wrong keys, arrays for keys, and texts that look like ObjectIds.
-- Each is planned as a join of MongoDB's, or is said to stay.

\set ON_ERROR_STOP on
\set QUIET on

BEGIN;
\ir ../data/differential.sql

SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_nestloop = off;

CREATE TABLE joins (number serial, stays boolean, query text);
INSERT INTO joins (stays, query) VALUES
	(false, 'SELECT a.id, b.id FROM t a JOIN t b ON a.i = b.id'),
	(false, 'SELECT a.id, b.id FROM t a JOIN t b ON a.t = b.t WHERE a.id < 40'),
	(false, 'SELECT a.id, b.id, a.t, b.t FROM t a LEFT JOIN t b ON a.t = b.t'),
	(false, 'SELECT a.id, b.id FROM t a LEFT JOIN t b ON a.v = b.t WHERE a.id < 40'),
	(false, 'SELECT a.id, b.id FROM t a LEFT JOIN t b ON a.b = b.b WHERE a.id < 40 AND b.g = 1'),
	(false, 'SELECT a.id, b.id FROM t a LEFT JOIN t b ON a.b = b.b AND b.g = 1 WHERE a.id < 40'),
	(false, 'SELECT a.id, b.id, b.n, b.n3, b.r, b.c, b.nm, b.u, b.d8, b.tm, b.ia, b.ja FROM t a LEFT JOIN t b ON a.l = b.dx WHERE a.i > 5'),
	(false, 'SELECT a.*, b.id FROM t a LEFT JOIN t b ON a.dx = b.s WHERE b.id IS NULL'),
	(false, 'SELECT a.id, b.id FROM t a JOIN t b ON a.ts = b.ts AND a.id < b.id'),
	(false, 'SELECT a.id, b.id FROM t a LEFT JOIN t b ON a.tn = b.tn'),
	(false, 'SELECT a.id, b.id FROM t a LEFT JOIN t b ON a.w = b.w AND b.w > ''2025-01-01'''),
	(false, 'SELECT a.id, b.ta, b.j, b.e, b.by FROM t a JOIN t b ON a.g = b.id'),
	(false, 'SELECT a.id, b.id FROM t a LEFT JOIN t b ON a.i = b.g AND b.t = ANY (ARRAY[]::text[])'),
	(false, 'SELECT a.id, b.id FROM t a LEFT JOIN t b ON a.g = b.id AND b.ts < (SELECT max(ts) FROM t)'),
	(false, 'SELECT a.id, b.id FROM t a JOIN t b ON a.g = b.id AND lower(a.t) = a.v'),
	(false, 'SELECT a.g, count(*), count(b.id), sum(b.m) FROM t a LEFT JOIN t b ON a.i = b.id GROUP BY a.g'),
	(false, 'SELECT a.id, b.id FROM t a JOIN t b ON a.g = b.id ORDER BY a.id DESC, b.id LIMIT 7 OFFSET 3'),
	(false, 'SELECT 1 FROM t a LEFT JOIN t b ON a.i = b.id'),
	(true, 'SELECT a.id, b.id FROM t a JOIN (SELECT id FROM t WHERE now() IS NULL) b ON a.i = b.id'),
	(true, 'SELECT a.id, b.id FROM t a LEFT JOIN t b ON a.i = b.id AND now() IS NULL WHERE a.id < 20'),
	(true, 'SELECT a.id, b.id FROM t a LEFT JOIN t b ON a.f = b.f WHERE a.id < 40'),
	(true, 'SELECT a.id, b.id FROM t a LEFT JOIN t b ON a.i = b.id AND b.g = a.g WHERE a.id < 20'),
	(true, 'SELECT a.id, b.dm FROM t a LEFT JOIN t b ON a.i = b.id WHERE a.id < 20'),
	(true, 'SELECT a.id, z FROM t a JOIN t z ON a.i = z.id WHERE a.id < 20');

CREATE FUNCTION is_pushed(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line LIKE '%$lookup%' THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END $$;

CREATE FUNCTION same(stays boolean, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	expected text := public.answer(query, 'local_few');
	got text := public.answer(query, 'remote_few');
BEGIN
	RETURN NEXT ok(got = expected, query);
	IF got IS DISTINCT FROM expected THEN
		RETURN NEXT diag(public.difference(expected, got));
	END IF;
	SET search_path = remote_few, public;
	RETURN NEXT is(public.is_pushed(query), NOT stays, 'by MongoDB, or not: ' || query);
	SET search_path = public;
END $$;

SELECT no_plan();
SELECT same(stays, query) FROM joins ORDER BY number;

-- what the genetic optimizer tries for an order of joins does not outlive that
SET LOCAL geqo_threshold = 2;
SELECT is(public.answer(query, 'remote_few'), public.answer(query, 'local_few'), 'by GEQO: ' || query) FROM unnest(ARRAY[
	'SELECT a.id, b.t, c.m FROM t a JOIN t b ON a.g = b.id JOIN t c ON b.i = c.id WHERE a.id < 60',
	'SELECT a.g, count(*), sum(c.m) FROM t a JOIN t b ON a.g = b.id LEFT JOIN t c ON b.dx = c.id AND c.s > 0 GROUP BY a.g',
	'SELECT n.name, b.id, c.l FROM names n JOIN t b ON b.id = n.i JOIN t c ON c.id = b.g WHERE c.ts IS NOT NULL ORDER BY c.l']) query;
RESET geqo_threshold;

-- a value that does not fit its column, on either side
SET LOCAL search_path = remote_strict, public;
PREPARE outer_value AS SELECT a.w, b.id FROM t a LEFT JOIN t b ON a.g = b.id;
PREPARE inner_value AS SELECT a.id, b.w FROM t a JOIN t b ON a.id = b.id;
PREPARE outer_key AS SELECT a.id, b.id FROM t a LEFT JOIN t b ON a.w = b.ts;
SELECT throws_ok('outer_value', 'HV004', NULL, 'an outer value that does not fit');
SELECT throws_ok('inner_value', 'HV004', NULL, 'an inner value that does not fit');
SELECT throws_ok('outer_key', 'HV004', NULL, 'an outer key that does not fit');
RESET enable_hashjoin;
PREPARE no_key AS SELECT a.tn, a.id FROM t a WHERE a.id < 30 AND NOT EXISTS (SELECT FROM t b WHERE a.i = b.dx AND b.dx <> -2147483648);
SELECT throws_ok('no_key', 'HV004', NULL, 'a key that is none of those of the other side, since it does not fit');
\ir ../data/total.sql
SELECT * FROM finish();
ROLLBACK;
