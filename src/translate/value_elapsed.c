/*
 * value_elapsed.c
 *	  Translation of the time between two instants, and of its parts.
 *
 * PostgreSQL makes days of 24 hours of such a time, and cuts all parts toward
 * zero (timestamp_mi(), interval2itm()).  Whole days, hours and minutes are the
 * same when it is first cut to milliseconds, also toward zero.  So these may be
 * read of now() - ts, where now() has microseconds, which no date of MongoDB's has.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"

#include "bson/constant.h"
#include "translate/call.h"
#include "translate/elapsed.h"
#include "translate/let.h"
#include "translate/value_elapsed.h"
#include "translate/value_operation.h"
#include "translate/value_time.h"

#define MOST_MS		(AD_DATE_MAX - AD_DATE_MIN)

/* the parts of a time: how many units there are in what is left of a longer unit */
static const struct
{
	const char *name;
	int64		of;				/* milliseconds of the longer unit, or 0 */
	int64		unit;			/* milliseconds of the unit */
	bool		whole;			/* is the part an integer?  Else it is seconds */
}			parts[] = {
	{"day", 0, AD_DAY_MS, true},
	{"hour", AD_DAY_MS, 3600000, true},
	{"minute", 3600000, 60000, true},
	{"second", 60000, 1, false},
	{"epoch", 0, 1, false},
};

/* translates an instant, or a local time in UTC, whose clock is never changed */
static bool
steady_value(AdValueContext *context, Node *node, AdValue *value)
{
	if (!ad_value(context, node, value) ||
		(value->typid != TIMESTAMPTZOID && value->typid != TIMESTAMPOID))
		return false;
	ad_instant_add_days(value);
	return value->unit == NULL && value->shift == 0 &&
		(value->typid == TIMESTAMPTZOID || equal(value->zone, ad_string("UTC")));
}

/* makes an interval of the value, which was an instant */
static void
set_interval(AdValue *value, bool nullable, Node *expr)
{
	value->typid = INTERVALOID;
	value->zone = NULL;
	value->column = NULL;
	value->of = NULL;
	value->nullable |= nullable;
	value->expr = expr;
}

/*
 * Translates the interval between two instants, the arguments of `-`.  Returns
 * false if it has no exact translation.
 */
bool
ad_time_between(AdValueContext *context, List *args, AdValue *value)
{
	AdValue		other;

	if (!steady_value(context, linitial(args), value) || !steady_value(context, lsecond(args), &other))
		return false;
	set_interval(value, other.nullable, ad_binary("$subtract", value->expr, other.expr));
	return true;
}

/*
 * The time between an instant and an operand, which has microseconds, cut to
 * milliseconds toward zero.
 */
static bool
time_from_operand(AdValueContext *context, List *args, AdValue *value)
{
	bool		first = ad_value_is_operand(context->base, linitial(args));
	Node	   *operand = first ? linitial(args) : lsecond(args);
	AdValue		down;
	AdValue		up;
	Node	   *floor;
	Node	   *ceil;

	if (exprType(operand) != TIMESTAMPTZOID || !ad_is_near_instant(operand) ||
		!steady_value(context, first ? lsecond(args) : linitial(args), value) ||
		!ad_value_operand(context, operand, AD_ROUND_DOWN, 0, &down) ||
		!ad_value_operand(context, operand, AD_ROUND_UP, 0, &up))
		return false;
	(void) ad_value_let(context, value);
	floor = first ? ad_binary("$subtract", down.expr, value->expr) : ad_binary("$subtract", value->expr, up.expr);
	ceil = first ? ad_binary("$subtract", up.expr, value->expr) : ad_binary("$subtract", value->expr, down.expr);
	floor = ad_let(context->base, floor);
	set_interval(value, down.nullable, ad_value_if(ad_binary("$gte", floor, ad_integer(0)), floor, ceil));
	return true;
}

/* makes a double of the value, keeping only its nullability */
static void
set_double(AdValue *value, Node *expr)
{
	*value = (AdValue)
	{
		.typid = FLOAT8OID, .nullable = value->nullable, .expr = expr
	};
}

/* how many units there are in the milliseconds, cut toward zero */
static Node *
units(AdExprContext *context, Node *ms, int64 unit)
{
	if (unit == 1)
		return ms;
	ms = ad_let(context, ms);
	return ad_doc("$toLong",
				  ad_binary("$divide", ad_binary("$subtract", ms, ad_binary("$mod", ms, ad_int64(unit))),
							ad_int64(unit)));
}

/*
 * Seconds as a double: PostgreSQL adds those of the days to those of the rest
 * (interval_part_common()).
 */
static Node *
double_epoch(AdExprContext *context, Node *ms)
{
	Node	   *rest;

	ms = ad_let(context, ms);
	rest = ad_let(context, ad_binary("$mod", ms, ad_int64(AD_DAY_MS)));
	return ad_binary("$add", ad_binary("$divide", rest, ad_integer(1000)),
					 ad_binary("$divide", ad_binary("$subtract", ms, rest), ad_integer(1000)));
}

/*
 * Translates extract(part FROM interval), or, `as_double`, date_part(): seconds of
 * any interval, other parts only of the time between two instants, whose hours are
 * less than a day.  Returns false if there is no exact translation.
 */
bool
ad_part_of_interval(AdValueContext *context, bool as_double, List *args, AdValue *value)
{
	const char *name = ad_lower_constant(linitial(args));
	List	   *instants;
	Oid			called = ad_called(lsecond(args), &instants);
	bool		between = called == F_TIMESTAMPTZ_MI || called == F_TIMESTAMP_MI;
	int			part = 0;
	int64		most;
	Node	   *expr;

	while (part < lengthof(parts) && (name == NULL || strcmp(name, parts[part].name) != 0))
		part++;
	if (part == lengthof(parts) || (!between && (as_double || strcmp(name, "epoch") != 0)) ||
		(as_double && strcmp(name, "second") == 0))
		return false;
	if (!ad_value(context, lsecond(args), value) &&
		!(between && parts[part].whole && time_from_operand(context, instants, value)))
		return false;
	if (value->typid != INTERVALOID)
		return false;
	if (as_double && !parts[part].whole)
	{
		set_double(value, double_epoch(context->base, value->expr));
		return true;
	}
	most = (parts[part].of != 0 ? parts[part].of : MOST_MS) / parts[part].unit;
	expr = parts[part].of == 0 ? value->expr : ad_binary("$mod", value->expr, ad_int64(parts[part].of));
	expr = units(context->base, expr, parts[part].unit);
	if (as_double)
		set_double(value, ad_doc("$toDouble", expr));
	else
		ad_value_set_number(value, expr, -most, most, parts[part].whole ? 1 : 1000, parts[part].whole ? 0 : 6);
	return true;
}
