/*
 * dashboard.c
 *	  The SQL function admin_dashboard(): run one SQL query, return its result
 *	  as jsonb.
 *
 * Nothing here depends on MongoDB.  The table that a setting names can be a
 * foreign table, a view or a local table.  PostgreSQL plans the query like
 * any other, with the caller's privileges.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "calls_table.h"

PG_FUNCTION_INFO_V1(admin_dashboard);

/* the length of the range, in microseconds, if the caller gives no start */
#define DEFAULT_RANGE	(30 * USECS_PER_DAY)

/* the most bytes of a call's key that an error shows */
#define SHOWN_KEY_BYTES	200

#define OVERFLOW_HINT	"Create a view that casts the column to numeric, and set admin_dashboard.calls_table to it."

/* the result of the query */
typedef struct Summary
{
	int64		calls;
	Numeric		minutes;		/* 0 if no call has a duration */
	int64		users;
} Summary;

/*
 * The condition for the calls in the range.  $1 and $2 are the bounds, $3 is
 * the user or null.  Operators have their schema, because the caller's
 * search_path can contain other operators of the same name.
 */
#define CONDITIONS \
	"created_at OPERATOR(pg_catalog.>=) $1 AND created_at OPERATOR(pg_catalog.<=) $2 " \
	"AND ($3 IS NULL OR created_by_email OPERATOR(pg_catalog.=) $3)"

static Oid	parameter_types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID};

/* one execution of the function */
typedef struct Request
{
	Oid			relid;
	char	   *table;			/* the relation's name in a query */
	const char *setting;		/* value of the setting at the start; a
								 * function in a view can change it later */
	Datum		values[lengthof(parameter_types)];
	const char *nulls;
} Request;

/* the session's plan for the query, and the relation that it reads */
static SPIPlanPtr saved_plan;
static char *saved_plan_table;
static Oid	saved_plan_relid;
static bool saved_plan_in_use;

/*
 * Prepare the query over a table, given by its name for queries.
 */
static SPIPlanPtr
prepare_query(const char *table)
{
	SPIPlanPtr	plan;
	char	   *query;

	query = psprintf("SELECT pg_catalog.count(*), pg_catalog.sum(duration_minutes), "
					 "pg_catalog.count(DISTINCT created_by_email) FROM %s WHERE " CONDITIONS,
					 table);
	plan = SPI_prepare(query, lengthof(parameter_types), parameter_types);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/*
 * Returns the session's plan, and makes it if necessary.  We keep it as long
 * as the relation and its name are the same.  If the relation changes,
 * PostgreSQL's plan cache plans the query again.
 */
static SPIPlanPtr
get_plan(Request *request)
{
	SPIPlanPtr	plan;
	SPIPlanPtr	old_plan;
	char	   *table;
	char	   *old_table;

	if (saved_plan != NULL && saved_plan_relid == request->relid &&
		strcmp(saved_plan_table, request->table) == 0)
		return saved_plan;
	plan = prepare_query(request->table);

	/*
	 * If the saved plan is running, a view has called us again with another
	 * setting.  We do not keep the plan for that.
	 */
	if (saved_plan_in_use)
		return plan;
	table = MemoryContextStrdup(TopMemoryContext, request->table);
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	old_plan = saved_plan;
	old_table = saved_plan_table;
	saved_plan = plan;
	saved_plan_table = table;
	saved_plan_relid = request->relid;
	if (old_plan != NULL)
	{
		SPI_freeplan(old_plan);
		pfree(old_table);
	}
	return plan;
}

/*
 * Returns the function that converts a sum of a type to numeric.  A float8
 * gets 15 digits, the number of decimal digits that every double preserves.
 */
static PGFunction
numeric_conversion(Oid type)
{
	switch (type)
	{
		case INT8OID:
			return int8_numeric;
		case FLOAT4OID:
			return float4_numeric;
		case FLOAT8OID:
			return float8_numeric;
		case NUMERICOID:
			return numeric_uplus;
	}
	elog(ERROR, "sum of column \"duration_minutes\" is of type %s", format_type_be(type));
}

/*
 * Raise the error for a call whose duration is NaN or infinite.  The tuple
 * has its created_at, its duration, and its key if "key", the key's column,
 * is not NULL.
 */
pg_noreturn static void
report_call(Request *request, const char *key, HeapTuple tuple, TupleDesc desc)
{
	char	   *id = key == NULL ? NULL : SPI_getvalue(tuple, desc, 3);
	char	   *created_at = SPI_getvalue(tuple, desc, 1);
	char	   *duration = SPI_getvalue(tuple, desc, 2);

	/* the key can be long, even a whole document */
	if (id != NULL)
		id = pnstrdup(id, pg_mbcliplen(id, strlen(id), SHOWN_KEY_BYTES));
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 id != NULL ?
			 errmsg("call with %s \"%s\" has the duration %s", key, id, duration) :
			 errmsg("call of %s has the duration %s", created_at, duration),
			 errdetail("The duration is in column \"duration_minutes\" of relation \"%s\"; the call was created at %s.",
					   request->setting, created_at),
			 errhint("Correct the duration, or exclude such calls with a view.")));
}

/*
 * Raise the error for a sum that is not finite.  Either a call has a duration
 * that is not finite, or the sum overflowed: MongoDB's sum of doubles is
 * infinite then.
 */
pg_noreturn static void
report_sum(Request *request, Oid type)
{
	const char *key = ad_calls_table_key(request->relid);
	int			status;

	status = SPI_execute_with_args(psprintf("SELECT created_at, duration_minutes%s%s FROM %s WHERE " CONDITIONS
											" AND duration_minutes OPERATOR(pg_catalog.=) ANY ('{NaN,Infinity,-Infinity}'::%s[])"
											" ORDER BY created_at LIMIT 1",
											key == NULL ? "" : ", ", key == NULL ? "" : key,
											request->table, format_type_be_qualified(type)),
								   lengthof(parameter_types), parameter_types,
								   request->values, request->nulls, true, 1);
	if (status != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(status));
	if (SPI_processed > 0)
		report_call(request, key, SPI_tuptable->vals[0], SPI_tuptable->tupdesc);
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("sum of column \"duration_minutes\" of relation \"%s\" overflows type %s",
					request->setting, format_type_be(type)),
			 errdetail("No call in the range has a duration that is NaN or infinite."),
			 errhint(OVERFLOW_HINT)));
}

/*
 * Convert the sum of minutes to numeric; NULL becomes 0.  Raises an error if
 * it is not finite.
 */
static Numeric
minutes_from_sum(Request *request, Datum sum, bool isnull, Oid type)
{
	PGFunction	conversion = numeric_conversion(type);
	Numeric		minutes;

	if (isnull)
		return int64_to_numeric(0);
	minutes = DatumGetNumeric(DirectFunctionCall1(conversion, sum));
	if (numeric_is_nan(minutes) || numeric_is_inf(minutes))
		report_sum(request, type);
	return minutes;
}

/* callback of error_context_stack: tell which relation the function reads */
static void
error_context(void *arg)
{
	errcontext("admin_dashboard() over %s, which the setting admin_dashboard.calls_table names",
			   (const char *) arg);
}

/*
 * Run the query and read its single row.
 */
static void
execute_plan(SPIPlanPtr plan, Request *request, Summary *summary)
{
	int			status = SPI_execute_plan(plan, request->values,
										  request->nulls, true, 0);
	HeapTuple	tuple;
	TupleDesc	desc;
	Datum		sum;
	bool		isnull;

	if (status != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(status));
	tuple = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	summary->calls = DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull));
	summary->users = DatumGetInt64(SPI_getbinval(tuple, desc, 3, &isnull));
	sum = SPI_getbinval(tuple, desc, 2, &isnull);
	summary->minutes = minutes_from_sum(request, sum, isnull, SPI_gettypeid(desc, 2));
}

/*
 * Raise the current error again.  If it is PostgreSQL's error about a number
 * out of range, which has no detail, add a detail and a hint about what can
 * be wrong.
 */
pg_noreturn static void
raise_again(Request *request, MemoryContext caller)
{
	ErrorData  *error;

	MemoryContextSwitchTo(caller);
	error = CopyErrorData();
	if (error->sqlerrcode != ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE || error->detail != NULL)
		PG_RE_THROW();
	FlushErrorState();
	error->detail = psprintf(_("The sum of column \"duration_minutes\" of relation \"%s\" overflows, or a value that the relation computes overflows."),
							 request->setting);
	if (error->hint == NULL)
		error->hint = pstrdup(_(OVERFLOW_HINT));
	ReThrowError(error);
}

/*
 * Compute the summary of the calls from "start" to "end", both included.
 * "user" is NULL for all users.  The numeric in the result is palloc'd in the
 * caller's memory context.
 */
static void
fetch_summary(TimestampTz start, TimestampTz end, text *user, Summary *summary)
{
	MemoryContext caller = CurrentMemoryContext;
	Request		request = {.values = {TimestampTzGetDatum(start), TimestampTzGetDatum(end),
	PointerGetDatum(user)}};
	bool		was_in_use = saved_plan_in_use;
	ErrorContextCallback callback = {error_context_stack, error_context};
	MemoryContext inner;

	request.nulls = user == NULL ? "  n" : "   ";
	request.setting = callback.arg = pstrdup(ad_calls_table);
	error_context_stack = &callback;
	request.relid = ad_calls_table_find();
	request.table = ad_calls_table_name(request.relid);
	SPI_connect();
	PG_TRY();
	{
		SPIPlanPtr	plan = get_plan(&request);

		saved_plan_in_use = true;
		execute_plan(plan, &request, summary);
		saved_plan_in_use = was_in_use;
	}
	PG_CATCH();
	{
		saved_plan_in_use = was_in_use;
		raise_again(&request, caller);
	}
	PG_END_TRY();
	error_context_stack = callback.previous;

	inner = MemoryContextSwitchTo(caller);
	summary->minutes = DatumGetNumericCopy(NumericGetDatum(summary->minutes));
	MemoryContextSwitchTo(inner);
	SPI_finish();
}

/*
 * Read the range from the function's arguments, and fill in the defaults.
 * Raises an error if the range is not valid.
 */
static void
get_range(FunctionCallInfo fcinfo, TimestampTz *start, TimestampTz *end)
{
	TimestampTz infinite;

	*end = PG_ARGISNULL(1) ? GetCurrentTransactionStartTimestamp() : PG_GETARG_TIMESTAMPTZ(1);
	if (!PG_ARGISNULL(0))
		*start = PG_GETARG_TIMESTAMPTZ(0);
	else if (TIMESTAMP_NOT_FINITE(*end))
		*start = *end;
	else
		/* days of 24 hours, whatever the session's time zone */
		*start = Max(*end - DEFAULT_RANGE, MIN_TIMESTAMP);

	infinite = TIMESTAMP_NOT_FINITE(*end) ? *end : *start;
	if (TIMESTAMP_NOT_FINITE(infinite))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be finite", infinite == *end ? "end_date" : "start_date"),
				 errdetail("It is %s.", TIMESTAMP_IS_NOBEGIN(infinite) ? "-infinity" : "infinity"),
				 errhint("Without end_date the range ends now; without start_date it starts 30 days before end_date.")));
	if (*start > *end)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("start_date must not be after end_date"),
				 errdetail("The range would begin at %s and end at %s.",
						   pstrdup(timestamptz_to_str(*start)), pstrdup(timestamptz_to_str(*end))),
				 errhint("Swap the two dates. Without end_date, start_date must not be in the future.")));
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

static Datum
round_numeric(Numeric number, int decimals)
{
	return DirectFunctionCall2(numeric_round, NumericGetDatum(number), Int32GetDatum(decimals));
}

/*
 * Returns number / divisor with two decimals, rounded half away from zero, or
 * 0 if the divisor is 0.
 *
 * numeric_div() returns about 16 significant digits, but at least as many
 * decimals as each operand has.  We therefore give the divisor 20 decimals.
 * So a large quotient has enough decimals, and the rounding in numeric_div()
 * itself does not affect the second decimal.
 */
static Numeric
quotient(Numeric number, int64 divisor)
{
	Datum		result;

	if (divisor == 0)
		return DatumGetNumeric(round_numeric(int64_to_numeric(0), 2));
	result = DirectFunctionCall2(numeric_div, NumericGetDatum(number),
								 round_numeric(int64_to_numeric(divisor), 20));
	return DatumGetNumeric(round_numeric(DatumGetNumeric(result), 2));
}

/* write the summary and the range in the format of the API */
static Jsonb *
summary_to_jsonb(const Summary *summary, TimestampTz start, TimestampTz end)
{
	AdJsonbState state = {0};

	ad_jsonb_push(&state, WJB_BEGIN_OBJECT, NULL);
	push_numeric(&state, "total_calls", int64_to_numeric(summary->calls));
	push_numeric(&state, "total_duration_minutes", quotient(summary->minutes, 1));
	push_numeric(&state, "total_duration_hours", quotient(summary->minutes, 60));
	push_numeric(&state, "avg_duration_minutes", quotient(summary->minutes, summary->calls));
	push_numeric(&state, "total_active_users", int64_to_numeric(summary->users));
	push_key(&state, "date_range");
	ad_jsonb_push(&state, WJB_BEGIN_OBJECT, NULL);
	push_string(&state, "start_date", iso_instant(start));
	push_string(&state, "end_date", iso_instant(end));
	ad_jsonb_push(&state, WJB_END_OBJECT, NULL);
	ad_jsonb_push(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(state.result);
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
	TimestampTz start;
	TimestampTz end;
	Summary		summary;

	get_range(fcinfo, &start, &end);
	fetch_summary(start, end, PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2), &summary);
	if (summary.calls == 0 && PG_ARGISNULL(0) && PG_ARGISNULL(1))
		ereport(NOTICE,
				(errmsg("there are no calls of the last 30 days"),
				 errhint("Give start_date and end_date for another range, as in admin_dashboard('2026-03-01', '2026-03-31').")));
	PG_RETURN_JSONB_P(summary_to_jsonb(&summary, start, end));
}
