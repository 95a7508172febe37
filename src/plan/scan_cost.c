/*
 * scan_cost.c
 *	  What a scan costs.
 */
#include "postgres.h"

#include "optimizer/cost.h"
#include "optimizer/optimizer.h"

#include "plan/relation.h"
#include "plan/scan_cost.h"
#include "plan/sort_key.h"


/*
 * A context to translate what only one path or plan has, without changes to
 * the slots of the others.
 */
AdExprContext
ad_scan_context(const AdRelation *relation)
{
	AdExprContext context = relation->context;

	context.slots = list_copy(context.slots);
	return context;
}

/*
 * The work of a scan in which MongoDB evaluates these RestrictInfos, too.
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
	return work;
}

void
ad_scan_cost(PlannerInfo *root, const AdScanWork *work,
			 Cost *startup_cost, Cost *total_cost)
{
	QualCost	local_cost;
	Cost		document_cost = AD_DOCUMENT_COST + cpu_tuple_cost;

	cost_qual_eval(&local_cost, work->local_conds, root);
	if (ad_sort_is_computed(work->keys))
		document_cost += AD_PIPELINE_COST;
	*startup_cost = AD_STARTUP_COST + local_cost.startup + work->target->cost.startup +
		ad_sort_cost(work->keys, work->documents, work->sent);
	*total_cost = *startup_cost +
		work->sent * (document_cost + local_cost.per_tuple) +
		work->rows * work->target->cost.per_tuple;
}
