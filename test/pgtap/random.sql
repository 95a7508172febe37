-- Random queries give over a foreign table what they give over a local copy.
--
-- test/data/queries.py makes 1,200, always the same, of which 500 are asked; SEED=n asks
-- 500 others, scripts/test --all all.  QUERIES=n makes and asks as many, and QUERY_SEED=n makes others.
-- What fails is made smaller for as long as it fails, and printed.

\set ON_ERROR_STOP on
\set QUIET on
\set seed `echo "${SEED:-1}"`
\set query_seed `echo "${QUERY_SEED:-1}"`
\set count `echo "${QUERIES:-1200}"`
\set asked `if [ "$AD_TEST_ALL" = yes ] || [ -n "$QUERIES" ]; then echo "${QUERIES:-1200}"; else echo 500; fi`
\set program `printf '%s %s' "$PYTHON" "$(pwd)/test/data/queries.py"`

BEGIN;
\ir ../data/differential.sql

CREATE TABLE public.queries (number int, zone text, ordered boolean, columns int, types text, arguments text, query text);
SET LOCAL plan_cache_mode = force_generic_plan;

-- What a query answers: its columns' types and its rows; or 'error' and its SQLSTATE.
CREATE FUNCTION public.answer(question public.queries, schema text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	statement text;
	answer text;
BEGIN
	PERFORM set_config('search_path', schema || ', public', true), set_config('timezone', question.zone, true);
	SELECT format('SELECT concat_ws(E''\n'', min(concat_ws('', '', %s)), string_agg(q::text, E''\n'' %s)) FROM (%s) q (%s)',
				  string_agg(format('pg_typeof(c%s)', place), ', '), CASE WHEN question.ordered THEN '' ELSE 'ORDER BY q::text COLLATE "C"' END,
				  question.query, string_agg('c' || place, ', '))
	INTO statement FROM generate_series(1, question.columns) place;
	IF question.types <> '' THEN
		DEALLOCATE ALL;
		EXECUTE format('PREPARE question (%s) AS %s', question.types, statement);
		statement := format('EXECUTE question (%s)', question.arguments);
	END IF;
	EXECUTE statement INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN 'error ' || SQLSTATE;
END $$;

-- Whether an answer is right.  Of several errors in a query any may come first,
-- and a value that does not fit is an error where the table says so.
CREATE FUNCTION public.is_right(got text, expected text, strict boolean) RETURNS boolean LANGUAGE sql AS $$
	SELECT got = expected OR got LIKE 'error 22%' AND expected LIKE 'error 22%' OR strict AND got = 'error HV004'
$$;

-- What is wrong with the answers to a query, or NULL.  All switches are tried now and then.
CREATE FUNCTION public.fault(question public.queries) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	expected text := public.answer(question, 'local_few');
	got text;
	switched text;
	fault text;
BEGIN
	-- now and then MongoDB joins wherever it can
	PERFORM set_config(format('enable_%s', method), (question.number % 4 > 0)::text, true)
	FROM unnest(ARRAY['hashjoin', 'mergejoin', 'nestloop']) method;
	FOREACH switched IN ARRAY ARRAY['', 'filter', 'aggregate', 'sort', 'join'] LOOP
		CONTINUE WHEN switched <> '' AND question.number % 16 <> length(switched);
		IF switched <> '' THEN
			PERFORM set_config(format('admin_dashboard.enable_%s_pushdown', switched), 'off', true);
		END IF;
		got := public.answer(question, 'remote_few');
		IF NOT public.is_right(got, expected, false) THEN
			fault := concat_ws(E'\n', fault, format('%s off:', switched), public.difference(expected, got));
		END IF;
		PERFORM set_config('admin_dashboard.enable_filter_pushdown', 'on', true),
			set_config('admin_dashboard.enable_aggregate_pushdown', 'on', true),
			set_config('admin_dashboard.enable_sort_pushdown', 'on', true),
			set_config('admin_dashboard.enable_join_pushdown', 'on', true);
	END LOOP;
	-- in error mode a document with a mismatch satisfies no condition, not even one that takes NULLs
	got := public.answer(question, 'remote_strict');
	IF NOT public.is_right(got, expected, true) AND question.query !~ 'DISTINCT FROM|IS (NOT )?(TRUE|FALSE|UNKNOWN|NULL)|coalesce|nullif|CASE|greatest|least' THEN
		fault := concat_ws(E'\n', fault, 'with on_mismatch error:', public.difference(expected, got));
	END IF;
	PERFORM set_config('search_path', 'public', true);
	-- two columns of a query may have got the same name, which it is then ordered by
	RETURN CASE WHEN expected = 'error 42702' THEN NULL WHEN expected LIKE 'error 42%' THEN 'not a query: ' || expected ELSE fault END;
END $$;

-- The smallest query that still fails, with its fault.
CREATE FUNCTION public.smallest(program text, seed text, question public.queries) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	number int := question.number;
	steps text := '';
	fault text := public.fault(question);
	less public.queries;
	its_fault text;
BEGIN
	CREATE TEMP TABLE IF NOT EXISTS smaller (LIKE public.queries) ON COMMIT DROP;
	<<step>> LOOP
		DELETE FROM pg_temp.smaller;
		EXECUTE format('COPY pg_temp.smaller FROM PROGRAM %L (FORMAT csv)',
					   format('%s %s %s %s,', program, seed, number, steps));
		FOR less IN SELECT * FROM pg_temp.smaller LOOP
			its_fault := public.fault(less);
			IF its_fault IS NOT NULL AND its_fault NOT LIKE 'not a query%' THEN
				steps := concat_ws(',', nullif(steps, ''), less.number);
				fault := its_fault;
				question := less;
				CONTINUE step;
			END IF;
		END LOOP;
		RETURN concat_ws(E'\n', 'timezone ' || question.zone, question.query, nullif(question.arguments, ''), fault);
	END LOOP;
END $$;

CREATE FUNCTION public.ask(program text, seed text, question public.queries) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	fault text := public.fault(question);
BEGIN
	RETURN NEXT ok(fault IS NULL, format('%s, %s: %s', question.number, question.zone, question.query));
	IF fault LIKE 'not a query%' THEN
		RETURN NEXT diag(fault);
	ELSIF fault IS NOT NULL THEN
		RETURN NEXT diag(public.smallest(program, seed, question));
	END IF;
END $$;

SELECT format('COPY public.queries FROM PROGRAM %L (FORMAT csv)', concat_ws(' ', :'program', :'query_seed', :'count')) \gexec
DELETE FROM public.queries WHERE number NOT IN (SELECT number FROM public.queries ORDER BY md5(:'seed' || number) LIMIT :asked);
SELECT plan(1 + count(*)::int) FROM public.queries;
SELECT public.ask(:'program', :'query_seed', q) FROM public.queries q ORDER BY number;
\ir ../data/total.sql
SELECT * FROM finish();
ROLLBACK;
