/*
 * group_partial.h
 *	  Groupings that MongoDB does in part.
 */
#ifndef AD_GROUP_PARTIAL_H
#define AD_GROUP_PARTIAL_H

#include "nodes/pathnodes.h"

extern void ad_partial_paths(PlannerInfo *root, UpperRelationKind stage,
							 RelOptInfo *input_rel, RelOptInfo *output_rel);

#endif							/* AD_GROUP_PARTIAL_H */
