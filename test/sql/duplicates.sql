-- Subqueries of whose equal rows one is enough: MongoDB makes them distinct.
-- EXPLAIN does not contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1', on_mismatch 'null');
CREATE FOREIGN TABLE t (i int, g int NOT NULL, s text COLLATE "C", ts timestamptz) SERVER mongodb OPTIONS (database 'd');
CREATE TABLE k (g int, s text);
-- only what MongoDB is asked: versions of PostgreSQL show the rest otherwise
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ 'MongoDB Query' THEN
			RETURN NEXT trim(line);
		END IF;
	END LOOP;
END $$;
-- branches of set operations without ALL, or within one
SELECT shown('SELECT g FROM t UNION SELECT g FROM k');
SELECT shown('SELECT g FROM k EXCEPT SELECT g FROM t WHERE i > 5');
SELECT shown('SELECT g, ts::date FROM t INTERSECT SELECT g, current_date FROM k');
SELECT shown('(SELECT g FROM t UNION ALL SELECT g FROM k) EXCEPT SELECT 1');
SELECT shown('SELECT lower(s) FROM t UNION SELECT s FROM k');
-- not those of ALL, and not those with an order and a limit
SELECT shown('SELECT g FROM t EXCEPT ALL SELECT g FROM k');
SELECT shown('(SELECT g FROM t INTERSECT ALL SELECT g FROM k) UNION SELECT 1');
SELECT shown('(SELECT g FROM k UNION SELECT 1) UNION ALL SELECT g FROM t');
SELECT shown('(SELECT g FROM t ORDER BY i LIMIT 5) UNION SELECT 1');
-- subqueries of IN, ANY, ALL and EXISTS
SELECT shown('SELECT s FROM k WHERE g NOT IN (SELECT g FROM t)');
SELECT shown('SELECT s, g = ANY (SELECT g FROM t WHERE i > 5) FROM k');
SELECT shown('SELECT s, (g, s) IN (SELECT g, s FROM t) FROM k');
-- also beside groups of the same table, but not beside its rows
SELECT shown('SELECT s, g IN (SELECT g FROM t), (SELECT count(*) FROM t) FROM k');
SELECT shown('SELECT s, g IN (SELECT g FROM t), ARRAY(SELECT i FROM t) FROM k');
-- nor beside those that the planner finds to be such
SELECT shown('SELECT s, g IN (SELECT g FROM t), ARRAY(SELECT CASE WHEN true THEN i ELSE row_number() OVER () END FROM t) FROM k');
CREATE FUNCTION numbers() RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT i FROM t';
SELECT shown('SELECT s, g IN (SELECT g FROM t), ARRAY(SELECT * FROM numbers()) FROM k');
-- nor of a test that may have another result for each of equal rows
CREATE FUNCTION same(int, int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 = $2; END';
CREATE OPERATOR === (leftarg = int, rightarg = int, function = same);
SELECT shown('SELECT random() < ANY (SELECT g FROM t) FROM k');
SELECT shown('SELECT g === ANY (SELECT g FROM t) FROM k');
SELECT shown('SELECT r *= ANY (SELECT ROW(g, 1) FROM t) FROM (SELECT ROW(1, 1) AS r FROM k OFFSET 0) q');
-- a key that PostgreSQL computes is sorted, or hashed
SELECT shown('SELECT s IN (SELECT lower(s) FROM t) FROM k');
-- with no aggregate pushdown
SET admin_dashboard.enable_aggregate_pushdown = off;
SELECT shown('SELECT g FROM t UNION SELECT g FROM k');
DROP TABLE k;
DROP EXTENSION admin_dashboard CASCADE;
DROP OPERATOR === (int, int);
DROP FUNCTION shown(text), numbers(), same(int, int);
