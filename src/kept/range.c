/*
 * range.c
 *	  Divide a range into whole months, days and hours in UTC, and what is
 *	  left at both ends.
 */
#include "postgres.h"

#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "kept/range.h"

/* returns value / divisor, rounded down */
static int64
floor_divide(int64 value, int64 divisor)
{
	return value / divisor - (value % divisor < 0);
}

/* the start of the month that contains an instant, moved by so many months */
static TimestampTz
month_start(TimestampTz instant, int move)
{
	int			year;
	int			month;
	int			day;

	j2date((int) floor_divide(instant, USECS_PER_DAY) + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	month += move;
	if (month > 12)
	{
		month = 1;
		year++;
	}
	return (date2j(year, month, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
}

/* the last start of a unit that is not after the instant */
static TimestampTz
round_down(TimestampTz instant, char unit)
{
	int64		length = unit == 'h' ? USECS_PER_HOUR : USECS_PER_DAY;

	if (unit == 'm')
		return month_start(instant, 0);
	return floor_divide(instant, length) * length;
}

/* the first start of a unit that is not before the instant */
static TimestampTz
round_up(TimestampTz instant, char unit)
{
	TimestampTz down = round_down(instant, unit);

	if (down == instant)
		return instant;
	if (unit == 'm')
		return month_start(instant, 1);
	return down + (unit == 'h' ? USECS_PER_HOUR : USECS_PER_DAY);
}

static void
add_part(AdRangePart *parts, int *count, char unit, TimestampTz start, TimestampTz end)
{
	if (start >= end)
		return;
	parts[*count].unit = unit;
	parts[*count].start = start;
	parts[(*count)++].end = end;
}

/*
 * Divide the range from start to end, which it does not include.  `units` are
 * those that parts can have beside c, the smallest first.  Returns the number
 * of parts, at most AD_MOST_PARTS.
 */
int
ad_divide_range(TimestampTz start, TimestampTz end, const char *units, AdRangePart *parts)
{
	int			count = 0;
	TimestampTz outer_start = start;
	TimestampTz outer_end = end;
	char		outer = 'c';

	/* what is beside the whole ones of each unit */
	for (const char *unit = units; *unit != '\0'; unit++)
	{
		TimestampTz inner_start = round_up(outer_start, *unit);
		TimestampTz inner_end = round_down(outer_end, *unit);

		if (inner_start >= inner_end)
			break;
		add_part(parts, &count, outer, outer_start, inner_start);
		add_part(parts, &count, outer, inner_end, outer_end);
		outer_start = inner_start;
		outer_end = inner_end;
		outer = *unit;
	}
	add_part(parts, &count, outer, outer_start, outer_end);
	return count;
}
