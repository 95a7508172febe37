-- admin_dashboard() over local tables: arithmetic, errors, rights, and what the
-- saved plan must follow; and the API keys.  It needs no MongoDB.  dashboard.sql
-- holds the answers over a collection.

\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = error;
BEGIN;
-- no name of a table, set before the library is there to say so
SET LOCAL admin_dashboard.calls_table = 'a b';
CREATE EXTENSION IF NOT EXISTS admin_dashboard;
SET LOCAL timezone = 'Asia/Kolkata';

SELECT * FROM no_plan();

-- SQLSTATE, message, detail, hint, context; null if it does not fail
CREATE FUNCTION pg_temp.failure(query text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
	hint text;
	context text;
BEGIN
	EXECUTE query;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	RETURN ARRAY[state, message, detail, hint, context];
END $$;

-- what is shown of the durations: calls, minutes, hours, average
CREATE FUNCTION pg_temp.figures(type text, durations text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	DROP TABLE IF EXISTS public.calls;
	EXECUTE format('CREATE TABLE public.calls (created_by_email text, created_at timestamptz, duration_minutes %s)', type);
	EXECUTE format('INSERT INTO public.calls SELECT NULL, now(), d::%s FROM unnest($1) d', type) USING durations;
	answer := admin_dashboard();
	RETURN concat_ws(' ', answer ->> 'total_calls', answer ->> 'total_duration_minutes',
					 answer ->> 'total_duration_hours', answer ->> 'avg_duration_minutes');
END $$;

---------------------------------------------------------------------
-- Arithmetic
---------------------------------------------------------------------

SELECT is(current_setting('admin_dashboard.calls_table'), 'calls', 'a setting that is no name gives way to the default');

SELECT is(pg_temp.figures(type, durations::text[]), shown, type || ' ' || durations)
FROM (VALUES
	('float8', '{}', '0 0.00 0.00 0.00'),
	('float8', '{NULL}', '1 0.00 0.00 0.00'),
	('float8', '{NULL,4}', '2 4.00 0.07 2.00'),
	('float8', '{0}', '1 0.00 0.00 0.00'),
	-- halves go away from zero, as the decimal that is meant, not as the double
	('float8', '{0.005}', '1 0.01 0.00 0.01'),
	('float8', '{1.005}', '1 1.01 0.02 1.01'),
	('float8', '{-1.005}', '1 -1.01 -0.02 -1.01'),
	('float8', '{2.675}', '1 2.68 0.04 2.68'),
	('float8', '{0.1,0.2}', '2 0.30 0.01 0.15'),
	('numeric', '{0.005}', '1 0.01 0.00 0.01'),
	('numeric', '{-0.005}', '1 -0.01 0.00 -0.01'),
	('numeric', '{0.004999999999999999999}', '1 0.00 0.00 0.00'),
	('numeric', '{-0.001}', '1 0.00 0.00 0.00'),
	-- the average and the hours are of the total that is not rounded
	('numeric', '{0.004,0.004,0.004}', '3 0.01 0.00 0.00'),
	('numeric', '{0.01,0}', '2 0.01 0.00 0.01'),
	('numeric', '{0.3}', '1 0.30 0.01 0.30'),
	('numeric', '{0.2999}', '1 0.30 0.00 0.30'),
	('numeric', '{1,0,0}', '3 1.00 0.02 0.33'),
	('numeric', '{2,0,0}', '3 2.00 0.03 0.67'),
	('numeric', '{-2,0,0}', '3 -2.00 -0.03 -0.67'),
	('numeric', '{12345678901234567890.125}', '1 12345678901234567890.13 205761315020576131.50 12345678901234567890.13'),
	('smallint', '{3,4}', '2 7.00 0.12 3.50'),
	('integer', '{2147483647,1}', '2 2147483648.00 35791394.13 1073741824.00'),
	('bigint', '{9223372036854775807,1}', '2 9223372036854775808.00 153722867280912930.13 4611686018427387904.00'),
	('real', '{1.5,2.25}', '2 3.75 0.06 1.88'),
	('float8', '{1e15}', '1 1000000000000000.00 16666666666666.67 1000000000000000.00')
) v (type, durations, shown);

SELECT is((pg_temp.failure(format('SELECT pg_temp.figures(%L, %L)', type, durations)))[1:2],
		  ARRAY['22003', format('call of %s has the duration %s', now(), shown)], type || ' ' || durations)
FROM (VALUES ('float8', '{1,NaN}', 'NaN'), ('float8', '{Infinity}', 'Infinity'), ('float8', '{-Infinity,1}', '-Infinity'),
			 ('numeric', '{NaN}', 'NaN'), ('numeric', '{Infinity,1e500}', 'Infinity'), ('real', '{NaN}', 'NaN')) v (type, durations, shown);
-- an overflow is told by PostgreSQL, which does not say of what
SELECT is((pg_temp.failure(format('SELECT pg_temp.figures(%L, %L)', type, durations)))[1:4],
		  ARRAY['22003', 'value out of range: overflow',
				'The sum of column "duration_minutes" of relation "calls" overflows, or a value that the relation computes overflows.',
				'Create a view that casts the column to numeric, and set admin_dashboard.calls_table to it.'], type || ' beyond its range')
FROM (VALUES ('float8', '{1e308,1e308}'), ('real', '{3e38,3e38}')) v (type, durations);
SELECT is((pg_temp.failure(format('SELECT pg_temp.figures(%L, %L)', type, durations)))[1:4],
		  ARRAY['42804', format('column "duration_minutes" of relation "calls" is of type %s, not a number', type),
				'Its type must be double precision, or one that is cast to it implicitly.',
				'Make a view that converts it, and set admin_dashboard.calls_table to it.'], 'no number: ' || type)
FROM (VALUES ('interval', '{1 h}'), ('text', '{1}'), ('jsonb', '{1}'), ('money', '{1}'), ('boolean', '{true}')) v (type, durations);

-- the call is one of those that were asked for, told by the first of the columns
-- that may: _id, call_id, id
CREATE TABLE named (id int, call_id text, _id text, created_by_email text, created_at timestamptz, duration_minutes float8);
INSERT INTO named VALUES
	(1, 'one', 'first', 'ann@example.com', '2026-03-01Z', 'NaN'), (2, 'two', 'second', 'bob@example.com', '2026-03-02Z', 'Infinity'),
	(3, 'three', NULL, 'eve@example.com', '2026-03-03Z', '-Infinity'), (4, 'four', repeat('ż', 150), 'joe@example.com', '2026-03-04Z', 'NaN');
CREATE ROLE ad_reader;
SET LOCAL admin_dashboard.calls_table = 'named';
CREATE FUNCTION pg_temp.named(email text) RETURNS text LANGUAGE sql AS $$
	SELECT (pg_temp.failure(format('SELECT admin_dashboard(''2026-03-01Z'', ''2026-04-01Z'', %L)', email)))[2]
$$;
SELECT is(pg_temp.named(NULL), 'call with _id "first" has the duration NaN', 'the first of several');
SELECT is(pg_temp.named('bob@example.com'), 'call with _id "second" has the duration Infinity', 'of the user');
SELECT is(pg_temp.named('eve@example.com'), 'call of 2026-03-03 05:30:00+05:30 has the duration -Infinity', 'an _id that is null');
SELECT is(pg_temp.named('joe@example.com'), format('call with _id "%s" has the duration NaN', repeat('ż', 100)), 'a long one is cut');
SELECT is((pg_temp.failure('SELECT admin_dashboard(''2026-03-02Z'', ''2026-04-01Z'')'))[3:4],
		  ARRAY['The duration is in column "duration_minutes" of relation "named"; the call was created at 2026-03-02 05:30:00+05:30.',
				'Correct the duration, or exclude such calls with a view.'], 'detail and hint');
GRANT SELECT (created_by_email, created_at, duration_minutes, id) ON named TO ad_reader;
SET LOCAL ROLE ad_reader;
SELECT is(pg_temp.named(NULL), 'call with id "1" has the duration NaN', 'told by a column that the caller may read');
RESET ROLE;
REVOKE SELECT (id) ON named FROM ad_reader;
SET LOCAL ROLE ad_reader;
SELECT is(pg_temp.named(NULL), 'call of 2026-03-01 05:30:00+05:30 has the duration NaN', 'or by none');
RESET ROLE;
ALTER TABLE named DROP _id;
SELECT is(pg_temp.named(NULL), 'call with call_id "one" has the duration NaN', 'by call_id');
SET LOCAL admin_dashboard.calls_table = 'calls';

---------------------------------------------------------------------
-- The range
---------------------------------------------------------------------

DROP TABLE public.calls;
CREATE TABLE public.calls (created_by_email text, created_at timestamptz, duration_minutes float8);
INSERT INTO public.calls VALUES
	(NULL, '2026-03-01 00:00:00.001Z', 1), ('ann@example.com', '2026-03-01 00:00:00.002Z', 2),
	('o''hara "$1" \@example.com', '2026-03-01 00:00:00.003Z', NULL), ('żółw@пример.example', '2026-03-01 00:00:00.004Z', 8),
	('ann@example.com', '-infinity', 16), ('ann@example.com', 'infinity', 32), ('ann@example.com', NULL, 64);
SELECT is((admin_dashboard(first::timestamptz, last::timestamptz) ->> 'total_calls')::int, calls, name)
FROM (VALUES ('both bounds', '2026-03-01 00:00:00.001Z', '2026-03-01 00:00:00.004Z', 4),
			 ('right inside', '2026-03-01 00:00:00.001001Z', '2026-03-01 00:00:00.003999Z', 2),
			 ('infinite and null dates are in no range', '4713-01-01 BC', '200000-01-01', 4)) v (name, first, last, calls);
SELECT is((admin_dashboard('2026-03-01Z', '2026-03-02Z', email) ->> 'total_calls')::int, calls, 'user ' || email)
FROM (VALUES ('o''hara "$1" \@example.com', 1), ('żółw@пример.example', 1), ('ann@example.com', 1), ('$1', 0), ('', 0)) v (email, calls);
SELECT is(admin_dashboard('2026-03-01Z', '2026-03-02Z') -> 'total_active_users', '3', 'users, without nobody');
SELECT is(admin_dashboard(end_date => '4714-11-24 00:00:00Z BC') #>> '{date_range,start_date}',
		  '-004713-11-24T00:00:00Z', 'the default start ends where dates do');
SELECT is(admin_dashboard(first::timestamptz, '20000-01-01Z') #>> '{date_range,start_date}', shown, first)
FROM (VALUES ('2026-03-01 00:00:00.5Z', '2026-03-01T00:00:00.5Z'), ('2026-03-01 00:00:00.000001Z', '2026-03-01T00:00:00.000001Z'),
			 ('0001-01-01Z BC', '+000000-01-01T00:00:00Z'), ('0001-01-01Z', '0001-01-01T00:00:00Z'),
			 ('9999-12-31 23:59:59Z', '9999-12-31T23:59:59Z'), ('10000-01-01Z', '+010000-01-01T00:00:00Z')) v (first, shown);

SELECT is((pg_temp.failure('SELECT admin_dashboard(' || arguments || ')'))[1:4], ARRAY['22023', message, detail, hint], arguments)
FROM (VALUES
	($$'2026-03-02', '2026-03-01'$$, 'start_date must not be after end_date',
	 'The range would begin at 2026-03-02 00:00:00+05:30 and end at 2026-03-01 00:00:00+05:30.',
	 'Swap the two dates. Without end_date, start_date must not be in the future.'),
	($$'-infinity', '2026-03-01'$$, 'start_date must be finite', 'It is -infinity.',
	 'Without end_date the range ends now; without start_date it starts 30 days before end_date.'),
	($$'-infinity', 'infinity'$$, 'end_date must be finite', 'It is infinity.',
	 'Without end_date the range ends now; without start_date it starts 30 days before end_date.')
) v (arguments, message, detail, hint);

---------------------------------------------------------------------
-- The table, and who reads it
---------------------------------------------------------------------

SELECT is((pg_temp.failure(format('SET admin_dashboard.calls_table = %L', value)))[1:3],
		  ARRAY['22023', format('invalid value for parameter "admin_dashboard.calls_table": "%s"', value),
				'It is not the name of a table, with or without a schema.'], 'no name: ' || value)
FROM unnest(ARRAY['', '.', 'a.', '.a', 'a.b.c', 'a b', '"a', 'calls; SELECT 1', 'generate_series(1, 2)']) value;

SET LOCAL admin_dashboard.calls_table = 'no_schema.calls';
SELECT is((pg_temp.failure('SELECT admin_dashboard()'))[1:4],
		  ARRAY['42P01', 'relation "no_schema.calls" does not exist', 'There is no schema "no_schema".',
				'Set admin_dashboard.calls_table to the table, foreign table or view that holds the calls.'], 'no such schema');
SET LOCAL admin_dashboard.calls_table = 'public.none';
SELECT is((pg_temp.failure('SELECT admin_dashboard()'))[1:3],
		  ARRAY['42P01', 'relation "public.none" does not exist', 'Schema "public" does not contain it.'], 'no such relation in a schema');
CREATE TABLE gone AS TABLE public.calls;
SET LOCAL admin_dashboard.calls_table = 'gone';
SELECT is(admin_dashboard('2026-03-01Z', '2026-03-02Z') ->> 'total_calls', '4', 'a table');
ALTER TABLE gone RENAME TO other;
SET LOCAL admin_dashboard.calls_table = 'other';
SELECT is(admin_dashboard('2026-03-01Z', '2026-03-02Z') ->> 'total_calls', '4', 'under another name');
ALTER TABLE other RENAME TO gone;
SET LOCAL admin_dashboard.calls_table = 'gone';
CREATE TEMPORARY TABLE gone (LIKE public.calls);
SELECT is(admin_dashboard('2026-03-01Z', '2026-03-02Z') ->> 'total_calls', '0', 'one that comes before it');
DROP TABLE pg_temp.gone;
SELECT is(admin_dashboard('2026-03-01Z', '2026-03-02Z') ->> 'total_calls', '4', 'and goes');
DROP TABLE gone;
SELECT is((pg_temp.failure('SELECT admin_dashboard()'))[1:3],
		  ARRAY['42P01', 'relation "gone" does not exist',
				format('It is in none of the schemas of search_path that role "%s" may use: %s.', current_user, current_setting('search_path'))], 'dropped');
SELECT matches((pg_temp.failure('SELECT admin_dashboard()'))[5],
			   '^admin_dashboard\(\) over gone, which the setting admin_dashboard.calls_table names\n', 'with the setting');
CREATE VIEW gone AS SELECT * FROM public.calls WHERE created_by_email IS NOT NULL;
SELECT is(admin_dashboard('2026-03-01Z', '2026-03-02Z') ->> 'total_calls', '3', 'made again, as a view');
ALTER VIEW gone RENAME created_at TO started;
SELECT is((pg_temp.failure('SELECT admin_dashboard()'))[1:4],
		  ARRAY['42703', 'column "created_at" of relation "gone" does not exist', 'Calls have the columns created_by_email, created_at and duration_minutes.',
				'Make a view that has them, and set admin_dashboard.calls_table to it.'], 'without a column');
CREATE SEQUENCE counted;
SET LOCAL admin_dashboard.calls_table = 'counted';
SELECT is((pg_temp.failure('SELECT admin_dashboard()'))[1:4],
		  ARRAY['42809', 'relation "counted" is not a table, foreign table or view', 'This operation is not supported for sequences.',
				'Set admin_dashboard.calls_table to the table, foreign table or view that holds the calls.'], 'a sequence');

-- types that are read, and that are not
CREATE FUNCTION pg_temp.columns(email text, at text, minutes text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	DROP TABLE IF EXISTS public.typed;
	EXECUTE format('CREATE TABLE public.typed (created_by_email %s, created_at %s, duration_minutes %s)', email, at, minutes);
	INSERT INTO public.typed VALUES ('a', '2026-03-02', 1.5);
	RETURN admin_dashboard('2026-03-01', '2026-03-03', 'a') ->> 'total_calls';
END $$;
CREATE DOMAIN address AS varchar(20);
CREATE DOMAIN minutes AS numeric(10, 2) CHECK (VALUE >= 0);
CREATE TYPE letter AS ENUM ('a', 'b');
SET LOCAL admin_dashboard.calls_table = 'typed';
SELECT is(pg_temp.columns(email, at, minutes), '1', concat_ws(', ', email, at, minutes))
FROM (VALUES ('varchar(9)', 'timestamp', 'numeric(3, 1)'), ('char(3)', 'date', 'real'), ('name', 'timestamptz(0)', 'smallint'),
			 ('address', 'timestamptz', 'minutes')) v (email, at, minutes);
SELECT is((pg_temp.failure(format('SELECT pg_temp.columns(%L, %L, %L)', email, at, 'text')))[1:3],
		  ARRAY['42804', format('column "%s" of relation "typed" is of type %s', name, words), detail], words)
FROM (VALUES
	('letter', 'date', 'created_by_email', 'letter, not text', 'Its type must be text, or one that is cast to it implicitly.'),
	('text', 'text', 'created_at', 'text, not a date and time', 'Its type must be timestamp with time zone, or one that is cast to it implicitly.'),
	('text', 'date', 'duration_minutes', 'text, not a number', 'Its type must be double precision, or one that is cast to it implicitly.')
) v (email, at, name, words, detail);

-- the context is that of the call, not of what it calls
CREATE FUNCTION fails() RETURNS float8 LANGUAGE plpgsql STABLE SET admin_dashboard.calls_table = 'public.calls'
	AS $$ BEGIN RAISE 'it fails'; END $$;
CREATE VIEW failing AS SELECT NULL::text AS created_by_email, now() AS created_at, fails() AS duration_minutes;
SET LOCAL admin_dashboard.calls_table = 'failing';
SELECT matches((pg_temp.failure('SELECT admin_dashboard()'))[5], 'admin_dashboard\(\) over failing,', 'another setting inside');

-- a table that asks itself ends, and leaves the session in order
CREATE VIEW itself AS SELECT NULL::text AS created_by_email, now() AS created_at, 0.0 AS duration_minutes;
CREATE OR REPLACE VIEW itself AS SELECT NULL::text AS created_by_email, now() AS created_at,
	(admin_dashboard() ->> 'total_duration_minutes')::numeric AS duration_minutes;
SET LOCAL admin_dashboard.calls_table = 'itself';
SELECT is((pg_temp.failure('SELECT admin_dashboard()'))[1], '54001', 'a table that asks itself');
SET LOCAL admin_dashboard.calls_table = 'public.calls';
SELECT is(admin_dashboard('2026-03-01Z', '2026-03-02Z') ->> 'total_calls', '4', 'the session goes on');

-- the same saved plan, for another role
CREATE ROLE ad_ann;
CREATE ROLE ad_bob;
CREATE SCHEMA closed;
CREATE TABLE closed.calls AS TABLE public.calls;
GRANT SELECT (created_by_email, created_at, duration_minutes) ON public.calls TO ad_ann, ad_bob;
ALTER TABLE public.calls ADD secret text, ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON public.calls TO ad_ann USING (created_by_email = 'ann@example.com');
SET LOCAL ROLE ad_ann;
SELECT is(admin_dashboard('2026-03-01Z', '2026-03-02Z') ->> 'total_calls', '1', 'rows that a policy shows');
SET LOCAL ROLE ad_bob;
SELECT is(admin_dashboard('2026-03-01Z', '2026-03-02Z') ->> 'total_calls', '0', 'or does not');
SET LOCAL admin_dashboard.calls_table = 'closed.calls';
SELECT is((pg_temp.failure('SELECT admin_dashboard()'))[1:4],
		  ARRAY['42501', 'permission denied for schema closed', 'Role "ad_bob" may not use the schema of relation "closed.calls".',
				'Use GRANT USAGE ON SCHEMA closed TO ad_bob.'], 'a closed schema');
RESET ROLE;
GRANT USAGE ON SCHEMA closed TO ad_bob;
GRANT SELECT (created_by_email, duration_minutes) ON closed.calls TO ad_bob;
SET LOCAL ROLE ad_bob;
SELECT is((pg_temp.failure('SELECT admin_dashboard()'))[1:4],
		  ARRAY['42501', 'permission denied for column "created_at" of relation "closed.calls"', 'Role "ad_bob" may not read it.',
				'Use GRANT SELECT ON closed.calls TO ad_bob.'], 'a closed column');
SELECT matches((pg_temp.failure('SELECT admin_dashboard()'))[5], '^admin_dashboard\(\) over closed.calls,', 'with the setting');
RESET ROLE;

-- operators of the caller's search_path, which suit the columns better
CREATE SCHEMA trojan;
GRANT USAGE ON SCHEMA trojan TO ad_bob;
CREATE TABLE trojan.calls (created_by_email varchar(20), created_at date, duration_minutes float8);
INSERT INTO trojan.calls VALUES ('a', '2026-03-02', 'NaN');
GRANT SELECT ON trojan.calls TO ad_bob;
CREATE FUNCTION pg_temp.plant() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	o record;
BEGIN
	FOR o IN SELECT name, l, r FROM (VALUES ('=', 'varchar', 'text'), ('=', 'text', 'text'), ('>=', 'date', 'timestamptz'), ('<=', 'date', 'timestamptz'),
											('=', 'float8', 'float8')) v (name, l, r)
	LOOP
		EXECUTE format('CREATE FUNCTION trojan.%I(%s, %s) RETURNS boolean LANGUAGE plpgsql AS $f$ BEGIN RAISE ''trojan''; END $f$', o.name, o.l, o.r);
		EXECUTE format('CREATE OPERATOR trojan.%s (FUNCTION = trojan.%I, LEFTARG = %s, RIGHTARG = %s)', o.name, o.name, o.l, o.r);
	END LOOP;
	CREATE FUNCTION trojan.sum(float8) RETURNS float8 LANGUAGE plpgsql AS $f$ BEGIN RAISE 'trojan'; END $f$;
	CREATE FUNCTION trojan.count() RETURNS bigint LANGUAGE plpgsql AS $f$ BEGIN RAISE 'trojan'; END $f$;
END $$;
SELECT pg_temp.plant();
SET LOCAL admin_dashboard.calls_table = 'trojan.calls';
CREATE FUNCTION pg_temp.asked() RETURNS jsonb LANGUAGE plpgsql SET search_path = trojan, public, pg_catalog
	AS $$ BEGIN RETURN admin_dashboard('2026-03-01Z', '2026-03-03Z', 'a'); END $$;
SELECT is((pg_temp.failure('SELECT pg_temp.asked()'))[2], 'call of 2026-03-02 has the duration NaN', 'operators of the search path are not used');
UPDATE trojan.calls SET duration_minutes = 1;
SELECT is(pg_temp.asked() ->> 'total_calls', '1', 'nor are functions');


---------------------------------------------------------------------
-- API keys
---------------------------------------------------------------------

CREATE TABLE keys (label text, key text);
INSERT INTO keys VALUES
	('admin', admin_dashboard.create_api_key('admin')),
	('plain', admin_dashboard.create_api_key('plain', super_admin => false)),
	('later', admin_dashboard.create_api_key('later', expires_at => now() + interval '1 hour')),
	('past', admin_dashboard.create_api_key('past', expires_at => now() + interval '1 hour')),
	('twice', admin_dashboard.create_api_key('twice')), ('twice', admin_dashboard.create_api_key('twice'));

UPDATE admin_dashboard.api_key_hashes SET expires_at = now() WHERE label = 'past';

SELECT ok(bool_and(key ~ '^adk_[0-9a-f]{64}$') AND count(DISTINCT key) = 6, 'keys of 256 bits') FROM keys;
SELECT is(admin_dashboard.check_api_key(key), valid, 'check: ' || label)
FROM keys JOIN (VALUES ('admin', true), ('plain', false), ('later', true), ('past', NULL)) v (label, valid) USING (label);
SELECT is(admin_dashboard.check_api_key(key), NULL, 'no key: ' || coalesce(key, 'null'))
FROM unnest(ARRAY['', 'adk_', 'admin', '%', NULL]) key;
SELECT results_eq('SELECT DISTINCT label FROM admin_dashboard.api_keys WHERE last_used_at IS NOT NULL ORDER BY 1',
				  ARRAY['admin', 'later', 'plain'], 'the use of valid keys is noted');
SELECT is_empty($$SELECT FROM admin_dashboard.api_key_hashes k, keys WHERE k::text LIKE '%' || substr(key, 5) || '%'
				   OR encode(key_hash, 'escape') LIKE '%' || substr(key, 5) || '%'$$, 'no key is kept');
SELECT is(count(*), 6::bigint, 'but its SHA-256')
FROM admin_dashboard.api_key_hashes k JOIN keys ON key_hash = sha256(convert_to(key, 'UTF8')) AND k.label = keys.label;
SELECT hasnt_column('admin_dashboard', 'api_keys', 'key_hash', 'the view does not show the hash');
SELECT is(admin_dashboard.revoke_api_key(label), revoked, 'revoke: ' || label)
FROM (VALUES ('admin', 1), ('admin', 0), ('twice', 2), ('nobody', 0)) v (label, revoked);
SELECT is(admin_dashboard.check_api_key(key), NULL, 'revoked: ' || label) FROM keys WHERE label IN ('admin', 'twice');
SELECT is(admin_dashboard.check_api_key(key), true, 'others are not: ' || label) FROM keys WHERE label = 'later';
SELECT throws_ok('SELECT admin_dashboard.create_api_key('''')', '22023', NULL, 'a key without a label');
SELECT throws_ok('SELECT admin_dashboard.create_api_key(NULL)', '22023', NULL, 'or null');
SELECT throws_ok('SELECT admin_dashboard.create_api_key(''late'', expires_at => now())', '22023',
				 'the API key would have expired already', 'a key that was never valid');

-- who has no rights has none; one layer open does not open the next
CREATE FUNCTION pg_temp.all_denied() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT is((pg_temp.failure(query))[1], '42501', 'denied: ' || query)
	FROM unnest(ARRAY['SELECT FROM admin_dashboard.api_keys', 'SELECT FROM admin_dashboard.api_key_hashes', 'DELETE FROM admin_dashboard.api_keys',
					  $q$SELECT admin_dashboard.create_api_key('mine')$q$, $q$SELECT admin_dashboard.revoke_api_key('later')$q$,
					  $q$SELECT admin_dashboard.check_api_key('x')$q$]) query
$$;
SET LOCAL ROLE ad_bob;
SELECT pg_temp.all_denied();
RESET ROLE;
GRANT USAGE ON SCHEMA admin_dashboard TO ad_bob;
SET LOCAL ROLE ad_bob;
SELECT pg_temp.all_denied();
RESET ROLE;

---------------------------------------------------------------------
-- The extension
---------------------------------------------------------------------

CREATE VIEW parts AS SELECT p.* FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
	JOIN pg_extension e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'admin_dashboard';
SELECT is_empty($$SELECT oid::regprocedure FROM parts WHERE obj_description(oid, 'pg_proc') IS NULL$$, 'every function has a comment');
SELECT is_empty($$SELECT oid::regprocedure FROM parts WHERE pronamespace = 'admin_dashboard'::regnamespace
				  AND probin IS NULL AND prokind = 'f'
				  AND array_position(proconfig, 'search_path=pg_catalog, pg_temp') IS NULL$$, 'a fixed path for what is written in SQL in the closed schema');
SELECT is_empty($$SELECT oid::regprocedure FROM parts WHERE prosecdef AND (pronamespace <> 'admin_dashboard'::regnamespace
				  OR has_function_privilege('public', oid, 'EXECUTE'))$$, 'none but those, which nobody may call, has another''s rights');
SELECT results_eq($$SELECT c::regclass::text FROM pg_extension, unnest(extconfig) c WHERE extname = 'admin_dashboard' ORDER BY 1$$,
				  ARRAY['admin_dashboard.api_key_hashes', 'admin_dashboard.api_key_hashes_id_seq'], 'dumps have the keys');

DROP EXTENSION admin_dashboard CASCADE;
SELECT hasnt_schema('admin_dashboard', 'it leaves nothing');
CREATE SCHEMA "an ""odd"" schema";
CREATE EXTENSION admin_dashboard SCHEMA "an ""odd"" schema";
SET LOCAL admin_dashboard.calls_table = 'public.calls';
SELECT is("an ""odd"" schema".admin_dashboard('2026-03-01Z', '2026-03-02Z') ->> 'total_calls', '4', 'in another schema');
SELECT is(admin_dashboard.check_api_key(admin_dashboard.create_api_key('x')), true, 'keys too');

SELECT * FROM finish();
ROLLBACK;
