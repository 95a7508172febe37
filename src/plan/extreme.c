/*
 * extreme.c
 *	  min() and max() as the planner computes them without an aggregate.
 *
 * Where a path has the order, the planner tries (planagg.c, build_minmax_path)
 *
 *		SELECT n FROM t WHERE n IS NOT NULL AND ... ORDER BY n LIMIT 1
 *
 * for min(n).  The condition and the limit are its own, and would hide a
 * mismatch that min(n) has to notice.  So neither the condition nor the order
 * is MongoDB's then, unless the query had the condition itself, or mismatches
 * are nulls.
 *
 * There is no mark of such a query in its PlannerInfo.  It differs from its
 * parent's, of which it is a copy, also in what the planner has added for
 * partitions, which come to the parent's range table later than to the copy's.
 * So it is known by what the planner puts there alone.
 */
#include "postgres.h"

#include "optimizer/optimizer.h"

#include "plan/extreme.h"

/*
 * Whether this is no query of the user's but how the planner would compute its
 * parent's min() or max(), with a condition that is not the user's.
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
 * Whether conditions of the query may be such a one: of its own, or given down
 * to an arm of UNION ALL.  No condition is given down beneath a limit.
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
 * Whether the condition is one that nothing is null, and would hide a mismatch
 * that is an error.
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
