/*
 * keep_check.c
 *	  The SQL function that compares kept sums with MongoDB.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "calls_table.h"
#include "dashboard.h"
#include "kept/call.h"
#include "kept/keep.h"
#include "kept/source.h"

PG_FUNCTION_INFO_V1(admin_dashboard_keep_check);

/*
 * How often a period is compared: a change between the two answers makes them
 * different.
 */
#define ATTEMPTS	3

/* columns of the function's result */
enum
{
	RESULT_START,
	RESULT_END,
	RESULT_KEPT,
	RESULT_LIVE,
	RESULT_OK,
	N_RESULTS
};

/* a month, or the time between two months that have calls */
typedef struct Period
{
	AdRange		range;
	bool		has_calls;
	bool		agrees;			/* do the sums and the ledger agree? */
} Period;

/*
 * Read the months that have calls, in the order of time, and put the periods
 * between them into the gaps.  Returns their number.
 */
static int
read_periods(Period *periods)
{
	Period		gap = {.range.start = AD_FIRST_INSTANT, .agrees = true};
	int			count = 0;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		Period	   *month;
		bool		isnull;
		TimestampTz start = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 1, &isnull));

		gap.range.end = start - 1;
		if (gap.range.end > gap.range.start)
			periods[count++] = gap;
		month = &periods[count++];
		month->has_calls = true;
		month->range.start = start;
		month->range.end = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 2, &isnull)) - 1;
		month->agrees = DatumGetBool(SPI_getbinval(tuple, desc, 3, &isnull));
		gap.range.start = month->range.end + 1;
	}
	gap.range.end = AD_LAST_INSTANT - 1;
	if (gap.range.end > gap.range.start)
		periods[count++] = gap;
	return count;
}

/*
 * Returns the periods that make up all time of which there are sums, palloc'd,
 * and their number.
 */
static Period *
list_periods(const AdSource *source, int *count)
{
	static const Oid types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(source->id)};
	MemoryContext caller = CurrentMemoryContext;
	Period	   *periods;
	AdKeptScope scope;
	uint64		months;

	*count = 0;
	if (!ad_kept_enter(&scope))
		return NULL;
	months = ad_kept_run("SELECT start, next, agrees FROM admin_dashboard.kept_months($1)",
						 lengthof(types), types, values, NULL);
	periods = MemoryContextAllocZero(caller, (2 * months + 1) * sizeof(Period));
	*count = read_periods(periods);
	ad_kept_leave(&scope);
	return periods;
}

/* the dashboard of a period as text; NULL if it is not from there */
static char *
dashboard(const Period *period, AdDashboardFrom from)
{
	int64		calls;
	Jsonb	   *result = ad_dashboard(period->range, NULL, from, &calls);

	return result == NULL ? NULL : JsonbToCString(NULL, &result->root, VARSIZE(result));
}

/*
 * Compare a period, and return its row, unless it rightly has no calls.  If the
 * sums do not answer, MongoDB is not asked either: it may have an error to
 * report.
 */
static void
check_period(const Period *period, ReturnSetInfo *result)
{
	Datum		values[N_RESULTS] = {0};
	bool		nulls[N_RESULTS] = {0};
	char	   *kept = NULL;
	char	   *live = NULL;
	bool		ok = false;

	for (int i = 0; i < ATTEMPTS && !ok; i++)
	{
		kept = dashboard(period, AD_FROM_KEPT);
		if (kept == NULL)
			break;
		live = dashboard(period, AD_FROM_TABLE);
		ok = strcmp(kept, live) == 0;
	}
	if (ok && !period->has_calls)
		return;
	ok = ok && period->agrees;
	values[RESULT_START] = TimestampTzGetDatum(period->range.start);
	values[RESULT_END] = TimestampTzGetDatum(period->range.end);
	nulls[RESULT_KEPT] = nulls[RESULT_LIVE] = nulls[RESULT_OK] = kept == NULL;
	if (kept != NULL)
	{
		values[RESULT_KEPT] = DirectFunctionCall1(jsonb_in, CStringGetDatum(kept));
		values[RESULT_LIVE] = DirectFunctionCall1(jsonb_in, CStringGetDatum(live));
		values[RESULT_OK] = BoolGetDatum(ok);
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * admin_dashboard_keep_check(relation regclass, OUT start_date timestamptz,
 * OUT end_date timestamptz, OUT kept jsonb, OUT live jsonb, OUT ok boolean)
 * RETURNS SETOF record
 *
 * Compares the dashboard from kept sums with the live one, month by month, and
 * the sums with the ledger.  A period without calls has a row only if that is
 * not so in MongoDB.  kept, live and ok are null if the sums cannot answer for
 * the month.  Raises an error if the sums of the table are not kept, and the
 * errors of the live query.
 */
Datum
admin_dashboard_keep_check(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			relid = PG_GETARG_OID(0);
	AdSource	source;
	Period	   *periods;
	int			count;
	int			level;

	ad_kept_check_relation(relid);
	InitMaterializedSRF(fcinfo, 0);
	ad_kept_source(relid, &source);
	periods = list_periods(&source, &count);
	level = NewGUCNestLevel();
	(void) set_config_option("admin_dashboard.calls_table", ad_calls_table_name(relid), PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("admin_dashboard.refresh", "on", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		check_period(&periods[i], result);
	}
	AtEOXact_GUC(false, level);
	return (Datum) 0;
}
