/*
 * scan_path.c
 *	  Paths of scans of foreign tables, and their costs.
 *
 * INTERFACE ROUTINES
 *		ad_get_foreign_paths		the paths of a scan
 *
 * Besides the plain path there is one in the order that the query wants.
 * A partial path is for parallel plans (parallel.c).  There is also a path for
 * each set of tables that this one is joined to, in
 * which their columns are operands of MongoDB's filter: a nested loop then
 * asks once for each of their rows.
 */
#include "postgres.h"

#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"

#include "base/compat.h"
#include "plan/append_limit.h"
#include "plan/async.h"
#include "plan/order.h"
#include "plan/parallel.h"
#include "plan/relation.h"
#include "plan/scan_cost.h"
#include "plan/scan_path.h"
#include "translate/filter.h"

/* adds a path; `order` is NULL if it is unsorted */
static void
add_scan_path(PlannerInfo *root, RelOptInfo *rel, const AdScanWork *work,
			  List *pathkeys, AdOrder *order, Relids required_outer)
{
	Cost		startup_cost;
	Cost		total_cost;
	Path	   *path;

	ad_scan_cost(root, work, &startup_cost, &total_cost);
	path = (Path *)
		ad_create_foreignscan_path(root, rel, NULL, work->rows,
								   startup_cost, total_cost, pathkeys,
								   required_outer, NULL,
								   order == NULL ? NIL : list_make1(order));
	ad_prefer_async(root, work->documents, path);
	add_path(rel, path);
}

/*
 * Adds a path in the query's order, or, if there is a limit, in as much of
 * that order as MongoDB can do.
 */
static void
add_ordered_path(PlannerInfo *root, RelOptInfo *rel)
{
	AdScanWork	work = ad_scan_work(root, rel, NIL);
	List	   *pathkeys = root->query_pathkeys;
	AdOrder    *order = ad_order_find(root, rel, pathkeys);

	if (order == NULL)
		order = ad_order_prefix(root, rel, root->query_pathkeys, &pathkeys);
	if (order == NULL)
		return;
	work.keys = order->keys;
	add_scan_path(root, rel, &work, pathkeys, order, rel->lateral_relids);
}

/*
 * Adds the path in which the columns of a set of other tables are operands,
 * if this pushes down one of the join conditions.
 */
static void
add_parameterized_path(PlannerInfo *root, RelOptInfo *rel, ParamPathInfo *info)
{
	AdRelation *relation = rel->fdw_private;
	AdExprContext context = ad_scan_context(relation);
	AdScanWork	work;
	List	   *remote = NIL;
	List	   *local = NIL;
	ListCell   *lc;

	context.join_root = root;
	context.proven = NULL;
	context.filter = NULL;
	foreach(lc, info->ppi_clauses)
	{
		RestrictInfo *condition = lfirst_node(RestrictInfo, lc);
		bool		recheck;

		if (ad_expr_allowed(&context, condition->clause, &recheck) != NULL && !recheck)
			remote = lappend(remote, condition);
		else
			local = lappend(local, condition);
	}
	if (remote == NIL)
		return;
	work = ad_scan_work(root, rel, remote);
	work.rows = info->ppi_rows;
	work.local_conds = list_concat_copy(work.local_conds, local);
	add_scan_path(root, rel, &work, NIL, NULL, info->ppi_req_outer);
}

/*
 * Whether the member of the equivalence class is the column with this number.
 */
static bool
is_member_column(PlannerInfo *root, RelOptInfo *rel, EquivalenceClass *ec,
				 EquivalenceMember *em, void *arg)
{
	Var		   *var = (Var *) em->em_expr;

	return IsA(var, Var) && var->varno == rel->relid &&
		var->varattno == *(AttrNumber *) arg;
}

/*
 * The RestrictInfos that join the table to others: conditions of the query,
 * and equalities that follow from them.
 */
static List *
join_conditions(PlannerInfo *root, RelOptInfo *rel)
{
	List	   *conditions = NIL;
	ListCell   *lc;

	foreach(lc, rel->joininfo)
	{
		RestrictInfo *condition = lfirst_node(RestrictInfo, lc);

		if (join_clause_is_movable_to(condition, rel))
			conditions = lappend(conditions, condition);
	}
	if (!rel->has_eclass_joins)
		return conditions;
	for (AttrNumber attnum = 1; attnum <= rel->max_attr; attnum++)
	{
		if (!bms_is_empty(rel->attr_needed[attnum - rel->min_attr]))
			conditions = list_concat(conditions,
									 generate_implied_equalities_for_column(root, rel, is_member_column,
																			&attnum, rel->lateral_referencers));
	}
	return conditions;
}

/*
 * Adds a path for each set of tables that a condition joins this one to.
 */
static void
add_parameterized_paths(PlannerInfo *root, RelOptInfo *rel)
{
	List	   *infos = NIL;
	ListCell   *lc;

	foreach(lc, join_conditions(root, rel))
	{
		RestrictInfo *condition = lfirst_node(RestrictInfo, lc);
		Relids		required_outer = bms_union(condition->clause_relids, rel->lateral_relids);

		required_outer = bms_del_member(required_outer, rel->relid);
		if (!bms_is_empty(required_outer))
			infos = list_append_unique_ptr(infos,
										   get_baserel_parampathinfo(root, rel, required_outer));
	}
	foreach(lc, infos)
		add_parameterized_path(root, rel, lfirst(lc));
}

/*
 * GetForeignPaths (PostgreSQL manual, "Foreign Data Wrapper
 * Callback Routines"): adds the paths of a scan, unsorted, in the
 * query's order, and parameterized by other tables.
 */
void
ad_get_foreign_paths(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	AdRelation *relation = rel->fdw_private;
	AdScanWork	work;

	ad_divide_relation(root, rel);
	work = ad_scan_work(root, rel, NIL);
	add_scan_path(root, rel, &work, NIL, NULL, rel->lateral_relids);
	ad_parallel_scan_path(root, rel);
	if (!ad_append_limit_path(root, rel) && root->query_pathkeys != NIL)
		add_ordered_path(root, rel);
	if (relation->options->enable_filter_pushdown)
		add_parameterized_paths(root, rel);
}
