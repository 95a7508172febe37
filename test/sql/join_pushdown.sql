-- Joins in which the columns of one table are values for the other's filter.
-- EXPLAIN does not contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE FOREIGN TABLE t (i int, f double precision, s text, ts timestamptz, v varchar(9))
	SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE u (i int, f double precision, s text, ts timestamptz)
	SERVER mongodb OPTIONS (database 'shop');
CREATE TABLE few (i int, f double precision, s text, ts timestamptz, a int[]);
INSERT INTO few VALUES (1, 1, 'a', '2026-01-01Z', '{1}'), (2, 2, 'b', '2026-01-02Z', '{2, 3}');
ANALYZE few;
CREATE TABLE many AS SELECT i FROM generate_series(1, 20000) i;
ANALYZE many;
-- the kind of join, and what MongoDB is asked
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ '(MongoDB (Query|Parameters)|Filter|Cond):|Join|Nested Loop' THEN
			-- PostgreSQL 16 turns some conditions round
			RETURN NEXT replace(trim(line, '-> '), '(few.i = t.i)', '(t.i = few.i)');
		END IF;
	END LOOP;
END $$;

-- without scans that wait for the keys of all rows, see join_keys.sql
SET admin_dashboard.enable_join_pushdown = off;
SELECT shown('SELECT t.s FROM few JOIN t ON t.i = few.i');
SELECT shown('SELECT t.s FROM few JOIN t USING (i, s)');
SELECT shown('SELECT t.s FROM few JOIN t ON t.f = few.i');
SELECT shown('SELECT t.s FROM few JOIN t ON t.i = few.i + 1');
SELECT shown('SELECT t.s FROM few JOIN t ON t.f < few.f AND t.i = few.i');
SELECT shown('SELECT t.s FROM few JOIN t ON t.i = ANY (few.a)');
SELECT shown('SELECT t.s FROM few JOIN t ON t.i = few.i OR t.f = few.f');
SELECT shown('SELECT t.s FROM few JOIN t ON t.i = few.i AND t.ts > now()');
SELECT shown('SELECT t.s FROM few LEFT JOIN t ON t.i = few.i');
SELECT shown('SELECT t.s FROM few FULL JOIN t ON t.i = few.i');
SELECT shown('SELECT s FROM few WHERE EXISTS (SELECT FROM t WHERE t.f = few.f)');
SELECT shown('SELECT s FROM few WHERE NOT EXISTS (SELECT FROM t WHERE t.f = few.f)');
-- both tables' columns at once, and types that MongoDB does not compare
SELECT shown('SELECT t.s FROM few JOIN t ON t.i = few.i AND t.i + few.i = 5');
SELECT shown('SELECT t.s FROM few JOIN t ON t.v = few.s');
SELECT shown('SELECT t.s FROM few JOIN t ON t.i + 1 = few.i');
-- many values are not asked for one by one
SELECT shown('SELECT t.s FROM many JOIN t ON t.i = many.i');
-- what follows from equalities; several tables
SELECT shown('SELECT t.s FROM few JOIN t USING (i) WHERE few.i = 1');
SELECT shown('SELECT t.s FROM few JOIN t ON t.i = few.i JOIN u ON u.i = t.i AND u.f = few.f AND u.ts < t.ts');
-- LATERAL, with an order and a limit
SELECT shown('SELECT few.i, x.s FROM few, LATERAL (SELECT s FROM t WHERE t.i = few.i AND f > 0 ORDER BY f NULLS FIRST LIMIT few.i) x');
SELECT shown('SELECT (SELECT max(f) FROM t WHERE t.i = few.i) FROM few');

-- a path that is not taken leaves no values behind
SELECT shown('SELECT t.s FROM many JOIN t ON t.i = many.i WHERE t.ts < now()');

ALTER FOREIGN TABLE t OPTIONS (ADD enable_filter_pushdown 'false');
SELECT shown('SELECT t.s FROM few JOIN t ON t.i = few.i');
DROP TABLE few, many;
DROP EXTENSION admin_dashboard CASCADE;
DROP FUNCTION shown(text);
