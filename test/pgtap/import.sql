-- IMPORT FOREIGN SCHEMA: whatever shapes documents have, the tables read each of
-- those that were looked at, lose no value, and answer as copies do; a database of 200 collections, in
-- one go.  The database is test/data/shapes.py's.

\set ON_ERROR_STOP on
\set QUIET on
\getenv uri AD_TEST_MONGODB_URI

SET client_min_messages = warning;
BEGIN;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'uri');
SELECT * FROM no_plan();

-- the columns of the imported tables: the table, the column, its type, the
-- names that lead to the field, and whether it reads what it cannot as null
CREATE VIEW columns AS
	SELECT c.oid::regclass AS relation, a.attname AS name, a.atttypid::regtype AS type,
		   string_to_array(coalesce(o.option_value, a.attname), '.') AS path,
		   EXISTS (SELECT FROM pg_options_to_table(a.attfdwoptions) WHERE option_name = 'on_mismatch') AS lenient
	FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
	LEFT JOIN LATERAL (SELECT option_value FROM pg_options_to_table(a.attfdwoptions) WHERE option_name = 'field') o ON true
	WHERE c.relnamespace::regnamespace::text = 'imported' AND c.relkind = 'f';

-- Reads each table whole, and each column with its field of the whole document
-- beside it.  Returns what is wrong.
CREATE FUNCTION pg_temp.check_tables() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	r record;
	lost bigint;
BEGIN
	FOR r IN SELECT DISTINCT relation FROM columns LOOP
		BEGIN
			EXECUTE format('SELECT count(t.*) FROM %s t', r.relation);
		EXCEPTION WHEN OTHERS THEN
			RETURN NEXT format('%s: %s', r.relation, SQLERRM);
		END;
	END LOOP;
	FOR r IN SELECT c.* FROM columns c JOIN columns d ON d.relation = c.relation AND d.path = '{$}' AND NOT d.lenient
			 WHERE c.path <> '{$}' AND NOT c.lenient AND c.relation::text NOT LIKE '%.wide' LOOP
		EXECUTE format($q$SELECT count(*) FROM %s t WHERE num_nulls(%I) <> num_nulls(nullif(doc #> %L, 'null'))$q$,
					   r.relation, r.name, r.path) INTO lost;
		IF lost > 0 THEN
			RETURN NEXT format('%s.%s: %s values are lost', r.relation, r.name, lost);
		END IF;
	END LOOP;
END $$;

CREATE SCHEMA imported;
IMPORT FOREIGN SCHEMA ad_test_random FROM SERVER mongodb INTO imported OPTIONS (document_column 'doc');
SELECT is(count(DISTINCT relation)::int, 200, 'a database of 200 collections becomes 200 tables') FROM columns;
SELECT is(array(SELECT DISTINCT type::text FROM columns ORDER BY 1),
	'{bigint,bigint[],boolean,boolean[],bytea,bytea[],"double precision","double precision[]",integer,integer[],jsonb,numeric,numeric[],text,text[],"timestamp with time zone","timestamp with time zone[]",uuid,uuid[]}',
	'their columns are of all types that there are for fields');
SELECT is_empty('SELECT pg_temp.check_tables()', 'they read each document, and lose no value');
SELECT is(count(*)::int, 1000, 'of 2,000 fields as many as are wanted become columns') FROM columns WHERE relation::text LIKE '%.wide';
SELECT is(type, 'jsonb'::regtype, 'a map becomes one column') FROM columns WHERE relation::text LIKE '%.map' AND name = 'by_user';
SELECT is(sum((SELECT count(*) FROM jsonb_object_keys(by_user)))::int, 10000, 'which has all of it') FROM imported.map;

-- and answer queries as copies of them do, whatever MongoDB does of it: each
-- column of a type other than jsonb, with one of its values
CREATE SCHEMA copied;
SELECT format('CREATE TABLE copied.%I AS SELECT * FROM imported.%1$I', relname)
FROM pg_class WHERE relnamespace = 'imported'::regnamespace AND relkind = 'f' AND relname LIKE 'random%' \gexec
CREATE FUNCTION pg_temp.answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT string_agg(r::text, '', '' ORDER BY r::text) FROM (%s) r', query) INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
CREATE FUNCTION pg_temp.differences() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	r record;
	query text;
	value text;
	local text;
	asked int := 0;
	answered int := 0;
BEGIN
	FOR r IN SELECT relname, name, type FROM columns JOIN pg_class c ON c.oid = relation
			 WHERE relname LIKE 'random%' AND type <> 'jsonb'::regtype AND hashtext(relname || name) % 3 = 0 LOOP
		EXECUTE format('SELECT coalesce(quote_literal(min(%I::text)), ''null'') || ''::%s'' FROM copied.%I', r.name, r.type, r.relname) INTO value;
		FOREACH query IN ARRAY ARRAY['SELECT COL, count(*) FROM REL GROUP BY 1', 'SELECT count(COL), count(DISTINCT COL) FROM REL', 'SELECT min(COL), max(COL) FROM REL',
			'SELECT * FROM REL WHERE COL = VAL', 'SELECT _id FROM REL WHERE NOT (COL <= VAL)', 'SELECT _id FROM REL WHERE COL IS DISTINCT FROM VAL',
			'SELECT _id FROM REL WHERE COL IN (VAL, VAL) OR COL IS NULL', 'SELECT coalesce(COL, VAL), count(*) FROM REL GROUP BY 1 HAVING count(*) > 1',
			'SELECT COL FROM (SELECT COL FROM REL ORDER BY COL DESC, _id LIMIT 3) s', 'SELECT bool_or(COL > VAL), count(*) FILTER (WHERE COL < VAL) FROM REL',
			'SELECT a._id, b._id FROM REL a JOIN REL b USING (COL)', 'SELECT CASE WHEN COL > VAL THEN 1 ELSE 2 END, count(*) FROM REL GROUP BY 1'] LOOP
			query := replace(replace(query, 'COL', quote_ident(r.name)), 'VAL', value);
			local := pg_temp.answer(replace(query, 'REL', 'copied.' || r.relname));
			IF pg_temp.answer(replace(query, 'REL', 'imported.' || r.relname)) IS DISTINCT FROM local THEN
				RETURN NEXT r.relname || ': ' || query;
			END IF;
			asked := asked + 1;
			answered := answered + (local !~ '^[0-9A-Z]{5}$')::int;
		END LOOP;
	END LOOP;
	-- types without an order, and nothing at all, are no answers
	IF asked < 500 OR answered < asked * 0.7 THEN
		RETURN NEXT format('of %s queries %s were answered', asked, answered);
	END IF;
END $$;
SELECT is_empty('SELECT pg_temp.differences()', 'they answer as local copies do');

DROP SCHEMA imported CASCADE;
CREATE SCHEMA imported;
IMPORT FOREIGN SCHEMA ad_test_random FROM SERVER mongodb INTO imported OPTIONS (nested 'jsonb', document_column 'doc', max_columns '20', sample_size '1000');
SELECT is_empty('SELECT pg_temp.check_tables()', 'the same where documents in documents are jsonb');
SELECT cmp_ok(max(n), '<=', 20::bigint, 'no table has more columns than are wanted')
FROM (SELECT count(*) AS n FROM columns GROUP BY relation) counts;

-- of a sample that is smaller than the collection, too
SELECT lives_ok($$SELECT admin_dashboard_import_sql('mongodb', 'ad_test_random', 'wide', sample_size => 7)$$, 'a small sample');

-- it can be cancelled
\ir ../data/cancel.sql
CREATE SCHEMA again;
SET LOCAL statement_timeout = 300;
SELECT is(pg_temp.state_of(repeat('IMPORT FOREIGN SCHEMA ad_test_random FROM SERVER mongodb INTO again; DROP SCHEMA again CASCADE; CREATE SCHEMA again;', 50)),
	'57014', 'it can be cancelled');
RESET statement_timeout;

-- a server that does not answer
ALTER SERVER mongodb OPTIONS (SET uri 'mongodb://127.0.0.1:1/');
SELECT throws_ok('IMPORT FOREIGN SCHEMA ad_test_random FROM SERVER mongodb INTO again', '08001', NULL, 'a server that does not answer');

SELECT * FROM finish();
ROLLBACK;
