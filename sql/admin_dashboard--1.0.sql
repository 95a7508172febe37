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
-- null, the key is valid until it is revoked.  Raises an error without a label.
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
