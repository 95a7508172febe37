/*
 * scan_plan.h
 *	  Planning of scans, joins and groupings.
 */
#ifndef AD_SCAN_PLAN_H
#define AD_SCAN_PLAN_H

#include "foreign/fdwapi.h"


extern bool ad_is_own(const RelOptInfo *rel);
extern void ad_get_foreign_rel_size(PlannerInfo *root, RelOptInfo *rel,
									Oid relid);
extern ForeignScan *ad_get_foreign_plan(PlannerInfo *root, RelOptInfo *rel,
										Oid relid, ForeignPath *path,
										List *tlist, List *clauses,
										Plan *outer_plan);

#endif							/* AD_SCAN_PLAN_H */
