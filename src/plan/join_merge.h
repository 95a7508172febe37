/*
 * join_merge.h
 *	  Aggregates of joined groups by ordinary aggregates.
 */
#ifndef AD_JOIN_MERGE_H
#define AD_JOIN_MERGE_H

#include "nodes/pathnodes.h"

extern bool ad_merge_parts(const Aggref *aggref, List **parts);
extern void ad_merge_paths(PlannerInfo *root, RelOptInfo *output_rel, RelOptInfo *rel,
						   Path *path, List *parts, double rows);

#endif							/* AD_JOIN_MERGE_H */
