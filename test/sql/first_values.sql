-- The first rows in an order that only PostgreSQL knows: MongoDB counts the values
-- of a column, and the scan reads the documents with the first of them.  EXPLAIN does
-- not contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE FOREIGN TABLE calls (id int OPTIONS (field '_id'), email text, code varchar(5), kind int, minutes double precision,
	n numeric, j jsonb, at timestamptz, ends timestamptz) SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE loose (email text, kind int) SERVER mongodb OPTIONS (database 'shop', on_mismatch 'null');
CREATE TABLE users (email text, kind int);
-- what MongoDB is asked
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ 'MongoDB (Query|Parameters)|FirstValues|Sort Key' THEN
			RETURN NEXT trim(line, '-> ');
		END IF;
	END LOOP;
END $$;
-- whether the first values are found first
CREATE FUNCTION finds(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	plan text := '';
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		plan := plan || line;
	END LOOP;
	RETURN NEXT CASE WHEN plan LIKE '%FirstValues%' THEN 'finds' ELSE 'reads' END || ': ' || query;
END $$;

EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM calls ORDER BY lower(email), at LIMIT 10;
-- conditions that MongoDB evaluates, an offset
SELECT shown('SELECT at FROM calls WHERE kind > 5 ORDER BY upper(email) DESC NULLS LAST, at OFFSET 20 LIMIT 10');
-- nulls are first, and of a column whose mismatches are null
SELECT shown('SELECT at FROM calls ORDER BY lower(email) DESC LIMIT 10');
SELECT shown('SELECT kind FROM loose ORDER BY lower(email) NULLS FIRST LIMIT 10');
-- columns of other types
SELECT shown('SELECT at FROM calls ORDER BY lower(code) LIMIT 10');
SELECT shown('SELECT email FROM calls ORDER BY kind::text LIMIT 10');
SELECT shown('SELECT email FROM calls ORDER BY n DESC NULLS LAST LIMIT 10');
SELECT finds('SELECT at FROM calls ORDER BY lower(email) FETCH FIRST 10 ROWS WITH TIES');
SELECT finds('SELECT * FROM (SELECT at FROM calls ORDER BY lower(email) LIMIT 10) q ORDER BY at');
SELECT finds('SELECT u.email, (SELECT at FROM calls c WHERE c.kind > u.kind ORDER BY lower(c.email) LIMIT 1) FROM users u');

-- MongoDB knows the order, or the beginning of it
SELECT finds('SELECT at FROM calls ORDER BY kind LIMIT 10');
SELECT finds('SELECT at FROM calls ORDER BY kind, lower(email) LIMIT 10');
-- few rows, and a column of which each document has another value
SELECT finds('SELECT at FROM calls WHERE kind = 5 ORDER BY lower(email) LIMIT 10');
SELECT finds('SELECT at FROM calls ORDER BY to_char(at, ''MM'') LIMIT 10');
-- no limit, or none that is known, or a high one
SELECT finds('SELECT at FROM calls ORDER BY lower(email)');
SELECT finds('SELECT at FROM calls ORDER BY lower(email) LIMIT (SELECT 10)');
SELECT finds('SELECT at FROM calls ORDER BY lower(email) LIMIT 10001');
-- rows that PostgreSQL leaves out, or needs for more
SELECT finds('SELECT at FROM calls WHERE md5(email) > ''5'' ORDER BY lower(email) LIMIT 10');
SELECT finds('SELECT DISTINCT lower(email), at FROM calls ORDER BY lower(email), at LIMIT 10');
SELECT finds('SELECT at, sum(kind) OVER (ORDER BY at) FROM calls ORDER BY lower(email) LIMIT 10');
SELECT finds('SELECT unnest(ARRAY[1, 2]), at FROM calls ORDER BY lower(email) LIMIT 10');
SELECT finds('SELECT at FROM calls ORDER BY lower(email) LIMIT 10 FOR UPDATE');
-- two columns, one that MongoDB cannot group by, a whole row, an order that changes
SELECT finds('SELECT at FROM calls ORDER BY lower(email) || code LIMIT 10');
SELECT finds('SELECT at FROM calls ORDER BY j LIMIT 10');
SELECT finds('SELECT at FROM calls ORDER BY minutes::text LIMIT 10');
SELECT finds('SELECT at FROM calls ORDER BY calls::text LIMIT 10');
SELECT finds('SELECT at FROM calls ORDER BY kind + random() LIMIT 10');
SELECT finds('SELECT c.at FROM calls c JOIN users u USING (kind) ORDER BY lower(c.email) LIMIT 10');
-- options
ALTER FOREIGN TABLE calls OPTIONS (ADD avoid '$group');
SELECT finds('SELECT at FROM calls ORDER BY lower(email) LIMIT 10');
ALTER FOREIGN TABLE calls OPTIONS (DROP avoid);
SET admin_dashboard.enable_sort_pushdown = off;
SELECT finds('SELECT at FROM calls ORDER BY lower(email) LIMIT 10');
RESET admin_dashboard.enable_sort_pushdown;
SET admin_dashboard.enable_filter_pushdown = off;
SELECT finds('SELECT at FROM calls ORDER BY lower(email) LIMIT 10');
RESET admin_dashboard.enable_filter_pushdown;
SET admin_dashboard.enable_aggregate_pushdown = off;
SELECT finds('SELECT at FROM calls ORDER BY lower(email) LIMIT 10');
RESET admin_dashboard.enable_aggregate_pushdown;
DROP TABLE users;
DROP EXTENSION admin_dashboard CASCADE;
DROP FUNCTION shown(text), finds(text);
