-- Which expressions MongoDB computes, and in what words: in conditions, as
-- group keys, as arguments of aggregates, and of what groups return.  Beside
-- each that goes down is one that does not.  EXPLAIN does not contact MongoDB.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS admin_dashboard CASCADE;
CREATE EXTENSION admin_dashboard;
CREATE SERVER mongodb FOREIGN DATA WRAPPER admin_dashboard_fdw OPTIONS (uri 'mongodb://127.0.0.1:1');
CREATE FOREIGN TABLE t (
	b boolean, i int, l bigint, f double precision, s text, ts timestamptz, tn timestamp, n numeric
) SERVER mongodb OPTIONS (database 'shop');
CREATE FOREIGN TABLE loose (i int, f double precision, s text, ts timestamptz)
	SERVER mongodb OPTIONS (database 'shop', on_mismatch 'null');
CREATE FUNCTION shown(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line ~ '(MongoDB (Query|Parameters)|Filter|Aggregate|Sort|Limit|One-Time Filter)' THEN
			-- PostgreSQL 17 shows an init plan's result in another way
			RETURN NEXT regexp_replace(trim(line), '\(InitPlan \w+\)\.col1', '$0', 'g');
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
-- a value equal to one that decodes decodes, too, which keeps the pipelines short
CREATE FUNCTION grouped(key text, condition text DEFAULT 'ts IN (''2025-01-01Z'', ''2025-01-02Z'')')
RETURNS SETOF text LANGUAGE sql AS $$
	SELECT shown('SELECT ' || key || ', count(*) FROM t WHERE ' || condition || ' GROUP BY 1')
$$;

-- a zone with leap seconds is none of MongoDB's, though its clock is never turned
SELECT grouped('date_trunc(''hour'', ts, ''right/UTC'')');
-- no slots are left of an order that was tried
SELECT shown('SELECT date_trunc(''day'', ts), count(*) FROM t WHERE s ILIKE ''x_%'' GROUP BY 1');

-- weeks said with the day of the week: of a date, of a local time, not of an instant, whose days may have gaps
SELECT grouped('ts::date - extract(dow FROM ts)::int');
SELECT grouped('tn::date - (extract(isodow FROM tn) - 1)::int', 'tn = ''2025-01-01''');
SELECT grouped('date_trunc(''day'', tn) - interval ''1 day'' * extract(dow FROM tn)', 'tn = ''2025-01-01''');
SELECT grouped('date_trunc(''day'', ts) - interval ''1 day'' * extract(dow FROM ts)');
SELECT grouped('ts::date - (extract(dow FROM ts) - 0.5)::int');
SELECT grouped('ts::date - extract(dow FROM tn)::int');
SELECT grouped('tn - interval ''1 day'' * extract(dow FROM tn)', 'tn = ''2025-01-01''');
SELECT grouped('ts::date - (extract(dow FROM ts)::int + 2000000)');
-- an instant that was cut on the clock of another zone than the session's
SELECT grouped('date_trunc(''day'', date_trunc(''hour'', ts, ''UTC''))');
SELECT shown('SELECT s FROM t WHERE extract(day FROM date_trunc(''hour'', ts, ''UTC'')) = 5');

-- the greater of doubles, and factors that CASE chooses
SELECT shown('SELECT sum(least(f, 30)), max(greatest(f, i)) FROM loose WHERE f > 5');
SELECT shown('SELECT count(greatest(s, s || ''x'')) FROM loose WHERE f > 5');
SELECT shown('SELECT sum(f * CASE WHEN i > 5 THEN 1.5 ELSE 0 END) FROM loose WHERE f > 5');
SELECT shown('SELECT sum(f * CASE WHEN i > 5 THEN 1e400 ELSE 0 END) FROM loose WHERE f > 5');
SELECT shown('SELECT sum(f * CASE WHEN i > 5 THEN 1e-400 ELSE 0 END) FROM loose WHERE f > 5');
SELECT shown('SELECT sum(f * CASE WHEN i > 5 THEN n ELSE 0.5 END) FROM t WHERE f > 5');
-- numerics as doubles, if both numbers of the quotient are doubles
SELECT shown('SELECT sum(extract(hour FROM ts)::float8), max((i * 0.1)::float8) FROM loose WHERE ts = ''2025-01-01Z'' AND i = 1');
SELECT shown('SELECT max((l * 0.1)::float8) FROM t WHERE l = 5');
SELECT shown('SELECT max((i / 3.0)::float8) FROM loose WHERE i = 5');

-- conditions: column to column, arithmetic, functions
SELECT shown('SELECT s FROM t WHERE i < l');
SELECT shown('SELECT s FROM t WHERE NOT i < l');
SELECT shown('SELECT s FROM t WHERE i = f');
SELECT shown('SELECT s FROM t WHERE s < s || s');
SELECT shown('SELECT s FROM t WHERE s = left(s, 3)');
SELECT shown('SELECT s FROM loose WHERE i % 2 = 1');
SELECT shown('SELECT s FROM t WHERE CASE WHEN b THEN i > 5 ELSE l > 5 END');
SELECT shown('SELECT s FROM t WHERE coalesce(i, 0) = 0');
SELECT shown('SELECT s FROM t WHERE upper(s) = ''X''');
SELECT shown('SELECT s FROM t WHERE n = i');
-- where PostgreSQL could raise an error, it evaluates the condition again
SELECT shown('SELECT s FROM t WHERE i + 1 = 5');
SELECT shown('SELECT s FROM t WHERE 10 / i = 5');
SELECT shown('SELECT s FROM t WHERE f * 60 > 300');

-- conditions on what a clock shows become ranges
SET timezone = 'America/Sao_Paulo';
SELECT shown('SELECT s FROM t WHERE ts::date = ''2018-02-16''');
SELECT shown('SELECT s FROM t WHERE ts::date = ''2018-02-17''');
SELECT shown('SELECT s FROM t WHERE ts::date <> ''2018-02-17''');
SELECT shown('SELECT s FROM t WHERE ts::date BETWEEN ''2018-02-16'' AND ''2018-02-20''');
SELECT shown('SELECT s FROM t WHERE date_trunc(''month'', ts) >= ''2018-02-17''');
SELECT shown('SELECT s FROM t WHERE ts::date IN (''2018-02-16'', ''2018-02-18'', NULL)');
SELECT shown('SELECT s FROM t WHERE ts::date = ANY (''{2018-02-17,2018-02-20,2018-02-18,2018-02-16,2018-02-17}'')');
SELECT shown('SELECT s FROM t WHERE ts::date <> ALL (''{2018-02-16,NULL}'')');
SELECT shown('SELECT s FROM t WHERE ts::date <> ALL ((SELECT ''{2018-02-16}'')::date[])');
SELECT shown('SELECT s FROM t WHERE ts::date = ANY ((SELECT ''{2018-02-16}'')::date[])');
SELECT shown('SELECT s FROM t WHERE date_trunc(''week'', tn) = timestamp ''2018-02-17''');
SELECT shown('SELECT s FROM t WHERE (ts AT TIME ZONE ''Asia/Kolkata'')::date = ''2018-02-17''');
SELECT shown('SELECT s FROM t WHERE date_trunc(''month'', ts) = date_trunc(''month'', now())');
-- the last day of all, on clocks that show a later or an earlier time
SELECT shown('SELECT s FROM t WHERE (ts AT TIME ZONE ''Asia/Tokyo'')::date = ''294276-12-31''');
SELECT shown('SELECT s FROM t WHERE (ts AT TIME ZONE ''America/New_York'')::date > ''294276-12-31''');
SELECT shown('SELECT s FROM t WHERE (ts AT TIME ZONE ''Asia/Tokyo'')::date > ''294276-12-31''');
SELECT shown('SELECT s FROM t WHERE (ts AT TIME ZONE ''Asia/Tokyo'')::date = ''294277-01-01''');
-- and the first
SELECT shown('SELECT s FROM t WHERE (ts AT TIME ZONE ''Asia/Tokyo'')::date <> ''4714-11-24 BC''');
SELECT shown('SELECT s FROM t WHERE ts < ''4714-11-24 00:00:00Z BC'' OR ts > ''294276-12-31 23:59:59.999Z'' ');
SELECT shown('SELECT s FROM t WHERE extract(epoch from ts) >= 1735689600.0005');
SELECT shown('SELECT s FROM t WHERE extract(year from tn) = 2018');
SELECT shown('SELECT s FROM t WHERE ts::timestamp > ''2018-02-17''');
SELECT shown('SELECT s FROM t WHERE age(ts) > ''1 day''');
-- days are of 24 hours in UTC alone
SELECT shown('SELECT s FROM t WHERE tn + interval ''3 days'' < ts AT TIME ZONE ''UTC''');
SELECT shown('SELECT s FROM t WHERE ts + interval ''3 days'' < tn AT TIME ZONE ''UTC''');
SELECT shown('SELECT s FROM t WHERE ts AT TIME ZONE ''Europe/Berlin'' + interval ''3 days'' < tn');
RESET timezone;

-- group keys: PostgreSQL computes them from the columns of one document
SELECT grouped('date_trunc(''day'', ts)');
SELECT grouped('date_trunc(''hour'', ts)');
SELECT grouped('date_trunc(''month'', ts, ''Europe/Berlin'')');
SELECT grouped('date_trunc(''day'', tn)');
SELECT grouped('ts::date');
SELECT grouped('ts::timestamp');
SELECT grouped('date_trunc(''hour'', ts::timestamp)');
SELECT grouped('(ts AT TIME ZONE ''Asia/Kolkata'')::date');
SELECT grouped('date_trunc(''week'', ts + interval ''1 day'') - interval ''1 day''');
SELECT grouped('extract(year from ts)');
SELECT grouped('extract(dow from ts)::int + 1');
SELECT grouped('date_part(''hour'', ts)');
SELECT grouped('floor(extract(epoch from ts) / 3600) * 3600');
SELECT grouped('i % 10', 'i IN (1, 2)');
SELECT grouped('i + 1', 'i IN (1, 2)');
SELECT grouped('left(s, 4)', 's IN (''a'', ''b'')');
SELECT grouped('s || ''-'' || i::text', 's IN (''a'', ''b'') AND i IN (1, 2)');
SELECT grouped('CASE WHEN f <= 17 THEN ''<18'' ELSE ''18-'' END', 'f IN (1, 2)');
SELECT grouped('date_trunc(''century'', ts)');
SELECT grouped('ts + interval ''1 day''');
SELECT grouped('date_trunc(''day'', ts) + interval ''1 month''');
SELECT grouped('to_char(ts, ''YYYY-MM'')');
SELECT grouped('upper(s)', 's = ''a''');
SELECT grouped('round(f)', 'f IN (1, 2)');
SELECT grouped('floor(f / 100)::bigint * 100', 'f IN (1, 2)');
SELECT grouped('f::int', 'f IN (1, 2)');
SELECT grouped('l / 10', 'l IN (1, 2)');
SELECT grouped('b::int', 'b');
SELECT grouped('rtrim(s, ''x'')', 's = ''a''');
SELECT grouped('btrim(s)', 's = ''a''');
SELECT grouped('strpos(s, ''x'')', 's = ''a''');
SELECT grouped('right(s, 3)', 's = ''a''');
SELECT grouped('substr(s, 3)', 's = ''a''');
SELECT grouped('left(s, -2)', 's = ''a''');
SELECT grouped('right(s, 1 - length(s))', 's = ''a''');
SELECT grouped('substr(s, strpos(s, ''@'') + 1)', 's = ''a''');
SELECT grouped('substr(s, i, 3)', 's = ''a'' AND i = 1');
SELECT grouped('s LIKE ''%x%''', 's = ''a''');
SELECT grouped('replace(s, ''x'', ''$y'')', 's = ''a''');
SELECT grouped('split_part(s, ''/'', 2)', 's = ''a''');
SELECT grouped('date_bin(''15 minutes'', ts, ''2001-01-01Z'')');
SELECT grouped('date_bin(''1 day'', ts, ''1970-01-01Z'')', 'ts > ''2025-01-01Z'' AND ts < ''2026-01-01Z''');
-- not these: of what is sought, of another end, of a number that PostgreSQL negates wrongly, of instants that it may not reach
SELECT grouped('replace(s, s, ''y'')', 's = ''a''');
SELECT grouped('strpos(s, '''')', 's = ''a''');
SELECT grouped('right(s, i)', 's = ''a''');
SELECT grouped('split_part(s, ''/'', -1)', 's = ''a''');
SELECT shown('SELECT sum(length(rtrim(s, ''''))) FROM t');
SELECT shown('SELECT count(DISTINCT date_bin(''1 day'', ts, ''1970-01-01Z'')), count(*) FROM t');
SELECT shown('SELECT count(DISTINCT date_bin(''1 microsecond'', ts, ''2001-01-01Z'')), count(*) FROM t');
SELECT shown('SELECT count(DISTINCT date_bin(interval ''1 day'', tn AT TIME ZONE ''Europe/Berlin'', ts)), count(*) FROM t');
SET timezone = 'EST5EDT4,M3.2.0,M11.1.0';
SELECT grouped('ts::date');
RESET timezone;

-- arguments of aggregates, FILTER, DISTINCT
SELECT shown('SELECT avg(f), avg(i), avg(l) FROM t WHERE f IN (1, 2) AND i IN (1, 2) AND l IN (1, 2)');
SELECT shown('SELECT sum(1), count(1), sum(CASE WHEN s = ''x'' THEN 1 ELSE 0.0 END) FROM t WHERE s IN (''a'', ''b'')');
SELECT shown('SELECT sum(f * 60), sum(i::bigint * 2) FROM t WHERE f IN (1, 2) AND i IN (1, 2)');
SELECT shown('SELECT count(*) FILTER (WHERE b), sum(i) FILTER (WHERE s = ''x'') FROM t WHERE s IN (''a'', ''b'') AND i IN (1, 2)');
SELECT shown('SELECT bool_and(b), bool_or(i > 3) FROM t WHERE b IS NOT NULL AND i IN (1, 2)');
SELECT shown('SELECT count(DISTINCT ts::date), count(*) FROM t WHERE ts IN (''2025-01-01Z'', ''2025-01-02Z'')');
SELECT shown('SELECT sum(DISTINCT i), avg(DISTINCT i) FROM t WHERE i IN (1, 2)');
SELECT shown('SELECT max(s COLLATE "C") FROM t WHERE s IN (''a'', ''b'')');
SELECT shown('SELECT sum(extract(epoch from ts - tn AT TIME ZONE ''UTC'')) FROM t');
SELECT shown('SELECT avg(extract(epoch from ts) - extract(epoch from tn)), sum(round((extract(epoch from ts) - extract(epoch from tn)) / 60, 2)) FROM t WHERE ts IN (''2025-01-01Z'', ''2025-01-02Z'')');
SELECT shown('SELECT sum(floor(extract(epoch from ts))), sum(extract(year from ts) * 100 + extract(month from ts)) FROM t WHERE ts IN (''2025-01-01Z'', ''2025-01-02Z'')');
SELECT shown('SELECT sum((extract(epoch from ts) * 1000)::bigint), sum(round(i / 7.0)::int) FROM t WHERE ts IN (''2025-01-01Z'', ''2025-01-02Z'') AND i IN (1, 2)');
SELECT shown('SELECT sum(i * 1.19), sum(ceil(i / 2.5)), max(i * 1.50) FROM t WHERE i IN (1, 2)');
SELECT shown('SELECT count(*) FILTER (WHERE s LIKE ''%x''), sum(i) FILTER (WHERE lower(s) = ''x'') FROM t WHERE s IN (''a'', ''b'') AND i IN (1, 2)');
SELECT shown('SELECT sum(CASE WHEN s NOT ILIKE ''%k'' THEN i END), bool_or(lower(s) NOT IN (''a'', ''b'')) FROM t WHERE s IN (''a'', ''b'') AND i IN (1, 2)');
-- not the sums of these: the digits of a quotient, a quotient that PostgreSQL rounds to an integer, too many digits
SELECT shown('SELECT sum(extract(epoch from ts) / 3600) FROM t');
SELECT shown('SELECT sum(floor(l / 1000000000.0)) FROM t');
SELECT shown('SELECT sum(round(i / 7.0, 10)) FROM t');
SELECT shown('SELECT sum(i * 1.0000000000000005) FROM t');
SELECT shown('SELECT stddev(f) FROM t');
SELECT shown('SELECT sum(n), max(n) FROM t');
SELECT shown('SELECT count(*) FILTER (WHERE upper(s) = ''X'') FROM t');
SELECT shown('SELECT count(*) FILTER (WHERE s ILIKE ''a_%'') FROM t');
SELECT shown('SELECT count(*) FILTER (WHERE lower(s) = ''é'') FROM t');
SELECT shown('SELECT count(*) FILTER (WHERE s LIKE (SELECT ''x%'')) FROM t');
SELECT shown('SELECT count(DISTINCT i) FILTER (WHERE b) FROM t');
SELECT shown('SELECT mode() WITHIN GROUP (ORDER BY f) FROM t');

-- what is evaluated under a condition only
SET plan_cache_mode = force_generic_plan;
PREPARE guarded (int, text) AS SELECT count(*) FROM t WHERE $2 = '' OR i = $2::int OR i = $1;
SELECT shown('EXECUTE guarded (1, '''')');
DEALLOCATE guarded;
PREPARE guarded (int) AS SELECT sum(i * (10 / $1)) FILTER (WHERE $1 <> 0) FROM t WHERE i IN (1, 2);
SELECT shown('EXECUTE guarded (1)');
DEALLOCATE guarded;
PREPARE guarded (int) AS SELECT count(*) FILTER (WHERE CASE WHEN b THEN i > 10 / $1 ELSE i > $1 END) FROM t WHERE i IN (1, 2);
SELECT shown('EXECUTE guarded (1)');
DEALLOCATE guarded;
PREPARE guarded (int) AS SELECT count(*) FILTER (WHERE CASE WHEN b THEN ts > now() - interval '7 days' ELSE i > $1 END) FROM t WHERE i IN (1, 2);
SELECT shown('EXECUTE guarded (1)');
DEALLOCATE guarded;
RESET plan_cache_mode;

-- CASE whose argument is cast
SELECT shown('SELECT count(*) FROM t WHERE CASE s::varchar WHEN ''a'' THEN b END');
SELECT shown('SELECT count(*) FROM t WHERE CASE i WHEN f THEN b END');

-- another equality than the type's
CREATE SCHEMA own_equality;
CREATE FUNCTION own_equality.same_length(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT length($1) = length($2)';
CREATE OPERATOR own_equality.= (LEFTARG = text, RIGHTARG = text, FUNCTION = own_equality.same_length);
SET search_path = own_equality, pg_catalog, public;
SELECT shown('SELECT count(*) FROM t WHERE s IS NOT DISTINCT FROM ''q''');
RESET search_path;
DROP SCHEMA own_equality CASCADE;

-- DISTINCT, HAVING, and the order and limit of groups
SELECT shown('SELECT DISTINCT i, s FROM t WHERE s IN (''a'', ''b'') AND i IN (1, 2)');
SELECT shown('SELECT DISTINCT ON (i) i, s FROM t');
SELECT shown('SELECT i, count(*) FROM t WHERE i IN (1, 2) GROUP BY i HAVING count(*) > 5');
SELECT shown('SELECT i, count(*) FROM t WHERE i IN (1, 2) AND f IN (1, 2) GROUP BY i HAVING avg(f) > 5 AND avg(i) > 5');
SELECT shown('SELECT count(*) FROM t HAVING count(*) > 5');
SELECT shown('SELECT i, count(*) FROM t GROUP BY i HAVING count(*) > 5');
SELECT shown('SELECT i, count(*) FROM t WHERE i IN (1, 2) GROUP BY i ORDER BY 2 DESC, 1 LIMIT 10');
SELECT shown('SELECT i, sum(f) FROM t WHERE i IN (1, 2) AND f IN (1, 2) GROUP BY i ORDER BY 2 DESC LIMIT 10 OFFSET 20');
SELECT shown('SELECT ts::date, count(*) FROM t WHERE ts IN (''2025-01-01Z'', ''2025-01-02Z'') GROUP BY 1 ORDER BY 1 DESC LIMIT 7');
SELECT shown('SELECT i, count(*) FROM t GROUP BY i LIMIT 10');
SELECT shown('SELECT i, avg(i) FROM t WHERE i IN (1, 2) GROUP BY i ORDER BY 2 LIMIT 10');
SELECT shown('SELECT i, count(*) FROM t WHERE i IN (1, 2) GROUP BY i ORDER BY 2 FETCH FIRST 10 ROWS WITH TIES');

DROP EXTENSION admin_dashboard CASCADE;
DROP FUNCTION grouped(text, text);
DROP FUNCTION shown(text);
