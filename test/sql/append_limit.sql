-- ORDER BY and LIMIT of several tables: what MongoDB does of them for each, and beside it
-- what stays.  EXPLAIN does not contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER one FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE SERVER two FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:2');
CREATE TABLE calls (email text COLLATE "C" NOT NULL, minutes int NOT NULL, at timestamptz NOT NULL, price numeric) PARTITION BY RANGE (at);
CREATE FOREIGN TABLE calls1 PARTITION OF calls FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') SERVER one OPTIONS (database 'shop');
CREATE FOREIGN TABLE calls2 PARTITION OF calls FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') SERVER two OPTIONS (database 'shop');
CREATE TABLE recent PARTITION OF calls FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
CREATE INDEX ON recent (at);
INSERT INTO recent SELECT 'u' || i % 50, i, '2027-01-01'::timestamptz + i * interval '1 h' FROM generate_series(1, 2000) i;
ANALYZE recent;
CREATE FOREIGN TABLE other (email text COLLATE "C" NOT NULL, minutes int NOT NULL, start timestamptz OPTIONS (field 'at') NOT NULL)
	SERVER two OPTIONS (database 'shop', on_mismatch 'null');
-- the nodes, and what MongoDB is asked
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ '->|^\S|MongoDB Query|Sort Key' THEN
			-- (versions name subqueries otherwise)
			RETURN NEXT regexp_replace(trim(line), '"\*SELECT\* 1"|unnamed_subquery', 'u');
		END IF;
	END LOOP;
END $$;
SELECT shown('SELECT email FROM calls ORDER BY minutes DESC LIMIT 5');
SELECT shown('SELECT email FROM calls WHERE email > ''m'' ORDER BY length(email) NULLS FIRST, minutes LIMIT 5 OFFSET 20');
-- the partition with the first rows is asked first, and the others perhaps not at all
SELECT shown('SELECT email FROM calls WHERE at < ''2027-01-01'' ORDER BY at LIMIT 5');
SELECT shown('SELECT email FROM calls ORDER BY at DESC LIMIT 5');
-- no order
SELECT shown('SELECT email FROM calls LIMIT 5');
-- UNION ALL, and columns that may not fit
SELECT shown('SELECT email, minutes FROM calls1 UNION ALL SELECT email, minutes FROM other ORDER BY minutes LIMIT 5');
SELECT shown('SELECT * FROM (SELECT at, minutes FROM calls2 UNION ALL SELECT start, 2 * minutes FROM other) u WHERE minutes > 5 ORDER BY at DESC LIMIT 5');
-- branches with conditions, which PostgreSQL plans by themselves
SELECT shown('SELECT email, minutes FROM calls1 WHERE minutes > 5 UNION ALL SELECT email, minutes FROM other WHERE email = ''u1'' ORDER BY minutes DESC LIMIT 5 OFFSET 2');
SELECT shown('SELECT ''a'' AS source, email, length(email) AS n FROM calls1 WHERE minutes > 5 UNION ALL SELECT ''b'', email, minutes FROM calls2 WHERE minutes < 5 ORDER BY n, source LIMIT 5');
SELECT shown('SELECT email FROM calls1 WHERE minutes > 5 UNION ALL SELECT email FROM recent WHERE minutes > 5 LIMIT 5');
-- of which one is evaluated locally, or others than its rows are wanted
SELECT shown('SELECT email, minutes FROM calls1 WHERE minutes > 5 UNION ALL SELECT email, minutes FROM calls2 WHERE md5(email) > ''M'' ORDER BY minutes LIMIT 5');
SELECT shown('SELECT email, minutes FROM calls1 WHERE minutes > 5 UNION ALL (SELECT email, minutes FROM calls2 WHERE minutes > 6 LIMIT 7) ORDER BY minutes LIMIT 5');
SELECT shown('SELECT email, minutes FROM calls1 WHERE minutes > 5 UNION ALL SELECT DISTINCT email, minutes FROM calls2 WHERE minutes > 6 ORDER BY minutes LIMIT 5');
SELECT shown('SELECT minutes, count(*) FROM (SELECT email, minutes FROM calls1 WHERE minutes > 5 UNION ALL SELECT email, minutes FROM calls2 WHERE minutes > 6) u GROUP BY 1 ORDER BY 1 LIMIT 5');
-- in a subquery that runs for each row
SELECT shown('SELECT k, (SELECT email FROM calls WHERE minutes > k ORDER BY minutes LIMIT 1) FROM generate_series(1, 5) k');
-- parameters
SET plan_cache_mode = force_generic_plan;
PREPARE limited(bigint) AS SELECT email FROM calls ORDER BY minutes LIMIT $1;
SELECT shown('EXECUTE limited(5)');
PREPARE page(bigint, bigint) AS SELECT email FROM calls ORDER BY minutes LIMIT $1 OFFSET $2;
SELECT shown('EXECUTE page(5, 5)');
RESET plan_cache_mode;
-- the rows that the limit counts are others, or more than them are wanted
SELECT shown('SELECT email FROM calls ORDER BY minutes FETCH FIRST 5 ROWS WITH TIES');
SELECT shown('SELECT DISTINCT email, minutes FROM calls ORDER BY minutes LIMIT 5');
SELECT shown('SELECT email, generate_series(1, minutes) FROM calls ORDER BY minutes LIMIT 5');
SELECT shown('SELECT email, row_number() OVER () FROM calls ORDER BY minutes LIMIT 5');
SELECT shown('SELECT calls.email FROM calls JOIN other USING (minutes) ORDER BY minutes LIMIT 5');
SELECT shown('SELECT email FROM calls WHERE md5(email) > ''M'' ORDER BY minutes LIMIT 5');
SELECT shown('SELECT email FROM calls ORDER BY minutes LIMIT 5 FOR UPDATE');
SELECT shown('SELECT email FROM calls ORDER BY minutes LIMIT NULL');
SELECT shown('SELECT email FROM calls ORDER BY minutes LIMIT 9223372036854775807 OFFSET 1');
-- an order that MongoDB does not know
SELECT shown('SELECT email FROM calls ORDER BY price LIMIT 5');
-- of one table only
ALTER FOREIGN TABLE calls2 OPTIONS (ADD enable_sort_pushdown 'false');
SELECT shown('SELECT email FROM calls ORDER BY minutes LIMIT 5');
DROP EXTENSION admin_dashboard CASCADE;
DROP TABLE calls;
DROP FUNCTION shown;
