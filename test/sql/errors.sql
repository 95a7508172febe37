-- Every error's text, with SQLSTATE.
\getenv uri AD_TEST_MONGODB_URI
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
-- an error without the places in the sources
CREATE FUNCTION trial(query text) RETURNS TABLE (error text) LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
	hint text;
	context text;
BEGIN
	EXECUTE query;
	RETURN QUERY SELECT 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	RETURN QUERY SELECT unnest(array_remove(ARRAY[
		state || ' ' || message,
		-- versions of libmongoc say more or less
		nullif('  detail:  ' || regexp_replace(detail, '\.? Topology type: Single\.?|(?<=^Invalid URI ).*', ''), '  detail:  '),
		nullif('  hint:    ' || hint, '  hint:    '),
		'  context: ' || substring(context FROM '^(?:MongoDB|column|foreign table)[^\n]*')], NULL));
END $$;
\pset format unaligned
\pset tuples_only on

-- options
SELECT trial($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw$$);
SELECT trial($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (url 'mongodb://h')$$);
SELECT trial($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://u:secret@h')$$);
SELECT trial($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'http://h')$$);
SELECT trial($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://h', on_mismatch 'ignore')$$);
SELECT trial($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://h', fetch_size '0')$$);
SELECT trial($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://h', allow_disk_use 'perhaps')$$);

CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'uri');
SELECT trial($$CREATE USER MAPPING FOR CURRENT_USER SERVER mongodb OPTIONS (username 'u')$$);
SELECT trial($$CREATE USER MAPPING FOR CURRENT_USER SERVER mongodb OPTIONS (password 'p')$$);
SELECT trial($$CREATE FOREIGN TABLE t (a int) SERVER mongodb OPTIONS (db 'x')$$);
SELECT trial($$CREATE FOREIGN TABLE t (a int OPTIONS (path 'x')) SERVER mongodb OPTIONS (database 'x')$$);

-- where there is no server
CREATE SERVER nowhere FOREIGN DATA WRAPPER admin_dashboard_fdw
	OPTIONS (uri 'mongodb://127.0.0.1:1', server_selection_timeout_ms '200');
CREATE FOREIGN TABLE unreachable (a int) SERVER nowhere OPTIONS (database 'ad_test');
SELECT trial('SELECT * FROM unreachable');
SELECT trial('SELECT count(*) FROM unreachable');

-- planning contacts nobody
EXPLAIN (COSTS OFF) SELECT * FROM unreachable;

-- what does not exist: a collection has no documents, a name must be given
CREATE FOREIGN TABLE missing_collection (a int) SERVER mongodb OPTIONS (database 'ad_test');
CREATE FOREIGN TABLE missing_database (a int) SERVER mongodb OPTIONS (database 'ad_no_such_database');
CREATE FOREIGN TABLE nameless (a int) SERVER mongodb;
SELECT count(*) FROM missing_collection;
SELECT * FROM missing_collection;
SELECT count(*) FROM missing_database;
SELECT trial('SELECT * FROM nameless');

-- columns
CREATE FOREIGN TABLE unsupported (a int, p point) SERVER mongodb OPTIONS (database 'ad_test', collection 'calls');
SELECT trial('SELECT p FROM unsupported');
SELECT trial('SELECT * FROM unsupported');
SELECT count(a) FROM unsupported;

-- mismatches: in rows, in aggregates, in keys
CREATE FOREIGN TABLE wrong (
	call_id text, created_at text, duration_minutes double precision,
	email int OPTIONS (field 'created_by_email'), minutes int OPTIONS (field 'duration_minutes'),
	room timestamptz OPTIONS (field 'meta.room'), name int OPTIONS (field 'meta.room.name')
) SERVER mongodb OPTIONS (database 'ad_test', collection 'calls');
SELECT trial($$SELECT email FROM wrong WHERE call_id = 'c1'$$);
SELECT trial($$SELECT minutes FROM wrong WHERE call_id = 'c2'$$);
SELECT trial($$SELECT room FROM wrong WHERE call_id = 'c3'$$);
SELECT trial($$SELECT name FROM wrong WHERE call_id = 'c3'$$);
SELECT trial($$SELECT created_at FROM wrong WHERE call_id = 'c4'$$);
SELECT trial($$SELECT count(email) FROM wrong WHERE call_id = 'c1'$$);
SELECT trial($$SELECT sum(minutes) FROM wrong WHERE call_id IN ('c1', 'c2')$$);
SELECT trial($$SELECT max(room) FROM wrong WHERE call_id = 'c3'$$);
SELECT trial($$SELECT count(DISTINCT email) FROM wrong WHERE call_id = 'c1'$$);
SELECT trial($$SELECT email, count(*) FROM wrong WHERE call_id = 'c1' GROUP BY email$$);
SELECT count(*), count(duration_minutes) FROM wrong WHERE call_id = 'c1';
ALTER FOREIGN TABLE wrong ALTER email OPTIONS (ADD on_mismatch 'null');
SELECT call_id, email FROM wrong WHERE call_id = 'c1';
SELECT count(*), count(email), count(DISTINCT email), max(email) FROM wrong;
SELECT email, count(*) FROM wrong GROUP BY email;

-- among values of types that are greater than all others, or nearly
CREATE FOREIGN TABLE kinds (
	id text OPTIONS (field '_id'), at timestamptz OPTIONS (field 'v'), flag boolean OPTIONS (field 'v'),
	word text OPTIONS (field 'v'), number int OPTIONS (field 'v')
) SERVER mongodb OPTIONS (database 'ad_test', collection 'values');
SELECT trial($$SELECT max(at) FROM kinds WHERE id IN ('date 0', 'string abc')$$);
SELECT trial($$SELECT count(flag) FROM kinds WHERE id IN ('true', 'string abc')$$);
SELECT trial($$SELECT count(word) FROM kinds WHERE id IN ('objectId', 'int 5')$$);
-- of either side of a join
SELECT trial($$SELECT a.number, b.id FROM kinds a JOIN kinds b ON a.id = b.id WHERE a.id = 'string abc'$$);
SELECT trial($$SELECT a.id, b.number FROM kinds a JOIN kinds b ON a.id = b.id WHERE a.id = 'string abc'$$);
-- values whose BSON type would fit
CREATE FOREIGN TABLE times (id text OPTIONS (field '_id'), d date OPTIONS (field 'v'), c time OPTIONS (field 'v'))
	SERVER mongodb OPTIONS (database 'ad_test', collection 'values');
SELECT trial($$SELECT d FROM times WHERE id = 'date noon'$$);
SELECT trial($$SELECT max(d) FROM times WHERE id = 'date noon'$$);
SELECT trial($$SELECT c FROM times WHERE id = 'date midnight'$$);
-- what HAVING and LIMIT leave out is an error, too
SELECT trial($$SELECT at::date, count(*) FROM kinds WHERE id IN ('date 0', 'string abc') GROUP BY 1 HAVING count(*) > 5$$);
SELECT trial($$SELECT word, count(*) FROM kinds WHERE id IN ('objectId', 'int 5') GROUP BY 1 ORDER BY 2 LIMIT 1$$);
SELECT trial($$SELECT DISTINCT flag FROM kinds WHERE id IN ('true', 'string abc') LIMIT 1$$);
SELECT trial($$SELECT id FROM kinds WHERE id IN ('date 0', 'string abc') ORDER BY at LIMIT 1$$);
-- errors that PostgreSQL would have raised
SELECT trial($$SELECT sum(number + 2147483647) FROM kinds WHERE id IN ('int 5', 'int 0')$$);
SELECT trial($$SELECT sum(100 % number) FROM kinds WHERE id IN ('int 5', 'int 0')$$);
SELECT trial($$SELECT number + 2147483647, count(*) FROM kinds WHERE id IN ('int 5', 'int 0') GROUP BY 1$$);
-- in groups that PostgreSQL combines
SELECT trial($$SELECT upper(word), count(*) FROM kinds WHERE id IN ('objectId', 'int 5') GROUP BY 1$$);
SELECT trial($$SELECT upper(id), max(at) FROM kinds WHERE id IN ('date 0', 'string abc') GROUP BY 1$$);
SELECT trial($$SELECT upper(id), sum(100 % number) FROM kinds WHERE id IN ('int 5', 'int 0') GROUP BY 1$$);
SELECT id, sum(100 % number) FROM kinds WHERE id IN ('int 5', 'int 0') AND md5(id) = md5('int 5') GROUP BY 1;

-- it reads
SELECT trial('INSERT INTO missing_collection VALUES (1)');
SELECT trial('UPDATE missing_collection SET a = 1');
SELECT trial('DELETE FROM missing_collection');
SELECT trial('TRUNCATE missing_collection');
DROP EXTENSION admin_dashboard CASCADE;
DROP FUNCTION trial(text);
