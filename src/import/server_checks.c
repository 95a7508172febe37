/*
 * server_checks.c
 *	  The queries by which admin_dashboard_check_server() checks a server.
 *
 * Each uses as few constructs beside its own as possible.
 *
 * PostgreSQL runs each query twice: over the rows below, and over a foreign
 * table whose documents are made from them.  The documents hold the same
 * values in several BSON types, see check_server.c.  The values are those at
 * which implementations differ: nulls, ends of ranges, 2^53, negative
 * remainders, empty strings, changes of daylight saving, ends of weeks and
 * years.
 */
#include "postgres.h"

#include "import/server_checks.h"

const char *const ad_check_columns =
"id integer OPTIONS (field '_id'), i integer, l bigint, f double precision, s text, "
"b boolean, t timestamptz, d date, k text, n numeric, z text OPTIONS (on_mismatch 'null')";

const char *const ad_check_names = "id, i, l, f, s, b, t, d, k, n, z";

const char *const ad_check_rows =
"(1, 0, 0::bigint, 0::double precision, '', true, '2026-03-29 00:59:59.999Z'::timestamptz, '2026-03-29'::date, 'a', 1::numeric, 'a'), "
"(2, 1, 1, 1.5, 'a', false, '2026-03-29 01:00:00Z', '2026-12-31', 'a', 2, NULL), "
"(3, -1, -1, -1.5, 'A', true, '2026-10-25 00:30:00Z', '2027-01-01', 'a', 3, 'b'), "
"(4, 7, 7, 2.5, 'acme.com', false, '2026-10-25 01:30:00Z', '2024-02-29', 'b', 1.5, NULL), "
"(5, -7, -7, -2.5, 'ACME', NULL, '2026-12-31 23:59:59.999Z', '1969-12-31', 'b', 0, ''), "
"(6, 2147483647, 9007199254740993, 1e308, U&'zo\\00E9 \\+01F600', true, '2027-01-01 00:00:00Z', '2000-01-01', 'b', -1, NULL), "
"(7, -2147483648, -9007199254740993, -1e308, '64b2f0a1c3d4e5f601234567', true, '2020-12-31 23:00:00Z', '2026-02-26', 'b', 10, 'c'), "
"(8, 100, 4611686018427387905, 0.5, '64b2f0a1c3d4e5f60123456a', false, '1969-12-31 23:59:59.999Z', '1970-01-01', 'c', 100, NULL), "
"(9, 3, -4611686018427387905, 1e-300, '50%', true, '2024-02-29 12:00:00Z', '2026-03-02', 'c', 0.1, 'd'), "
"(10, 5, 86400000, -0.5, 'a_b', false, '2026-02-26 00:00:00Z', '2026-03-01', 'c', 5, NULL), "
"(11, 42, 11, 'Infinity', 'line\nbreak', true, '2026-07-01 11:59:59.999Z', '2026-07-05', 'c', 7, 'e'), "
"(12, 59, 13, '-Infinity', ' x ', false, '2026-07-01 12:00:00Z', '2026-07-06', 'c', 8, NULL), "
"(13, 60, 17, 'NaN', 'x$y', true, '1900-01-01 05:06:07.008Z', '1900-01-01', 'd', 9, 'f'), "
"(14, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a', NULL, NULL), "
"(15, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'b', NULL, 'g'), "
"(16, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'c', NULL, NULL)";

/* a count for each value of an expression */
#define EACH(expression, condition) \
	"SELECT " expression ", count(*) FROM checked_calls WHERE " condition " GROUP BY 1"

/*
 * The greatest value and the sum or the number of all, which MongoDB computes;
 * for a value of a key it returns the column that it is made from.
 */
#define SUM(expression, condition) \
	"SELECT k, max(" expression "), sum(" expression ") FROM checked_calls WHERE " condition " GROUP BY k"
#define MAX(expression, condition) \
	"SELECT k, max(" expression "), count(" expression ") FROM checked_calls WHERE " condition " GROUP BY k"

/* the rows for which a condition is true */
#define WHERE(condition) "SELECT id FROM checked_calls WHERE " condition

#define BERLIN "AT TIME ZONE 'Europe/Berlin'"

const AdServerCheck ad_server_checks[] = {
	{"$abs", SUM("abs(i)", "i > -2147483648")},
	{"$abs", WHERE("abs(f) > 1")},
	{"$add", SUM("l + 3", "true")},
	{"$add", WHERE("f + 1 > 1")},
	{"$add", WHERE("(t + interval '1 hour') IS NOT NULL")},
	{"$and", WHERE("(f > 0) = (b AND i > 0)")},
	{"$arrayElemAt", WHERE("split_part(s, '.', 2) IN ('com', '')")},
	{"$ceil", MAX("ceil(f)", "f > 0 OR f <= -1")},
	{"$concat", WHERE("s || k IN ('aa', 'a', U&'zo\\00E9 \\+01F600b', '64b2f0a1c3d4e5f601234567b')")},
	{"$cond", SUM("CASE WHEN i > 3 THEN i ELSE -i END", "i > -2147483648")},
	{"$convert", SUM("l", "true")},
	{"$convert", MAX("f", "true")},
	{"$convert", SUM("i + i", "i BETWEEN -10 AND 100")},
	{"$dateTrunc", EACH("date_trunc('day', t, 'UTC')", "true")},
	{"$dateTrunc", EACH("date_trunc('day', t, 'Europe/Berlin')", "true")},
	{"$dateTrunc", EACH("date_trunc('week', t, 'UTC')", "true")},
	{"$dateTrunc", EACH("date_trunc('week', t, 'Europe/Berlin')", "true")},
	{"$dateTrunc", EACH("date_trunc('month', t, 'UTC')", "true")},
	{"$dateTrunc", EACH("date_trunc('month', t, 'Europe/Berlin')", "true")},
	{"$dateTrunc", EACH("date_trunc('quarter', t, 'Europe/Berlin')", "true")},
	{"$dateTrunc", EACH("date_trunc('year', t, 'Europe/Berlin')", "true")},
	{"$dateTrunc", EACH("(t " BERLIN ")::date", "true")},
	/* the order of documents, of what a clock shows and the instant */
	{"$dateTrunc", "SELECT k, max(date_trunc('month', t, 'Europe/Berlin')), min(date_trunc('day', t, 'UTC')) FROM checked_calls GROUP BY k"},
	{"$dayOfMonth", SUM("extract(day FROM t " BERLIN ")::integer", "true")},
	{"$dayOfWeek", SUM("extract(dow FROM t " BERLIN ")::integer", "true")},
	{"$dayOfYear", SUM("extract(doy FROM t " BERLIN ")::integer", "true")},
	{"$divide", SUM("i / 3", "true")},
	{"$divide", WHERE("f / 3 > 0.1")},
	{"$eq", EACH("i = 3", "true")},
	{"$eq", EACH("f = 'NaN'", "true")},
	{"$floor", MAX("floor(f)", "true")},
	{"$group", EACH("k", "true")},
	{"$group", "SELECT DISTINCT i, b FROM checked_calls"},
	{"$group.$first", EACH("i % 2", "true")},
	{"$group.$max", "SELECT k, max(i), max(t), max(l) FROM checked_calls GROUP BY k"},
	{"$group.$min", "SELECT k, min(i), min(t), min(l) FROM checked_calls GROUP BY k"},
	{"$group.$min", "SELECT k, min(f) FILTER (WHERE id > 0) FROM checked_calls GROUP BY k"},
	{"$group.$sum", "SELECT k, count(i), sum(i) FROM checked_calls GROUP BY k"},
	{"$group.$sum", "SELECT k, sum(f) FROM checked_calls WHERE f BETWEEN -100 AND 100 GROUP BY k"},
	{"$gt", EACH("i > 3", "true")},
	{"$gt", EACH("t > '2026-03-29 01:00:00Z'", "true")},
	{"$gte", EACH("l >= 9007199254740993", "true")},
	{"$hour", SUM("extract(hour FROM t " BERLIN ")::integer", "true")},
	{"$ifNull", SUM("coalesce(i, -3)", "true")},
	{"$in", EACH("i IN (1, 3, 5)", "true")},
	{"$indexOfBytes", EACH("z", "true")},
	{"$indexOfCP", SUM("strpos(s, 'm')", "true")},
	{"$isoDayOfWeek", SUM("extract(isodow FROM t " BERLIN ")::integer", "true")},
	{"$isoWeek", SUM("extract(week FROM t " BERLIN ")::integer", "true")},
	{"$isoWeekYear", SUM("extract(isoyear FROM t " BERLIN ")::integer", "true")},
	{"$let", WHERE("f + 1 > 1 AND f + 1 < 3")},
	{"$lookup", "SELECT c.id, o.k FROM checked_calls c LEFT JOIN checked_no_calls o ON o.id = c.i"},
	{"$lt", EACH("i < 3", "true")},
	{"$lte", EACH("l <= 9007199254740993", "true")},
	{"$ltrim", WHERE("ltrim(s) = 'x ' OR ltrim(s, 'a$') IN ('cme.com', '_b')")},
	{"$match.$expr", WHERE("i < l")},
	{"$match.$gt", WHERE("f > 1")},
	{"$match.$gte", WHERE("l >= 9007199254740993")},
	{"$match.$in", WHERE("i IN (7, 100, 3)")},
	{"$match.$in", WHERE("f IN (0, 1.5, 2.5, -0.5, 0.5)")},
	{"$match.$in", WHERE("n IN (1.5, 1, 0.1)")},
	{"$match.$in", WHERE("s = '64b2f0a1c3d4e5f601234567'")},
	{"$match.$in", WHERE("s IN ('', '64b2f0a1c3d4e5f601234567', '64b2f0a1c3d4e5f60123456a')")},
	{"$match.$lt", WHERE("t < '2026-03-29 01:00:00Z'")},
	{"$match.$lte", WHERE("f <= 1.5")},
	{"$match.$ne", WHERE("n <> 10")},
	{"$match.$nin", WHERE("f NOT IN (0, 1.5, 2.5, -0.5, 0.5)")},
	{"$match.$nin", WHERE("i NOT IN (7, 100, 3)")},
	{"$match.$nor", WHERE("(i > 3 AND b) IS NOT TRUE")},
	{"$match.$not", WHERE("i IS NULL")},
	{"$match.$or", WHERE("i = 7 OR b")},
	{"$match.$regex", WHERE("s LIKE '%x%'")},
	{"$match.$regex", WHERE("s ILIKE 'acm%'")},
	{"$match.$type", WHERE("b IS NOT NULL")},
	{"$max", SUM("greatest(i, l)", "true")},
	{"$millisecond", SUM("floor(extract(milliseconds FROM t " BERLIN "))::integer", "true")},
	{"$min", SUM("least(i, l)", "true")},
	{"$minute", SUM("extract(minute FROM t " BERLIN ")::integer", "true")},
	{"$mod", SUM("i % 3", "true")},
	{"$mod", SUM("l % 1000", "true")},
	{"$mod", MAX("d", "true")},
	{"$month", SUM("extract(month FROM t " BERLIN ")::integer", "true")},
	{"$multiply", SUM("l * 3", "l BETWEEN -100000000000000000 AND 100000000000000000")},
	{"$multiply", WHERE("f * 0.5 > 0.5")},
	{"$ne", EACH("i <> 3", "true")},
	{"$not", EACH("NOT i IN (1, 3, 5)", "true")},
	{"$or", EACH("i > 50 OR b", "true")},
	{"$reduce", SUM("i + l + i + id + 1 + i + id", "i BETWEEN -1000 AND 1000")},
	{"$regexMatch", WHERE("s LIKE '%7'")},
	{"$replaceAll", WHERE("replace(s, 'a', '$b') IN ('$bcme.com', '$b_b')")},
	{"$replaceWith", "SELECT id FROM checked_calls ORDER BY i NULLS FIRST, id LIMIT 8"},
	{"$rtrim", WHERE("rtrim(s) = ' x' OR rtrim(s, 'mo') = 'acme.c'")},
	{"$second", SUM("floor(extract(milliseconds FROM t " BERLIN "))::integer", "true")},
	{"$setWindowFields", "SELECT k, percentile_disc(0.5) WITHIN GROUP (ORDER BY i) FROM checked_calls GROUP BY k"},
	{"$split", WHERE("split_part(s, U&'\\00E9', 1) = 'zo'")},
	{"$strLenCP", SUM("length(s)", "true")},
	{"$substrBytes", WHERE("left(s, 3) = 'acm' OR left(s, 4) = '64b2'")},
	{"$substrCP", WHERE("substring(s, 3, 4) IN (U&'\\00E9 \\+01F600', 'b2f0', 'me.c')")},
	{"$subtract", SUM("l - 3", "l > -9000000000000000000")},
	{"$subtract", SUM("5 - i", "i > -2147483648")},
	{"$subtract", MAX("t - t", "t BETWEEN '2000-01-01Z' AND '2100-01-01Z'")},
	{"$switch", SUM("CASE i WHEN 1 THEN 1 WHEN 7 THEN 2 ELSE 3 END", "true")},
	{"$toDecimal", SUM("-l - i", "true")},
	{"$toDouble", WHERE("i::double precision = f + 1")},
	{"$toLong", SUM("extract(quarter FROM t)::integer", "true")},
	{"$toLower", "SELECT c.id, o.k FROM checked_calls c LEFT JOIN checked_no_names o ON o.id = c.s"},
	{"$toLower", WHERE("lower(s) || k IN ('aa', 'acme.comb', U&'zo\\00E9 \\+01F600b')")},
	{"$toString", WHERE("i::text IN ('-7', '2147483647', '100')")},
	{"$toUpper", WHERE("upper(s) || k IN ('Aa', 'ACME.COMb', U&'ZO\\00C9 \\+01F600b')")},
	{"$trim", WHERE("btrim(s) = 'x' OR btrim(s, 'am') = 'cme.co'")},
	{"$trunc", MAX("trunc(f)", "f >= 1 OR f <= -1")},
	{"$trunc", SUM("i / 2", "true")},
	{"$type", EACH("s", "true")},
	{"$unionWith", "SELECT k, count(*) FROM checked_no_calls GROUP BY ROLLUP (k)"},
	{"$year", SUM("extract(year FROM t " BERLIN ")::integer", "true")},
};

const int	ad_server_check_count = lengthof(ad_server_checks);
