/*
 * group_first.c
 *	  The first row of each group in MongoDB.
 *
 * INTERFACE ROUTINES
 *		ad_distinct_on_paths	paths of DISTINCT ON
 *		ad_first_row_paths		paths of windows of which only row 1 is wanted
 *
 * Two queries want the first row of each group in an order:
 *
 *		SELECT DISTINCT ON (k) ... ORDER BY k, o
 *		SELECT ... FROM (SELECT ..., row_number() OVER (PARTITION BY k ORDER BY o)
 *			AS n FROM ...) WHERE n = 1
 *
 * MongoDB sorts by o, groups by k, and returns the first document of each
 * group.  PostgreSQL does the same once more with what is returned: so
 * MongoDB's groups may be smaller than SQL's, such as one of a string and one
 * of the ObjectId that is read as the same text.
 *
 *		Unique
 *		  -> Sort							by k, o
 *			   -> Foreign Scan				{$sort: {o: 1}}, {$group: {_id: "$k", ...}}
 *
 * As with a limit, PostgreSQL does not see the rows that are left out.
 * Mismatches in the order come first in their group, and those in the keys
 * are groups, so that they do not go unnoticed.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planner.h"
#include "optimizer/tlist.h"
#include "utils/fmgroids.h"

#include "base/compat.h"
#include "plan/group_builder.h"
#include "plan/group_estimate.h"
#include "plan/group_first.h"
#include "plan/group_partial.h"
#include "plan/group_percentile.h"
#include "plan/order.h"
#include "plan/relation.h"
#include "plan/scan_cost.h"
#include "query/avoid.h"
#include "translate/context.h"

/* the most keys of a $sort (MongoDB manual, "$sort (aggregation stage)") */
#define AD_SORT_KEYS	32

/* what is returned for a tlist's entry: a column, or NULL */
static const AdColumn *
returned_column(AdGroupBuilder *builder, ListCell *entry)
{
	return ad_expr_read_column(builder->values.base, (Node *) lfirst_node(TargetEntry, entry)->expr);
}

/*
 * Adds the columns in the tlist to what the scan returns.  Returns false if
 * one is not read alike in a group.
 */
static bool
add_columns(AdGroupBuilder *builder)
{
	ListCell   *lc;

	foreach(lc, builder->tlist)
	{
		const AdColumn *column = returned_column(builder, lc);
		int			position = foreach_current_index(lc);

		if (column == NULL)
			return false;
		if (column->shippable && ad_group_find_key(builder->group->keys, column, NULL) >= 0)
			ad_group_return_key(builder->group, position, column);
		else
			ad_group_return_column(builder->group, position, column);
	}
	ad_build_guards(builder);
	return true;
}

/*
 * Adds the group keys.  PostgreSQL merges groups that are equal in SQL, so
 * MongoDB need not.  Returns false if one cannot be a key.
 */
static bool
add_keys(AdGroupBuilder *builder, List *exprs)
{
	ListCell   *lc;

	foreach(lc, exprs)
	{
		if (!ad_add_partial_key(builder, lfirst(lc)))
			return false;
	}
	foreach(lc, builder->group->keys)
		((AdKey *) lfirst(lc))->unified = true;
	return true;
}

/*
 * The sort keys with all guards in front, so that a mismatch in any of them
 * comes first.
 */
static List *
guards_first(const List *keys)
{
	List	   *guards = NIL;
	List	   *others = NIL;
	ListCell   *lc;

	foreach(lc, keys)
	{
		AdSortKey  *key = palloc(sizeof(AdSortKey));
		AdSortKey  *guard = palloc0(sizeof(AdSortKey));

		*key = *(AdSortKey *) lfirst(lc);
		guard->guard = key->path == NULL ? key->guard : NULL;
		if (guard->guard != NULL)
			guards = lappend(guards, guard);
		key->guard = NULL;
		others = lappend(others, key);
	}
	return list_concat(guards, others);
}

/*
 * The sort keys with the group keys in front, if an index can have all of
 * them: MongoDB then reads one of its keys for each group (manual, "$group",
 * "Optimization to Return the First or Last Document of Each Group").
 * Documents of one group are equal in what is added.
 *
 * A document cannot be sorted by two fields that are arrays, as mismatches can
 * be, so only one group key may be an unknown field.
 */
static List *
with_group_keys(const AdGroupBuilder *builder, List *keys)
{
	const AdGroup *group = builder->group;
	List	   *all = NIL;
	int			unknown = 0;
	ListCell   *lc;

	if (ad_sort_is_computed(keys) || list_length(keys) + list_length(group->keys) > AD_SORT_KEYS)
		return keys;
	foreach(lc, group->keys)
	{
		const AdColumn *column = ((AdKey *) lfirst(lc))->column;
		AdSortKey  *key = palloc0(sizeof(AdSortKey));

		if (column == NULL)
			return keys;
		if (!column->type->trusted && !ad_is_proven(builder->values.base, column) && ++unknown > 1)
			return keys;
		key->path = column->field;
		all = lappend(all, key);
	}
	return list_concat(all, keys);
}

/*
 * The stages before $group: they sort the documents.  If the keys are
 * computed, MongoDB keeps but the fields of the tlist's columns.
 *
 * $group follows $sort immediately, unless a column is the whole document:
 * DocumentDB loses the order in a stage between them that makes documents anew.
 */
static List *
sort_stages(AdGroupBuilder *builder, const AdOrder *order)
{
	AdQuery		sorted = {0};
	AdOrder		own = *order;
	ListCell   *lc;

	if (order->keys == NIL)
		return NIL;
	own.keys = with_group_keys(builder, guards_first(order->keys));
	foreach(lc, builder->tlist)
		sorted.outputs = lappend(sorted.outputs, ad_column_output(returned_column(builder, lc), 0));
	ad_query_project(&sorted);
	if (!ad_sort_is_computed(own.keys))
		return ad_order_stages(own.keys, "");
	if (sorted.projection != NULL)
		return lcons(ad_doc("$project", sorted.projection),
					 ad_order_stages(own.keys, ad_group_free_prefix(builder->values.base, "sorted")));
	ad_order_query(&sorted, &own);
	return list_concat(lappend(sorted.stages, ad_doc("$sort", sorted.sort)), sorted.last_stages);
}

/*
 * Whether the stage reads the rows of a foreign table, all of whose conditions
 * MongoDB evaluates, and PostgreSQL need not compute what it selects for all
 * of them.
 */
static bool
may_be_left_out(PlannerInfo *root, const RelOptInfo *input_rel, const RelOptInfo *output_rel)
{
	AdRelation *relation = input_rel->fdw_private;

	return input_rel->reloptkind == RELOPT_BASEREL && relation != NULL &&
		output_rel->reloptkind == RELOPT_UPPER_REL &&
		!ad_is_avoided(relation->options, "$group.$first") &&
		relation->options->enable_aggregate_pushdown && relation->local_conds == NIL &&
		!root->parse->hasTargetSRFs &&
		!contain_volatile_functions((Node *) input_rel->reltarget->exprs);
}

/*
 * Builds the groups by the keys, expressions, with the first row of each in
 * the order of the pathkeys.  NULL if they cannot be made.
 */
static AdUpperRelation *
build_first(PlannerInfo *root, RelOptInfo *input_rel, List *keys, List *pathkeys)
{
	AdRelation *relation = input_rel->fdw_private;
	AdOrder    *order = ad_order_find(root, input_rel, pathkeys);
	AdGroupBuilder builder = ad_build_group(relation);
	AdUpperRelation *upper;
	double		documents = input_rel->rows;

	if (order == NULL)
		return NULL;
	builder.values.base->slots = list_copy(order->slots);
	if (!add_keys(&builder, keys) || !ad_expects_duplicates(root, input_rel, builder.keys))
		return NULL;
	builder.tlist = add_to_flat_tlist(builder.tlist,
									  pull_var_clause((Node *) input_rel->reltarget->exprs,
													  PVC_INCLUDE_PLACEHOLDERS));
	if (!add_columns(&builder))
		return NULL;
	upper = ad_built_relation(relation, &builder);
	if (upper == NULL)
		return NULL;
	upper->query->stages = list_concat(sort_stages(&builder, order), upper->query->stages);
	upper->rows = ad_estimate_groups(root, input_rel, builder.keys, documents);
	upper->grouping_cost = ad_grouping_cost(relation, documents) +
		ad_sort_cost(order->keys, documents, documents);
	return upper;
}

/*
 * Returns the path of the first rows of each group, sorted by `pathkeys`, of
 * which the first `nkeys` are those of `keys`; NULL if there is none.
 */
static Path *
first_rows(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel, List *keys,
		   List *pathkeys, int nkeys)
{
	AdUpperRelation *upper;
	RelOptInfo *rel;
	AdScanWork	work = {0};
	Cost		startup_cost;
	Cost		total_cost;
	Path	   *path;

	if (nkeys == 0 || !may_be_left_out(root, input_rel, output_rel))
		return NULL;
	upper = build_first(root, input_rel, keys, list_copy_tail(pathkeys, nkeys));
	if (upper == NULL)
		return NULL;
	rel = fetch_upper_rel(root, UPPERREL_PARTIAL_GROUP_AGG, output_rel->relids);
	rel->reltarget = input_rel->reltarget;
	ad_set_groups(rel, input_rel, upper);
	work.sent = work.rows = upper->rows;
	work.target = rel->reltarget;
	ad_upper_cost(root, upper, &work, &startup_cost, &total_cost);
	path = (Path *) ad_create_foreign_upper_path(root, rel, rel->reltarget, upper->rows,
												 startup_cost, total_cost, NIL, NULL, NIL);
	return (Path *) create_sort_path(root, output_rel, path, pathkeys, -1);
}

/*
 * UPPERREL_DISTINCT with DISTINCT ON.  The keys of ORDER BY begin with its
 * own.
 */
void
ad_distinct_on_paths(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	int			nkeys = list_length(root->distinct_pathkeys);
	List	   *keys = get_sortgrouplist_exprs(root->parse->distinctClause, root->parse->targetList);
	Path	   *path;

	if (!root->parse->hasDistinctOn)
		return;
	path = first_rows(root, input_rel, output_rel, keys,
					  list_length(root->sort_pathkeys) > nkeys ? root->sort_pathkeys : root->distinct_pathkeys,
					  nkeys);
	if (path != NULL)
		add_path(output_rel, (Path *) ad_create_upper_unique_path(root, output_rel, path, nkeys, path->rows));
}

/*
 * Whether the condition is that the window function, a row_number(), is at
 * most 1.
 */
static bool
wants_first_row(Node *condition)
{
	OpExpr	   *comparison = (OpExpr *) condition;
	Const	   *most;
	AdOp		op;
	Oid			type;

	if (!IsA(condition, OpExpr) || list_length(comparison->args) != 2 ||
		!IsA(linitial(comparison->args), WindowFunc) || !IsA(lsecond(comparison->args), Const) ||
		!ad_expr_operator(comparison->opno, INT8OID, &op, &type))
		return false;
	most = lsecond(comparison->args);
	if (most->constisnull)
		return false;
	switch (type)
	{
		case INT2OID:
			return op == AD_OP_LE && DatumGetInt16(most->constvalue) == 1;
		case INT4OID:
			return op == AD_OP_LE && DatumGetInt32(most->constvalue) == 1;
		case INT8OID:
			return op == AD_OP_LE && DatumGetInt64(most->constvalue) == 1;
		default:
			return false;
	}
}

/* the window functions in the target; NIL if one of them is no row_number() */
static List *
row_numbers(const PathTarget *target)
{
	List	   *functions = NIL;
	ListCell   *lc;

	foreach(lc, pull_var_clause((Node *) target->exprs,
								PVC_INCLUDE_AGGREGATES | PVC_INCLUDE_WINDOWFUNCS | PVC_INCLUDE_PLACEHOLDERS))
	{
		if (!IsA(lfirst(lc), WindowFunc))
			continue;
		if (lfirst_node(WindowFunc, lc)->winfnoid != F_ROW_NUMBER)
			return NIL;
		functions = list_append_unique(functions, lfirst(lc));
	}
	return functions;
}

/*
 * UPPERREL_WINDOW, if the query around this one wants only the rows whose
 * row_number() is 1.  The planner hands its condition down as one by which the
 * window may stop (PostgreSQL's source, find_window_run_conditions()).
 */
void
ad_first_row_paths(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	PathTarget *target = root->upper_targets[UPPERREL_WINDOW];
	List	   *functions = row_numbers(target);
	List	   *conditions;
	WindowClause *window;
	List	   *partition;
	Path	   *path;
	ListCell   *lc;

	if (list_length(root->parse->windowClause) != 1 || functions == NIL)
		return;
	window = linitial(root->parse->windowClause);
	conditions = ad_run_conditions(window, functions);
	foreach(lc, conditions)
	{
		if (wants_first_row(lfirst(lc)))
			break;
	}
	if (lc == NULL)
		return;
	partition = make_pathkeys_for_sortclauses(root, window->partitionClause, root->processed_tlist);
	path = first_rows(root, input_rel, output_rel,
					  get_sortgrouplist_exprs(window->partitionClause, root->processed_tlist),
					  make_pathkeys_for_sortclauses(root, list_concat_copy(window->partitionClause,
																		   window->orderClause),
													root->processed_tlist),
					  list_length(partition));
	if (path != NULL)
		add_path(output_rel, (Path *)
				 ad_create_windowagg_path(root, output_rel, path, target, functions, conditions, window));
}
