/*
 * value_time.c
 *	  Instants, read on the clock of a time zone.
 *
 * A timestamp or a date made of a timestamptz is not computed: it stays the
 * instant, with the zone whose clock is read and the unit it is cut to, until
 * it is known what is asked about it.  So no local time is ever turned back
 * into an instant, which is where PostgreSQL and MongoDB could differ: some
 * local times exist twice, and some not at all.
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

#include "bson/constant.h"
#include "bson/types.h"
#include "query/bind.h"
#include "query/leaf.h"
#include "translate/let.h"
#include "translate/value_time.h"

/* units, from fine to coarse; each but the week is made of those before it */
static const struct
{
	const char *name;
	const char *unit;			/* as MongoDB knows it; NULL cuts nothing off */
}			units[] = {
	{"microsecond", NULL},
	{"microseconds", NULL},
	{"millisecond", NULL},
	{"milliseconds", NULL},
	{"second", "second"},
	{"minute", "minute"},
	{"hour", "hour"},
	{"day", "day"},
	{"week", "week"},
	{"month", "month"},
	{"quarter", "quarter"},
	{"year", "year"},
};

/* how coarse a unit is; none is the finest */
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

static bool
is_unit(const char *unit, const char *name)
{
	return unit != NULL && strcmp(unit, name) == 0;
}

/*
 * Whether a unit is a day or longer, which no daylight saving divides.
 */
bool
ad_instant_of_days(const char *unit)
{
	return unit_rank(unit) >= unit_rank("day");
}

/*
 * The calendar repeats itself after 400 years, of 146097 days, which are whole
 * weeks; and zones have no rules that end or begin in years that are not of
 * four digits.  So what a clock shows in such a year is asked for 400 years
 * later or earlier: not every server of MongoDB's protocol knows the year 0 or
 * 10000.
 */
#define CYCLE_YEARS		400
#define CYCLE_MS		(INT64CONST(146097) * SECS_PER_DAY * 1000)
#define NEAR_BEGIN		INT64CONST(-62072524800000) /* 0003-01-01 */
#define NEAR_END		INT64CONST(253339228800000) /* 9998-01-01 */

/* an operand of a filter as milliseconds, give or take a zone; false if unknown */
static bool
operand_ms(const AdLeaf *leaf, int64 *ms)
{
	Const	   *operand = (Const *) leaf->operand;
	Timestamp	timestamp;
	int			overflow = 0;

	if (!IsA(operand, Const) || operand->constisnull)
		return false;
	timestamp = operand->consttype == DATEOID ?
		date2timestamp_opt_overflow(DatumGetDateADT(operand->constvalue), &overflow) :
		DatumGetTimestamp(operand->constvalue);
	if (TIMESTAMP_NOT_FINITE(timestamp))
		return false;
	(void) ad_timestamptz_to_ms(timestamp, ms);
	return true;
}

/*
 * Whether a filter, which may be NULL, leaves only instants in the field whose
 * years have four digits.
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

/* by how many milliseconds an instant is moved into a year of four digits */
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

/* the value, with the instant moved */
static AdValue
moved_near(AdExprContext *context, const AdValue *value)
{
	AdValue		moved = *value;

	moved.expr = ad_let(context, value->expr);
	if (!value->near)
		moved.expr = ad_let(context, ad_doc("$add", ad_array2(moved.expr, far_expr(context, value))));
	return moved;
}

/* milliseconds since 1970, of which there may be more than a date's */
static Node *
ms_expr(Node *instant)
{
	/* as a difference: the test server's $toLong is off by one now and then */
	return ad_doc("$subtract", ad_array2(instant, ad_date_const(0)));
}

/* a constant text in lower case, as date_trunc() and extract() take it; or NULL */
static const char *
lower_constant(Node *node)
{
	const char *string;

	if (!IsA(node, Const) || ((Const *) node)->constisnull ||
		((Const *) node)->consttype != TEXTOID)
		return NULL;
	string = TextDatumGetCString(((Const *) node)->constvalue);
	return downcase_identifier(string, strlen(string), false, false);
}

/* a zone whose name is constant: not an abbreviation, which is no zone */
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

/* the session's zone, which is the one of the execution */
static Node *
session_zone(AdValueContext *context)
{
	FuncExpr   *setting;
	Node	   *operand;

	if (ad_bind_zone(pg_get_timezone_name(session_timezone)) == NULL)
		return NULL;
	setting = makeFuncExpr(F_CURRENT_SETTING_TEXT, TEXTOID,
						   list_make1(makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1,
												CStringGetTextDatum("TimeZone"), false, false)),
						   DEFAULT_COLLATION_OID, DEFAULT_COLLATION_OID, COERCE_EXPLICIT_CALL);
	operand = ad_expr_operand(context->base, (Node *) setting);
	return ad_node(AD_ZONE, list_make1(operand));
}

/* the zone on whose clock a value is read, put into it; false if there is none */
static bool
read_clock(AdValueContext *context, AdValue *value)
{
	if (value->zone == NULL)
		value->zone = session_zone(context);
	return value->zone != NULL;
}

/* an instant, or what a clock shows */
static bool
instant_value(AdValueContext *context, Node *node, AdValue *value)
{
	return ad_value(context, node, value) &&
		(value->typid == TIMESTAMPTZOID || value->typid == TIMESTAMPOID ||
		 value->typid == DATEOID);
}

/* cut to a unit; false if that is no coarser one of the same clock */
static bool
cut(AdValue *value, const char *unit)
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
	const char *name = lower_constant(linitial(args));

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
		return read_clock(context, value) && cut(value, units[i].unit);
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

static Node *
read_part(const AdValue *value, const char *op)
{
	return ad_doc(op, clock_argument(value));
}

/* (part * factor) */
static Node *
times(Node *part, int factor)
{
	return ad_doc("$multiply", ad_array2(part, ad_integer(factor)));
}

/*
 * The parts that extract() knows.  PostgreSQL has no year 0, MongoDB has:
 * before it their numbers differ by one.
 */
static const struct
{
	const char *name;
	const char *op;				/* NULL: made of others */
	int			add;
	int			min;
	int			max;
	int			scale;			/* digits that numeric shows */
	bool		of_days;		/* the same all day */
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

/* the number of years that an instant is moved by */
static Node *
far_years(AdExprContext *context, const AdValue *value)
{
	return ad_doc("$toLong", ad_doc("$divide", ad_array2(far_expr(context, value),
														 ad_int64(CYCLE_MS / CYCLE_YEARS))));
}

/* PostgreSQL's number of MongoDB's year */
static Node *
year_expr(Node *year)
{
	return ad_doc("$subtract",
				  ad_array2(year, ad_value_if(ad_doc("$lte", ad_array2(year, ad_integer(0))),
											  ad_integer(1), ad_integer(0))));
}

/* a part as a long */
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
		return ad_doc("$add", ad_array2(times(read_part(&moved, "$second"), 1000),
										read_part(&moved, "$millisecond")));
	expr = read_part(&moved, parts[part].op);
	if (parts[part].add != 0)
		return ad_doc("$add", ad_array2(expr, ad_integer(parts[part].add)));
	if (parts[part].min >= 0)
		return expr;
	/* a year of four digits needs no care for those before 1 */
	if (value->near)
		return expr;
	expr = ad_doc("$subtract", ad_array2(expr, far_years(context, value)));
	return year_expr(ad_let(context, expr));
}

static void
set_number(AdValue *value, Node *expr, int64 min, int64 max, int divisor, int scale)
{
	bool		nullable = value->nullable;

	memset(value, 0, sizeof(AdValue));
	value->typid = NUMERICOID;
	value->expr = expr;
	value->nullable = nullable;
	value->min = min;
	value->max = max;
	value->divisor = divisor;
	value->scale = scale;
}

/* milliseconds, which are exact thousandths of the seconds */
static bool
extract_epoch(AdValue *value)
{
	Node	   *expr = value->expr;
	const AdColumn *of = value->of;

	if (value->unit != NULL || value->shift != 0 || value->typid == DATEOID ||
		(value->typid == TIMESTAMPOID && !equal(value->zone, ad_string("UTC"))))
		return false;
	if (value->typid != INTERVALOID)
		expr = ms_expr(expr);
	set_number(value, expr, AD_DATE_MIN - AD_DATE_MAX, AD_DATE_MAX - AD_DATE_MIN, 1000, 6);
	value->of = of;
	return true;
}

/* extract(part FROM instant), as a numeric */
static bool
extract(AdValueContext *context, List *args, AdValue *value)
{
	const char *name = lower_constant(linitial(args));

	if (name == NULL || !ad_value(context, lsecond(args), value))
		return false;
	if (strcmp(name, "epoch") == 0)
		return extract_epoch(value);
	if (value->typid == INTERVALOID || value->shift != 0)
		return false;
	for (int i = 0; i < lengthof(parts); i++)
	{
		if (strcmp(parts[i].name, name) != 0)
			continue;
		/* of a longer unit it would be the part of its beginning */
		if ((value->unit != NULL && !(parts[i].of_days && unit_rank(value->unit) <= unit_rank("day"))) ||
			(value->typid == DATEOID && !parts[i].of_days) || !read_clock(context, value))
			return false;
		set_number(value, part_expr(context->base, value, i), parts[i].min, parts[i].max,
				   strcmp(name, "second") == 0 ? 1000 : 1, parts[i].scale);
		return true;
	}
	return false;
}

/* date_part(): the same as a double, of parts that are whole */
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
 * Casts to timestamp and date.  What was cut on another clock than it is read
 * on is refused.
 */
static bool
cast_to(AdValueContext *context, Node *argument, Oid typid, AdValue *value)
{
	Node	   *zone;

	if (!instant_value(context, argument, value))
		return false;
	if (value->typid == TIMESTAMPTZOID)
	{
		zone = session_zone(context);
		if (zone == NULL || (value->zone != NULL && !equal(value->zone, zone)))
			return false;
		value->zone = zone;
	}
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

/* clock AT TIME ZONE 'name', if it is the zone of the clock: the instant */
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
 * Days are of the clock, and kept for later; shorter times are added to the
 * instant, or to a clock that is never turned.
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

/* the time between two instants, or on a clock that is never turned */
static bool
difference(AdValueContext *context, List *args, AdValue *value)
{
	AdValue		other;

	if (!instant_value(context, linitial(args), value) ||
		!instant_value(context, lsecond(args), &other) ||
		value->unit != NULL || other.unit != NULL || value->shift != 0 || other.shift != 0 ||
		(value->typid == TIMESTAMPOID &&
		 !(equal(value->zone, ad_string("UTC")) && equal(other.zone, value->zone))))
		return false;
	value->typid = INTERVALOID;
	value->zone = NULL;
	value->column = NULL;
	value->of = NULL;
	value->nullable |= other.nullable;
	value->expr = ad_doc("$subtract", ad_array2(value->expr, other.expr));
	return true;
}

/*
 * The value of a call of one of the functions here.
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
		case F_EXTRACT_TEXT_INTERVAL:
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
		case F_TIMESTAMPTZ_MI:
		case F_TIMESTAMP_MI:
			return difference(context, args, value);
		default:
			return false;
	}
}

/*
 * The beginning of the unit's interval, of an instant moved near; a week's may
 * be moved by the shift.
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
	/* a day later, a week seems to have begun a day earlier */
	if (strcmp(unit, "week") == 0)
		ad_doc_add(arguments, "startOfWeek", ad_string(days[((-value->shift) % 7 + 7) % 7]));
	return ad_doc("$dateTrunc", arguments);
}

/* what the clock has shown since the last beginning of a shorter unit, in ms */
static Node *
since_unit(const AdValue *value)
{
	Node	   *ms = read_part(value, "$millisecond");
	Node	   *seconds = times(read_part(value, "$second"), 1000);

	if (is_unit(value->unit, "second"))
		return ms;
	if (is_unit(value->unit, "minute"))
		return ad_doc("$add", ad_array2(seconds, ms));
	return ad_doc("$add", ad_array3(times(read_part(value, "$minute"), 60000), seconds, ms));
}

/* the same as what tells instants apart: a date, or milliseconds */
static Node *
trunc_key(AdExprContext *context, const AdValue *value, const char *unit)
{
	AdValue		moved = moved_near(context, value);
	Node	   *beginning = trunc_expr(&moved, unit);

	if (value->near)
		return beginning;
	return ad_doc("$subtract", ad_array2(ms_expr(beginning), far_expr(context, value)));
}

/* what a clock that may be turned shows, to the unit: as a document */
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
 * An expression whose results are equal for two instants exactly if the values
 * are, or NULL if there is none.
 */
Node *
ad_instant_key(AdExprContext *context, const AdValue *value)
{
	bool		utc = value->zone == NULL || equal(value->zone, ad_string("UTC"));
	AdValue		moved;
	Node	   *instant;

	if (ad_instant_of_days(value->unit))
		return trunc_key(context, value, value->unit);
	/* a day later on a clock that is turned may be no other time */
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
