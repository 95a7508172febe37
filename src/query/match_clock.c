/*
 * match_clock.c
 *	  What a clock shows at a column's instant, as ranges of instants.
 *
 * date_trunc('day', t) >= c, t::date = c and their like hold for a range of
 * instants, which an index finds.  Its ends are computed here, by PostgreSQL,
 * when the constant is known.
 *
 * A clock shows times in their order until it is turned back.  Where that is
 * done across midnight, as some zones do, the end of a day comes twice, and
 * the range is two.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/value.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "bson/constant.h"
#include "bson/types.h"
#include "query/bind.h"
#include "query/match.h"
#include "query/match_clock.h"
#include "query/match_type.h"

/* no clock is turned twice within this time of a midnight, in seconds */
#define NEARBY	(26 * SECS_PER_HOUR)

/*
 * A leaf whose operand is not known yet, to be printed only.
 */
Node *
ad_match_clock_slot(const AdLeaf *leaf)
{
	Node	   *path = ad_string(psprintf("$%s", leaf->path));
	Node	   *zone = leaf->zone;
	Node	   *shown;

	if (leaf->operand_type == NUMERICOID)
		shown = ad_doc("$toLong", path);
	else
	{
		Node	   *cut = ad_doc2("date", path, "unit", ad_string(leaf->unit));

		if (IsA(zone, String) && strcmp(strVal(zone), "UTC") != 0)
			ad_doc_add(cut, "timezone", zone);
		shown = ad_doc("$dateTrunc", cut);
	}
	return ad_node(AD_EXPR, list_make1(ad_doc(ad_op_name(leaf->op),
											  ad_array2(shown, leaf->operand))));
}

/*
 * The units that ranges are made of: how long one is, how long the last one before the end
 * of all timestamps is at most, and how many days after their beginning the first one begins
 * (which is Monday, 24 November 4714 BC).
 */
static const struct
{
	const char *name;
	int			months;
	int			days;
	int			last_days;
	int			first_day;
}			units[] = {
	{"day", 0, 1, 1, 0},
	{"week", 0, 7, 7, 0},
	{"month", 1, 0, 31, 7},
	{"quarter", 3, 0, 92, 38},
	{"year", 12, 0, 366, 38},
};

static int
find_unit(const char *name)
{
	int			i = 0;

	while (strcmp(units[i].name, name) != 0)
		i++;
	return i;
}

/*
 * The beginning of the next unit, of a beginning.  A clock can show the time of the end of all
 * timestamps, where a year ends, and some hours more; what begins after that is infinity.
 */
static Timestamp
next_beginning(const char *name, Timestamp beginning)
{
	int			unit = find_unit(name);
	Interval	interval = {0};

	if (TIMESTAMP_IS_NOBEGIN(beginning))
		return MIN_TIMESTAMP + units[unit].first_day * USECS_PER_DAY;
	if (beginning >= END_TIMESTAMP)
		return DT_NOEND;
	if (beginning >= END_TIMESTAMP - units[unit].last_days * USECS_PER_DAY)
		return units[unit].months > 0 ? END_TIMESTAMP : beginning + units[unit].days * USECS_PER_DAY;
	interval.month = units[unit].months;
	interval.day = units[unit].days;
	return DatumGetTimestamp(DirectFunctionCall2(timestamp_pl_interval,
												 TimestampGetDatum(beginning),
												 IntervalPGetDatum(&interval)));
}

/* the beginning of the unit that a time is in; -infinity if that is before all timestamps */
static Timestamp
beginning_of(const char *name, Timestamp local)
{
	Timestamp	beginning;

	if (local < MIN_TIMESTAMP + units[find_unit(name)].first_day * USECS_PER_DAY)
		return DT_NOBEGIN;
	beginning = DatumGetTimestamp(DirectFunctionCall2(timestamp_trunc, CStringGetTextDatum(name),
													  TimestampGetDatum(Min(local, END_TIMESTAMP - 1))));
	if (local >= END_TIMESTAMP && next_beginning(name, beginning) <= local)
		return next_beginning(name, beginning);
	return beginning;
}

/*
 * The instant that PostgreSQL takes a time on the clock for.  It may be some hours out of the
 * range of instants, which is no error: it is compared only.
 */
static TimestampTz
instant_of(Timestamp local, pg_tz *zone)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (TIMESTAMP_NOT_FINITE(local))
		return local;
	if (timestamp2tm(local, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return local + DetermineTimeZoneOffset(&tm, zone) * USECS_PER_SEC;
}

/* what the clock shows at an instant, which may be some hours out of the range of timestamps */
static Timestamp
local_of(TimestampTz instant, pg_tz *zone)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			offset;

	if (timestamp2tm(instant, &offset, &tm, &fsec, NULL, zone) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return instant - offset * USECS_PER_SEC;
}

/* that an instant is, or is not, since one that may be out of range */
static Node *
bound(const char *path, bool since, TimestampTz instant)
{
	if (instant <= MIN_TIMESTAMP)
		return since ? ad_true() : ad_false();
	if (instant >= END_TIMESTAMP)
		return since ? ad_false() : ad_true();
	return ad_field(path, since ? "$gte" : "$lt", ad_date_const(instant / 1000 + AD_EPOCH_SHIFT));
}

/*
 * The predicate that the clock shows `local`, the beginning of a day, or
 * later; or, if not `later`, a time before it.
 */
static Node *
shows(const char *path, Timestamp local, bool later, pg_tz *zone)
{
	pg_time_t	start;
	pg_time_t	turn_time;
	long		before;
	long		after;
	int			is_dst;
	TimestampTz turn;
	TimestampTz first;
	TimestampTz second;
	int			turns;

	if (TIMESTAMP_NOT_FINITE(local))
		return bound(path, later, local);
	start = timestamptz_to_time_t(instant_of(local, zone)) - NEARBY;
	turns = pg_next_dst_boundary(&start, &before, &is_dst, &turn_time, &after, &is_dst, zone);
	if (turns <= 0 || turn_time > start + 2 * NEARBY)
		return bound(path, later, local - before * USECS_PER_SEC);

	/* when the clock shows it by the offset before the turn, and after */
	turn = time_t_to_timestamptz(turn_time);
	first = local - before * USECS_PER_SEC;
	second = local - after * USECS_PER_SEC;
	if (first >= turn)
		return bound(path, later, Max(turn, second));
	if (second <= turn)
		return bound(path, later, first);
	/* it is turned back from beyond that time to before it */
	if (later)
		return ad_or(list_make2(ad_and(list_make2(bound(path, true, first),
												  bound(path, false, turn))),
								bound(path, true, second)));
	return ad_or(list_make2(bound(path, false, first),
							ad_and(list_make2(bound(path, true, turn),
											  bound(path, false, second)))));
}

/* an operand, on the clock or as the instant that beginnings are compared with */
static int64
clock_operand(bool by_instant, Oid operand_type, Datum value)
{

	if (operand_type == DATEOID)
		return by_instant ? ad_date_to_timestamptz(DatumGetDateADT(value)) :
			ad_date_to_timestamp(DatumGetDateADT(value));
	if (operand_type == TIMESTAMPOID && by_instant)
		return ad_timestamp_to_timestamptz(DatumGetTimestamp(value));
	return DatumGetTimestamp(value);
}

/*
 * The first beginning of a unit that is not before the operand, or that is
 * after it.  *equal tells whether it is the operand.
 */
static Timestamp
first_beginning(const char *unit, bool by_instant, int64 operand, bool after,
				pg_tz *zone, bool *equal)
{
	Timestamp	beginning = beginning_of(unit, by_instant ? local_of(operand, zone) : operand);

	for (;;)
	{
		int64		compared = by_instant ? instant_of(beginning, zone) : beginning;

		*equal = compared == operand;
		if (after ? compared > operand : compared >= operand)
			return beginning;
		beginning = next_beginning(unit, beginning);
	}
}

/*
 * extract(epoch FROM instant), compared with a numeric that is not null.  What
 * is between two milliseconds is rounded as the operator allows, or is equal
 * to none; beyond all instants are the infinities, and NaN.
 */
static Node *
compare_epoch(const char *path, const AdType *type, AdOp op, Datum value)
{
	AdRounding	rounding = op == AD_OP_LT || op == AD_OP_GE ? AD_ROUND_UP :
	op == AD_OP_LE || op == AD_OP_GT ? AD_ROUND_DOWN : AD_ROUND_NONE;
	Node	   *bound = ad_bind_operand(NUMERICOID, value, false, rounding, 1000);
	const Const *constant = (const Const *) bound;
	bool		less = true;
	int64		ms;

	if (IsA(bound, Const) && constant->constisnull)
		return op == AD_OP_NE ? ad_match_has_value(path, type) : ad_false();
	if (IsA(bound, Const) && constant->consttype == INT8OID)
	{
		ms = DatumGetInt64(constant->constvalue);
		if (ms >= type->min && ms <= type->max)
			return ad_match_compare(path, type, op, TIMESTAMPTZOID,
									((Const *) ad_date_const(ms))->constvalue);
		less = ms > type->max;
	}
	else if (IsA(bound, Const))
		less = DatumGetFloat8(constant->constvalue) > 0;
	return ad_match_compare(path, type, op, TIMESTAMPTZOID,
							TimestampTzGetDatum(less ? DT_NOEND : DT_NOBEGIN));
}

/*
 * The predicate of a leaf for a value of its operand that is not null.
 */
Node *
ad_match_clock(const AdLeaf *leaf, Datum value)
{
	const char *path = leaf->path;
	const AdType *type = ad_type(leaf->typid);
	const char *unit = leaf->unit;
	AdOp		op = leaf->op;
	bool		by_instant = leaf->by_instant;
	Oid			operand_type = leaf->operand_type;
	Node	   *named = leaf->zone;
	pg_tz	   *zone = IsA(named, String) ? pg_tzset(strVal(named)) : session_timezone;
	int64		operand;
	bool		after = op == AD_OP_GT || op == AD_OP_LE;
	Timestamp	beginning;
	bool		is_beginning;
	Node	   *since;
	Node	   *until;

	if (operand_type == NUMERICOID)
		return compare_epoch(path, type, op, value);
	operand = clock_operand(by_instant, operand_type, value);
	if (TIMESTAMP_NOT_FINITE(operand))
		return ad_match_compare(path, type, op, TIMESTAMPTZOID, TimestampTzGetDatum(operand));
	beginning = first_beginning(unit, by_instant, operand, after, zone, &is_beginning);
	if (op == AD_OP_GE || op == AD_OP_GT)
		return shows(path, beginning, true, zone);
	if (op == AD_OP_LT || op == AD_OP_LE)
		return shows(path, beginning, false, zone);
	if (!is_beginning)
		return op == AD_OP_EQ ? ad_false() :
			ad_match_has_value(path, type);
	since = shows(path, beginning, op == AD_OP_EQ, zone);
	until = shows(path, next_beginning(unit, beginning), op == AD_OP_NE, zone);
	return op == AD_OP_EQ ? ad_and(list_make2(since, until)) : ad_or(list_make2(since, until));
}
