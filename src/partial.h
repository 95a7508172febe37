/*
 * partial.h
 *	  Groupings of which MongoDB does a part.
 */
#ifndef AD_PARTIAL_H
#define AD_PARTIAL_H

#include "nodes/pathnodes.h"

extern void ad_partial_paths(PlannerInfo *root, RelOptInfo *input_rel,
							 RelOptInfo *output_rel, const GroupPathExtraData *extra);

#endif							/* AD_PARTIAL_H */
