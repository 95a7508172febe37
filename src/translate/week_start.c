/*
 * week_start.c
 *	  The beginning of a week, said with the day of the week.
 *
 * PostgreSQL's weeks begin on Monday.  For others one writes
 *
 *		day - extract(dow FROM ts)::int
 *		date_trunc('day', ts) - interval '1 day' * extract(dow FROM ts)
 *
 * These are the same for two times exactly if date_trunc('week', ts + interval
 * '1 day') is.  A number that is added to the day of the week makes no
 * difference.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "base/oids.h"
#include "translate/call.h"
#include "translate/value_time.h"
#include "translate/week_start.h"

/* the most that may be added to a day of the week */
#define MOST_SHIFT 1000000

/* whether the call is date_trunc('day', ...) by one of the two clocks */
static bool
is_day_trunc(Oid function, List *args)
{
	const char *unit;

	if (function != F_DATE_TRUNC_TEXT_TIMESTAMPTZ && function != F_DATE_TRUNC_TEXT_TIMESTAMP)
		return false;
	unit = ad_lower_constant(linitial(args));
	return unit != NULL && strcmp(unit, "day") == 0;
}

/*
 * Strips off what keeps the day of a time: casts from one clock to the same, and
 * date_trunc('day').
 */
static Node *
strip_day(Node *node)
{
	static const Oid casts[] = {
		F_DATE_TIMESTAMPTZ, F_DATE_TIMESTAMP, F_TIMESTAMP_DATE, F_TIMESTAMP_TIMESTAMPTZ
	};
	List	   *args;

	for (;;)
	{
		Oid			function = ad_called(node, &args);

		if (ad_is_one_of(function, casts, lengthof(casts)))
			node = linitial(args);
		else if (is_day_trunc(function, args))
			node = lsecond(args);
		else
			return node;
	}
}

/*
 * Whether a timestamp is midnight for certain.  date_trunc('day') of a timestamptz is
 * not, where clocks are turned at midnight.
 */
static bool
is_midnight(Node *node)
{
	List	   *args;
	Oid			function = ad_called(node, &args);

	return function == F_TIMESTAMP_DATE || (function == F_DATE_TRUNC_TEXT_TIMESTAMP && is_day_trunc(function, args));
}

/*
 * Reads a constant whole number; false if it is none, or so great that adding it could
 * overflow or lose digits.
 */
static bool
read_whole(Node *node, double *number)
{
	return ad_constant_number(node, number) && rint(*number) == *number && fabs(*number) <= MOST_SHIFT;
}

/*
 * Whether a number is the day of the week of a time, plus or minus a whole number.
 * Sets *time, and whether Sunday is the first day.
 */
static bool
is_day_of_week(Node *number, Node **time, bool *from_sunday)
{
	static const Oid casts[] = {F_INT4_NUMERIC, F_INT4_FLOAT8, F_FLOAT8_NUMERIC};
	static const Oid shifts[] = {
		F_INT4PL, F_INT4MI, F_NUMERIC_ADD, F_NUMERIC_SUB, F_FLOAT8PL, F_FLOAT8MI
	};
	List	   *args;
	const char *part;
	double		shift;
	double		shifted = 0;

	while ((part = ad_extracted_part(number, time)) == NULL)
	{
		Oid			function = ad_called(number, &args);

		if (!ad_is_one_of(function, casts, lengthof(casts)) &&
			!(ad_is_one_of(function, shifts, lengthof(shifts)) && read_whole(lsecond(args), &shift)))
			return false;
		if (!ad_is_one_of(function, casts, lengthof(casts)))
			shifted += fabs(shift);
		if (shifted > MOST_SHIFT)
			return false;
		number = linitial(args);
	}
	*from_sunday = strcmp(part, "dow") == 0;
	return *from_sunday || strcmp(part, "isodow") == 0;
}

/* returns the factor of one day in an interval, or NULL */
static Node *
days_factor(Node *node)
{
	const Interval one = {.day = 1};
	List	   *args;
	Oid			function = ad_called(node, &args);
	Node	   *day;

	if (function != F_INTERVAL_MUL && function != F_MUL_D_INTERVAL)
		return NULL;
	day = function == F_INTERVAL_MUL ? linitial(args) : lsecond(args);
	if (!IsA(day, Const) || ((Const *) day)->constisnull)
		return NULL;
	if (memcmp(DatumGetIntervalP(((Const *) day)->constvalue), &one, sizeof(Interval)) != 0)
		return NULL;
	return function == F_INTERVAL_MUL ? lsecond(args) : linitial(args);
}

/* date_trunc('week', time), or of the day after it; `time` must not be a date */
static Node *
trunc_week(Node *time, bool from_sunday)
{
	Interval   *day = palloc0(sizeof(Interval));
	bool		zoned = exprType(time) == TIMESTAMPTZOID;

	day->day = 1;
	if (from_sunday)
		time = (Node *) makeFuncExpr(zoned ? F_TIMESTAMPTZ_PL_INTERVAL : F_TIMESTAMP_PL_INTERVAL, exprType(time),
									 list_make2(time, makeConst(INTERVALOID, -1, InvalidOid, sizeof(Interval),
																IntervalPGetDatum(day), false, false)),
									 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
	return ad_make_call(zoned ? F_DATE_TRUNC_TEXT_TIMESTAMPTZ : F_DATE_TRUNC_TEXT_TIMESTAMP, exprType(time), "week", time);
}

/*
 * Returns an expression that is equal for two times exactly if `node` is, where
 * that is a day less its day of the week; NULL for another expression.
 *
 * Of a timestamptz only the date is taken: where clocks are changed at midnight,
 * days before its beginning are not the beginnings of days.
 */
Node *
ad_week_start(Node *node)
{
	List	   *args;
	Oid			function = ad_called(node, &args);
	Node	   *number;
	Node	   *of_number;
	Node	   *time;
	bool		from_sunday;

	if (function == F_DATE_MII)
		number = lsecond(args);
	else if (function == F_TIMESTAMP_MI_INTERVAL && is_midnight(linitial(args)))
		number = days_factor(lsecond(args));
	else
		return NULL;
	if (number == NULL || !is_day_of_week(number, &of_number, &from_sunday))
		return NULL;
	time = strip_day(linitial(args));
	if (!equal(time, strip_day(of_number)))
		return NULL;
	if (exprType(time) == DATEOID)
		time = (Node *) makeFuncExpr(F_TIMESTAMP_DATE, TIMESTAMPOID, list_make1(time), InvalidOid, InvalidOid,
									 COERCE_EXPLICIT_CALL);
	return trunc_week(time, from_sunday);
}
