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
--     anon           admin_dashboard_anon: may call the one function in schema api
--     owner          admin_dashboard_owner: owns that function, reads the calls, may
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
	OR nspname = :'api' AND proname = 'admin_analytics_dashboard' AND (pronargs > 0 OR rolname <> :'owner')) \gset

GRANT USAGE ON SCHEMA admin_dashboard_rest TO :"owner";
GRANT USAGE ON SCHEMA :"api" TO :"anon";

---------------------------------------------------------------------
-- The functions behind the endpoint, out of PostgREST's reach
---------------------------------------------------------------------

-- They are written in PL/pgSQL, which keeps its plans from one request to the
-- next; functions in SQL are planned in each request.  Only the owner may call
-- them.  Each has a search path of its own, which costs a request 30 microseconds
-- of 2 milliseconds.  Without it, a superuser who tries one would run objects that
-- his own search path finds.

-- The bytes that a part of a query string encodes (RFC 3986, 2.1; a plus is a
-- space, as in forms).
CREATE OR REPLACE FUNCTION admin_dashboard_rest.url_decode(part text) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF part !~ '[%+]' THEN
		RETURN convert_to(part, 'UTF8');
	END IF;
	RETURN (SELECT coalesce(string_agg(
			CASE WHEN m[1] IS NOT NULL THEN decode(m[1], 'hex')
				 ELSE convert_to(m[2], 'UTF8') END, '' ORDER BY n), '')
		FROM regexp_matches(replace(part, '+', ' '), '%([0-9A-Fa-f]{2})|(%|[^%]+)', 'g')
			WITH ORDINALITY AS found (m, n));
END $$;

-- The value of a parameter of a query string, null if it is missing.  If there
-- are several of that name, the last counts.  Raises 22021 or 22P05 if the value
-- is not text in UTF-8; the names of other parameters are not checked.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.parameter(query text, name text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	pair text;
	value text;
BEGIN
	FOREACH pair IN ARRAY string_to_array(query, '&') LOOP
		IF admin_dashboard_rest.url_decode(split_part(pair, '=', 1)) = convert_to(name, 'UTF8') THEN
			value := coalesce(substring(pair FROM '=(.*)$'), '');
		END IF;
	END LOOP;
	RETURN convert_from(admin_dashboard_rest.url_decode(value), 'UTF8');
END $$;

-- A date and time in ISO 8601, in UTC if it has no offset; a date alone is the
-- beginning of its day.  Digits beyond microseconds do not count.  Raises 22007 or
-- 22008 if it is not such a date.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.instant(value text) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- a plus that was not written as %2B has become a space
	parts text[] := regexp_match(value,
		'^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?)'
		|| '(Z|z|[-+ ][0-9]{2}(?::?[0-9]{2})?)?)?$');
	zone text;
	moment timestamp;
BEGIN
	IF parts IS NULL OR parts[1] < '0001' OR parts[2] >= '24:00' THEN
		RAISE invalid_datetime_format;
	END IF;
	moment := (parts[1] || ' ' || coalesce(regexp_replace(parts[2], '[.,]([0-9]{1,6}).*', E'.\\1'), '00:00'))::timestamp;
	IF upper(coalesce(parts[3], 'Z')) = 'Z' THEN
		RETURN moment AT TIME ZONE 'UTC';
	END IF;
	zone := rpad(translate(parts[3], ' :', '+'), 5, '0');
	-- PostgreSQL's own offsets end at 15:59
	IF substr(zone, 2, 2) > '23' OR substr(zone, 4, 2) > '59' THEN
		RAISE invalid_datetime_format;
	END IF;
	RETURN (moment - (left(zone, 1) || '1')::int *
		make_interval(hours => substr(zone, 2, 2)::int, mins => substr(zone, 4, 2)::int)) AT TIME ZONE 'UTC';
END $$;

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

-- The body of the answer: the figures in the order of the API description.  The
-- end of a whole day is shown without its fraction.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.body(data jsonb, whole_day boolean) RETURNS json
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN format('{"success": true, "message": "Admin dashboard fetched successfully", "data": '
		'{"total_calls": %s, "total_duration_minutes": %s, "total_duration_hours": %s, '
		'"avg_duration_minutes": %s, "total_active_users": %s, '
		'"date_range": {"start_date": %s, "end_date": %s}}}',
		data -> 'total_calls', data -> 'total_duration_minutes', data -> 'total_duration_hours',
		data -> 'avg_duration_minutes', data -> 'total_active_users',
		data #> '{date_range,start_date}',
		CASE WHEN whole_day THEN to_jsonb(replace(data #>> '{date_range,end_date}', '.999999', ''))
			 ELSE data #> '{date_range,end_date}' END);
END $$;

-- The figures.  The function is looked up now, in the extension's schema, and not
-- in each call.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.summary(
	start_date timestamptz, end_date timestamptz, user_email text
) RETURNS jsonb
LANGUAGE sql STABLE
RETURN :extension_schema.admin_dashboard(start_date, end_date, user_email);

-- The answer to a request with a valid key.
CREATE OR REPLACE FUNCTION admin_dashboard_rest.answer(query text) RETURNS json
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	name text;
	value text;
	start_date timestamptz;
	end_date timestamptz;
	whole_day boolean;
	user_email text;
BEGIN
	BEGIN
		name := 'start_date';
		start_date := admin_dashboard_rest.instant(nullif(admin_dashboard_rest.parameter(query, name), ''));
		name := 'end_date';
		value := nullif(admin_dashboard_rest.parameter(query, name), '');
		end_date := admin_dashboard_rest.instant(value);
	EXCEPTION WHEN data_exception THEN
		RETURN admin_dashboard_rest.refuse(422,
			name || ' must be a date and time in ISO 8601, such as 2026-02-26T00:00:00Z');
	END;
	BEGIN
		-- an e-mail address has no spaces: this one was a plus
		user_email := nullif(replace(admin_dashboard_rest.parameter(query, 'user_email'), ' ', '+'), '');
	EXCEPTION WHEN data_exception OR untranslatable_character THEN
		RETURN admin_dashboard_rest.refuse(422, 'user_email must be text in UTF-8');
	END;
	-- A date alone ends where nothing lies between it and the next day.  Its end
	-- is shown as 23:59:59, and so the default start is 30 days before that.
	whole_day := length(value) = 10;
	IF whole_day THEN
		start_date := coalesce(start_date, end_date + interval '23:59:59' - interval '720 hours');
		end_date := end_date + interval '23:59:59.999999';
	END IF;
	IF start_date > coalesce(end_date, now()) THEN
		RETURN admin_dashboard_rest.refuse(422, 'start_date must not be after end_date'
			|| CASE WHEN end_date IS NULL THEN ', which is now if it is not given' ELSE '' END);
	END IF;
	PERFORM set_config('response.headers', '[{"X-Message": "ok"}]', true);
	RETURN admin_dashboard_rest.body(admin_dashboard_rest.summary(start_date, end_date, user_email), whole_day);
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
	headers json := nullif(current_setting('request.headers', true), '')::json;
	key text;
	super_admin boolean;
	detail text;
BEGIN
	IF headers ->> 'x-gone' <> '' THEN
		RETURN admin_dashboard_rest.cancel(headers ->> 'x-gone');
	END IF;
	-- cancel() finds the session by it
	PERFORM set_config('application_name', headers ->> 'x-request-id', true);
	key := substring(headers ->> 'x-api-authorization' FROM '^[Bb][Ee][Aa][Rr][Ee][Rr] +([!-~]+) *$');
	IF key IS NOT NULL AND length(key) <= 512 THEN
		super_admin := admin_dashboard.check_api_key(key);
	END IF;
	IF super_admin IS NULL THEN
		RETURN admin_dashboard_rest.refuse(401, 'A valid API key is required');
	ELSIF NOT super_admin THEN
		RETURN admin_dashboard_rest.refuse(403, 'This API key may not see the dashboard');
	END IF;
	RETURN admin_dashboard_rest.answer(coalesce(headers ->> 'x-query', ''));
EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
	-- if a value does not fit its column, the detail names the document; other
	-- details are not logged, since MongoDB's words may contain values of the query
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RAISE LOG 'dashboard request % failed: % %', headers ->> 'x-request-id', SQLSTATE,
		SQLERRM || CASE WHEN SQLSTATE = 'HV004' THEN '. ' || detail ELSE '' END;
	RETURN admin_dashboard_rest.refuse(500, 'failed');
END $$;

ALTER FUNCTION :"api".admin_analytics_dashboard() OWNER TO :"owner";
SELECT format('ALTER FUNCTION %I.admin_analytics_dashboard() SET admin_dashboard.calls_table = %L',
			  :'api', :'calls_name') \gexec
-- PostgREST sets it before the call
ALTER FUNCTION :"api".admin_analytics_dashboard() SET statement_timeout = :'timeout';
REVOKE ALL ON FUNCTION :"api".admin_analytics_dashboard() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION :"api".admin_analytics_dashboard() TO :"anon";

DROP FUNCTION pg_temp.stop(text, text);
COMMIT;
NOTIFY pgrst, 'reload schema';
