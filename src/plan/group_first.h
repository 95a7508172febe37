/*
 * group_first.h
 *	  The first row of each group in MongoDB.
 */
#ifndef AD_GROUP_FIRST_H
#define AD_GROUP_FIRST_H

#include "nodes/pathnodes.h"

extern void ad_distinct_on_paths(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel);
extern void ad_first_row_paths(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel);

#endif							/* AD_GROUP_FIRST_H */
