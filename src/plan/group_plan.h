/*
 * group_plan.h
 *	  Paths of groupings, and of their order and limit.
 */
#ifndef AD_GROUP_PLAN_H
#define AD_GROUP_PLAN_H

#include "nodes/pathnodes.h"

extern void ad_get_foreign_upper_paths(PlannerInfo *root, UpperRelationKind stage,
									   RelOptInfo *input_rel,
									   RelOptInfo *output_rel, void *extra);

extern void ad_add_group_paths(PlannerInfo *root, RelOptInfo *output_rel, PathTarget *target);

#endif							/* AD_GROUP_PLAN_H */
