-- What each value of the collection ad_test.values is in each type.
\getenv uri AD_TEST_MONGODB_URI
SET client_min_messages = warning;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri :'uri');
CREATE TYPE colour AS ENUM ('abc', 'red', '');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN some_text AS text NOT NULL;
\pset format unaligned
\pset tuples_only on
\pset null '(null)'

-- All values that a type can hold, each as text.  All others are NULL under
-- on_mismatch 'null', and an error that names their document under 'error':
-- that is checked for each of them, read and counted.
CREATE FUNCTION readable(type text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	value_name text;
	is_null boolean;
	query text;
	state text;
	detail text;
BEGIN
	EXECUTE format($f$
		CREATE FOREIGN TABLE loose (name text OPTIONS (field '_id'), v %1$s)
			SERVER mongodb OPTIONS (database 'ad_test', collection 'values', on_mismatch 'null');
		CREATE FOREIGN TABLE strict (name text OPTIONS (field '_id'), v %1$s)
			SERVER mongodb OPTIONS (database 'ad_test', collection 'values') $f$, type);
	RETURN QUERY SELECT l.name || ': ' || l.v::text FROM loose l WHERE l.v::text IS NOT NULL ORDER BY l.name COLLATE "C";
	RETURN QUERY SELECT 'WRONG count: ' || c.name
		FROM (SELECT l.name, count(l.v) AS count FROM loose l GROUP BY l.name) c JOIN loose l USING (name)
		WHERE c.count <> (l.v::text IS NOT NULL)::int;
	RETURN QUERY SELECT 'WRONG count by value: ' || concat_ws(', ', c.v, c.count)
		FROM (SELECT l.v::text AS v, count(l.v) AS count, count(*) AS rows FROM loose l GROUP BY l.v::text) c
		WHERE c.count <> CASE WHEN c.v IS NULL THEN 0 ELSE c.rows END;
	FOR value_name, is_null, query IN
		SELECT l.name, l.v::text IS NULL, q FROM loose l, unnest(ARRAY['v', 'count(v)']) q
	LOOP
		BEGIN
			state := 'no error';
			EXECUTE format('SELECT %s FROM strict WHERE name = $1', query) USING value_name;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
		END;
		IF is_null AND value_name NOT IN ('missing', 'null') THEN
			IF state <> 'HV004' OR detail NOT LIKE format('The document with _id "%s" has a value of BSON type %% there.', value_name) THEN
				RETURN NEXT 'WRONG: ' || concat_ws(', ', value_name, query, state, detail);
			END IF;
		ELSIF state <> 'no error' THEN
			RETURN NEXT 'WRONG: ' || concat_ws(', ', value_name, query, state, detail);
		END IF;
	END LOOP;
	DROP FOREIGN TABLE loose, strict;
END $$;

SELECT readable('boolean');
SELECT readable('smallint');
SELECT readable('integer');
SELECT readable('bigint');
SELECT readable('real');
SELECT readable('double precision');
SELECT readable('numeric');
SELECT readable('numeric(3,1)');
SELECT readable('numeric(2,-1)');
SELECT readable('text');
SELECT readable('varchar(3)');
SELECT readable('char(5)');
SELECT readable('name');
SELECT readable('timestamptz');
SELECT readable('timestamptz(0)');
SELECT readable('timestamp');
SELECT readable('timestamp(2)');
SELECT readable('date');
SELECT readable('time');
SELECT readable('time(0)');
SELECT readable('uuid');
SELECT readable('bytea');
SELECT readable('jsonb');
SELECT readable('json');
SELECT readable('int[]');
SELECT readable('text[]');
SELECT readable('jsonb[]');
SELECT readable('double precision[]');
SELECT readable('timestamptz[]');
SELECT readable('timestamptz(0)[]');
SELECT readable('colour');
SELECT readable('colour[]');

-- domains are checked, as they are wherever a value becomes one
CREATE FOREIGN TABLE d (name text OPTIONS (field '_id'), p positive OPTIONS (field 'v'), t some_text OPTIONS (field 'v'))
	SERVER mongodb OPTIONS (database 'ad_test', collection 'values');
SELECT p FROM d WHERE name = 'int 5';
SELECT p FROM d WHERE name = 'int 0';
SELECT p FROM d WHERE name = 'null';
SELECT t FROM d WHERE name = 'string abc';
SELECT t FROM d WHERE name = 'null';
SELECT t FROM d WHERE name = 'missing';
CREATE FOREIGN TABLE da (name text OPTIONS (field '_id'), p positive[] OPTIONS (field 'v'))
	SERVER mongodb OPTIONS (database 'ad_test', collection 'values', on_mismatch 'null');
SELECT p FROM da WHERE name = 'array of int';
SELECT p FROM da WHERE name = 'array of mixed';
-- and errors name the document, where no column is its _id, too
CREATE FOREIGN TABLE dd (p positive OPTIONS (field 'v'), dropped int, t some_text[] OPTIONS (field 'v'))
	SERVER mongodb OPTIONS (database 'ad_test', collection 'values', on_mismatch 'null');
ALTER FOREIGN TABLE dd DROP COLUMN dropped;
SELECT p FROM dd;
SELECT t FROM dd;
SELECT p, count(*) FROM dd GROUP BY p;

-- fields: paths, positions, names, orders, two columns of one field
CREATE FOREIGN TABLE fields (
	c int OPTIONS (field 'a.b.c'), b jsonb OPTIONS (field 'a.b'), a jsonb, second text OPTIONS (field 'tags.1'),
	first text OPTIONS (field 'tags.0'), "A" int, "żółw" bigint, spaced int OPTIONS (field 'with space'),
	dollar int OPTIONS (field '$dollar'), dotted int OPTIONS (field 'a\.b'), nameless int OPTIONS (field ''),
	quoted int OPTIONS (field 'q"uote'), slash int OPTIONS (field 'back\\slash'), money int OPTIONS (field '\$'),
	again double precision OPTIONS (field 'a.b.c'), _id jsonb, doc jsonb OPTIONS (field '$'), raw json OPTIONS (field '$')
) SERVER mongodb OPTIONS (database 'ad_test', on_mismatch 'null');
\pset expanded on
SELECT * FROM fields ORDER BY _id::text COLLATE "C";
\pset expanded off
SELECT _id, "A" FROM fields WHERE "A" = 1 AND spaced > 2 ORDER BY 1;
ALTER FOREIGN TABLE fields DROP COLUMN c, DROP COLUMN "A";
SELECT again, money FROM fields WHERE money = 10;
-- a generated column is a field like others: nothing is ever stored
CREATE FOREIGN TABLE generated (a jsonb, tags jsonb, n int GENERATED ALWAYS AS (5) STORED)
	SERVER mongodb OPTIONS (database 'ad_test', collection 'fields');
ALTER FOREIGN TABLE generated ALTER n OPTIONS (ADD field 'żółw');
SELECT n FROM generated WHERE n IS NOT NULL;
CREATE FOREIGN TABLE whole (doc text OPTIONS (field '$')) SERVER mongodb OPTIONS (database 'ad_test', collection 'fields');
SELECT * FROM whole;

-- jsonb is what PostgreSQL makes of the same json, byte by byte
CREATE FOREIGN TABLE wide (
	_id text, v jsonb, raw_v json OPTIONS (field 'v'), list jsonb OPTIONS (field 'array'), raw_list json OPTIONS (field 'array'),
	doc jsonb OPTIONS (field '$'), raw json OPTIONS (field '$'))
	SERVER mongodb OPTIONS (database 'ad_test', on_mismatch 'null');
SELECT count(*), count(DISTINCT v), count(DISTINCT list), sum(length(doc::text)) FROM wide;
SELECT _id FROM wide WHERE NOT record_image_eq(ROW(v, list, doc), ROW(raw_v::jsonb, raw_list::jsonb, raw::jsonb));
ALTER FOREIGN TABLE wide OPTIONS (ADD collection 'values');
SELECT count(*), count(DISTINCT v), count(DISTINCT list), sum(length(doc::text)) FROM wide;
SELECT _id FROM wide WHERE NOT record_image_eq(ROW(v, list, doc), ROW(raw_v::jsonb, raw_list::jsonb, raw::jsonb));
SELECT record_image_eq(ROW('[1]'::jsonb), ROW('[1.0]'::jsonb)) AS "are other bytes equal?";

-- an empty array tells nothing of the dimensions of what comes after it
CREATE FOREIGN TABLE hollow (hollow int[], again jsonb OPTIONS (field 'hollow'))
	SERVER mongodb OPTIONS (database 'ad_test_import', collection 'arrays');
SELECT again FROM hollow;
SELECT hollow FROM hollow;

-- what EXPLAIN counts
CREATE FOREIGN TABLE counted (v int) SERVER mongodb OPTIONS (database 'ad_test', collection 'values', on_mismatch 'null');
CREATE FUNCTION work(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		IF line ~ 'MongoDB|Mismatches' THEN
			RETURN NEXT trim(line);
		END IF;
	END LOOP;
END $$;
SELECT work('SELECT v FROM counted');

DROP EXTENSION admin_dashboard CASCADE;
DROP FUNCTION readable(text), work(text);
DROP TYPE colour;
DROP DOMAIN positive, some_text;
