/*
 * scan_cost.c
 *	  The cost of scans and of groups.
 */
#include "postgres.h"

#include "optimizer/cost.h"
#include "optimizer/optimizer.h"

#include "plan/relation.h"
#include "plan/scan_cost.h"
#include "plan/sort_key.h"


/*
 * The cost of what processes can share: that MongoDB finds a document, and that
 * a byte of its row is read.  It is the same for all serial plans, so it counts
 * only where a parallel scan is an option.
 */
#define SHARED_DOCUMENT_COST	0.1
#define SHARED_BYTE_COST		0.001

/*
 * Returns a copy of the relation's context for one path or plan, which can
 * add slots without changing those of others.
 */
AdExprContext
ad_scan_context(const AdRelation *relation)
{
	AdExprContext context = relation->context;

	context.slots = list_copy(context.slots);
	return context;
}

/*
 * Returns the work of an unordered scan in which MongoDB evaluates the
 * relation's remote conditions and `join_conds` (RestrictInfos).
 */
AdScanWork
ad_scan_work(PlannerInfo *root, RelOptInfo *rel, List *join_conds)
{
	AdRelation *relation = rel->fdw_private;
	AdScanWork	work = {0};
	List	   *conditions = list_concat_copy(relation->remote_conds, join_conds);

	work.documents = clamp_row_est(rel->tuples *
								   clauselist_selectivity(root, conditions, rel->relid,
														  JOIN_INNER, NULL));
	work.sent = work.documents;
	work.rows = rel->rows;
	work.local_conds = relation->local_conds;
	work.target = rel->reltarget;
	if (relation->slices != NULL)
		work.shared = work.documents * (SHARED_DOCUMENT_COST + rel->reltarget->width * SHARED_BYTE_COST);
	return work;
}

/* the cost of the work; first_cost is spent before MongoDB sorts and sends */
static void
add_work_cost(PlannerInfo *root, const AdScanWork *work, Cost first_cost,
			  Cost *startup_cost, Cost *total_cost)
{
	QualCost	local_cost;
	Cost		document_cost = AD_DOCUMENT_COST + cpu_tuple_cost;

	cost_qual_eval(&local_cost, work->local_conds, root);
	if (ad_sort_is_computed(work->keys))
		document_cost += AD_PIPELINE_COST;
	*startup_cost = first_cost + work->first_cost + local_cost.startup + work->target->cost.startup +
		ad_sort_cost(work->keys, work->documents, work->sent);
	*total_cost = *startup_cost + work->shared +
		work->sent * (document_cost + local_cost.per_tuple) +
		work->rows * work->target->cost.per_tuple;
}

/*
 * Sets the costs of a scan, in the planner's units.
 */
void
ad_scan_cost(PlannerInfo *root, const AdScanWork *work,
			 Cost *startup_cost, Cost *total_cost)
{
	add_work_cost(root, work, AD_STARTUP_COST, startup_cost, total_cost);
}

/*
 * Returns the cost of MongoDB grouping that many documents of a relation, a
 * fraction of the cost of sending them.
 */
Cost
ad_grouping_cost(const AdRelation *relation, double documents)
{
	return documents * (cpu_operator_cost + (relation->slices != NULL ? SHARED_DOCUMENT_COST : 0));
}

/*
 * Sets the costs of a scan that returns groups.  `grouping_cost` is that of
 * making them; `work` is about the groups, not the documents.
 */
void
ad_groups_cost(PlannerInfo *root, const AdScanWork *work, Cost grouping_cost,
			   Cost *startup_cost, Cost *total_cost)
{
	add_work_cost(root, work, AD_GROUPS_COST + grouping_cost, startup_cost, total_cost);
}

/*
 * Sets the costs of a scan of a grouping in MongoDB, with an order or limit or
 * without.
 */
void
ad_upper_cost(PlannerInfo *root, const AdUpperRelation *upper, const AdScanWork *work,
			  Cost *startup_cost, Cost *total_cost)
{
	ad_groups_cost(root, work, upper->grouping_cost, startup_cost, total_cost);
	if (upper->subquery != NULL)
	{
		*startup_cost *= AD_OF_GROUPS_COST;
		*total_cost *= AD_OF_GROUPS_COST;
	}
}
