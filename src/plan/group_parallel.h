/*
 * group_parallel.h
 *	  Groupings of slices, which PostgreSQL combines.
 */
#ifndef AD_GROUP_PARALLEL_H
#define AD_GROUP_PARALLEL_H

#include "nodes/pathnodes.h"

extern bool ad_has_groups_of_slices(PlannerInfo *root, RelOptInfo *input_rel,
									RelOptInfo *output_rel);
extern Path *ad_slices_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *rel,
							PathTarget *target, List *keys);
extern void ad_drop_gathered_rows(RelOptInfo *output_rel);
extern void ad_parallel_group_path(PlannerInfo *root, RelOptInfo *input_rel,
								   RelOptInfo *output_rel);

#endif							/* AD_GROUP_PARALLEL_H */
