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

/* how long an answer may wait for another session, and work itself */
#define LOCK_MS		1000
#define WORK_MS		1000

/* the setting admin_dashboard.refresh */
static bool refresh_before_answer;

/*
 * How often to begin anew if another session brings the source forward while
 * this one has changes to add to its answer.
 */
#define ATTEMPTS	3

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
 * *pending tells whether the caller must add the changes in the report.
 */
static bool
bring_up_to_date(AdSource *source, const AdKeptTable *table, bool may_pend, bool *pending,
				 AdRefreshReport *report)
{
	AdRefreshLimits limits = {ad_kept_may_write(), may_pend, LOCK_MS, work_ms()};
	AdRefreshed result = ad_refresh(source, table, GetUserId(), &limits, report);

	*pending = result == AD_PENDING;
	if (result == AD_SOURCE_LOST)
		warn_lost(table->relid, report->why);
	else if (result == AD_NOT_REFRESHED)
		ereport(DEBUG1,
				(errmsg("kept sums of foreign table \"%s\" are not used", get_rel_name(table->relid)),
				 errdetail_internal("%s", report->why)));
	return result == AD_REFRESHED || result == AD_PENDING;
}

/* ------------------------------------------------------------------------
 * Queries of the sums
 * ------------------------------------------------------------------------ */

/* what a query computes */
typedef enum AdTotalsQuery
{
	AD_TOTALS_OF_ALL,
	AD_TOTALS_OF_USER,
	AD_TOTALS_CHANGED,			/* of either, with changes to add */
	AD_TOTALS_OF_DAYS
} AdTotalsQuery;

/* the parameters of the queries, of which each uses some */
enum
{
	TOTALS_SOURCE,				/* $1 */
	TOTALS_TOKEN,				/* $2: of the source, before the changes */
	TOTALS_FIRST,				/* $3, $4: the range, without its end */
	TOTALS_LAST,
	TOTALS_EMAIL,				/* $5 */
	TOTALS_UNIT,				/* $6: of days */
	TOTALS_PARTS,				/* $7 to $9, see set_parts() */
	TOTALS_USER_PARTS = TOTALS_PARTS + 3,	/* $10 to $12: without hours */
	TOTALS_PENDING = TOTALS_USER_PARTS + 3, /* $13 to $17: the changes */
	N_TOTALS = TOTALS_PENDING + AD_N_CALL_ARRAYS
};

/*
 * A source that was forgotten or lost in the meantime has no totals: its row
 * and the sums are seen in one snapshot.
 */
#define TOTALS(columns, call, condition) \
	"SELECT " columns " FROM admin_dashboard.kept_source s, " call " t " \
	"WHERE s.id OPERATOR(pg_catalog.=) $1 AND s.lost IS NULL" condition
#define SUMS "t.calls, t.unusual, t.minutes, t.negative, "

static const char *const totals_queries[] = {
	TOTALS(SUMS "pg_catalog.bit_count(t.users)", "admin_dashboard.kept_totals($1, $7, $8, $9)", ""),
	TOTALS(SUMS "(t.calls OPERATOR(pg_catalog.>) 0)::pg_catalog.int4::pg_catalog.int8",
		   "admin_dashboard.kept_user_totals($1, $7, $8, $9, $5)", ""),
	TOTALS(SUMS "t.users", "admin_dashboard.kept_changed_totals($1, $3, $4, $5, $7, $8, $9, $10, $11, $12, "
		   "$13, $14, $15, $16, $17)", " AND s.token OPERATOR(pg_catalog.=) $2"),
	/* a row of nulls if there are no calls */
	"SELECT " SUMS "t.users, t.day FROM admin_dashboard.kept_source s "
	"LEFT JOIN admin_dashboard.kept_days($1, $5, $6, $7, $8, $9) t ON true "
	"WHERE s.id OPERATOR(pg_catalog.=) $1 AND s.lost IS NULL LIMIT 10001",
};

/* run a query, whose plan the session keeps; returns the number of rows */
static uint64
run_totals(AdTotalsQuery query, Datum *values, const char *nulls)
{
	static Oid	types[N_TOTALS] = {INT4OID, BYTEAOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TEXTOID,
	TEXTARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID};
	static SPIPlanPtr plans[lengthof(totals_queries)];

	memcpy(types + TOTALS_PENDING, ad_call_array_types, sizeof(ad_call_array_types));
	return ad_kept_run_plan(&plans[query], totals_queries[query], N_TOTALS, types, values, nulls);
}

/* the parts of a range as three parameters: units, starts, ends */
static void
set_parts(TimestampTz start, TimestampTz end, const char *units, Datum *arrays, char *nulls)
{
	AdRangePart parts[AD_MOST_PARTS];
	int			count = ad_divide_range(start, end, units, parts);
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
	memset(nulls, ' ', 3);
}

static void
set_parameter(int parameter, Datum value, Datum *values, char *nulls)
{
	values[parameter] = value;
	nulls[parameter] = ' ';
}

static double
to_double(Datum number)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, number));
}

/*
 * Read a row of totals.  Returns false if it has calls that the sums cannot
 * hold, or if its sum has more digits than bounds can be given of.
 */
static bool
read_totals(const AdKeptTable *table, HeapTuple tuple, bool of_day, AdKeptTotals *totals)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;
	bool		isnull;
	int64		unusual = DatumGetInt64(SPI_getbinval(tuple, desc, 2, &isnull));
	double		sum = to_double(SPI_getbinval(tuple, desc, 3, &isnull));
	double		negative = to_double(SPI_getbinval(tuple, desc, 4, &isnull));
	double		calls;
	double		error;

	totals->calls = DatumGetInt64(SPI_getbinval(tuple, desc, 1, &isnull));
	totals->users = DatumGetInt64(SPI_getbinval(tuple, desc, 5, &isnull));
	totals->day = of_day ? DatumGetTimestampTz(SPI_getbinval(tuple, desc, 6, &isnull)) : 0;
	calls = totals->calls;
	error = ldexp(calls * calls * (fabs(sum) + 2 * fabs(negative)), -104) * 1.01;
	totals->low = nextafter(sum, -INFINITY) - error;
	totals->high = nextafter(sum, INFINITY) + error;
	/* the query shows all digits of a sum of integers, and 15 of a double */
	return unusual == 0 && (table->fields[AD_KEPT_MINUTES].typid == FLOAT8OID || fabs(sum) < 1e14);
}

/*
 * Compute the totals of a range.  `pending` are changes to add, or NULL.
 * *found is false if the source is gone, or if it has been brought forward, so
 * that the changes are no longer those to add.  Returns false if the range has
 * calls that the sums cannot hold.
 */
static bool
compute_totals(const AdSource *source, const AdKeptTable *table, TimestampTz start, TimestampTz end, text *user,
			   const Datum *pending, AdKeptTotals *totals, bool *found)
{
	AdTotalsQuery query = pending != NULL ? AD_TOTALS_CHANGED : user != NULL ? AD_TOTALS_OF_USER : AD_TOTALS_OF_ALL;
	Datum		values[N_TOTALS] = {0};
	char		nulls[N_TOTALS];
	AdKeptScope scope;
	bool		usual = false;

	memset(nulls, 'n', N_TOTALS);
	set_parameter(TOTALS_SOURCE, Int32GetDatum(source->id), values, nulls);
	set_parts(start, end + 1, user == NULL ? "hdm" : "dm", values + TOTALS_PARTS, nulls + TOTALS_PARTS);
	if (user != NULL)
		set_parameter(TOTALS_EMAIL, PointerGetDatum(user), values, nulls);
	if (pending != NULL)
	{
		set_parameter(TOTALS_TOKEN, PointerGetDatum(source->token), values, nulls);
		set_parameter(TOTALS_FIRST, TimestampTzGetDatum(start), values, nulls);
		set_parameter(TOTALS_LAST, TimestampTzGetDatum(end + 1), values, nulls);
		set_parts(start, end + 1, "dm", values + TOTALS_USER_PARTS, nulls + TOTALS_USER_PARTS);
		for (int i = 0; i < AD_N_CALL_ARRAYS; i++)
			set_parameter(TOTALS_PENDING + i, pending[i], values, nulls);
	}
	*found = false;
	if (!ad_kept_enter(&scope))
		return false;
	*found = run_totals(query, values, nulls) > 0;
	if (*found)
		usual = read_totals(table, SPI_tuptable->vals[0], false, totals);
	ad_kept_leave(&scope);
	return usual;
}

/* ------------------------------------------------------------------------
 * Answers
 * ------------------------------------------------------------------------ */

/*
 * Find the source of a relation, if its sums may be used for the range and the
 * user.  Returns false if the live query must answer.
 */
static bool
find_usable(Oid relid, TimestampTz start, TimestampTz end, const text *user, AdSource *source, AdKeptTable **table)
{
	const char *misfit;

	if (!ad_is_kept_candidate(relid) || !ad_source_find(relid, source))
		return false;
	*table = ad_kept_table(relid);
	misfit = ad_source_misfit(source, *table);
	if (misfit != NULL)
	{
		warn_lost(relid, misfit);
		return false;
	}

	/*
	 * Another mapping may be allowed to read other documents.  Without
	 * pushdown the live query also fails for documents outside of the range.
	 * A transaction that sees one state of MongoDB must go on to see that.
	 */
	return !(IsolationUsesXactSnapshot() &&
			 ad_connect_options(GetForeignServer((*table)->serverid), NULL)->snapshot == AD_SNAPSHOT_TRANSACTION) &&
		strcmp(ad_kept_mapping((*table)->serverid, GetUserId()), source->mapping) == 0 &&
		(*table)->options->enable_filter_pushdown && (*table)->options->enable_aggregate_pushdown &&
		ad_is_usual_range(start, end) &&
		(user == NULL || ad_is_usual_email(VARDATA_ANY(user), VARSIZE_ANY_EXHDR(user)));
}

/*
 * Compute the totals of the calls from start to end, both included, in a
 * relation, of one user or of all if `user` is NULL.  Returns false if the
 * live query must answer.
 */
bool
ad_kept_answer(Oid relid, TimestampTz start, TimestampTz end, text *user, AdKeptTotals *totals)
{
	for (int i = 0; i < ATTEMPTS; i++)
	{
		AdRefreshReport report;
		AdSource	source;
		AdKeptTable *table;
		bool		pending = false;
		bool		found;
		bool		usual;

		if (!find_usable(relid, start, end, user, &source, &table) ||
			(refresh_before_answer && !bring_up_to_date(&source, table, true, &pending, &report)))
			return false;
		usual = compute_totals(&source, table, start, end, user, pending ? report.pending : NULL, totals, &found);
		if (found || !pending)
			return usual;
	}
	return false;
}

/*
 * Compute the totals of each hour, day, week or month in UTC that has calls,
 * in their order, but not more than 10001, with which there are too many.
 * `unit` is its name.  Sets *days, palloc'd, and *count.  Returns false if the
 * live query must answer.
 */
bool
ad_kept_days(Oid relid, TimestampTz start, TimestampTz end, text *user, const char *unit,
			 AdKeptTotals **days, int *count)
{
	MemoryContext caller = CurrentMemoryContext;
	Datum		values[N_TOTALS] = {0};
	char		nulls[N_TOTALS];
	AdRefreshReport report;
	AdSource	source;
	AdKeptTable *table;
	AdKeptScope scope;
	bool		pending;
	bool		usual = true;
	const char *units = strcmp(unit, "hour") == 0 ? "h" : strcmp(unit, "month") == 0 ? "hdm" : "hd";

	/* users have no sums of hours */
	if ((user != NULL && *++units == '\0') || !find_usable(relid, start, end, user, &source, &table) ||
		(refresh_before_answer && !bring_up_to_date(&source, table, false, &pending, &report)))
		return false;
	memset(nulls, 'n', N_TOTALS);
	set_parameter(TOTALS_SOURCE, Int32GetDatum(source.id), values, nulls);
	set_parameter(TOTALS_UNIT, CStringGetTextDatum(unit), values, nulls);
	set_parts(start, end + 1, units, values + TOTALS_PARTS, nulls + TOTALS_PARTS);
	if (user != NULL)
		set_parameter(TOTALS_EMAIL, PointerGetDatum(user), values, nulls);
	if (!ad_kept_enter(&scope))
		return false;
	*count = run_totals(AD_TOTALS_OF_DAYS, values, nulls);
	if (*count == 0)
		usual = false;
	else if (SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1) == NULL)
		*count = 0;
	*days = MemoryContextAlloc(caller, Max(*count, 1) * sizeof(AdKeptTotals));
	for (int i = 0; i < *count && usual; i++)
		usual = read_totals(table, SPI_tuptable->vals[i], true, &(*days)[i]);
	ad_kept_leave(&scope);
	return usual;
}
