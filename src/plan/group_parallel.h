/*
 * group_parallel.h
 *	  Groupings of slices, which PostgreSQL combines.
 */
#ifndef AD_GROUP_PARALLEL_H
#define AD_GROUP_PARALLEL_H

#include "nodes/pathnodes.h"

extern void ad_drop_gathered_rows(RelOptInfo *output_rel);
extern void ad_parallel_group_path(PlannerInfo *root, RelOptInfo *input_rel,
								   RelOptInfo *output_rel);
extern void ad_parallel_merge_paths(PlannerInfo *root, RelOptInfo *input_rel,
									RelOptInfo *output_rel, List *keys);

#endif							/* AD_GROUP_PARALLEL_H */
