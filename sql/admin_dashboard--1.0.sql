/* admin_dashboard--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION admin_dashboard" to load this file. \quit

-- CREATE EXTENSION runs this script with a search_path of the extension's schema,
-- followed by pg_temp.  Other users may have created objects in that schema.  So
-- the script does not use OR REPLACE or IF NOT EXISTS, which would leave such
-- objects to their owners.  Functions and operators are qualified with pg_catalog,
-- and every SECURITY DEFINER function sets its own search_path.  (The script does
-- not use the macro for the schema's name, not even in a comment, because
-- PostgreSQL then refuses a schema with a quote in its name.)

---------------------------------------------------------------------
-- The foreign data wrapper
---------------------------------------------------------------------

CREATE FUNCTION admin_dashboard_fdw_handler()
RETURNS fdw_handler
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION admin_dashboard_fdw_handler() IS
	'returns the callbacks of the foreign data wrapper admin_dashboard_fdw';

CREATE FUNCTION admin_dashboard_fdw_validator(text[], oid)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION admin_dashboard_fdw_validator(text[], oid) IS
	'checks the options of servers, user mappings, tables and columns of admin_dashboard_fdw';

CREATE FOREIGN DATA WRAPPER admin_dashboard_fdw
	HANDLER admin_dashboard_fdw_handler
	VALIDATOR admin_dashboard_fdw_validator;

COMMENT ON FOREIGN DATA WRAPPER admin_dashboard_fdw IS
	'MongoDB collections as read-only tables';

CREATE FUNCTION admin_dashboard_version()
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C STABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION admin_dashboard_version() IS
	'returns the versions of the extension, PostgreSQL and libmongoc';

---------------------------------------------------------------------
-- Connections
---------------------------------------------------------------------

-- List and close the session's connections to MongoDB; the functions are in
-- src/remote/connection_functions.c.
CREATE FUNCTION admin_dashboard_connections(
	OUT server_name text,
	OUT user_name text,
	OUT hosts text[],
	OUT topology text,
	OUT server_version text,
	OUT tls boolean,
	OUT in_use boolean,
	OUT valid boolean,
	OUT age interval
)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION admin_dashboard_connections() IS
	'lists the session''s connections to MongoDB servers';

CREATE FUNCTION admin_dashboard_check_table(
	relation regclass,
	sample_size integer DEFAULT 1000,
	OUT column_name text,
	OUT field text,
	OUT documents bigint,
	OUT readable bigint,
	OUT nulls bigint,
	OUT missing bigint,
	OUT mismatches bigint,
	OUT mismatch_types text,
	OUT mismatch_id text,
	OUT note text
)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION admin_dashboard_check_table(regclass, integer) IS
	'compares a foreign table with a sample of its MongoDB collection';

CREATE FUNCTION admin_dashboard_check_server(
	server text,
	database text DEFAULT NULL,
	OUT construct text,
	OUT query text,
	OUT expected text,
	OUT got text,
	OUT ok boolean
)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION admin_dashboard_check_server(text, text) IS
	'checks whether a MongoDB-compatible server evaluates what queries use, and returns the option avoid for it';

CREATE FUNCTION admin_dashboard_disconnect(server text)
RETURNS boolean
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION admin_dashboard_disconnect(text) IS
	'closes the session''s connections to a MongoDB server, and returns true if there were any';

---------------------------------------------------------------------
-- Import
---------------------------------------------------------------------

-- Return the statement that IMPORT FOREIGN SCHEMA would run for one collection, so
-- that the user can read and edit it; the function is in src/import/import.c.
CREATE FUNCTION admin_dashboard_import_sql(
	server text,
	database text,
	collection text,
	sample_size integer DEFAULT 1000,
	nested text DEFAULT 'flatten',
	max_columns integer DEFAULT 1000,
	document_column text DEFAULT NULL
)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION admin_dashboard_import_sql(text, text, text, integer, text, integer, text) IS
	'returns a CREATE FOREIGN TABLE statement for a MongoDB collection, from a sample of its documents';

---------------------------------------------------------------------
-- The dashboard
---------------------------------------------------------------------

-- Return a summary of the calls from start_date to end_date, both included, in the
-- table that admin_dashboard.calls_table names; the function is in src/dashboard.c.
-- It is PARALLEL RESTRICTED because it can use a foreign table's connection, which
-- belongs to the leader of a parallel query.
CREATE FUNCTION admin_dashboard(
	start_date timestamptz DEFAULT NULL,
	end_date timestamptz DEFAULT NULL,
	user_email text DEFAULT NULL
)
RETURNS jsonb
AS 'MODULE_PATHNAME'
LANGUAGE C STABLE PARALLEL RESTRICTED;

COMMENT ON FUNCTION admin_dashboard(timestamptz, timestamptz, text) IS
	'returns calls, minutes, average and active users from start_date to end_date, both included';

-- Return the same figures for each hour, day, week or month of the range, in a time
-- zone, also of those without calls; the function is in src/dashboard_rows.c.
CREATE FUNCTION admin_dashboard_days(
	start_date timestamptz DEFAULT NULL,
	end_date timestamptz DEFAULT NULL,
	user_email text DEFAULT NULL,
	time_zone text DEFAULT 'UTC',
	unit text DEFAULT 'day',
	OUT day timestamptz,
	OUT calls bigint,
	OUT minutes numeric,
	OUT active_users bigint
)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STABLE PARALLEL RESTRICTED;

COMMENT ON FUNCTION admin_dashboard_days(timestamptz, timestamptz, text, text, text) IS
	'returns calls, minutes and active users of each hour, day, week or month from start_date to end_date';

-- Return the figures of each user with calls in the range, and in total_rows how many
-- there are without limit and offset; the function is in src/dashboard_rows.c.
CREATE FUNCTION admin_dashboard_users(
	start_date timestamptz DEFAULT NULL,
	end_date timestamptz DEFAULT NULL,
	"limit" bigint DEFAULT NULL,
	"offset" bigint DEFAULT 0,
	order_by text DEFAULT '-calls',
	search text DEFAULT NULL,
	user_email text DEFAULT NULL,
	OUT created_by_email text,
	OUT calls bigint,
	OUT minutes numeric,
	OUT avg_minutes numeric,
	OUT first_call timestamptz,
	OUT last_call timestamptz,
	OUT total_rows bigint
)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STABLE PARALLEL RESTRICTED;

COMMENT ON FUNCTION admin_dashboard_users(timestamptz, timestamptz, bigint, bigint, text, text, text) IS
	'returns calls, minutes and times of each user from start_date to end_date, in pages';

---------------------------------------------------------------------
-- API keys
---------------------------------------------------------------------

-- Everything about API keys is in a schema of its own, on which PUBLIC has no
-- privileges.  We store only a plain hash of each key.  That is safe, because a
-- key is random and cannot be guessed.
CREATE SCHEMA admin_dashboard;
REVOKE ALL ON SCHEMA admin_dashboard FROM PUBLIC;
COMMENT ON SCHEMA admin_dashboard IS 'API keys of the REST endpoint, and functions that manage and check them';

CREATE TABLE admin_dashboard.api_key_hashes (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	label text NOT NULL CHECK (label OPERATOR(pg_catalog.<>) ''),
	key_hash bytea NOT NULL UNIQUE CHECK (pg_catalog.octet_length(key_hash) OPERATOR(pg_catalog.=) 32),
	super_admin boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	expires_at timestamptz,
	revoked_at timestamptz,
	last_used_at timestamptz
);
REVOKE ALL ON admin_dashboard.api_key_hashes FROM PUBLIC;

COMMENT ON TABLE admin_dashboard.api_key_hashes IS
	'API keys of the REST endpoint, each stored as its SHA-256 hash only';
COMMENT ON SEQUENCE admin_dashboard.api_key_hashes_id_seq IS
	'ids of API keys';
COMMENT ON COLUMN admin_dashboard.api_key_hashes.super_admin IS
	'true if the key gives access to the dashboard';
COMMENT ON COLUMN admin_dashboard.api_key_hashes.last_used_at IS
	'time of the last use, recorded at most once a minute';

SELECT pg_catalog.pg_extension_config_dump('admin_dashboard.api_key_hashes', '');
SELECT pg_catalog.pg_extension_config_dump('admin_dashboard.api_key_hashes_id_seq', '');

CREATE VIEW admin_dashboard.api_keys AS
	SELECT id, label, super_admin, created_at, expires_at, revoked_at, last_used_at
	FROM admin_dashboard.api_key_hashes;
REVOKE ALL ON admin_dashboard.api_keys FROM PUBLIC;

COMMENT ON VIEW admin_dashboard.api_keys IS
	'API keys of the REST endpoint, without their hashes';

-- Create a key and return it; this is the only time that it is shown.  label tells
-- whose key it is.  super_admin gives access to the dashboard.  If expires_at is
-- null, the key is valid until it is revoked.  Raises an error (22023) without a label,
-- if super_admin is null, and if the key would never be valid.
--
-- A random UUID has 122 bits from the server's cryptographic random number
-- generator.  Three of them have 366 bits, and their hash makes a key of 256 bits.
CREATE FUNCTION admin_dashboard.create_api_key(
	label text,
	super_admin boolean DEFAULT true,
	expires_at timestamptz DEFAULT NULL
)
RETURNS text
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	key text := 'adk_' || encode(sha256(uuid_send(gen_random_uuid())
		|| uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex');
BEGIN
	IF label IS NULL OR label = '' THEN
		RAISE EXCEPTION 'an API key needs a label' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Name who will use it: SELECT admin_dashboard.create_api_key(''reports'').';
	ELSIF super_admin IS NULL THEN
		RAISE EXCEPTION 'super_admin must be true or false' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'A key without it is valid, and gets the status 403.';
	ELSIF create_api_key.expires_at <= clock_timestamp() THEN
		RAISE EXCEPTION 'the API key would have expired already' USING ERRCODE = 'invalid_parameter_value',
			DETAIL = format('expires_at is %s.', create_api_key.expires_at),
			HINT = 'Give a time to come, such as now() + interval ''90 days'', or leave it out.';
	END IF;
	INSERT INTO admin_dashboard.api_key_hashes (label, key_hash, super_admin, expires_at)
	VALUES (create_api_key.label, sha256(convert_to(key, 'UTF8')),
			create_api_key.super_admin, create_api_key.expires_at);
	RETURN key;
END $$;

COMMENT ON FUNCTION admin_dashboard.create_api_key(text, boolean, timestamptz) IS
	'creates an API key and returns it; it cannot be shown again';

-- Revoke all keys with a label that are not revoked yet, and return their number.
CREATE FUNCTION admin_dashboard.revoke_api_key(label text)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	revoked integer;
BEGIN
	UPDATE admin_dashboard.api_key_hashes k
	SET revoked_at = now()
	WHERE k.label = revoke_api_key.label AND k.revoked_at IS NULL;
	GET DIAGNOSTICS revoked = ROW_COUNT;
	RETURN revoked;
END $$;

COMMENT ON FUNCTION admin_dashboard.revoke_api_key(text) IS
	'revokes the API keys with this label, and returns their number';

-- Check a key.  Returns true if it is valid and gives access to the dashboard,
-- false if it is valid but gives no access, and null if it is not valid.  Records
-- the use of the key at most once a minute, unless another session is doing so or
-- the transaction is read-only, as on a standby.
CREATE FUNCTION admin_dashboard.check_api_key(key text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	found_key admin_dashboard.api_key_hashes;
BEGIN
	SELECT k.* INTO found_key
	FROM admin_dashboard.api_key_hashes k
	WHERE k.key_hash = sha256(convert_to(key, 'UTF8'))
	  AND k.revoked_at IS NULL
	  AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp());
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	IF (found_key.last_used_at IS NULL OR found_key.last_used_at < now() - interval '1 minute')
		AND NOT current_setting('transaction_read_only')::boolean
	THEN
		UPDATE admin_dashboard.api_key_hashes
		SET last_used_at = now()
		WHERE id = (SELECT k.id FROM admin_dashboard.api_key_hashes k
					WHERE k.id = found_key.id FOR UPDATE SKIP LOCKED);
	END IF;
	RETURN found_key.super_admin;
END $$;

COMMENT ON FUNCTION admin_dashboard.check_api_key(text) IS
	'returns true if the API key gives access to the dashboard, null if the key is not valid';

-- rest/setup.sql creates the roles, and grants them privileges on these functions.
REVOKE ALL ON FUNCTION
	admin_dashboard.create_api_key(text, boolean, timestamptz),
	admin_dashboard.revoke_api_key(text),
	admin_dashboard.check_api_key(text)
FROM PUBLIC;

---------------------------------------------------------------------
-- Kept sums
---------------------------------------------------------------------

-- doc/kept.md explains these tables.  They are not dumped: a copy elsewhere would
-- have the token of another time.  Only C code uses them, as their owner.

-- A foreign table whose sums are kept, and the token of the change stream up to
-- which all changes are in the other tables.  lost tells why they no longer are.
-- mapping and definition are texts of src/kept/source.c, and collection is the UUID of
-- MongoDB's collection.  relation is null while the source is loaded.  If it is loaded in
-- parts, loading is that relation, and last_id the type and the bytes of the _id of the
-- last document so far.
CREATE TABLE admin_dashboard.kept_source (
	id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	relation oid UNIQUE,
	mapping text NOT NULL,
	definition text NOT NULL,
	collection bytea NOT NULL,
	token bytea NOT NULL,
	kept_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	refreshed_at timestamptz NOT NULL,
	lost text,
	loading oid UNIQUE,
	last_id bytea,
	documents bigint NOT NULL DEFAULT 0
);
REVOKE ALL ON admin_dashboard.kept_source FROM PUBLIC;
COMMENT ON SEQUENCE admin_dashboard.kept_source_id_seq IS 'numbers of the rows of kept_source';
COMMENT ON TABLE admin_dashboard.kept_source IS
	'foreign tables whose sums are kept for admin_dashboard()';

-- The users of a source have the numbers 1, 2, 3 and so on; 0 stands for none.
CREATE TABLE admin_dashboard.kept_user (
	source integer NOT NULL,
	id integer NOT NULL,
	email text COLLATE pg_catalog."C" NOT NULL,
	PRIMARY KEY (source, id),
	UNIQUE (source, email)
);
REVOKE ALL ON admin_dashboard.kept_user FROM PUBLIC;
COMMENT ON TABLE admin_dashboard.kept_user IS 'users of kept sums, by number';

-- One row for each call.  id stands for the document's _id.  A call is unusual if
-- sums cannot hold it; a range that contains one is left to MongoDB.
CREATE TABLE admin_dashboard.kept_call (
	created_at timestamptz NOT NULL,
	minutes double precision,
	source integer NOT NULL,
	user_id integer NOT NULL,
	unusual boolean NOT NULL,
	id bytea NOT NULL,
	PRIMARY KEY (source, id)
) WITH (fillfactor = 90);
CREATE INDEX kept_call_created_at_idx ON admin_dashboard.kept_call (source, created_at, user_id);
REVOKE ALL ON admin_dashboard.kept_call FROM PUBLIC;
COMMENT ON TABLE admin_dashboard.kept_call IS 'calls of kept sums';

-- The sums of each hour, day and month in UTC; unit is h, d or m.  negative is the
-- sum of the minutes that are less than 0, and users the set of users.
CREATE TABLE admin_dashboard.kept_sum (
	source integer NOT NULL,
	unit text NOT NULL,
	start timestamptz NOT NULL,
	calls bigint NOT NULL,
	unusual bigint NOT NULL,
	minutes numeric NOT NULL,
	negative numeric NOT NULL,
	users bytea,
	PRIMARY KEY (source, unit, start)
) WITH (fillfactor = 50);
REVOKE ALL ON admin_dashboard.kept_sum FROM PUBLIC;
COMMENT ON TABLE admin_dashboard.kept_sum IS 'sums of calls by hour, day and month';

-- The sums of each user and day or month.
CREATE TABLE admin_dashboard.kept_user_sum (
	source integer NOT NULL,
	user_id integer NOT NULL,
	unit text NOT NULL,
	start timestamptz NOT NULL,
	calls bigint NOT NULL,
	unusual bigint NOT NULL,
	minutes numeric NOT NULL,
	negative numeric NOT NULL,
	PRIMARY KEY (source, user_id, unit, start)
) WITH (fillfactor = 80);
REVOKE ALL ON admin_dashboard.kept_user_sum FROM PUBLIC;
COMMENT ON TABLE admin_dashboard.kept_user_sum IS 'sums of calls by user, and by day and month';

-- The exact sum of doubles, of which each is a multiple of 2^-72 below 2^24; the
-- functions are in src/kept/exact.c.
CREATE FUNCTION admin_dashboard.kept_exact_add(internal, double precision)
RETURNS internal
AS 'MODULE_PATHNAME', 'admin_dashboard_exact_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION admin_dashboard.kept_exact_result(internal)
RETURNS numeric
AS 'MODULE_PATHNAME', 'admin_dashboard_exact_result'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE admin_dashboard.kept_exact_sum(double precision) (
	SFUNC = admin_dashboard.kept_exact_add,
	STYPE = internal,
	FINALFUNC = admin_dashboard.kept_exact_result
);

-- Sets of users: change one, and unite several.
CREATE FUNCTION admin_dashboard.kept_users_change(users bytea, added integer[], removed integer[])
RETURNS bytea
AS 'MODULE_PATHNAME', 'admin_dashboard_users_change'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION admin_dashboard.kept_users_add(internal, bytea)
RETURNS internal
AS 'MODULE_PATHNAME', 'admin_dashboard_users_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION admin_dashboard.kept_users_result(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'admin_dashboard_users_result'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE admin_dashboard.kept_users_union(bytea) (
	SFUNC = admin_dashboard.kept_users_add,
	STYPE = internal,
	FINALFUNC = admin_dashboard.kept_users_result
);

-- Give numbers to users that have none yet.
CREATE FUNCTION admin_dashboard.kept_number_users(p_source integer, p_emails text[])
RETURNS void
LANGUAGE sql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
	INSERT INTO admin_dashboard.kept_user (source, id, email)
	SELECT p_source,
		(SELECT coalesce(max(u.id), 0) FROM admin_dashboard.kept_user u WHERE u.source = p_source)
			+ row_number() OVER (), e.email
	FROM (SELECT DISTINCT email FROM unnest(p_emails) AS e (email) WHERE email IS NOT NULL) e
	WHERE NOT EXISTS (SELECT FROM admin_dashboard.kept_user u
					  WHERE u.source = p_source AND u.email = e.email COLLATE "C");
$$;

-- Add calls of a first load to the ledger.  The same document can come twice.
CREATE FUNCTION admin_dashboard.kept_load(
	p_source integer,
	p_ids bytea[],
	p_emails text[],
	p_created_at timestamptz[],
	p_minutes double precision[],
	p_unusual boolean[]
)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM admin_dashboard.kept_number_users(p_source, p_emails);
	INSERT INTO admin_dashboard.kept_call (source, id, created_at, user_id, minutes, unusual)
	SELECT p_source, c.id, c.created_at, coalesce(u.id, 0), c.minutes, c.unusual
	FROM unnest(p_ids, p_emails, p_created_at, p_minutes, p_unusual)
			AS c (id, email, created_at, minutes, unusual)
		LEFT JOIN admin_dashboard.kept_user u ON u.source = p_source AND u.email = c.email COLLATE "C"
	WHERE c.created_at IS NOT NULL
	ON CONFLICT DO NOTHING;
END $$;

-- Make all sums of a source from its ledger.
CREATE FUNCTION admin_dashboard.kept_sum_up(p_source integer)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	INSERT INTO admin_dashboard.kept_user_sum (source, user_id, unit, start, calls, unusual, minutes, negative)
	SELECT p_source, c.user_id, 'd', date_trunc('day', c.created_at, 'UTC'), count(*),
		count(*) FILTER (WHERE c.unusual), admin_dashboard.kept_exact_sum(c.minutes),
		admin_dashboard.kept_exact_sum(c.minutes) FILTER (WHERE c.minutes < 0)
	FROM admin_dashboard.kept_call c
	WHERE c.source = p_source AND c.user_id > 0
	GROUP BY 2, 4;

	INSERT INTO admin_dashboard.kept_user_sum (source, user_id, unit, start, calls, unusual, minutes, negative)
	SELECT p_source, s.user_id, 'm', date_trunc('month', s.start, 'UTC'), sum(s.calls), sum(s.unusual),
		sum(s.minutes), sum(s.negative)
	FROM admin_dashboard.kept_user_sum s
	WHERE s.source = p_source AND s.unit = 'd'
	GROUP BY 2, 4;

	INSERT INTO admin_dashboard.kept_sum (source, unit, start, calls, unusual, minutes, negative, users)
	SELECT p_source, 'h', date_trunc('hour', c.created_at, 'UTC'), count(*),
		count(*) FILTER (WHERE c.unusual), admin_dashboard.kept_exact_sum(c.minutes),
		admin_dashboard.kept_exact_sum(c.minutes) FILTER (WHERE c.minutes < 0),
		admin_dashboard.kept_users_change(NULL, array_agg(DISTINCT c.user_id), NULL)
	FROM admin_dashboard.kept_call c
	WHERE c.source = p_source
	GROUP BY 3;

	INSERT INTO admin_dashboard.kept_sum (source, unit, start, calls, unusual, minutes, negative, users)
	SELECT p_source, s.unit, s.start, s.calls, s.unusual, s.minutes, s.negative, v.users
	FROM (SELECT u.unit, u.start, sum(h.calls) AS calls, sum(h.unusual) AS unusual,
			  sum(h.minutes) AS minutes, sum(h.negative) AS negative
		  FROM admin_dashboard.kept_sum h
			  CROSS JOIN LATERAL (VALUES ('d', date_trunc('day', h.start, 'UTC')),
								  ('m', date_trunc('month', h.start, 'UTC'))) AS u (unit, start)
		  WHERE h.source = p_source AND h.unit = 'h'
		  GROUP BY u.unit, u.start) s
		LEFT JOIN (SELECT w.unit, w.start, admin_dashboard.kept_users_change(NULL, array_agg(w.user_id), NULL) AS users
				   FROM admin_dashboard.kept_user_sum w
				   WHERE w.source = p_source
				   GROUP BY w.unit, w.start) v ON v.unit = s.unit AND v.start = s.start;
END $$;

-- The functions that follow read a few rows of the ledger by ranges that the planner does
-- not know, so that it expects a ninth of all.  It would compile their queries, which takes
-- a hundred times as long as they do, or might choose a plan for many rows.

-- Change ledger and sums for documents that have changed: each has its new state,
-- or a created_at that is null if it is gone.  The ledger has the old state.
CREATE FUNCTION admin_dashboard.kept_apply(
	p_source integer,
	p_ids bytea[],
	p_emails text[],
	p_created_at timestamptz[],
	p_minutes double precision[],
	p_unusual boolean[]
)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
	-- hours in which users may have appeared or disappeared, and whether they have
	-- a new call there
	hours timestamptz[];
	users integer[];
	added boolean[];
BEGIN
	PERFORM admin_dashboard.kept_number_users(p_source, p_emails);
	WITH new_state AS MATERIALIZED (
		SELECT c.id, c.created_at, coalesce(u.id, 0) AS user_id, c.minutes, c.unusual
		FROM unnest(p_ids, p_emails, p_created_at, p_minutes, p_unusual)
				AS c (id, email, created_at, minutes, unusual)
			LEFT JOIN admin_dashboard.kept_user u ON u.source = p_source AND u.email = c.email COLLATE "C"
	), old_state AS MATERIALIZED (
		SELECT c.id, c.created_at, c.user_id, c.minutes, c.unusual
		FROM new_state n JOIN admin_dashboard.kept_call c ON c.source = p_source AND c.id = n.id
	), deleted AS (
		DELETE FROM admin_dashboard.kept_call c
		USING new_state n
		WHERE n.created_at IS NULL AND c.source = p_source AND c.id = n.id
	), stored AS (
		INSERT INTO admin_dashboard.kept_call AS c (source, id, created_at, user_id, minutes, unusual)
		SELECT p_source, n.id, n.created_at, n.user_id, n.minutes, n.unusual
		FROM new_state n
		WHERE n.created_at IS NOT NULL
		ON CONFLICT (source, id) DO UPDATE
		SET created_at = excluded.created_at, user_id = excluded.user_id,
			minutes = excluded.minutes, unusual = excluded.unusual
		WHERE (c.created_at, c.user_id, c.minutes, c.unusual) IS DISTINCT FROM
			(excluded.created_at, excluded.user_id, excluded.minutes, excluded.unusual)
	), delta AS MATERIALIZED (
		SELECT date_trunc('hour', s.created_at, 'UTC') AS start, s.user_id, sum(s.sign) AS calls,
			coalesce(sum(s.sign) FILTER (WHERE s.unusual), 0) AS unusual,
			admin_dashboard.kept_exact_sum(s.sign * s.minutes) AS minutes,
			admin_dashboard.kept_exact_sum(s.sign * s.minutes) FILTER (WHERE s.minutes < 0) AS negative,
			bool_or(s.sign > 0) AS added
		FROM (SELECT n.created_at, n.user_id, n.minutes, n.unusual, 1 AS sign
			  FROM new_state n WHERE n.created_at IS NOT NULL
			  UNION ALL
			  SELECT o.created_at, o.user_id, o.minutes, o.unusual, -1 FROM old_state o) s
		GROUP BY 1, 2
	), sums AS (
		INSERT INTO admin_dashboard.kept_sum AS s (source, unit, start, calls, unusual, minutes, negative)
		SELECT p_source, u.unit, u.start, sum(d.calls), sum(d.unusual), sum(d.minutes), sum(d.negative)
		FROM delta d
			CROSS JOIN LATERAL (VALUES ('h', d.start), ('d', date_trunc('day', d.start, 'UTC')),
								('m', date_trunc('month', d.start, 'UTC'))) AS u (unit, start)
		GROUP BY u.unit, u.start
		ON CONFLICT (source, unit, start) DO UPDATE
		SET calls = s.calls + excluded.calls, unusual = s.unusual + excluded.unusual,
			minutes = s.minutes + excluded.minutes, negative = s.negative + excluded.negative
	), user_sums AS (
		INSERT INTO admin_dashboard.kept_user_sum AS s
			(source, user_id, unit, start, calls, unusual, minutes, negative)
		SELECT p_source, d.user_id, u.unit, u.start, sum(d.calls), sum(d.unusual), sum(d.minutes), sum(d.negative)
		FROM delta d
			CROSS JOIN LATERAL (VALUES ('d', date_trunc('day', d.start, 'UTC')),
								('m', date_trunc('month', d.start, 'UTC'))) AS u (unit, start)
		WHERE d.user_id > 0
		GROUP BY d.user_id, u.unit, u.start
		ON CONFLICT (source, user_id, unit, start) DO UPDATE
		SET calls = s.calls + excluded.calls, unusual = s.unusual + excluded.unusual,
			minutes = s.minutes + excluded.minutes, negative = s.negative + excluded.negative
	)
	SELECT array_agg(d.start), array_agg(d.user_id), array_agg(d.added)
	INTO hours, users, added
	FROM delta d
	WHERE d.user_id > 0 AND d.calls <> 0;

	UPDATE admin_dashboard.kept_sum s
	SET users = admin_dashboard.kept_users_change(s.users, n.added, n.removed)
	FROM (SELECT p.unit, p.start, array_agg(p.user_id) FILTER (WHERE p.present) AS added,
			array_agg(p.user_id) FILTER (WHERE NOT p.present) AS removed
		  FROM (SELECT u.unit, u.start, t.user_id,
					bool_or(t.added) OR CASE u.unit
						WHEN 'h' THEN EXISTS (
							SELECT FROM admin_dashboard.kept_call c
							WHERE c.source = p_source AND c.created_at >= u.start
							  AND c.created_at < u.start + interval '1 hour' AND c.user_id = t.user_id)
						ELSE EXISTS (
							SELECT FROM admin_dashboard.kept_user_sum v
							WHERE v.source = p_source AND v.user_id = t.user_id AND v.unit = u.unit
							  AND v.start = u.start AND v.calls > 0) END AS present
				FROM unnest(hours, users, added) AS t (start, user_id, added)
					CROSS JOIN LATERAL (VALUES ('h', t.start), ('d', date_trunc('day', t.start, 'UTC')),
										('m', date_trunc('month', t.start, 'UTC'))) AS u (unit, start)
				GROUP BY u.unit, u.start, t.user_id) p
		  GROUP BY p.unit, p.start) n
	WHERE s.source = p_source AND s.unit = n.unit AND s.start = n.start;
END $$;

-- The totals of ranges, each with its unit, its start and its end, which it does not
-- include.  Unit c means single calls.  users is the set of users.
CREATE FUNCTION admin_dashboard.kept_totals(
	p_source integer,
	p_units text[],
	p_starts timestamptz[],
	p_ends timestamptz[],
	OUT calls bigint,
	OUT unusual bigint,
	OUT minutes numeric,
	OUT negative numeric,
	OUT users bytea
)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET jit = off
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
BEGIN
	SELECT coalesce(sum(t.calls), 0), coalesce(sum(t.unusual), 0), coalesce(sum(t.minutes), 0),
		coalesce(sum(t.negative), 0), admin_dashboard.kept_users_union(t.users)
	INTO calls, unusual, minutes, negative, users
	FROM (SELECT s.calls, s.unusual, s.minutes, s.negative, s.users
		  FROM unnest(p_units, p_starts, p_ends) AS r (unit, first, last)
			  JOIN admin_dashboard.kept_sum s ON s.source = p_source AND s.unit = r.unit
				  AND s.start >= r.first AND s.start < r.last
		  WHERE r.unit <> 'c'
		  UNION ALL
		  SELECT count(*), count(*) FILTER (WHERE c.unusual), admin_dashboard.kept_exact_sum(c.minutes),
			  admin_dashboard.kept_exact_sum(c.minutes) FILTER (WHERE c.minutes < 0),
			  admin_dashboard.kept_users_change(NULL, array_agg(DISTINCT c.user_id), NULL)
		  FROM unnest(p_units, p_starts, p_ends) AS r (unit, first, last)
			  JOIN admin_dashboard.kept_call c ON c.source = p_source
				  AND c.created_at >= r.first AND c.created_at < r.last
		  WHERE r.unit = 'c') t;
END $$;

-- The same of one user.  There are no hours.
CREATE FUNCTION admin_dashboard.kept_user_totals(
	p_source integer,
	p_units text[],
	p_starts timestamptz[],
	p_ends timestamptz[],
	p_email text,
	OUT calls bigint,
	OUT unusual bigint,
	OUT minutes numeric,
	OUT negative numeric
)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET jit = off
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
	number integer := (SELECT u.id FROM admin_dashboard.kept_user u
					   WHERE u.source = p_source AND u.email = p_email COLLATE "C");
BEGIN
	SELECT coalesce(sum(t.calls), 0), coalesce(sum(t.unusual), 0), coalesce(sum(t.minutes), 0),
		coalesce(sum(t.negative), 0)
	INTO calls, unusual, minutes, negative
	FROM (SELECT s.calls, s.unusual, s.minutes, s.negative
		  FROM unnest(p_units, p_starts, p_ends) AS r (unit, first, last)
			  JOIN admin_dashboard.kept_user_sum s ON s.source = p_source AND s.user_id = number
				  AND s.unit = r.unit AND s.start >= r.first AND s.start < r.last
		  WHERE r.unit <> 'c'
		  UNION ALL
		  SELECT count(*), count(*) FILTER (WHERE c.unusual), admin_dashboard.kept_exact_sum(c.minutes),
			  admin_dashboard.kept_exact_sum(c.minutes) FILTER (WHERE c.minutes < 0)
		  FROM unnest(p_units, p_starts, p_ends) AS r (unit, first, last)
			  JOIN admin_dashboard.kept_call c ON c.source = p_source
				  AND c.created_at >= r.first AND c.created_at < r.last AND c.user_id = number
		  WHERE r.unit = 'c') t;
END $$;

-- The totals of a range as they will be when documents that have changed are stored;
-- these are as for kept_apply().  The range and its user, or null, are given once more,
-- and for the calls of single users the parts without hours.
CREATE FUNCTION admin_dashboard.kept_changed_totals(
	p_source integer,
	p_first timestamptz,
	p_last timestamptz,
	p_email text,
	p_units text[],
	p_starts timestamptz[],
	p_ends timestamptz[],
	p_user_units text[],
	p_user_starts timestamptz[],
	p_user_ends timestamptz[],
	p_ids bytea[],
	p_emails text[],
	p_created_at timestamptz[],
	p_minutes double precision[],
	p_unusual boolean[],
	OUT calls bigint,
	OUT unusual bigint,
	OUT minutes numeric,
	OUT negative numeric,
	OUT users bigint
)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET jit = off
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
	number integer := (SELECT u.id FROM admin_dashboard.kept_user u
					   WHERE u.source = p_source AND u.email = p_email COLLATE "C");
	stored record;
	stored_users bytea := '';
	-- users who have a call less in the range and none more, and how many less
	losers integer[];
	losses bigint[];
BEGIN
	IF p_email IS NULL THEN
		SELECT t.calls, t.unusual, t.minutes, t.negative, t.users INTO stored
		FROM admin_dashboard.kept_totals(p_source, p_units, p_starts, p_ends) t;
		stored_users := stored.users;
	ELSE
		SELECT t.calls, t.unusual, t.minutes, t.negative INTO stored
		FROM admin_dashboard.kept_user_totals(p_source, p_units, p_starts, p_ends, p_email) t;
	END IF;

	WITH changed AS MATERIALIZED (
		SELECT c.user_id, NULL AS stranger, c.minutes, c.unusual, -1 AS sign
		FROM unnest(p_ids) AS n (id)
			JOIN admin_dashboard.kept_call c ON c.source = p_source AND c.id = n.id
		WHERE c.created_at >= p_first AND c.created_at < p_last AND (p_email IS NULL OR c.user_id = number)
		UNION ALL
		SELECT coalesce(u.id, 0), CASE WHEN u.id IS NULL THEN n.email END, n.minutes, n.unusual, 1
		FROM unnest(p_emails, p_created_at, p_minutes, p_unusual) AS n (email, created_at, minutes, unusual)
			LEFT JOIN admin_dashboard.kept_user u ON u.source = p_source AND u.email = n.email COLLATE "C"
		WHERE n.created_at >= p_first AND n.created_at < p_last AND (p_email IS NULL OR n.email = p_email COLLATE "C")
	)
	SELECT stored.calls + coalesce(sum(c.sign), 0), stored.unusual + coalesce(sum(c.sign) FILTER (WHERE c.unusual), 0),
		stored.minutes + admin_dashboard.kept_exact_sum(c.sign * c.minutes),
		stored.negative + admin_dashboard.kept_exact_sum(c.sign * c.minutes) FILTER (WHERE c.minutes < 0),
		bit_count(stored_users) + count(DISTINCT c.stranger COLLATE "C") + count(DISTINCT c.user_id)
			FILTER (WHERE c.sign > 0 AND c.user_id > 0 AND
				CASE WHEN c.user_id < 8 * length(stored_users) THEN get_bit(stored_users, c.user_id) = 0 ELSE true END),
		(SELECT array_agg(l.user_id) FROM (SELECT d.user_id FROM changed d WHERE d.user_id > 0
			GROUP BY 1 HAVING max(d.sign) < 0 ORDER BY 1) l),
		(SELECT array_agg(l.losses) FROM (SELECT count(*) AS losses FROM changed d WHERE d.user_id > 0
			GROUP BY d.user_id HAVING max(d.sign) < 0 ORDER BY d.user_id) l)
	INTO calls, unusual, minutes, negative, users, losers, losses
	FROM changed c;

	IF p_email IS NOT NULL THEN
		users := (calls > 0)::integer;
	ELSIF losers IS NOT NULL THEN
		users := users - (
			WITH single AS MATERIALIZED (
				SELECT c.user_id, count(*) AS calls
				FROM unnest(p_user_units, p_user_starts, p_user_ends) AS r (unit, first, last)
					JOIN admin_dashboard.kept_call c ON c.source = p_source
						AND c.created_at >= r.first AND c.created_at < r.last
				WHERE r.unit = 'c' AND c.user_id = ANY (losers)
				GROUP BY c.user_id
			)
			SELECT count(*)
			FROM unnest(losers, losses) AS l (user_id, losses)
			WHERE l.losses =
				coalesce((SELECT s.calls FROM single s WHERE s.user_id = l.user_id), 0) +
				coalesce((SELECT sum(s.calls)
						  FROM unnest(p_user_units, p_user_starts, p_user_ends) AS r (unit, first, last)
							  JOIN admin_dashboard.kept_user_sum s ON s.source = p_source AND s.user_id = l.user_id
								  AND s.unit = r.unit AND s.start >= r.first AND s.start < r.last
						  WHERE r.unit <> 'c'), 0));
	END IF;
END $$;

-- The totals of each hour, day, week or month of ranges as for kept_totals(), or, if
-- the address is not null, as for kept_user_totals().
CREATE FUNCTION admin_dashboard.kept_days(
	p_source integer,
	p_email text,
	p_unit text,
	p_units text[],
	p_starts timestamptz[],
	p_ends timestamptz[],
	OUT day timestamptz,
	OUT calls bigint,
	OUT unusual bigint,
	OUT minutes numeric,
	OUT negative numeric,
	OUT users bigint
)
RETURNS SETOF record
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET jit = off
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
	number integer := (SELECT u.id FROM admin_dashboard.kept_user u
					   WHERE u.source = p_source AND u.email = p_email COLLATE "C");
BEGIN
	RETURN QUERY
	SELECT date_trunc(p_unit, t.start, 'UTC'), sum(t.calls)::bigint, sum(t.unusual)::bigint, sum(t.minutes), sum(t.negative),
		CASE WHEN p_email IS NULL THEN bit_count(admin_dashboard.kept_users_union(t.users)) ELSE 1 END
	FROM (SELECT s.start, s.calls, s.unusual, s.minutes, s.negative, s.users
		  FROM unnest(p_units, p_starts, p_ends) AS r (unit, first, last)
			  JOIN admin_dashboard.kept_sum s ON s.source = p_source AND s.unit = r.unit
				  AND s.start >= r.first AND s.start < r.last
		  WHERE r.unit <> 'c' AND p_email IS NULL
		  UNION ALL
		  SELECT s.start, s.calls, s.unusual, s.minutes, s.negative, NULL
		  FROM unnest(p_units, p_starts, p_ends) AS r (unit, first, last)
			  JOIN admin_dashboard.kept_user_sum s ON s.source = p_source AND s.user_id = number
				  AND s.unit = r.unit AND s.start >= r.first AND s.start < r.last
		  WHERE r.unit <> 'c'
		  UNION ALL
		  SELECT date_trunc('hour', c.created_at, 'UTC'), count(*), count(*) FILTER (WHERE c.unusual),
			  admin_dashboard.kept_exact_sum(c.minutes), admin_dashboard.kept_exact_sum(c.minutes) FILTER (WHERE c.minutes < 0),
			  admin_dashboard.kept_users_change(NULL, array_agg(DISTINCT c.user_id), NULL)
		  FROM unnest(p_units, p_starts, p_ends) AS r (unit, first, last)
			  JOIN admin_dashboard.kept_call c ON c.source = p_source
				  AND c.created_at >= r.first AND c.created_at < r.last
		  WHERE r.unit = 'c' AND (p_email IS NULL OR c.user_id = number)
		  GROUP BY 1) t
	GROUP BY 1
	HAVING sum(t.calls) > 0
	ORDER BY 1;
END $$;

-- The months of a source that have calls, each with the start of the next one, and
-- whether the ledger, the sums and those of users agree.
CREATE FUNCTION admin_dashboard.kept_months(
	p_source integer,
	OUT start timestamptz,
	OUT next timestamptz,
	OUT agrees boolean
)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $$
	WITH totals AS (
		SELECT s.unit AS level, date_trunc('month', s.start) AS start, 0 AS user_id, sum(s.calls) AS calls,
			sum(s.unusual) AS unusual, sum(s.minutes) AS minutes, sum(s.negative) AS negative,
			admin_dashboard.kept_users_union(s.users) AS users
		FROM admin_dashboard.kept_sum s
		WHERE s.source = p_source
		GROUP BY 1, 2
		UNION ALL
		SELECT 'c', date_trunc('month', c.created_at), 0, count(*), count(*) FILTER (WHERE c.unusual),
			admin_dashboard.kept_exact_sum(c.minutes),
			admin_dashboard.kept_exact_sum(c.minutes) FILTER (WHERE c.minutes < 0),
			admin_dashboard.kept_users_change(NULL, array_agg(DISTINCT c.user_id), NULL)
		FROM admin_dashboard.kept_call c
		WHERE c.source = p_source
		GROUP BY 2
		UNION ALL
		SELECT s.unit, date_trunc('month', s.start), s.user_id, sum(s.calls), sum(s.unusual), sum(s.minutes),
			sum(s.negative), NULL
		FROM admin_dashboard.kept_user_sum s
		WHERE s.source = p_source
		GROUP BY 1, 2, 3
		UNION ALL
		SELECT 'c', date_trunc('month', c.created_at), c.user_id, count(*), count(*) FILTER (WHERE c.unusual),
			admin_dashboard.kept_exact_sum(c.minutes),
			admin_dashboard.kept_exact_sum(c.minutes) FILTER (WHERE c.minutes < 0), NULL
		FROM admin_dashboard.kept_call c
		WHERE c.source = p_source AND c.user_id > 0
		GROUP BY 2, 3
	), compared AS (
		-- all together have four levels, and a user has no hours
		SELECT t.start, count(*) = CASE t.user_id WHEN 0 THEN 4 ELSE 3 END
			AND count(DISTINCT (t.calls, t.unusual, t.minutes, t.negative)) = 1
			-- a set that has as many users as all sets together is one of all of them
			AND (t.user_id > 0 OR min(bit_count(t.users)) = bit_count(admin_dashboard.kept_users_union(t.users)))
			AS agrees
		FROM totals t
		WHERE (t.calls, t.unusual, t.minutes, t.negative) IS DISTINCT FROM (0, 0, 0, 0)
		GROUP BY t.start, t.user_id
	)
	SELECT c.start, c.start + interval '1 month', bool_and(c.agrees)
	FROM compared c
	GROUP BY c.start
	ORDER BY c.start;
$$;

-- Delete what is kept of a relation, and what was loaded of it, or only that.  Return
-- whether there was any.  The caller has locked loads, see src/kept/source.c.
CREATE FUNCTION admin_dashboard.kept_delete(p_relation oid, p_loads_only boolean)
RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	gone integer[];
	found_one boolean;
BEGIN
	-- sources whose foreign table was dropped go, too, unless somebody has locked them
	WITH dropped AS (
		SELECT s.id
		FROM admin_dashboard.kept_source s
		WHERE coalesce(s.relation, s.loading) IS NOT NULL
		  AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = coalesce(s.relation, s.loading))
		FOR UPDATE SKIP LOCKED
	), deleted AS (
		DELETE FROM admin_dashboard.kept_source s
		WHERE s.loading = p_relation
		   OR s.relation = p_relation AND NOT p_loads_only
		   OR s.id IN (SELECT d.id FROM dropped d)
		RETURNING s.id, coalesce(s.relation, s.loading) AS relation
	)
	SELECT array_agg(d.id), coalesce(bool_or(d.relation = p_relation), false) INTO gone, found_one
	FROM deleted d;
	IF gone IS NULL THEN
		RETURN false;
	END IF;
	-- (TRUNCATE would show empty tables to those who still see the source)
	DELETE FROM admin_dashboard.kept_user WHERE source = ANY (gone);
	DELETE FROM admin_dashboard.kept_call WHERE source = ANY (gone);
	DELETE FROM admin_dashboard.kept_sum WHERE source = ANY (gone);
	DELETE FROM admin_dashboard.kept_user_sum WHERE source = ANY (gone);
	RETURN found_one;
END $$;

-- List the sources, for admin_dashboard_kept().
CREATE FUNCTION admin_dashboard.kept_list(
	OUT relation regclass,
	OUT calls bigint,
	OUT users bigint,
	OUT kept_at timestamptz,
	OUT refreshed_at timestamptz,
	OUT lost text
)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(s.relation, s.loading)::regclass,
		coalesce((SELECT sum(m.calls) FROM admin_dashboard.kept_sum m
				  WHERE m.source = s.id AND m.unit = 'm'), 0)::bigint,
		(SELECT bit_count(admin_dashboard.kept_users_union(m.users)) FROM admin_dashboard.kept_sum m
		 WHERE m.source = s.id AND m.unit = 'm'),
		s.kept_at, s.refreshed_at,
		CASE WHEN s.loading IS NULL THEN s.lost
			 ELSE format('Its load is not complete: it has read %s documents.', s.documents) END
	FROM admin_dashboard.kept_source s
	ORDER BY s.id;
$$;

COMMENT ON FUNCTION admin_dashboard.kept_exact_add(internal, double precision) IS
	'transition function of kept_exact_sum()';
COMMENT ON FUNCTION admin_dashboard.kept_exact_result(internal) IS
	'final function of kept_exact_sum()';
COMMENT ON AGGREGATE admin_dashboard.kept_exact_sum(double precision) IS
	'exact sum of doubles, 0 for none';
COMMENT ON FUNCTION admin_dashboard.kept_users_change(bytea, integer[], integer[]) IS
	'adds users to a set and removes users from it';
COMMENT ON FUNCTION admin_dashboard.kept_users_add(internal, bytea) IS
	'transition function of kept_users_union()';
COMMENT ON FUNCTION admin_dashboard.kept_users_result(internal) IS
	'final function of kept_users_union()';
COMMENT ON AGGREGATE admin_dashboard.kept_users_union(bytea) IS
	'union of sets of users';
COMMENT ON FUNCTION admin_dashboard.kept_number_users(integer, text[]) IS
	'gives numbers to users that have none';
COMMENT ON FUNCTION admin_dashboard.kept_load(integer, bytea[], text[], timestamptz[], double precision[], boolean[]) IS
	'adds calls of a load to the ledger of kept sums';
COMMENT ON FUNCTION admin_dashboard.kept_sum_up(integer) IS
	'makes the sums of a source from its ledger';
COMMENT ON FUNCTION admin_dashboard.kept_apply(integer, bytea[], text[], timestamptz[], double precision[], boolean[]) IS
	'changes ledger and sums for documents that have changed';
COMMENT ON FUNCTION admin_dashboard.kept_totals(integer, text[], timestamptz[], timestamptz[]) IS
	'returns the totals of ranges from kept sums';
COMMENT ON FUNCTION admin_dashboard.kept_user_totals(integer, text[], timestamptz[], timestamptz[], text) IS
	'returns the totals of ranges of one user from kept sums';
COMMENT ON FUNCTION admin_dashboard.kept_changed_totals(integer, timestamptz, timestamptz, text, text[], timestamptz[], timestamptz[], text[], timestamptz[], timestamptz[], bytea[], text[], timestamptz[], double precision[], boolean[]) IS
	'returns the totals of a range from kept sums and documents that have changed';
COMMENT ON FUNCTION admin_dashboard.kept_days(integer, text, text, text[], timestamptz[], timestamptz[]) IS
	'returns the totals of each hour, day, week or month from kept sums';
COMMENT ON FUNCTION admin_dashboard.kept_months(integer) IS
	'compares the ledger with the sums, for admin_dashboard_keep_check()';
COMMENT ON FUNCTION admin_dashboard.kept_delete(oid, boolean) IS
	'deletes what is kept of a foreign table';
COMMENT ON FUNCTION admin_dashboard.kept_list() IS
	'lists the sources, for admin_dashboard_kept()';

REVOKE ALL ON FUNCTION
	admin_dashboard.kept_list(),
	admin_dashboard.kept_number_users(integer, text[]),
	admin_dashboard.kept_load(integer, bytea[], text[], timestamptz[], double precision[], boolean[]),
	admin_dashboard.kept_sum_up(integer),
	admin_dashboard.kept_apply(integer, bytea[], text[], timestamptz[], double precision[], boolean[]),
	admin_dashboard.kept_totals(integer, text[], timestamptz[], timestamptz[]),
	admin_dashboard.kept_user_totals(integer, text[], timestamptz[], timestamptz[], text),
	admin_dashboard.kept_changed_totals(integer, timestamptz, timestamptz, text, text[], timestamptz[], timestamptz[], text[], timestamptz[], timestamptz[], bytea[], text[], timestamptz[], double precision[], boolean[]),
	admin_dashboard.kept_days(integer, text, text, text[], timestamptz[], timestamptz[]),
	admin_dashboard.kept_months(integer),
	admin_dashboard.kept_delete(oid, boolean)
FROM PUBLIC;

-- Keep the sums of a foreign table, and return the number of its calls.  MongoDB is
-- read as the user mapping of the role says, by default the caller's.
CREATE FUNCTION admin_dashboard_keep(relation regclass, role regrole DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION admin_dashboard_keep(regclass, regrole) FROM PUBLIC;

COMMENT ON FUNCTION admin_dashboard_keep(regclass, regrole) IS
	'keeps sums of a foreign table''s calls, from which admin_dashboard() answers';

-- The same, but commit after so many documents, and go on with a load that was ended.
CREATE PROCEDURE admin_dashboard_load(relation regclass, role regrole DEFAULT NULL, part_size integer DEFAULT 100000)
AS 'MODULE_PATHNAME'
LANGUAGE C;
REVOKE ALL ON PROCEDURE admin_dashboard_load(regclass, regrole, integer) FROM PUBLIC;

COMMENT ON PROCEDURE admin_dashboard_load(regclass, regrole, integer) IS
	'keeps sums as admin_dashboard_keep() does, in parts that are committed';

-- End that, and return whether there was something to end.
CREATE FUNCTION admin_dashboard_forget(relation regclass)
RETURNS boolean
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION admin_dashboard_forget(regclass) FROM PUBLIC;

COMMENT ON FUNCTION admin_dashboard_forget(regclass) IS
	'deletes what admin_dashboard_keep() has made';

-- Add what has changed in MongoDB since the last time to the sums, and return the
-- number of documents that changed.
CREATE FUNCTION admin_dashboard_refresh(relation regclass)
RETURNS bigint
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION admin_dashboard_refresh(regclass) IS
	'adds the changes in MongoDB to the kept sums of a foreign table';

-- List the foreign tables whose sums are kept, of those that the caller may read.
CREATE FUNCTION admin_dashboard_kept(
	OUT relation regclass,
	OUT calls bigint,
	OUT users bigint,
	OUT kept_at timestamptz,
	OUT refreshed_at timestamptz,
	OUT lost text
)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C STABLE PARALLEL RESTRICTED;

COMMENT ON FUNCTION admin_dashboard_kept() IS
	'lists the foreign tables whose sums are kept for admin_dashboard()';

-- Compare the dashboard from kept sums with the live one, month by month; the
-- function is in src/keep_check.c.
CREATE FUNCTION admin_dashboard_keep_check(
	relation regclass,
	OUT start_date timestamptz,
	OUT end_date timestamptz,
	OUT kept jsonb,
	OUT live jsonb,
	OUT ok boolean
)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION admin_dashboard_keep_check(regclass) IS
	'compares kept sums of a foreign table with MongoDB';
