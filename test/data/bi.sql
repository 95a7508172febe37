-- SQL as BI tools send it to PostgreSQL, rewritten for one table, calls.  Of some
-- its shape was read in the tool's public source, others are likely shapes.
-- moment() is now() on 24 November 2026.  Parameters are written as constants, and
-- a standard deviation is rounded: its last digits depend on the order of rows.
--
-- Behind its name is how many documents MongoDB sends for a query.  The test
-- prints what it counted where that is another number.

-- M1, 1: Metabase: count of rows
SELECT COUNT(*) AS "count" FROM "calls";

-- M3, 29: Metabase: by month
SELECT DATE_TRUNC('month', "calls"."created_at") AS "created_at", COUNT(*) AS "count" FROM "calls" GROUP BY DATE_TRUNC('month', "calls"."created_at") ORDER BY DATE_TRUNC('month', "calls"."created_at") ASC;

-- M5, 53: Metabase: previous 12 months, by week (stable now() in WHERE)
SELECT date_trunc('week', "calls"."created_at") AS "created_at", count(*) AS "count" FROM "calls" WHERE ("calls"."created_at" >= date_trunc('month', (moment() + (INTERVAL '-12 month'))) AND "calls"."created_at" < date_trunc('month', moment())) GROUP BY date_trunc('week', "calls"."created_at") ORDER BY date_trunc('week', "calls"."created_at") ASC;

-- M7, 125: Metabase: week starting on Sunday
SELECT (DATE_TRUNC('week', ("calls"."created_at" + INTERVAL '1 day')) + INTERVAL '-1 day') AS "created_at", COUNT(*) AS "count" FROM "calls" GROUP BY (DATE_TRUNC('week', ("calls"."created_at" + INTERVAL '1 day')) + INTERVAL '-1 day') ORDER BY (DATE_TRUNC('week', ("calls"."created_at" + INTERVAL '1 day')) + INTERVAL '-1 day') ASC;

-- M9, 7: Metabase: day of week
SELECT (CAST(extract(dow from "calls"."created_at") AS integer) + 1) AS "created_at", AVG("calls"."duration_minutes") AS "avg" FROM "calls" GROUP BY (CAST(extract(dow from "calls"."created_at") AS integer) + 1) ORDER BY (CAST(extract(dow from "calls"."created_at") AS integer) + 1) ASC;

-- M11, 11: Metabase: top 10 users
SELECT "calls"."created_by_email" AS "created_by_email", COUNT(*) AS "count", SUM("calls"."duration_minutes") AS "sum" FROM "calls" GROUP BY "calls"."created_by_email" ORDER BY "sum" DESC, "calls"."created_by_email" ASC LIMIT 10;

-- M13, 1: Metabase: "is" with several values
SELECT COUNT(*) AS "count" FROM "calls" WHERE (("calls"."status" = 'completed') OR ("calls"."status" = 'failed'));

-- M15, 1: Metabase: median / percentile
SELECT PERCENTILE_CONT(0.5) within group (order by "calls"."duration_minutes") AS "median", PERCENTILE_CONT(0.95) within group (order by "calls"."duration_minutes") AS "percentile" FROM "calls";

-- M17, 1: Metabase: CountIf / Share
SELECT SUM(CASE WHEN "calls"."status" = 'failed' THEN 1 ELSE 0.0 END) AS "CountIf", CAST(SUM(CASE WHEN "calls"."status" = 'failed' THEN 1 ELSE 0.0 END) AS DOUBLE PRECISION) / NULLIF(COUNT(*), 0) AS "Share" FROM "calls";

-- M19, 123: Metabase: filter on an aggregate (second stage)
SELECT "source"."created_by_email" AS "created_by_email", "source"."count" AS "count" FROM (SELECT "calls"."created_by_email" AS "created_by_email", COUNT(*) AS "count" FROM "calls" GROUP BY "calls"."created_by_email" ORDER BY "calls"."created_by_email" ASC) AS "source" WHERE "source"."count" > 3 LIMIT 1048575;

-- M21, 620: Metabase: pivot table as one query (proposed upstream)
SELECT "calls"."created_by_email" AS "created_by_email", "calls"."status" AS "status", GROUPING("calls"."created_by_email", "calls"."status") AS "pivot-grouping", COUNT(*) AS "count" FROM "calls" GROUP BY GROUPING SETS (("calls"."created_by_email", "calls"."status"), ("calls"."created_by_email"), ("calls"."status"), ());

-- M23, 6000: Metabase: fingerprint scan
SELECT SUBSTRING("calls"."call_id", 1, 1234) AS "substring1", SUBSTRING("calls"."status", 1, 1234) AS "substring2", "calls"."created_at" AS "created_at", "calls"."duration_minutes" AS "duration_minutes" FROM "calls" LIMIT 10000;

-- G1, 157: Grafana: $__timeGroupAlias(created_at,'1h') + $__timeFilter(created_at)
SELECT floor(extract(epoch from created_at)/3600)*3600 AS "time", count(*) AS "calls" FROM calls WHERE created_at BETWEEN '2025-01-01T00:00:00Z' AND '2025-01-31T23:59:59.999Z' GROUP BY 1 ORDER BY 1;

-- G3, 4: Grafana: $__time(created_at), raw rows
SELECT created_at AS "time", duration_minutes FROM calls WHERE created_at BETWEEN '2025-01-01T00:00:00Z' AND '2025-01-02T00:00:00Z' ORDER BY created_at;

-- G5, 176: Grafana: $__unixEpochFilter / $__unixEpochGroup on an expression
SELECT floor((extract(epoch from created_at))/300)*300 AS "time", count(*) FROM calls WHERE extract(epoch from created_at) >= 1735689600 AND extract(epoch from created_at) <= 1738367999 GROUP BY 1 ORDER BY 1;

-- G7, 87: Grafana: hand-written panel with date_trunc
SELECT date_trunc('hour', created_at) AS "time", avg(duration_minutes) AS "avg" FROM calls WHERE created_at BETWEEN '2025-01-01T00:00:00Z' AND '2025-02-01T00:00:00Z' AND status IN ('completed','failed') GROUP BY 1 ORDER BY 1;

-- G9, 123: Grafana: dashboard variable
SELECT DISTINCT created_by_email FROM calls ORDER BY 1;

-- G11, 0: Grafana: alert rule (stable now())
SELECT moment() AS "time", count(*) AS value FROM calls WHERE created_at > moment() - interval '5 minutes';

-- R1, 1: aggregate under a condition on text in lower case
SELECT count(*) AS count FROM calls WHERE lower(status) = 'completed';

-- R2, 1: sum under ILIKE
SELECT count(*), sum(duration_minutes) FROM calls WHERE created_by_email ILIKE '%ACME%';

-- R17, 1: aggregates under conditions
SELECT count(*) FILTER (WHERE lower(status) = 'completed') AS completed, sum(CASE WHEN created_by_email ILIKE '%ACME%' THEN duration_minutes ELSE 0 END) AS minutes, count(*) FROM calls;

-- R18, 4: average of an expression
SELECT avg(length(lower(status))) AS length, count(CASE WHEN status ILIKE 'c%' THEN 1 END) FROM calls;

-- R3, 123: least and greatest text
SELECT min(created_by_email), max(created_by_email), count(*) FROM calls;

-- R4, 29: by month as text
SELECT to_char(created_at, 'YYYY-MM') AS month, count(*) FROM calls GROUP BY 1 ORDER BY 1;

-- R5, 179: by five minutes
SELECT date_trunc('hour', created_at) + interval '5 minutes' * floor(extract(minute FROM created_at) / 5) AS t, count(*) FROM calls WHERE created_at >= '2025-01-01Z' AND created_at < '2025-02-01Z' GROUP BY 1;

-- R6, 171: by bins of 15 minutes
SELECT date_bin('15 minutes', created_at, '2001-01-01Z') AS t, count(*) FROM calls WHERE created_at >= '2025-01-01Z' AND created_at < '2025-02-01Z' GROUP BY 1;

-- R7, 7: by day of week from Monday
SELECT cast(extract(dow FROM created_at) + 6 AS smallint) % 7 AS day, count(*) FROM calls GROUP BY 1;

-- R8, 1: on Mondays of a zone
SELECT count(*) FROM calls WHERE extract(dow FROM created_at AT TIME ZONE 'America/New_York') + 1 = 2;

-- R9, 4: values as one text
SELECT string_agg(DISTINCT status, ',') FROM calls;

-- R10, 123: distinct users, whatever their case
SELECT count(DISTINCT lower(created_by_email)) FROM calls;

-- R11, 1: number of rows up to a limit
SELECT count(*) AS rowcount FROM (SELECT created_by_email FROM calls LIMIT 50000) AS q;

-- R12, 1: number of rows, said in other ways
SELECT count(calls.*) AS n, count(1) AS n1, count(NULL) AS n0 FROM calls;

-- R13, 1: share of calls by a cast
SELECT sum((status = 'failed')::int), avg(floor(duration_minutes)::int) FROM calls;

-- R14, 2: by buckets of hundreds
SELECT floor(duration_minutes / 50)::bigint * 50 AS bucket, count(*) FROM calls WHERE duration_minutes < 100 GROUP BY 1;

-- R15, 1: number of calls of a domain
SELECT count(*) FROM calls WHERE position('@acme' IN created_by_email) > 0 AND length(rtrim(status)) > 3;

-- R16, 1: deviations
SELECT round(stddev(duration_minutes)::numeric, 6) AS s, round(var_pop(duration_minutes)::numeric, 6) AS v FROM calls;

-- S1, 31: Superset: time-series chart, day grain
SELECT DATE_TRUNC('day', created_at) AS created_at, COUNT(*) AS count FROM calls WHERE created_at >= TO_TIMESTAMP('2025-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') AND created_at < TO_TIMESTAMP('2025-02-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US') GROUP BY DATE_TRUNC('day', created_at) ORDER BY count DESC LIMIT 10000;

-- S3, 2: Superset: virtual dataset
SELECT store AS store, count(issue_hour) AS "COUNT(issue_hour)" FROM (select left(created_by_email, 4) store, created_at issue_date, extract(HOUR FROM created_at) issue_hour from calls) AS virtual_table WHERE issue_date >= TO_DATE('2025-01-01', 'YYYY-MM-DD') AND issue_date < TO_DATE('2025-01-31', 'YYYY-MM-DD') GROUP BY store ORDER BY "COUNT(issue_hour)" DESC LIMIT 1000;

-- S5, 123: Superset: native filter values
SELECT created_by_email AS created_by_email FROM calls GROUP BY created_by_email ORDER BY created_by_email ASC LIMIT 1000;

-- S7, 22: Superset: week filter on truncated column
SELECT DATE_TRUNC('week', created_at) AS __timestamp, COUNT(*) AS purchases FROM calls WHERE DATE_TRUNC('week', created_at) >= DATE_TRUNC('week', TIMESTAMP '2025-01-29 00:00:00') AND DATE_TRUNC('week', created_at) <= DATE_TRUNC('week', TIMESTAMP '2025-06-26 00:00:00') GROUP BY DATE_TRUNC('week', created_at);

-- T1, 1: Tableau: row count
SELECT SUM(1) AS "cnt:calls_ECFCA1FB690A41FE803BC071773BA862:ok" FROM "calls" "calls" HAVING (COUNT(1) > 0);

-- T3, 869: Tableau: day
SELECT COUNT(DISTINCT "calls"."created_by_email") AS "ctd:created_by_email:ok", DATE_TRUNC( 'DAY', CAST("calls"."created_at" AS TIMESTAMP) ) AS "tdy:created_at:ok" FROM "calls" "calls" GROUP BY 2;

-- T5, 3: Tableau: year part
SELECT CAST(TRUNC(EXTRACT(YEAR FROM "calls"."created_at")) AS INTEGER) AS "yr:created_at:ok", SUM("calls"."duration_minutes") AS "sum:duration_minutes:ok" FROM "calls" "calls" GROUP BY 1;

-- T7, 4: Tableau: date range filter
SELECT SUM(1) AS "cnt:calls:ok", "calls"."status" AS "status" FROM "calls" "calls" WHERE (("calls"."created_at" >= (DATE '2025-07-01')) AND ("calls"."created_at" < (TIMESTAMP '2025-10-01 00:00:00.000'))) GROUP BY 2;

-- T9, 61: Tableau: ends-with filter
SELECT MAX("calls"."duration_minutes") AS "max:duration_minutes:ok", "calls"."created_by_email" AS "created_by_email" FROM "calls" "calls" WHERE (SUBSTR(RTRIM(CAST(LOWER(CAST("calls"."created_by_email" AS TEXT)) AS TEXT), ' '), (CASE WHEN (LENGTH(RTRIM(CAST(LOWER(CAST("calls"."created_by_email" AS TEXT)) AS TEXT), ' ')) - LENGTH(CAST('x.com' AS TEXT))) < 0 THEN 1 ELSE LENGTH(RTRIM(CAST(LOWER(CAST("calls"."created_by_email" AS TEXT)) AS TEXT), ' ')) - LENGTH(CAST('x.com' AS TEXT)) + 1 END), LENGTH(CAST('x.com' AS TEXT))) = CAST('x.com' AS TEXT)) GROUP BY 2;

-- T11, 4: Tableau: quick-filter values, ASC NULLS FIRST
SELECT "calls"."status" AS "status" FROM "calls" "calls" GROUP BY 1 ORDER BY "status" ASC NULLS FIRST;

-- T13, 2: Tableau: nested buckets ($temp subselects)
SELECT "t3"."Calculation_1" AS "Calculation_1", SUM(1) AS "sum:Number of Records:ok" FROM (SELECT (CASE WHEN ("t2"."$temp0_cse" <= 17) THEN '<18' WHEN (("t2"."$temp0_cse" >= 18) AND ("t2"."$temp0_cse" <= 34)) THEN '18-34' ELSE '' END) AS "Calculation_1" FROM (SELECT "calls"."duration_minutes" AS "$temp0_cse" FROM "calls" "calls") "t2") "t3" WHERE ("t3"."Calculation_1" <> '') GROUP BY 1;

-- T15, 615: Tableau: fixed level of detail
SELECT "calls"."status" AS "status", AVG("t0"."__measure__0") AS "avg:Calculation:ok" FROM "calls" "calls" INNER JOIN (SELECT "calls"."created_by_email" AS "created_by_email", SUM("calls"."duration_minutes") AS "__measure__0" FROM "calls" "calls" GROUP BY 1) "t0" ON ("calls"."created_by_email" IS NOT DISTINCT FROM "t0"."created_by_email") GROUP BY 1;

-- T17, 1000: Tableau: data preview
SELECT "calls"."call_id" AS "call_id", "calls"."created_at" AS "created_at", "calls"."created_by_email" AS "created_by_email", "calls"."duration_minutes" AS "duration_minutes", "calls"."status" AS "status" FROM "calls" "calls" LIMIT 1000;

-- P1, 123: Power BI: sum by column with a date slicer and an IN slicer
select "_"."created_by_email", "_"."a0", "_"."a1" from (select "rows"."created_by_email" as "created_by_email", sum("rows"."duration_minutes") as "a0", count("rows"."call_id") as "a1" from (select "_"."created_at", "_"."created_by_email", "_"."duration_minutes", "_"."call_id", "_"."status" from (select "created_at", "created_by_email", "duration_minutes", "call_id", "status" from "calls" "$Table") "_" where ("_"."created_at" < timestamp '2026-01-01 00:00:00' and "_"."created_at" >= timestamp '2025-01-01 00:00:00') and ("_"."status" in ('completed', 'failed'))) "rows" group by "created_by_email") "_" where not "_"."a0" is null or not "_"."a1" is null limit 1000001;

-- P3, 4: Power BI: distinct count over subselect, ordered
select "rows"."status" as "status", count(distinct("rows"."created_by_email")) + max(case when "rows"."created_by_email" is null then 1 else 0 end) as "a0" from (select "_"."status", "_"."created_by_email" from "calls" "_") "rows" group by "status" order by "a0" desc limit 10;

-- P5, 1: Power BI: date slicer bounds
select max("rows"."created_at") as "a0", min("rows"."created_at") as "a1" from (select "created_at" from "calls" "$Table") "rows";

-- P7, 4: Power BI: year-month text key, ordered
select "_"."created_at_year_month" as "c11", "_"."a0" as "a0" from (select "rows"."created_at_year_month" as "created_at_year_month", sum(cast("rows"."duration_minutes" as decimal)) as "a0" from (select "_"."duration_minutes" as "duration_minutes", (case when left(cast(extract(year from "_"."created_at") as varchar), 4000) is not null then left(cast(extract(year from "_"."created_at") as varchar), 4000) else '' end) || ('-' || (case when left(cast(extract(month from "_"."created_at") as varchar), 4000) is not null then left(cast(extract(month from "_"."created_at") as varchar), 4000) else '' end)) as "created_at_year_month" from (select "_"."duration_minutes", "_"."created_at" from (select "duration_minutes", "created_at" from "calls" "$Table") "_" where "_"."created_at" < timestamp '2025-10-08 00:00:00' and "_"."created_at" >= timestamp '2025-07-08 00:00:00') "_") "rows" group by "created_at_year_month") "_" where not "_"."a0" is null order by "_"."a0" desc, "_"."created_at_year_month" limit 1001;

-- P9, 1000: Power BI: preview / import
select "$Table"."call_id" as "call_id", "$Table"."created_at" as "created_at", "$Table"."created_by_email" as "created_by_email", "$Table"."duration_minutes" as "duration_minutes", "$Table"."status" as "status" from "calls" "$Table" limit 1000;

-- L1, 123: Looker: measures by dimension
SELECT LOWER((calls."created_by_email")) AS "email", COALESCE(SUM(CAST(( calls."duration_minutes" ) AS DOUBLE PRECISION)), 0) AS "sum_of_duration" FROM calls AS calls WHERE ((( calls."created_at" ) >= (DATE_TRUNC('day', DATE '2025-01-01')) AND ( calls."created_at" ) < (DATE_TRUNC('day', DATE '2026-01-01')))) GROUP BY 1 ORDER BY 2 DESC FETCH NEXT 500 ROWS ONLY;

-- L3, 2398: Looker: date with time-zone conversion
SELECT (DATE(calls."created_at" AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York')) AS "calls.created_date", COUNT(*) AS "calls.count" FROM calls AS calls WHERE (calls."status" ) = 'completed' GROUP BY 1 ORDER BY 1 DESC FETCH NEXT 500 ROWS ONLY;

-- R1, 4: RStudio dbplyr: lower() group
SELECT "d2", COUNT(*) AS "n" FROM (SELECT "calls".*, lower("status") AS "d2" FROM "calls" WHERE ("created_at" >= '2025-01-01' AND "created_at" <= '2026-01-01')) AS "q01" GROUP BY "d2" ORDER BY "d2" LIMIT 1000;

-- PR1, 20: PostgREST: GET /calls?created_by_email=eq.x&order=created_at.desc&limit=20&offset=0
WITH pgrst_source AS ( SELECT "calls".* FROM "calls" WHERE "calls"."created_by_email" = 'user1@x.com' ORDER BY "calls"."created_at" DESC LIMIT '20' OFFSET '0' ) SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body, nullif(current_setting('response.headers', true), '') AS response_headers, nullif(current_setting('response.status', true), '') AS response_status, '' AS response_inserted FROM ( SELECT * FROM pgrst_source ) _postgrest_t;

-- PR3, 1713: PostgREST: in.(...) is = ANY ($1) with an array literal; ilike; is distinct from
WITH pgrst_source AS ( SELECT "calls"."call_id" FROM "calls" WHERE "calls"."status" = ANY ('{completed,failed}') AND "calls"."created_by_email" ilike '%acme%' AND NOT "calls"."status" IS NULL ) SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body FROM ( SELECT * FROM pgrst_source ) _postgrest_t;

-- PR5, 91: PostgREST: several ranges and or=()
WITH pgrst_source AS ( SELECT "calls".* FROM "calls" WHERE ("calls"."status" = 'failed' OR "calls"."duration_minutes" > '60') AND "calls"."created_at" >= '2025-01-01T00:00:00Z' AND "calls"."created_at" < '2025-02-01T00:00:00Z' ORDER BY "calls"."created_at" ASC NULLS LAST, "calls"."call_id" ASC ) SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body FROM ( SELECT * FROM pgrst_source ) _postgrest_t;

-- A2, 1: psql: FILTER, several aggregates
SELECT count(*) AS total, count(*) FILTER (WHERE status = 'failed') AS failed, round((sum(duration_minutes)/60)::numeric, 2) AS hours, count(duration_minutes) AS with_duration, count(DISTINCT created_by_email) AS users, min(created_at), max(created_at), round(stddev_samp(duration_minutes)::numeric, 9) FROM calls;

-- A4, 1: psql: null handling
SELECT count(*) FROM calls WHERE status IS DISTINCT FROM 'completed' AND NOT (duration_minutes > 5) AND created_by_email <> '';

-- A6, 31: psql: fill gaps
SELECT d::date, coalesce(c.n, 0) AS n FROM generate_series('2025-01-01'::timestamptz, '2025-01-31', '1 day') d LEFT JOIN (SELECT date_trunc('day', created_at) AS day, count(*) AS n FROM calls GROUP BY 1) c ON c.day = d ORDER BY 1;

-- A8, 4: psql: ties, offset, expression limit
SELECT call_id, duration_minutes FROM calls ORDER BY duration_minutes DESC NULLS LAST FETCH FIRST 3 ROWS WITH TIES;

-- A10, 616: psql: rollup and having
SELECT created_by_email, status, count(*) FROM calls GROUP BY ROLLUP (created_by_email, status) HAVING count(*) > 1 ORDER BY 1 NULLS LAST, 2 NULLS LAST;

-- A12, 2: psql: union of two aggregates
SELECT 'calls' AS what, count(*)::numeric AS v FROM calls UNION ALL SELECT 'hours', round((coalesce(sum(duration_minutes), 0) / 60)::numeric, 1) FROM calls;

-- C1, 123: Metabase: latest call of each user
SELECT DISTINCT ON ("calls"."created_by_email") "calls"."created_by_email", "calls"."created_at", "calls"."status" FROM "calls" ORDER BY "calls"."created_by_email", "calls"."created_at" DESC, "calls"."duration_minutes" DESC;

-- C2, 123: dbt: deduplication
SELECT call_id, created_by_email, created_at FROM (SELECT *, row_number() OVER (PARTITION BY created_by_email ORDER BY created_at DESC) AS __row FROM calls) AS deduplicated WHERE __row = 1;

-- C3, 123: Grafana: last value of each series
SELECT created_by_email AS metric, (array_agg(duration_minutes ORDER BY created_at DESC))[1] AS last, count(*) AS value FROM calls GROUP BY 1 ORDER BY 1;

-- C4, 1: Cube: distinct users and states
SELECT count(DISTINCT "calls".created_by_email) "calls__users", count(DISTINCT "calls".status) "calls__states", count(*) "calls__count" FROM calls AS "calls" WHERE ("calls".created_at >= '2025-01-01T00:00:00.000Z'::timestamptz AND "calls".created_at <= '2025-12-31T23:59:59.999Z'::timestamptz);

-- C5, 27: Superset: series limit
SELECT date_trunc('month', created_at) AS __timestamp, calls.created_by_email AS created_by_email, sum(duration_minutes) AS minutes FROM calls JOIN (SELECT created_by_email AS created_by_email__, sum(duration_minutes) AS mme_inner__ FROM calls WHERE created_at >= '2025-01-01' AND created_at < '2025-07-01' GROUP BY created_by_email ORDER BY mme_inner__ DESC LIMIT 5) AS anon_1 ON calls.created_by_email = created_by_email__ WHERE created_at >= '2025-01-01' AND created_at < '2025-07-01' GROUP BY calls.created_by_email, date_trunc('month', created_at) ORDER BY minutes DESC LIMIT 10000;

-- C6, 20: Tableau: top 10 as a filter
SELECT "calls"."created_by_email" AS "created_by_email", COUNT(1) AS "cnt" FROM "calls" "calls" WHERE "calls"."created_by_email" IN (SELECT "c"."created_by_email" FROM "calls" "c" WHERE "c"."created_by_email" IS NOT NULL GROUP BY 1 ORDER BY SUM("c"."duration_minutes") DESC LIMIT 10) GROUP BY 1;

-- C7, 1: Metabase: number of groups
SELECT count(*) AS "count" FROM (SELECT "calls"."created_by_email", count(*) AS "n" FROM "calls" GROUP BY 1) AS "source";

-- C8, 1: Metabase: average of a count by group
SELECT avg("source"."n") AS "avg", max("source"."n") AS "max" FROM (SELECT "calls"."created_by_email", count(*) AS "n" FROM "calls" GROUP BY 1) AS "source";

-- C9, 200: DBeaver: first page of the table, in order
SELECT x.* FROM calls x ORDER BY x.created_at DESC LIMIT 200;

-- C10, 1: DBeaver: number of rows under a filter
SELECT count(*) FROM calls x WHERE x.status = 'failed' AND x.duration_minutes > 30;

-- C11, 4: DBeaver: values of a column, with their number
SELECT "status", count(*) FROM calls GROUP BY "status" ORDER BY 2 DESC LIMIT 200;

-- C12, 29: Django: distinct months
SELECT DISTINCT DATE_TRUNC('month', "calls"."created_at" AT TIME ZONE 'UTC') AS "month" FROM "calls" WHERE "calls"."created_at" IS NOT NULL ORDER BY 1 ASC;

-- C13, 10: Power BI: top 10 with a total of the rest
select "_"."created_by_email", "_"."a0" from (select "rows"."created_by_email", sum("rows"."duration_minutes") as "a0" from "calls" "rows" group by "created_by_email") "_" where not "_"."a0" is null order by "_"."a0" desc nulls last limit 10;

-- C14, 1: PostgREST: users by a regular expression
SELECT count(*) FROM calls WHERE created_by_email ~ '^user1[0-4]';

-- C15, 1: Django: calls since a day, by an interval
SELECT count(*), sum(duration_minutes) FROM calls WHERE created_at > '2025-06-30'::timestamptz + interval '1 day';

-- C16, 10: PostgREST: offset without a limit
SELECT call_id FROM calls ORDER BY created_at OFFSET 5990;

-- C17, 29: Superset: running total
SELECT month, sum(n) OVER (ORDER BY month) AS total FROM (SELECT date_trunc('month', created_at) AS month, count(*) AS n FROM calls GROUP BY 1) q ORDER BY 1;

-- C18, 4: Metabase: share of a total
SELECT status, count(*), count(*) * 100.0 / sum(count(*)) OVER () AS share FROM calls GROUP BY status ORDER BY 2 DESC;

-- C19, 123: Cube: distinct users whatever the case, beside totals
SELECT count(DISTINCT lower(created_by_email)) AS users, count(*), sum(duration_minutes) FROM calls;

-- C20, 253: Django: first page by a text
SELECT "calls"."call_id", "calls"."created_by_email" FROM "calls" ORDER BY "calls"."created_by_email" ASC, "calls"."call_id" ASC LIMIT 100;

-- C21, 869: Power BI: by the month of a calendar
SELECT calendar.month, count(*), sum(calls.duration_minutes) FROM calls JOIN (SELECT day::date, to_char(day, 'YYYY-MM') AS month, extract(isodow FROM day) AS weekday FROM generate_series('2024-07-01'::timestamp, '2026-12-31', '1 day') day) calendar ON calendar.day = calls.created_at::date GROUP BY 1 ORDER BY 1;

-- C22, 93: Tableau: days of one month of a calendar, by status
SELECT calendar.weekday, calls.status, count(*) FROM calls JOIN (SELECT day::date, to_char(day, 'YYYY-MM') AS month, extract(isodow FROM day) AS weekday FROM generate_series('2024-07-01'::timestamp, '2026-12-31', '1 day') day) calendar ON calendar.day = (calls.created_at AT TIME ZONE 'UTC')::date WHERE calendar.month = '2025-02' GROUP BY 1, 2;

-- C23, 31: Looker: a calendar with its calls, days without any among them
SELECT calendar.day, count(calls.call_id), coalesce(sum(calls.duration_minutes), 0) FROM (SELECT day::date, to_char(day, 'YYYY-MM') AS month, extract(isodow FROM day) AS weekday FROM generate_series('2024-07-01'::timestamp, '2026-12-31', '1 day') day) calendar LEFT JOIN calls ON calls.created_at::date = calendar.day WHERE calendar.month = '2025-03' GROUP BY 1 ORDER BY 1;

-- C24, 8: Metabase: by status over a union of two periods
SELECT status, count(*), sum(duration_minutes) FROM (SELECT status, duration_minutes FROM calls WHERE created_at < '2025-06-01Z' UNION ALL SELECT status, duration_minutes FROM calls WHERE created_at >= '2025-06-01Z' AND duration_minutes > 5) source GROUP BY status;

-- C25, 20: Django: the latest of a union of two states
SELECT call_id, created_at FROM calls WHERE status = 'failed' UNION ALL SELECT call_id, created_at FROM calls WHERE status = 'missed' ORDER BY created_at DESC LIMIT 10;

-- C26, 123: Metabase: calls of each user, with those who have none
SELECT users.email, count(calls.call_id), coalesce(sum(calls.duration_minutes), 0), max(calls.created_at) FROM (SELECT 'user' || i || domain AS email FROM generate_series(0, 69) i, (VALUES ('@acme.com'), ('@x.com')) d (domain)) users LEFT JOIN calls ON calls.created_by_email = users.email GROUP BY 1;

-- C27, 71: Superset: users without a call in two weeks
SELECT users.email FROM (SELECT 'user' || i || domain AS email FROM generate_series(0, 69) i, (VALUES ('@acme.com'), ('@x.com')) d (domain)) users WHERE NOT EXISTS (SELECT FROM calls WHERE calls.created_by_email = users.email AND calls.created_at >= '2026-11-01Z');

-- C28, 123: Django: number of users with a failed call
SELECT count(*) FROM (SELECT 'user' || i || domain AS email FROM generate_series(0, 69) i, (VALUES ('@acme.com'), ('@x.com')) d (domain)) users WHERE users.email IN (SELECT created_by_email FROM calls WHERE status = 'failed');

-- C29, 123: Metabase: last day and first month of each user
SELECT created_by_email, max(created_at::date), min(date_trunc('month', created_at)) FROM calls GROUP BY 1;

-- C37, 10: Metabase: the ten users who called last
SELECT created_by_email, max(created_at::date) AS last, count(*) FROM calls GROUP BY 1 ORDER BY max(created_at::date) DESC, count(*) DESC, created_by_email COLLATE "C" LIMIT 10;

-- C38, 4: Mode: users by the month of their first call
SELECT first, count(*) AS users, sum(calls) AS calls FROM (SELECT created_by_email, min(date_trunc('month', created_at)) AS first, count(*) AS calls FROM calls GROUP BY 1) cohorts GROUP BY first ORDER BY first;

-- C30, 1: Looker: first and last day, days between them
SELECT min(created_at::date) AS first, max(created_at::date) AS last, max(created_at::date) - min(created_at::date) + 1 AS days FROM calls;

-- C31, 125: Superset: weeks from Sunday by the day of the week
SELECT created_at::date - extract(dow FROM created_at)::int AS week, count(*) FROM calls GROUP BY 1 ORDER BY 1;

-- C32, 1: Tableau: weighted and capped minutes
SELECT sum(duration_minutes * CASE WHEN status = 'completed' THEN 1.5 ELSE 0 END) AS weighted, sum(least(duration_minutes, 30)) AS capped, sum(greatest(duration_minutes - 5, 0)) AS beyond FROM calls;

-- C33, 801: Power BI: by rounded minutes
SELECT round(duration_minutes::numeric, 1) AS minutes, count(*) FROM calls GROUP BY 1 ORDER BY 1;

-- C34, 801: Metabase: billed minutes, rounded for each call
SELECT sum(round(duration_minutes::numeric, 1)) AS minutes, sum(round((duration_minutes / 60)::numeric, 2)) AS hours, max(round(duration_minutes::numeric, 1)) AS longest FROM calls;

-- C35, 869: Grafana: days of the epoch as times
SELECT to_timestamp(floor(extract(epoch FROM created_at) / 86400) * 86400) AS time, count(*) FROM calls GROUP BY 1 ORDER BY 1;

-- C36, 123: psql: calls of users that are not on a list
SELECT count(*), sum(duration_minutes) FROM calls WHERE created_by_email NOT IN (SELECT 'user' || i || '@acme.com' FROM generate_series(0, 9) i);

-- C39, 1: Metabase: calls of the last 720 hours
SELECT count(*), sum(duration_minutes) AS minutes FROM calls WHERE extract(epoch FROM '2026-11-24 12:00Z'::timestamptz - created_at) / 3600 < 720;

-- C40, 3: Metabase: by age in days
SELECT CASE WHEN extract(day FROM '2026-11-24 12:00Z'::timestamptz - created_at) < 30 THEN 'new' WHEN date_part('day', '2026-11-24 12:00Z'::timestamptz - created_at) < 365 THEN 'this year' ELSE 'old' END AS age, count(*) FROM calls GROUP BY 1;

-- C41, 868: Looker: days since each call
SELECT extract(day FROM '2026-11-24 12:00Z'::timestamptz - created_at) AS days, count(*) FROM calls GROUP BY 1 ORDER BY 1;

-- C42, 1: Power BI: calls in business hours
SELECT count(*), avg(duration_minutes)::numeric(9, 3) AS minutes FROM calls WHERE created_at::time BETWEEN '09:00' AND '17:00' AND extract(isodow FROM created_at) < 6;

-- C43, 246: Metabase: users who stopped calling
SELECT created_by_email FROM calls WHERE created_at < '2025-06-01Z' EXCEPT SELECT created_by_email FROM calls WHERE created_at >= '2026-06-01Z';

-- C44, 122: Superset: users without a failed call, with NOT IN
SELECT users.email FROM (SELECT 'user' || i || domain AS email FROM generate_series(0, 69) i, (VALUES ('@acme.com'), ('@x.com')) d (domain)) users WHERE users.email NOT IN (SELECT created_by_email FROM calls WHERE status = 'failed' AND created_by_email IS NOT NULL);
