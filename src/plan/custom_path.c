/*
 * custom_path.c
 *	  Custom paths of nodes that return the rows of one plan below them.
 *
 * execute/pass_rows.c has what the nodes themselves have in common.
 */
#include "postgres.h"

#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"

#include "base/compat.h"
#include "plan/custom_path.h"

/*
 * Returns the path, palloc'd, of a node above `path` that is a path of the
 * relation.  It says nothing of an order.
 */
CustomPath *
ad_custom_path(Path *path, RelOptInfo *rel, PathTarget *target, const CustomPathMethods *methods)
{
	CustomPath *custom = makeNode(CustomPath);

	custom->path.pathtype = T_CustomScan;
	custom->path.parent = rel;
	custom->path.pathtarget = target;
	custom->path.rows = path->rows;
	custom->path.startup_cost = path->startup_cost;
	custom->path.total_cost = path->total_cost + path->rows * cpu_operator_cost;
	ad_add_disabled_nodes(&custom->path, path);
	custom->custom_paths = list_make1(path);
	custom->methods = methods;
	return custom;
}

/*
 * Returns the plan, palloc'd, of a node that returns the columns `tlist` from
 * the plan below it.  The executor knows the node by the name of its path.
 */
CustomScan *
ad_custom_plan(const CustomPath *path, List *tlist, List *plans)
{
	CustomScan *scan = makeNode(CustomScan);

	scan->scan.plan.targetlist = tlist;
	scan->custom_scan_tlist = copyObject(tlist);
	scan->custom_plans = plans;
	scan->flags = path->flags;
	scan->methods = GetCustomScanMethods(path->methods->CustomName, false);
	return scan;
}

/*
 * Callback PlanCustomPath for a node whose columns are the expressions of its path,
 * as names of those of the plan below it.
 */
Plan *
ad_plan_names(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses,
			  List *custom_plans)
{
	CustomScan *scan = ad_custom_plan(path, make_tlist_from_pathtarget(path->path.pathtarget), custom_plans);

	/* what the node above asks for, computed of these columns */
	scan->scan.plan.targetlist = tlist;
	return (Plan *) scan;
}

/*
 * Callback PlanCustomPath for a node that returns the rows of the plan below
 * it as they are.  The path's data begins with the expressions of the node;
 * the rest is the data of the plan.
 */
Plan *
ad_plan_same_rows(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses,
				  List *custom_plans)
{
	List	   *columns = copyObject(((Plan *) linitial(custom_plans))->targetlist);
	CustomScan *scan = ad_custom_plan(path, columns, custom_plans);

	scan->custom_exprs = linitial(path->custom_private);
	scan->custom_private = list_copy_tail(path->custom_private, 1);
	return (Plan *) scan;
}
