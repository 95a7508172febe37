-- Scans that wait for the keys of the table they are joined to, and beside
-- them those that do not.  EXPLAIN does not contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE FOREIGN TABLE calls (email text, kind int, f double precision, n numeric, u uuid, j jsonb, at timestamptz, room text)
	SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE people (email text, country text) SERVER mongodb OPTIONS (database 'shop');
CREATE TABLE users (email text, team text, kind int, f double precision, n numeric, u uuid, j jsonb);
INSERT INTO users SELECT 'u' || i || '@example.com', 'team ' || i % 10, i, i, i, gen_random_uuid(), to_jsonb(i)
FROM generate_series(1, 100) i;
CREATE TABLE many AS SELECT i AS kind FROM generate_series(1, 20000) i;
CREATE TABLE days AS SELECT day::date, to_char(day, 'YYYY-MM') AS month FROM generate_series('2020-01-01'::timestamp, '2027-12-31', '1 day') day;
ANALYZE users, many, days;
-- whether a scan waits for keys, and what MongoDB is asked
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ 'MongoDB (Query|Parameters)|JoinKeys' THEN
			RETURN NEXT trim(line, '-> ');
		END IF;
	END LOOP;
END $$;
CREATE FUNCTION waits(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	plan text := '';
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		plan := plan || line;
	END LOOP;
	RETURN NEXT CASE WHEN plan LIKE '%JoinKeys%' THEN 'waits' ELSE 'does not wait' END || ': ' || query;
END $$;

EXPLAIN (VERBOSE, COSTS OFF) SELECT c.at, u.team FROM calls c JOIN users u USING (email) WHERE u.team = 'team 1' AND c.kind = 2;
-- constants, an expression, what a subquery returns, a limit
SELECT shown('SELECT c.at FROM calls c JOIN (VALUES (''a@b''), (''c@d''), (NULL)) v (email) USING (email)');
SELECT shown('SELECT c.at FROM calls c JOIN users u ON lower(u.team) = c.room AND u.kind < 20');
SELECT shown('SELECT c.at FROM calls c WHERE c.email IN (SELECT email FROM users WHERE team = ''team 1'')');
SELECT shown('SELECT c.at FROM calls c JOIN (SELECT room FROM calls GROUP BY 1 ORDER BY count(*) DESC LIMIT 10) t USING (room)');
-- types of keys
SELECT shown('SELECT c.at FROM calls c JOIN users u ON c.f = u.f WHERE u.team = ''team 1''');
SELECT shown('SELECT c.at FROM calls c JOIN users u ON c.n = u.n WHERE u.team = ''team 1''');
SELECT shown('SELECT c.at FROM calls c JOIN users u ON c.u = u.u WHERE u.team = ''team 1''');
-- rows of the other side that have no partner, or that only look for one
SELECT shown('SELECT c.at FROM users u LEFT JOIN calls c USING (email) WHERE u.team = ''team 1''');
SELECT shown('SELECT u.team FROM users u WHERE u.team = ''team 1'' AND EXISTS (SELECT FROM calls c WHERE c.email = u.email AND c.kind > 5)');
SELECT shown('SELECT u.team FROM users u WHERE u.team = ''team 1'' AND NOT EXISTS (SELECT FROM calls c WHERE c.email = u.email)');
-- documents with none of the keys
SELECT shown('SELECT c.at FROM calls c WHERE NOT EXISTS (SELECT FROM users u WHERE u.email = c.email)');
-- groups of documents with these keys
SELECT shown('SELECT u.team, count(*) FROM calls c JOIN users u USING (email) WHERE u.team = ''team 1'' GROUP BY 1');
SELECT shown('SELECT room, count(*) FROM calls WHERE email IN (SELECT email FROM calls GROUP BY 1 ORDER BY max(at) DESC LIMIT 10) GROUP BY 1');
-- groups of a subquery
SELECT shown('SELECT u.team, c.n FROM users u JOIN (SELECT email, count(*) AS n FROM calls GROUP BY 1) c USING (email) WHERE u.team = ''team 1''');
SELECT shown('SELECT u.team, c.n FROM users u LEFT JOIN (SELECT email, kind, count(*) AS n FROM calls WHERE kind > 5 GROUP BY 1, 2 HAVING count(*) > 2) c USING (email) WHERE u.team = ''team 1''');
SELECT shown('SELECT c.room FROM (SELECT DISTINCT email, room FROM calls) c WHERE c.email IN (SELECT email FROM users WHERE team = ''team 1'')');
-- another collection, whose partners MongoDB does not find by _id
SELECT shown('SELECT c.at FROM calls c JOIN people p USING (email) WHERE p.country = ''fi''');
-- parameters
SET plan_cache_mode = force_generic_plan;
PREPARE of_team(text, int) AS SELECT c.at FROM calls c JOIN users u USING (email) WHERE u.team = $1 AND c.kind = $2;
SELECT shown('EXECUTE of_team(''x'', 1)');
RESET plan_cache_mode;

-- a column that is no group key, one that is computed, a group that may fail
SELECT waits('SELECT u.team FROM users u JOIN (SELECT email, count(*) AS n FROM calls GROUP BY 1) c ON c.n = u.kind WHERE u.team = ''team 1''');
SELECT waits('SELECT u.team FROM users u JOIN (SELECT kind + 1 AS kind, count(*) AS n FROM calls GROUP BY 1) c USING (kind) WHERE u.team = ''team 1''');
SELECT waits('SELECT u.team, c.n FROM users u JOIN (SELECT email, sum(1 / kind) AS n FROM calls GROUP BY 1) c USING (email) WHERE u.team = ''team 1''');
-- too many keys, or nearly all
SELECT waits('SELECT c.at FROM calls c JOIN many m ON m.kind = c.kind');
SELECT waits('SELECT c.at FROM calls c JOIN many m ON m.kind = c.kind WHERE m.kind < 50');
-- one value is an equality
SELECT waits('SELECT c.at FROM calls c JOIN users u USING (email) WHERE u.email = ''u1@example.com''');
-- days and longer units of an instant
SELECT shown('SELECT c.room FROM calls c JOIN days d ON d.day = c.at::date WHERE d.month = ''2026-02''');
SELECT shown('SELECT c.room FROM calls c WHERE date_trunc(''month'', c.at AT TIME ZONE ''UTC'')::date IN (SELECT day FROM days WHERE month = ''2026-02'')');
SELECT shown('SELECT d.day, c.n FROM days d LEFT JOIN (SELECT at::date AS day, count(*) AS n FROM calls GROUP BY 1) c USING (day) WHERE d.month = ''2026-02''');
SELECT waits('SELECT d.day, c.n FROM days d LEFT JOIN (SELECT DISTINCT at::date AS day, kind AS n FROM calls) c USING (day) WHERE d.month = ''2026-02''');
SELECT waits('SELECT d.day FROM days d JOIN (SELECT max(at)::date AS day FROM calls GROUP BY kind) c USING (day) WHERE d.month = ''2026-02''');
-- (an equality of different types, which PostgreSQL cannot hash)
SELECT waits('SELECT c.room FROM calls c JOIN days d ON d.day = date_trunc(''day'', c.at) WHERE d.month = ''2026-02''');
SELECT waits('SELECT c.room FROM calls c JOIN days d ON extract(day FROM d.day) = extract(day FROM c.at) WHERE d.month = ''2026-02''');
-- the documents without a partner are rows, too
SELECT waits('SELECT c.at FROM calls c LEFT JOIN users u USING (email)');
SELECT waits('SELECT c.at FROM calls c FULL JOIN users u USING (email)');
-- no equality of a column that MongoDB evaluates
SELECT waits('SELECT c.at FROM calls c JOIN users u ON lower(c.email) = u.email WHERE u.team = ''team 1''');
SELECT waits('SELECT c.at FROM calls c JOIN users u ON c.kind < u.kind WHERE u.team = ''team 1''');
SELECT waits('SELECT c.at FROM calls c JOIN users u ON c.j = u.j WHERE u.team = ''team 1''');
SELECT waits('SELECT c.at FROM calls c JOIN users u ON c.kind = u.kind + random()::int WHERE u.team = ''team 1''');
-- an anti join with another condition: a document with one of the keys may have no partner
SELECT waits('SELECT c.at FROM calls c WHERE NOT EXISTS (SELECT FROM users u WHERE u.email = c.email AND u.kind > c.kind)');
SELECT waits('SELECT c.at FROM calls c WHERE NOT EXISTS (SELECT FROM users u WHERE u.email = c.email AND c.kind > 5)');
-- rows that are locked
SELECT waits('SELECT c.at FROM calls c JOIN users u USING (email) WHERE u.team = ''team 1'' FOR UPDATE OF u');
-- in a subquery, whose keys change, the inner side of the join does not wait
SELECT waits('SELECT (SELECT count(c.at) FROM users u LEFT JOIN calls c USING (email) WHERE u.kind BETWEEN k AND k + 9) FROM generate_series(1, 9) k');

SET admin_dashboard.enable_join_pushdown = off;
SELECT waits('SELECT c.at FROM calls c JOIN users u USING (email) WHERE u.team = ''team 1''');
RESET admin_dashboard.enable_join_pushdown;
SET admin_dashboard.enable_filter_pushdown = off;
SELECT waits('SELECT c.at FROM calls c JOIN users u USING (email) WHERE u.team = ''team 1''');
DROP TABLE users, many, days;
DROP EXTENSION admin_dashboard CASCADE;
DROP FUNCTION shown(text), waits(text);
