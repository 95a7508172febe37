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
#include "kept/keep.h"
#include "kept/source.h"

PG_FUNCTION_INFO_V1(admin_dashboard_keep_check);

/*
 * How often a month is compared: a change between the two answers makes them
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

/*
 * Returns the months that have calls, palloc'd, and their number.
 */
static AdRange *
list_months(const AdSource *source, int *count)
{
	static const Oid types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(source->id)};
	MemoryContext caller = CurrentMemoryContext;
	AdRange    *months = NULL;
	AdKeptScope scope;

	*count = 0;
	if (!ad_kept_enter(&scope))
		return NULL;
	*count = ad_kept_run("SELECT start, start OPERATOR(pg_catalog.+) '1 month'::pg_catalog.interval "
						 "OPERATOR(pg_catalog.-) '1 microsecond'::pg_catalog.interval "
						 "FROM (SELECT pg_catalog.timezone('UTC', start) AS start FROM admin_dashboard.kept_sum "
						 "WHERE source OPERATOR(pg_catalog.=) $1 AND unit OPERATOR(pg_catalog.=) 'm' "
						 "AND calls OPERATOR(pg_catalog.>) 0) m ORDER BY 1", lengthof(types), types, values, NULL);
	months = MemoryContextAlloc(caller, Max(*count, 1) * sizeof(AdRange));
	for (int i = 0; i < *count; i++)
	{
		bool		isnull;

		/* timestamps in UTC have the same numbers as instants */
		months[i].start = DatumGetTimestamp(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		months[i].end = DatumGetTimestamp(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull));
	}
	ad_kept_leave(&scope);
	return months;
}

/* the dashboard of a month as text; NULL if it is not from there */
static char *
dashboard(const AdRange *month, AdDashboardFrom from)
{
	int64		calls;
	Jsonb	   *result = ad_dashboard(*month, NULL, from, &calls);

	return result == NULL ? NULL : JsonbToCString(NULL, &result->root, VARSIZE(result));
}

/*
 * Compare a month, and return its row.  If the sums do not answer, MongoDB is
 * not asked either: it may have an error to report.
 */
static void
check_month(const AdRange *month, ReturnSetInfo *result)
{
	Datum		values[N_RESULTS] = {0};
	bool		nulls[N_RESULTS] = {0};
	char	   *kept = NULL;
	char	   *live = NULL;
	bool		ok = false;

	for (int i = 0; i < ATTEMPTS && !ok; i++)
	{
		kept = dashboard(month, AD_FROM_KEPT);
		if (kept == NULL)
			break;
		live = dashboard(month, AD_FROM_TABLE);
		ok = strcmp(kept, live) == 0;
	}
	values[RESULT_START] = TimestampTzGetDatum(month->start);
	values[RESULT_END] = TimestampTzGetDatum(month->end);
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
 * Compares the dashboard from kept sums with the live one, month by month.
 * kept, live and ok are null if the sums cannot answer for the month.  Raises an
 * error if the sums of the table are not kept, and the errors of the live
 * query.
 */
Datum
admin_dashboard_keep_check(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			relid = PG_GETARG_OID(0);
	AdSource	source;
	AdRange    *months;
	int			count;
	int			level;

	ad_kept_check_relation(relid);
	InitMaterializedSRF(fcinfo, 0);
	ad_kept_source(relid, &source);
	months = list_months(&source, &count);
	level = NewGUCNestLevel();
	(void) set_config_option("admin_dashboard.calls_table", ad_calls_table_name(relid), PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("admin_dashboard.refresh", "on", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		check_month(&months[i], result);
	}
	AtEOXact_GUC(false, level);
	return (Datum) 0;
}
