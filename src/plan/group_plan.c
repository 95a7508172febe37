/*
 * group_plan.c
 *	  Planning of grouping and aggregation in MongoDB.
 *
 * INTERFACE ROUTINES
 *		ad_get_foreign_upper_paths	paths of a grouping, an order or a limit
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "utils/selfuncs.h"

#include "base/compat.h"
#include "plan/async.h"
#include "plan/duplicates.h"
#include "plan/group_builder.h"
#include "plan/group_estimate.h"
#include "plan/group_first.h"
#include "plan/group_merge.h"
#include "plan/group_parallel.h"
#include "plan/group_partial.h"
#include "plan/group_plan.h"
#include "plan/group_stages.h"
#include "plan/having.h"
#include "plan/order.h"
#include "plan/order_values.h"
#include "plan/relation.h"
#include "plan/scan_cost.h"

/* the estimated number of groups, in all grouping sets together */
static double
estimated_groups(PlannerInfo *root, RelOptInfo *input_rel, List *keys, List *sets)
{
	double		groups = 0;
	ListCell   *lc;

	if (sets == NIL)
		return ad_estimate_groups(root, input_rel, keys, input_rel->rows);
	foreach(lc, sets)
		groups += lfirst(lc) == NIL ? 1 :
		estimate_num_groups(root, list_truncate(list_copy(keys), list_length(lfirst(lc))),
							input_rel->rows, NULL, NULL);
	return groups;
}

/*
 * Adds a path of the grouping that returns the groups in the order of
 * `pathkeys`; with no `order`, unsorted.
 */
static void
add_ordered_group_path(PlannerInfo *root, RelOptInfo *output_rel, PathTarget *target,
					   List *pathkeys, AdOrder *order)
{
	AdUpperRelation *upper = output_rel->fdw_private;
	AdScanWork	work = {.sent = upper->rows, .rows = upper->rows, .target = target};
	Cost		startup_cost;
	Cost		total_cost;
	Path	   *path;

	ad_upper_cost(root, upper, &work, &startup_cost, &total_cost);
	path = (Path *)
		ad_create_foreign_upper_path(root, output_rel, target, upper->rows,
									 startup_cost, total_cost, pathkeys, upper->subquery,
									 order == NULL ? NIL : list_make1(order));
	ad_prefer_async(root, upper->documents, path);
	add_path(output_rel, path);
}

/*
 * Adds the paths of the grouping that output_rel has: unsorted, and sorted for
 * a limit.
 */
void
ad_add_group_paths(PlannerInfo *root, RelOptInfo *output_rel, PathTarget *target)
{
	AdUpperRelation *upper = output_rel->fdw_private;
	List	   *prefix;
	AdOrder    *order;

	add_ordered_group_path(root, output_rel, target, NIL, NULL);
	order = ad_order_prefix(root, output_rel, root->sort_pathkeys, &prefix);
	if (order != NULL && !upper->query->single_row)
		add_ordered_group_path(root, output_rel, target, prefix, order);
}

/*
 * UPPERREL_GROUP_AGG and UPPERREL_DISTINCT, if MongoDB evaluates all
 * conditions, too.
 */
static void
add_grouping(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel,
			 RelOptInfo *output_rel)
{
	AdRelation *relation = input_rel->fdw_private;
	PathTarget *target = root->upper_targets[stage];
	AdGroupBuilder builder;
	AdUpperRelation *upper;
	List	   *having = NIL;
	List	   *keys;
	bool		has_sets = stage == UPPERREL_GROUP_AGG && root->parse->groupingSets != NIL;

	/*
	 * fdw_private is NULL for a relation that is proven to be empty: the
	 * planner has not called GetForeignRelSize.
	 */
	if (output_rel->fdw_private != NULL || input_rel->reloptkind != RELOPT_BASEREL ||
		output_rel->reloptkind != RELOPT_UPPER_REL || relation == NULL ||
		!relation->options->enable_aggregate_pushdown ||
		relation->local_conds != NIL || !ad_grouping_keys(root, stage, false, &keys))
		return;
	if (stage == UPPERREL_GROUP_AGG)
		having = (List *) root->parse->havingQual;
	builder = ad_build_group(relation);
	builder.keys = keys;
	if (!ad_build_grouping(&builder, root, has_sets, target, having))
		return;

	upper = ad_built_relation(relation, &builder);
	if (upper == NULL)
		return;
	upper->query->single_row = builder.sets == NIL ? keys == NIL : linitial(builder.sets) == NIL;
	upper->having = ad_having_push(&upper->grouping, upper->query, having);
	if (list_length(builder.sets) > 1 && llast(builder.sets) == NIL)
	{
		upper->having = having;
		upper->query->single_row = true;
		ad_group_add_total(builder.group, upper->query);
	}
	upper->rows = estimated_groups(root, input_rel, keys, builder.sets);
	upper->documents = input_rel->rows;
	upper->grouping_cost = ad_grouping_cost(relation, upper->documents);
	output_rel->fdw_private = upper;
	ad_drop_gathered_rows(output_rel);
	ad_add_group_paths(root, output_rel, target);
	if (builder.distincts != NIL)
		ad_parallel_merge_paths(root, input_rel, output_rel, keys);
}

/*
 * UPPERREL_FINAL: adds the paths of distinct rows, if one of equal rows is enough.
 */
static void
add_distinct_paths(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	RelOptInfo *rel = ad_distinct_rows(root, input_rel, output_rel);
	ListCell   *lc;

	if (rel == NULL)
		return;
	ad_get_foreign_upper_paths(root, UPPERREL_DISTINCT, input_rel, rel, NULL);
	ad_forget_distinct(root);
	foreach(lc, rel->pathlist)
		add_path(output_rel, lfirst(lc));
}

/*
 * GetForeignUpperPaths (PostgreSQL manual, "Foreign Data Wrapper
 * Callback Routines"): adds the paths of a grouping, an order or a
 * limit.  MongoDB does no other stages.
 */
void
ad_get_foreign_upper_paths(PlannerInfo *root, UpperRelationKind stage,
						   RelOptInfo *input_rel, RelOptInfo *output_rel,
						   void *extra)
{
	switch (stage)
	{
		case UPPERREL_GROUP_AGG:
		case UPPERREL_DISTINCT:
			add_grouping(root, stage, input_rel, output_rel);
			if (output_rel->fdw_private == NULL &&
				!ad_partial_paths(root, stage, input_rel, output_rel) && stage == UPPERREL_GROUP_AGG)
				ad_merged_group_paths(root, input_rel, output_rel);
			if (stage == UPPERREL_DISTINCT)
				ad_distinct_on_paths(root, input_rel, output_rel);
			break;
		case UPPERREL_WINDOW:
			ad_first_row_paths(root, input_rel, output_rel);
			break;
		case UPPERREL_PARTIAL_GROUP_AGG:
			ad_parallel_group_path(root, input_rel, output_rel);
			break;
		case UPPERREL_ORDERED:
			ad_order_paths(root, input_rel, output_rel);
			ad_first_values_path(root, input_rel, output_rel);
			break;
		case UPPERREL_FINAL:
			ad_limit_paths(root, input_rel, output_rel, extra);
			add_distinct_paths(root, input_rel, output_rel);
			break;
		default:
			break;
	}
}
