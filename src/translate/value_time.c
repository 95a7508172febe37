/*
 * value_time.c
 *	  Translation of functions on instants and on the local time of a zone.
 *
 * A timestamp or date that is made from a timestamptz is not computed.  The
 * value remains the instant, with the zone whose clock is to be read, and the
 * unit to which the local time is to be cut, until the query uses it.  So a
 * local time is never converted back to an instant.  PostgreSQL and MongoDB
 * could differ there, because daylight saving makes some local times occur
 * twice and others not at all.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "parser/scansup.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "bson/constant.h"
#include "bson/types.h"
#include "query/bind.h"
#include "query/leaf.h"
#include "translate/let.h"
#include "translate/value_time.h"

/*
 * Units from short to long.  Each consists of whole shorter ones, except that
 * weeks do not make up months or longer units.
 */
static const struct
{
	const char *name;
	const char *unit;			/* name in $dateTrunc; NULL if it cuts nothing
								 * off */
	int			seconds;		/* at least */
}			units[] = {
	{"microsecond", NULL},
	{"microseconds", NULL},
	{"millisecond", NULL},
	{"milliseconds", NULL},
	{"second", "second", 1},
	{"minute", "minute", SECS_PER_MINUTE},
	{"hour", "hour", SECS_PER_HOUR},
	{"day", "day", SECS_PER_DAY},
	{"week", "week", 7 * SECS_PER_DAY},
	{"month", "month", 28 * SECS_PER_DAY},
	{"quarter", "quarter", 90 * SECS_PER_DAY},
	{"year", "year", 365 * SECS_PER_DAY},
};

/* how long a unit is, compared with others; NULL is the shortest */
static int
unit_rank(const char *unit)
{
	int			rank = 0;

	if (unit == NULL)
		return -1;
	while (units[rank].unit == NULL || strcmp(units[rank].unit, unit) != 0)
		rank++;
	return rank;
}

/* whether the unit, which may be NULL, has this name */
static bool
is_unit(const char *unit, const char *name)
{
	return unit != NULL && strcmp(unit, name) == 0;
}

/*
 * Whether the unit, a name of $dateTrunc or NULL, is a day or longer.
 * Changes for daylight saving do not split such units.
 */
bool
ad_instant_of_days(const char *unit)
{
	return unit_rank(unit) >= unit_rank("day");
}

/*
 * Returns about how many seconds a unit, a name of $dateTrunc, has at least.
 */
double
ad_instant_unit_seconds(const char *unit)
{
	return units[unit_rank(unit)].seconds;
}

/*
 * Instants are moved into years of four digits before a clock is read,
 * because not every server that speaks MongoDB's protocol knows the years 0
 * and 10000.
 *
 * They are moved by 400 years, after which the calendar repeats: these have
 * 146097 days, which are whole weeks.  No zone has rules that begin or end
 * outside of the years of four digits.
 */
#define CYCLE_YEARS		400
#define CYCLE_MS		(INT64CONST(146097) * SECS_PER_DAY * 1000)
#define NEAR_BEGIN		INT64CONST(-62072524800000) /* 0003-01-01 */
#define NEAR_END		INT64CONST(253339228800000) /* 9998-01-01 */

/*
 * Reads the constant operand of a filter's leaf as milliseconds since 1970,
 * ignoring the zone of a local time.  False if it is not a finite constant.
 */
static bool
operand_ms(const AdLeaf *leaf, int64 *ms)
{
	Const	   *operand = (Const *) leaf->operand;
	Timestamp	timestamp;

	if (!IsA(operand, Const) || operand->constisnull)
		return false;
	timestamp = operand->consttype == DATEOID ?
		ad_date_to_timestamp(DatumGetDateADT(operand->constvalue)) :
		DatumGetTimestamp(operand->constvalue);
	if (TIMESTAMP_NOT_FINITE(timestamp))
		return false;
	(void) ad_timestamptz_to_ms(timestamp, ms);
	return true;
}

/*
 * Whether the filter, which may be NULL, leaves in the field only instants
 * whose years have four digits, in any zone.
 */
bool
ad_instant_is_near(Node *filter, const char *field)
{
	List	   *predicates;
	bool		begins = false;
	bool		ends = false;
	ListCell   *lc;

	if (filter == NULL)
		return false;
	predicates = ad_tag(filter) == AD_AND ? list_copy_tail((List *) filter, 1) : list_make1(filter);
	foreach(lc, predicates)
	{
		AdLeaf		leaf;
		int64		ms;

		if (ad_tag(lfirst(lc)) != AD_COMPARE)
			continue;
		leaf = ad_leaf_read(lfirst(lc));
		if (strcmp(leaf.path, field) != 0 || ad_type(leaf.typid)->class != AD_CLASS_INSTANT ||
			!operand_ms(&leaf, &ms))
			continue;
		begins |= (leaf.op == AD_OP_GT || leaf.op == AD_OP_GE || leaf.op == AD_OP_EQ) && ms >= NEAR_BEGIN;
		ends |= (leaf.op == AD_OP_LT || leaf.op == AD_OP_LE || leaf.op == AD_OP_EQ) && ms < NEAR_END;
	}
	return begins && ends;
}

/* the milliseconds that move an instant into a year of four digits; often 0 */
static Node *
far_expr(AdExprContext *context, const AdValue *value)
{
	Node	   *instant = ad_let(context, value->expr);

	return ad_let(context,
				  ad_value_if(ad_doc("$lt", ad_array2(instant, ad_date_const(NEAR_BEGIN))),
							  ad_int64(CYCLE_MS),
							  ad_value_if(ad_doc("$gte", ad_array2(instant, ad_date_const(NEAR_END))),
										  ad_int64(-CYCLE_MS), ad_integer(0))));
}

/* the value with its instant moved into a year of four digits */
static AdValue
moved_near(AdExprContext *context, const AdValue *value)
{
	AdValue		moved = *value;

	moved.expr = ad_let(context, value->expr);
	if (!value->near)
		moved.expr = ad_let(context, ad_doc("$add", ad_array2(moved.expr, far_expr(context, value))));
	return moved;
}

/* milliseconds since 1970 as a long, which can exceed the range of a date */
static Node *
ms_expr(Node *instant)
{
	/*
	 * A difference, because the test server's $toLong is off by one now and
	 * then.
	 */
	return ad_doc("$subtract", ad_array2(instant, ad_date_const(0)));
}

/*
 * Returns a constant text in lower case, as date_trunc() and extract() read
 * it, or NULL.
 */
const char *
ad_lower_constant(Node *node)
{
	const char *string;

	if (!IsA(node, Const) || ((Const *) node)->constisnull ||
		((Const *) node)->consttype != TEXTOID)
		return NULL;
	string = TextDatumGetCString(((Const *) node)->constvalue);
	return downcase_identifier(string, strlen(string), false, false);
}

/*
 * The zone of a constant name.  Names of zones and UTC only: an abbreviation
 * is not a zone.
 */
static Node *
constant_zone(Node *node)
{
	const char *name;
	const char *zone;

	if (!IsA(node, Const) || ((Const *) node)->constisnull)
		return NULL;
	name = TextDatumGetCString(((Const *) node)->constvalue);
	if (strchr(name, '/') == NULL && pg_strcasecmp(name, "UTC") != 0)
		return NULL;
	zone = ad_bind_zone(name);
	return zone == NULL ? NULL : ad_string(zone);
}

/* the session's zone, as set at execution */
static Node *
session_zone(AdValueContext *context)
{
	const AdLazy at_all_times = {0};
	const AdLazy outer = context->base->lazy;
	FuncExpr   *setting;
	Node	   *operand;

	if (ad_bind_zone(pg_get_timezone_name(session_timezone)) == NULL)
		return NULL;
	setting = makeFuncExpr(F_CURRENT_SETTING_TEXT, TEXTOID,
						   list_make1(makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1,
												CStringGetTextDatum("TimeZone"), false, false)),
						   DEFAULT_COLLATION_OID, DEFAULT_COLLATION_OID, COERCE_EXPLICIT_CALL);
	/* the setting always has a value */
	context->base->lazy = at_all_times;
	operand = ad_expr_operand(context->base, (Node *) setting);
	context->base->lazy = outer;
	return ad_node(AD_ZONE, list_make1(operand));
}

/*
 * Sets the zone whose clock is read to the session's, if the value is an instant;
 * false if MongoDB does not know that zone, or if the instant was cut on another
 * clock, as by date_trunc() with a zone.
 */
static bool
read_clock(AdValueContext *context, AdValue *value)
{
	Node	   *zone;

	if (value->zone != NULL && value->typid != TIMESTAMPTZOID)
		return true;
	zone = session_zone(context);
	if (zone == NULL || (value->zone != NULL && !equal(value->zone, zone)))
		return false;
	value->zone = zone;
	return true;
}

/* translates an instant or a local time */
static bool
instant_value(AdValueContext *context, Node *node, AdValue *value)
{
	return ad_value(context, node, value) &&
		(value->typid == TIMESTAMPTZOID || value->typid == TIMESTAMPOID ||
		 value->typid == DATEOID);
}

/*
 * Cuts a local time to a unit.  Returns false if it is cut to a longer unit
 * already, or one that the new unit is not made of.
 */
static bool
cut_to_unit(AdValue *value, const char *unit)
{
	if (unit_rank(value->unit) > unit_rank(unit) ||
		(is_unit(value->unit, "week") && !is_unit(unit, "week")))
		return false;
	if (value->shift != 0 && !is_unit(unit, "day") && !is_unit(unit, "week"))
		return false;
	value->unit = unit;
	value->column = NULL;
	return true;
}

/* date_trunc(unit, instant [, zone]) */
static bool
date_trunc(AdValueContext *context, List *args, AdValue *value)
{
	const char *name = ad_lower_constant(linitial(args));

	if (name == NULL || !instant_value(context, lsecond(args), value))
		return false;
	if (list_length(args) == 3)
	{
		if (value->zone != NULL)
			return false;
		value->zone = constant_zone(lthird(args));
		if (value->zone == NULL)
			return false;
	}
	for (int i = 0; i < lengthof(units); i++)
	{
		if (strcmp(units[i].name, name) != 0)
			continue;
		if (units[i].unit == NULL)
			return value->unit == NULL && list_length(args) == 2;
		return (list_length(args) == 3 || read_clock(context, value)) && cut_to_unit(value, units[i].unit);
	}
	return false;
}

/* the argument of an operator that reads a clock */
static Node *
clock_argument(const AdValue *value)
{
	if (equal(value->zone, ad_string("UTC")))
		return value->expr;
	return ad_doc2("date", value->expr, "timezone", value->zone);
}

/* a part of the local time, by the operator `op` */
static Node *
read_part(const AdValue *value, const char *op)
{
	return ad_doc(op, clock_argument(value));
}

/* part * factor */
static Node *
multiply_by(Node *part, int factor)
{
	return ad_doc("$multiply", ad_array2(part, ad_integer(factor)));
}

/*
 * The parts that extract() knows.  MongoDB has a year 0 and PostgreSQL does
 * not, so their numbers of the years before 1 differ by one.
 */
static const struct
{
	const char *name;
	const char *op;				/* NULL if it is computed from others */
	int			add;
	int			min;
	int			max;
	int			scale;			/* digits that numeric shows after the point */
	bool		of_days;		/* does it stay the same throughout a day? */
}			parts[] = {
	{"year", "$year", 0, -4714, 300000, 0, true},
	{"isoyear", "$isoWeekYear", 0, -4714, 300000, 0, true},
	{"quarter", NULL, 0, 1, 4, 0, true},
	{"month", "$month", 0, 1, 12, 0, true},
	{"week", "$isoWeek", 0, 1, 53, 0, true},
	{"day", "$dayOfMonth", 0, 1, 31, 0, true},
	{"doy", "$dayOfYear", 0, 1, 366, 0, true},
	{"dow", "$dayOfWeek", -1, 0, 6, 0, true},
	{"isodow", "$isoDayOfWeek", 0, 1, 7, 0, true},
	{"hour", "$hour", 0, 0, 23, 0, false},
	{"minute", "$minute", 0, 0, 59, 0, false},
	{"second", NULL, 0, 0, 60000, 6, false},
	{"milliseconds", NULL, 0, 0, 60000, 3, false},
};

/* the years by which an instant is moved */
static Node *
far_years(AdExprContext *context, const AdValue *value)
{
	return ad_doc("$toLong", ad_doc("$divide", ad_array2(far_expr(context, value),
														 ad_int64(CYCLE_MS / CYCLE_YEARS))));
}

/* PostgreSQL's number for MongoDB's year */
static Node *
year_expr(Node *year)
{
	return ad_doc("$subtract",
				  ad_array2(year, ad_value_if(ad_doc("$lte", ad_array2(year, ad_integer(0))),
											  ad_integer(1), ad_integer(0))));
}

/* the part as an int or long, in units of 1/divisor (see extract()) */
static Node *
part_expr(AdExprContext *context, const AdValue *value, int part)
{
	AdValue		moved = moved_near(context, value);
	Node	   *expr;

	if (strcmp(parts[part].name, "quarter") == 0)
		return ad_doc("$toLong",
					  ad_doc("$ceil", ad_doc("$divide", ad_array2(read_part(&moved, "$month"),
																  ad_integer(3)))));
	if (parts[part].op == NULL)
		return ad_doc("$add", ad_array2(multiply_by(read_part(&moved, "$second"), 1000),
										read_part(&moved, "$millisecond")));
	expr = read_part(&moved, parts[part].op);
	if (parts[part].add != 0)
		return ad_doc("$add", ad_array2(expr, ad_integer(parts[part].add)));
	if (parts[part].min >= 0)
		return expr;
	/* a year of four digits is the same in both systems */
	if (value->near)
		return expr;
	expr = ad_doc("$subtract", ad_array2(expr, far_years(context, value)));
	return year_expr(ad_let(context, expr));
}

/*
 * extract(epoch FROM x): milliseconds, which are exact thousandths of a
 * second.
 */
static bool
extract_epoch(AdValue *value)
{
	const AdColumn *of = value->of;

	if (value->unit != NULL || value->shift != 0 || value->typid == DATEOID ||
		(value->typid == TIMESTAMPOID && !equal(value->zone, ad_string("UTC"))))
		return false;
	ad_value_set_number(value, ms_expr(value->expr), AD_DATE_MIN, AD_DATE_MAX, 1000, 6);
	value->of = of;
	return true;
}

/* extract(part FROM instant), as a numeric */
static bool
extract(AdValueContext *context, List *args, AdValue *value)
{
	const char *name = ad_lower_constant(linitial(args));

	if (name == NULL || !ad_value(context, lsecond(args), value))
		return false;
	if (strcmp(name, "epoch") == 0)
		return extract_epoch(value);
	if (value->shift != 0)
		return false;
	for (int i = 0; i < lengthof(parts); i++)
	{
		if (strcmp(parts[i].name, name) != 0)
			continue;

		/*
		 * After a cut to a longer unit, it would be the part of that unit's
		 * beginning.
		 */
		if ((value->unit != NULL && !(parts[i].of_days && unit_rank(value->unit) <= unit_rank("day"))) ||
			(value->typid == DATEOID && !parts[i].of_days) || !read_clock(context, value))
			return false;
		ad_value_set_number(value, part_expr(context->base, value, i), parts[i].min, parts[i].max,
							strcmp(name, "second") == 0 ? 1000 : 1, parts[i].scale);
		return true;
	}
	return false;
}

/* date_part(): extract() as a double, for whole parts only */
static bool
date_part(AdValueContext *context, List *args, AdValue *value)
{
	if (!extract(context, args, value) || value->divisor != 1)
		return false;
	value->typid = FLOAT8OID;
	value->divisor = 0;
	value->scale = 0;
	value->expr = ad_doc("$toDouble", value->expr);
	return true;
}

/*
 * Casts to timestamp and date.
 *
 * A value that was cut on one clock cannot be read on another.
 */
static bool
cast_to(AdValueContext *context, Node *argument, Oid typid, AdValue *value)
{
	if (!instant_value(context, argument, value) || (value->typid == TIMESTAMPTZOID && !read_clock(context, value)))
		return false;
	value->typid = typid;
	value->column = NULL;
	if (typid == DATEOID && !ad_instant_of_days(value->unit))
		value->unit = "day";
	return true;
}

/* instant AT TIME ZONE 'name' */
static bool
at_time_zone(AdValueContext *context, List *args, AdValue *value)
{
	if (!instant_value(context, lsecond(args), value) || value->zone != NULL ||
		value->shift != 0)
		return false;
	value->zone = constant_zone(linitial(args));
	value->typid = TIMESTAMPOID;
	value->column = NULL;
	return value->zone != NULL;
}

/*
 * A local time AT TIME ZONE 'name', where that is the zone of its clock: the
 * instant itself.
 */
static bool
from_time_zone(AdValueContext *context, List *args, AdValue *value)
{
	Node	   *zone = constant_zone(linitial(args));

	if (zone == NULL || !instant_value(context, lsecond(args), value) ||
		value->typid != TIMESTAMPOID || value->unit != NULL || value->shift != 0 ||
		!equal(zone, value->zone))
		return false;
	value->zone = NULL;
	value->typid = TIMESTAMPTZOID;
	value->column = NULL;
	return true;
}

/*
 * An instant or local time, plus or minus (sign) a constant interval.
 *
 * Days are days of the clock, so they are kept in `shift` until the value is
 * cut.  Shorter times are added to the instant.  For a local time this is
 * right only if its clock is never changed, that is, in UTC.
 */
static bool
add_interval(AdValueContext *context, List *args, int sign, AdValue *value)
{
	Const	   *constant = lsecond(args);
	Interval   *interval;

	if (!IsA(constant, Const) || constant->constisnull ||
		!instant_value(context, linitial(args), value) || value->unit != NULL)
		return false;
	interval = DatumGetIntervalP(constant->constvalue);
	if (interval->month != 0 || interval->time % 1000 != 0 || interval->day < -366 || interval->day > 366 ||
		(interval->time != 0 && (interval->day != 0 || value->shift != 0)) ||
		(value->typid == TIMESTAMPOID && interval->time != 0 &&
		 !equal(value->zone, ad_string("UTC"))))
		return false;
	value->column = NULL;
	if (interval->time == 0)
		value->shift += sign * interval->day;
	else
	{
		value->of = NULL;
		value->near = false;
		value->expr = ad_doc("$add", ad_array2(value->expr, ad_int64(sign * interval->time / 1000)));
	}
	return true;
}

/*
 * Adds the days by which a local time in UTC is shifted: on that clock each of
 * them has 24 hours.
 */
void
ad_instant_add_days(AdValue *value)
{
	if (value->shift == 0 || value->typid != TIMESTAMPOID || value->unit != NULL ||
		!equal(value->zone, ad_string("UTC")))
		return;
	value->expr = ad_doc("$add", ad_array2(value->expr, ad_int64(value->shift * AD_DAY_MS)));
	value->shift = 0;
	value->of = NULL;
	value->near = false;
}

/*
 * Translates the call of a function on instants or local times.  Returns false if
 * it is none of these, or if it has no exact translation for these arguments.
 */
bool
ad_instant_function(AdValueContext *context, Oid function, List *args, AdValue *value)
{
	switch (function)
	{
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ:
		case F_DATE_TRUNC_TEXT_TIMESTAMP:
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT:
			return date_trunc(context, args, value);
		case F_EXTRACT_TEXT_TIMESTAMPTZ:
		case F_EXTRACT_TEXT_TIMESTAMP:
		case F_EXTRACT_TEXT_DATE:
			return extract(context, args, value);
		case F_DATE_PART_TEXT_TIMESTAMPTZ:
		case F_DATE_PART_TEXT_TIMESTAMP:
			return date_part(context, args, value);
		case F_TIMESTAMP_TIMESTAMPTZ:
		case F_TIMESTAMP_DATE:
			return cast_to(context, linitial(args), TIMESTAMPOID, value);
		case F_DATE_TIMESTAMPTZ:
		case F_DATE_TIMESTAMP:
			return cast_to(context, linitial(args), DATEOID, value);
		case F_TIMEZONE_TEXT_TIMESTAMPTZ:
			return at_time_zone(context, args, value);
		case F_TIMEZONE_TEXT_TIMESTAMP:
			return from_time_zone(context, args, value);
		case F_TIMESTAMPTZ_PL_INTERVAL:
		case F_TIMESTAMP_PL_INTERVAL:
			return add_interval(context, args, 1, value);
		case F_TIMESTAMPTZ_MI_INTERVAL:
		case F_TIMESTAMP_MI_INTERVAL:
			return add_interval(context, args, -1, value);
		default:
			return false;
	}
}

/*
 * The beginning of the unit in which the instant lies.  The value must have
 * been moved near already.  For a week, the shift changes the day on which
 * weeks begin.
 */
static Node *
trunc_expr(const AdValue *value, const char *unit)
{
	static const char *const days[] = {
		"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
	};
	Node	   *arguments = ad_doc2("date", value->expr, "unit", ad_string(unit));

	if (!equal(value->zone, ad_string("UTC")))
		ad_doc_add(arguments, "timezone", value->zone);

	/* the weeks from Monday of ts + 1 day are the weeks from Sunday of ts */
	if (strcmp(unit, "week") == 0)
		ad_doc_add(arguments, "startOfWeek", ad_string(days[((-value->shift) % 7 + 7) % 7]));
	return ad_doc("$dateTrunc", arguments);
}

/*
 * The milliseconds that the clock shows since the beginning of an hour,
 * minute or second.
 */
static Node *
since_unit(const AdValue *value)
{
	Node	   *ms = read_part(value, "$millisecond");
	Node	   *seconds = multiply_by(read_part(value, "$second"), 1000);

	if (is_unit(value->unit, "second"))
		return ms;
	if (is_unit(value->unit, "minute"))
		return ad_doc("$add", ad_array2(seconds, ms));
	return ad_doc("$add", ad_array3(multiply_by(read_part(value, "$minute"), 60000), seconds, ms));
}

/*
 * The beginning of the unit as a group key: a date, or milliseconds if the
 * instant may have been moved.
 */
static Node *
trunc_key(AdExprContext *context, const AdValue *value, const char *unit)
{
	AdValue		moved = moved_near(context, value);
	Node	   *beginning = trunc_expr(&moved, unit);

	if (value->near)
		return beginning;
	return ad_doc("$subtract", ad_array2(ms_expr(beginning), far_expr(context, value)));
}

/*
 * The local time down to the value's unit, as a document: daylight saving
 * makes several instants show the same time.
 */
static Node *
clock_key(AdExprContext *context, const AdValue *value)
{
	static const struct
	{
		const char *unit;
		const char *op;
	}			shown[] = {
		{"hour", "$hour"},
		{"minute", "$minute"},
		{"second", "$second"},
		{NULL, "$millisecond"},
	};
	AdValue		moved = moved_near(context, value);
	Node	   *key = ad_doc("d", trunc_key(context, value, "day"));

	for (int i = 0; i < lengthof(shown); i++)
	{
		ad_doc_add(key, psprintf("p%d", i), read_part(&moved, shown[i].op));
		if (shown[i].unit != NULL && is_unit(value->unit, shown[i].unit))
			break;
	}
	return key;
}

/*
 * Returns an expression that is equal for two instants exactly if the SQL
 * values are; NULL if there is none.
 */
Node *
ad_instant_key(AdExprContext *context, const AdValue *value)
{
	bool		utc = value->zone == NULL || equal(value->zone, ad_string("UTC"));
	AdValue		moved;
	Node	   *instant;

	if (ad_instant_of_days(value->unit))
		return trunc_key(context, value, value->unit);
	/* where clocks are changed, adding a day may map two instants to one */
	if (value->shift != 0 && value->typid == TIMESTAMPTZOID)
		return NULL;
	if (value->typid == TIMESTAMPOID && !utc)
		return clock_key(context, value);
	if (value->unit == NULL)
		return value->expr;
	moved = moved_near(context, value);
	instant = ad_let(context, value->expr);
	return ad_doc("$subtract", ad_array2(value->near ? instant : ms_expr(instant), since_unit(&moved)));
}
