-- admin_dashboard_days() and admin_dashboard_users(): the same over a MongoDB
-- collection, a view of it and a local copy, and what PostgreSQL's own grouping
-- gives; they add up to admin_dashboard(), and fail as it does.

\set ON_ERROR_STOP on
\set QUIET on
\getenv uri AD_TEST_REVERSED_URI
\set calls `"$PYTHON" test/data/load_tests.py calls`

SET client_min_messages = warning;
BEGIN;
CREATE EXTENSION admin_dashboard;
SET LOCAL timezone = 'Asia/Kolkata';
SELECT * FROM no_plan();

CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'uri');
CREATE FOREIGN TABLE remote (
	created_by_email text, created_at timestamptz NOT NULL, duration_minutes double precision
) SERVER mongodb OPTIONS (database 'ad_test', collection 'calls');
CREATE VIEW viewed AS SELECT 'x' AS other, duration_minutes, created_at, created_by_email FROM remote;
CREATE TABLE local (created_by_email text, created_at timestamptz NOT NULL, duration_minutes double precision);
INSERT INTO local SELECT * FROM json_populate_recordset(NULL::local, :'calls');

-- SQLSTATE, message, hint, context; null if it does not fail
CREATE FUNCTION pg_temp.failure(query text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	hint text;
	context text;
BEGIN
	EXECUTE query;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	RETURN ARRAY[state, message, hint, context];
END $$;

---------------------------------------------------------------------
-- Days
---------------------------------------------------------------------

-- What they are, by PostgreSQL's grouping.  The days are those of instants that are
-- so near to each other that none is missed.
CREATE FUNCTION expected_days(first timestamptz, last timestamptz, email text, zone text, unit text, step interval)
RETURNS TABLE (day timestamptz, calls bigint, minutes numeric, active_users bigint) LANGUAGE sql AS $$
	SELECT d, count(created_at), round(coalesce(sum(duration_minutes)::numeric, 0), 2), count(DISTINCT created_by_email)
	FROM (SELECT date_trunc(unit, t, zone) FROM generate_series(first, last, step) t
		  UNION SELECT date_trunc(unit, last, zone)
		  UNION SELECT date_trunc(unit, created_at, zone) FROM local WHERE created_at BETWEEN first AND last) days (d)
		LEFT JOIN local ON date_trunc(unit, created_at, zone) = d AND created_at BETWEEN first AND last
			AND (email IS NULL OR created_by_email = email)
	GROUP BY d
$$;
CREATE FUNCTION check_days(first timestamptz, last timestamptz, email text, zone text, unit text, step interval) RETURNS text LANGUAGE sql AS $$
	SELECT results_eq(format('SELECT * FROM admin_dashboard_days(%L, %L, %L, %L, %L)', first, last, email, zone, unit),
					  format('SELECT * FROM expected_days(%L, %L, %L, %L, %L, %L) ORDER BY 1', first, last, email, zone, unit, step),
					  format('%s: each %s in %s from %s to %s%s', current_setting('admin_dashboard.calls_table'), unit, zone, first, last, ' of ' || email))
$$;

CREATE FUNCTION check_tables() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['remote', 'viewed', 'local'] LOOP
		PERFORM set_config('admin_dashboard.calls_table', t, true);
		RETURN QUERY SELECT check_days('2026-03-01Z', '2026-03-31 23:59:59.999Z', email, zone, unit, '30 min')
			FROM unnest(ARRAY[NULL, 'ann@example.com', 'nobody@example.com', '']) email,
				unnest(ARRAY['hour', 'day', 'week', 'month']) unit,
				unnest(ARRAY['UTC', 'Europe/Berlin', 'America/St_Johns']) zone
			WHERE email IS NULL OR unit <> 'hour';
		-- a plan for another zone, unit or user is not used
		RETURN QUERY SELECT check_days('2026-03-04 13:00Z', '2026-03-12 00:00Z', NULL, 'UTC', 'day', '30 min');
		-- half of a day at both ends
		RETURN QUERY SELECT is(string_agg(format('%s %s', to_char(day, 'DD HH24:MI'), calls), ', '), '05 05:30 1, 06 05:30 2',
			t || ': the first day can begin before the range') FROM admin_dashboard_days('2026-03-05 12:00:00.001Z', '2026-03-06 12:00Z');
	END LOOP;
END $$;
SELECT check_tables();
SET LOCAL plan_cache_mode = force_generic_plan;
SET LOCAL admin_dashboard.calls_table = 'remote';
SELECT check_days('2026-03-01Z', '2026-03-31Z', email, 'Europe/Berlin', 'day', '30 min') FROM unnest(ARRAY[NULL, 'ann@example.com', '$$ROOT']) email;
RESET plan_cache_mode;

-- the defaults: 30 days to now, in UTC, whatever the session's zone
SELECT is(array_agg(day ORDER BY day), (SELECT array_agg(d ORDER BY d) FROM generate_series(
			date_trunc('day', now() - interval '720 hours', 'UTC'), now(), '24 hours') d), 'the defaults')
FROM admin_dashboard_days();
SELECT is(count(*), 31::bigint, 'the default of the start') FROM admin_dashboard_days(end_date => '2026-03-31Z');
SELECT is(count(*), 1::bigint, 'one instant is in one day') FROM admin_dashboard_days('2026-03-05 12:00Z', '2026-03-05 12:00Z');

-- where clocks change: by an hour, half an hour, at midnight, over the date line,
-- by what is no part of an hour, and twice
SET LOCAL admin_dashboard.calls_table = 'local';
CREATE TABLE changes (zone text, at timestamptz);
INSERT INTO changes VALUES
	('Europe/Berlin', '2026-03-29 01:00Z'), ('Europe/Berlin', '2026-10-25 01:00Z'), ('America/New_York', '2026-11-01 06:00Z'),
	('Australia/Lord_Howe', '2026-04-04 15:00Z'), ('Australia/Lord_Howe', '2026-10-03 15:30Z'),
	('America/Sao_Paulo', '2018-11-04 03:00Z'), ('America/Sao_Paulo', '2019-02-17 02:00Z'), ('Asia/Beirut', '2026-03-28 22:00Z'),
	('Pacific/Apia', '2011-12-30 10:00Z'), ('Pacific/Kwajalein', '1969-09-30 13:00Z'), ('Africa/Monrovia', '1972-01-07 00:44:30Z'),
	('Asia/Kathmandu', '1985-12-31 18:30Z'), ('Antarctica/Troll', '2026-03-29 01:00Z'), ('Africa/Cairo', '2026-04-23 22:00Z');
INSERT INTO local SELECT 'moved@example.com', d, 0.25
	FROM changes, generate_series(at - interval '28 hours', at + interval '28 hours', '7 min 11 s') d;
SELECT check_days(at - interval '3 hours', at + interval '3 hours', NULL, zone, 'hour', '10 s') FROM changes;
SELECT check_days(at - interval '40 hours', at + interval '40 hours 1 second', NULL, zone, 'day', '5 min') FROM changes;
SELECT check_days(at - interval '20 days', at + interval '25 days', NULL, zone, unit, '1 hour') FROM changes, unnest(ARRAY['week', 'month']) unit;
SELECT check_days('1850-01-01Z', '2030-01-01Z', NULL, 'Europe/Amsterdam', 'month', '6 hours');
-- zones that MongoDB does not know, or by another name
SELECT check_days('2026-03-28Z', '2026-03-30Z', NULL, zone, 'day', '5 min') FROM unnest(ARRAY['CET', 'est', '+05:30', 'FOO-3', 'europe/berlin']) zone;
SET LOCAL admin_dashboard.calls_table = 'remote';
SELECT check_days('2026-03-01Z', '2026-03-12Z', NULL, zone, 'day', '5 min') FROM unnest(ARRAY['CET', 'est', '+05:30', 'FOO-3', 'europe/berlin', 'utc']) zone;

-- They add up, whatever the unit
SELECT is(format('%s %s', sum(calls), sum(minutes)), format('%s %s', d ->> 'total_calls', d ->> 'total_duration_minutes'), format('%s in %s add up', unit, zone))
FROM unnest(ARRAY['hour', 'day', 'week', 'month']) unit, unnest(ARRAY['UTC', 'Australia/Lord_Howe', 'America/St_Johns']) zone,
	admin_dashboard('2026-03-01Z', '2026-03-07Z') d, admin_dashboard_days('2026-03-01Z', '2026-03-07Z', NULL, zone, unit)
GROUP BY unit, zone, d;
SELECT is(array_agg(format('%s %s %s', d.calls, d.minutes, d.active_users) ORDER BY day),
		  array_agg(format('%s %s %s', a ->> 'total_calls', a ->> 'total_duration_minutes', a ->> 'total_active_users') ORDER BY day), 'each is as its own dashboard')
FROM admin_dashboard_days('2026-03-01Z', '2026-03-15 23:59:59.999999Z') d, admin_dashboard(day, day + interval '1 day - 1 microsecond') a;

-- Rows without bounds
SELECT is((pg_temp.failure('SELECT FROM admin_dashboard_days(' || arguments || ')'))[1:3], ARRAY[state, message, hint], arguments)
FROM (VALUES
	($$'2000-01-01Z', '2030-01-01Z', NULL, 'UTC', 'hour'$$, '54000', 'the range has more than 10000 times the unit "hour"', 'Use a shorter range or a longer unit.'),
	($$'0010-01-01Z', '9000-01-01Z', NULL, 'UTC', 'month'$$, '54000', 'the range has more than 10000 times the unit "month"', 'Use a shorter range or a longer unit.'),
	($$'2026-03-02', '2026-03-01'$$, '22023', 'start_date must not be after end_date', 'Swap the two dates. Without end_date, start_date must not be in the future.'),
	($$'-infinity', '2026-03-01'$$, '22023', 'start_date must be finite', 'Without end_date the range ends now; without start_date it starts 30 days before end_date.'),
	($$time_zone => 'Mars/Olympus'$$, '22023', 'time zone "Mars/Olympus" not recognized', ''),
	($$time_zone => ''''$$, '22023', 'time zone "''" not recognized', ''),
	($$time_zone => NULL$$, '22004', 'time_zone must not be null', ''),
	($$unit => NULL$$, '22004', 'unit must not be null', ''),
	($$unit => 'year'$$, '22023', 'unit must not be "year"', 'The units are hour, day, week and month.'),
	($$unit => 'Day'$$, '22023', 'unit must not be "Day"', 'The units are hour, day, week and month.')
) v (arguments, state, message, hint);
SELECT is(count(*), 10000::bigint, 'ten thousand') FROM admin_dashboard_days('2000-01-01Z', timestamptz '2000-01-01Z' + interval '9999 days');
SELECT throws_ok($$SELECT FROM admin_dashboard_days('2000-01-01Z', timestamptz '2000-01-01Z' + interval '10000 days')$$, '54000', NULL, 'and no more');
SET LOCAL admin_dashboard.calls_table = 'local';
SELECT is(count(*), 2::bigint, 'the first days there are') FROM admin_dashboard_days('4714-11-24Z BC', '4714-11-25Z BC');

---------------------------------------------------------------------
-- Users
---------------------------------------------------------------------

DELETE FROM local WHERE created_by_email = 'moved@example.com';
CREATE FUNCTION expected_users(first timestamptz, last timestamptz)
RETURNS TABLE (created_by_email text, calls bigint, minutes numeric, avg_minutes numeric, first_call timestamptz, last_call timestamptz) LANGUAGE sql AS $$
	SELECT created_by_email, count(*), round(coalesce(sum(duration_minutes)::numeric, 0), 2),
		round(coalesce(sum(duration_minutes)::numeric, 0) / count(*), 2), min(created_at), max(created_at)
	FROM local WHERE created_at BETWEEN first AND last
	GROUP BY created_by_email
$$;
CREATE FUNCTION check_users() RETURNS SETOF text LANGUAGE plpgsql AS $check$
DECLARE
	first timestamptz := '2026-03-01Z';
	last timestamptz := '2026-03-31 23:59:59.999Z';
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['remote', 'viewed', 'local'] LOOP
		PERFORM set_config('admin_dashboard.calls_table', t, true);
		RETURN NEXT results_eq(format('SELECT created_by_email, calls, minutes, avg_minutes, first_call, last_call FROM admin_dashboard_users(%L, %L)', first, last),
			format('SELECT * FROM expected_users(%L, %L) ORDER BY calls DESC, created_by_email COLLATE "C"', first, last), t || ': users');
		RETURN QUERY SELECT results_eq(format('SELECT created_by_email FROM admin_dashboard_users(%L, %L, order_by => %L)', first, last, sign || name),
			format('SELECT created_by_email FROM expected_users(%L, %L) e ORDER BY %s%s NULLS LAST, created_by_email COLLATE "C"', first, last,
				CASE name WHEN 'created_by_email' THEN 'created_by_email COLLATE "C"' ELSE name END, CASE sign WHEN '-' THEN ' DESC' ELSE '' END),
			format('%s: by %s%s', t, sign, name))
			FROM unnest(ARRAY['created_by_email', 'calls', 'minutes', 'avg_minutes', 'first_call', 'last_call']) name, unnest(ARRAY['', '-']) sign;
		-- pages are parts of the whole, and each tells how many there are
		RETURN QUERY SELECT results_eq(format('SELECT * FROM admin_dashboard_users(%L, %L, %L, %L)', first, last, l, o),
			format('SELECT * FROM admin_dashboard_users(%L, %L) LIMIT %L OFFSET %L', first, last, l, o), format('%s: %s users after %s', t, l, o))
			FROM unnest(ARRAY[NULL, 0, 1, 5, 1000]) l, unnest(ARRAY[NULL, 0, 3, 12, 13, 100]) o;
		RETURN NEXT is(array_agg(DISTINCT total_rows), ARRAY[14::bigint], t || ': how many') FROM admin_dashboard_users(first, last, 3, 2);
		-- a row without an e-mail is nobody's calls
		RETURN NEXT is(format('%s %s %s', calls, minutes, to_char(first_call, 'DD')), '2 5.13 07', t || ': the calls of nobody')
			FROM admin_dashboard_users(first, last) WHERE created_by_email IS NULL;
		RETURN QUERY SELECT is(string_agg(created_by_email, ', '), emails, format('%s: search %L', t, search))
			FROM (VALUES ('ann@', 'ann@example.com, ANN@example.com, ann@example.com '), ('ANN@EXAMPLE', 'ann@example.com, ANN@example.com, ann@example.com '),
				('BOSS"', 'the "boss"@example.com'), ('$', '$$ROOT, $created_by_email'), ('%', NULL), ('_by_', '$created_by_email'), ('\', 'back\slash@example.com'),
				('ŻÓŁW', 'żółw.名前@пример.example'), ('名前', 'żółw.名前@пример.example'), ('nobody', NULL), ('''', 'o''hara@example.com')) v (search, emails)
				LEFT JOIN LATERAL admin_dashboard_users(first, last, search => v.search) ON true
			GROUP BY search, emails;
		RETURN NEXT is(format('%s %s', count(*), min(total_rows)), '2 3', t || ': a page of a search') FROM admin_dashboard_users(first, last, 2, 1, search => 'ann');
		RETURN NEXT is(count(*), 13::bigint, t || ': an empty search finds each that has an e-mail') FROM admin_dashboard_users(first, last, search => '');
		RETURN NEXT is(format('%s %s %s', count(*), min(calls), min(total_rows)), '1 3 1', t || ': one user') FROM admin_dashboard_users(first, last, user_email => 'ann@example.com');
		RETURN NEXT is(count(*), 0::bigint, t || ': no users') FROM admin_dashboard_users('2027-01-01Z', '2027-02-01Z');
	END LOOP;
END $check$;
SELECT check_users();

-- They add up, and each is as its own dashboard
SET LOCAL admin_dashboard.calls_table = 'remote';
SELECT is(format('%s %s %s', sum(calls), sum(minutes), count(created_by_email)),
		  format('%s %s %s', d ->> 'total_calls', d ->> 'total_duration_minutes', d ->> 'total_active_users'), 'users add up')
FROM admin_dashboard('2026-03-01Z', '2026-03-10Z') d, admin_dashboard_users('2026-03-01Z', '2026-03-10Z') GROUP BY d;
SELECT is(array_agg(format('%s %s %s', u.calls, u.minutes, u.avg_minutes)),
		  array_agg(format('%s %s %s', a ->> 'total_calls', a ->> 'total_duration_minutes', a ->> 'avg_duration_minutes')), 'each is as its own dashboard')
FROM admin_dashboard_users('2026-03-01Z', '2026-03-31Z') u, admin_dashboard('2026-03-01Z', '2026-03-31Z', created_by_email) a WHERE created_by_email IS NOT NULL;

SELECT is((pg_temp.failure('SELECT FROM admin_dashboard_users(' || arguments || ')'))[1:3], ARRAY[state, message, hint], arguments)
FROM (VALUES
	($$'2026-03-02', '2026-03-01'$$, '22023', 'start_date must not be after end_date', 'Swap the two dates. Without end_date, start_date must not be in the future.'),
	($$"limit" => -1$$, '22023', 'limit must not be negative', ''),
	($$"offset" => -1$$, '22023', 'offset must not be negative', ''),
	($$order_by => NULL$$, '22004', 'order_by must not be null', ''),
	($$order_by => 'calls; SELECT 1'$$, '22023', 'order_by must not be "calls; SELECT 1"',
	 'It is created_by_email, calls, minutes, avg_minutes, first_call or last_call, or one of these after a minus for the greatest first.'),
	($$order_by => '--calls'$$, '22023', 'order_by must not be "--calls"',
	 'It is created_by_email, calls, minutes, avg_minutes, first_call or last_call, or one of these after a minus for the greatest first.')
) v (arguments, state, message, hint);

-- more than one batch, and other types of the columns
CREATE TABLE many (created_by_email varchar(20), created_at date, duration_minutes smallint);
INSERT INTO many SELECT 'user' || i % 2500, '2026-03-01'::date + i % 7, i % 60 FROM generate_series(1, 10000) i;
SET LOCAL admin_dashboard.calls_table = 'many';
SELECT is(format('%s %s %s %s', count(*), sum(calls), sum(minutes), min(total_rows)), (SELECT format('2500 10000 %s.00 2500', sum(duration_minutes)) FROM many), 'many users')
FROM admin_dashboard_users('2026-03-01', '2026-03-31');
SELECT is(array_agg(created_by_email), ARRAY['user999', 'user998'], 'in their order') FROM admin_dashboard_users('2026-03-01', '2026-03-31', 2, order_by => '-created_by_email');
SELECT is(format('%s %s', count(*), sum(calls)), '7 10000', 'days') FROM admin_dashboard_days('2026-03-01', '2026-03-07 12:00', time_zone => 'Asia/Kolkata');

---------------------------------------------------------------------
-- As admin_dashboard() fails
---------------------------------------------------------------------

CREATE FOREIGN TABLE not_finite (_id text, created_by_email text, created_at timestamptz NOT NULL, duration_minutes double precision)
	SERVER mongodb OPTIONS (database 'ad_test', collection 'calls_not_finite');
CREATE TABLE not_finite_local AS TABLE not_finite;
CREATE TABLE odd (created_by_email text, created_at timestamptz, duration_minutes interval);
CREATE FUNCTION check_failures(queries text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	t text;
	query text;
	expected text[];
	got text[];
BEGIN
	FOREACH t IN ARRAY ARRAY['not_finite', 'not_finite_local', 'odd', 'nowhere'] LOOP
		PERFORM set_config('admin_dashboard.calls_table', t, true);
		expected := pg_temp.failure('SELECT admin_dashboard(''2026-05-01Z'', ''2026-05-03Z'')');
		FOREACH query IN ARRAY queries LOOP
			got := pg_temp.failure(query);
			RETURN NEXT is(got[1:3], expected[1:3], format('%s: %s', t, query));
			RETURN NEXT matches(got[4], format('^%s\(\) over %s,', substring(query FROM 'FROM (\w+)'), t), 'with the context');
		END LOOP;
	END LOOP;
END $$;
SET LOCAL timezone = 'UTC';
SELECT check_failures(ARRAY[$$SELECT FROM admin_dashboard_days('2026-05-01Z', '2026-05-03Z')$$, $$SELECT FROM admin_dashboard_users('2026-05-01Z', '2026-05-03Z')$$,
	$$SELECT FROM admin_dashboard_users('2026-05-01Z', '2026-05-03Z', 1, order_by => 'created_by_email')$$]);
-- the rights of the caller
CREATE ROLE ad_nobody;
GRANT SELECT (created_by_email, created_at) ON local TO ad_nobody;
SET LOCAL admin_dashboard.calls_table = 'local';
SET LOCAL ROLE ad_nobody;
SELECT is((pg_temp.failure(query))[1:2], ARRAY['42501', 'permission denied for column "duration_minutes" of relation "local"'], 'not permitted: ' || query)
FROM unnest(ARRAY['SELECT FROM admin_dashboard_days()', 'SELECT FROM admin_dashboard_users()']) query;
RESET ROLE;

-- functions and operators of the caller's path are not used
CREATE SCHEMA trojan;
CREATE FUNCTION pg_temp.plant() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT * FROM (VALUES
		('strpos(text, text)', 'int'), ('lower(text)', 'text'), ('date_trunc(text, timestamptz, text)', 'timestamptz'), ('sum(float8)', 'float8'), ('sum(real)', 'real'),
		('count()', 'bigint'), ('min(timestamptz)', 'timestamptz'), ('max(timestamptz)', 'timestamptz')) v (name, result)
	LOOP
		EXECUTE format('CREATE FUNCTION trojan.%s RETURNS %s LANGUAGE plpgsql AS $f$ BEGIN RAISE ''trojan''; END $f$', f.name, f.result);
	END LOOP;
	CREATE FUNCTION trojan.operator(numeric, numeric) RETURNS numeric LANGUAGE plpgsql AS $f$ BEGIN RAISE 'trojan'; END $f$;
	CREATE OPERATOR trojan./ (FUNCTION = trojan.operator, LEFTARG = numeric, RIGHTARG = numeric);
	CREATE FUNCTION trojan.operator(int, int) RETURNS boolean LANGUAGE plpgsql AS $f$ BEGIN RAISE 'trojan'; END $f$;
	CREATE OPERATOR trojan.> (FUNCTION = trojan.operator, LEFTARG = int, RIGHTARG = int);
	CREATE DOMAIN trojan.text AS pg_catalog.text CHECK (false);
	CREATE DOMAIN trojan.numeric AS pg_catalog.numeric CHECK (false);
	CREATE DOMAIN trojan.timestamptz AS pg_catalog.timestamptz CHECK (false);
END $$;
SELECT pg_temp.plant();
CREATE FUNCTION pg_temp.asked() RETURNS pg_catalog.text LANGUAGE plpgsql SET search_path = trojan, public, pg_catalog AS $$
BEGIN
	RETURN pg_catalog.format('%s %s', (SELECT pg_catalog.sum(calls) FROM admin_dashboard_days('2026-03-01Z', '2026-03-31Z')),
		(SELECT pg_catalog.sum(calls) FROM admin_dashboard_users('2026-03-01Z', '2026-03-31Z', 100, 0, '-avg_minutes', 'example')));
END $$;
SELECT is(pg_temp.asked(), '19 14', 'objects of the search path are not used');

-- beside each other, with the dashboard, and many times in a query
SELECT is(count(*), 5::bigint, 'functions beside each other')
FROM generate_series(1, 2) i, LATERAL admin_dashboard_users('2026-03-01Z', '2026-03-31Z', i + 1, i) u,
	LATERAL (SELECT sum(calls) AS calls FROM admin_dashboard_days('2026-03-01Z', '2026-03-31Z', u.created_by_email) d) d
WHERE u.calls = d.calls OR u.created_by_email IS NULL;

\ir ../data/total.sql
SELECT * FROM finish();
ROLLBACK;
