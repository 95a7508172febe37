/*
 * custom_path.h
 *	  Custom paths of nodes that return the rows of one plan below them.
 */
#ifndef AD_CUSTOM_PATH_H
#define AD_CUSTOM_PATH_H

#include "nodes/extensible.h"
#include "nodes/pathnodes.h"

extern CustomPath *ad_custom_path(Path *path, RelOptInfo *rel, PathTarget *target,
								  const CustomPathMethods *methods);
extern CustomScan *ad_custom_plan(const CustomPath *path, List *tlist, List *plans);
extern Plan *ad_plan_names(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
						   List *clauses, List *custom_plans);
extern Plan *ad_plan_same_rows(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
							   List *clauses, List *custom_plans);

#endif							/* AD_CUSTOM_PATH_H */
