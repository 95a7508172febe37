/*
 * join_merge.h
 *	  Aggregates of joined groups by ordinary aggregates.
 */
#ifndef AD_JOIN_MERGE_H
#define AD_JOIN_MERGE_H

#include "nodes/pathnodes.h"

extern bool ad_merge_parts(const Aggref *aggref, List **parts);
extern void ad_merge_paths(PlannerInfo *root, const RelOptInfo *input_rel, RelOptInfo *output_rel,
						   RelOptInfo *rel, List *parts);

#endif							/* AD_JOIN_MERGE_H */
