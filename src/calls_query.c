/*
 * calls_query.c
 *	  Queries over the calls of a range: the range, the session's plans, the
 *	  sum of minutes, and the errors.
 *
 * Nothing here depends on MongoDB.  The table that a setting names can be a
 * foreign table, a view or a local table.  PostgreSQL plans the query like
 * any other, with the caller's privileges.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "calls_query.h"
#include "calls_table.h"

/*
 * Tables with so many rows are planned for each range, as a long one can be
 * worth a parallel plan
 */
#define PLANNED_FOR_RANGE	50000

/* the most bytes of a call's key that an error shows */
#define SHOWN_KEY_BYTES	200

/* how many rows are in memory at a time */
#define BATCH_ROWS	1000

#define OVERFLOW_HINT	"Create a view that casts the column to numeric, and set admin_dashboard.calls_table to it."

/*
 * The condition for the calls in the range.  $1 and $2 are the bounds, $3 is
 * the user or null.  Operators have their schema, because the caller's
 * search_path can contain other operators of the same name.
 */
#define CONDITIONS \
	"created_at OPERATOR(pg_catalog.>=) $1 AND created_at OPERATOR(pg_catalog.<=) $2 " \
	"AND ($3 IS NULL OR created_by_email OPERATOR(pg_catalog.=) $3)"

/*
 * The options of the plan of a query over a relation.  In a foreign table the
 * calls of one user are too few for a parallel plan, and their query is
 * written for the user whatever the plan.
 */
static int
plan_options(Oid relid, bool of_user)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	int			options = CURSOR_OPT_PARALLEL_OK;
	Form_pg_class relation;

	if (!HeapTupleIsValid(tuple))
		return options;
	relation = (Form_pg_class) GETSTRUCT(tuple);
	if (of_user && relation->relkind == RELKIND_FOREIGN_TABLE)
		options = CURSOR_OPT_GENERIC_PLAN;
	else if (relation->reltuples >= PLANNED_FOR_RANGE)
		options |= CURSOR_OPT_CUSTOM_PLAN;
	ReleaseSysCache(tuple);
	return options;
}

/*
 * Returns the session's plan for all users or for one, and makes it if
 * necessary.  We keep it as long as the relation and the text are the same.
 * If the relation changes, PostgreSQL's plan cache plans the query again.
 */
static SPIPlanPtr
get_plan(AdCallsQuery *query, AdCallsRequest *request, bool of_user)
{
	AdCallsPlan *kept = &query->plans[of_user];
	SPIPlanPtr	plan;
	SPIPlanPtr	old_plan = kept->plan;
	char	   *old_text = kept->text;
	char	   *text = psprintf("%s FROM %s WHERE " CONDITIONS "%s",
								request->head, ad_calls_table_name(request->relid), request->tail);

	if (old_plan != NULL && kept->relid == request->relid && strcmp(old_text, text) == 0)
		return old_plan;
	plan = SPI_prepare_cursor(text, query->nparameters, query->types, plan_options(request->relid, of_user));
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed: %s", SPI_result_code_string(SPI_result));

	/*
	 * If the saved plan is running, a view has called us again with another
	 * setting.  We do not keep the plan for that.
	 */
	if (query->in_use)
		return plan;
	text = MemoryContextStrdup(TopMemoryContext, text);
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	kept->plan = plan;
	kept->text = text;
	kept->relid = request->relid;
	if (old_plan != NULL)
	{
		SPI_freeplan(old_plan);
		pfree(old_text);
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
report_call(AdCallsRequest *request, const char *key, HeapTuple tuple, TupleDesc desc)
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
report_sum(AdCallsRequest *request, Oid type)
{
	static Oid	types[] = {AD_CALLS_TYPES};
	const char *key = ad_calls_table_key(request->relid);
	int			status;

	status = SPI_execute_with_args(psprintf("SELECT created_at, duration_minutes%s%s FROM %s WHERE " CONDITIONS
											" AND duration_minutes OPERATOR(pg_catalog.=) ANY ('{NaN,Infinity,-Infinity}'::%s[])"
											" ORDER BY created_at LIMIT 1",
											key == NULL ? "" : ", ", key == NULL ? "" : key,
											ad_calls_table_name(request->relid), format_type_be_qualified(type)),
								   lengthof(types), types,
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
 * Returns a column of a row, a sum of duration_minutes, as numeric; NULL
 * becomes 0.  Raises an error if it is not finite.
 */
Numeric
ad_calls_minutes(AdCallsRequest *request, HeapTuple tuple, int column)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;
	Oid			type = SPI_gettypeid(desc, column);
	PGFunction	conversion = numeric_conversion(type);
	bool		isnull;
	Datum		sum = SPI_getbinval(tuple, desc, column, &isnull);
	Numeric		minutes;

	if (isnull)
		return int64_to_numeric(0);
	minutes = DatumGetNumeric(DirectFunctionCall1(conversion, sum));
	if (numeric_is_nan(minutes) || numeric_is_inf(minutes))
		report_sum(request, type);
	return minutes;
}

/* what an error says of where it occurred */
typedef struct Context
{
	const char *function;
	const char *setting;
} Context;

/* callback of error_context_stack: tell which relation the function reads */
static void
error_context(void *arg)
{
	const Context *context = arg;

	errcontext("%s() over %s, which the setting admin_dashboard.calls_table names",
			   context->function, context->setting);
}

/*
 * Raise the current error again.  If it is PostgreSQL's error about a number
 * out of range, which has no detail, add a detail and a hint about what can
 * be wrong.
 */
pg_noreturn static void
raise_again(AdCallsRequest *request, MemoryContext caller)
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
 * Execute a plan that can return many rows, and have them received a batch at
 * a time.
 */
static void
execute_in_batches(SPIPlanPtr plan, AdCallsRequest *request, AdCallsReceiver receive, void *state)
{
	Portal		portal = SPI_cursor_open(NULL, plan, request->values, request->nulls, true);

	if (portal == NULL)
		elog(ERROR, "SPI_cursor_open failed: %s", SPI_result_code_string(SPI_result));
	do
	{
		SPI_cursor_fetch(portal, true, BATCH_ROWS);
		receive(request, state);
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed == BATCH_ROWS);
	SPI_cursor_close(portal);
}

/*
 * Execute a plan, and have its rows received.
 */
static void
execute_plan(SPIPlanPtr plan, AdCallsRequest *request, AdCallsReceiver receive, void *state)
{
	int			status = SPI_execute_plan(plan, request->values, request->nulls, true, 0);

	if (status != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(status));
	receive(request, state);
}

/*
 * Run a query over the calls of the range, of one user or, if "user" is NULL,
 * of all.  The caller has set the request's parts of the query, and the
 * values beyond those that each query has.  What the receiver allocates is
 * gone at the end, unless it chooses another memory context.
 *
 * Errors: those of ad_calls_table_find(), and those of the query, with the
 * function and the relation in the context.
 */
void
ad_calls_query_run(AdCallsQuery *query, AdCallsRequest *request, AdRange range, text *user,
				   AdCallsReceiver receive, void *state)
{
	MemoryContext caller = CurrentMemoryContext;
	bool		was_in_use = query->in_use;
	Context		context = {query->function, pstrdup(ad_calls_table)};
	ErrorContextCallback callback = {error_context_stack, error_context, &context};

	request->values[0] = TimestampTzGetDatum(range.start);
	request->values[1] = TimestampTzGetDatum(range.end);
	request->values[2] = PointerGetDatum(user);
	request->nulls[0] = request->nulls[1] = ' ';
	request->nulls[2] = user == NULL ? 'n' : ' ';
	request->setting = context.setting;
	error_context_stack = &callback;
	request->relid = ad_calls_table_find();
	if (request->shortcut != NULL && request->shortcut(request, range, user, state))
	{
		error_context_stack = callback.previous;
		return;
	}
	SPI_connect();
	PG_TRY();
	{
		SPIPlanPtr	plan = get_plan(query, request, user != NULL);

		query->in_use = true;
		if (query->many)
			execute_in_batches(plan, request, receive, state);
		else
			execute_plan(plan, request, receive, state);
		query->in_use = was_in_use;
	}
	PG_CATCH();
	{
		query->in_use = was_in_use;
		raise_again(request, caller);
	}
	PG_END_TRY();
	error_context_stack = callback.previous;
	SPI_finish();
}

/*
 * Returns the range that the first two arguments of the function give, with
 * the defaults filled in: now for the end, and for the start 30 days of 24
 * hours before the end.  Raises an error if the range is not valid.
 */
AdRange
ad_calls_range(FunctionCallInfo fcinfo)
{
	AdRange		range;
	TimestampTz infinite;

	range.end = PG_ARGISNULL(1) ? GetCurrentTransactionStartTimestamp() : PG_GETARG_TIMESTAMPTZ(1);
	if (!PG_ARGISNULL(0))
		range.start = PG_GETARG_TIMESTAMPTZ(0);
	else if (TIMESTAMP_NOT_FINITE(range.end))
		range.start = range.end;
	else
		/* days of 24 hours, whatever the session's time zone */
		range.start = Max(range.end - AD_DEFAULT_RANGE, MIN_TIMESTAMP);

	infinite = TIMESTAMP_NOT_FINITE(range.end) ? range.end : range.start;
	if (TIMESTAMP_NOT_FINITE(infinite))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be finite", infinite == range.end ? "end_date" : "start_date"),
				 errdetail("It is %s.", TIMESTAMP_IS_NOBEGIN(infinite) ? "-infinity" : "infinity"),
				 errhint("Without end_date the range ends now; without start_date it starts 30 days before end_date.")));
	if (range.start > range.end)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("start_date must not be after end_date"),
				 errdetail("The range would begin at %s and end at %s.",
						   pstrdup(timestamptz_to_str(range.start)), pstrdup(timestamptz_to_str(range.end))),
				 errhint("Swap the two dates. Without end_date, start_date must not be in the future.")));
	return range;
}

static Numeric
round_numeric(Numeric number, int decimals)
{
	return DatumGetNumeric(DirectFunctionCall2(numeric_round, NumericGetDatum(number), Int32GetDatum(decimals)));
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
Numeric
ad_calls_quotient(Numeric number, int64 divisor)
{
	Datum		result;

	if (divisor == 0)
		return round_numeric(int64_to_numeric(0), 2);
	result = DirectFunctionCall2(numeric_div, NumericGetDatum(number),
								 NumericGetDatum(round_numeric(int64_to_numeric(divisor), 20)));
	return round_numeric(DatumGetNumeric(result), 2);
}

/*
 * Returns a sum of doubles as numeric, as ad_calls_minutes() does.
 */
Numeric
ad_calls_double(double sum)
{
	return DatumGetNumeric(DirectFunctionCall1(numeric_conversion(FLOAT8OID), Float8GetDatum(sum)));
}

/* do two numbers show the same digits after the division? */
static bool
is_same_quotient(Numeric a, Numeric b, int64 divisor)
{
	return DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(ad_calls_quotient(a, divisor)),
											NumericGetDatum(ad_calls_quotient(b, divisor))));
}

/*
 * Do all sums of minutes between two bounds show the same minutes, hours and
 * minutes per call?
 */
bool
ad_calls_are_certain(double low, double high, int64 calls)
{
	Numeric		least = ad_calls_double(low);
	Numeric		most = ad_calls_double(high);

	return is_same_quotient(least, most, 1) && is_same_quotient(least, most, 60) &&
		is_same_quotient(least, most, calls);
}
