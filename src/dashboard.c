/*
 * dashboard.c
 *	  The SQL function admin_dashboard(): run one SQL query, return its result
 *	  as jsonb.
 *
 * If sums of the table are kept (see kept/), and certainly give the same
 * result, the query does not run.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "base/compat.h"
#include "calls_query.h"
#include "calls_table.h"
#include "dashboard.h"
#include "kept/answer.h"

PG_FUNCTION_INFO_V1(admin_dashboard);

/* the result of the query */
typedef struct Summary
{
	MemoryContext context;		/* of minutes */
	int64		calls;
	Numeric		minutes;		/* 0 if no call has a duration */
	int64		users;
} Summary;

static AdCallsQuery query = {
	.function = "admin_dashboard", .nparameters = AD_CALLS_PARAMETERS, .types = {AD_CALLS_TYPES}
};

/*
 * Takes the single row of the query.
 */
static void
receive_summary(AdCallsRequest *request, void *state)
{
	Summary    *summary = state;
	HeapTuple	tuple = SPI_tuptable->vals[0];
	TupleDesc	desc = SPI_tuptable->tupdesc;
	bool		isnull;
	Numeric		minutes = ad_calls_minutes(request, tuple, 2);
	MemoryContext inner = MemoryContextSwitchTo(summary->context);

	summary->minutes = DatumGetNumericCopy(NumericGetDatum(minutes));
	MemoryContextSwitchTo(inner);
	summary->calls = DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull));
	summary->users = DatumGetInt64(SPI_getbinval(tuple, desc, 3, &isnull));
}

/*
 * Fills in the summary from kept sums.  Returns false if the query must run.
 * That is also so if the sum of minutes, of which only bounds are certain,
 * could have other digits than the query would show.
 */
static bool
summarize_kept(const AdCallsRequest *request, AdRange range, text *user, void *state)
{
	Summary    *summary = state;
	AdKeptTotals totals;

	if (!ad_kept_answer(request->relid, range.start, range.end, user, &totals) ||
		!ad_calls_are_certain(totals.low, totals.high, totals.calls))
		return false;
	summary->calls = totals.calls;
	summary->users = totals.users;
	summary->minutes = ad_calls_double(totals.low);
	return true;
}

/*
 * Returns an instant in ISO 8601 and UTC, palloc'd, with a fraction only if
 * it is not zero.  Years before 1 and after 9999 have the expanded format of
 * the standard: a sign and six digits.
 */
static char *
iso_instant(TimestampTz instant)
{
	struct pg_tm tm;
	fsec_t		fraction;
	StringInfoData out;

	if (timestamp2tm(instant, NULL, &tm, &fraction, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	initStringInfo(&out);
	appendStringInfo(&out, tm.tm_year < 1 || tm.tm_year > 9999 ? "%+07d" : "%04d", tm.tm_year);
	appendStringInfo(&out, "-%02d-%02dT%02d:%02d:%02d", tm.tm_mon, tm.tm_mday,
					 tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (fraction != 0)
	{
		appendStringInfo(&out, ".%06d", (int) fraction);
		while (out.data[out.len - 1] == '0')
			out.data[--out.len] = '\0';
	}
	appendStringInfoChar(&out, 'Z');
	return out.data;
}

static void
push_key(AdJsonbState *state, const char *key)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, key);
	value.val.string.len = strlen(key);
	ad_jsonb_push(state, WJB_KEY, &value);
}

static void
push_numeric(AdJsonbState *state, const char *key, Numeric number)
{
	JsonbValue	value;

	push_key(state, key);
	value.type = jbvNumeric;
	value.val.numeric = number;
	ad_jsonb_push(state, WJB_VALUE, &value);
}

static void
push_string(AdJsonbState *state, const char *key, char *string)
{
	JsonbValue	value;

	push_key(state, key);
	value.type = jbvString;
	value.val.string.val = string;
	value.val.string.len = strlen(string);
	ad_jsonb_push(state, WJB_VALUE, &value);
}

/* write the summary and the range in the format of the API */
static Jsonb *
summary_to_jsonb(const Summary *summary, AdRange range)
{
	AdJsonbState state = {0};

	ad_jsonb_push(&state, WJB_BEGIN_OBJECT, NULL);
	push_numeric(&state, "total_calls", int64_to_numeric(summary->calls));
	push_numeric(&state, "total_duration_minutes", ad_calls_quotient(summary->minutes, 1));
	push_numeric(&state, "total_duration_hours", ad_calls_quotient(summary->minutes, 60));
	push_numeric(&state, "avg_duration_minutes", ad_calls_quotient(summary->minutes, summary->calls));
	push_numeric(&state, "total_active_users", int64_to_numeric(summary->users));
	push_key(&state, "date_range");
	ad_jsonb_push(&state, WJB_BEGIN_OBJECT, NULL);
	push_string(&state, "start_date", iso_instant(range.start));
	push_string(&state, "end_date", iso_instant(range.end));
	ad_jsonb_push(&state, WJB_END_OBJECT, NULL);
	ad_jsonb_push(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(state.result);
}

/*
 * Returns the dashboard of a range, palloc'd, of one user or of all if `user`
 * is NULL, and the number of calls in *calls.  From kept sums alone it is NULL
 * if they do not answer.  Errors are those of admin_dashboard().
 */
Jsonb *
ad_dashboard(AdRange range, text *user, AdDashboardFrom from, int64 *calls)
{
	Summary		summary = {CurrentMemoryContext};
	AdCallsRequest request = {
		.head = "SELECT pg_catalog.count(*), pg_catalog.sum(duration_minutes), pg_catalog.count(DISTINCT created_by_email)",
		.tail = "",
		.shortcut = from == AD_FROM_EITHER ? summarize_kept : NULL,
	};

	if (from == AD_FROM_KEPT)
	{
		request.relid = ad_calls_table_find();
		if (!summarize_kept(&request, range, user, &summary))
			return NULL;
	}
	else
		ad_calls_query_run(&query, &request, range, user, receive_summary, &summary);
	*calls = summary.calls;
	return summary_to_jsonb(&summary, range);
}

/*
 * admin_dashboard(start_date timestamptz, end_date timestamptz,
 * user_email text) RETURNS jsonb
 *
 * Returns a summary of the calls whose created_at is between the two dates,
 * both included; if user_email is not null, only of that user's calls.
 *
 * end_date defaults to the start of the transaction, and start_date to 30
 * days of 24 hours before end_date.  Minutes, hours and the average minutes
 * per call have two decimals, rounded half away from zero.  A call without a
 * duration counts as a call, but adds no minutes.  The number of users is the
 * number of distinct e-mail addresses other than null.  The result shows the
 * range in UTC.
 *
 * Errors: 22023 if a date is infinite or the start is after the end; 22003 if
 * the duration of a call is not finite, or the sum is out of range of its
 * type; for the relation, the errors of ad_calls_table_find().
 *
 * The rules come from the API document of GET /admin/analytics/dashboard.
 */
Datum
admin_dashboard(PG_FUNCTION_ARGS)
{
	AdRange		range = ad_calls_range(fcinfo);
	int64		calls;
	Jsonb	   *result = ad_dashboard(range, PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2), AD_FROM_EITHER, &calls);

	if (calls == 0 && PG_ARGISNULL(0) && PG_ARGISNULL(1))
		ereport(NOTICE,
				(PG_ARGISNULL(2) ? errmsg("there are no calls of the last 30 days") :
				 errmsg("this user has no calls of the last 30 days"),
				 errhint("Give start_date and end_date for another range, as in admin_dashboard('2026-03-01Z', '2026-03-31 23:59:59.999Z').")));
	PG_RETURN_JSONB_P(result);
}
