/*
 * clock_format.c
 *	  What to_char() and casts to time read of an instant.
 *
 * The text that to_char(ts, 'YYYY-MM') makes is a function of the year and the
 * month, so MongoDB can group by these.  The patterns are those of the
 * PostgreSQL manual, "Data Type Formatting Functions".  What is read may be
 * more than what is needed, but never less.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

#include "translate/call.h"
#include "translate/clock_format.h"

/* the parts of a date and of a time of day */
#define YEAR		(1 << 0)
#define ISOYEAR		(1 << 1)
#define QUARTER		(1 << 2)
#define MONTH		(1 << 3)
#define WEEK		(1 << 4)
#define DAY			(1 << 5)
#define DOW			(1 << 6)
#define DOY			(1 << 7)
#define HOUR		(1 << 8)
#define MINUTE		(1 << 9)
#define SECOND		(1 << 10)
#define MILLISECOND	(1 << 11)

/*
 * The patterns and what each reads.  Of those with a common beginning the
 * longest comes first.  An instant of MongoDB's has no microseconds, so its
 * milliseconds tell them.
 */
static const struct
{
	const char *pattern;
	int			reads;
}			patterns[] = {
	{"A.D.", YEAR}, {"A.M.", HOUR}, {"AD", YEAR}, {"AM", HOUR},
	{"B.C.", YEAR}, {"BC", YEAR}, {"CC", YEAR},
	{"DAY", DOW}, {"DDD", DOY}, {"DD", DAY}, {"DY", DOW}, {"Day", DOW}, {"Dy", DOW}, {"D", DOW},
	{"FM", 0}, {"FX", 0},
	{"HH24", HOUR}, {"HH12", HOUR}, {"HH", HOUR},
	{"IDDD", ISOYEAR | WEEK | DOW}, {"ID", DOW}, {"IW", WEEK},
	{"IYYY", ISOYEAR}, {"IYY", ISOYEAR}, {"IY", ISOYEAR}, {"I", ISOYEAR},
	{"MI", MINUTE}, {"MM", MONTH}, {"MONTH", MONTH}, {"MON", MONTH},
	{"MS", MILLISECOND}, {"Month", MONTH}, {"Mon", MONTH},
	{"P.M.", HOUR}, {"PM", HOUR}, {"Q", QUARTER}, {"RM", MONTH}, {"SS", SECOND}, {"SP", 0},
	{"TH", 0}, {"TM", 0}, {"US", MILLISECOND}, {"WW", DOY}, {"W", DAY},
	{"Y,YYY", YEAR}, {"YYYY", YEAR}, {"YYY", YEAR}, {"YY", YEAR}, {"Y", YEAR},
	{"a.d.", YEAR}, {"a.m.", HOUR}, {"ad", YEAR}, {"am", HOUR},
	{"b.c.", YEAR}, {"bc", YEAR}, {"cc", YEAR},
	{"day", DOW}, {"ddd", DOY}, {"dd", DAY}, {"dy", DOW}, {"d", DOW},
	{"fm", 0}, {"fx", 0},
	{"hh24", HOUR}, {"hh12", HOUR}, {"hh", HOUR},
	{"iddd", ISOYEAR | WEEK | DOW}, {"id", DOW}, {"iw", WEEK},
	{"iyyy", ISOYEAR}, {"iyy", ISOYEAR}, {"iy", ISOYEAR}, {"i", ISOYEAR},
	{"mi", MINUTE}, {"mm", MONTH}, {"month", MONTH}, {"mon", MONTH}, {"ms", MILLISECOND},
	{"p.m.", HOUR}, {"pm", HOUR}, {"q", QUARTER}, {"rm", MONTH}, {"ss", SECOND}, {"sp", 0},
	{"th", 0}, {"tm", 0}, {"us", MILLISECOND}, {"ww", DOY}, {"w", DAY},
	{"y,yyy", YEAR}, {"yyyy", YEAR}, {"yyy", YEAR}, {"yy", YEAR}, {"y", YEAR},
};

/*
 * The parts that together are the beginning of a unit, and those that follow
 * from it.
 */
static const struct
{
	int			needs;
	int			tells;
	const char *unit;
}			beginnings[] = {
	{YEAR | MONTH | DAY, ISOYEAR | QUARTER | WEEK | DOW | DOY, "day"},
	{YEAR | DOY, ISOYEAR | QUARTER | MONTH | WEEK | DAY | DOW, "day"},
	{ISOYEAR | WEEK | DOW, YEAR | QUARTER | MONTH | DAY | DOY, "day"},
	{ISOYEAR | WEEK, 0, "week"},
	{YEAR | MONTH, QUARTER, "month"},
	{YEAR | QUARTER, 0, "quarter"},
	{YEAR, 0, "year"},
};

/* the other parts, by their names in extract() */
static const struct
{
	int			part;
	const char *name;
}			names[] = {
	{ISOYEAR, "isoyear"}, {QUARTER, "quarter"}, {MONTH, "month"}, {WEEK, "week"},
	{DAY, "day"}, {DOW, "dow"}, {DOY, "doy"},
	{HOUR, "hour"}, {MINUTE, "minute"}, {SECOND, "second"}, {MILLISECOND, "milliseconds"},
};

/* the pattern at the beginning of the text, or -1 */
static int
find_pattern(const char *text)
{
	for (int i = 0; i < lengthof(patterns); i++)
	{
		if (strncmp(text, patterns[i].pattern, strlen(patterns[i].pattern)) == 0)
			return i;
	}
	return -1;
}

/*
 * What the format reads; false if it has a letter that is in no pattern
 * above, which may belong to one with another meaning.
 */
static bool
format_reads(const char *format, int *reads)
{
	*reads = 0;
	while (*format != '\0')
	{
		int			pattern;

		if (*format == '"')
		{
			format = strchr(format + 1, '"');
			if (format == NULL)
				return false;
			format++;
			continue;
		}
		pattern = find_pattern(format);
		if (pattern >= 0)
		{
			*reads |= patterns[pattern].reads;
			format += strlen(patterns[pattern].pattern);
			continue;
		}
		if (*format == '\\' || pg_ascii_tolower((unsigned char) *format) !=
			pg_ascii_toupper((unsigned char) *format))
			return false;
		format++;
	}
	return true;
}

/*
 * Whether the node is to_char() of an instant with a constant format, or a cast to
 * a time of day.  Sets what it reads.
 */
static bool
reads_clock(Node *node, Node **instant, int *reads)
{
	List	   *args;
	Const	   *format;

	switch (ad_called(node, &args))
	{
		case F_TIME_TIMESTAMPTZ:
		case F_TIME_TIMESTAMP:
			*reads = HOUR | MINUTE | SECOND | MILLISECOND;
			break;
		case F_TO_CHAR_TIMESTAMPTZ_TEXT:
		case F_TO_CHAR_TIMESTAMP_TEXT:
			format = lsecond(args);
			if (!IsA(format, Const) || format->constisnull ||
				!format_reads(TextDatumGetCString(format->constvalue), reads))
				return false;
			break;
		default:
			return false;
	}
	*instant = linitial(args);
	return true;
}

/*
 * Returns SQL expressions, calls of date_trunc() and extract(), of which a call
 * of to_char() for an instant, or its time of day, is a function.  NIL if the node
 * is no such call, or if they cannot be told.
 */
List *
ad_clock_format_parts(Node *node)
{
	List	   *parts = NIL;
	bool		zoned;
	Node	   *instant;
	int			reads;

	if (!reads_clock(node, &instant, &reads))
		return NIL;
	zoned = exprType(instant) == TIMESTAMPTZOID;
	for (int i = 0; i < lengthof(beginnings); i++)
	{
		if ((reads & beginnings[i].needs) != beginnings[i].needs)
			continue;
		reads &= ~(beginnings[i].needs | beginnings[i].tells);
		parts = lappend(parts, ad_make_call(zoned ? F_DATE_TRUNC_TEXT_TIMESTAMPTZ : F_DATE_TRUNC_TEXT_TIMESTAMP,
											zoned ? TIMESTAMPTZOID : TIMESTAMPOID, beginnings[i].unit, instant));
	}
	for (int i = 0; i < lengthof(names); i++)
	{
		if (reads & names[i].part)
			parts = lappend(parts, ad_make_call(zoned ? F_EXTRACT_TEXT_TIMESTAMPTZ : F_EXTRACT_TEXT_TIMESTAMP,
												NUMERICOID, names[i].name, instant));
	}
	return parts;
}
