-- What the differential tests have in common: the table t, once for each
-- collection on each side, and how answers are compared.

\getenv uri AD_TEST_MONGODB_URI
\set sound `"$PYTHON" test/data/typed.py sound`
\set mixed `"$PYTHON" test/data/typed.py mixed`
\set many `"$PYTHON" test/data/typed.py many`

SET client_min_messages = warning;
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
	d8 date, tm time, j jsonb, ia int[], ta text[], ja jsonb[], e colour, dm positive, w timestamptz
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
	d8 date, tm time, j jsonb, ia int[], ta text[], ja jsonb[], e colour, dm positive, w timestamptz
) SERVER mongodb OPTIONS (database 'ad_test', collection 'sound');
CREATE FOREIGN TABLE remote_mixed.t (
	id int OPTIONS (field '_id'), b boolean, i int, l bigint, f double precision,
	m double precision,
	t text, ts timestamptz, s smallint, tn timestamp, dx int OPTIONS (field 'd.x'), g int,
	r real, n numeric, n3 numeric(8, 3), v varchar(5), c char(4), nm name, u uuid, by bytea,
	d8 date, tm time, j jsonb, ia int[], ta text[], ja jsonb[], e colour, dm positive, w timestamptz
) SERVER mongodb OPTIONS (database 'ad_test', collection 'mixed', on_mismatch 'null');
CREATE FOREIGN TABLE remote_many.t (
	id int OPTIONS (field '_id'), b boolean, i int, l bigint, f double precision,
	m double precision,
	t text, ts timestamptz, s smallint, tn timestamp, dx int OPTIONS (field 'd.x'), g int,
	r real, n numeric, n3 numeric(8, 3), v varchar(5), c char(4), nm name, u uuid, by bytea,
	d8 date, tm time, j jsonb, ia int[], ta text[], ja jsonb[], e colour, dm positive, w timestamptz
) SERVER mongodb OPTIONS (database 'ad_test', collection 'many', on_mismatch 'null');

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
