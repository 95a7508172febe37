-- The same queries over foreign tables and over local copies of the data give
-- the same answers, whatever is pushed down.
--
-- The copies are made from what test/data/typed.py says a row is.  Some of the
-- queries are made from a seed: SEED=n QUERIES=n test other ones.

\set ON_ERROR_STOP on
\set QUIET on
\getenv uri AD_TEST_MONGODB_URI
\set sound `"$PYTHON" test/data/typed.py sound`
\set mixed `"$PYTHON" test/data/typed.py mixed`
\set many `"$PYTHON" test/data/typed.py many`
\set queries `"$PYTHON" test/data/queries.py "${SEED:-1}" "${QUERIES:-150}"`

SET client_min_messages = warning;
BEGIN;
CREATE EXTENSION admin_dashboard;
-- bounds given as date and timestamp mean this zone
SET LOCAL timezone = 'Europe/Berlin';

-- table t, once for each collection on each side
CREATE SCHEMA local_sound;
CREATE SCHEMA local_mixed;
CREATE SCHEMA local_many;
CREATE SCHEMA remote_sound;
CREATE SCHEMA remote_mixed;
CREATE SCHEMA remote_many;
CREATE TYPE colour AS ENUM ('red', 'green', 'deep blue');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE local_sound.t (
	id int, b boolean, i int, l bigint, f double precision, m double precision,
	t text, ts timestamptz, s smallint, tn timestamp, dx int, g int,
	r real, n numeric, n3 numeric(8, 3), v varchar(5), c char(4), nm name, u uuid, by bytea,
	d8 date, tm time, j jsonb, ia int[], ta text[], ja jsonb[], e colour, dm positive
);
CREATE TABLE local_mixed.t (LIKE local_sound.t);
CREATE TABLE local_many.t (LIKE local_sound.t);
INSERT INTO local_sound.t SELECT * FROM json_populate_recordset(NULL::local_sound.t, :'sound');
INSERT INTO local_mixed.t SELECT * FROM json_populate_recordset(NULL::local_mixed.t, :'mixed');
INSERT INTO local_many.t SELECT * FROM json_populate_recordset(NULL::local_many.t, :'many');

CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'uri');
CREATE FOREIGN TABLE remote_sound.t (
	id int OPTIONS (field '_id'), b boolean, i int, l bigint, f double precision,
	m double precision,
	t text, ts timestamptz, s smallint, tn timestamp, dx int OPTIONS (field 'd.x'), g int,
	r real, n numeric, n3 numeric(8, 3), v varchar(5), c char(4), nm name, u uuid, by bytea,
	d8 date, tm time, j jsonb, ia int[], ta text[], ja jsonb[], e colour, dm positive
) SERVER mongodb OPTIONS (database 'ad_test', collection 'sound');
CREATE FOREIGN TABLE remote_mixed.t (
	id int OPTIONS (field '_id'), b boolean, i int, l bigint, f double precision,
	m double precision,
	t text, ts timestamptz, s smallint, tn timestamp, dx int OPTIONS (field 'd.x'), g int,
	r real, n numeric, n3 numeric(8, 3), v varchar(5), c char(4), nm name, u uuid, by bytea,
	d8 date, tm time, j jsonb, ia int[], ta text[], ja jsonb[], e colour, dm positive
) SERVER mongodb OPTIONS (database 'ad_test', collection 'mixed', on_mismatch 'null');
CREATE FOREIGN TABLE remote_many.t (
	id int OPTIONS (field '_id'), b boolean, i int, l bigint, f double precision,
	m double precision,
	t text, ts timestamptz, s smallint, tn timestamp, dx int OPTIONS (field 'd.x'), g int,
	r real, n numeric, n3 numeric(8, 3), v varchar(5), c char(4), nm name, u uuid, by bytea,
	d8 date, tm time, j jsonb, ia int[], ta text[], ja jsonb[], e colour, dm positive
) SERVER mongodb OPTIONS (database 'ad_test', collection 'many', on_mismatch 'null');

CREATE TABLE corpus (number int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO corpus (query) VALUES
	('SELECT * FROM t'),
	('SELECT ja, dm, n, by, id FROM t WHERE i > 0'),
	('SELECT j, u, c, count(*) FROM t GROUP BY j, u, c'),
	('SELECT count(n), max(n), sum(n3), max(d8), min(tm), count(DISTINCT u), max(v) FROM t'),
	('SELECT id FROM t WHERE n > 1 AND v <> ''a'' OR c = ''a'' OR e = ''red'' OR 1 = ANY (ia) OR dm < 5'),
	('SELECT id, n::text, n3::text, r::text, quote_literal(c), j::text FROM t'),
	('SELECT id FROM t WHERE false'),
	('SELECT count(*), sum(m), max(i) FROM t WHERE false'),
	('SELECT count(*) FROM t WHERE NULL'),
	('SELECT g, count(*) FROM t WHERE now() IS NULL GROUP BY g'),
	('SELECT count(*), count(t), count(DISTINCT t) FROM t WHERE now() IS NULL'),
	('SELECT count(*) FROM t WHERE t = ANY (ARRAY[]::text[])'),
	('SELECT count(*) FROM t WHERE t <> ALL (ARRAY[]::text[])'),
	('SELECT count(*) FROM t WHERE NOT (i = ANY ((SELECT ARRAY[]::int[])::int[]))'),
	('SELECT count(*) FROM t WHERE i = ANY (NULL::int[])'),
	('SELECT count(*) FROM t WHERE f = ''NaN'''),
	('SELECT count(*) FROM t WHERE f > ''Infinity'''),
	('SELECT count(*) FROM t WHERE f <> ''NaN'''),
	('SELECT count(*) FROM t WHERE NOT (f < ''NaN'')'),
	('SELECT max(f), min(f) FROM t'),
	('SELECT g, max(f), min(f) FROM t WHERE f IS NOT NULL GROUP BY g'),
	('SELECT max(f), min(f) FROM t WHERE f = ''NaN'''),
	('SELECT t, count(*) FROM t GROUP BY t'),
	('SELECT t, count(DISTINCT t), count(*) FROM t GROUP BY t'),
	('SELECT t, ts, count(DISTINCT f), sum(i) FROM t GROUP BY t, ts'),
	('SELECT count(DISTINCT ts), count(*), sum(l), max(ts), min(ts) FROM t'),
	('SELECT sum(i) + count(*) AS a, -sum(m) FROM t HAVING count(*) > 10'),
	('SELECT 1 FROM t HAVING count(*) < 10'),
	('SELECT g FROM t GROUP BY g'),
	('SELECT DISTINCT dx FROM t'),
	('SELECT id FROM t WHERE b AND NOT b'),
	('SELECT id FROM t WHERE b IS NULL OR NOT b'),
	('SELECT id FROM t WHERE ts = ''2026-03-28 23:59:59.9995Z'''),
	('SELECT id FROM t WHERE NOT (ts = ''2026-03-28 23:59:59.9995Z'')'),
	('SELECT id FROM t WHERE ts > ''2026-03-28 23:59:59.9985Z'''),
	('SELECT id FROM t WHERE ts < ''2026-03-28''::date'),
	('SELECT id FROM t WHERE ts >= ''2026-03-29 03:30''::timestamp'),
	('SELECT id FROM t WHERE t = ''$$ROOT'' OR t = ''$a'''),
	('SELECT id FROM t WHERE t <> ''00000000abc0000000000001'''),
	('SELECT id, (SELECT count(*) FROM t u WHERE u.g = t.g AND u.i > t.i) FROM t WHERE id < 40'),
	('SELECT a.id, b.id FROM t a JOIN t b ON a.i = b.dx AND a.g = b.g'),
	('SELECT id, t FROM (SELECT * FROM t ORDER BY id DESC LIMIT 7) s'),
	('SELECT t.* FROM t WHERE t.id = 3'),
	('SELECT t FROM t WHERE id IN (1, 2, 3)'),
	('SELECT count(*) FILTER (WHERE i > 0), count(*) FROM t'),
	('SELECT g, b, count(*) FROM t GROUP BY GROUPING SETS ((g), (b), ())'),
	('SELECT sum(DISTINCT i), count(DISTINCT i) FROM t'),
	('SELECT count(DISTINCT i), count(DISTINCT t) FROM t'),
	('SELECT string_agg(t, '','' ORDER BY id) FROM t WHERE id < 30'),
	('SELECT g, rank() OVER (ORDER BY count(*), g) FROM t GROUP BY g'),
	('SELECT id FROM t WHERE i IS DISTINCT FROM 5'),
	('SELECT id FROM t WHERE i IS NOT DISTINCT FROM 5'),
	('SELECT id FROM t WHERE t IS DISTINCT FROM (SELECT NULL::text)'),
	('SELECT id FROM t WHERE t IS NOT DISTINCT FROM (SELECT NULL::text)'),
	('SELECT id FROM t WHERE NOT (f IS DISTINCT FROM (SELECT ''NaN''::float8))'),
	('SELECT id FROM t WHERE b IS TRUE'),
	('SELECT id FROM t WHERE b IS NOT TRUE'),
	('SELECT id FROM t WHERE b IS FALSE'),
	('SELECT id FROM t WHERE b IS NOT FALSE'),
	('SELECT id FROM t WHERE b IS UNKNOWN'),
	('SELECT id FROM t WHERE b IS NOT UNKNOWN'),
	('SELECT id FROM t WHERE (i > 5) IS NOT TRUE'),
	('SELECT id FROM t WHERE (i > 5 OR f < 2) IS NOT FALSE'),
	('SELECT id FROM t WHERE (i > 5 AND dx < 2) IS UNKNOWN'),
	('SELECT id FROM t WHERE NOT ((i > 5 AND dx < 2) IS NOT UNKNOWN)'),
	('SELECT id FROM t WHERE (ts > ''2001-01-01'' AND t LIKE ''a%'') IS NOT TRUE'),
	('SELECT id FROM t WHERE i < ANY (ARRAY[1, 5, NULL])'),
	('SELECT id FROM t WHERE NOT (i < ANY (ARRAY[1, 5, NULL]))'),
	('SELECT id FROM t WHERE i >= ALL (ARRAY[1, 5])'),
	('SELECT id FROM t WHERE i >= ALL (ARRAY[1, NULL])'),
	('SELECT id FROM t WHERE NOT (i > ALL (ARRAY[1, NULL]))'),
	('SELECT id FROM t WHERE i > ALL (ARRAY[]::int[])'),
	('SELECT id FROM t WHERE i <> ANY (ARRAY[5, 42])'),
	('SELECT id FROM t WHERE i = ALL (ARRAY[5, 5])'),
	('SELECT id FROM t WHERE f >= ANY (ARRAY[''NaN'', 3]::float8[])'),
	('SELECT id FROM t WHERE ts < ALL (ARRAY[''infinity'', ''2026-03-01Z'']::timestamptz[])'),
	('SELECT id FROM t WHERE t COLLATE "C" > ANY (ARRAY[''b'', ''żółw''])'),
	('SELECT id FROM t WHERE l <> ANY ((SELECT ARRAY[5::bigint])::bigint[])'),
	('SELECT id FROM t WHERE t < ''ab'' COLLATE "C"'),
	('SELECT id FROM t WHERE t >= ''00000000abc0000000000003'' COLLATE "C"'),
	('SELECT id FROM t WHERE t > ''00000000abc0000000000003'' COLLATE "C"'),
	('SELECT id FROM t WHERE t COLLATE "C" <= ''00000000abc'''),
	('SELECT id FROM t WHERE NOT (t COLLATE "C" < ''00000000abc000000000000z'')'),
	('SELECT id FROM t WHERE t COLLATE "C" BETWEEN ''0'' AND ''1'''),
	('SELECT id FROM t WHERE t COLLATE "C" > ''żółw'''),
	('SELECT id FROM t WHERE t COLLATE "C" < ''00000000ABD'''),
	('SELECT id FROM t WHERE t COLLATE "C" > '''''),
	('SELECT id FROM t WHERE t COLLATE "C" >= ''zz'''),
	('SELECT id FROM t WHERE t COLLATE "C" < ''00000000abc000000000000500'''),
	('SELECT id FROM t WHERE t COLLATE "C" <= (SELECT ''00000000abc0000000000004'')'),
	('SELECT id FROM t WHERE t LIKE ''a%'''),
	('SELECT id FROM t WHERE t LIKE ''%a'''),
	('SELECT id FROM t WHERE t LIKE ''a_'''),
	('SELECT id FROM t WHERE t LIKE ''_'''),
	('SELECT id FROM t WHERE t LIKE ''__'''),
	('SELECT id FROM t WHERE t LIKE '''''),
	('SELECT id FROM t WHERE t LIKE ''%'''),
	('SELECT id FROM t WHERE t LIKE ''0000%'''),
	('SELECT id FROM t WHERE t LIKE ''%abc%3'''),
	('SELECT id FROM t WHERE t LIKE ''________________________'''),
	('SELECT id FROM t WHERE t NOT LIKE ''%a%'''),
	('SELECT id FROM t WHERE t LIKE ''%.%@%'' OR t LIKE ''%@%.%'''),
	('SELECT id FROM t WHERE t LIKE ''%\\%'''),
	('SELECT id FROM t WHERE t LIKE ''$a'''),
	('SELECT id FROM t WHERE t LIKE ''%'' || chr(10) || ''break'''),
	('SELECT id FROM t WHERE t LIKE ''%\_%'''),
	('SELECT id FROM t WHERE t LIKE ''line%'''),
	('SELECT id FROM t WHERE t LIKE ''line_break'''),
	('SELECT id FROM t WHERE t LIKE ''żó%'''),
	('SELECT id FROM t WHERE t LIKE ''%"%"%'''),
	('SELECT id FROM t WHERE t LIKE ''A#%'' ESCAPE ''#'''),
	('SELECT id FROM t WHERE t LIKE (SELECT ''%b%'')'),
	('SELECT id FROM t WHERE NOT (t LIKE ''%x%'')'),
	('SELECT id FROM t WHERE t NOT LIKE NULL'),
	('SELECT id FROM t WHERE starts_with(t, ''00000000abc'')'),
	('SELECT id FROM t WHERE t ^@ ''$'''),
	('SELECT id FROM t WHERE NOT starts_with(t, '''')'),
	('SELECT id FROM t WHERE t LIKE ''00000000abc000000000000_'''),
	('SELECT id FROM t WHERE t LIKE ''%%0%2'''),
	('SELECT id FROM t WHERE t LIKE ''x%x%x%x%y'''),
	('SELECT id FROM t WHERE t LIKE ''%F%'''),
	('SELECT id FROM t WHERE t LIKE ''%\'''),
	('SELECT id FROM t WHERE t LIKE ANY (ARRAY[''a%'', ''b%''])'),
	('SELECT id FROM t WHERE t ILIKE ''A%'''),
	('SELECT id FROM t WHERE t ~ ''^a'''),
	('SELECT id FROM t WHERE n = 0.1'),
	('SELECT id FROM t WHERE n <> 0.1'),
	('SELECT id FROM t WHERE n < 0.1'),
	('SELECT id FROM t WHERE n <= 0.1'),
	('SELECT id FROM t WHERE NOT (n > 0.1)'),
	('SELECT id FROM t WHERE n >= 0.1'),
	('SELECT id FROM t WHERE n = 0'),
	('SELECT id FROM t WHERE n > 5'),
	('SELECT id FROM t WHERE n <= -2.675'),
	('SELECT id FROM t WHERE n BETWEEN -2.675 AND 123456.789'),
	('SELECT id FROM t WHERE n = ''1e20'''),
	('SELECT id FROM t WHERE n >= ''1.7976931348623157e308'''),
	('SELECT id FROM t WHERE n < 5e-324'),
	('SELECT id FROM t WHERE n > ''1e400'''),
	('SELECT id FROM t WHERE n = ''NaN'''),
	('SELECT id FROM t WHERE n <> ''NaN'''),
	('SELECT id FROM t WHERE n < ''NaN'''),
	('SELECT id FROM t WHERE n >= ''NaN'''),
	('SELECT id FROM t WHERE n > ''Infinity'''),
	('SELECT id FROM t WHERE n >= ''Infinity'''),
	('SELECT id FROM t WHERE n = ''-Infinity'''),
	('SELECT id FROM t WHERE n > ''-Infinity'''),
	('SELECT id FROM t WHERE n < 0.10000000000000000555111512312578270211815834045410156250001'),
	('SELECT id FROM t WHERE n > 0.10000000000000000555111512312578270211815834045410156250001'),
	('SELECT id FROM t WHERE n = 0.10000000000000000555111512312578270211815834045410156250001'),
	('SELECT id FROM t WHERE n >= (SELECT -0.00000012345678901234567890123456789012345678)'),
	('SELECT id FROM t WHERE n > -0.0000001234567890123456789012345678901234000001'),
	('SELECT id FROM t WHERE n IS NULL'),
	('SELECT id FROM t WHERE n IS NOT NULL'),
	('SELECT id FROM t WHERE n IS DISTINCT FROM 0.1'),
	('SELECT id FROM t WHERE n IN (0.1, 5, 1e20, NULL)'),
	('SELECT id FROM t WHERE n NOT IN (0.1, 5, 1e20)'),
	('SELECT id FROM t WHERE n NOT IN (0, 1e7000)'),
	('SELECT id FROM t WHERE n < ANY (ARRAY[0.1, -3])'),
	('SELECT id FROM t WHERE n > ALL (ARRAY[0.1, 0.5])'),
	('SELECT id FROM t WHERE n < ''1e7000'''),
	('SELECT id FROM t WHERE n > ''-1e7000'''),
	('SELECT id FROM t WHERE n < (SELECT 9223372036854775807)'),
	('SELECT id FROM t WHERE n3 > 5 AND n3 IS NOT NULL'),
	('SELECT id FROM t WHERE v = ''a'''),
	('SELECT id FROM t WHERE v <> ''a'''),
	('SELECT id FROM t WHERE v = ''123456'''),
	('SELECT id FROM t WHERE v <> ''123456'''),
	('SELECT id FROM t WHERE v IS NULL'),
	('SELECT id FROM t WHERE v IS NOT NULL'),
	('SELECT id FROM t WHERE v IN (''a'', ''ab cd'', ''123456'', ''00000000abc0000000000001'')'),
	('SELECT id FROM t WHERE v NOT IN (''a'', ''ab cd'')'),
	('SELECT id FROM t WHERE v LIKE ''a%'''),
	('SELECT id FROM t WHERE v NOT LIKE ''%a%'''),
	('SELECT id FROM t WHERE v LIKE ''_____'''),
	('SELECT id FROM t WHERE v COLLATE "C" < ''b'''),
	('SELECT id FROM t WHERE v COLLATE "C" >= ''1'''),
	('SELECT id FROM t WHERE NOT (v COLLATE "C" <= ''żó'')'),
	('SELECT id FROM t WHERE v IS DISTINCT FROM ''a'''),
	('SELECT id FROM t WHERE v::text = ''a'''),
	('SELECT id FROM t WHERE v = (SELECT ''12345''::varchar)'),
	('SELECT id FROM t WHERE v = ANY (ARRAY[''a'', ''12345'']::varchar[])'),
	('SELECT id FROM t WHERE d8 = ''1970-01-01'''),
	('SELECT id FROM t WHERE d8 < ''2026-01-01'''),
	('SELECT id FROM t WHERE d8 >= ''2026-01-01''::timestamp'),
	('SELECT id FROM t WHERE d8 <= ''2026-06-01 12:00''::timestamp'),
	('SELECT id FROM t WHERE d8 <> ''2026-06-01 12:00''::timestamp'),
	('SELECT id FROM t WHERE d8 = ''2026-06-01 12:00''::timestamp'),
	('SELECT id FROM t WHERE d8 < ''2026-06-01 12:00Z''::timestamptz'),
	('SELECT id FROM t WHERE d8 <> ''1970-01-01'''),
	('SELECT id FROM t WHERE d8 IS NULL'),
	('SELECT id FROM t WHERE d8 IS NOT NULL'),
	('SELECT id FROM t WHERE d8 < ''infinity'''),
	('SELECT id FROM t WHERE d8 BETWEEN ''1969-01-01'' AND ''1970-12-31'''),
	('SELECT id FROM t WHERE d8 > ALL (ARRAY[''1970-01-01'', ''1600-05-05'']::date[])'),
	('SELECT id FROM t WHERE d8 > current_date - 10000'),
	('SELECT id FROM t WHERE d8 IS NOT DISTINCT FROM (SELECT NULL::date)'),
	('SELECT id FROM t WHERE u = (SELECT u FROM t WHERE id < 20 AND u IS NOT NULL ORDER BY id LIMIT 1)'),
	('SELECT id FROM t WHERE u <> (SELECT u FROM t WHERE id < 20 AND u IS NOT NULL ORDER BY id LIMIT 1)'),
	('SELECT id FROM t WHERE NOT (u = (SELECT u FROM t WHERE id < 20 AND u IS NOT NULL ORDER BY id LIMIT 1))'),
	('SELECT id FROM t WHERE u = ANY ((SELECT array_agg(u) FROM t WHERE id < 50)::uuid[])'),
	('SELECT id FROM t WHERE u IN (''00000000-0000-0000-0000-000000000000'', ''bdd640fb-0667-4ad1-9c80-317fa3b1799d'')'),
	('SELECT id FROM t WHERE u IS NULL'),
	('SELECT id FROM t WHERE u IS NOT DISTINCT FROM (SELECT u FROM t WHERE id < 20 AND u IS NOT NULL ORDER BY id LIMIT 1)'),
	('SELECT id FROM t WHERE (n > 5 AND v < ''b'') IS NOT TRUE'),
	('SELECT max(d8), min(d8), count(d8), count(DISTINCT d8) FROM t'),
	('SELECT d8, count(*) FROM t GROUP BY d8'),
	('SELECT v, count(*), min(d8) FROM t GROUP BY v'),
	('SELECT count(DISTINCT v), count(v), count(n), count(n3), count(u) FROM t'),
	('SELECT n, count(*) FROM t GROUP BY n'),
	('SELECT g, count(n), sum(n), max(n) FROM t WHERE n > 1 GROUP BY g'),
	('SELECT g, count(DISTINCT n) FROM t GROUP BY g'),
	('SELECT v::text, max(id) FROM t GROUP BY v::text'),
	('SELECT t COLLATE "C" AS c, count(*) FROM t GROUP BY t COLLATE "C"'),
	('SELECT DISTINCT v, d8 FROM t WHERE d8 > ''1970-01-01'''),
	('SELECT id FROM t WHERE t ~ ''a'''),
	('SELECT id FROM t WHERE t ~ ''^a$'''),
	('SELECT id FROM t WHERE t LIKE ''%a%'''),
	('SELECT id FROM t WHERE t ~ ''break$'''),
	('SELECT id FROM t WHERE t ~ ''^line.break$'''),
	('SELECT id FROM t WHERE t ~ ''^$'''),
	('SELECT id FROM t WHERE t ~ '''''),
	('SELECT id FROM t WHERE t !~ ''^.$'''),
	('SELECT id FROM t WHERE t ~ ''^0+abc'''),
	('SELECT id FROM t WHERE t ~ ''^0000.*3$'''),
	('SELECT id FROM t WHERE t ~ ''\.'''),
	('SELECT id FROM t WHERE t ~ ''\$\$ROOT'''),
	('SELECT id FROM t WHERE t ~ ''@.*\.com$'''),
	('SELECT id FROM t WHERE t ~ ''^.ółw'''),
	('SELECT id FROM t WHERE t ~ ''x.*x.*y'''),
	('SELECT id FROM t WHERE t ~ ''"q"|A'''),
	('SELECT id FROM t WHERE NOT (t ~ ''\\'')'),
	('SELECT id FROM t WHERE t ~ NULL'),
	('SELECT id FROM t WHERE v ~ ''^.....$'''),
	('SELECT max(t COLLATE "C") FROM t');
-- Order and limits.  The order is seen in an array.  Of equal numbers beyond 2^53,
-- the test server puts some doubles after decimals: see doc/internals.md.
INSERT INTO corpus (query)
	SELECT format('SELECT array_agg(id), array_agg(%1$s::text) FROM (SELECT id, %1$s FROM t%2$s ORDER BY %1$s%3$s%4$s, id%5$s) s',
				  col, filter, CASE WHEN col = 't' THEN ' COLLATE "C"' END, direction, slice)
	FROM unnest(ARRAY['b', 'i', 'f', 'm', 's', 'tn', 'dx', 't']) WITH ORDINALITY AS cols (col, n),
		unnest(ARRAY['', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST']) WITH ORDINALITY AS directions (direction, m),
		LATERAL (SELECT (ARRAY['', format(' WHERE %s IS NOT NULL', col), ' WHERE i < 10'])[1 + (n + m) % 3]) AS filters (filter),
		LATERAL (SELECT (ARRAY[' LIMIT 20', '', ' LIMIT 150 OFFSET 30', ' OFFSET 1400', ' LIMIT (SELECT 300)'])[1 + (n * 3 + m) % 5]) AS slices (slice);
INSERT INTO corpus (query) VALUES
	('SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY ts DESC NULLS LAST, id LIMIT 10) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY ts NULLS FIRST, id LIMIT 200) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE ts > ''2026-01-01'' ORDER BY ts DESC, id DESC LIMIT 30) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE ts > ''2026-01-01'' ORDER BY ts DESC, id DESC LIMIT 3 OFFSET 5) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE i IS NOT NULL ORDER BY i, f DESC, id LIMIT 100) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE l BETWEEN -1000 AND 1000 ORDER BY l, id LIMIT 100) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE l BETWEEN -1000 AND 1000 OR l IS NULL ORDER BY l DESC, id LIMIT 500) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE f < 100 ORDER BY f DESC, id LIMIT 100) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE f <= ''NaN'' ORDER BY f DESC, id LIMIT 150) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE f > 5 ORDER BY f DESC, id LIMIT 150) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE f BETWEEN -10 AND 10 ORDER BY f, i DESC, id LIMIT 150) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE f >= 0 AND f <= (SELECT ''NaN''::float8) ORDER BY f, id LIMIT 350) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE f IN (''NaN'', 0, 1.5) ORDER BY f, id LIMIT 150) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE dx IN (1, 2, 3) ORDER BY dx DESC, id LIMIT 50) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE dx <> 1 OR dx = 1 ORDER BY dx DESC, id LIMIT 50) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE b ORDER BY b, ts DESC, id LIMIT 50) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY b, g, i, id LIMIT 50) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY t COLLATE "C", id LIMIT 400) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY t COLLATE "C" DESC, ts, id LIMIT 400) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE t <> '''' ORDER BY t COLLATE "C", id LIMIT 400) s'),
	('SELECT array_agg(id) FROM (SELECT id, j, ta FROM t ORDER BY s DESC, id LIMIT 40) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY d8 DESC, id LIMIT 40) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY i::bigint + 1, id LIMIT 40) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE length(t) > 2 ORDER BY id LIMIT 40) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE length(t) > 2 ORDER BY i, id LIMIT 40 OFFSET 2) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE i > 2 AND NOT b ORDER BY i DESC, id OFFSET 20) s'),
	('SELECT array_agg(id) FROM (SELECT id, max(i) OVER (ORDER BY i, id) FROM t ORDER BY i DESC, id LIMIT 20) s'),
	('SELECT array_agg(g) FROM (SELECT DISTINCT g FROM t ORDER BY g DESC LIMIT 3) s'),
	('SELECT array_agg(g) FROM (SELECT g, count(*) FROM t GROUP BY g ORDER BY count(*) DESC, g LIMIT 3) s'),
	('SELECT array_agg(i) FROM (SELECT i FROM t ORDER BY i FETCH FIRST 30 ROWS WITH TIES) s'),
	('SELECT array_agg(x) FROM (SELECT generate_series(id, id + 1) x FROM t ORDER BY id LIMIT 5) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE id > 7 ORDER BY id LIMIT NULL OFFSET NULL) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE id > 7 ORDER BY id LIMIT (SELECT NULL::int8) OFFSET (SELECT 3)) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY id LIMIT 0) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY id LIMIT (SELECT 0)) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY id LIMIT 9223372036854775807 OFFSET 1490) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t WHERE id > 5 ORDER BY id LIMIT (SELECT 9223372036854775807) OFFSET (SELECT 1490)) s'),
	('SELECT array_agg(id) FROM (SELECT id FROM t ORDER BY id OFFSET 9223372036854775807) s'),
	('SELECT id FROM t LIMIT (SELECT -1)'),
	('SELECT id FROM t LIMIT -1'),
	('SELECT id FROM t OFFSET (SELECT -1)'),
	('SELECT id FROM t ORDER BY i LIMIT (SELECT -2) OFFSET (SELECT -1)'),
	('SELECT count(*) FROM (SELECT id FROM t LIMIT 7) s'),
	('SELECT count(*) FROM (SELECT id FROM t LIMIT 7 OFFSET 1495) s'),
	('SELECT count(*) FROM (SELECT * FROM t WHERE i > 0 LIMIT 7 OFFSET (SELECT 3)) s'),
	('SELECT count(*) FROM (SELECT id FROM t WHERE false ORDER BY i LIMIT 7) s'),
	('(SELECT id FROM t ORDER BY id LIMIT 3) UNION ALL (SELECT id FROM t ORDER BY id DESC LIMIT 3)'),
	('SELECT id FROM t WHERE id IN (SELECT dx FROM t ORDER BY ts, id LIMIT 100)'),
	('SELECT id FROM t WHERE ts = (SELECT ts FROM t WHERE ts IS NOT NULL ORDER BY ts DESC LIMIT 1)');

INSERT INTO corpus (query) SELECT regexp_split_to_table(:'queries', '\n');

-- What a query answers: its rows, sorted; or its error.
CREATE FUNCTION answer(query text, schema text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('search_path', schema || ', public', true);
	EXECUTE 'SELECT string_agg(q_row::text, E''\n'' ORDER BY q_row::text COLLATE "C") FROM (' || query || ') q_row'
	INTO answer;
	RETURN coalesce(answer, 'no rows');
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

-- The first rows that only one of two answers has.
CREATE FUNCTION difference(expected text, got text) RETURNS text LANGUAGE sql AS $$
	SELECT format(E'expected: %s\ngot:      %s',
		(SELECT min(r) FROM (SELECT regexp_split_to_table(expected, '\n') EXCEPT SELECT regexp_split_to_table(got, '\n')) x (r)),
		(SELECT min(r) FROM (SELECT regexp_split_to_table(got, '\n') EXCEPT SELECT regexp_split_to_table(expected, '\n')) x (r)))
$$;

-- One test for each query and collection.  A query that is no query proves
-- nothing, so SQLSTATE 42... is a failure, too.  The answer without any pushdown is
-- asked for now and then, as it takes longest.
CREATE FUNCTION same(number int, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	collection text;
	expected text;
	got text;
	wrong text;
	pushdown text[];
BEGIN
	FOREACH collection IN ARRAY ARRAY['sound', 'mixed'] LOOP
		expected := public.answer(query, 'local_' || collection);
		wrong := NULL;
		FOREACH pushdown SLICE 1 IN ARRAY ARRAY[['on', 'on', 'on'], ['on', 'off', 'off'], ['off', 'off', 'on']] LOOP
			CONTINUE WHEN pushdown[1] = 'off' AND number % 8 <> 0;
			PERFORM set_config('admin_dashboard.enable_filter_pushdown', pushdown[1], true),
				set_config('admin_dashboard.enable_aggregate_pushdown', pushdown[2], true),
				set_config('admin_dashboard.enable_sort_pushdown', pushdown[3], true);
			got := public.answer(query, 'remote_' || collection);
			IF got IS DISTINCT FROM expected THEN
				wrong := concat_ws(E'\n', wrong, format('filter pushdown %s, aggregate pushdown %s, sort pushdown %s:',
														pushdown[1], pushdown[2], pushdown[3]), public.difference(expected, got));
			END IF;
		END LOOP;
		PERFORM set_config('search_path', 'public', true);
		RETURN NEXT ok(wrong IS NULL AND expected NOT LIKE '42%', collection || ': ' || query);
		IF wrong IS NOT NULL THEN
			RETURN NEXT diag(wrong);
		END IF;
	END LOOP;
END $$;

SELECT plan(2 * count(*)::int + 2) FROM corpus;
SELECT same(number, query) FROM corpus ORDER BY number;

-- every column of every row of many documents
SELECT is(count(*)::int, 5000, 'many: all rows') FROM remote_many.t;
SELECT is(public.difference(public.answer('SELECT * FROM t', 'local_many'), public.answer('SELECT * FROM t', 'remote_many')),
		  public.difference('', ''), 'many: the same rows');
SELECT * FROM finish();
ROLLBACK;
