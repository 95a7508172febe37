/*
 * group_merge.c
 *	  Aggregates of groups by ordinary aggregates.
 *
 * PostgreSQL can combine partial aggregates, but not beside aggregates of
 * distinct values, nor by grouping sets.  For a query that has these, MongoDB
 * returns whole aggregates of its groups, the parts, and what the distinct
 * values need is among the group keys, as are the keys of all sets.  Ordinary
 * aggregates merge the parts of groups that were joined (join_group.c), that are
 * of slices (group_parallel.c), or that are smaller than those of the query, as
 * for count(DISTINCT lower(x)).  See merge_aggregates.c for how.
 *
 * The expressions of the query's target list are then others than those that
 * the planner expects above the grouping.  So a node above it gives them their
 * names: a custom scan whose columns are the planner's expressions
 * (execute/merge_scan.c).
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/prep.h"
#include "optimizer/tlist.h"

#include "base/compat.h"
#include "plan/custom_path.h"
#include "plan/group_merge.h"
#include "plan/group_partial.h"
#include "plan/group_parts.h"
#include "query/join_nodes.h"

/* what merges the aggregates of one query */
typedef struct AdFinal
{
	PlannerInfo *root;
	const AdMerges *merges;
	List	   *aggregates;		/* Aggrefs of the final grouping, by their
								 * number */
} AdFinal;

/*
 * Gives an aggregate of the final grouping its number.  Equal ones are one
 * node.  Each has a transition state of its own.
 */
static Node *
number_aggregate(AdFinal *final, Aggref *aggref)
{
	ListCell   *lc;

	foreach(lc, final->aggregates)
	{
		Aggref	   *known = lfirst(lc);

		aggref->aggno = known->aggno;
		aggref->aggtransno = known->aggtransno;
		if (equal(aggref, known))
			return (Node *) known;
	}
	aggref->aggno = aggref->aggtransno = list_length(final->aggregates);
	final->aggregates = lappend(final->aggregates, aggref);
	return (Node *) aggref;
}

/* expression_tree_mutator() callback: numbers the aggregates over groups, not the parts in them */
static Node *
number_mutator(Node *node, void *arg)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Aggref))
		return number_aggregate(arg, copyObject((Aggref *) node));
	return expression_tree_mutator(node, number_mutator, arg);
}

/*
 * A call of GROUPING() with the keys as arguments.  Its own may have other parameters,
 * for the same subquery, and setrefs.c looks for them in the input, though the executor
 * does not evaluate them.
 */
static Node *
grouping_of_keys(PlannerInfo *root, const GroupingFunc *grouping)
{
	GroupingFunc *copy = copyObject(unconstify(GroupingFunc *, grouping));
	ListCell   *lc;

	copy->args = NIL;
	foreach(lc, grouping->refs)
		copy->args = lappend(copy->args,
							 ad_below_grouping(root, get_sortgroupref_tle(lfirst_int(lc), root->processed_tlist)->expr));
	return (Node *) copy;
}

/* expression_tree_mutator() callback: replaces the aggregates of the query, and GROUPING() */
static Node *
merge_mutator(Node *node, void *arg)
{
	AdFinal    *final = arg;
	ListCell   *aggregate;
	ListCell   *merged;

	if (node == NULL)
		return NULL;
	if (IsA(node, GroupingFunc))
		return grouping_of_keys(final->root, (GroupingFunc *) node);
	if (!IsA(node, Aggref))
		return expression_tree_mutator(node, merge_mutator, arg);
	forboth(aggregate, final->merges->aggregates, merged, final->merges->merged)
	{
		if (equal(node, lfirst(aggregate)))
			return number_mutator(lfirst(merged), final);
	}
	elog(ERROR, "aggregate is not merged");
}

/*
 * Returns what the final grouping returns for the target of the planner; adds
 * the group keys, and what else it reads beside aggregates, to `input`.
 */
static PathTarget *
merged_target(PlannerInfo *root, AdFinal *final, PathTarget *input)
{
	PathTarget *result = copy_pathtarget(root->upper_targets[UPPERREL_GROUP_AGG]);
	List	   *others;
	ListCell   *lc;

	ad_split_keys(root, UPPERREL_GROUP_AGG, input, &others);
	foreach(lc, others)
	{
		/* GROUPING() is of grouping sets, not of rows */
		if (!IsA(lfirst(lc), Aggref) && !IsA(lfirst(lc), GroupingFunc))
			add_new_column_to_pathtarget(input, lfirst(lc));
	}
	result->exprs = (List *) merge_mutator((Node *) result->exprs, final);
	return set_pathtarget_cost_width(root, result);
}

/* adds what the aggregates of the final grouping read: parts, and columns */
static void
add_arguments(PlannerInfo *root, const AdFinal *final, PathTarget *input)
{
	ListCell   *lc;

	foreach(lc, final->aggregates)
	{
		Aggref	   *aggref = lfirst(lc);

		add_new_columns_to_pathtarget(input,
									  pull_var_clause((Node *) list_make2(aggref->args, aggref->aggfilter),
													  PVC_INCLUDE_AGGREGATES | PVC_INCLUDE_PLACEHOLDERS));
	}
	(void) set_pathtarget_cost_width(root, input);
}

static const CustomPathMethods merge_scan_methods = {
	.CustomName = AD_MERGE_SCAN,
	.PlanCustomPath = ad_plan_names,
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
 * Sets what the final grouping returns and its HAVING.  Returns what it reads:
 * the group keys, parts, and columns.
 */
static PathTarget *
merged_input(PlannerInfo *root, const AdMerges *merges, PathTarget **target, List **having)
{
	AdFinal		final = {.root = root, .merges = merges};
	PathTarget *input = create_empty_pathtarget();

	*target = merged_target(root, &final, input);
	*having = (List *) merge_mutator(root->parse->havingQual, &final);
	add_arguments(root, &final, input);
	input->exprs = (List *) ad_below_grouping(root, input->exprs);
	return input;
}

/*
 * Returns what ad_merge_paths() reads of the groups, or computes of their
 * columns.
 */
PathTarget *
ad_merged_input(PlannerInfo *root, const AdMerges *merges)
{
	PathTarget *target;
	List	   *having;

	return merged_input(root, merges, &target, &having);
}

/* a path of the planner's own by grouping sets, perhaps below names; NULL for others */
static GroupingSetsPath *
as_sets_path(Path *path)
{
	if (IsA(path, CustomPath) && ((CustomPath *) path)->methods == &merge_scan_methods)
		path = linitial(((CustomPath *) path)->custom_paths);
	return IsA(path, GroupingSetsPath) ? (GroupingSetsPath *) path : NULL;
}

/*
 * Has each group key a name of its own?  Grouping sets make keys null one by one, so one
 * expression cannot stand for two of them, nor a constant for itself: setrefs.c does not
 * look for constants below.
 */
static bool
are_named(PlannerInfo *root)
{
	List	   *keys = get_sortgrouplist_exprs(root->parse->groupClause, root->parse->targetList);
	ListCell   *lc;

	foreach(lc, keys)
	{
		if (IsA(lfirst(lc), Const))
			return false;
	}
	return list_length(list_union(NIL, keys)) == list_length(keys);
}

/*
 * Returns the paths that group what `path` returns by the query's grouping sets.  How
 * these are made is as in the planner's own paths, which are of the output relation.
 */
static List *
sets_paths(PlannerInfo *root, RelOptInfo *output_rel, PathTarget *target, List *having, Path *path)
{
	List	   *paths = NIL;
	AggClauseCosts costs = {0};
	ListCell   *lc;

	if (!are_named(root))
		return NIL;
	get_agg_clause_costs(root, AGGSPLIT_SIMPLE, &costs);
	foreach(lc, output_rel->pathlist)
	{
		GroupingSetsPath *own = as_sets_path(lfirst(lc));
		GroupingSetsPath *copy;
		Path	   *input = path;

		if (own == NULL)
			continue;
		if (own->subpath->pathkeys != NIL)
			input = (Path *) create_sort_path(root, output_rel, path, own->subpath->pathkeys, -1);
		copy = ad_create_groupingsets_path(root, output_rel, input, having, own->aggstrategy, own->rollups,
										   &costs, own->path.rows);
		copy->path.pathtarget = target;
		paths = lappend(paths, copy);
	}
	return paths;
}

/*
 * Adds the paths that merge the parts which the groups of `rel` have, in place
 * of the rows of input_rel.
 */
void
ad_merge_paths(PlannerInfo *root, const RelOptInfo *input_rel, RelOptInfo *output_rel,
			   RelOptInfo *rel, const AdMerges *merges)
{
	PathTarget *target;
	List	   *having;
	PathTarget *input = merged_input(root, merges, &target, &having);
	Path	   *path = (Path *) create_projection_path(root, rel, rel->cheapest_total_path, input);
	List	   *paths;
	ListCell   *lc;

	if (root->parse->groupingSets != NIL)
		paths = sets_paths(root, output_rel, target, having, path);
	else
		paths = ad_agg_paths(root, UPPERREL_GROUP_AGG, input_rel, output_rel, target, having,
							 AGGSPLIT_SIMPLE, path);
	foreach(lc, paths)
		add_named_path(root, output_rel, lfirst(lc));
}

/*
 * Builds the groups that have the parts of the query's aggregates, and with
 * which the conditions (RestrictInfos) can be evaluated.  Returns false if
 * MongoDB cannot make them.
 */
bool
ad_build_parts(PlannerInfo *root, RelOptInfo *rel, AdGroupBuilder *builder, List *keys,
			   List *conditions, AdMerges *merges)
{
	List	   *aggregates;

	return ad_find_aggregates(root, &aggregates) && ad_add_partial_keys(builder, keys) &&
		ad_add_condition_keys(builder, conditions) &&
		ad_merge_aggregates(root, builder, rel, aggregates, merges) &&
		ad_return_states(builder, merges->parts);
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
	AdMerges	merges = {0};

	if (!ad_is_partly_grouped(root, UPPERREL_GROUP_AGG, input_rel, output_rel, &keys))
		return;
	builder = ad_build_group(relation);
	if (!ad_build_parts(root, input_rel, &builder, keys, relation->local_conds, &merges))
		return;
	upper = ad_partial_relation(root, input_rel, &builder);
	if (upper == NULL)
		return;
	ad_merge_paths(root, input_rel, output_rel,
				   ad_groups_relation(root, input_rel, upper, builder.keys), &merges);
}
