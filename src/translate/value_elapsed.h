/*
 * value_elapsed.h
 *	  Translation of the time between two instants, and of its parts.
 */
#ifndef AD_VALUE_ELAPSED_H
#define AD_VALUE_ELAPSED_H

#include "translate/value.h"

extern bool ad_time_between(AdValueContext *context, List *args, AdValue *value);
extern bool ad_part_of_interval(AdValueContext *context, bool as_double, List *args, AdValue *value);

#endif							/* AD_VALUE_ELAPSED_H */
