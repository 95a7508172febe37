/*
 * time_of_day.h
 *	  Conditions on the time of day that a clock shows.
 */
#ifndef AD_TIME_OF_DAY_H
#define AD_TIME_OF_DAY_H

#include "nodes/primnodes.h"

extern const OpExpr *ad_time_of_day_comparison(const OpExpr *expr);

#endif							/* AD_TIME_OF_DAY_H */
