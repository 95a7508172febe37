/*
 * range.h
 *	  Divide a range into whole months, days and hours, and what is left.
 */
#ifndef AD_RANGE_H
#define AD_RANGE_H

#include "datatype/timestamp.h"

/* months; days and hours before and after them, and single calls likewise */
#define AD_MOST_PARTS	7

typedef struct AdRangePart
{
	char		unit;			/* m, d, h; c for single calls */
	TimestampTz start;
	TimestampTz end;			/* not included */
} AdRangePart;

extern int	ad_divide_range(TimestampTz start, TimestampTz end, const char *units,
							AdRangePart *parts);

#endif							/* AD_RANGE_H */
