/*
 * match_clock.c
 *	  Comparisons of clock readings as predicates on ranges of instants.
 *
 * The reading of a clock is the local time that it shows at a column's
 * instant, truncated to a unit.  Conditions such as date_trunc('day', t) >= c
 * and t::date = c are true for a range of instants, for which MongoDB can use
 * an index.  This file computes the ends of the range, with PostgreSQL's time
 * zone data, when the constant is known.
 *
 * The readings of a clock increase until the clock is turned back.  Some
 * zones turn it back across midnight.  The end of that day then occurs twice,
 * and the condition is true for two ranges.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
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
#include "query/sql_array.h"

/*
 * Within so many seconds before and after a midnight, a clock is turned at
 * most once.
 */
#define NEARBY	(26 * SECS_PER_HOUR)

/* so many ranges MongoDB tests one after the other */
#define FEW_RUNS	8

/*
 * Returns a predicate for a leaf whose operand is a slot without a value.
 * EXPLAIN prints it; MongoDB never gets it.
 */
Node *
ad_match_clock_slot(const AdLeaf *leaf)
{
	Node	   *path = ad_path_expr(leaf->path);
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
	return ad_node(AD_EXPR, list_make1(ad_doc(leaf->kind == AD_CLOCK_MEMBER ? "$in" : ad_op_name(leaf->op),
											  ad_array2(shown, leaf->operand))));
}

/*
 * The units of readings.  Each has its length in months and days, the
 * greatest length in days of the last unit before the end of the range of
 * timestamps, and the day on which the first unit starts, counted from the
 * first day of the range of timestamps, which is Monday, 24 November 4714 BC.
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

/* returns the index of a unit, which the planner has checked */
static int
find_unit(const char *name)
{
	int			i = 0;

	while (strcmp(units[i].name, name) != 0)
		i++;
	return i;
}

/*
 * Returns the start of the unit after the one that starts at `beginning`.
 * The range of timestamps ends with a year.  A clock ahead of UTC can show
 * that end and some hours more, so a unit may start at END_TIMESTAMP.  A
 * later unit starts at infinity.
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

/*
 * Returns the start of the unit that contains a reading; -infinity if the
 * unit starts before the range of timestamps.
 */
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
 * Returns the instant to which PostgreSQL converts a local time.  It may lie
 * some hours outside of the range of timestamptz.  That is no error, because
 * the result is only compared.
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

/*
 * Returns the local time at an instant.  It may lie some hours outside of the
 * range of timestamp.
 */
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

/*
 * Returns the predicate that the column is at or after an instant, or, if not
 * `since`, before it.  The instant may be out of range.
 */
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
 * Returns the predicate that the clock shows `local` or later, or, if not
 * `later`, that it shows an earlier time.  `local` is the start of a day.
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

	/* when the clock would show it with the offset before the turn, and after */
	turn = time_t_to_timestamptz(turn_time);
	first = local - before * USECS_PER_SEC;
	second = local - after * USECS_PER_SEC;
	if (first >= turn)
		return bound(path, later, Max(turn, second));
	if (second <= turn)
		return bound(path, later, first);
	/* the clock is turned back across that time, so it shows it twice */
	if (later)
		return ad_or(list_make2(ad_and(list_make2(bound(path, true, first),
												  bound(path, false, turn))),
								bound(path, true, second)));
	return ad_or(list_make2(bound(path, false, first),
							ad_and(list_make2(bound(path, true, turn),
											  bound(path, false, second)))));
}

/*
 * Returns the operand as an instant if `by_instant`, else as a local time.
 * An operand out of range becomes an infinity.
 */
static int64
clock_operand(bool by_instant, Oid operand_type, Datum value)
{
	/* a clock can show the first hours of the day after the last timestamp */
	if (operand_type == DATEOID && !by_instant &&
		DatumGetDateADT(value) == END_TIMESTAMP / USECS_PER_DAY)
		return END_TIMESTAMP;
	if (operand_type == DATEOID)
		return by_instant ? ad_date_to_timestamptz(DatumGetDateADT(value)) :
			ad_date_to_timestamp(DatumGetDateADT(value));
	if (operand_type == TIMESTAMPOID && by_instant)
		return ad_timestamp_to_timestamptz(DatumGetTimestamp(value));
	return DatumGetTimestamp(value);
}

/*
 * Returns the first start of a unit that is at or after the operand, or, if
 * `after`, strictly after it.  Sets *equal if that start equals the operand.
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
 * Returns the predicate that compares extract(epoch FROM column) with a
 * numeric, which is not null.  An operand between two milliseconds is rounded
 * in the direction that keeps an inequality exact, and equals no instant.  An
 * operand outside of the range of timestamptz, an infinity or NaN becomes the
 * infinity on its side; NaN counts as greater than all numbers.
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

/* the time zone of the clock */
static pg_tz *
clock_zone(const AdLeaf *leaf)
{
	return IsA(leaf->zone, String) ? pg_tzset(strVal(leaf->zone)) : session_timezone;
}

/*
 * Returns the predicate for an AD_CLOCK leaf and the value of its operand,
 * which is not null.  It is exact only in conjunction with ad_match_guard().
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
	pg_tz	   *zone = clock_zone(leaf);
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

/* the readings from the start of one unit to that of another */
typedef struct AdRun
{
	Timestamp	since;
	Timestamp	until;
} AdRun;

/* qsort() comparator */
static int
compare_runs(const void *first, const void *second)
{
	Timestamp	a = ((const AdRun *) first)->since;
	Timestamp	b = ((const AdRun *) second)->since;

	return a < b ? -1 : a > b;
}

/*
 * Returns the units whose starts equal elements of the array, in order.  Those that
 * follow each other, such as the days of a month, are one run.
 */
static AdRun *
find_runs(const AdLeaf *leaf, Datum array, pg_tz *zone, int *count)
{
	List	   *elements = ad_sql_array_elements(array, leaf->operand_type, InvalidOid);
	AdRun	   *runs = palloc(Max(list_length(elements), 1) * sizeof(AdRun));
	int			units_found = 0;
	ListCell   *lc;

	foreach(lc, elements)
	{
		const Const *element = lfirst_node(Const, lc);
		int64		operand;
		bool		is_beginning;

		if (element->constisnull)
			continue;
		operand = clock_operand(leaf->by_instant, leaf->operand_type, element->constvalue);
		if (TIMESTAMP_NOT_FINITE(operand))
			continue;
		runs[units_found].since = first_beginning(leaf->unit, leaf->by_instant, operand, false, zone, &is_beginning);
		if (is_beginning)
			units_found++;
	}
	qsort(runs, units_found, sizeof(AdRun), compare_runs);
	*count = 0;
	for (int i = 0; i < units_found; i++)
	{
		runs[i].until = next_beginning(leaf->unit, runs[i].since);
		if (*count > 0 && runs[i].since <= runs[*count - 1].until)
			runs[*count - 1].until = runs[i].until;
		else
			runs[(*count)++] = runs[i];
	}
	return runs;
}

/*
 * Returns the predicate that the clock shows a time of one of the runs.  Of many runs,
 * MongoDB first tests in which half a time is, so that it need not test all of them.
 */
static Node *
shows_run(const AdLeaf *leaf, const AdRun *runs, int count, pg_tz *zone)
{
	const AdRun *middle = runs + count / 2;
	List	   *either = NIL;

	if (count > FEW_RUNS)
		return ad_or(list_make2(ad_and(list_make2(shows(leaf->path, middle->since, false, zone),
												  shows_run(leaf, runs, count / 2, zone))),
								ad_and(list_make2(shows(leaf->path, middle->since, true, zone),
												  shows_run(leaf, middle, count - count / 2, zone)))));
	for (int i = 0; i < count; i++)
		either = lappend(either, ad_and(list_make3(shows(leaf->path, runs[i].since, true, zone),
												   shows(leaf->path, runs[i].until, false, zone),
												   leaf->guard)));
	return ad_or(either);
}

/*
 * Returns the predicate for an AD_CLOCK_MEMBER leaf and the array, which is not
 * null.  Each range has the guard for itself, of which one with two ends needs but a
 * part.
 */
Node *
ad_match_clock_member(const AdLeaf *leaf, Datum array)
{
	pg_tz	   *zone = clock_zone(leaf);
	int			count;
	AdRun	   *runs = find_runs(leaf, array, zone, &count);

	return shows_run(leaf, runs, count, zone);
}
