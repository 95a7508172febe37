-- admin_dashboard() over a MongoDB collection, over a view of it, and over a
-- local copy gives the same answers, and they are the right ones.

\set ON_ERROR_STOP on
\set QUIET on
\getenv uri AD_TEST_REVERSED_URI
\set calls `"$PYTHON" test/data/load_tests.py calls`

SET client_min_messages = warning;
BEGIN;
CREATE EXTENSION admin_dashboard;
SET LOCAL timezone = 'Asia/Kolkata';

CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'uri');
CREATE SCHEMA "the calls";
CREATE FOREIGN TABLE "the calls"."remote" (
	created_by_email text, created_at timestamptz NOT NULL, duration_minutes double precision
) SERVER mongodb OPTIONS (database 'ad_test', collection 'calls');
CREATE VIEW "the calls".viewed AS
	SELECT 'x' AS other, duration_minutes, created_at, created_by_email FROM "the calls"."remote";
CREATE TABLE "the calls"."local" (
	created_by_email text, created_at timestamptz NOT NULL, duration_minutes double precision
);
INSERT INTO "the calls"."local"
	SELECT * FROM json_populate_recordset(NULL::"the calls"."local", :'calls');
CREATE VIEW "the calls".seconds AS
	SELECT created_by_email, created_at, duration_minutes * 60 / 60.0::numeric AS duration_minutes
	FROM (SELECT created_by_email, created_at, duration_minutes::numeric FROM "the calls"."local") l;

-- start, end, user, calls, minutes, hours, average, users, and the range shown
CREATE TABLE expected (
	name text, first timestamptz, last timestamptz, email text,
	calls int, minutes text, hours text, average text, users int, first_shown text, last_shown text
);
INSERT INTO expected VALUES
	('all of March', '2026-03-01Z', '2026-03-31 23:59:59.999Z', NULL,
	 20, '1000060.13', '16667.67', '50003.01', 13, '2026-03-01T00:00:00Z', '2026-03-31T23:59:59.999Z'),
	('without the last millisecond', '2026-03-01Z', '2026-03-31 23:59:59.998Z', NULL,
	 19, '1000057.63', '16667.63', '52634.61', 13, '2026-03-01T00:00:00Z', '2026-03-31T23:59:59.998Z'),
	('a microsecond less than the last', '2026-03-01Z', '2026-03-31 23:59:59.998999Z', NULL,
	 19, '1000057.63', '16667.63', '52634.61', 13, '2026-03-01T00:00:00Z', '2026-03-31T23:59:59.998999Z'),
	('from a microsecond after the first', '2026-03-01 00:00:00.000001Z', '2026-03-31 23:59:59.999Z', NULL,
	 19, '1000050.13', '16667.50', '52634.22', 13, '2026-03-01T00:00:00.000001Z', '2026-03-31T23:59:59.999Z'),
	('one instant', '2026-03-05 12:00:00.123Z', '2026-03-05 12:00:00.123Z', NULL,
	 1, '-1.25', '-0.02', '-1.25', 1, '2026-03-05T12:00:00.123Z', '2026-03-05T12:00:00.123Z'),
	('given in another zone', '2026-03-05 17:30:00.123+05:30', '2026-03-05 17:30:00.123', NULL,
	 1, '-1.25', '-0.02', '-1.25', 1, '2026-03-05T12:00:00.123Z', '2026-03-05T12:00:00.123Z'),
	('calls in progress', '2026-03-06Z', '2026-03-06Z', NULL,
	 2, '0.00', '0.00', '0.00', 1, '2026-03-06T00:00:00Z', '2026-03-06T00:00:00Z'),
	('calls of nobody', '2026-03-07Z', '2026-03-07Z', NULL,
	 2, '5.13', '0.09', '2.56', 0, '2026-03-07T00:00:00Z', '2026-03-07T00:00:00Z'),
	('no calls', '2027-01-01Z', '2027-02-01Z', NULL,
	 0, '0.00', '0.00', '0.00', 0, '2027-01-01T00:00:00Z', '2027-02-01T00:00:00Z'),
	('before 1970', '1900-01-01Z', '1970-01-01Z', NULL,
	 1, '70.00', '1.17', '70.00', 1, '1900-01-01T00:00:00Z', '1970-01-01T00:00:00Z'),
	('half away from zero', '2026-03-11Z', '2026-03-11Z', E'back\\slash@example.com',
	 1, '0.01', '0.00', '0.01', 1, '2026-03-11T00:00:00Z', '2026-03-11T00:00:00Z'),
	('one user', '2026-03-01Z', '2026-03-31 23:59:59.999Z', 'ann@example.com',
	 3, '19.50', '0.33', '6.50', 1, '2026-03-01T00:00:00Z', '2026-03-31T23:59:59.999Z'),
	('upper case is another user', '2026-03-01Z', '2026-03-31Z', 'ANN@example.com',
	 1, '0.00', '0.00', '0.00', 1, '2026-03-01T00:00:00Z', '2026-03-31T00:00:00Z'),
	('a space is another user', '2026-03-01Z', '2026-03-31Z', 'ann@example.com ',
	 1, '1000000.00', '16666.67', '1000000.00', 1, '2026-03-01T00:00:00Z', '2026-03-31T00:00:00Z'),
	('an empty name is a user', '2026-03-01Z', '2026-03-31Z', '',
	 1, '1.00', '0.02', '1.00', 1, '2026-03-01T00:00:00Z', '2026-03-31T00:00:00Z'),
	('a user in progress', '2026-03-01Z', '2026-03-31Z', 'progress@example.com',
	 1, '0.00', '0.00', '0.00', 1, '2026-03-01T00:00:00Z', '2026-03-31T00:00:00Z'),
	('an apostrophe', '2026-03-01Z', '2026-03-31Z', 'o''hara@example.com',
	 1, '3.00', '0.05', '3.00', 1, '2026-03-01T00:00:00Z', '2026-03-31T00:00:00Z'),
	('quotes', '2026-03-01Z', '2026-03-31Z', 'the "boss"@example.com',
	 1, '3.25', '0.05', '3.25', 1, '2026-03-01T00:00:00Z', '2026-03-31T00:00:00Z'),
	('a dollar', '2026-03-01Z', '2026-03-31Z', '$created_by_email',
	 1, '6.00', '0.10', '6.00', 1, '2026-03-01T00:00:00Z', '2026-03-31T00:00:00Z'),
	('two dollars', '2026-03-01Z', '2026-03-31Z', '$$ROOT',
	 1, '6.50', '0.11', '6.50', 1, '2026-03-01T00:00:00Z', '2026-03-31T00:00:00Z'),
	('dots', '2026-03-01Z', '2026-03-31Z', 'a.b.c@mail.example.com',
	 1, '8.00', '0.13', '8.00', 1, '2026-03-01T00:00:00Z', '2026-03-31T00:00:00Z'),
	('other scripts', '2026-03-01Z', '2026-03-31Z', 'żółw.名前@пример.example',
	 1, '9.00', '0.15', '9.00', 1, '2026-03-01T00:00:00Z', '2026-03-31T00:00:00Z'),
	('an unknown user', '2026-03-01Z', '2026-03-31Z', 'nobody@example.com',
	 0, '0.00', '0.00', '0.00', 0, '2026-03-01T00:00:00Z', '2026-03-31T00:00:00Z');

CREATE FUNCTION check_answers(calls_table text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	e expected;
BEGIN
	PERFORM set_config('admin_dashboard.calls_table', calls_table, true);
	FOR e IN SELECT * FROM expected LOOP
		RETURN NEXT is(admin_dashboard(e.first, e.last, e.email)::text,
			format('{"date_range": {"end_date": "%s", "start_date": "%s"}, "total_calls": %s, '
				   '"total_active_users": %s, "avg_duration_minutes": %s, '
				   '"total_duration_hours": %s, "total_duration_minutes": %s}',
				   e.last_shown, e.first_shown, e.calls, e.users, e.average, e.hours, e.minutes),
			calls_table || ': ' || e.name);
	END LOOP;
END $$;

CREATE FUNCTION pg_temp.context(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
	context text;
BEGIN
	EXECUTE query;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	RETURN hint || ' ' || context;
END $$;

SELECT plan(4 * (SELECT count(*)::int FROM expected) + 55);

SELECT check_answers(t)
FROM unnest(ARRAY['"the calls"."remote"', '"the calls".viewed', '"the calls".local', '"the calls".seconds']) t;
-- the local plan, kept and generic, as well as the one over MongoDB
SET LOCAL plan_cache_mode = force_generic_plan;
SET LOCAL admin_dashboard.calls_table = '"the calls".remote';
SELECT is(admin_dashboard('2026-03-01Z', '2026-03-31Z', email) ->> 'total_calls', calls, 'generic plan: ' || coalesce(email, 'all'))
FROM (VALUES ('ann@example.com', '2'), (NULL, '19'), ('$$ROOT', '1')) v (email, calls);
RESET plan_cache_mode;

-- the range by default
SET LOCAL timezone = 'UTC';
SELECT is(admin_dashboard() #>> '{date_range,end_date}',
		  to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS') || rtrim(to_char(now(), '.US'), '0') || 'Z', 'the end is now');
SELECT is((admin_dashboard() #>> '{date_range,start_date}')::timestamptz, now() - interval '720 hours', 'the start is 30 days before');
SELECT is((admin_dashboard(end_date => '2026-03-31Z') -> 'date_range') ->> 'start_date', '2026-03-01T00:00:00Z', '30 days before a given end');
SET LOCAL timezone = 'Europe/Berlin';
SELECT is((admin_dashboard(end_date => '2026-03-31Z') -> 'date_range') ->> 'start_date', '2026-03-01T00:00:00Z',
		  'days of 24 hours, whatever the time zone');
SELECT is((admin_dashboard('2026-03-01Z') -> 'date_range') ->> 'start_date', '2026-03-01T00:00:00Z', 'a start alone');
SET LOCAL admin_dashboard.calls_table = '"the calls".local';
SELECT is((admin_dashboard('4714-11-24 00:00:00Z BC', '20000-01-01Z') ->> 'date_range'),
		  '{"end_date": "+020000-01-01T00:00:00Z", "start_date": "-004713-11-24T00:00:00Z"}', 'years beyond four digits');

-- arguments that make no range
SELECT throws_ok($$SELECT admin_dashboard('2026-03-02', '2026-03-01')$$, '22023', 'start_date must not be after end_date', 'start after end');
SELECT throws_ok($$SELECT admin_dashboard(now() + interval '1 s')$$, '22023', 'start_date must not be after end_date', 'start in the future');
SELECT throws_ok($$SELECT admin_dashboard('-infinity', '2026-03-01')$$, '22023', 'start_date must be finite', 'infinite start');
SELECT throws_ok($$SELECT admin_dashboard('2026-03-01', 'infinity')$$, '22023', 'end_date must be finite', 'infinite end');
SELECT throws_ok($$SELECT admin_dashboard(NULL, '-infinity')$$, '22023', 'end_date must be finite', 'infinite end without start');
SELECT matches(pg_temp.context($$SELECT admin_dashboard('2026-03-02', '2026-03-01')$$), '^Swap the two dates', 'with a hint');

-- the table
SET LOCAL admin_dashboard.calls_table = 'nowhere';
SELECT throws_ok('SELECT admin_dashboard()', '42P01', 'relation "nowhere" does not exist', 'no table');
SELECT matches(pg_temp.context('SELECT admin_dashboard()'), '^Set admin_dashboard.calls_table', 'with a hint');
SELECT throws_ok($$SET admin_dashboard.calls_table = 'a b'$$, '22023', NULL, 'no name of a table');
SELECT throws_ok($$SET admin_dashboard.calls_table = 'a.b.c'$$, '22023', NULL, 'a name of three parts');
SELECT throws_ok($$SET admin_dashboard.calls_table = ''$$, '22023', NULL, 'an empty name');
SELECT throws_ok($$SET admin_dashboard.nonsense = 1$$, '42602', NULL, 'no other setting of that prefix');
CREATE TABLE odd (created_by_email text, created_at timestamptz);
SET LOCAL admin_dashboard.calls_table = 'odd';
SELECT throws_ok('SELECT admin_dashboard()', '42703', 'column "duration_minutes" of relation "odd" does not exist', 'no such column');
SELECT matches(pg_temp.context('SELECT admin_dashboard()'), 'admin_dashboard\(\) over odd,', 'with the table in the context');
ALTER TABLE odd ADD duration_minutes interval;
SELECT throws_ok('SELECT admin_dashboard()', '42804', 'column "duration_minutes" of relation "odd" is of type interval, not a number',
				 'a duration that is no number');
-- the plan follows the table
ALTER TABLE odd ALTER duration_minutes TYPE real USING NULL;
INSERT INTO odd VALUES ('a', now(), 1.5);
SELECT is(admin_dashboard() ->> 'total_duration_minutes', '1.50', 'another type of the column');
DROP TABLE odd;
CREATE TABLE odd (created_by_email text, created_at timestamptz, duration_minutes bigint);
INSERT INTO odd VALUES ('a', now(), 7), ('b', now(), 2);
SELECT is(admin_dashboard() ->> 'avg_duration_minutes', '4.50', 'another table of the name');
ALTER TABLE odd ALTER duration_minutes TYPE numeric USING 0.125;
SELECT is(admin_dashboard() ->> 'total_duration_minutes', '0.25', 'numeric');
ALTER TABLE odd ALTER duration_minutes TYPE double precision USING 'NaN';
SELECT throws_ok('SELECT admin_dashboard()', '22003', NULL, 'NaN');
CREATE SCHEMA nearer;
CREATE TABLE nearer.odd (LIKE odd);
SET LOCAL search_path = nearer, public;
SELECT is(admin_dashboard() ->> 'total_calls', '0', 'the search path');
SET LOCAL search_path = public;

-- the caller's rights count
CREATE ROLE ad_nobody;
SET LOCAL ROLE ad_nobody;
SELECT throws_ok('SELECT admin_dashboard()', '42501', 'permission denied for column "created_by_email" of relation "odd"', 'a table that the caller may not read');
RESET ROLE;
GRANT SELECT ON odd TO ad_nobody;
UPDATE odd SET duration_minutes = 1;
SET LOCAL ROLE ad_nobody;
SELECT is(admin_dashboard() ->> 'total_calls', '2', 'and one that he may');
RESET ROLE;

-- durations that do not add up, which MongoDB has: the error names the call
CREATE SERVER plain FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'uri',
	enable_filter_pushdown 'false', enable_aggregate_pushdown 'false', enable_sort_pushdown 'false');
CREATE FOREIGN TABLE not_finite (_id text, created_by_email text, created_at timestamptz NOT NULL, duration_minutes double precision)
	SERVER mongodb OPTIONS (database 'ad_test', collection 'calls_not_finite');
CREATE FOREIGN TABLE not_finite_plain (_id text, created_by_email text, created_at timestamptz NOT NULL, duration_minutes numeric)
	SERVER plain OPTIONS (database 'ad_test', collection 'calls_not_finite');
CREATE VIEW not_finite_view AS SELECT created_by_email, created_at, duration_minutes FROM not_finite;
CREATE VIEW not_finite_numeric AS SELECT _id, created_by_email, created_at, duration_minutes::numeric FROM not_finite;
SET LOCAL timezone = 'UTC';
CREATE FUNCTION pg_temp.sum_of(calls_table text, first int, last int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('admin_dashboard.calls_table', calls_table, true);
	RETURN admin_dashboard(format('2026-05-%sZ', first)::timestamptz, format('2026-05-%sZ', last)::timestamptz, 'ann@example.com')
		->> 'total_calls';
EXCEPTION WHEN numeric_value_out_of_range THEN
	RETURN SQLERRM;
END $$;
SELECT is(pg_temp.sum_of(t, day, last),
		  format('call with _id "%s" has the duration %s', (SELECT _id FROM not_finite WHERE created_at = format('2026-05-%sZ', day)::timestamptz), shown),
		  format('%s: %s from day %s to day %s', t, shown, day, last))
FROM unnest(ARRAY['not_finite', 'not_finite_plain', 'not_finite_numeric']) t,
	 (VALUES (1, 1, 'NaN'), (2, 2, 'Infinity'), (3, 3, '-Infinity'), (2, 3, 'Infinity'), (1, 5, 'NaN'), (3, 5, '-Infinity')) v (day, last, shown);
SELECT is(pg_temp.sum_of('not_finite_view', 2, 5), 'call of 2026-05-02 00:00:00+00 has the duration Infinity', 'without an _id');
SELECT is(pg_temp.sum_of('not_finite', 4, 5), 'sum of column "duration_minutes" of relation "not_finite" overflows type double precision',
		  'a sum that overflows');
SELECT is(pg_temp.sum_of('not_finite_numeric', 4, 5), '3', 'but not as numeric');
SELECT is(pg_temp.sum_of('not_finite', 5, 5), '1', 'and the sum that does not');

-- a view that asks itself, with another setting
CREATE FUNCTION other_minutes() RETURNS double precision LANGUAGE sql STABLE
	SET admin_dashboard.calls_table = '"the calls".local'
	AS $$ SELECT (admin_dashboard('2026-03-01Z', '2026-03-31Z') ->> 'total_calls')::float8 $$;
CREATE VIEW nested AS SELECT created_by_email, created_at, other_minutes() AS duration_minutes FROM odd;
SET LOCAL admin_dashboard.calls_table = 'nested';
SELECT is(admin_dashboard() ->> 'total_duration_minutes', '38.00', 'a call inside a call');

\ir ../data/total.sql
SELECT * FROM finish();
ROLLBACK;
