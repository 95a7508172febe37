-- Options: what is taken and what is refused, and when.
\getenv uri AD_TEST_MONGODB_URI
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
-- what is there many times, twice
CREATE FUNCTION shortened(said text) RETURNS text LANGUAGE sql AS $$SELECT regexp_replace(said, '(a\.|.)\1{25,}', '\1\1...', 'g')$$;
-- what becomes of a statement, with "%" in it as each of the values
CREATE FUNCTION tried(statement text, VARIADIC given text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	value text;
	detail text;
	hint text;
BEGIN
	FOREACH value IN ARRAY given LOOP
		BEGIN
			EXECUTE replace(statement, '%', value);
			RETURN NEXT shortened(value || ': taken');
			RAISE EXCEPTION SQLSTATE 'ZZZZZ';
		EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
			NULL;
		WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
			-- what the driver says differs between its versions
			IF SQLERRM LIKE '%not a valid MongoDB connection string' THEN
				detail = '';
				hint = '';
			END IF;
			RETURN NEXT shortened(concat_ws(E'\n', value || ': ' || SQLSTATE || ' ' || SQLERRM,
				'  detail: ' || nullif(detail, ''), '  hint:   ' || nullif(hint, '')));
		END;
	END LOOP;
END $$;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'uri');

-- names of databases: what some server has is taken
SELECT tried($$CREATE FOREIGN TABLE t (a int) SERVER mongodb OPTIONS (database '%')$$, VARIADIC
	ARRAY['a', 'A-b_1', 'größe', 'a*b<c>d:e|f?g', repeat('x', 63), repeat('ä', 31)]);
SELECT tried($$CREATE FOREIGN TABLE t (a int) SERVER mongodb OPTIONS (database '%')$$, VARIADIC
	ARRAY['', 'a.b', '.', 'a/b', 'a\b', 'a b', 'a"b', 'a$b', '$external', repeat('x', 64), repeat('ä', 32)]);
IMPORT FOREIGN SCHEMA "a.b" FROM SERVER mongodb INTO public;
SELECT admin_dashboard_import_sql('mongodb', 'a b', 'c');

-- names of collections: those that a server keeps for itself can be read
SELECT tried($$CREATE FOREIGN TABLE t (a int) SERVER mongodb OPTIONS (database 'd', collection '%')$$, VARIADIC
	ARRAY['a', 'a.b', 'a.', 'a b', 'system.profile', 'system.views', 'oplog.rs', 'oplog.$main', 'größe/\"', repeat('x', 253)]);
SELECT tried($$CREATE FOREIGN TABLE t (a int) SERVER mongodb OPTIONS (database 'd', collection '%')$$, VARIADIC
	ARRAY['', '.a', '$x', 'a$', '$cmd.listCollections', repeat('x', 254)]);
-- the table's name in its place
CREATE FOREIGN TABLE "$x" (a int) SERVER mongodb OPTIONS (database 'ad_test');
SELECT * FROM "$x";
EXPLAIN SELECT count(*) FROM "$x";
ALTER FOREIGN TABLE "$x" OPTIONS (ADD collection '$x');
ALTER FOREIGN TABLE "$x" OPTIONS (ADD collection 'x');
SELECT * FROM "$x";
ALTER FOREIGN TABLE "$x" OPTIONS (SET database 'a.b');
-- what is asked for is the database in which users are
SELECT tried($$CREATE USER MAPPING FOR CURRENT_USER SERVER mongodb OPTIONS (user 'u', password 'p', auth_source '%')$$,
	'admin', '$external', 'a.b', 'a$b', '');

-- paths of fields
SELECT tried($$CREATE FOREIGN TABLE t (a int OPTIONS (field '%')) SERVER mongodb OPTIONS (database 'd')$$, VARIADIC
	ARRAY['a', 'a.b.c', 'a.0', '0.a', 'a b', '$', '\$', '$price', 'ref.$id', 'a\.b', 'a\\b', 'a\\', 'a\\.b', '\$.a', 'a.\$', '\$price',
	rtrim(repeat('a.', 200), '.')]);
SELECT tried($$CREATE FOREIGN TABLE t (a int OPTIONS (field '%')) SERVER mongodb OPTIONS (database 'd')$$, VARIADIC
	ARRAY['\', 'a\', 'a\\\', 'a\b', 'back\slash.a', 'a.\', '$.a', 'a.$', 'a.$.b', rtrim(repeat('a.', 201), '.')]);
-- MongoDB has empty names, but a dot too many is likelier
SELECT tried($$CREATE FOREIGN TABLE t (a int OPTIONS (field '%')) SERVER mongodb OPTIONS (database 'd')$$, '', '.', '.a', 'a.', 'a..b');
SELECT tried($$CREATE FOREIGN TABLE t (a int OPTIONS (field '%')) SERVER mongodb OPTIONS (database 'd')$$, 'a\..b', 'a\.');
-- the column's name in its place
CREATE FOREIGN TABLE calls (
	"meta.room.name" text, "a\" int, "$.a" int, document int OPTIONS (field '$'), i interval, p point[]
) SERVER mongodb OPTIONS (database 'ad_test');
SELECT "meta.room.name" FROM calls WHERE "meta.room.name" IS NOT NULL ORDER BY 1 LIMIT 1;
SELECT "a\" FROM calls;
SELECT 1 FROM calls WHERE "$.a" = 1;
ALTER FOREIGN TABLE calls ALTER "a\" OPTIONS (ADD field 'a\');
ALTER FOREIGN TABLE calls ALTER "a\" OPTIONS (ADD field 'a\\');
ALTER FOREIGN TABLE calls ALTER "$.a" OPTIONS (ADD field '\$.a');
SELECT count("a\"), count("$.a") FROM calls;

-- types, which are not known before the first use
SELECT document FROM calls;
SELECT count(document) FROM calls;
SELECT i FROM calls;
SELECT 1 FROM calls WHERE i > '1 day' GROUP BY i;
SELECT p FROM calls;
ANALYZE calls;
ALTER FOREIGN TABLE calls DROP document, DROP i, DROP p;
SELECT count(*) FROM calls WHERE "a\" IS NULL AND "$.a" IS NULL AND "meta.room.name" IS NOT NULL;

-- options of a connection string: all that the driver has, in any letters
SELECT tried($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://h/?%')$$, VARIADIC
	ARRAY['appName=a%20b', 'appName=', 'APPNAME=x', 'authMechanism=MONGODB-X509', 'authMechanism=MONGODB-AWS', 'authMechanismProperties=SERVICE_NAME:x',
	'authSource=admin', 'authSource=$external', 'canonicalizeHostName=true', 'compressors=zlib', 'connectTimeoutMS=1000', 'directConnection=true',
	'gssapiServiceName=x', 'heartbeatFrequencyMS=10000', 'journal=true', 'loadBalanced=true', 'localThresholdMS=15', 'maxPoolSize=100',
	'maxStalenessSeconds=90&readPreference=secondary', 'readConcernLevel=majority', 'readConcernLevel=local',
	'readPreference=nearest&readPreferenceTags=dc:east,use:x&readPreferenceTags=dc:west&readPreferenceTags=',
	'replicaSet=rs0', 'replicaset=rs0', 'retryReads=false', 'retryWrites=true&w=majority', 'safe=true', 'serverSelectionTimeoutMS=100',
	'serverSelectionTryOnce=false', 'socketCheckIntervalMS=100', 'socketTimeoutMS=100', 'tls=true', 'tls=1', 'ssl=true', 'ssl=true&tls=true',
	'tlsAllowInvalidCertificates=true', 'tlsAllowInvalidHostnames=true', 'tlsCAFile=/f', 'tlsCertificateKeyFile=/f',
	'tlsCertificateKeyFile=/f&tlsCertificateKeyFilePassword=x', 'tlsInsecure=true', 'sslAllowInvalidCertificates=true',
	'sslAllowInvalidHostnames=true', 'sslCertificateAuthorityFile=/f', 'sslClientCertificateKeyFile=/f',
	'sslClientCertificateKeyPassword=x', 'w=1', 'w=majority', 'wTimeoutMS=100', 'waitQueueTimeoutMS=100', 'zlibCompressionLevel=6',
	'']);
-- some drivers have these and do nothing with them, others have not
SELECT tried($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://h/?%')$$, 'minPoolSize=0', 'maxIdleTimeMS=5', 'waitQueueMultiple=5') ~ ': taken|: HV00D ';
SELECT tried($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://h/?%')$$, 'tlsDisableOCSPEndpointCheck=true');
SELECT tried($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri '%')$$, VARIADIC
	ARRAY['mongodb://h', 'mongodb://h/', 'mongodb://h/db', 'mongodb://h/db?tls=true', 'mongodb://a:1,b:2/?replicaSet=r',
	'mongodb+srv://h.example.com/?srvMaxHosts=2&srvServiceName=x', 'mongodb+srv://h.example.com/?srvServiceName=x&retryWrites=true&w=majority&appName=Cluster0',
	'mongodb://[::1]:27017/?tls=false']);
SELECT tried($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://h/?%')$$, VARIADIC
	ARRAY['nonsense=true', 'tls=true&nonsense=true', 'TLSS=true', 'replica_set=rs0', 'slaveOk=true', 'timeoutMS=5', 'fetch_size=5', 'größe=1',
	'database=x', 'password=hidden', 'tlsCertificateKeyFilePassword=a&hidden=b', 'authMechanismProperties=A:b&hidden=c']);
-- twice, or against each other
SELECT tried($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://h/?%')$$, VARIADIC
	ARRAY['tls=true&tls=false', 'tls=true&TLS=true', 'w=majority&w=1', 'appName=a&appName=b', 'tlsCertificateKeyFilePassword=hidden&tlsCertificateKeyFilePassword=hidden',
	'ssl=true&tls=false', 'tlsInsecure=true&tlsAllowInvalidHostnames=true', 'directConnection=true&loadBalanced=true', 'readPreferenceTags=a:b']);
-- values that the driver would ignore, or leave to the server
SELECT tried($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://h/?%')$$, VARIADIC
	ARRAY['tls=', 'connectTimeoutMS=', 'w=', 'readConcernLevel=', 'readConcernLevel=Majority', 'readConcernLevel=all', 'compressors=lz4', 'compressors=zlib,lz4',
	'compressors=snappy', 'connectTimeoutMS=-5', 'serverSelectionTimeoutMS=-1', 'tls=perhaps', 'connectTimeoutMS=soon', 'readPreference=any', 'replicaSet=', 'tls']);
-- newer drivers refuse these themselves
SELECT substring(tried($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://h/?%')$$, 'authSource=a.b', 'authSource=') FROM '.*: HV00A');
SELECT tried($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://h/%')$$, repeat('x', 63), repeat('x', 64), 'a.b');
ALTER SERVER mongodb OPTIONS (SET uri 'mongodb://h/?nonsense=true');
-- no message shows the string
SELECT count(*) FROM tried($$CREATE SERVER s FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://secrethost/?tlsCertificateKeyFilePassword=%')$$,
	'hidden&hidden=b', 'b&nonsense=hidden', 'hidden&tlsCertificateKeyFilePassword=hidden') AS said
	WHERE regexp_replace(said, '^.*?: ', '') ~ 'hidden|secrethost';

SET client_min_messages = warning;
DROP EXTENSION admin_dashboard CASCADE;
DROP FUNCTION tried, shortened;
