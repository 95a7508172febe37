/*
 * append_limit.c
 *	  ORDER BY and LIMIT of several tables in MongoDB.
 *
 * INTERFACE ROUTINES
 *		ad_append_limit_path	the path that returns a table's first rows
 *		ad_keeps_rows			are a query's rows those of its relation?
 *
 *		SELECT * FROM all_calls ORDER BY created_at DESC LIMIT 10
 *
 * The ten first rows of partitions, heirs or a UNION ALL are among the ten
 * first rows of each of them.  So the limit is pushed down to each, and
 * PostgreSQL applies it once more to all.
 */
#include "postgres.h"

#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "partitioning/partbounds.h"

#include "base/compat.h"
#include "plan/append_limit.h"
#include "plan/async.h"
#include "plan/order.h"
#include "plan/scan_cost.h"
#include "query/leaf.h"

/*
 * Is each row of the query one of a row of its relation, and the other way
 * round, but for LIMIT and functions that return sets?
 */
bool
ad_keeps_rows(const Query *query)
{
	return !query->hasAggs && query->groupClause == NIL && query->groupingSets == NIL &&
		query->havingQual == NULL && query->distinctClause == NIL && !query->hasWindowFuncs &&
		query->setOperations == NULL;
}

/*
 * Does the query's LIMIT apply to the rows that MongoDB returns of all tables?
 */
static bool
limits_rows(const PlannerInfo *root, const RelOptInfo *rel)
{
	const Query *parse = root->parse;
	const AdRelation *relation = rel->fdw_private;

	return rel->reloptkind == RELOPT_OTHER_MEMBER_REL && bms_equal(rel->top_parent_relids, root->all_baserels) &&
		parse->commandType == CMD_SELECT && parse->limitCount != NULL &&
		parse->limitOption == LIMIT_OPTION_COUNT && parse->rowMarks == NIL && !parse->hasTargetSRFs &&
		ad_keeps_rows(parse) && relation->local_conds == NIL && relation->options->enable_sort_pushdown;
}

/* the value of a constant LIMIT or OFFSET, of which NULL is `none`; -1 of others */
static int64
limit_value(Node *expr, int64 none)
{
	if (expr == NULL)
		return none;
	if (!IsA(expr, Const))
		return -1;
	return ((Const *) expr)->constisnull ? none : DatumGetInt64(((Const *) expr)->constvalue);
}

/*
 * The operand for the number of rows up to the end of LIMIT; NULL if that is
 * not to be known before, or if there is no limit.
 */
static Node *
last_row(AdExprContext *context, const Query *parse)
{
	int64		count = limit_value(parse->limitCount, 0);
	int64		offset = limit_value(parse->limitOffset, 0);

	if (count == 0 || offset < 0 || count > PG_INT64_MAX - offset)
		return NULL;
	if (count > 0)
		return ad_int64(count + offset);
	return offset == 0 && !IsA(parse->limitCount, Const) ? ad_expr_operand(context, parse->limitCount) : NULL;
}

/*
 * Do the partitions follow each other in the query's order, one way or the other?
 * Then the first of them may have all rows that are wanted.
 */
static bool
partitions_follow(PlannerInfo *root, RelOptInfo *parent)
{
	static const ScanDirection directions[] = {ForwardScanDirection, BackwardScanDirection};

	if (parent->part_scheme == NULL || !IS_SIMPLE_REL(parent) ||
		!partitions_are_ordered(parent->boundinfo, parent->live_parts))
		return false;
	for (int i = 0; i < lengthof(directions); i++)
	{
		bool		is_part;	/* of the partition's key */
		List	   *pathkeys = build_partition_pathkeys(root, parent, directions[i], &is_part);

		if (pathkeys_contained_in(root->query_pathkeys, pathkeys) ||
			(!is_part && pathkeys_contained_in(pathkeys, root->query_pathkeys)))
			return true;
	}
	return false;
}

/*
 * Should all tables be asked at once?  Their rows are sorted after that, so no
 * path may be sorted, or PostgreSQL would merge them and wait for one table
 * after another.
 */
static bool
are_asked_at_once(PlannerInfo *root, RelOptInfo *rel)
{
	return root->query_pathkeys != NIL && enable_async_append && !((AdRelation *) rel->fdw_private)->is_extreme &&
		!partitions_follow(root, find_base_rel(root, root->append_rel_array[rel->relid]->parent_relid));
}

/*
 * Adds the path of a table that returns its first rows in the query's order, if
 * its rows are a part of those that the query orders and limits.  Returns
 * whether it did; then no other path needs the order.
 */
bool
ad_append_limit_path(PlannerInfo *root, RelOptInfo *rel)
{
	AdScanWork	work;
	AdExprContext context;
	AdOrder    *order;
	Cost		startup_cost;
	Cost		total_cost;
	bool		at_once;
	Path	   *path;

	if (!limits_rows(root, rel))
		return false;
	order = ad_order_find(root, rel, root->query_pathkeys);
	if (order == NULL)
		return false;
	context = ad_scan_context(rel->fdw_private);
	context.slots = order->slots;
	order->limit = last_row(&context, root->parse);
	if (order->limit == NULL)
		return false;
	order->slots = context.slots;
	order->limited = true;

	work = ad_scan_work(root, rel, NIL);
	work.shared = 0;
	work.keys = order->keys;
	work.sent = work.rows = clamp_row_est(root->limit_tuples > 0 ? Min(work.rows, root->limit_tuples) : work.rows * 0.1);
	ad_scan_cost(root, &work, &startup_cost, &total_cost);
	at_once = are_asked_at_once(root, rel);
	path = (Path *) ad_create_foreignscan_path(root, rel, NULL, work.rows, startup_cost, total_cost,
											   at_once ? NIL : root->query_pathkeys,
											   rel->lateral_relids, NULL, list_make1(order));
	if (at_once)
		path->parallel_safe = false;
	add_path(rel, path);
	return true;
}
