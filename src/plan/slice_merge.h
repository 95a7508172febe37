/*
 * slice_merge.h
 *	  Aggregates of distinct values over slices.
 */
#ifndef AD_PLAN_SLICE_MERGE_H
#define AD_PLAN_SLICE_MERGE_H

#include "nodes/pathnodes.h"

extern void ad_slice_merge_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel);

#endif							/* AD_PLAN_SLICE_MERGE_H */
