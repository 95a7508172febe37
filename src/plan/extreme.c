/*
 * extreme.c
 *	  min() and max() that the planner computes without an aggregate.
 *
 * If a path has the right order, the planner (planagg.c, build_minmax_path)
 * computes min(n) by
 *
 *		SELECT n FROM t WHERE n IS NOT NULL AND ... ORDER BY n LIMIT 1
 *
 * The planner added the condition and the limit, and both would hide a
 * mismatch, which min(n) must report.  So neither this condition nor the
 * order is pushed down, unless mismatches read as NULL, or the user's query
 * had the condition already.
 *
 * The PlannerInfo of such a query has no mark.  Comparing it with its parent,
 * of which it is a copy, does not help: the planner adds partitions to the
 * range table of the parent later than to that of the copy.  It is recognized
 * by what only the planner puts into it.
 */
#include "postgres.h"

#include "optimizer/optimizer.h"

#include "plan/extreme.h"

/*
 * Whether the planner has made this query to compute min() or max() of its
 * parent query, and has added a condition to it.
 */
bool
ad_extreme_is(PlannerInfo *root)
{
	PlannerInfo *parent = root->parent_root;
	TargetEntry *target;

	if (parent == NULL || !parent->parse->hasAggs || root->parse->hasAggs ||
		root->limit_tuples != 1 || list_length(root->parse->targetList) != 1)
		return false;
	target = linitial_node(TargetEntry, root->parse->targetList);
	return target->resname != NULL && strcmp(target->resname, "agg_target") == 0 &&
		list_length((List *) root->parse->jointree->quals) ==
		list_length((List *) parent->parse->jointree->quals) + 1;
}

/*
 * Whether a condition of the query may be such an added one: its own, or one
 * that the planner has pushed down into an arm of UNION ALL.  The planner
 * pushes no conditions down below a LIMIT.
 */
bool
ad_extreme_reaches(PlannerInfo *root)
{
	for (; root != NULL; root = root->parent_root)
	{
		if (ad_extreme_is(root))
			return true;
		if (root->parse->limitCount != NULL)
			return false;
	}
	return false;
}

/*
 * Whether the condition is an IS NOT NULL that would hide a mismatch which
 * must be an error.
 */
bool
ad_extreme_hides(AdExprContext *context, Node *condition)
{
	ListCell   *lc;

	if (!IsA(condition, NullTest) || ((NullTest *) condition)->nulltesttype != IS_NOT_NULL)
		return false;
	foreach(lc, pull_var_clause(condition, PVC_INCLUDE_PLACEHOLDERS))
	{
		const AdColumn *column = ad_expr_column(context, lfirst(lc));

		if (column != NULL && column->on_mismatch == AD_MISMATCH_ERROR)
			return true;
	}
	return false;
}
