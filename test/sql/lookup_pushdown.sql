-- Joins that MongoDB does, and beside them those that stay.
-- EXPLAIN does not contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE SERVER other FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:2');
CREATE DOMAIN positive AS int CHECK (value > 0);
CREATE FOREIGN TABLE calls (id int OPTIONS (field '_id'), user_id text, i int, l bigint, f double precision, n numeric,
	ts timestamptz, tn timestamp, s text COLLATE "C", j jsonb)
	SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE users (id text OPTIONS (field '_id'), i int, l bigint, f double precision, n numeric,
	ts timestamptz, tn timestamp, name text, dm positive, address text OPTIONS (field 'joined.address'))
	SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE doc (id int OPTIONS (field '_id'), d jsonb OPTIONS (field '$'))
	SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE elsewhere (id int OPTIONS (field '_id'), i int) SERVER mongodb OPTIONS (database 'archive');
CREATE FOREIGN TABLE far (id int OPTIONS (field '_id'), i int) SERVER other OPTIONS (database 'shop');
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ 'MongoDB|Filter:|Join|Nested Loop|Aggregate|Limit' THEN
			-- (versions number the parameters of nested loops otherwise)
			RETURN NEXT regexp_replace(trim(line, '-> '), '(= \$)\d+$', '\1n');
		END IF;
	END LOOP;
END $$;

-- what it costs: few rows, whose partners are found by _id
SELECT shown('SELECT calls.i, users.name FROM calls JOIN users ON users.id = calls.user_id WHERE calls.i = 5');
SELECT shown('SELECT calls.i, users.name FROM calls JOIN users ON users.id = calls.user_id WHERE users.i = 5');
SELECT shown('SELECT calls.i, users.name FROM calls JOIN users ON users.id = calls.user_id');
SELECT shown('SELECT calls.i, users.name FROM calls JOIN users ON users.i = calls.i WHERE calls.l > 5');

-- from here on, wherever it can be done
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_nestloop = off;
SET max_parallel_workers_per_gather = 0;
-- 19 takes none anyhow where nested loops are off
SET enable_material = off;
SELECT shown('SELECT calls.i FROM calls JOIN users ON users.i = calls.i');
SELECT shown('SELECT calls.i, users.i FROM calls LEFT JOIN users ON users.i = calls.i');
SELECT shown('SELECT calls.i, users.name FROM calls LEFT JOIN users ON users.id = calls.user_id AND users.i > 5 WHERE calls.ts >= now()');
SELECT shown('SELECT calls.i FROM calls JOIN users ON users.l = calls.i AND users.i <> calls.l');
SELECT shown('SELECT calls.i, users.i FROM users RIGHT JOIN calls ON users.ts = calls.ts WHERE users.i IS NULL');
SELECT shown('SELECT calls.id FROM calls LEFT JOIN users ON users.i = calls.i WHERE md5(calls.s) = calls.user_id');
SELECT shown('SELECT calls.id FROM calls, users WHERE users.i = calls.i AND md5(users.name) = users.id');
-- the field for the inner document is one that the outer table does not read
SELECT shown('SELECT users.address, calls.id FROM users LEFT JOIN calls ON users.i = calls.id');
-- above it: limits and groups
SELECT shown('SELECT calls.i FROM calls JOIN users ON users.i = calls.i LIMIT 5');
SELECT shown('SELECT count(*) FROM calls JOIN users ON users.i = calls.i');
SELECT shown('SELECT a.i FROM calls a JOIN users b ON b.i = a.i JOIN users c ON c.l = a.l');
-- a condition that is never true, of either table
SELECT shown('SELECT calls.i, users.i FROM calls LEFT JOIN users ON users.i = calls.i AND users.i = ANY (ARRAY[]::int[])');

-- what stays: keys whose equality is not MongoDB's
SELECT shown('SELECT calls.i FROM calls JOIN users ON users.f = calls.f');
SELECT shown('SELECT calls.i FROM calls JOIN users ON users.n = calls.n');
SELECT shown('SELECT calls.i FROM calls JOIN users ON users.ts = calls.tn');
SELECT shown('SELECT calls.i FROM calls JOIN users ON users.i + 1 = calls.i');
SELECT shown('SELECT calls.i FROM calls JOIN users ON users.i < calls.i');
-- other kinds of joins
SELECT shown('SELECT calls.i FROM calls FULL JOIN users ON users.i = calls.i');
SELECT shown('SELECT calls.i FROM calls WHERE NOT EXISTS (SELECT FROM users WHERE users.i = calls.i)');
-- a left join's second condition, and one of the inner table that PostgreSQL evaluates
SELECT shown('SELECT calls.i, users.i FROM calls LEFT JOIN users ON users.i = calls.i AND users.l = calls.l');
SELECT shown('SELECT calls.i, users.i FROM calls LEFT JOIN users ON users.i = calls.i AND calls.l > 5');
SELECT shown('SELECT calls.i, users.i FROM calls LEFT JOIN users ON users.i = calls.i AND md5(users.name) = users.id');
-- conditions without columns, and those that count how often they are evaluated
SET enable_nestloop = on;
SELECT shown('SELECT calls.i FROM calls JOIN (SELECT i FROM users WHERE now() IS NULL) u ON u.i = calls.i');
SET enable_nestloop = off;
SELECT shown('SELECT calls.i FROM calls JOIN users ON users.i = calls.i WHERE random() < calls.f');
-- columns that are not a field of a document, or refuse null
SELECT shown('SELECT calls.i, doc.d FROM calls JOIN doc ON doc.id = calls.i');
SELECT shown('SELECT calls FROM calls JOIN users ON users.i = calls.i');
SELECT shown('SELECT calls.i, users.dm FROM calls LEFT JOIN users ON users.i = calls.i');
-- other databases and servers; rows that are locked
SELECT shown('SELECT calls.i FROM calls JOIN elsewhere ON elsewhere.i = calls.i');
SELECT shown('SELECT calls.i FROM calls JOIN far ON far.i = calls.i');
SELECT shown('SELECT calls.i FROM calls JOIN users ON users.i = calls.i FOR UPDATE');

SET admin_dashboard.enable_join_pushdown = off;
SELECT shown('SELECT calls.i FROM calls JOIN users ON users.i = calls.i');
RESET admin_dashboard.enable_join_pushdown;
ALTER SERVER mongodb OPTIONS (ADD enable_join_pushdown 'false');
SELECT shown('SELECT calls.i FROM calls JOIN users ON users.i = calls.i');
DROP DOMAIN positive CASCADE;
DROP EXTENSION admin_dashboard CASCADE;
DROP FUNCTION shown(text);
