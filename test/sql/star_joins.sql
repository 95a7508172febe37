-- Joins below which MongoDB groups, and beside them those that stay.
-- EXPLAIN does not contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
-- since PostgreSQL 16, sorted groups may also be sorted by what an aggregate makes distinct
DO $$ BEGIN
	IF current_setting('enable_presorted_aggregate', true) IS NOT NULL THEN
		SET enable_presorted_aggregate = off;
	END IF;
END $$;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE FOREIGN TABLE calls (email text, kind int, minutes double precision, price numeric, seconds bigint,
	at timestamptz, room text, tags text[]) SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE people (email text, country text) SERVER mongodb OPTIONS (database 'shop');
CREATE TABLE users (email text, team text, boss text);
INSERT INTO users SELECT 'u' || i || '@example.com', 'team ' || i % 5, 'u1@example.com' FROM generate_series(1, 100) i;
CREATE TABLE kinds (kind int, label text);
INSERT INTO kinds SELECT i, 'kind ' || i % 3 FROM generate_series(1, 10) i;
CREATE TABLE days AS SELECT day::date, to_char(day, 'YYYY-MM') AS month FROM generate_series('2020-01-01'::timestamp, '2027-12-31', '1 day') day;
ANALYZE users, kinds, days;
CREATE FUNCTION noise(text) RETURNS text VOLATILE LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
-- the kinds of nodes, and what MongoDB is asked
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ 'MongoDB (Query|Parameters)|Filter:|Finalize' THEN
			RETURN NEXT regexp_replace(trim(line, '-> '), 'Finalize .*', 'Finalize');
		END IF;
	END LOOP;
END $$;
CREATE FUNCTION stays(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	plan text := '';
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		plan := plan || line;
	END LOOP;
	RETURN NEXT CASE WHEN plan LIKE '%$group%' THEN 'MongoDB groups' ELSE 'stays' END || ': ' || query;
END $$;

EXPLAIN (VERBOSE, COSTS OFF)
SELECT u.team, count(*), sum(c.minutes) FROM calls c JOIN users u USING (email) WHERE c.at > '2026-01-01Z' AND c.at < '2026-02-01Z' GROUP BY 1;
-- an outer join, several dimensions, another collection
SELECT shown('SELECT u.team, count(*), max(c.at) FROM calls c LEFT JOIN users u ON u.email = c.email AND u.team <> ''x'' GROUP BY 1');
SELECT shown('SELECT u.team, k.label, count(*) FROM calls c JOIN users u USING (email) LEFT JOIN kinds k ON k.kind = c.kind GROUP BY 1, 2 HAVING sum(c.minutes) > 5');
SELECT shown('SELECT p.country, avg(c.minutes) FROM calls c JOIN people p ON p.email = c.email WHERE p.country > ''a'' COLLATE "C" AND c.minutes > 0 GROUP BY 1');
SELECT shown('SELECT u.team, count(*) FROM calls c JOIN users u ON lower(u.email) = lower(c.email) GROUP BY 1');
-- without keys, with keys of the facts, with distinct values
SELECT shown('SELECT count(*), min(c.kind) FROM calls c JOIN users u USING (email)');
SELECT shown('SELECT u.team, date_trunc(''month'', c.at), c.room || u.team, count(*) FILTER (WHERE c.kind = 1) FROM calls c JOIN users u USING (email) WHERE c.at > ''2026-01-01Z'' AND c.at < ''2027-01-01Z'' GROUP BY 1, 2, 3');
-- numerics, of which those that MongoDB cannot sum are keys; whole rows
SELECT shown('SELECT u.team, sum(c.price) FROM calls c JOIN users u USING (email) GROUP BY 1');
SELECT shown('SELECT u.team, count(c) FROM calls c JOIN users u USING (email) GROUP BY 1');
SELECT shown('SELECT u.team, count(DISTINCT c.room) FROM calls c JOIN users u USING (email) GROUP BY 1');
SELECT shown('SELECT u.team, count(DISTINCT c.room), count(DISTINCT u.boss) FROM calls c JOIN users u USING (email) GROUP BY 1');
SELECT shown('SELECT DISTINCT u.team FROM calls c JOIN users u USING (email)');
SELECT shown('SELECT u.team FROM calls c JOIN users u USING (email) GROUP BY 1');
-- distinct values beside others, and states that are not values: PostgreSQL merges whole aggregates
EXPLAIN (VERBOSE, COSTS OFF)
SELECT u.team, count(DISTINCT c.room), count(*), avg(c.kind), max(u.boss) FROM calls c JOIN users u USING (email) GROUP BY 1 HAVING sum(c.minutes) > 5;
SELECT shown('SELECT u.team, sum(c.seconds), avg(c.seconds) FROM calls c JOIN users u USING (email) GROUP BY 1');
-- of which other rows only the existence counts
SELECT shown('SELECT room, count(*) FROM calls c WHERE EXISTS (SELECT FROM kinds k WHERE k.kind = c.kind) GROUP BY 1');
SELECT shown('SELECT room, count(*) FROM calls c WHERE NOT EXISTS (SELECT FROM users u WHERE u.email = c.email) GROUP BY 1');
-- the groups that a join of groups chooses
SELECT shown('SELECT room, count(*) FROM calls c JOIN (SELECT room, sum(minutes) FROM calls GROUP BY 1 ORDER BY 2 DESC LIMIT 10) t USING (room) GROUP BY 1');
-- a condition that PostgreSQL evaluates, on groups
SELECT shown('SELECT u.team, count(*) FROM calls c JOIN users u USING (email) WHERE md5(c.email) > ''a'' GROUP BY 1');
-- a plan of parameters
SET plan_cache_mode = force_generic_plan;
PREPARE since(timestamptz, text) AS SELECT u.team, count(*) FROM calls c JOIN users u USING (email) WHERE c.at > $1 AND c.at < $1 + interval '1 day' AND u.team <> $2 GROUP BY 1;
SELECT shown('EXECUTE since(''2026-01-01Z'', ''x'')');
RESET plan_cache_mode;

-- aggregates of another table, or of both
EXPLAIN (VERBOSE, COSTS OFF)
SELECT u.team, sum(k.kind), count(u.email), count(*), sum(c.minutes) FILTER (WHERE k.label = 'kind 1') FROM calls c JOIN users u USING (email) JOIN kinds k ON k.kind = c.kind GROUP BY 1;
SELECT shown('SELECT c.room, avg(t.minutes) FROM calls c JOIN (SELECT email, sum(minutes) AS minutes FROM calls GROUP BY email) t ON t.email IS NOT DISTINCT FROM c.email GROUP BY 1');
SELECT shown('SELECT u.team, sum(CASE WHEN k.label = ''kind 1'' THEN c.minutes ELSE 0 END), avg(k.kind * c.kind) FROM calls c JOIN users u USING (email) JOIN kinds k ON k.kind = c.kind GROUP BY 1');
-- states that are not values, and what groups do not tell
SELECT stays('SELECT u.team, sum(c.minutes * k.kind) FROM calls c JOIN users u USING (email) JOIN kinds k ON k.kind = c.kind GROUP BY 1');
SELECT stays('SELECT u.team, stddev(k.kind) FROM calls c JOIN users u USING (email) JOIN kinds k ON k.kind = c.kind GROUP BY 1');
SELECT stays('SELECT u.team, string_agg(c.room, '','') FROM calls c JOIN users u USING (email) GROUP BY 1');
-- by an expression of the facts, which has fewer values than what it reads
SELECT shown('SELECT d.month, count(*), sum(c.minutes) FROM calls c JOIN days d ON d.day = c.at::date GROUP BY 1');
SELECT shown('SELECT d.month, u.team, count(*) FROM calls c LEFT JOIN days d ON d.day = date_trunc(''day'', c.at AT TIME ZONE ''UTC'') JOIN users u ON u.email = c.email GROUP BY 1, 2');
SELECT shown('SELECT d.month, date_trunc(''year'', c.at), count(*) FROM calls c JOIN days d ON d.day = c.at::date GROUP BY 1, 2');
SELECT shown('SELECT u.team, count(*) FROM calls c JOIN users u ON length(u.team) = length(c.room) GROUP BY 1');
-- and of such a day only the days that are joined
SELECT shown('SELECT d.month, count(*) FROM calls c JOIN days d ON d.day = c.at::date WHERE d.month = ''2026-02'' GROUP BY 1');
-- what else reads the column, reads it whole
SELECT stays('SELECT d.month, count(*) FROM calls c JOIN days d ON d.day = c.at::date AND c.at > d.day + interval ''1 hour'' GROUP BY 1');
SELECT stays('SELECT d.month, count(DISTINCT c.at) FROM calls c JOIN days d ON d.day = c.at::date GROUP BY 1');
SELECT stays('SELECT d.month, x, count(*) FROM calls c JOIN days d ON d.day = c.at::date, generate_series(c.at, c.at, ''1 day'') x GROUP BY 1, 2');
SELECT stays('SELECT u.team, count(*) FROM calls c JOIN users u ON length(u.team) = floor(c.minutes) GROUP BY 1');
-- joins that add rows of nulls for the facts: what ignores such a row, what counts it, and keys of it
EXPLAIN (VERBOSE, COSTS OFF)
SELECT u.team, count(c.room), sum(c.minutes), count(*) FROM users u LEFT JOIN calls c ON c.email = u.email AND c.kind > 5 GROUP BY 1;
SELECT shown('SELECT d.day, count(c.at) FROM days d LEFT JOIN calls c ON c.at::date = d.day WHERE d.month = ''2026-02'' GROUP BY 1');
SELECT shown('SELECT u.team, coalesce(c.room, ''none''), count(*) FROM calls c FULL JOIN users u USING (email) GROUP BY 1, 2 HAVING max(c.at) > ''2026-01-01Z''');
SELECT shown('SELECT u.team, count(DISTINCT c.room), count(*), avg(c.kind), sum(length(u.boss)) FROM users u LEFT JOIN calls c USING (email) GROUP BY 1');
SELECT shown('SELECT u.team, count(*) FILTER (WHERE c.room IS NULL), count(1), count(c.*) FROM users u LEFT JOIN (calls c JOIN kinds k USING (kind)) USING (email) GROUP BY 1');
SELECT shown('SELECT u.team, c.kind, count(c.room) FROM users u LEFT JOIN calls c ON c.email = u.email WHERE c.kind IS NULL OR c.kind > 5 GROUP BY 1, 2');
SELECT shown('SELECT DISTINCT u.team, c.room FROM users u LEFT JOIN calls c USING (email)');
-- what such a row has a value for: parts to merge, and the number of rows tells where that is
EXPLAIN (VERBOSE, COSTS OFF)
SELECT u.team, sum(CASE WHEN c.room = 'x' THEN 1 ELSE 0 END), min(coalesce(c.kind, 0)) FROM users u LEFT JOIN calls c USING (email) GROUP BY 1;
SELECT shown('SELECT u.team, sum(coalesce(c.minutes, 1)) FROM users u LEFT JOIN calls c USING (email) GROUP BY 1');
SELECT shown('SELECT u.team, sum(1) FROM users u LEFT JOIN calls c USING (email) GROUP BY 1');
SELECT shown('SELECT u.team, max(coalesce(c.kind, 0)) FILTER (WHERE c.minutes IS NULL) FROM users u LEFT JOIN calls c USING (email) GROUP BY 1');
SELECT stays('SELECT u.team, count(10 / coalesce(c.kind, 0)) FROM users u LEFT JOIN calls c USING (email) GROUP BY 1');
SELECT stays('SELECT u.team, stddev(coalesce(c.kind, 0)) FROM users u LEFT JOIN calls c USING (email) GROUP BY 1');
-- what PostgreSQL evaluates on the joined groups
SELECT shown('SELECT u.team, sum(c.minutes) FILTER (WHERE upper(c.room) = ''X''), max(lower(c.room)) FROM calls c JOIN users u USING (email) GROUP BY 1');
SELECT stays('SELECT u.team, stddev(c.minutes) FILTER (WHERE upper(c.room) = ''X'') FROM calls c JOIN users u USING (email) GROUP BY 1');
-- joins that look only whether there is a row, alone or joined itself
EXPLAIN (VERBOSE, COSTS OFF)
SELECT u.email FROM users u WHERE NOT EXISTS (SELECT FROM calls c WHERE c.email = u.email AND c.minutes > 5);
SELECT shown('SELECT u.team, count(*) FROM users u WHERE u.email IN (SELECT email FROM calls WHERE minutes > 5) GROUP BY 1');
SELECT shown('SELECT d.day FROM days d WHERE NOT EXISTS (SELECT FROM calls c WHERE c.at::date = d.day AND c.kind = 5)');
SELECT shown('SELECT u.email FROM users u LEFT JOIN calls c USING (email) WHERE c.email IS NULL');
SELECT shown('SELECT k.label FROM kinds k WHERE EXISTS (SELECT FROM calls c JOIN users u USING (email) WHERE u.team = k.label AND c.kind > 5)');
SELECT shown('SELECT u.team, count(c.room) FROM users u LEFT JOIN calls c USING (email) WHERE EXISTS (SELECT FROM calls d WHERE d.email = u.email AND d.kind = 5) GROUP BY 1');
-- but not by what has another value in each row, nor if rows are locked or changed, nor outside of such a join
SELECT stays('SELECT u.email FROM users u WHERE EXISTS (SELECT FROM calls c WHERE c.email = u.email AND c.minutes > length(u.team))');
SELECT stays('SELECT u.email FROM users u WHERE EXISTS (SELECT FROM calls c WHERE c.email = u.email AND c.room < noise(u.team))');
SELECT stays('SELECT u.email FROM users u WHERE EXISTS (SELECT FROM calls c WHERE c.email = u.email) FOR UPDATE');
SELECT stays('DELETE FROM users u WHERE NOT EXISTS (SELECT FROM calls c WHERE c.email = u.email)');
SELECT stays('SELECT u.email FROM users u, calls c WHERE c.email = u.email AND EXISTS (SELECT FROM kinds k WHERE k.kind = c.kind)');
-- keys whose equal values may not be identical, or are many
SELECT stays('SELECT u.team, count(*) FROM calls c JOIN users u ON length(u.team) = c.minutes GROUP BY 1');
SELECT stays('SELECT u.team, count(*) FROM calls c JOIN users u ON length(u.team) = c.price GROUP BY 1');
SELECT stays('SELECT u.team, count(*) FROM calls c JOIN users u ON c.at = ''2026-01-01Z''::timestamptz + length(u.team) * interval ''1 day'' GROUP BY 1');
-- a condition for each row; other rows for each row
SELECT stays('SELECT u.team, count(*) FROM calls c JOIN users u ON u.email = noise(c.email) GROUP BY 1');
SELECT stays('SELECT x, count(*) FROM calls c, LATERAL (SELECT c.kind + i AS x FROM generate_series(1, 3) i OFFSET 0) s GROUP BY 1');
-- an error in a row that the join may leave out
SELECT stays('SELECT u.team, sum(c.kind + 1) FROM calls c JOIN users u USING (email) GROUP BY 1');
-- keys with several values for a row, or another one each time
SELECT stays('SELECT generate_series(1, length(u.team)), count(*) FROM calls c JOIN users u USING (email) GROUP BY 1');
SELECT stays('SELECT noise(u.team), count(*) FROM calls c JOIN users u USING (email) GROUP BY 1');
-- elements of arrays, and rows of other functions
EXPLAIN (VERBOSE, COSTS OFF) SELECT tag, count(*), sum(minutes) FROM calls, unnest(tags) tag GROUP BY 1;
SELECT shown('SELECT u.team, tag, n, count(*) FROM calls c JOIN users u USING (email) LEFT JOIN unnest(c.tags) WITH ORDINALITY AS e (tag, n) ON tag <> u.team GROUP BY 1, 2, 3');
SELECT stays('SELECT n, count(*) FROM calls, generate_series(1, (random() * kind)::int) n GROUP BY 1');
SELECT stays('SELECT n, count(*) FROM calls, LATERAL (SELECT kind + length(team) AS n FROM users u WHERE u.email = calls.email OFFSET 0) q GROUP BY 1');
-- sets of keys, by which PostgreSQL merges the groups
EXPLAIN (VERBOSE, COSTS OFF)
SELECT u.team, c.room, GROUPING(u.team, c.room), count(*) FROM calls c JOIN users u USING (email) GROUP BY CUBE (1, 2) HAVING count(*) > 1;
SELECT shown('SELECT coalesce(u.team, ''all''), count(c.at), count(DISTINCT c.kind) FROM users u LEFT JOIN calls c USING (email) GROUP BY ROLLUP (u.team)');
SELECT shown('SELECT lower(room), kind, count(*), max(at) FROM calls GROUP BY ROLLUP (1, 2)');
SELECT stays('SELECT u.team, stddev(c.minutes) FROM calls c JOIN users u USING (email) GROUP BY ROLLUP (1)');
-- no groups at all
SELECT stays('SELECT u.team, c.room FROM calls c JOIN users u USING (email)');

SET admin_dashboard.enable_aggregate_pushdown = off;
SELECT stays('SELECT u.team, count(*) FROM calls c JOIN users u USING (email) GROUP BY 1');
DROP TABLE users, kinds, days;
DROP EXTENSION admin_dashboard CASCADE;
DROP FUNCTION shown(text), stays(text), noise(text);
