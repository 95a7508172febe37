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
#include "kept/answer.h"
#include "kept/keep.h"
#include "kept/source.h"

PG_FUNCTION_INFO_V1(admin_dashboard_keep_check);

/* of src/dashboard.c; PostgreSQL calls it by its name, too */
extern Datum admin_dashboard(PG_FUNCTION_ARGS);

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

/* a month of a source */
typedef struct AdKeptMonth
{
	TimestampTz start;
	TimestampTz end;			/* included */
} AdKeptMonth;

/*
 * Returns the months that have calls, palloc'd, and their number.
 */
static AdKeptMonth *
list_months(const AdSource *source, int *count)
{
	static const Oid types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(source->id)};
	MemoryContext caller = CurrentMemoryContext;
	AdKeptMonth *months = NULL;
	AdKeptScope scope;

	*count = 0;
	if (!ad_kept_enter(&scope))
		return NULL;
	*count = ad_kept_run("SELECT start, start OPERATOR(pg_catalog.+) '1 month'::pg_catalog.interval "
						 "OPERATOR(pg_catalog.-) '1 microsecond'::pg_catalog.interval "
						 "FROM (SELECT pg_catalog.timezone('UTC', start) AS start FROM admin_dashboard.kept_sum "
						 "WHERE source OPERATOR(pg_catalog.=) $1 AND unit OPERATOR(pg_catalog.=) 'm' "
						 "AND calls OPERATOR(pg_catalog.>) 0) m ORDER BY 1", lengthof(types), types, values, NULL);
	months = MemoryContextAlloc(caller, Max(*count, 1) * sizeof(AdKeptMonth));
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

/* the dashboard of a month, as text */
static char *
dashboard(const AdKeptMonth *month)
{
	LOCAL_FCINFO(call, 3);
	Jsonb	   *result;

	InitFunctionCallInfoData(*call, NULL, 3, InvalidOid, NULL, NULL);
	call->args[0].value = TimestampTzGetDatum(month->start);
	call->args[1].value = TimestampTzGetDatum(month->end);
	call->args[0].isnull = call->args[1].isnull = false;
	call->args[2].value = (Datum) 0;
	call->args[2].isnull = true;
	result = DatumGetJsonbP(admin_dashboard(call));
	return JsonbToCString(NULL, &result->root, VARSIZE(result));
}

/*
 * Get both dashboards of a month; *kept is NULL if the sums do not answer.
 */
static void
get_both(const AdKeptMonth *month, char **kept, char **live)
{
	int64		before = ad_kept_answers;

	*kept = dashboard(month);
	if (ad_kept_answers == before)
		*kept = NULL;
	ad_kept_suspended = true;
	PG_TRY();
	{
		*live = dashboard(month);
	}
	PG_FINALLY();
	{
		ad_kept_suspended = false;
	}
	PG_END_TRY();
}

/* compare a month, and return its row */
static void
check_month(const AdKeptMonth *month, ReturnSetInfo *result)
{
	Datum		values[N_RESULTS] = {0};
	bool		nulls[N_RESULTS] = {0};
	char	   *kept;
	char	   *live;
	bool		ok = false;

	for (int i = 0; i < ATTEMPTS && !ok; i++)
	{
		get_both(month, &kept, &live);
		ok = kept == NULL || strcmp(kept, live) == 0;
	}
	values[RESULT_START] = TimestampTzGetDatum(month->start);
	values[RESULT_END] = TimestampTzGetDatum(month->end);
	nulls[RESULT_KEPT] = kept == NULL;
	if (kept != NULL)
		values[RESULT_KEPT] = DirectFunctionCall1(jsonb_in, CStringGetDatum(kept));
	values[RESULT_LIVE] = DirectFunctionCall1(jsonb_in, CStringGetDatum(live));
	nulls[RESULT_OK] = kept == NULL;
	values[RESULT_OK] = BoolGetDatum(ok);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * admin_dashboard_keep_check(relation regclass, OUT start_date timestamptz,
 * OUT end_date timestamptz, OUT kept jsonb, OUT live jsonb, OUT ok boolean)
 * RETURNS SETOF record
 *
 * Compares the dashboard from kept sums with the live one, month by month.
 * kept and ok are null if the sums cannot answer for the month.  Raises an
 * error if the sums of the table are not kept, and the errors of the live
 * query.
 */
Datum
admin_dashboard_keep_check(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			relid = PG_GETARG_OID(0);
	AdSource	source;
	AdKeptMonth *months;
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
