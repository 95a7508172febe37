/*
 * group_partial.h
 *	  Groupings that MongoDB does in part.
 */
#ifndef AD_GROUP_PARTIAL_H
#define AD_GROUP_PARTIAL_H

#include "plan/group_builder.h"

extern bool ad_partial_paths(PlannerInfo *root, UpperRelationKind stage,
							 RelOptInfo *input_rel, RelOptInfo *output_rel);
extern bool ad_is_partly_grouped(PlannerInfo *root, UpperRelationKind stage,
								 const RelOptInfo *input_rel, const RelOptInfo *output_rel,
								 List **keys);
extern AdUpperRelation *ad_partial_relation(PlannerInfo *root, RelOptInfo *table,
											const AdGroupBuilder *builder);

extern bool ad_add_partial_key(AdGroupBuilder *builder, Node *key);
extern bool ad_add_partial_keys(AdGroupBuilder *builder, List *keys);
extern bool ad_add_condition_keys(AdGroupBuilder *builder, List *conditions);
extern bool ad_add_joined_keys(PlannerInfo *root, AdGroupBuilder *builder, RelOptInfo *table,
							   List *joined, List *keys);
extern void ad_add_aggregate_keys(AdGroupBuilder *builder, const List *exprs);
extern bool ad_has_state(const Aggref *aggref);
extern Aggref *ad_partial_aggref(Aggref *aggref);
extern bool ad_return_states(AdGroupBuilder *builder, List *states);
extern bool ad_ignores_repetition(const Aggref *aggref);
extern PathTarget *ad_distinct_target(PlannerInfo *root, List **read);
extern bool ad_build_distinct_rows(AdGroupBuilder *builder, List *read, List *conditions);
extern PathTarget *ad_partial_target(PlannerInfo *root, UpperRelationKind stage);
extern void ad_split_keys(PlannerInfo *root, UpperRelationKind stage, PathTarget *keys,
						  List **others);
extern RelOptInfo *ad_copy_relation(PlannerInfo *root, const RelOptInfo *rel, double rows, List *exprs);
extern void ad_set_groups(RelOptInfo *rel, const RelOptInfo *table, AdUpperRelation *upper);
extern RelOptInfo *ad_groups_relation(PlannerInfo *root, RelOptInfo *table, AdUpperRelation *upper,
									  List *keys);
extern Path *ad_partial_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *rel,
							 List *keys);
extern List *ad_agg_paths(PlannerInfo *root, UpperRelationKind stage, const RelOptInfo *input_rel,
						  RelOptInfo *rel, PathTarget *target, List *having, AggSplit split,
						  Path *path);
extern bool ad_build_states(AdGroupBuilder *builder, const PathTarget *target, List *keys,
							List *conditions);
extern void ad_add_final_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel,
							   RelOptInfo *output_rel, AggSplit split, Path *path);

#endif							/* AD_GROUP_PARTIAL_H */
