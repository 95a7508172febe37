/*
 * answer.c
 *	  Answer the dashboard from kept sums, where that is certain to be what
 *	  the live query would answer.
 *
 * The live query gets MongoDB's sum of doubles.  MongoDB adds with
 * compensation: it rounds the exact sum once, and the error of the
 * compensation itself is below n^2 2^-104 times the sum of the absolute values
 * (Neumaier's variant of Kahan's sum).  Our sum is exact, so that bounds what
 * the live sum can be.  dashboard.c takes the answer only if both bounds give
 * the same digits.
 */
#include "postgres.h"

#include <math.h>

#include "access/parallel.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/numeric.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "kept/answer.h"
#include "kept/call.h"
#include "kept/range.h"
#include "kept/refresh.h"
#include "kept/source.h"
#include "remote/connection.h"

/* how long an answer may wait for another session, and work itself */
#define LOCK_MS		1000
#define WORK_MS		1000

/* the setting admin_dashboard.refresh */
static bool refresh_before_answer;

int64		ad_kept_answers = 0;
bool		ad_kept_suspended = false;

/*
 * Define the setting.  _PG_init calls this once.
 */
void
ad_kept_init(void)
{
	DefineCustomBoolVariable("admin_dashboard.refresh",
							 "Adds the changes in MongoDB to kept sums before the dashboard uses them.",
							 "If it is off, the dashboard shows the state of the last refresh.",
							 &refresh_before_answer, true,
							 PGC_USERSET, 0, NULL, NULL, NULL);
}

/* warn that the sums of a table are not used any more */
static void
warn_lost(Oid relid, const char *why)
{
	ereport(WARNING,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("kept sums of foreign table \"%s\" cannot be used", get_rel_name(relid)),
			 errdetail_internal("%s", why),
			 errhint("The dashboard reads MongoDB instead. Keep them anew by admin_dashboard_keep().")));
}

/* milliseconds that a refresh may work: at most a third of what is left */
static int
work_ms(void)
{
	long		left;

	if (!get_timeout_active(STATEMENT_TIMEOUT))
		return WORK_MS;
	left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
										   get_timeout_finish_time(STATEMENT_TIMEOUT));
	return Max(1, Min(left / 3, WORK_MS));
}

/*
 * Bring the source up to date.  Returns false if the live query must answer.
 */
static bool
bring_up_to_date(AdSource *source, const AdKeptTable *table)
{
	AdRefreshLimits limits = {ad_kept_may_write(), LOCK_MS, work_ms()};
	AdRefreshReport report;

	switch (ad_refresh(source, table, GetUserId(), &limits, &report))
	{
		case AD_REFRESHED:
			return true;
		case AD_NOT_REFRESHED:
			ereport(DEBUG1,
					(errmsg("kept sums of foreign table \"%s\" are not used", get_rel_name(table->relid)),
					 errdetail_internal("%s", report.why)));
			return false;
		case AD_SOURCE_LOST:
			warn_lost(table->relid, report.why);
			return false;
	}
	return false;				/* not reached */
}

/* the parts of a range as three arrays: units, starts, ends */
static void
parts_to_arrays(const AdRangePart *parts, int count, Datum *arrays)
{
	Datum		values[3][AD_MOST_PARTS];

	for (int i = 0; i < count; i++)
	{
		values[0][i] = PointerGetDatum(cstring_to_text_with_len(&parts[i].unit, 1));
		values[1][i] = TimestampTzGetDatum(parts[i].start);
		values[2][i] = TimestampTzGetDatum(parts[i].end);
	}
	arrays[0] = PointerGetDatum(construct_array(values[0], count, TEXTOID, -1, false, TYPALIGN_INT));
	for (int i = 1; i < 3; i++)
		arrays[i] = PointerGetDatum(construct_array(values[i], count, TIMESTAMPTZOID, sizeof(TimestampTz),
													FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/*
 * The query for the totals of a source.  A source that was forgotten or lost
 * in the meantime has none: a row and the sums are seen in one snapshot.
 */
#define TOTALS(call) \
	"SELECT t.calls, t.unusual, t.minutes, t.negative, t.users " \
	"FROM admin_dashboard.kept_source s, " call " t " \
	"WHERE s.id OPERATOR(pg_catalog.=) $1 AND s.lost IS NULL"

static const char *const totals_queries[] = {
	TOTALS("admin_dashboard.kept_totals($1, $2, $3, $4)"),
	TOTALS("admin_dashboard.kept_user_totals($1, $2, $3, $4, $5)"),
};
static Oid	totals_types[] = {INT4OID, TEXTARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, TEXTOID};

/* run a totals query, whose plan the session keeps */
static uint64
run_totals(bool of_user, Datum *values)
{
	static SPIPlanPtr plans[2];

	if (plans[of_user] == NULL)
	{
		SPIPlanPtr	made = SPI_prepare(totals_queries[of_user], of_user ? 5 : 4, totals_types);

		if (made == NULL || SPI_keepplan(made) != 0)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		plans[of_user] = made;
	}
	if (SPI_execute_plan(plans[of_user], values, NULL, IsInParallelMode(), 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(SPI_result));
	return SPI_processed;
}

static double
to_double(Datum number)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, number));
}

/*
 * Compute the totals.  Returns false if the range has calls that the sums
 * cannot hold, or if the source is gone.
 */
static bool
compute_totals(const AdSource *source, TimestampTz start, TimestampTz end, text *user, AdKeptTotals *totals)
{
	AdRangePart parts[AD_MOST_PARTS];
	int			count = ad_divide_range(start, end + 1, user == NULL, parts);
	Datum		values[5] = {Int32GetDatum(source->id)};
	AdKeptScope scope;
	bool		found;

	parts_to_arrays(parts, count, values + 1);
	values[4] = PointerGetDatum(user);
	if (!ad_kept_enter(&scope))
		return false;
	found = run_totals(user != NULL, values) > 0;
	if (found)
	{
		HeapTuple	tuple = SPI_tuptable->vals[0];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;
		int64		unusual = DatumGetInt64(SPI_getbinval(tuple, desc, 2, &isnull));
		double		sum = to_double(SPI_getbinval(tuple, desc, 3, &isnull));
		double		negative = to_double(SPI_getbinval(tuple, desc, 4, &isnull));
		double		calls;
		double		error;

		totals->calls = DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull));
		totals->users = DatumGetInt64(SPI_getbinval(tuple, desc, 5, &isnull));
		calls = totals->calls;
		error = ldexp(calls * calls * (fabs(sum) + 2 * fabs(negative)), -104) * 1.01;
		totals->low = nextafter(sum, -INFINITY) - error;
		totals->high = nextafter(sum, INFINITY) + error;
		found = unusual == 0;
	}
	ad_kept_leave(&scope);
	return found;
}

/*
 * Compute the totals of the calls from start to end, both included, in a
 * relation, of one user or of all if `user` is NULL.  Returns false if the
 * live query must answer.
 */
bool
ad_kept_answer(Oid relid, TimestampTz start, TimestampTz end, text *user, AdKeptTotals *totals)
{
	AdSource	source;
	AdKeptTable *table;

	if (ad_kept_suspended || !ad_is_kept_candidate(relid) || !ad_source_find(relid, &source))
		return false;
	if (source.lost != NULL)
	{
		warn_lost(relid, source.lost);
		return false;
	}
	table = ad_kept_table(relid);
	if (table->flaw != NULL || strcmp(table->definition, source.definition) != 0)
	{
		warn_lost(relid, table->flaw != NULL ? table->flaw :
				  "The definition of the table or its server has changed.");
		return false;
	}

	/*
	 * Another mapping may be allowed to read other documents.  Without
	 * pushdown the live query also fails for documents outside of the range.
	 */
	if (ad_connection_mapping(table->serverid, GetUserId()) != source.mapping ||
		!table->options->enable_filter_pushdown || !table->options->enable_aggregate_pushdown)
		return false;
	if (!ad_is_usual_range(start, end) ||
		(user != NULL && !ad_is_usual_email(VARDATA_ANY(user), VARSIZE_ANY_EXHDR(user))))
		return false;
	if (refresh_before_answer && !bring_up_to_date(&source, table))
		return false;
	if (!compute_totals(&source, start, end, user, totals))
		return false;
	ad_kept_answers++;
	return true;
}
