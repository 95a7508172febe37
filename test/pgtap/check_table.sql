-- admin_dashboard_check_table() shows what the columns of a foreign table make of
-- the documents, and what they do not read.

\set ON_ERROR_STOP on
\set QUIET on
\getenv uri AD_TEST_MONGODB_URI

SET client_min_messages = warning;
BEGIN;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'uri');

CREATE FOREIGN TABLE calls (
	id text OPTIONS (field '_id'), createdat timestamptz, user_email text OPTIONS (field 'CreatedByEmail'),
	created_by_email text, duration_minutes int OPTIONS (on_mismatch 'null'), nothing text, inner_x int OPTIONS (field 'a.b')
) SERVER mongodb OPTIONS (database 'ad_test', collection 'calls');
CREATE FOREIGN TABLE fields (c int OPTIONS (field 'a.b.c'), capital int OPTIONS (field 'A'), lower int OPTIONS (field 'tag'), a_x int)
	SERVER mongodb OPTIONS (database 'ad_test', collection 'fields');
CREATE FOREIGN TABLE misspelt (id int) SERVER mongodb OPTIONS (database 'ad_test', collection 'cals');
CREATE FOREIGN TABLE nowhere (id int) SERVER mongodb OPTIONS (database 'ad_test', collection 'qqqqqq');
CREATE FOREIGN TABLE whole (d jsonb OPTIONS (field '$')) SERVER mongodb OPTIONS (database 'ad_test', collection 'few');
CREATE TABLE local (id int);

SELECT plan(15);

CREATE TEMPORARY TABLE checked AS SELECT * FROM admin_dashboard_check_table('calls');
CREATE FUNCTION counts(name text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', field, documents, readable, nulls, missing, mismatches) FROM checked WHERE column_name = name
$$;
SELECT is(counts('created_by_email'), 'created_by_email 25 23 1 1 0', 'a column with values, a null and a missing field');
SELECT is(counts('duration_minutes'), 'duration_minutes 25 14 2 2 7', 'a column with mismatches');
SELECT is((SELECT ARRAY[mismatch_types, mismatch_id ~ '^ObjectId\("\w{24}"\)$' || '', note] FROM checked WHERE column_name = 'duration_minutes'),
		  ARRAY['double in 7', 'true', 'these values read as NULL, as on_mismatch says'], 'what they are, and one of them');
SELECT is(note, 'no document of the sample has this field; did you mean created_at?', 'createdat') FROM checked WHERE column_name = 'createdat';
SELECT is(note, 'no document of the sample has this field; did you mean created_by_email?', 'CreatedByEmail') FROM checked WHERE column_name = 'user_email';
SELECT is(note, 'no document of the sample has this field', 'a field like none') FROM checked WHERE column_name = 'nothing';
SELECT is(counts('inner_x'), 'a.b 25 0 0 25 0', 'a field in a document that is missing');
SELECT is((SELECT string_agg(concat_ws(' ', field, documents, nulls, missing, note), '; ' ORDER BY field) FROM checked WHERE column_name IS NULL),
		  'call_id 25 0 0 no column reads this field: string in 25; created_at 25 0 0 no column reads this field: date in 25; meta 25 0 0 no column reads this field: object in 25',
		  'fields that no column reads');
SELECT is((SELECT string_agg(quote_ident(field), ' ' ORDER BY field COLLATE "C") FROM admin_dashboard_check_table('fields') WHERE column_name IS NULL),
		  '"" "$dollar" "\$" _id "a.x" "a\.b" "back\\slash" "q""uote" tags "with space" "żółw"', 'odd names, and a document that is read in part');
SELECT is((SELECT note FROM admin_dashboard_check_table('fields') WHERE field = 'tag'),
		  'no document of the sample has this field; did you mean tags?', 'a letter too few');
SELECT is((SELECT note FROM admin_dashboard_check_table('fields') WHERE column_name = 'a_x'),
		  'no document of the sample has this field; did you mean a.x?', 'the name of a column for the path of its field');
SELECT is((SELECT count(*) FROM admin_dashboard_check_table('whole', 10)), 1::bigint, 'a column of the whole document reads all fields');

CREATE FUNCTION failure(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' ', SQLSTATE, SQLERRM, NULLIF(hint, ''));
END $$;
SELECT is(failure($$SELECT admin_dashboard_check_table('misspelt')$$),
		  'HV00R database "ad_test" has no collection "cals" Perhaps the option collection of the foreign table should be "calls".', 'a misspelt collection');
SELECT is(failure($$SELECT admin_dashboard_check_table('nowhere')$$), 'HV00R database "ad_test" has no collection "qqqqqq"', 'no such collection');
SELECT is(failure($$SELECT admin_dashboard_check_table('local')$$), '42809 "local" is not a foreign table of admin_dashboard_fdw', 'a local table');

SELECT * FROM finish();
ROLLBACK;
