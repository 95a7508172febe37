/*
 * group_merge.h
 *	  Aggregates of groups by ordinary aggregates.
 */
#ifndef AD_GROUP_MERGE_H
#define AD_GROUP_MERGE_H

#include "plan/group_builder.h"

extern bool ad_find_aggregates(PlannerInfo *root, List **aggregates);
extern bool ad_add_merge_parts(PlannerInfo *root, AdGroupBuilder *builder, RelOptInfo *rel,
							   List *aggregates, List **parts);
extern bool ad_build_parts(PlannerInfo *root, RelOptInfo *rel, AdGroupBuilder *builder, List *keys,
						   List *conditions, List **parts);
extern void ad_merge_paths(PlannerInfo *root, const RelOptInfo *input_rel, RelOptInfo *output_rel,
						   RelOptInfo *rel, List *parts);
extern void ad_merged_group_paths(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel);

#endif							/* AD_GROUP_MERGE_H */
