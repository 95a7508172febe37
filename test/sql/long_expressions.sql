-- Expressions that use a part more than once, and long ones: what MongoDB is
-- sent grows with the SQL, and what is too deep or too large stays.  EXPLAIN
-- does not contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE FOREIGN TABLE t (b boolean, s smallint, i int, l bigint, f double precision, x text COLLATE "C", ts timestamptz)
	SERVER mongodb OPTIONS (database 'shop');
-- the query that MongoDB is sent, and the conditions that stay
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ '(MongoDB Query|Filter)' THEN
			RETURN NEXT trim(line);
		END IF;
	END LOOP;
END $$;
-- its first query for an aggregate, without WHERE
CREATE FUNCTION aggregated(expression text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT shown('SELECT ' || expression || ' FROM t')
$$;

-- an integer that leaves its range is null, and one test tells that apart
SELECT aggregated('sum(i + 1)');
SELECT aggregated('sum(i + i * 2 - s)');
SELECT aggregated('sum(s * s)');
SELECT aggregated('sum(l - 1)');
SELECT aggregated('sum(l + 1)');
SELECT aggregated('sum(abs(l))');
SELECT aggregated('sum(-i)');
SELECT aggregated('sum((i + 1)::smallint)');
-- the errors differ, so there are two tests
SELECT aggregated('sum((i + 1) + l)');
-- neither a division by zero nor what follows from it
SELECT aggregated('sum(i / s)');
SELECT aggregated('sum(i % nullif(s, 0))');
SELECT aggregated('sum(f / f)');
-- a long sum is one $reduce; of what cannot fail, one $add
SELECT aggregated('sum(i + i + i + i + i - s)');
SELECT aggregated('sum(f + f + f + f + f - f)');
SELECT aggregated('sum(CASE WHEN b THEN 1 ELSE 0 END + CASE WHEN i > 5 THEN 1 ELSE 0 END - CASE WHEN l > 5 THEN 1 ELSE 0 END)');
SELECT aggregated('max(x || x || ''-'' || x || x)');
-- CASE fails where the result that it chooses does
SELECT aggregated('sum(CASE WHEN b THEN i + 1 WHEN i > 5 THEN l + 1 ELSE 0 END)');
SELECT aggregated('sum(i + 1) FILTER (WHERE b)');
-- parts that are used twice
SELECT aggregated('sum(CASE i + 1 WHEN 1 THEN 10 WHEN 2 THEN 20 END)');
SELECT aggregated('sum(nullif(nullif(i, 1), 2))');
SELECT aggregated('max(left(left(x, 5), 3))');
SELECT aggregated('count(*) FILTER (WHERE ((b = (i > 5)) = (l > 5)) IS DISTINCT FROM b)');
SELECT aggregated('bool_or(b AND (i > 5 OR NOT b))');
SELECT shown('SELECT i FROM t WHERE i + i + 1 > 5');

-- how many bytes the query has, and how deep it is, if MongoDB groups
CREATE FUNCTION extent(expression text, OUT bytes int, OUT depth int) LANGUAGE plpgsql AS $$
DECLARE
	query text;
	level int := 0;
	c text;
BEGIN
	depth := 0;
	SELECT max(line) INTO query FROM aggregated(expression) line WHERE line ~ '\$group';
	bytes := length(query);
	FOR c IN SELECT (regexp_matches(query, '[][{}]', 'g'))[1] LOOP
		level := level + CASE WHEN c IN ('{', '[') THEN 1 ELSE -1 END;
		depth := greatest(depth, level);
	END LOOP;
END $$;
-- n terms
CREATE FUNCTION terms(n int, term text, operator text DEFAULT ' + ') RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(term, operator) FROM generate_series(1, n)
$$;
SELECT kind, terms, bytes, depth
	FROM (VALUES (2), (4), (8), (10), (16), (32), (64), (500)) number (terms),
		(VALUES ('integer', 'i', ' + '), ('bigint', 'l', ' - '), ('double precision', 'f', ' + ')) term (kind, term, operator),
		extent('sum(' || terms(terms, term, operator) || ')')
	ORDER BY kind, terms;
SELECT terms, bytes, depth FROM (VALUES (2), (50), (500)) number (terms), extent('max(' || terms(terms, 'x', ' || ') || ')');
SELECT branches, bytes, depth FROM (VALUES (2), (50), (200)) number (branches),
	extent((SELECT 'sum(CASE ' || string_agg(format('WHEN i = %s THEN s + %s', n, n), ' ') || ' ELSE 0 END)' FROM generate_series(1, branches) n));
SELECT levels, extent('sum(' || repeat('abs(', levels) || 'i' || repeat(')', levels) || ')') FROM (VALUES (1), (2), (4), (8), (16)) number (levels);
-- beyond the budget, PostgreSQL aggregates, and filters
SELECT extent('sum(' || repeat('abs(', 40) || 'i' || repeat(')', 40) || ')');
SELECT left(regexp_replace(line, '(abs\(){40}', 'abs(...('), 200)
	FROM shown('SELECT i FROM t WHERE ' || repeat('abs(', 40) || 'i' || repeat(')', 40) || ' > 5') line;
SELECT left(line, 200) FROM shown('SELECT i FROM t WHERE b AND x = ''' || repeat('x', 2000000) || '''') line;
SELECT max(length(line)) > 10000 FROM shown('SELECT i FROM t WHERE i = ANY (''{' || (SELECT string_agg(n::text, ',') FROM generate_series(1, 10000) n) || '}'')') line;

DROP EXTENSION admin_dashboard CASCADE;
DROP FUNCTION extent(text), terms(int, text, text), aggregated(text), shown(text);
