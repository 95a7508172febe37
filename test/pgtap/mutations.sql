-- Queries of test/data/corpus.sql that are changed at random give over foreign tables what
-- they give over local copies.
--
-- test/data/mutations.py makes 500, always the same, and with scripts/test --all 3,000.
-- QUERIES=n makes as many, and QUERY_SEED=n makes others.

\set ON_ERROR_STOP on
\set QUIET on
\set count `if [ "$AD_TEST_ALL" = yes ]; then echo "${QUERIES:-3000}"; else echo "${QUERIES:-500}"; fi`
\setenv COUNT :count
\set mutations `"$PYTHON" test/data/mutations.py "${QUERY_SEED:-1}" "$COUNT"`

BEGIN;
\ir ../data/differential.sql

-- The last digits of a sum of doubles depend on the order of rows.  The corpus and the
-- random queries, whose sums are exact, compare all digits.
SET extra_float_digits = -3;

CREATE TABLE public.mutations AS
	SELECT line.number, part[1] AS zone, part[2] AS query, false AS asked
	FROM regexp_split_to_table(:'mutations', '\n') WITH ORDINALITY AS line (line, number), regexp_split_to_array(line.line, '\t') AS part;

-- A test of a query, or none if it is no query.  An error may be another one, or none, where
-- conditions are evaluated in another order, or where sums of doubles are infinite.  The test
-- server fails at instants after the year 9999.
CREATE FUNCTION same(mutation public.mutations) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	expected text;
	got text;
	is_right boolean;
BEGIN
	PERFORM set_config('timezone', mutation.zone, true);
	expected := public.answer(mutation.query, 'local_few');
	IF expected !~ '^(42|0A)' THEN
		got := public.answer(mutation.query, 'remote_few');
	END IF;
	PERFORM set_config('search_path', 'public', true);
	IF got IS NOT NULL THEN
		is_right := got = expected OR expected LIKE '22%' OR got LIKE 'HV000 query failed on MongoDB server%';
		UPDATE public.mutations SET asked = true WHERE number = mutation.number;
		RETURN NEXT ok(is_right, concat_ws(', ', mutation.zone, mutation.query));
		IF NOT is_right THEN
			RETURN NEXT diag(public.difference(expected, got));
		END IF;
	END IF;
END $$;

SELECT * FROM no_plan();
SELECT same(m) FROM public.mutations m ORDER BY number;
SELECT cmp_ok(count(*)::int, '>', :count / 5, 'many of them are queries') FROM public.mutations WHERE asked;
SELECT * FROM finish();
ROLLBACK;
