-- What the differential tests have in common: the table t, once for each
-- collection on each side, and how answers are compared.

\getenv uri AD_TEST_MONGODB_URI
-- the same server behind test/lib/reverse.py
\set reversed_uri :uri
\getenv reversed_uri AD_TEST_REVERSED_URI
\set few `"$PYTHON" test/data/typed.py few`
\set sound `"$PYTHON" test/data/typed.py sound`
\set mixed `"$PYTHON" test/data/typed.py mixed`
\set many `"$PYTHON" test/data/typed.py many`

SET client_min_messages = warning;
CREATE EXTENSION admin_dashboard;
-- bounds given as date and timestamp mean this zone
SET LOCAL timezone = 'Europe/Berlin';

CREATE TYPE colour AS ENUM ('red', 'green', 'deep blue');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'uri');
CREATE SERVER reversed FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'reversed_uri');

-- table t, once for each collection on each side; strict reads few, too, and
-- takes a value that does not fit its column for an error; trusted reads sound without tests.  What is asked of few and
-- mixed goes to MongoDB with the operands reversed of all that has no order.
SELECT format($$
	CREATE SCHEMA %1$s;
	CREATE %2$s TABLE %1$s.t (
		id int %3$s, b boolean, i int, l bigint, f double precision, m double precision,
		t text, ts timestamptz, s smallint, tn timestamp, dx int %4$s, g int,
		r real, n numeric, n3 numeric(8, 3), v varchar(5), c char(4), nm name, u uuid, by bytea,
		d8 date, tm time, j jsonb, ia int[], ta text[], ja jsonb[], e colour, dm positive, w timestamptz
	) %5$s$$, schema, foreign_, field, dotted, source)
FROM (VALUES ('few', 'few', 'null', 'reversed'), ('strict', 'few', 'error', 'mongodb'), ('sound', 'sound', 'error', 'mongodb'),
			 ('trusted', 'sound', 'error', 'mongodb'), ('mixed', 'mixed', 'null', 'reversed'), ('many', 'many', 'null', 'mongodb')) name (name, collection, on_mismatch, server),
	LATERAL (VALUES
		('local_' || name, '', '', '', ''),
		('remote_' || name, 'FOREIGN', 'OPTIONS (field ''_id'')', 'OPTIONS (field ''d.x'')',
		 format('SERVER %I OPTIONS (database ''ad_test'', collection %L, on_mismatch %L, verify %L)',
				server, collection, on_mismatch, name <> 'trusted'))) side (schema, foreign_, field, dotted, source)
\gexec
INSERT INTO local_few.t SELECT * FROM json_populate_recordset(NULL::local_few.t, :'few');
INSERT INTO local_sound.t SELECT * FROM json_populate_recordset(NULL::local_sound.t, :'sound');
INSERT INTO local_trusted.t SELECT * FROM local_sound.t;
INSERT INTO local_mixed.t SELECT * FROM json_populate_recordset(NULL::local_mixed.t, :'mixed');
INSERT INTO local_many.t SELECT * FROM json_populate_recordset(NULL::local_many.t, :'many');

-- a table of PostgreSQL's own, to join with
CREATE TABLE public.names (g int, i int, name text);
INSERT INTO public.names VALUES (0, 5, 'a'), (1, 42, 'two'), (2, NULL, 'three'), (3, -1, 'ten'), (NULL, 7, 'none'), (99, 0, '');

-- a calendar to join with: runs of days, those around which clocks are turned among
-- them, near the ends of what the test server's dates can be, and days that are none
CREATE TABLE public.days (g int, i int, name text, day date);
INSERT INTO public.days
	SELECT extract(isodow FROM day), extract(day FROM day), to_char(day, 'YYYY-MM'), day::date
	FROM (VALUES ('0001-01-03', '0001-01-05'), ('1969-12-30', '1970-01-02'), ('2011-12-28', '2011-12-31'), ('2018-02-16', '2018-02-19'),
				 ('2018-11-01', '2018-11-05'), ('2025-03-25', '2025-04-08'), ('2025-10-01', '2025-11-05'), ('2026-03-01', '2026-03-31'), ('9999-12-24', '9999-12-26')) run (first, last),
		generate_series(first::timestamp, last::timestamp, '1 day') day;
INSERT INTO public.days VALUES (1, 1, 'week', '2025-09-29'), (1, 1, 'year', '2025-01-01'), (1, 1, 'year', '1970-01-01'), (NULL, 3, 'none', NULL), (0, NULL, 'ever', 'infinity'), (2, 2, 'never', '-infinity');

-- What a query answers: its rows, sorted unless their order counts; or its error.
CREATE FUNCTION answer(query text, schema text, ordered boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('search_path', schema || ', public', true);
	EXECUTE format('SELECT string_agg(q_row::text, E''\n'' %s) FROM (%s) q_row',
				   CASE WHEN ordered THEN '' ELSE 'ORDER BY q_row::text COLLATE "C"' END, query)
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
