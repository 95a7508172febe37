/*
 * group_extreme.h
 *	  The outputs of a group for min() and max().
 */
#ifndef AD_GROUP_EXTREME_H
#define AD_GROUP_EXTREME_H

#include "plan/group.h"
#include "plan/group_call.h"

extern const char *ad_group_accumulate_indicator(AdGroup *group, const AdCall *call);
extern Node *ad_rising_column(Node *node);
extern bool ad_group_return_extreme(AdGroup *group, int position, const AdCall *call);

#endif							/* AD_GROUP_EXTREME_H */
