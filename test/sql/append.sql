-- Groupings of several tables: partitions, heirs and the branches of UNION ALL; what
-- MongoDB groups of them, and beside it what stays.  EXPLAIN does not contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER one FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE SERVER two FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:2');
CREATE TABLE calls (email text, kind int, minutes double precision, price numeric, at timestamptz, tags text[]) PARTITION BY LIST (kind);
CREATE FOREIGN TABLE calls1 PARTITION OF calls FOR VALUES IN (1) SERVER one OPTIONS (database 'shop');
CREATE FOREIGN TABLE calls2 (gone int, price numeric, minutes double precision OPTIONS (field 'length'), kind int, email text, at timestamptz, tags text[])
	SERVER two OPTIONS (database 'shop');
ALTER FOREIGN TABLE calls2 DROP COLUMN gone;
ALTER TABLE calls ATTACH PARTITION calls2 FOR VALUES IN (2);
CREATE TABLE recent PARTITION OF calls FOR VALUES IN (3);
INSERT INTO recent SELECT 'u' || i % 50, 3, i, i, now() - i * interval '1 h' FROM generate_series(1, 5000) i;
ANALYZE recent;
CREATE TABLE old (email text, kind int, minutes double precision);
CREATE FOREIGN TABLE heir () INHERITS (old) SERVER two OPTIONS (database 'shop');
CREATE FUNCTION noise(text) RETURNS text VOLATILE LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
-- since PostgreSQL 16, groups may also be sorted by what an aggregate makes distinct
DO $$ BEGIN
	IF current_setting('enable_presorted_aggregate', true) IS NOT NULL THEN
		SET enable_presorted_aggregate = off;
	END IF;
END $$;
-- the nodes, and what MongoDB is asked, but for the tests of the values
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ '->|^\S|MongoDB Query' AND line !~ 'Sort' THEN
			-- (versions name subqueries otherwise)
			RETURN NEXT regexp_replace(regexp_replace(trim(line), '(MongoDB Query: db.\w+\.\w+\().*', '\1...)'), '(Subquery Scan) .*', '\1');
		END IF;
	END LOOP;
END $$;
SELECT shown('SELECT email, count(*), sum(minutes) FROM calls GROUP BY email');
SELECT shown('SELECT count(*), max(at), avg(price) FROM calls WHERE at > ''2026-01-01'' HAVING count(*) > 5');
SELECT shown('SELECT DISTINCT email FROM calls');
-- keys and conditions that PostgreSQL evaluates on groups
SELECT shown('SELECT lower(email), count(*) FROM calls WHERE email ILIKE ''%acme_%'' GROUP BY 1');
-- distinct values, alone and beside others
SELECT shown('SELECT kind, count(DISTINCT email) FROM calls GROUP BY kind');
SELECT shown('SELECT count(*), sum(minutes), count(DISTINCT email) FROM calls');
SELECT shown('SELECT sum(minutes) FILTER (WHERE email ILIKE ''%acme%''), count(*) FROM calls');
SELECT shown('SELECT sum(minutes) FILTER (WHERE email ILIKE ''%acme_%''), count(*) FROM calls');
-- of a part of the partitions; of one, MongoDB does it all
SELECT shown('SELECT email, count(*) FROM calls WHERE kind IN (1, 3) GROUP BY email');
SELECT shown('SELECT email, count(*) FROM calls2 GROUP BY email');
-- heirs, and what they inherit from
SELECT shown('SELECT email, avg(minutes) FROM old GROUP BY email');
-- UNION ALL, with branches that are no tables
SELECT shown('SELECT email, count(*) FROM (SELECT email FROM calls2 UNION ALL SELECT email FROM heir UNION ALL SELECT email FROM recent WHERE minutes > 5) u GROUP BY email');
SELECT shown('SELECT k, count(*), sum(m) FROM (SELECT 1 AS k, minutes AS m FROM calls2 UNION ALL SELECT 2, minutes FROM heir) u GROUP BY k');
-- branches with conditions, which PostgreSQL plans by themselves
SELECT shown('SELECT email, count(*), sum(minutes) FROM (SELECT email, minutes FROM calls2 WHERE minutes > 5 UNION ALL SELECT email, minutes FROM heir WHERE kind = 1) u GROUP BY email');
SELECT shown('SELECT k, count(*), count(DISTINCT email) FROM (SELECT ''a'' AS k, email FROM calls2 WHERE minutes > 5 UNION ALL SELECT ''b'', email FROM recent WHERE kind = 1) u GROUP BY k');
SELECT shown('SELECT lower(email), count(*) FROM (SELECT email FROM calls2 WHERE minutes > 5 UNION ALL SELECT email FROM heir) u GROUP BY 1');
-- of which one is evaluated locally, or a column is read that the branch does not return
SELECT shown('SELECT email, count(*) FROM (SELECT email FROM calls2 WHERE upper(email) > ''M'' UNION ALL SELECT email FROM heir WHERE kind = 1) u GROUP BY email');
SELECT shown('SELECT day, count(*) FROM (SELECT at::date AS day FROM calls2 WHERE minutes > 5 UNION ALL SELECT at::date FROM calls1 WHERE kind = 1) u GROUP BY day');
-- UNION drops equal rows first
SELECT shown('SELECT email, count(*) FROM (SELECT email FROM calls2 UNION SELECT email FROM heir) u GROUP BY email');
-- a table that MongoDB cannot group is grouped by PostgreSQL
SELECT shown('SELECT price, count(*) FROM calls GROUP BY price');
SELECT shown('SELECT noise(email), count(*) FROM calls GROUP BY 1');
SELECT shown('SELECT string_agg(email, '','') FROM calls');
SELECT shown('SELECT tableoid, count(*) FROM calls GROUP BY tableoid');
SELECT shown('SELECT email, count(*) FROM calls GROUP BY ROLLUP (email)');
ALTER FOREIGN TABLE calls2 OPTIONS (ADD enable_aggregate_pushdown 'false');
SELECT shown('SELECT email, count(*) FROM calls GROUP BY email');
SELECT shown('SELECT count(*), sum(minutes), count(DISTINCT email) FROM calls');
-- if one column stands for two of the first table, the parts are not told apart
SELECT shown('SELECT sum(a), sum(b), count(DISTINCT e) FROM (SELECT minutes AS a, minutes AS b, email AS e FROM heir UNION ALL SELECT minutes, kind, email FROM recent) u');
-- below joins
CREATE TABLE users (email text, team text, rate int);
INSERT INTO users SELECT 'u' || i, 'team ' || i % 5, i FROM generate_series(1, 50) i;
ANALYZE users;
SELECT shown('SELECT team, count(*), sum(minutes), count(DISTINCT c.kind) FROM calls c JOIN users USING (email) GROUP BY team');
SELECT shown('SELECT team, sum(minutes) FILTER (WHERE rate > 5) FROM users LEFT JOIN calls USING (email) GROUP BY team');
SELECT shown('SELECT team, count(*) FROM (SELECT email FROM old UNION ALL SELECT email FROM calls1) c JOIN users USING (email) GROUP BY team');
SELECT shown('SELECT team, count(*), sum(rate * kind) FROM calls c FULL JOIN users USING (email) GROUP BY team');
-- not by a column that MongoDB cannot group by
SELECT shown('SELECT team, count(*) FROM calls c JOIN users ON rate = price GROUP BY team');
-- subqueries in expressions, beside a UNION ALL
SELECT shown('SELECT * FROM (SELECT email FROM recent UNION ALL SELECT email FROM recent) u WHERE email NOT IN (SELECT email FROM heir)');
SELECT shown('SELECT (SELECT max(kind) FROM heir) FROM (SELECT email FROM recent UNION ALL SELECT email FROM recent) u');
-- one after the other, if the first rows suffice
SELECT shown('SELECT email FROM calls LIMIT 5');
SELECT shown('SELECT minutes > 5 AND EXISTS (SELECT FROM calls c WHERE c.email > r.email) FROM recent r');
SELECT shown('SELECT email FROM calls ORDER BY minutes LIMIT 5');
-- or if that is set
SET enable_async_append = off;
SELECT shown('SELECT email, count(*) FROM calls GROUP BY email');
RESET enable_async_append;
SET admin_dashboard.enable_aggregate_pushdown = off;
SELECT shown('SELECT email, count(*) FROM calls GROUP BY email');
DROP EXTENSION admin_dashboard CASCADE;
DROP TABLE calls, old, users;
DROP FUNCTION shown, noise;
