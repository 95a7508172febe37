/*
 * join.h
 *	  Joins of two tables in MongoDB.
 */
#ifndef AD_JOIN_H
#define AD_JOIN_H

#include "foreign/fdwapi.h"

extern void ad_get_foreign_join_paths(PlannerInfo *root, RelOptInfo *joinrel,
									  RelOptInfo *outerrel, RelOptInfo *innerrel,
									  JoinType jointype, JoinPathExtraData *extra);
extern ForeignScan *ad_plan_join(ForeignPath *path, List *tlist, Plan *outer_plan);

#endif							/* AD_JOIN_H */
