-- ANALYZE: what it finds is what the documents hold, it changes no answer, it
-- fails neither on mismatches nor on views, and plans follow what it finds.

\set ON_ERROR_STOP on
\set QUIET on
\getenv uri AD_TEST_MONGODB_URI
\set loaded `"$PYTHON" test/data/load_analyze.py "$AD_TEST_MONGODB_URI"`

SET client_min_messages = warning;
BEGIN;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'uri');
SELECT * FROM no_plan();

CREATE FOREIGN TABLE orders (id int OPTIONS (field '_id'), customer int, status text, total double precision,
	city text OPTIONS (field 'address.city'), dropped int, doc jsonb OPTIONS (field '$')) SERVER mongodb OPTIONS (database 'ad_test', collection 'analyze_orders');
ALTER FOREIGN TABLE orders DROP COLUMN dropped;
CREATE FOREIGN TABLE recent (id int OPTIONS (field '_id'), status text)
	SERVER mongodb OPTIONS (database 'ad_test', collection 'analyze_recent');
CREATE FOREIGN TABLE nothing (id int OPTIONS (field '_id')) SERVER mongodb OPTIONS (database 'ad_test', collection 'analyze_nothing');

CREATE FUNCTION pg_temp.plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	plan text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		plan := plan || line || E'\n';
	END LOOP;
	RETURN plan;
END $$;

-- how many rows the planner thinks that a query has
CREATE FUNCTION pg_temp.rows_of(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
END $$;

-- before it
SELECT is(pg_temp.rows_of('SELECT * FROM orders'), 10000, 'a table that was never analyzed has some rows');
ALTER FOREIGN TABLE orders OPTIONS (ADD use_remote_estimate 'true');
SELECT is(pg_temp.rows_of('SELECT * FROM orders'), 3000, 'with remote estimates, as many as the collection documents');
ALTER SERVER mongodb OPTIONS (ADD use_remote_estimate 'on');
SELECT is(pg_temp.rows_of('SELECT * FROM recent'), 1000, 'a view as many as it has');
SELECT is(pg_temp.rows_of('SELECT * FROM nothing'), 1, 'one that is not there is empty');
\set added `"$PYTHON" test/data/load_analyze.py "$AD_TEST_MONGODB_URI" 10`
SELECT is(pg_temp.rows_of('SELECT * FROM orders'), 3000, 'which are asked for once a minute');
SELECT is((SELECT count(*) FROM orders)::int, 3010, 'and change no answer');
\set taken `"$PYTHON" test/data/load_analyze.py "$AD_TEST_MONGODB_URI"`
ALTER SERVER mongodb OPTIONS (DROP use_remote_estimate);
ALTER FOREIGN TABLE orders OPTIONS (DROP use_remote_estimate);

CREATE TEMP TABLE before AS
	SELECT status, count(*) n, sum(customer) s, min(city) c FROM orders GROUP BY status;

ANALYZE orders;
SELECT is(reltuples, 3000::real, 'a table has as many rows as the collection documents')
FROM pg_class WHERE relname = 'orders';
SELECT is(n_distinct, -1::real, 'a column of distinct values is one') FROM pg_stats WHERE tablename = 'orders' AND attname = 'id';
SELECT is(n_distinct, 3::real, 'distinct values are counted') FROM pg_stats WHERE tablename = 'orders' AND attname = 'status';
SELECT is(most_common_vals::text, '{open,paid,"sent out"}', 'common values are told') FROM pg_stats
WHERE tablename = 'orders' AND attname = 'status';
SELECT cmp_ok(null_frac, '=', 0.5::real, 'nulls are told, and what is missing is null')
FROM pg_stats WHERE tablename = 'orders' AND attname = 'city';
SELECT is(null_frac, (1 / 3.0)::real, 'a mismatch counts as null, and is no error')
FROM pg_stats WHERE tablename = 'orders' AND attname = 'total';
SELECT is(avg_width, 8, 'widths are told') FROM pg_stats WHERE tablename = 'orders' AND attname = 'total';
SELECT isnt_empty($$SELECT FROM pg_stats WHERE tablename = 'orders' AND attname = 'doc' AND avg_width > 50$$,
	'the whole document has a width');
SELECT set_eq('SELECT status, count(*) n, sum(customer) s, min(city) c FROM orders GROUP BY status',
	'SELECT * FROM before', 'answers stay what they were');

-- domains, one of which fails for some values, and one of an array's elements
CREATE DOMAIN regular AS int CHECK (value > 20 AND 1 / (value - 25) >= -1);
CREATE DOMAIN little AS int CHECK (value < 2);
CREATE FOREIGN TABLE checked (id int OPTIONS (field '_id'), customer regular, status text, whole jsonb OPTIONS (field '$'))
	SERVER mongodb OPTIONS (database 'ad_test', collection 'analyze_orders');
CREATE FOREIGN TABLE checked_arrays (v little[], _id text)
	SERVER mongodb OPTIONS (database 'ad_test', collection 'values', on_mismatch 'null');
SELECT lives_ok('ANALYZE checked, checked_arrays', 'a value that a domain refuses is no error');
SELECT is(null_frac, (SELECT count(*) FILTER (WHERE customer <= 20 OR customer = 25) / 3000.0 FROM orders)::real, 'but counts as null')
FROM pg_stats WHERE tablename = 'checked' AND attname = 'customer';
SELECT cmp_ok(null_frac, '=', 0::real, 'and no other column with it') FROM pg_stats WHERE tablename = 'checked' AND attname = 'status';
SELECT is((SELECT sum(null_frac * reltuples) FROM pg_stats JOIN pg_class ON relname = tablename WHERE tablename = 'checked_arrays' AND attname = 'v')::int,
	(SELECT reltuples FROM pg_class WHERE relname = 'checked_arrays')::int - 1, 'an array with such an element, too');

ANALYZE recent;
SELECT is(reltuples, 1000::real, 'a view can be analyzed') FROM pg_class WHERE relname = 'recent';
ANALYZE nothing;
SELECT is(reltuples, 0::real, 'a collection that does not exist has no rows') FROM pg_class WHERE relname = 'nothing';
SELECT is(pg_temp.rows_of('SELECT * FROM nothing'), 1, 'and is planned so');

-- of more documents than are sampled
SET LOCAL default_statistics_target = 2;
ALTER FOREIGN TABLE orders ALTER doc SET STATISTICS 0;
ANALYZE orders;
SELECT is(reltuples, 3000::real, 'documents beyond the sample are counted') FROM pg_class WHERE relname = 'orders';
RESET default_statistics_target;
ANALYZE orders;

-- plans
CREATE TEMP TABLE few AS SELECT 7 AS customer;
CREATE TEMP TABLE many AS SELECT n AS customer FROM generate_series(1, 5000) n;
ANALYZE few;
ANALYZE many;
SELECT alike(pg_temp.plan_of('SELECT * FROM few JOIN orders USING (customer)'), 'Nested Loop%',
	'few local rows ask for theirs');
SELECT alike(pg_temp.plan_of('SELECT * FROM many JOIN orders USING (customer)'), 'Hash Join%',
	'many local rows are hashed');

SELECT alike(pg_temp.plan_of('SELECT customer, count(*) FROM few JOIN orders USING (customer) GROUP BY 1'), '%Nested Loop%Foreign Scan on orders%',
	'for a group, too');
-- as of many documents, with the statistics of these
UPDATE pg_class SET reltuples = 5e6 WHERE relname = 'orders';
-- (several processes would share them)
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT alike(pg_temp.plan_of(query), 'Foreign Scan%', 'MongoDB does it all: ' || query)
FROM unnest(ARRAY['SELECT count(*), sum(customer) FROM orders', 'SELECT status, count(*) FROM orders GROUP BY 1',
	'SELECT id, count(*) FROM orders GROUP BY 1', 'SELECT status, count(DISTINCT customer) FROM orders GROUP BY 1', 'SELECT DISTINCT customer FROM orders',
	'SELECT * FROM orders LIMIT 10', 'SELECT * FROM orders OFFSET 5 LIMIT 10', 'SELECT * FROM orders ORDER BY id LIMIT 10', 'SELECT * FROM orders ORDER BY customer DESC, id LIMIT 10',
	'SELECT * FROM orders ORDER BY id', 'SELECT customer, count(*) FROM orders GROUP BY 1 ORDER BY 2 DESC LIMIT 3',
	'SELECT status, count(*) FROM orders WHERE customer < 10 GROUP BY 1 HAVING count(*) > 5']) query;
SELECT alike(pg_temp.plan_of('SELECT * FROM few JOIN orders USING (customer)'), 'Nested Loop%', 'few local rows ask for theirs of many documents');
SELECT alike(pg_temp.plan_of('SELECT * FROM few RIGHT JOIN orders USING (customer)'), 'Hash%', 'all documents with few local rows are hashed');

-- cancelled while it waits or reads
\ir ../data/cancel.sql
SET LOCAL statement_timeout = 300;
SELECT is(pg_temp.state_of('ANALYZE ' || string_agg('orders', ',')), '57014', 'ANALYZE can be cancelled') FROM generate_series(1, 200);
RESET statement_timeout;
SELECT lives_ok('ANALYZE orders', 'and works again');

-- errors
CREATE FOREIGN TABLE odd (a point) SERVER mongodb OPTIONS (database 'ad_test', collection 'analyze_orders');
SELECT throws_ok('ANALYZE odd', 'HV004',
	'column "a" of foreign table "odd" is of type point, which cannot be read from MongoDB', 'a type that cannot be read');
ALTER SERVER mongodb OPTIONS (SET uri 'mongodb://127.0.0.1:1/');
SELECT throws_ok('ANALYZE recent', '08001', NULL, 'a server that does not answer');

SELECT matches(admin_dashboard_version(), '^admin_dashboard 1\.0, PostgreSQL 1[5-9][.a-z0-9]+.*, libmongoc [12]\.\d+\.\d+',
	'the versions of what is at work');

SELECT is_empty($$SELECT pg_describe_object(classid, objid, 0) FROM pg_depend
	WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' AND obj_description(objid, classid::regclass::name) IS NULL
	  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'admin_dashboard')$$,
	'every object of the extension has a comment');

SELECT * FROM finish();
ROLLBACK;
