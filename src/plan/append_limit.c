/*
 * append_limit.c
 *	  ORDER BY and LIMIT of several tables in MongoDB.
 *
 * INTERFACE ROUTINES
 *		ad_append_limit_init	makes the planner call this file
 *		ad_append_limit_path	the path that returns a table's first rows
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
#include "plan/branch.h"
#include "plan/order.h"
#include "plan/scan_cost.h"
#include "query/leaf.h"

static set_rel_pathlist_hook_type next_hook = NULL;

/*
 * Does the query's LIMIT apply to all rows of the relation, one of several?
 */
static bool
limits_rows(const PlannerInfo *root, const RelOptInfo *rel)
{
	const Query *parse = root->parse;

	return rel->reloptkind == RELOPT_OTHER_MEMBER_REL && bms_equal(rel->top_parent_relids, root->all_baserels) &&
		parse->commandType == CMD_SELECT && parse->limitCount != NULL &&
		parse->limitOption == LIMIT_OPTION_COUNT && parse->rowMarks == NIL && !parse->hasTargetSRFs &&
		ad_keeps_rows(parse);
}

/* does MongoDB decide which rows of the table there are, and may it sort them? */
static bool
has_all_rows(const RelOptInfo *table)
{
	const AdRelation *relation = table->fdw_private;

	return relation->local_conds == NIL && relation->options->enable_sort_pushdown;
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
 * Returns the order of the table's rows with the limit of a query; NULL if MongoDB does
 * not know one of them.
 */
static AdOrder *
find_order(PlannerInfo *root, RelOptInfo *table, List *pathkeys, const Query *limiting)
{
	AdOrder    *order = ad_order_find(root, table, pathkeys);
	AdExprContext context = ad_scan_context(table->fdw_private);

	if (order == NULL)
		return NULL;
	context.slots = order->slots;
	order->limit = last_row(&context, limiting);
	order->slots = context.slots;
	order->limited = true;
	return order->limit == NULL ? NULL : order;
}

/* the work of returning the first rows of a table in this order */
static AdScanWork
limited_work(PlannerInfo *root, RelOptInfo *table, const AdOrder *order, double limit)
{
	AdScanWork	work = ad_scan_work(root, table, NIL);

	work.shared = 0;
	work.keys = order->keys;
	work.sent = work.rows = clamp_row_est(limit > 0 ? Min(work.rows, limit) : work.rows * 0.1);
	return work;
}

/*
 * Adds the path of a table that returns its first rows in the query's order, if
 * its rows are a part of those that the query orders and limits.  Returns
 * whether it did; then no other path needs the order.
 */
bool
ad_append_limit_path(PlannerInfo *root, RelOptInfo *rel)
{
	AdOrder    *order;
	AdScanWork	work;
	Cost		startup_cost;
	Cost		total_cost;
	bool		at_once;
	Path	   *path;

	if (!limits_rows(root, rel) || !has_all_rows(rel))
		return false;
	order = find_order(root, rel, root->query_pathkeys, root->parse);
	if (order == NULL)
		return false;
	work = limited_work(root, rel, order, root->limit_tuples);
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

/*
 * The column of a subquery that the pathkey is, as an expression of the subquery's
 * own relations; NULL if the pathkey is another expression.
 */
static Expr *
subquery_expr(RelOptInfo *rel, const PathKey *pathkey)
{
	ListCell   *lc;

	foreach(lc, ad_eclass_members(pathkey->pk_eclass, rel))
	{
		EquivalenceMember *member = lfirst(lc);
		Var		   *var = (Var *) member->em_expr;

		if (bms_equal(member->em_relids, rel->relids) && IsA(var, Var) && var->varattno > 0)
			return list_nth_node(TargetEntry, rel->subroot->processed_tlist, var->varattno - 1)->expr;
	}
	return NULL;
}

/*
 * Returns the pathkeys of the query as those of a subquery's table.  They are not
 * among the planner's own.  Sets *known to whether there are such.
 */
static List *
subquery_pathkeys(PlannerInfo *root, RelOptInfo *rel, const RelOptInfo *table, bool *known)
{
	List	   *pathkeys = NIL;
	ListCell   *lc;

	*known = false;
	foreach(lc, root->query_pathkeys)
	{
		PathKey    *pathkey = makeNode(PathKey);
		EquivalenceClass *ec = makeNode(EquivalenceClass);
		EquivalenceMember *member = makeNode(EquivalenceMember);

		*pathkey = *lfirst_node(PathKey, lc);
		member->em_expr = subquery_expr(rel, pathkey);
		if (member->em_expr == NULL)
			return NIL;
		/* the name of the branch, say */
		if (IsA(member->em_expr, Const))
			continue;
		member->em_relids = table->relids;
		ec->ec_opfamilies = pathkey->pk_eclass->ec_opfamilies;
		ec->ec_collation = pathkey->pk_eclass->ec_collation;
		ec->ec_members = list_make1(member);
		ec->ec_relids = table->relids;
		pathkey->pk_eclass = ec;
		pathkeys = lappend(pathkeys, pathkey);
	}
	*known = true;
	return pathkeys;
}

/*
 * set_rel_pathlist_hook: adds the path of a subquery that returns its first rows in
 * the order of the query around it, if that is UNION ALL.
 *
 * PostgreSQL makes a branch with a condition a query of its own.
 */
static void
subquery_path(PlannerInfo *root, RelOptInfo *rel, Index relid, RangeTblEntry *rte)
{
	RelOptInfo *table;
	List	   *pathkeys;
	bool		known;
	AdOrder    *order;
	AdScanWork	work;
	Cost		startup_cost;
	Cost		total_cost;
	Path	   *path;

	if (next_hook != NULL)
		next_hook(root, rel, relid, rte);
	/* a parameter of the query around it may be none of the subquery */
	if (IS_DUMMY_REL(rel) || !limits_rows(root, rel) || !IsA(root->parse->limitCount, Const))
		return;
	table = ad_branch_table(rel);
	if (table == NULL || !has_all_rows(table))
		return;
	pathkeys = subquery_pathkeys(root, rel, table, &known);
	order = known ? find_order(rel->subroot, table, pathkeys, root->parse) : NULL;
	if (order == NULL)
		return;
	work = limited_work(rel->subroot, table, order, root->limit_tuples);
	work.target = rel->subroot->upper_targets[UPPERREL_FINAL];
	ad_scan_cost(rel->subroot, &work, &startup_cost, &total_cost);
	path = (Path *) ad_create_foreign_upper_path(rel->subroot, table, work.target, work.rows, startup_cost, total_cost,
												 NIL, NULL, list_make1(order));
	if (pathkeys != NIL && enable_async_append)
		path->parallel_safe = false;
	add_path(rel, ad_create_subqueryscan_path(root, rel, path));
}

/*
 * Makes the planner call this file for the branches of UNION ALL.
 */
void
ad_append_limit_init(void)
{
	next_hook = set_rel_pathlist_hook;
	set_rel_pathlist_hook = subquery_path;
}
