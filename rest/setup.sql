-- Creates what the REST endpoint needs in the database.  Run it as a superuser
-- with psql, again after every change of this file:
--
--     psql -d DATABASE -v calls=livekit.calls -f rest/setup.sql
--
-- The variables are
--
--     calls          the table, foreign table or view that holds the calls; the one
--                    that admin_dashboard.calls_table names if not given
--     timeout        the time that a request may take, 5s if not given; nginx.conf
--                    and postgrest.conf wait longer
--     api            the schema that PostgREST shows, api if not given
--
-- and the names of four roles, so that none has more rights than it needs:
--
--     authenticator  admin_dashboard_authenticator: PostgREST logs in as this role;
--                    it may only become anon
--     anon           admin_dashboard_anon: may call the two functions in schema api
--     owner          admin_dashboard_owner: owns these functions, reads the calls, may
--                    have a key checked, and has the user mapping for MongoDB if
--                    MongoDB has users
--     admin          admin_dashboard_admin: grant it to those who manage keys
--
-- Others who may create objects in this database may have created some that these
-- names find.  So the script looks everything up in pg_catalog, and refuses what
-- exists already unless it belongs to a superuser.
\set ON_ERROR_STOP on
\set QUIET on
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT pg_catalog.current_setting('search_path') AS caller_path \gset
SET LOCAL search_path = pg_catalog, pg_temp;

\if :{?calls}
\else
	SELECT coalesce(current_setting('admin_dashboard.calls_table', true), 'calls') AS calls \gset
\endif
\if :{?api}
\else
	\set api api
\endif
\if :{?authenticator}
\else
	\set authenticator admin_dashboard_authenticator
\endif
\if :{?anon}
\else
	\set anon admin_dashboard_anon
\endif
\if :{?owner}
\else
	\set owner admin_dashboard_owner
\endif
\if :{?timeout}
\else
	\set timeout 5s
\endif
\if :{?admin}
\else
	\set admin admin_dashboard_admin
\endif

-- End the script.  A check below calls this for each row that violates a rule, and
-- counts the calls, so that psql gets one row and prints nothing.
CREATE OR REPLACE FUNCTION pg_temp.stop(message text, hint text) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
	RAISE object_not_in_prerequisite_state USING MESSAGE = message, HINT = hint;
END $$;

SELECT count(pg_temp.stop(format('role "%s" is no superuser', current_user), 'Run setup.sql as a superuser.'))
FROM pg_roles WHERE rolname = current_user AND NOT rolsuper \gset
SELECT count(pg_temp.stop('extension "admin_dashboard" is not in this database', 'Use CREATE EXTENSION admin_dashboard first.'))
WHERE NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'admin_dashboard') \gset

---------------------------------------------------------------------
-- The calls
---------------------------------------------------------------------

-- only a name without a schema is looked up by the caller's search path
SELECT set_config('search_path', :'caller_path', true) AS ignored \gset
SELECT coalesce(pg_catalog.to_regclass(:'calls')::pg_catalog.oid, 0::pg_catalog.oid) AS calls_oid \gset
SET LOCAL search_path = pg_catalog, pg_temp;
SELECT count(pg_temp.stop(format('relation "%s" does not exist', :'calls'), 'Name the table, foreign table or view that holds the calls by -v calls=SCHEMA.NAME.'))
WHERE :'calls_oid' = '0' \gset

-- the names with their schemas, quoted
SELECT format('%I.%I', n.nspname, c.relname) AS calls_name, quote_ident(n.nspname) AS calls_schema,
	pg_get_userbyid(c.relowner) AS calls_owner
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = :'calls_oid' \gset
SELECT quote_ident(n.nspname) AS extension_schema
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'admin_dashboard' \gset
SELECT probin AS library
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND objid = p.oid
	JOIN pg_extension e ON refclassid = 'pg_extension'::regclass AND refobjid = e.oid
WHERE extname = 'admin_dashboard' AND proname = 'admin_dashboard_version' \gset
SELECT current_database() AS database, pg_get_userbyid(datdba) AS database_owner
FROM pg_database WHERE datname = current_database() \gset

-- the owner of a view decides what the endpoint would run
SELECT count(pg_temp.stop(format('relation %s, which the name "%s" finds, belongs to role "%s"', :'calls_name', :'calls', :'calls_owner'),
	format('If it is the one that holds the calls, say so by its schema: -v calls=%s', :'calls_name')))
FROM pg_roles
WHERE rolname = :'calls_owner' AND NOT rolsuper AND rolname <> :'database_owner' AND cardinality(parse_ident(:'calls')) = 1 \gset

---------------------------------------------------------------------
-- Roles
---------------------------------------------------------------------

CREATE TEMPORARY TABLE wanted (part text, role name, attributes text) ON COMMIT DROP;
INSERT INTO pg_temp.wanted VALUES
	('authenticator', :'authenticator', 'LOGIN NOINHERIT'), ('anon', :'anon', 'NOLOGIN'),
	('owner', :'owner', 'NOLOGIN'), ('admin', :'admin', 'NOLOGIN');
UPDATE pg_temp.wanted SET attributes = attributes || ' NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';

SELECT format('CREATE ROLE %I %s', role, attributes)
FROM pg_temp.wanted
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec

SELECT count(pg_temp.stop(format('role "%s" exists with other attributes than %s', role, attributes),
	format('See whose it is and drop it, or name another role by -v %s=NAME.', part)))
FROM pg_temp.wanted JOIN pg_roles ON rolname = role
WHERE rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls
	OR rolcanlogin <> (part = 'authenticator') OR rolinherit AND part = 'authenticator' \gset

-- Whoever can become one of these roles has its rights.  In a database that has
-- not been set up yet, the script also refuses a member who can grant the role of
-- those who manage keys.
SELECT count(pg_temp.stop(format('role "%s" is a member of role "%s"', member.rolname, role),
	format('Use REVOKE %I FROM %I, or name another role by -v %s=NAME.', role, member.rolname, part)))
FROM pg_temp.wanted
	JOIN pg_roles granted ON granted.rolname = role
	JOIN pg_auth_members m ON m.roleid = granted.oid
	JOIN pg_roles member ON member.oid = m.member
WHERE NOT member.rolsuper
	AND (part, member.rolname) NOT IN (('anon', :'authenticator'), ('authenticator', :'owner'))
	AND (part <> 'admin' OR m.admin_option AND to_regnamespace('admin_dashboard_rest') IS NULL) \gset

GRANT :"anon" TO :"authenticator";

-- PostgREST sends the request's headers, with the key, as a parameter
ALTER ROLE :"authenticator" SET log_parameter_max_length = 0;
ALTER ROLE :"authenticator" SET log_parameter_max_length_on_error = 0;
-- (before 16 auto_explain logs none, and does not know the setting)
SELECT format('ALTER ROLE %I SET auto_explain.log_parameter_max_length = 0', :'authenticator')
WHERE current_setting('server_version_num')::int >= 160000 \gexec

-- for cancel() below
GRANT :"authenticator" TO :"owner";

GRANT CONNECT ON DATABASE :"database" TO :"authenticator";
GRANT USAGE ON SCHEMA :calls_schema, :extension_schema, admin_dashboard TO :"owner";
GRANT SELECT ON :calls_name TO :"owner";
GRANT EXECUTE ON FUNCTION admin_dashboard.check_api_key(text) TO :"owner";

GRANT USAGE ON SCHEMA admin_dashboard TO :"admin";
GRANT SELECT ON admin_dashboard.api_keys TO :"admin";
GRANT EXECUTE ON FUNCTION admin_dashboard.create_api_key(text, boolean, timestamptz),
	admin_dashboard.revoke_api_key(text) TO :"admin";

---------------------------------------------------------------------
-- Schemas
---------------------------------------------------------------------

CREATE SCHEMA IF NOT EXISTS admin_dashboard_rest;
REVOKE ALL ON SCHEMA admin_dashboard_rest FROM PUBLIC;
CREATE SCHEMA IF NOT EXISTS :"api";
REVOKE ALL ON SCHEMA :"api" FROM PUBLIC;

SELECT count(pg_temp.stop(format('schema "%s" exists and belongs to role "%s"', nspname, rolname),
	CASE WHEN nspname = 'admin_dashboard_rest' THEN 'See what is in it, and drop it.'
		 ELSE 'Name another schema by -v api=NAME, and in PGRST_DB_SCHEMAS.' END))
FROM pg_namespace JOIN pg_roles ON pg_roles.oid = nspowner
WHERE nspname IN ('admin_dashboard_rest', :'api') AND NOT rolsuper \gset
SELECT count(pg_temp.stop(format('role "%s" may create objects in schema "%s"', rolname, nspname),
	format('Use REVOKE CREATE ON SCHEMA %I FROM %I.', nspname, rolname)))
FROM pg_namespace, aclexplode(nspacl) JOIN pg_roles ON pg_roles.oid = grantee
WHERE nspname IN ('admin_dashboard_rest', :'api') AND privilege_type = 'CREATE' AND NOT rolsuper \gset
-- another function of that name would be a candidate for each call
SELECT count(pg_temp.stop(format('function %s exists and belongs to role "%s"', p.oid::regprocedure, rolname), 'See what it does, and drop it.'))
FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace JOIN pg_roles ON pg_roles.oid = proowner
WHERE NOT rolsuper AND (nspname = 'admin_dashboard_rest'
	OR nspname = :'api' AND proname IN ('admin_analytics_dashboard', 'admin_analytics_dashboard_rows') AND (pronargs > 0 OR rolname <> :'owner')) \gset

SELECT count(pg_temp.stop(format('type %s exists and belongs to role "%s"', t.oid::regtype, rolname), 'See what it is, and drop it.'))
FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace JOIN pg_roles ON pg_roles.oid = typowner
WHERE NOT rolsuper AND nspname = :'api' AND typname = 'text/plain' \gset

GRANT USAGE ON SCHEMA admin_dashboard_rest TO :"owner";
GRANT USAGE ON SCHEMA :"api" TO :"anon";

---------------------------------------------------------------------
-- The functions behind the endpoint, out of PostgREST's reach
---------------------------------------------------------------------

-- Only the owner may call them.  What each request needs is in C, in src/rest.c;
-- the rest is in PL/pgSQL, which keeps its plans from one request to the next, while
-- functions in SQL are planned in each.  Those in PL/pgSQL have a search path of
-- their own.  Without it, a superuser who tries one would run objects that his own
-- search path finds.

-- What nginx sends in headers of its own: the request's id, the id of the request
-- to cancel, the key if it can be one, and the query string; null if it is missing.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.request(
	headers text, OUT id text, OUT gone text, OUT key text, OUT query text
)
LANGUAGE c IMMUTABLE AS :'library', 'admin_dashboard_rest_request';

-- The value of a parameter of a query string, null if it is missing.  If there
-- are several of that name, the last counts.  Raises 22021 if the value is not text
-- in UTF-8; the names of other parameters are not checked.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.parameter(query text, name text) RETURNS text
LANGUAGE c IMMUTABLE STRICT AS :'library', 'admin_dashboard_rest_parameter';

-- The range and the user of a query string, each null if it is not given, and
-- whether the end is a date alone; or why the request is refused.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.period(
	query text, OUT start_date timestamptz, OUT end_date timestamptz, OUT whole_day boolean, OUT user_email text, OUT refusal text
)
LANGUAGE c STABLE STRICT AS :'library', 'admin_dashboard_rest_period';

-- The body of the answer: the figures in the order of the API description.  The
-- end of a whole day is shown without its fraction.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.body(data jsonb, whole_day boolean) RETURNS json
LANGUAGE c IMMUTABLE STRICT AS :'library', 'admin_dashboard_rest_body';

-- Refuse the request with an HTTP status and a message in plain ASCII, which
-- nginx puts into the body.  Returns that body.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.refuse(status int, message text) RETURNS json
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM set_config('response.status', status::text, true),
		set_config('response.headers', json_build_array(json_build_object('X-Message', message))::text, true);
	RETURN format('{"success": false, "message": %s}', to_json(message));
END $$;

-- The figures.  The function is looked up now, in the extension's schema, and not
-- in each call.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.summary(
	start_date timestamptz, end_date timestamptz, user_email text
) RETURNS jsonb
LANGUAGE sql STABLE
RETURN :extension_schema.admin_dashboard(start_date, end_date, user_email);

-- Refuse a request whose key does not give access: null is for no valid key, false
-- for one of nobody who may see the dashboard.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.refuse_key(super_admin boolean) RETURNS json
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF super_admin IS NULL THEN
		RETURN admin_dashboard_rest.refuse(401, 'A valid API key is required');
	END IF;
	RETURN admin_dashboard_rest.refuse(403, 'This API key may not see the dashboard');
END $$;

-- Log why a request failed, with its id, and tell the client that it did.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.fail(request_id text, state text, message text, detail text) RETURNS json
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- if a value does not fit its column, the detail names the document, and if
	-- a connection failed, the host; of others only MongoDB's code and its name
	-- are logged, since its words may contain values of the query
	RAISE LOG 'dashboard request % failed: % %', request_id, state,
		message || CASE WHEN state = 'HV004' OR state LIKE '08%' THEN coalesce('. ' || detail, '')
			ELSE coalesce(' ' || substring(detail FROM '\(code [0-9]+[^()]*\)'), '') END;
	RETURN admin_dashboard_rest.refuse(500, 'failed');
END $$;

-- The answer to a request with a valid key.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.answer(query text) RETURNS json
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	period record := admin_dashboard_rest.period(query);
	ignored text;
BEGIN
	IF period.refusal IS NOT NULL THEN
		RETURN admin_dashboard_rest.refuse(422, period.refusal);
	END IF;
	-- (PERFORM would take ten times as long as an assignment)
	ignored := set_config('response.headers', '[{"X-Message": "ok"}]', true);
	RETURN admin_dashboard_rest.body(
		admin_dashboard_rest.summary(period.start_date, period.end_date, period.user_email), period.whole_day);
END $$;

-- The same days and users as admin_dashboard_days() and admin_dashboard_users()
-- return, which are looked up now, too.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.days(
	start_date timestamptz, end_date timestamptz, user_email text, time_zone text, unit text
) RETURNS TABLE (day timestamptz, calls bigint, minutes numeric, active_users bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM :extension_schema.admin_dashboard_days(start_date, end_date, user_email, time_zone, unit);
END;

CREATE OR REPLACE FUNCTION admin_dashboard_rest.users(
	start_date timestamptz, end_date timestamptz, user_email text, "limit" bigint, "offset" bigint, order_by text, search text
) RETURNS TABLE (created_by_email text, calls bigint, minutes numeric, avg_minutes numeric,
	first_call timestamptz, last_call timestamptz, total_rows bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
	SELECT * FROM :extension_schema.admin_dashboard_users(start_date, end_date, "limit", "offset", order_by, search, user_email);
END;

-- An instant in ISO 8601, in a time zone, with a fraction only if there is one.  A
-- year outside 0001 to 9999 has a sign and six digits.  ISO 8601 has no seconds in an
-- offset, so an instant that would need them is in UTC.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.shown(moment timestamptz, time_zone text) RETURNS text
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	local timestamp := moment AT TIME ZONE time_zone;
	seconds int := extract(epoch FROM local - (moment AT TIME ZONE 'UTC'));
	year int;
BEGIN
	IF seconds % 60 <> 0 THEN
		RETURN admin_dashboard_rest.shown(moment, 'UTC');
	END IF;
	year := extract(year FROM local);
	IF year < 0 THEN
		year := year + 1;	-- ISO 8601 has a year 0
	END IF;
	RETURN CASE WHEN year BETWEEN 1 AND 9999 THEN lpad(year::text, 4, '0') ELSE to_char(year, 'FMSG000000') END
		|| to_char(local, '-MM-DD"T"HH24:MI:SS') || rtrim(rtrim(to_char(local, '.US'), '0'), '.')
		|| CASE WHEN seconds = 0 THEN 'Z' ELSE CASE WHEN seconds < 0 THEN '-' ELSE '+' END
			|| to_char(abs(seconds) / 3600, 'FM00:') || to_char(abs(seconds) / 60 % 60, 'FM00') END;
END $$;

-- A value of a file of comma-separated values (RFC 4180); null is nothing.  A
-- spreadsheet would take one that begins like a formula for a formula.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.csv(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- the numbers are those of full-width + - = @, which some spreadsheets take for these
	IF value ~ E'^[-=+@\t\r\n]' OR (CASE getdatabaseencoding() WHEN 'UTF8' THEN ascii(value) IN (65291, 65293, 65309, 65312) END) THEN
		value := E'\'' || value;
	END IF;
	RETURN coalesce('"' || replace(value, '"', '""') || '"', '');
END $$;

-- The days, as members of an array in JSON or as lines of a CSV file.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.days_text(
	start_date timestamptz, end_date timestamptz, user_email text, time_zone text, unit text, format text
) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT string_agg(format(CASE format WHEN 'csv' THEN E'%s,%s,%s,%s\r\n'
					ELSE '{"day": "%s", "calls": %s, "minutes": %s, "active_users": %s}' END,
				admin_dashboard_rest.shown(day, days_text.time_zone), calls, minutes, active_users),
			CASE format WHEN 'csv' THEN '' ELSE ', ' END ORDER BY day)
		FROM admin_dashboard_rest.days(start_date, end_date, user_email, time_zone, unit));
END $$;

-- The users in the same form, and how many there are in all.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.users_text(
	start_date timestamptz, end_date timestamptz, user_email text, "limit" bigint, "offset" bigint, order_by text, search text, format text,
	OUT lines text, OUT total_rows bigint
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	SELECT coalesce(string_agg(CASE format
				WHEN 'csv' THEN format(E'%s,%s,%s,%s,%s,%s\r\n', admin_dashboard_rest.csv(created_by_email), calls, minutes, avg_minutes,
					admin_dashboard_rest.shown(first_call, 'UTC'), admin_dashboard_rest.shown(last_call, 'UTC'))
				ELSE format('{"created_by_email": %s, "calls": %s, "minutes": %s, "avg_minutes": %s, "first_call": "%s", "last_call": "%s"}',
					coalesce(to_json(created_by_email)::text, 'null'), calls, minutes, avg_minutes,
					admin_dashboard_rest.shown(first_call, 'UTC'), admin_dashboard_rest.shown(last_call, 'UTC')) END,
			CASE format WHEN 'csv' THEN '' ELSE ', ' END ORDER BY n), ''), coalesce(max(u.total_rows), 0)
	INTO lines, total_rows
	FROM admin_dashboard_rest.users(start_date, end_date, user_email, "limit", "offset", order_by, search)
		WITH ORDINALITY AS u (created_by_email, calls, minutes, avg_minutes, first_call, last_call, total_rows, n);
	-- there are none so far on
	IF total_rows = 0 AND "offset" > 0 THEN
		SELECT u.total_rows INTO total_rows
		FROM admin_dashboard_rest.users(start_date, end_date, user_email, 1, 0, order_by, search) u;
		total_rows := coalesce(total_rows, 0);
	END IF;
END $$;

-- A parameter that is not given, or empty, has a default.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.parameter(query text, name text, otherwise text) RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN coalesce(nullif(admin_dashboard_rest.parameter(query, name), ''), otherwise);
END $$;

-- The other parameters of a request for days or users, with their defaults, or why
-- it is refused.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.wanted(
	report text, query text, accepted text, OUT format text, OUT time_zone text, OUT unit text,
	OUT "limit" text, OUT "offset" text, OUT order_by text, OUT search text, OUT refusal text
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	name text;
BEGIN
	BEGIN
		name := 'format';
		format := admin_dashboard_rest.parameter(query, name, accepted);
		IF report = 'days' THEN
			name := 'time_zone';
			-- as in Etc/GMT+5, a plus is a plus
			time_zone := admin_dashboard_rest.parameter(replace(query, '+', '%2B'), name, 'UTC');
			name := 'unit';
			unit := admin_dashboard_rest.parameter(query, name, 'day');
		ELSE
			name := 'limit';
			"limit" := admin_dashboard_rest.parameter(query, name, '50');
			name := 'offset';
			"offset" := admin_dashboard_rest.parameter(query, name, '0');
			name := 'order_by';
			order_by := admin_dashboard_rest.parameter(query, name, '-calls');
			name := 'search';
			-- as in user_email, a plus is a plus
			search := admin_dashboard_rest.parameter(replace(query, '+', '%2B'), name, NULL);
		END IF;
	EXCEPTION WHEN data_exception OR untranslatable_character THEN
		refusal := name || ' must be text in UTF-8';
		RETURN;
	END;
	refusal := CASE
		WHEN format NOT IN ('json', 'csv') THEN 'format must be json or csv'
		WHEN unit NOT IN ('hour', 'day', 'week', 'month') THEN 'unit must be hour, day, week or month'
		WHEN "limit" !~ '^[0-9]{1,5}$' OR "limit"::int NOT BETWEEN 1 AND 10000 THEN 'limit must be a whole number from 1 to 10000'
		WHEN "offset" !~ '^[0-9]{1,15}$' THEN 'offset must be a whole number from 0 to 999999999999999'
		WHEN order_by !~ '^-?(created_by_email|calls|minutes|avg_minutes|first_call|last_call)$' THEN 'order_by must be the name of a column, or a minus and that'
	END;
	IF refusal IS NULL AND report = 'days' THEN
		BEGIN
			-- PostgreSQL would take Foo/Bar+5 and +05:30 for zones with offsets to the west
			IF time_zone !~ '^(UTC|Etc/GMT(\+([0-9]|1[0-2])|-([0-9]|1[0-4]))|[A-Za-z]+(/[A-Za-z_-]+)+)$' THEN
				RAISE invalid_parameter_value;
			END IF;
			PERFORM now() AT TIME ZONE time_zone;
		EXCEPTION WHEN invalid_parameter_value THEN
			refusal := 'time_zone must be UTC or a name such as Europe/Berlin';
		END;
	END IF;
END $$;

-- The answer to a request for "days" or "users" with a valid key.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.answer_rows(report text, query text, accepted text) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	period record := admin_dashboard_rest.period(query);
	first timestamptz;
	last timestamptz := coalesce(period.end_date, now());
	wanted record;
	lines text;
	total_rows bigint;
BEGIN
	IF period.refusal IS NOT NULL THEN
		RETURN admin_dashboard_rest.refuse(422, period.refusal);
	END IF;
	first := coalesce(period.start_date, last - interval '720 hours');
	wanted := admin_dashboard_rest.wanted(report, query, accepted);
	IF wanted.refusal IS NOT NULL THEN
		RETURN admin_dashboard_rest.refuse(422, wanted.refusal);
	END IF;
	IF report = 'days' THEN
		BEGIN
			lines := admin_dashboard_rest.days_text(first, last, period.user_email, wanted.time_zone, wanted.unit, wanted.format);
		EXCEPTION WHEN program_limit_exceeded THEN
			IF SQLERRM NOT LIKE 'the range has more than % times the unit %' THEN
				RAISE;
			END IF;
			RETURN admin_dashboard_rest.refuse(422, 'unit must be one of which the range has at most 10000');
		END;
	ELSE
		SELECT u.lines, u.total_rows INTO lines, total_rows
		FROM admin_dashboard_rest.users_text(first, last, period.user_email, wanted."limit"::bigint, wanted."offset"::bigint,
			wanted.order_by, wanted.search, wanted.format) u;
	END IF;
	PERFORM set_config('response.headers', format('[{"X-Message": "ok"}, {"Content-Type": "%s; charset=utf-8"}]',
		CASE wanted.format WHEN 'csv' THEN 'text/csv' ELSE 'application/json' END), true);
	IF wanted.format = 'csv' THEN
		RETURN CASE report WHEN 'days' THEN E'day,calls,minutes,active_users\r\n'
			ELSE E'created_by_email,calls,minutes,avg_minutes,first_call,last_call\r\n' END || lines;
	END IF;
	RETURN format('{"success": true, "message": "Admin dashboard fetched successfully", "data": {"%s": [%s], %s, '
			'"date_range": {"start_date": "%s", "end_date": "%s"}}}', report, lines,
		CASE report WHEN 'days' THEN format('"unit": "%s", "time_zone": "%s"', wanted.unit, wanted.time_zone)
			ELSE format('"total_rows": %s, "limit": %s, "offset": %s', total_rows, wanted."limit"::bigint, wanted."offset"::bigint) END,
		admin_dashboard_rest.shown(first, 'UTC'),
		CASE WHEN period.whole_day THEN replace(admin_dashboard_rest.shown(last, 'UTC'), '.999999', '')
			ELSE admin_dashboard_rest.shown(last, 'UTC') END);
END $$;

-- Cancel the query of the request with that id, whose client has gone.  Whoever
-- may become the authenticator may see and cancel its sessions.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.cancel(request_id text) RETURNS json
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM pg_cancel_backend(pid)
	FROM pg_stat_activity
	WHERE application_name = request_id AND usename = session_user AND pid <> pg_backend_pid();
	RETURN 'null';
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA admin_dashboard_rest FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA admin_dashboard_rest TO :"owner";

---------------------------------------------------------------------
-- What PostgREST can call
---------------------------------------------------------------------

SELECT format('CREATE DOMAIN %I."text/plain" AS text', :'api')
WHERE to_regtype(format('%I."text/plain"', :'api')) IS NULL \gexec

-- GET /admin/analytics/dashboard.  nginx sends the query string, the Authorization
-- header and an id of the request as headers of its own, see nginx.conf.  The
-- function checks the key first, so that a client without a key learns nothing else.
--
-- It raises no error: PostgREST would print it, and would retry a serialization
-- failure for ever.  PostgreSQL's log has the reason, with the id.
CREATE OR REPLACE FUNCTION :"api".admin_analytics_dashboard() RETURNS json
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $$
DECLARE
	request record;
	request_id text;
	ignored text;
	super_admin boolean;
	detail text;
BEGIN
	request := admin_dashboard_rest.request(current_setting('request.headers', true));
	IF request.gone <> '' THEN
		RETURN admin_dashboard_rest.cancel(request.gone);
	END IF;
	-- cancel() finds the session by it
	request_id := request.id;
	ignored := set_config('application_name', request_id, true);
	IF request.key IS NOT NULL THEN
		super_admin := admin_dashboard.check_api_key(request.key);
	END IF;
	IF super_admin IS NOT TRUE THEN
		RETURN admin_dashboard_rest.refuse_key(super_admin);
	END IF;
	RETURN admin_dashboard_rest.answer(coalesce(request.query, ''));
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN admin_dashboard_rest.fail(request_id, SQLSTATE, SQLERRM, detail);
END $$;

-- GET /admin/analytics/dashboard/days and .../users, in the same way.  nginx sends
-- which of them is asked for, and the format that the client accepts.  It is another
-- function because its result may be CSV: PostgREST takes the name of its type for a
-- content type, and leaves the result as it is.
CREATE OR REPLACE FUNCTION :"api".admin_analytics_dashboard_rows() RETURNS :"api"."text/plain"
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $$
DECLARE
	headers json := nullif(current_setting('request.headers', true), '')::json;
	request record;
	request_id text;
	super_admin boolean;
	detail text;
BEGIN
	request := admin_dashboard_rest.request(headers::text);
	request_id := request.id;
	PERFORM set_config('application_name', request_id, true);
	IF request.key IS NOT NULL THEN
		super_admin := admin_dashboard.check_api_key(request.key);
	END IF;
	IF super_admin IS NOT TRUE THEN
		RETURN admin_dashboard_rest.refuse_key(super_admin);
	END IF;
	RETURN admin_dashboard_rest.answer_rows(headers ->> 'x-report', coalesce(request.query, ''), headers ->> 'x-format');
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN admin_dashboard_rest.fail(request_id, SQLSTATE, SQLERRM, detail);
END $$;

-- PostgREST sets the timeout before the call
SELECT format('ALTER FUNCTION %1$I.%2$I() OWNER TO %3$I; '
	'ALTER FUNCTION %1$I.%2$I() SET admin_dashboard.calls_table = %4$L; '
	'ALTER FUNCTION %1$I.%2$I() SET statement_timeout = %5$L; '
	'REVOKE ALL ON FUNCTION %1$I.%2$I() FROM PUBLIC; '
	'GRANT EXECUTE ON FUNCTION %1$I.%2$I() TO %6$I',
	:'api', name, :'owner', :'calls_name', :'timeout', :'anon')
FROM unnest(ARRAY['admin_analytics_dashboard', 'admin_analytics_dashboard_rows']) name \gexec

DROP FUNCTION pg_temp.stop(text, text);
COMMIT;
NOTIFY pgrst, 'reload schema';
