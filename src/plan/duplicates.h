/*
 * duplicates.h
 *	  Subqueries of whose equal rows one is enough.
 */
#ifndef AD_DUPLICATES_H
#define AD_DUPLICATES_H

#include "nodes/pathnodes.h"

extern RelOptInfo *ad_distinct_rows(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel);
extern void ad_forget_distinct(PlannerInfo *root);

#endif							/* AD_DUPLICATES_H */
