-- ICU's collations: MongoDB knows only the order of bytes, so PostgreSQL evaluates
-- locally what depends on another one.  The server must be built with ICU.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE COLLATION nondeterministic (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE FOREIGN TABLE t (i int, s text, c text) SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE folded (s text COLLATE nondeterministic, i int) SERVER mongodb OPTIONS (database 'shop');
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ '(MongoDB (Query|Parameters)|Filter|Aggregate|Sort|Limit)' THEN
			RETURN NEXT trim(line);
		END IF;
	END LOOP;
END $$;
-- 16 may sort for DISTINCT before it aggregates
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_settings WHERE name = 'enable_presorted_aggregate') THEN
		SET enable_presorted_aggregate = off;
	END IF;
END $$;

-- conditions
SELECT shown('SELECT i FROM t WHERE s LIKE ''x%'' COLLATE "en-x-icu"');
SELECT shown('SELECT i FROM t WHERE s = ''x'' COLLATE nondeterministic');
SELECT shown('SELECT i FROM t WHERE s = ''x'' COLLATE "en-x-icu"');
SELECT shown('SELECT i FROM t WHERE s < ''x'' COLLATE "en-x-icu"');

-- groups
SELECT shown('SELECT count(DISTINCT s) FROM folded');
SELECT shown('SELECT s, count(*) FROM folded GROUP BY s');
SELECT shown('SELECT lower(s), count(*) FROM folded GROUP BY 1');
SELECT shown('SELECT DISTINCT ON (s) i FROM folded ORDER BY s, i');
-- what is equal under one collation may count twice under another
SELECT shown('SELECT s FROM folded UNION SELECT NULL');
SELECT shown('SELECT ''x'' COLLATE "C" NOT IN (SELECT s FROM folded)');
SELECT shown('SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY s COLLATE "en-x-icu") FROM t');

-- order
SELECT shown('SELECT i FROM t ORDER BY c COLLATE "en-x-icu" LIMIT 10');
SELECT shown('SELECT i FROM folded ORDER BY s LIMIT 10');
SELECT shown('SELECT DISTINCT ON (i) i FROM t ORDER BY i, c COLLATE "en-x-icu"');
SELECT shown('SELECT i, (array_agg(s ORDER BY c COLLATE "en-x-icu"))[1] FROM t GROUP BY i');

-- patterns, for PostgreSQL refuses some of them at execution only
SELECT shown('SELECT i FROM t WHERE s LIKE ''x%'' COLLATE nondeterministic');
SELECT shown('SELECT i FROM t WHERE s COLLATE nondeterministic ILIKE ''x%'' ');

-- of Turkish, lower() makes another letter of I
SELECT shown('SELECT i FROM t WHERE trim(lower(s COLLATE "tr-x-icu")) = ''a''');

-- text of which the collation is not known, so that PostgreSQL raises an error
CREATE FOREIGN TABLE letters (x text COLLATE "de-x-icu", y text COLLATE "tr-x-icu", z text COLLATE "C")
	SERVER mongodb OPTIONS (database 'shop', collection 't');
SELECT shown('SELECT FROM letters WHERE x = y');
SELECT shown('SELECT FROM letters WHERE x IS DISTINCT FROM y OR nullif(x, z) IS NULL');
SELECT shown('SELECT FROM letters WHERE coalesce(x, y) IN (''a'', ''b'') AND left(x || y, 2) = ''aa''');
SELECT shown('SELECT FROM letters WHERE strpos(x || y, ''a'') > 0 AND replace(x || y, ''a'', ''b'') IS NULL');
SELECT shown('SELECT FROM letters WHERE x || y LIKE ''a%'' AND lower(x || z) = ''a''');
SELECT shown('SELECT max(x || y), count(*) FILTER (WHERE x = z) FROM letters');
-- but this needs none
SELECT shown('SELECT FROM letters WHERE x = ''a'' AND y || ''b'' = ''ab'' AND length(x) > 3');

DROP EXTENSION admin_dashboard CASCADE;
DROP COLLATION nondeterministic;
DROP FUNCTION shown(text);
