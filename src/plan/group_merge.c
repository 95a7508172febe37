/*
 * group_merge.c
 *	  Aggregates of groups by ordinary aggregates.
 *
 * PostgreSQL can combine partial aggregates, but not beside aggregates of
 * distinct values.  For a query that has both, MongoDB returns whole
 * aggregates of its groups, the parts, and what the distinct values need is
 * among the group keys.  Ordinary aggregates merge the parts of groups that
 * were joined (join_group.c), that are of slices (group_parallel.c), or that
 * are smaller than those of the query, as for count(DISTINCT lower(x)):
 *
 *		count(x)	sum(count(x)), 0 for no groups
 *		sum(x)		sum(sum(x))
 *		avg(x)		sum(sum(x)) / sum(count(x))
 *		min(x)		min(min(x)), and so on
 *
 * The expressions of the query's target list are then others than those that
 * the planner expects above the grouping.  So a node above it gives them their
 * names: a custom scan whose columns are the planner's expressions
 * (execute/merge_scan.c).
 */
#include "postgres.h"

#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/tlist.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "plan/custom_path.h"
#include "plan/group_call.h"
#include "plan/group_merge.h"
#include "plan/group_partial.h"
#include "plan/group_parts.h"
#include "query/join_nodes.h"

/* aggregates, and the sums that are their parts; those of averages have a count, too */
static const struct
{
	Oid			function;
	Oid			sum;			/* InvalidOid for a count */
	bool		is_average;
}			merged[] = {
	{F_COUNT_, InvalidOid, false},
	{F_COUNT_ANY, InvalidOid, false},
	{F_SUM_INT2, F_SUM_INT2, false},
	{F_SUM_INT4, F_SUM_INT4, false},
	{F_SUM_INT8, F_SUM_INT8, false},
	{F_SUM_FLOAT8, F_SUM_FLOAT8, false},
	{F_SUM_NUMERIC, F_SUM_NUMERIC, false},
	{F_AVG_INT2, F_SUM_INT2, true},
	{F_AVG_INT4, F_SUM_INT4, true},
	{F_AVG_INT8, F_SUM_INT8, true},
	{F_AVG_FLOAT8, F_SUM_FLOAT8, true},
	{F_AVG_NUMERIC, F_SUM_NUMERIC, true},
};

/* what merges the aggregates of one query */
typedef struct AdMerge
{
	List	   *parts;			/* Aggrefs that the groups have */
	List	   *aggregates;		/* Aggrefs of the final grouping, by their
								 * number */
} AdMerge;

/* the row of the table for the function, or -1 */
static int
find_merged(Oid function)
{
	for (int i = 0; i < lengthof(merged); i++)
	{
		if (merged[i].function == function)
			return i;
	}
	return -1;
}

/* sets the function of an aggregate, and the types that go with it */
static Aggref *
with_function(Aggref *aggref, Oid function)
{
	aggref->aggfnoid = function;
	aggref->aggtranstype = ad_aggregate_row(function).aggtranstype;
	aggref->aggtype = get_func_rettype(function);
	return aggref;
}

/* the part of an aggregate that is this function of its argument */
static Aggref *
part_of(const Aggref *aggref, Oid function)
{
	return with_function(copyObject(unconstify(Aggref *, aggref)), function);
}

/*
 * Adds the parts of an aggregate to the list.  Returns false if it cannot be
 * merged.
 */
static bool
merge_parts(const Aggref *aggref, List **parts)
{
	int			row = find_merged(aggref->aggfnoid);

	if (aggref->aggdistinct != NIL || aggref->aggorder != NIL)
		return false;
	if (row < 0 && !ad_ignores_repetition(aggref))
		return false;
	if (row < 0 || !merged[row].is_average)
	{
		*parts = list_append_unique(*parts, unconstify(Aggref *, aggref));
		return true;
	}
	*parts = list_append_unique(*parts, part_of(aggref, merged[row].sum));
	*parts = list_append_unique(*parts, part_of(aggref, F_COUNT_ANY));
	return true;
}

/*
 * The aggregates of the target list and HAVING.  Returns false if there is
 * also a call of GROUPING().
 */
bool
ad_find_aggregates(PlannerInfo *root, List **aggregates)
{
	List	   *exprs = list_make2(root->processed_tlist, root->parse->havingQual);
	ListCell   *lc;

	*aggregates = NIL;
	foreach(lc, pull_var_clause((Node *) exprs,
								PVC_INCLUDE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS |
								PVC_INCLUDE_PLACEHOLDERS))
	{
		if (IsA(lfirst(lc), GroupingFunc))
			return false;
		if (IsA(lfirst(lc), Aggref))
			*aggregates = list_append_unique(*aggregates, lfirst(lc));
	}
	return true;
}

/*
 * Adds the parts of the aggregates that are merged, and what the others read
 * of the table as keys: these do not change if a row occurs again, so they may
 * read other tables instead.  Returns false if there is another one.
 */
bool
ad_add_merge_parts(PlannerInfo *root, AdGroupBuilder *builder, RelOptInfo *rel, List *aggregates,
				   List **parts)
{
	ListCell   *lc;

	foreach(lc, aggregates)
	{
		Aggref	   *aggref = lfirst(lc);
		Relids		read = pull_varnos(root, (Node *) aggref);

		if (bms_is_subset(read, rel->relids) && merge_parts(aggref, parts))
			continue;
		if (!ad_ignores_repetition(aggref) ||
			(bms_overlap(read, rel->relids) &&
			 !(bms_is_subset(read, rel->relids) &&
			   ad_add_key_parts(builder, (Node *) list_make2(aggref->args, aggref->aggfilter)))))
			return false;
	}
	return true;
}

/*
 * Gives an aggregate of the final grouping its number.  Equal ones are one
 * node.  Each has a transition state of its own.
 */
static Expr *
number_aggregate(AdMerge *merge, Aggref *aggref)
{
	ListCell   *lc;

	foreach(lc, merge->aggregates)
	{
		Aggref	   *known = lfirst(lc);

		aggref->aggno = known->aggno;
		aggref->aggtransno = known->aggtransno;
		if (equal(aggref, known))
			return (Expr *) known;
	}
	aggref->aggno = aggref->aggtransno = list_length(merge->aggregates);
	merge->aggregates = lappend(merge->aggregates, aggref);
	return (Expr *) aggref;
}

/* the function of the parts of all groups */
static Expr *
aggregate_of(AdMerge *merge, Oid function, Aggref *part)
{
	Aggref	   *aggref = makeNode(Aggref);

	aggref->aggcollid = part->aggcollid;
	aggref->inputcollid = part->aggcollid;
	aggref->aggargtypes = list_make1_oid(part->aggtype);
	aggref->args = list_make1(makeTargetEntry((Expr *) part, 1, NULL, false));
	aggref->aggkind = AGGKIND_NORMAL;
	aggref->aggsplit = AGGSPLIT_SIMPLE;
	aggref->location = -1;
	return number_aggregate(merge, with_function(aggref, function));
}

/* a call of a function with one or two arguments */
static Expr *
call(Oid function, Expr *first, Expr *second)
{
	return (Expr *) makeFuncExpr(function, get_func_rettype(function),
								 second == NULL ? list_make1(first) : list_make2(first, second),
								 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

/* sum() of parts that are sums or counts */
static Expr *
sum_of(AdMerge *merge, Aggref *part)
{
	switch (part->aggtype)
	{
		case INT8OID:
			return aggregate_of(merge, F_SUM_INT8, part);
		case FLOAT8OID:
			return aggregate_of(merge, F_SUM_FLOAT8, part);
		default:
			return aggregate_of(merge, F_SUM_NUMERIC, part);
	}
}

/* the merged count, 0 if there are no groups */
static Expr *
count_of(AdMerge *merge, Aggref *part)
{
	CoalesceExpr *coalesce = makeNode(CoalesceExpr);
	Expr	   *zero = (Expr *) makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(0),
										  false, FLOAT8PASSBYVAL);

	coalesce->coalescetype = INT8OID;
	coalesce->args = list_make2(call(F_INT8_NUMERIC, sum_of(merge, part), NULL), zero);
	coalesce->location = -1;
	return (Expr *) coalesce;
}

/* the merged average; the sum is null if the count is 0 */
static Expr *
average_of(AdMerge *merge, const Aggref *aggref, Oid sum)
{
	Expr	   *total = sum_of(merge, part_of(aggref, sum));
	Expr	   *count = sum_of(merge, part_of(aggref, F_COUNT_ANY));

	if (exprType((Node *) total) == FLOAT8OID)
		return call(F_FLOAT8DIV, total, call(F_FLOAT8_NUMERIC, count, NULL));
	return call(F_NUMERIC_DIV, total, count);
}

/* an aggregate, as one of the joined groups */
static Expr *
merged_aggregate(AdMerge *merge, Aggref *aggref)
{
	int			row = find_merged(aggref->aggfnoid);

	if (row < 0 && !list_member(merge->parts, aggref))
		return number_aggregate(merge, copyObject(aggref));
	if (aggref->aggdistinct != NIL)
		return number_aggregate(merge, copyObject(aggref));
	if (row < 0)
		return aggregate_of(merge, aggref->aggfnoid, aggref);
	if (merged[row].is_average)
		return average_of(merge, aggref, merged[row].sum);
	if (!OidIsValid(merged[row].sum))
		return count_of(merge, aggref);
	if (aggref->aggtype == INT8OID)
		return call(F_INT8_NUMERIC, sum_of(merge, aggref), NULL);
	return sum_of(merge, aggref);
}

/* expression_tree_mutator() callback */
static Node *
merge_mutator(Node *node, void *arg)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Aggref))
		return (Node *) merged_aggregate(arg, (Aggref *) node);
	return expression_tree_mutator(node, merge_mutator, arg);
}

/*
 * Returns what the final grouping returns for the target of the planner; adds
 * the group keys, and what else it reads beside aggregates, to `input`.
 */
static PathTarget *
merged_target(PlannerInfo *root, AdMerge *merge, PathTarget *input)
{
	PathTarget *result = copy_pathtarget(root->upper_targets[UPPERREL_GROUP_AGG]);
	List	   *others;
	ListCell   *lc;

	ad_split_keys(root, UPPERREL_GROUP_AGG, input, &others);
	foreach(lc, others)
	{
		if (!IsA(lfirst(lc), Aggref))
			add_new_column_to_pathtarget(input, lfirst(lc));
	}
	result->exprs = (List *) merge_mutator((Node *) result->exprs, merge);
	return set_pathtarget_cost_width(root, result);
}

/* adds what the aggregates of the final grouping read: parts, and columns */
static void
add_arguments(PlannerInfo *root, const AdMerge *merge, PathTarget *input)
{
	ListCell   *lc;

	foreach(lc, merge->aggregates)
	{
		Aggref	   *aggref = lfirst(lc);

		add_new_columns_to_pathtarget(input,
									  pull_var_clause((Node *) list_make2(aggref->args, aggref->aggfilter),
													  PVC_INCLUDE_AGGREGATES | PVC_INCLUDE_PLACEHOLDERS));
	}
	(void) set_pathtarget_cost_width(root, input);
}

/* callback PlanCustomPath: the node that names the columns */
static Plan *
plan_merge_scan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
				List *clauses, List *custom_plans)
{
	return (Plan *) ad_custom_plan(path, tlist, custom_plans);
}

static const CustomPathMethods merge_scan_methods = {
	.CustomName = AD_MERGE_SCAN,
	.PlanCustomPath = plan_merge_scan,
};

/* adds the path that gives the columns of a grouping their names */
static void
add_named_path(PlannerInfo *root, RelOptInfo *output_rel, Path *path)
{
	CustomPath *custom = ad_custom_path(path, output_rel, root->upper_targets[UPPERREL_GROUP_AGG],
										&merge_scan_methods);

	custom->path.pathkeys = path->pathkeys;
	add_path(output_rel, (Path *) custom);
}

/*
 * Adds the paths that merge the parts which the groups of `rel` have, in place
 * of the rows of input_rel.
 */
void
ad_merge_paths(PlannerInfo *root, const RelOptInfo *input_rel, RelOptInfo *output_rel,
			   RelOptInfo *rel, List *parts)
{
	AdMerge		merge = {.parts = parts};
	PathTarget *input = create_empty_pathtarget();
	PathTarget *target = merged_target(root, &merge, input);
	List	   *having = (List *) merge_mutator(root->parse->havingQual, &merge);
	Path	   *path;
	ListCell   *lc;

	add_arguments(root, &merge, input);
	path = (Path *) create_projection_path(root, rel, rel->cheapest_total_path, input);
	foreach(lc, ad_agg_paths(root, UPPERREL_GROUP_AGG, input_rel, output_rel, target, having,
							 AGGSPLIT_SIMPLE, path))
		add_named_path(root, output_rel, lfirst(lc));
}

/*
 * Builds the groups that have the parts of the query's aggregates, and with
 * which the conditions (RestrictInfos) can be evaluated.  Returns false if
 * MongoDB cannot make them.
 */
bool
ad_build_parts(PlannerInfo *root, RelOptInfo *rel, AdGroupBuilder *builder, List *keys,
			   List *conditions, List **parts)
{
	List	   *aggregates;

	*parts = NIL;
	return ad_find_aggregates(root, &aggregates) && ad_add_partial_keys(builder, keys) &&
		ad_add_condition_keys(builder, conditions) &&
		ad_add_merge_parts(root, builder, rel, aggregates, parts) &&
		ad_return_states(builder, *parts);
}

/*
 * UPPERREL_GROUP_AGG, if neither the whole grouping nor its states come from
 * MongoDB: adds paths that merge groups by what the keys, the conditions and
 * the aggregates with DISTINCT read.
 */
void
ad_merged_group_paths(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	AdRelation *relation = input_rel->fdw_private;
	AdGroupBuilder builder;
	AdUpperRelation *upper;
	List	   *keys;
	List	   *parts;

	if (!ad_is_partly_grouped(root, UPPERREL_GROUP_AGG, input_rel, output_rel, &keys))
		return;
	builder = ad_build_group(relation);
	if (!ad_build_parts(root, input_rel, &builder, keys, relation->local_conds, &parts))
		return;
	upper = ad_partial_relation(root, input_rel, &builder);
	if (upper == NULL)
		return;
	ad_merge_paths(root, input_rel, output_rel,
				   ad_groups_relation(root, input_rel, upper, builder.keys), parts);
}
