/*
 * group_count.h
 *	  Counts of columns of which MongoDB cannot tell all values that decode.
 */
#ifndef AD_GROUP_COUNT_H
#define AD_GROUP_COUNT_H

#include "plan/group.h"
#include "plan/group_call.h"

extern bool ad_counted_value(AdValueContext *values, Node *argument, AdValue *value);
extern bool ad_is_never_null(Node *argument);
extern Node *ad_count_key(const AdColumn *column);
extern bool ad_group_return_count(AdGroup *group, int position, const AdCall *call,
								  const AdColumn *column);

#endif							/* AD_GROUP_COUNT_H */
