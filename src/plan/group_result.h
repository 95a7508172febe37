/*
 * group_result.h
 *	  The outputs of a group for its aggregates, and their values in
 *	  MongoDB.
 */
#ifndef AD_GROUP_RESULT_H
#define AD_GROUP_RESULT_H

#include "plan/group.h"
#include "plan/group_call.h"

extern bool ad_group_return(AdGroup *group, int position, const AdCall *call);
extern bool ad_group_return_distinct(AdGroup *group, int position, const AdCall *call,
									 const AdDistinct *distinct);
extern bool ad_group_value(AdGroup *group, int position, AdValue *value);
extern Node *ad_group_is_sound(AdGroup *group);

#endif							/* AD_GROUP_RESULT_H */
