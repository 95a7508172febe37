-- The queries of test/data/bi.sql give the same answers, of the same types, over
-- a foreign table as over a local copy, and of as few documents as they say.

\set ON_ERROR_STOP on
\set QUIET on
\set queries `"$PYTHON" test/data/bi.py queries`
\set rows `"$PYTHON" test/data/bi.py rows`

BEGIN;
\ir ../data/differential.sql

-- stable, and no SQL that the planner could replace by its result
CREATE FUNCTION public.moment() RETURNS timestamptz STABLE LANGUAGE plpgsql AS
	$$ BEGIN RETURN '2026-11-24 10:00+00'; END $$;

CREATE SCHEMA local_bi;
CREATE SCHEMA remote_bi;
CREATE TABLE local_bi.calls (
	created_by_email text, created_at timestamptz, duration_minutes double precision, call_id text, status text
);
INSERT INTO local_bi.calls SELECT * FROM json_populate_recordset(NULL::local_bi.calls, :'rows');
CREATE FOREIGN TABLE remote_bi.calls (
	created_by_email text, created_at timestamptz, duration_minutes double precision, call_id text, status text
) SERVER mongodb OPTIONS (database 'ad_test', collection 'bi');

-- as in any database that has been in use for a while
ANALYZE remote_bi.calls;

CREATE TABLE bi AS
	SELECT line.number, part[1] AS name, part[2]::int AS documents, part[3] AS what, part[4] AS query
	FROM regexp_split_to_table(:'queries', '\n') WITH ORDINALITY AS line (line, number),
		regexp_split_to_array(line.line, '\t') AS part;

-- How many documents MongoDB sent for the query.
CREATE FUNCTION documents(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	line text;
	result bigint := 0;
BEGIN
	PERFORM set_config('search_path', 'remote_bi, public', true);
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF) ' || query LOOP
		result := result + coalesce(substring(line FROM 'MongoDB Documents: (\d+)')::bigint, 0);
	END LOOP;
	PERFORM set_config('search_path', 'public', true);
	RETURN result;
END $$;

-- The types of a query's columns.
CREATE FUNCTION types(query text, schema text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	PERFORM set_config('search_path', schema || ', public', true);
	EXECUTE format('CREATE TEMPORARY VIEW typed AS %s', query);
	SELECT string_agg(format('%s %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
	FROM pg_attribute WHERE attrelid = 'pg_temp.typed'::regclass
	INTO result;
	DROP VIEW pg_temp.typed;
	PERFORM set_config('search_path', 'public', true);
	RETURN result;
END $$;

CREATE FUNCTION same(name text, documents bigint, what text, query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	expected text := public.answer(query, 'local_bi');
	got text := public.answer(query, 'remote_bi');
BEGIN
	PERFORM set_config('search_path', 'public', true);
	RETURN NEXT ok(got = expected AND expected !~ '^[0-9A-Z]{5} ', format('%s, %s', name, what));
	IF got <> expected THEN
		RETURN NEXT diag(public.difference(expected, got));
	END IF;
	RETURN NEXT is(types(query, 'remote_bi'), types(query, 'local_bi'), format('%s, types', name));
	RETURN NEXT is(documents(query), documents, format('%s, documents', name));
END $$;

SELECT plan(3 * count(*)::int) FROM bi;
SELECT same(name, documents, what, query) FROM bi ORDER BY number;
SELECT * FROM finish();
ROLLBACK;
