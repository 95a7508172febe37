/*
 * path.c
 *	  Paths of scans of foreign tables, and what they cost.
 *
 * INTERFACE ROUTINES
 *		ad_get_foreign_paths		the paths of a scan
 *
 * Besides the plain one there is a path in the order that the query asks for.
 */
#include "postgres.h"

#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"

#include "compat.h"
#include "order.h"
#include "path.h"

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
	if (ad_order_is_computed(work->keys))
		document_cost += AD_PIPELINE_COST;
	*startup_cost = AD_STARTUP_COST + local_cost.startup + work->target->cost.startup +
		ad_order_cost(work->keys, work->documents, work->sent);
	*total_cost = *startup_cost +
		work->sent * (document_cost + local_cost.per_tuple) +
		work->rows * work->target->cost.per_tuple;
}

static void
add_scan_path(PlannerInfo *root, RelOptInfo *rel, const AdScanWork *work,
			  List *pathkeys, Relids required_outer)
{
	Cost		startup_cost;
	Cost		total_cost;

	ad_scan_cost(root, work, &startup_cost, &total_cost);
	add_path(rel, (Path *)
			 ad_create_foreignscan_path(root, rel, NULL, work->rows,
										startup_cost, total_cost, pathkeys,
										required_outer, NULL, NIL));
}

/*
 * GetForeignPaths
 */
void
ad_get_foreign_paths(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	AdScanWork	work = ad_scan_work(root, rel, NIL);

	add_scan_path(root, rel, &work, NIL, rel->lateral_relids);
	if (root->query_pathkeys != NIL &&
		ad_order_keys(root, rel, root->query_pathkeys, &work.keys))
		add_scan_path(root, rel, &work, root->query_pathkeys, rel->lateral_relids);
}
