/*
 * week_start.h
 *	  The beginning of a week, said with the day of the week.
 */
#ifndef AD_WEEK_START_H
#define AD_WEEK_START_H

extern Node *ad_week_start(Node *node);

#endif							/* AD_WEEK_START_H */
