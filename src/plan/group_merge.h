/*
 * group_merge.h
 *	  Aggregates of groups by ordinary aggregates.
 */
#ifndef AD_GROUP_MERGE_H
#define AD_GROUP_MERGE_H

#include "plan/merge_aggregates.h"

extern bool ad_build_parts(PlannerInfo *root, RelOptInfo *rel, AdGroupBuilder *builder, List *keys,
						   List *conditions, AdMerges *merges);
extern PathTarget *ad_merged_input(PlannerInfo *root, const AdMerges *merges);
extern void ad_merge_paths(PlannerInfo *root, const RelOptInfo *input_rel, RelOptInfo *output_rel,
						   RelOptInfo *rel, const AdMerges *merges);
extern void ad_merged_group_paths(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel);

#endif							/* AD_GROUP_MERGE_H */
