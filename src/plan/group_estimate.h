/*
 * group_estimate.h
 *	  The number of groups that keys make.
 */
#ifndef AD_GROUP_ESTIMATE_H
#define AD_GROUP_ESTIMATE_H

#include "plan/relation.h"

extern double ad_estimate_groups(PlannerInfo *root, RelOptInfo *rel, List *keys, double rows);
extern bool ad_expects_duplicates(PlannerInfo *root, RelOptInfo *rel, List *keys);

#endif							/* AD_GROUP_ESTIMATE_H */
