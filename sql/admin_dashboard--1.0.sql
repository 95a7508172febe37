/* admin_dashboard--1.0.sql */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION admin_dashboard" to load this file. \quit

-- CREATE EXTENSION runs this with the extension's schema, and pg_temp behind it, as
-- search_path.  Others may have made objects there.  So nothing here is made OR
-- REPLACE or IF NOT EXISTS, which would leave it to its owner; functions and
-- operators are named with pg_catalog, and what can be called with another's
-- rights has a search path of its own.  (The macro for the schema's name is not used,
-- not even in a comment: then PostgreSQL refuses a schema with a quote in its name.)

---------------------------------------------------------------------
-- The foreign data wrapper
---------------------------------------------------------------------

CREATE FUNCTION admin_dashboard_fdw_handler()
RETURNS fdw_handler
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION admin_dashboard_fdw_handler() IS
	'the callbacks of the wrapper admin_dashboard_fdw';

CREATE FUNCTION admin_dashboard_fdw_validator(text[], oid)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION admin_dashboard_fdw_validator(text[], oid) IS
	'checks the options of objects of the wrapper admin_dashboard_fdw';

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
	'the versions of the extension, PostgreSQL and libmongoc';

---------------------------------------------------------------------
-- Connections
---------------------------------------------------------------------

-- The session's connections to MongoDB; see the functions in
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
	'the session''s connections to MongoDB servers';

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

CREATE FUNCTION admin_dashboard_disconnect(server text)
RETURNS boolean
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION admin_dashboard_disconnect(text) IS
	'closes the session''s connections to a MongoDB server, and returns whether there were any';

---------------------------------------------------------------------
-- Import
---------------------------------------------------------------------

-- The statement that IMPORT FOREIGN SCHEMA would run for one collection, to be
-- read and edited; see the function in src/import/import.c.
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
	'the CREATE FOREIGN TABLE for a MongoDB collection, from a sample of its documents';

---------------------------------------------------------------------
-- The dashboard
---------------------------------------------------------------------

-- The summary of the calls from start_date to end_date, both included, in the
-- table that admin_dashboard.calls_table names; see the function in
-- src/dashboard.c.  It uses a foreign table's connection, which belongs to the
-- leader of a parallel query.
CREATE FUNCTION admin_dashboard(
	start_date timestamptz DEFAULT NULL,
	end_date timestamptz DEFAULT NULL,
	user_email text DEFAULT NULL
)
RETURNS jsonb
AS 'MODULE_PATHNAME'
LANGUAGE C STABLE PARALLEL RESTRICTED;

COMMENT ON FUNCTION admin_dashboard(timestamptz, timestamptz, text) IS
	'calls, minutes, average and active users from start_date to end_date, both included';

---------------------------------------------------------------------
-- API keys
---------------------------------------------------------------------

-- Everything that has to do with keys is in a schema that nobody has rights
-- to but those who are granted them.  A key is random, so that a plain hash is
-- enough to keep it: there is nothing to guess it from.
CREATE SCHEMA admin_dashboard;
REVOKE ALL ON SCHEMA admin_dashboard FROM PUBLIC;
COMMENT ON SCHEMA admin_dashboard IS 'API keys of the REST endpoint, and what checks them';

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
	'API keys of the REST endpoint; of a key only its SHA-256 is kept';
COMMENT ON SEQUENCE admin_dashboard.api_key_hashes_id_seq IS
	'numbers of API keys';
COMMENT ON COLUMN admin_dashboard.api_key_hashes.super_admin IS
	'whether the key may see the dashboard';
COMMENT ON COLUMN admin_dashboard.api_key_hashes.last_used_at IS
	'to the minute';

SELECT pg_catalog.pg_extension_config_dump('admin_dashboard.api_key_hashes', '');
SELECT pg_catalog.pg_extension_config_dump('admin_dashboard.api_key_hashes_id_seq', '');

CREATE VIEW admin_dashboard.api_keys AS
	SELECT id, label, super_admin, created_at, expires_at, revoked_at, last_used_at
	FROM admin_dashboard.api_key_hashes;
REVOKE ALL ON admin_dashboard.api_keys FROM PUBLIC;

COMMENT ON VIEW admin_dashboard.api_keys IS
	'API keys of the REST endpoint, without their hashes';

-- Make a key and return it: it is shown this once.  label says whose it is;
-- super_admin, whether it may see the dashboard; expires_at is null for a key that
-- lasts until it is revoked.  A random UUID is 122 bits from the server's
-- cryptographic source of randomness; the hash of three of them, 366 bits, is a
-- key of 256 bits.  Raises an error without a label.
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
	'makes an API key and returns it, this once';

-- Revoke the keys of that label that are not revoked yet; returns how many.
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
	'revokes the API keys of that label, and returns how many there were';

-- Whether a key is valid and may see the dashboard: null if it is not valid.
-- It notes the use of the key, once a minute, unless another session is at it or
-- the transaction may not write, as on a standby.
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
	'whether the API key may see the dashboard; null if it is not valid';

-- Who may do what is for rest/setup.sql to say, which has the roles.
REVOKE ALL ON FUNCTION
	admin_dashboard.create_api_key(text, boolean, timestamptz),
	admin_dashboard.revoke_api_key(text),
	admin_dashboard.check_api_key(text)
FROM PUBLIC;
