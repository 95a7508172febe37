/*
 * group_stages.h
 *	  The pipeline stages of a grouping.
 */
#ifndef AD_GROUP_STAGES_H
#define AD_GROUP_STAGES_H

#include "plan/group.h"

extern bool ad_group_needs_unity(const AdGroup *group, int i);
extern void ad_group_finish(AdGroup *group, AdQuery *query);
extern void ad_group_add_total(AdGroup *group, AdQuery *query);

#endif							/* AD_GROUP_STAGES_H */
