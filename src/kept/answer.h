/*
 * answer.h
 *	  Answer the dashboard from kept sums.
 */
#ifndef AD_ANSWER_H
#define AD_ANSWER_H

#include "datatype/timestamp.h"

/* the totals of a range, or of a day in it */
typedef struct AdKeptTotals
{
	TimestampTz day;			/* its beginning */
	int64		calls;
	int64		users;
	/* bounds of the sum of minutes that the live query would get */
	double		low;
	double		high;
} AdKeptTotals;

extern void ad_kept_init(void);
extern bool ad_kept_answer(Oid relid, TimestampTz start, TimestampTz end, text *user,
						   AdKeptTotals *totals);
extern bool ad_kept_days(Oid relid, TimestampTz start, TimestampTz end, text *user, const char *unit,
						 AdKeptTotals **days, int *count);

#endif							/* AD_ANSWER_H */
