/*
 * dashboard_rows.c
 *	  The SQL functions that return the dashboard's figures in rows:
 *	  admin_dashboard_days() and admin_dashboard_users().
 *
 * Each runs one query over the calls.  What is grouped is as little as that
 * allows, so that a foreign table returns one row for each group.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/tuplestore.h"

#include "calls_query.h"
#include "kept/answer.h"

PG_FUNCTION_INFO_V1(admin_dashboard_days);
PG_FUNCTION_INFO_V1(admin_dashboard_users);

/*
 * The most rows of admin_dashboard_days(): a year has 8784 hours, and 27 years
 * have 9862 days.
 */
#define MAX_DAYS	10000

/*
 * The units of admin_dashboard_days().
 */
static const struct
{
	const char *name;
	Interval	length;
}			units[] = {
	{"hour", {.time = USECS_PER_HOUR}},
	{"day", {.day = 1}},
	{"week", {.day = 7}},
	{"month", {.month = 1}},
};

/* zones whose days are those of UTC */
static const char *const utc_names[] = {"UTC", "Etc/UTC", "GMT", "Etc/GMT"};

/*
 * The days that have been asked for.  A "day" is what the unit says.
 */
typedef struct Days
{
	ReturnSetInfo *result;
	TimestampTz end;			/* of the range */
	text	   *unit;
	text	   *time_zone;
	const Interval *length;

	/* the day that comes next: its beginning, and that in local time */
	TimestampTz next;
	Timestamp	local_next;
	int			count;			/* how many rows there are */
} Days;

/*
 * The session's plan for admin_dashboard_days().  The query has the unit and
 * the zone as constants, as a foreign table wants them.
 */
static AdCallsQuery days_query = {
	.function = "admin_dashboard_days", .many = true,
	.nparameters = AD_CALLS_PARAMETERS, .types = {AD_CALLS_TYPES}
};

/* the session's plan for admin_dashboard_users(); $4 is the text to search */
static AdCallsQuery users_query = {
	.function = "admin_dashboard_users", .many = true,
	.nparameters = AD_CALLS_PARAMETERS + 3, .types = {AD_CALLS_TYPES, TEXTOID, INT8OID, INT8OID}
};

/*
 * Returns the index of the unit of that name.  Raises an error if there is none.
 */
static int
find_unit(const text *name)
{
	char	   *unit = text_to_cstring(name);

	for (int i = 0; i < lengthof(units); i++)
	{
		if (strcmp(unit, units[i].name) == 0)
			return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unit must not be \"%s\"", unit),
			 errhint("The units are hour, day, week and month.")));
}

/* the instant of a local time in the zone */
static TimestampTz
instant(const Days *days, Timestamp local)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone, PointerGetDatum(days->time_zone),
												   TimestampGetDatum(local)));
}

/* the beginning of the day of an instant */
static TimestampTz
truncated(const Days *days, TimestampTz at)
{
	return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_trunc_zone, PointerGetDatum(days->unit),
												   TimestampTzGetDatum(at), PointerGetDatum(days->time_zone)));
}

/*
 * Move on to the next day.  Its length depends on the clock changes of the
 * zone.  An hour is one of absolute time, as there is no local time that tells
 * apart the two hours of a clock that is put back.
 */
static void
advance(Days *days)
{
	TimestampTz last = days->next;

	if (days->length->time != 0)
	{
		days->next = truncated(days, last + days->length->time);
		return;
	}
	/* a zone that moves over the date line has no local time for a day */
	while (days->next <= last)
	{
		days->local_next = DatumGetTimestamp(DirectFunctionCall2(timestamp_pl_interval,
																 TimestampGetDatum(days->local_next),
																 IntervalPGetDatum(days->length)));
		days->next = instant(days, days->local_next);
	}
}

/*
 * Begin with the day of the range's start.
 */
static void
begin_days(Days *days, TimestampTz start)
{
	days->next = truncated(days, start);
	if (days->length->time == 0)
	{
		Datum		local = DirectFunctionCall2(timestamptz_zone, PointerGetDatum(days->time_zone),
												TimestampTzGetDatum(start));

		days->local_next = DatumGetTimestamp(DirectFunctionCall2(timestamp_trunc, PointerGetDatum(days->unit), local));
	}
}

/*
 * Add a row.  Raises an error if there are too many.
 */
static void
put_day(Days *days, TimestampTz day, int64 calls, Numeric minutes, int64 users)
{
	Datum		values[4] = {TimestampTzGetDatum(day), Int64GetDatum(calls),
	NumericGetDatum(ad_calls_quotient(minutes, 1)), Int64GetDatum(users)};
	bool		nulls[4] = {0};

	CHECK_FOR_INTERRUPTS();
	if (++days->count > MAX_DAYS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the range has more than %d times the unit \"%s\"", MAX_DAYS, text_to_cstring(days->unit)),
				 errhint("Use a shorter range or a longer unit.")));
	tuplestore_putvalues(days->result->setResult, days->result->setDesc, values, nulls);
}

/* add the days without calls up to, but not including, an instant */
static void
put_empty_days(Days *days, TimestampTz until)
{
	while (days->next < until && days->next <= days->end)
	{
		put_day(days, days->next, 0, int64_to_numeric(0), 0);
		advance(days);
	}
}

/* adds a day that has calls, after those without before it */
static void
put_day_with_calls(Days *days, TimestampTz day, int64 calls, Numeric minutes, int64 users)
{
	put_empty_days(days, day);
	put_day(days, day, calls, minutes, users);
	if (days->next == day)
		advance(days);
}

/* takes the days that have calls, in their order */
static void
receive_days(AdCallsRequest *request, void *state)
{
	Days	   *days = state;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;
		TimestampTz day = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 1, &isnull));

		put_day_with_calls(days, day, DatumGetInt64(SPI_getbinval(tuple, desc, 2, &isnull)),
						   ad_calls_minutes(request, tuple, 3), DatumGetInt64(SPI_getbinval(tuple, desc, 4, &isnull)));
	}
}

/* are the days of the zone those of UTC? */
static bool
is_utc(const char *zone)
{
	for (int i = 0; i < lengthof(utc_names); i++)
	{
		if (pg_strcasecmp(zone, utc_names[i]) == 0)
			return true;
	}
	return false;
}

/*
 * Adds the days that have calls from kept sums.  Returns false, and has added
 * nothing, if the query must run.
 */
static bool
put_kept_days(const AdCallsRequest *request, AdRange range, text *user, void *state)
{
	Days	   *days = state;
	AdKeptTotals *totals;
	int			count;

	if (!is_utc(text_to_cstring(days->time_zone)) ||
		!ad_kept_days(request->relid, range.start, range.end, user, text_to_cstring(days->unit), &totals, &count))
		return false;
	for (int i = 0; i < count; i++)
	{
		if (!ad_calls_are_certain(totals[i].low, totals[i].high, totals[i].calls))
			return false;
	}
	for (int i = 0; i < count; i++)
		put_day_with_calls(days, totals[i].day, totals[i].calls, ad_calls_double(totals[i].low), totals[i].users);
	return true;
}

/*
 * admin_dashboard_days(start_date timestamptz, end_date timestamptz,
 * user_email text, time_zone text, unit text)
 * RETURNS TABLE (day timestamptz, calls bigint, minutes numeric, active_users bigint)
 *
 * Returns a row for each hour, day, week (from Monday) or month of the range,
 * in the time zone, also if it has no calls.  Range, user and figures are
 * those of admin_dashboard().  "day" is the beginning; the first one can be
 * before start_date, but its row has only the calls of the range.
 *
 * Errors: those of admin_dashboard(); 22023 if the unit or the zone does not
 * exist, 22004 if it is null, 54000 if there are more than 10000 rows.
 */
Datum
admin_dashboard_days(PG_FUNCTION_ARGS)
{
	AdRange		range = ad_calls_range(fcinfo);
	text	   *user = PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2);
	Days		days = {.result = (ReturnSetInfo *) fcinfo->resultinfo, .end = range.end};
	AdCallsRequest request = {.shortcut = put_kept_days};
	int			unit;

	if (PG_ARGISNULL(3) || PG_ARGISNULL(4))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", PG_ARGISNULL(3) ? "time_zone" : "unit")));
	InitMaterializedSRF(fcinfo, 0);
	days.time_zone = PG_GETARG_TEXT_PP(3);
	days.unit = PG_GETARG_TEXT_PP(4);
	unit = find_unit(days.unit);
	days.length = &units[unit].length;
	begin_days(&days, range.start);

	request.head = psprintf("SELECT pg_catalog.date_trunc('%s', created_at, %s), pg_catalog.count(*), "
							"pg_catalog.sum(duration_minutes), pg_catalog.count(DISTINCT created_by_email)",
							units[unit].name, quote_literal_cstr(text_to_cstring(days.time_zone)));
	request.tail = " GROUP BY 1 ORDER BY 1";
	ad_calls_query_run(&days_query, &request, range, user, receive_days, &days);
	put_empty_days(&days, PG_INT64_MAX);
	return (Datum) 0;
}

/*
 * By what admin_dashboard_users() can order its rows.
 */
static const struct
{
	const char *name;
	const char *expr;
}			orders[] = {
	{"created_by_email", "email"},
	{"calls", "calls"},
	{"minutes", "pg_catalog.round(COALESCE(minutes::pg_catalog.numeric, 0), 2)"},
	{"avg_minutes", "pg_catalog.round(COALESCE(minutes::pg_catalog.numeric, 0) OPERATOR(pg_catalog./) calls::pg_catalog.numeric, 2)"},
	{"first_call", "first_call"},
	{"last_call", "last_call"},
};

/*
 * The users' figures are materialized, because the search, the order and the
 * number of users are PostgreSQL's.  The sum of all minutes tells whether
 * those of any user are not finite, also if he is not among the rows that are
 * returned.
 */
#define USERS_HEAD \
	"WITH users AS MATERIALIZED (SELECT created_by_email AS email, pg_catalog.count(*) AS calls, " \
	"pg_catalog.sum(duration_minutes) AS minutes, pg_catalog.min(created_at) AS first_call, pg_catalog.max(created_at) AS last_call"
#define USERS_TAIL \
	" GROUP BY created_by_email), named AS (SELECT email::pg_catalog.text COLLATE pg_catalog.\"C\" AS email, calls, minutes, " \
	"first_call::pg_catalog.timestamptz AS first_call, last_call::pg_catalog.timestamptz AS last_call FROM users) " \
	"SELECT email, calls, minutes, first_call, last_call, pg_catalog.count(*) OVER (), pg_catalog.sum(minutes) OVER () FROM named " \
	"WHERE $4 IS NULL OR pg_catalog.strpos(pg_catalog.lower(email COLLATE pg_catalog.\"default\"), pg_catalog.lower($4)) OPERATOR(pg_catalog.>) 0 " \
	"ORDER BY %s %s NULLS LAST, email LIMIT $5 OFFSET $6"

/*
 * Returns the text of the query after the condition.  "order_by" is the name
 * of a column, after a "-" for the greatest first.  Raises an error if there
 * is no such column.
 */
static char *
users_tail(const text *order_by)
{
	char	   *order = text_to_cstring(order_by);
	bool		descending = order[0] == '-';

	for (int i = 0; i < lengthof(orders); i++)
	{
		if (strcmp(order + descending, orders[i].name) == 0)
			return psprintf(USERS_TAIL, orders[i].expr, descending ? "DESC" : "ASC");
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("order_by must not be \"%s\"", order),
			 errhint("It is created_by_email, calls, minutes, avg_minutes, first_call or last_call, or one of these after a minus for the greatest first.")));
}

/* takes some users, in their order */
static void
receive_users(AdCallsRequest *request, void *state)
{
	ReturnSetInfo *result = state;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		Datum		values[7];
		bool		nulls[7] = {0};
		Numeric		minutes;

		/* of all users, to find one whose minutes are not finite */
		(void) ad_calls_minutes(request, tuple, 7);
		minutes = ad_calls_minutes(request, tuple, 3);
		values[0] = SPI_getbinval(tuple, desc, 1, &nulls[0]);
		values[1] = SPI_getbinval(tuple, desc, 2, &nulls[1]);
		values[2] = NumericGetDatum(ad_calls_quotient(minutes, 1));
		values[3] = NumericGetDatum(ad_calls_quotient(minutes, DatumGetInt64(values[1])));
		for (int column = 4; column <= 6; column++)
			values[column] = SPI_getbinval(tuple, desc, column, &nulls[column]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* raise the error if an argument that counts rows is negative */
static void
check_count(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (!PG_ARGISNULL(argument) && PG_GETARG_INT64(argument) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be negative", name)));
}

/*
 * admin_dashboard_users(start_date timestamptz, end_date timestamptz,
 * "limit" bigint, "offset" bigint, order_by text, search text, user_email text)
 * RETURNS TABLE (created_by_email text, calls bigint, minutes numeric,
 * avg_minutes numeric, first_call timestamptz, last_call timestamptz, total_rows bigint)
 *
 * Returns a row for each user with calls in the range, and one whose e-mail is
 * null for the calls of nobody.  Range and figures are those of
 * admin_dashboard().  Users with the same figure are in the order of their
 * e-mails' characters.  total_rows is how many rows there are without limit
 * and offset.  If search is not null, only users count whose e-mail contains
 * it, in upper or lower case; if user_email is not null, only that user.
 *
 * Errors: those of admin_dashboard(); 22023 if limit or offset is negative or
 * there is no such order, 22004 if order_by is null.
 */
Datum
admin_dashboard_users(PG_FUNCTION_ARGS)
{
	AdRange		range = ad_calls_range(fcinfo);
	AdCallsRequest request = {.head = USERS_HEAD};

	check_count(fcinfo, 2, "limit");
	check_count(fcinfo, 3, "offset");
	if (PG_ARGISNULL(4))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("order_by must not be null")));
	InitMaterializedSRF(fcinfo, 0);
	request.tail = users_tail(PG_GETARG_TEXT_PP(4));
	request.nulls[3] = PG_ARGISNULL(5) ? 'n' : ' ';
	request.values[3] = PG_ARGISNULL(5) ? (Datum) 0 : PG_GETARG_DATUM(5);
	for (int i = 0; i < 2; i++)
	{
		request.nulls[4 + i] = PG_ARGISNULL(2 + i) ? 'n' : ' ';
		request.values[4 + i] = PG_GETARG_DATUM(2 + i);
	}
	ad_calls_query_run(&users_query, &request, range, PG_ARGISNULL(6) ? NULL : PG_GETARG_TEXT_PP(6),
					   receive_users, fcinfo->resultinfo);
	return (Datum) 0;
}
