/*
 * group_distinct.h
 *	  The arguments of a group whose distinct values are aggregated.
 */
#ifndef AD_GROUP_DISTINCT_H
#define AD_GROUP_DISTINCT_H

#include "plan/group.h"

extern void ad_group_set_distincts(AdGroup *group, List *distincts);
extern List *ad_group_spread_stages(AdGroup *group);
extern Node *ad_group_spread_once(AdGroup *group, Node *argument);

#endif							/* AD_GROUP_DISTINCT_H */
