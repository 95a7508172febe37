/*
 * group_state.h
 *	  Transition states of aggregates, for groups that PostgreSQL combines.
 */
#ifndef AD_GROUP_STATE_H
#define AD_GROUP_STATE_H

#include "plan/group.h"
#include "plan/group_call.h"

extern bool ad_state_is_made(Oid function);
extern Node *ad_numeric_key(AdExprContext *context, const AdColumn *column);
extern bool ad_group_return_numeric(AdGroup *group, int position, const AdCall *call,
									const AdColumn *column);
extern bool ad_group_return_state(AdGroup *group, int position, const AdCall *call);

#endif							/* AD_GROUP_STATE_H */
