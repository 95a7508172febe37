-- Prepared statements over a foreign table answer as those over a local copy,
-- when they are executed under other settings than they were planned under: time
-- zone, styles of dates and intervals, digits of floats.
--
-- The queries are the sample of test/data/sample.sql and some that test/data/queries.py
-- makes: SEED=n, CORPUS=all, and QUERIES=n and QUERY_SEED=n ask others.

\set ON_ERROR_STOP on
\set QUIET on
\set count `echo "${QUERIES:-80}"`
\set query_seed `echo "${QUERY_SEED:-1}"`
\set program `printf '%s %s' "$PYTHON" "$(pwd)/test/data/queries.py"`

BEGIN;
\ir ../data/differential.sql
\ir ../data/sample.sql

CREATE TABLE public.queries (number int, zone text, ordered boolean, columns int, types text, arguments text, query text);
SELECT format('COPY public.queries FROM PROGRAM %L (FORMAT csv)', concat_ws(' ', :'program', :'query_seed', :'count')) \gexec
INSERT INTO public.queries (number, zone, ordered, types, query) SELECT 100000 + number, zone, ordered, '', query FROM public.corpus WHERE few;

-- those of what a setting decides
INSERT INTO public.queries (number, zone, ordered, types, arguments, query)
SELECT 200000 + row_number() OVER (), 'UTC', false, 'date, timestamp, timestamptz', '''2026-03-01'', ''2026-03-28 23:59:59.999'', ''2026-03-29 01:30''', query
FROM unnest(ARRAY[
	'SELECT count(*) FILTER (WHERE ts >= date ''2026-03-01''), count(*) FILTER (WHERE ts < timestamp ''2026-03-29 01:30'') FROM t',
	'SELECT count(*) FILTER (WHERE ts >= $1), count(*) FILTER (WHERE ts > $2), count(*) FILTER (WHERE ts <= $3) FROM t',
	'SELECT g, sum(CASE WHEN ts BETWEEN date ''1970-01-01'' AND date ''2026-03-29'' THEN 1 ELSE 0 END) FROM t GROUP BY g',
	'SELECT ts >= date ''2026-03-29'', count(*) FROM t GROUP BY 1',
	'SELECT count(*) FILTER (WHERE w IN (date ''2025-03-30'', timestamp ''2025-03-09 03:00'')) FROM t',
	'SELECT id FROM t WHERE ts = timestamp ''2026-03-29 01:30'' OR tn = $2 OR w > $1',
	'SELECT id FROM t WHERE ts::date = $1 OR date_trunc(''day'', w) = date ''2025-03-30'' OR w::date IN (date ''2025-03-30'', ''2025-11-02'')',
	'SELECT ts::date, count(*) FROM t GROUP BY 1',
	'SELECT date_trunc(''month'', ts), extract(hour FROM w), count(*), max(ts) FROM t GROUP BY 1, 2',
	'SELECT w::date FROM t ORDER BY w::date, id LIMIT 30',
	'SELECT count(*) FROM t WHERE w < current_date AND extract(dow FROM w) = 0 AND t <> current_setting(''DateStyle'')',
	'SELECT max(ts)::text, min(w)::date::text, max(f)::text, (max(w) - min(w))::text FROM t WHERE f < 1e6',
	'SELECT ts::text, count(*) FROM t GROUP BY 1',
	'SELECT d8::text, f::text, count(*) FROM t GROUP BY 1, 2',
	'SELECT g FROM t GROUP BY g HAVING max(ts) > date ''2026-03-29'' AND min(w) < timestamp ''2011-12-31'' ',
	'SELECT a.id FROM t a JOIN t b ON b.id = a.dx AND b.ts > date ''2026-03-01'' AND a.w > timestamp ''2018-02-18''',
	'SELECT id FROM t WHERE d8 > $3::date OR tn < $3::timestamp OR coalesce(ts, $2) = $3 OR greatest(w, $1) = $1',
	'SELECT id FROM t WHERE t > current_user AND g = length(current_setting(''IntervalStyle''))']) query;

CREATE FUNCTION public.shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query;
END $$;

-- the settings of the execution
CREATE TABLE public.settings AS
	SELECT * FROM (VALUES (1, 'America/New_York', 'SQL, DMY', 'sql_standard', '0'), (2, 'Australia/Lord_Howe', 'German', 'iso_8601', '-3'),
						  (3, 'America/St_Johns', 'Postgres, MDY', 'postgres_verbose', '3')) s (n, zone, datestyle, intervalstyle, digits);
CREATE FUNCTION public.put(zone text, datestyle text, intervalstyle text, digits text) RETURNS void LANGUAGE sql AS $$
	SELECT set_config('timezone', zone, true), set_config('datestyle', datestyle, true), set_config('intervalstyle', intervalstyle, true),
		set_config('extra_float_digits', digits, true)
$$;

CREATE FUNCTION public.run(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE statement INTO answer;
	RETURN coalesce(answer, 'no rows');
EXCEPTION WHEN OTHERS THEN
	RETURN 'error ' || SQLSTATE;
END $$;

CREATE FUNCTION public.is_right(got text, expected text) RETURNS boolean LANGUAGE sql AS $$
	SELECT got = expected OR got LIKE 'error 22%' AND expected LIKE 'error 22%'
$$;

-- how a query over the tables of a schema is asked: as a statement, and from a function
CREATE FUNCTION public.ways(question public.queries, schema text) RETURNS text[] LANGUAGE sql AS $$
	SELECT ARRAY[format('EXECUTE %I %s', schema, '(' || nullif(question.arguments, '') || ')'), format('SELECT %I.asked(%s)', schema, question.arguments)]
$$;

-- Prepares both, and asks both, so that their plans are there.
CREATE FUNCTION public.prepare(question public.queries, schema text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	selected text := format('SELECT string_agg(q_row::text, E''\n'' %s)', CASE WHEN question.ordered THEN '' ELSE 'ORDER BY q_row::text COLLATE "C"' END);
	source text := format('FROM (%s) q_row', question.query);
	way text;
BEGIN
	PERFORM set_config('search_path', schema || ', public', true);
	EXECUTE format('PREPARE %I %s AS %s %s', schema, '(' || nullif(question.types, '') || ')', selected, source);
	EXECUTE format('CREATE FUNCTION %I.asked(%s) RETURNS text LANGUAGE plpgsql AS %L', schema, question.types,
				   format(E'#variable_conflict use_column\nDECLARE q_answer text; BEGIN %s INTO q_answer %s; RETURN q_answer; END', selected, source));
	FOREACH way IN ARRAY public.ways(question, schema) LOOP
		PERFORM public.run(way);
	END LOOP;
END $$;

-- What is wrong with the answers to a query, or NULL.  The plans of a statement
-- are kept for as long as the search path is that of its preparation.  Of both
-- ways, one is tried in turn, unless all queries are.
CREATE FUNCTION public.fault(question public.queries) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	setting public.settings;
	mode text;
	way text;
	expected text;
	got text;
	fault text;
	asks int := question.number;
BEGIN
	PERFORM set_config('plan_cache_mode', 'force_generic_plan', true), public.put(question.zone, 'ISO, MDY', 'postgres', '1');
	PERFORM public.prepare(question, 'local_few'), public.prepare(question, 'remote_few');
	FOR setting IN SELECT * FROM public.settings ORDER BY n LOOP
		PERFORM public.put(setting.zone, setting.datestyle, setting.intervalstyle, setting.digits), set_config('search_path', 'local_few, public', true);
		expected := public.run((public.ways(question, 'local_few'))[1]);
		PERFORM set_config('search_path', 'remote_few, public', true);
		FOREACH mode IN ARRAY ARRAY['generic', 'custom'] LOOP
			-- without parameters a plan is always generic
			CONTINUE WHEN mode = 'custom' AND question.types = '';
			PERFORM set_config('plan_cache_mode', format('force_%s_plan', mode), true);
			asks := asks + 1;
			FOREACH way IN ARRAY public.ways(question, 'remote_few') LOOP
				asks := asks + 1;
				CONTINUE WHEN asks % 2 = 0 AND current_setting('test.whole') <> 'all' AND question.number < 200000;
				got := public.run(way);
				IF NOT public.is_right(got, expected) OR expected LIKE 'error 42%' AND expected <> 'error 42702' THEN
					fault := concat_ws(E'\n', fault, format('%s, %s plan, %s:', setting.zone, mode, way), public.difference(expected, got));
				END IF;
			END LOOP;
		END LOOP;
	END LOOP;
	DEALLOCATE ALL;
	EXECUTE format('DROP FUNCTION local_few.asked(%s), remote_few.asked(%1$s)', question.types);
	PERFORM set_config('search_path', 'public', true);
	RETURN fault;
EXCEPTION WHEN ambiguous_column THEN
	-- two columns of a query may have got the same name, which it is then ordered by
	DEALLOCATE ALL;
	PERFORM set_config('search_path', 'public', true);
	RETURN NULL;
END $$;
CREATE FUNCTION public.ask(question public.queries) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	fault text := public.fault(question);
BEGIN
	RETURN NEXT ok(fault IS NULL, format('planned under %s: %s', question.zone, question.query));
	IF fault IS NOT NULL THEN
		RETURN NEXT diag(concat_ws(E'\n', question.arguments, fault));
	END IF;
END $$;

SELECT set_config('test.whole', :'whole', true) IS NULL AS whole \gset
SELECT plan(count(*)::int + 4) FROM public.queries;
SELECT public.ask(q) FROM public.queries q ORDER BY number;

-- MongoDB has no name for the zone EST5EDT: a plan that is kept says so, and a new one does without MongoDB's clock
SET LOCAL search_path = remote_few, public;
SET LOCAL plan_cache_mode = force_generic_plan;
PREPARE days AS SELECT string_agg(format('%s %s', day, n), ', ' ORDER BY day) FROM (SELECT ts::date AS day, count(*) AS n FROM t GROUP BY 1) d;
SELECT alike(string_agg(line, E'\n'), '%dateTrunc%', 'MongoDB reads the clock') FROM shown('EXECUTE days') line;
SET LOCAL timezone = 'EST5EDT';
SELECT throws_ok('EXECUTE days', 'HV000', 'MongoDB has no time zone "EST5EDT"');
DISCARD PLANS;
PREPARE local_days AS SELECT string_agg(format('%s %s', day, n), ', ' ORDER BY day) FROM (SELECT ts::date AS day, count(*) AS n FROM local_few.t GROUP BY 1) d;
SELECT results_eq('EXECUTE days', 'EXECUTE local_days', 'A new plan answers in that zone');
DEALLOCATE ALL;
SET LOCAL search_path = public;
\ir ../data/total.sql
SELECT * FROM finish();
ROLLBACK;
