/*
 * answer.h
 *	  Answer the dashboard from kept sums.
 */
#ifndef AD_ANSWER_H
#define AD_ANSWER_H

#include "datatype/timestamp.h"

/* the totals of a range */
typedef struct AdKeptTotals
{
	int64		calls;
	int64		users;
	/* bounds of the sum of minutes that the live query would get */
	double		low;
	double		high;
} AdKeptTotals;

/* for keep_check.c: the number of answers so far, and whether there are none */
extern int64 ad_kept_answers;
extern bool ad_kept_suspended;

extern void ad_kept_init(void);
extern bool ad_kept_answer(Oid relid, TimestampTz start, TimestampTz end, text *user,
						   AdKeptTotals *totals);

#endif							/* AD_ANSWER_H */
