-- Queries give the same answers over a table in parts, of which two are foreign
-- and one is not, as over a local copy in one piece.  SEED, CORPUS and ONLY are those of
-- test/data/sample.sql.

\set ON_ERROR_STOP on
\set QUIET on

BEGIN;
\ir ../data/differential.sql
\ir ../data/partitions.sql
\ir ../data/sample.sql

-- The queries that are made for this: of each section's first column, each of
-- the others is put into it.
CREATE TABLE public.made (query text);
INSERT INTO public.made
	SELECT format(template, col) FROM unnest(ARRAY['i', 'l', 's', 'f + 0', 'ts', 'tn', 'd8', 't COLLATE "C"', 'i + 1', 'id']) col,
	unnest(ARRAY[
		'SELECT min(%1$s), max(%1$s) FROM t',
		'SELECT max(%1$s) FROM t WHERE g = 1',
		'SELECT min(%1$s) FROM t WHERE %1$s IS NOT NULL AND id > 20',
		'SELECT max(x) FROM (SELECT %1$s AS x FROM t UNION ALL SELECT %1$s FROM t WHERE id < 20 UNION ALL SELECT NULL) u',
		'SELECT k, (SELECT max(%1$s) FROM t WHERE g = k) FROM generate_series(0, 6, 2) k',
		'SELECT k, m FROM generate_series(0, 6, 3) k, LATERAL (SELECT min(%1$s) AS m FROM t WHERE id %% 7 > k) s',
		'SELECT k, (SELECT max(x) FROM (SELECT %1$s AS x FROM t WHERE g = k UNION ALL SELECT %1$s FROM t WHERE id = k) u) FROM generate_series(0, 6, 2) k',
		'SELECT array_agg(x) FROM (SELECT %1$s AS x FROM t ORDER BY 1, id LIMIT 12) s',
		'SELECT array_agg(x) FROM (SELECT %1$s AS x FROM t WHERE %1$s IS NOT NULL ORDER BY 1 DESC, id LIMIT 9 OFFSET 4) s',
		'SELECT count(*) FROM t a JOIN t b USING (g) WHERE a.id < 40 AND b.id < 400 AND a.%1$s = b.%1$s']) template
	WHERE col ~ '^\w+$' OR template !~ 'USING';
INSERT INTO public.made VALUES
	('SELECT g, count(*), sum(i), max(ts) FROM t GROUP BY g'),
	('SELECT g, count(*) FROM t GROUP BY g HAVING count(*) > 20 ORDER BY g LIMIT 3'),
	('SELECT g, t, count(*) FROM t GROUP BY g, t'),
	('SELECT lower(t), count(*), sum(m) FROM t GROUP BY 1'),
	('SELECT g, upper(t), avg(i) FROM t GROUP BY 1, 2'),
	('SELECT DISTINCT g FROM t'),
	('SELECT g, count(*), sum(i), count(DISTINCT t) FROM t GROUP BY g'),
	('SELECT count(*), avg(m), count(DISTINCT lower(t)), min(ts), max(t) FROM t WHERE b'),
	('SELECT sum(l) FILTER (WHERE t ILIKE ''%a%''), count(i), avg(length(lower(t))) FROM t'),
	('SELECT g, lower(t), count(DISTINCT i), sum(s), avg(i) FROM t GROUP BY 1, 2 HAVING count(*) > 1'),
	('SELECT sum(n) FILTER (WHERE i > 0), avg(n), count(DISTINCT d8), bool_or(b) FROM t'),
	('SELECT x, count(*), sum(y) FROM (SELECT g AS x, i AS y FROM t WHERE id < 50 UNION ALL SELECT s, g FROM t WHERE id > 100 UNION ALL SELECT 1, 2) u GROUP BY x'),
	('SELECT sum(a), sum(b), count(DISTINCT c) FROM (SELECT s AS a, s AS b, t AS c FROM t UNION ALL SELECT g, s, t FROM t WHERE id < 99) u'),
	('SELECT k, count(*), count(DISTINCT t), max(g) FROM (SELECT 1 AS k, t, g FROM t WHERE id < 80 UNION ALL SELECT 2, upper(t), i FROM t WHERE id > 60) u GROUP BY k'),
	('SELECT count(*) FROM (SELECT g FROM t WHERE id < 90 UNION SELECT i FROM t) u'),
	('SELECT DISTINCT g, b FROM t WHERE i > 0'),
	('SELECT count(DISTINCT i) FROM t WHERE g IN (1, 2)'),
	('SELECT g, percentile_disc(0.5) WITHIN GROUP (ORDER BY id) FROM t GROUP BY g'),
	('SELECT g, b, count(*) FROM t GROUP BY ROLLUP (g, b)'),
	('SELECT a.id, b.id FROM t a JOIN t b ON a.g = b.g AND a.id = b.dx'),
	('SELECT a.g, count(*), sum(b.m) FROM t a JOIN t b ON a.g = b.g AND b.i = a.i GROUP BY a.g'),
	('SELECT a.id, b.t FROM t a LEFT JOIN t b ON a.g = b.g AND b.id = a.i AND length(b.t) > 1 WHERE a.id % 3 = 0'),
	('SELECT a.id, c.id FROM t a JOIN t b ON a.g = b.g AND b.id = a.dx JOIN t c ON c.g = b.g AND c.id = b.i'),
	('SELECT a.id FROM t a WHERE EXISTS (SELECT FROM t b WHERE b.g = a.g AND b.id = a.i)'),
	('SELECT a.id FROM t a WHERE NOT EXISTS (SELECT FROM t b WHERE b.g = a.g AND b.i = a.id) AND a.id < 70'),
	('SELECT n.name, b.id FROM names n JOIN t b ON b.g = n.g AND b.i = n.i'),
	('SELECT n.name, count(*), sum(t.i), count(DISTINCT t.t), sum(t.s * n.g) FROM t JOIN names n ON n.g = t.g GROUP BY n.name'),
	('SELECT n.name, t.g, count(t.id), avg(t.i) FROM names n LEFT JOIN t ON t.g = n.g AND t.b GROUP BY 1, 2'),
	('SELECT n.name, sum(1), sum(CASE WHEN t.b THEN 1 ELSE 0 END), avg(coalesce(t.i, 0)), count(*) FILTER (WHERE lower(t.t) = ''a'') FROM names n LEFT JOIN t ON t.g = n.i GROUP BY 1'),
	('SELECT n.name, max(t.ts), sum(t.l), bool_or(t.b) FROM t JOIN names n ON n.i = t.i AND n.g <= t.g GROUP BY 1 HAVING count(*) > 1'),
	('SELECT DISTINCT n.name, t.b FROM t JOIN names n ON n.g = t.g WHERE upper(t.t) <> ''A'''),
	('SELECT n.name, date_trunc(''month'', t.ts), count(*), min(t.t) FROM t JOIN names n USING (g) GROUP BY 1, 2'),
	('SELECT n.name, count(*), sum(u.a) FROM (SELECT g, i AS a FROM t WHERE id < 99 UNION ALL SELECT s, g FROM t WHERE b) u JOIN names n USING (g) GROUP BY 1'),
	('SELECT count(*), count(t.id), count(DISTINCT t.g) FROM t FULL JOIN names n ON n.g = t.g'),
	('SELECT n.name, s.* FROM names n, LATERAL (SELECT id, ts FROM t WHERE g = n.g ORDER BY ts DESC NULLS LAST, id LIMIT 2) s'),
	('SELECT n.name, b.id FROM names n LEFT JOIN t b ON b.id = n.i WHERE n.g > 0'),
	('SELECT t FROM t WHERE id IN (1, 2, 3, 120, 121, 122, 280, 281, 282)'),
	('SELECT (q).ts, (q).by, q FROM t q WHERE i > 0'),
	('SELECT to_jsonb(t) FROM t WHERE g = 4'),
	('SELECT id, g FROM t WHERE g = 2 AND id < 50 OR g = 1 AND t LIKE ''a%'' OR g = 0 AND ts > ''2001-01-01'''),
	('SELECT id FROM t WHERE id BETWEEN 95 AND 105'),
	('SELECT id FROM t WHERE id < 0 OR id > 100000'),
	('SELECT count(*), sum(m), max(i) FROM t WHERE false'),
	('SELECT count(*) FROM t WHERE g = (SELECT min(g) FROM names)'),
	('SELECT id, rank() OVER (PARTITION BY g ORDER BY i, id) FROM t'),
	('SELECT id, i FROM t WHERE i IS NOT NULL ORDER BY i DESC, id LIMIT 20'),
	('SELECT id, ts FROM t ORDER BY ts NULLS FIRST, id LIMIT 8 OFFSET 5'),
	('SELECT id, t FROM t WHERE s >= 0 ORDER BY length(t) DESC NULLS LAST, id DESC LIMIT 6'),
	('SELECT id, t FROM t WHERE upper(t) > ''B'' ORDER BY id LIMIT 6'),
	('SELECT id, g FROM t ORDER BY g DESC, id LIMIT 30 OFFSET 60'),
	('SELECT id, f FROM t ORDER BY f, id FETCH FIRST 9 ROWS WITH TIES'),
	('SELECT id, generate_series(1, g) FROM t ORDER BY id LIMIT 10'),
	('SELECT x, y FROM (SELECT id AS x, i AS y FROM t WHERE id < 60 UNION ALL SELECT id + 1000, g FROM t UNION ALL SELECT -1, 3) u ORDER BY y, x LIMIT 12'),
	('SELECT id, tn FROM t WHERE b UNION ALL SELECT s, tn FROM t ORDER BY 2 DESC NULLS LAST, 1 LIMIT 7 OFFSET 2'),
	('SELECT n.name, (SELECT id FROM t WHERE g >= n.g ORDER BY i NULLS FIRST, id LIMIT 1) FROM names n'),
	('SELECT count(*), min(id) < max(id) FROM (SELECT id FROM t LIMIT 33) s'),
	('SELECT ''a'' AS k, id, i FROM t WHERE g = 1 UNION ALL SELECT ''b'', id, g FROM t WHERE length(t) > 1 UNION ALL SELECT ''c'', id, i FROM t WHERE upper(t) > ''B'' ORDER BY 3 DESC NULLS LAST, 1, 2 LIMIT 11 OFFSET 4'),
	('SELECT k, (SELECT id FROM (SELECT id, ts FROM t WHERE g = k UNION ALL SELECT id, w FROM t WHERE i > k) u ORDER BY ts NULLS FIRST, id LIMIT 1) FROM generate_series(0, 4) k'),
	('SELECT count(*) FROM (SELECT id FROM t ORDER BY g, id LIMIT 30 OFFSET 10) s'),
	('SELECT id FROM t WHERE dm > 5 AND ia IS NOT NULL AND e = ''red'''),
	('SELECT string_agg(t, '','' ORDER BY id) FROM t WHERE length(t) < 5 AND g <> 1');

-- the ways to ask
CREATE TABLE public.ways (way text PRIMARY KEY, expected text, asked text, as_role text);
INSERT INTO public.ways
	SELECT shape || ' of ' || whole, replace(expected, '*', whole), replace(asked, '*', whole), as_role
	FROM unnest(ARRAY['few', 'sound']) whole,
		(VALUES ('partitions', 'local_*', 'parts_*', 'none'), ('heirs', 'local_*', 'heirs_*', 'none'),
				('branches', 'local_*', 'branches_*', 'none'), ('policy', 'local_*', 'parts_*', 'parts_reader'), ('view', 'views_local_*', 'views_*', 'none')) shape (shape, expected, asked, as_role);

CREATE FUNCTION public.answer_as(role text, query text, schema text, ordered boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('role', role, true);
	answer := public.answer(query, schema, ordered);
	PERFORM set_config('role', 'none', true);
	RETURN answer;
END $$;

-- Of several errors in a query any may come first.
CREATE FUNCTION public.is_right(got text, expected text) RETURNS boolean LANGUAGE sql AS $$
	SELECT got = expected AND expected NOT LIKE '42%' OR got LIKE '22___ %' AND expected LIKE '22___ %'
$$;

-- A query under a time zone, in one way, with joins and groups of partitions or without
CREATE FUNCTION public.same(zone text, ordered boolean, query text, of text, partitionwise boolean) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	way public.ways := w FROM public.ways w WHERE w.way = of;
	expected text;
	got text;
BEGIN
	PERFORM set_config('timezone', zone, true), set_config('enable_partitionwise_join', partitionwise::text, true),
		set_config('enable_partitionwise_aggregate', partitionwise::text, true);
	expected := public.answer_as(way.as_role, query, way.expected, ordered);
	got := public.answer_as(way.as_role, query, way.asked, ordered);
	PERFORM set_config('search_path', 'public', true);
	RETURN NEXT ok(public.is_right(got, expected), format('%s, partitionwise %s, %s: %s', of, partitionwise, zone, query));
	IF NOT public.is_right(got, expected) THEN
		RETURN NEXT diag(public.difference(expected, got));
	END IF;
END $$;

-- Each query that is made for this is asked in two ways, and one of the sample in
-- one.  Of all, each is asked in all ways; what is inherited has no partitions.
CREATE TABLE public.asked AS
	SELECT number, zone, ordered, query, way, CASE WHEN :'whole' = 'all' THEN partitionwise ELSE (number + n) / 4 % 2 = 0 END AS partitionwise
	FROM (SELECT number, zone, ordered, query FROM public.corpus WHERE few
		  UNION ALL SELECT 100000 + row_number() OVER (ORDER BY query), 'Europe/Berlin', false, query FROM public.made) q,
		(SELECT way, row_number() OVER (ORDER BY way) AS n FROM public.ways) w, unnest(ARRAY[true, false]) partitionwise
	WHERE (partitionwise OR :'whole' = 'all' AND way LIKE 'partitions%') AND
		-- a view has no tableoid
		NOT (way ~ '^(view|branches)' AND query LIKE '%tableoid%') AND
		(:'whole' = 'all' OR (number + n) % CASE WHEN number > 100000 THEN 4 ELSE 8 END = 0);
SELECT plan(count(*)::int + 49) FROM public.asked;
SELECT public.same(zone, ordered, query, way, partitionwise) FROM public.asked ORDER BY number, way;

-- A value that does not fit its column is an error to min() and max(), though the
-- planner computes them by ORDER BY and LIMIT 1, of what is not null.  It does so
-- here, as the local part has indexes and many rows.
CREATE TABLE public.strict (id int, i int, f float8, ts timestamptz, t text COLLATE "C", g int) PARTITION BY LIST (g);
CREATE FOREIGN TABLE public.strict_few (g int, t text COLLATE "C", ts timestamptz, f float8, i int, id int OPTIONS (field '_id'))
	SERVER mongodb OPTIONS (database 'ad_test', collection 'few', on_mismatch 'error');
ALTER TABLE public.strict ATTACH PARTITION public.strict_few FOR VALUES IN (0, 1, 2, 3, 4, 5, 6);
CREATE TABLE public.strict_rows PARTITION OF public.strict FOR VALUES IN (7);
INSERT INTO public.strict_rows SELECT k, k, k, 'epoch'::timestamptz + k * interval '1 h', 'x' || k, 7 FROM generate_series(1000, 21000) k;
CREATE INDEX ON public.strict_rows (i);
CREATE INDEX ON public.strict_rows (f);
CREATE INDEX ON public.strict_rows (ts);
CREATE INDEX ON public.strict_rows (t);
ANALYZE public.strict_rows;
CREATE FUNCTION public.plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	lines text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		lines := concat_ws(E'\n', lines, line);
	END LOOP;
	RETURN lines;
END $$;
CREATE TABLE public.extremes AS
	SELECT format(template, col) AS query
	FROM unnest(ARRAY['i', 'f', 'ts', 't']) col,
		unnest(ARRAY[
			'SELECT max(%1$s) FROM strict',
			'SELECT k, (SELECT min(%1$s) FROM strict WHERE id > k) FROM generate_series(1, 2) k',
			'SELECT max(x) FROM (SELECT %1$s AS x FROM strict_few WHERE id >= 0 UNION ALL SELECT %1$s FROM strict_rows) u',
			'SELECT k, (SELECT max(x) FROM (SELECT %1$s AS x FROM strict_few WHERE id > k UNION ALL SELECT %1$s FROM strict_rows) u) FROM generate_series(1, 2) k']) template;
SELECT throws_ok(query, 'HV004', NULL, 'a mismatch is an error in a group: ' || query) FROM public.extremes ORDER BY query;
SET LOCAL admin_dashboard.enable_aggregate_pushdown = off;
SELECT throws_ok(query, 'HV004', NULL, 'a mismatch is an error: ' || query) FROM public.extremes ORDER BY query;
SELECT matches(public.plan_of(query), 'Limit.*Merge Append', 'as the first in order: ' || query) FROM public.extremes WHERE query !~ '^SELECT k' ORDER BY query;
RESET admin_dashboard.enable_aggregate_pushdown;
-- where the query has the condition, it is the query's that a mismatch does not meet
SELECT matches(public.plan_of(format('SELECT max(%1$s) FROM strict WHERE %1$s IS NOT NULL', col)), 'db.few.*sort', 'MongoDB sorts by ' || col)
FROM unnest(ARRAY['i', 'ts', 't']) col;
SELECT is((SELECT max(i) FROM public.strict WHERE i IS NOT NULL), (SELECT greatest(max(i), 21000) FROM local_few.t), 'the greatest that fits');
SELECT is((SELECT min(ts) FROM public.strict WHERE ts IS NOT NULL), (SELECT min(ts) FROM local_few.t), 'the least that fits');
SELECT is((SELECT max(x) FROM (SELECT i AS x FROM public.strict_few WHERE i IS NOT NULL LIMIT 400) u), (SELECT max(i) FROM local_few.t), 'of a limit');

-- A generated column of a foreign table is what its field holds, and under its
-- own number in each part, behind a dropped one.
CREATE TABLE public.made_of (id int, i int, made int GENERATED ALWAYS AS (id % 7) STORED);
CREATE FOREIGN TABLE public.made_few (made int OPTIONS (field 'g') GENERATED ALWAYS AS (id % 7) STORED, gone int, i int, id int OPTIONS (field '_id'))
	SERVER mongodb OPTIONS (database 'ad_test', collection 'few', on_mismatch 'null');
ALTER FOREIGN TABLE public.made_few DROP COLUMN gone;
ALTER FOREIGN TABLE public.made_few INHERIT public.made_of;
INSERT INTO public.made_of SELECT 1000 + k, k FROM generate_series(1, 9) k;
CREATE VIEW public.made_local AS SELECT id, i, id % 7 AS made FROM local_few.t UNION ALL SELECT 1000 + k, k, (1000 + k) % 7 FROM generate_series(1, 9) k;
SELECT results_eq('SELECT made, count(*), max(i), min(id) FROM made_of WHERE made > 2 GROUP BY made ORDER BY made',
				  'SELECT made, count(*), max(i), min(id) FROM made_local WHERE made > 2 GROUP BY made ORDER BY made', 'groups by a generated column');
SELECT results_eq('SELECT made, id FROM made_of ORDER BY made DESC, id LIMIT 20', 'SELECT made, id FROM made_local ORDER BY made DESC, id LIMIT 20', 'an order by one');
SELECT results_eq('SELECT max(made), min(made) FROM made_of WHERE i > 3', 'SELECT max(made), min(made) FROM made_local WHERE i > 3', 'the extremes of one');
SELECT * FROM finish();
ROLLBACK;
