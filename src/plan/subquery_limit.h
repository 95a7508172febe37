/*
 * subquery_limit.h
 *	  ORDER BY and LIMIT of the groups of a subquery in MongoDB.
 */
#ifndef AD_SUBQUERY_LIMIT_H
#define AD_SUBQUERY_LIMIT_H

#include "nodes/pathnodes.h"

extern void ad_subquery_limit_paths(PlannerInfo *root, RelOptInfo *subquery, RelOptInfo *grouped,
									RelOptInfo *output_rel, const FinalPathExtraData *extra);

#endif							/* AD_SUBQUERY_LIMIT_H */
