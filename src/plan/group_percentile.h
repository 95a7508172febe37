/*
 * group_percentile.h
 *	  Percentiles of groups.
 */
#ifndef AD_GROUP_PERCENTILE_H
#define AD_GROUP_PERCENTILE_H

#include "plan/group.h"
#include "plan/group_call.h"

extern const char *ad_group_free_prefix(const AdExprContext *context, const char *prefix);
extern bool ad_group_return_percentile(AdGroup *group, int position, const AdCall *call);
extern List *ad_group_ranking_stages(AdGroup *group);

#endif							/* AD_GROUP_PERCENTILE_H */
