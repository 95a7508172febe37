/*
 * group_parallel.c
 *	  Groupings of slices, which PostgreSQL combines.
 *
 * Each process of a parallel scan lets MongoDB group the documents of its
 * slices.  MongoDB returns the transition states of the aggregates, and
 * PostgreSQL combines those of all slices:
 *
 *		Finalize GroupAggregate
 *		  -> Gather
 *			   -> Parallel Foreign Scan		room, PARTIAL count(*)
 *
 * It cannot combine the numbers of distinct values of several slices, as the
 * same value may occur in some of them.  For these, the values are among the
 * group keys, and PostgreSQL merges whole aggregates (group_merge.c).
 */
#include "postgres.h"

#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/tlist.h"

#include "base/compat.h"
#include "plan/group_builder.h"
#include "plan/group_estimate.h"
#include "plan/group_merge.h"
#include "plan/group_parallel.h"
#include "plan/group_partial.h"
#include "plan/parallel.h"
#include "plan/relation.h"
#include "plan/scan_cost.h"

/* whether MongoDB can group the slices of the relation at all */
static bool
has_slices(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	AdRelation *relation = input_rel->fdw_private;

	return input_rel->reloptkind == RELOPT_BASEREL && output_rel->reloptkind == RELOPT_UPPER_REL &&
		relation != NULL && relation->slices != NULL && relation->local_conds == NIL &&
		relation->options->enable_aggregate_pushdown && root->parse->groupingSets == NIL;
}

/* the partial path of the groups of slices, by the keys */
static Path *
slices_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *rel, PathTarget *target,
			AdUpperRelation *upper, List *keys)
{
	AdRelation *relation = input_rel->fdw_private;
	AdSlices   *slices = ad_parallel_group_slices(relation);
	AdScanWork	work = ad_scan_work(root, input_rel, NIL);
	double		documents = work.documents;
	Cost		startup_cost;
	Cost		total_cost;
	Path	   *path;

	upper->query->slices = slices;
	work.rows = work.sent = slices->count *
		ad_estimate_groups(root, input_rel, keys, documents / slices->count);
	work.shared = 0;
	work.target = target;
	ad_groups_cost(root, &work, ad_grouping_cost(relation, documents), &startup_cost, &total_cost);
	ad_parallel_cost(slices, relation->workers, &startup_cost, &total_cost);
	path = (Path *)
		ad_create_foreign_upper_path(root, rel, target,
									 clamp_row_est(work.rows / ad_parallel_divisor(relation->workers)),
									 startup_cost, total_cost, NIL, NULL, list_make3(NULL, NULL, upper));
	path->parallel_aware = true;
	path->parallel_workers = relation->workers;
	return path;
}

/* whether all aggregates have states; GROUPING() has none */
static bool
have_states(const PathTarget *target)
{
	ListCell   *lc;

	foreach(lc, target->exprs)
	{
		if (IsA(lfirst(lc), GroupingFunc) ||
			(IsA(lfirst(lc), Aggref) && !ad_has_state(lfirst(lc))))
			return false;
	}
	return true;
}

/*
 * UPPERREL_PARTIAL_GROUP_AGG: adds the partial path in which MongoDB groups
 * the documents of each slice.
 */
void
ad_parallel_group_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	PathTarget *target = output_rel->reltarget;
	AdGroupBuilder builder;
	AdUpperRelation *upper;
	List	   *keys;

	if (!has_slices(root, input_rel, output_rel) || !have_states(target) ||
		!ad_grouping_keys(root, UPPERREL_GROUP_AGG, false, &keys))
		return;
	builder = ad_build_group(input_rel->fdw_private);
	if (!ad_build_states(&builder, target, keys, NIL))
		return;
	upper = ad_built_relation(input_rel->fdw_private, &builder);
	if (upper != NULL)
		add_partial_path(output_rel,
						 slices_path(root, input_rel, output_rel, target, upper, builder.keys));
}

/*
 * UPPERREL_GROUP_AGG: adds the paths for aggregates of which some are of
 * distinct values, if the input has slices.
 */
void
ad_parallel_merge_paths(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel,
						List *keys)
{
	AdGroupBuilder builder = ad_build_group(input_rel->fdw_private);
	AdUpperRelation *upper;
	RelOptInfo *rel;
	Path	   *path;
	AdMerges	merges = {0};
	double		rows;

	if (!output_rel->consider_parallel || !has_slices(root, input_rel, output_rel) ||
		!ad_build_parts(root, input_rel, &builder, keys, NIL, &merges))
		return;
	upper = ad_built_relation(input_rel->fdw_private, &builder);
	if (upper == NULL)
		return;
	rel = ad_copy_relation(root, input_rel, 0, get_tlist_exprs(builder.tlist, true));
	rel->consider_parallel = true;
	ad_set_groups(rel, input_rel, upper);
	path = slices_path(root, input_rel, rel, rel->reltarget, upper, builder.keys);
	rows = path->rows * ad_parallel_divisor(path->parallel_workers);
	add_path(rel, (Path *) create_gather_path(root, rel, path, rel->reltarget, NULL, &rows));
	set_cheapest(rel);
	ad_merge_paths(root, input_rel, output_rel, rel, &merges);
}

/* whether the path gathers rows that workers have read */
static bool
gathers_rows(const Path *path)
{
	switch (nodeTag(path))
	{
		case T_AggPath:
			return gathers_rows(((const AggPath *) path)->subpath);
		case T_GroupPath:
			return gathers_rows(((const GroupPath *) path)->subpath);
		case T_UpperUniquePath:
			return gathers_rows(((const UpperUniquePath *) path)->subpath);
		case T_SortPath:
			return gathers_rows(((const SortPath *) path)->subpath);
		case T_IncrementalSortPath:
			return gathers_rows(((const IncrementalSortPath *) path)->spath.subpath);
		case T_ProjectionPath:
			return gathers_rows(((const ProjectionPath *) path)->subpath);
		case T_GatherPath:
			return gathers_rows(((const GatherPath *) path)->subpath);
		case T_GatherMergePath:
			return gathers_rows(((const GatherMergePath *) path)->subpath);
		default:
			return path->parallel_aware && path->parent->reloptkind == RELOPT_BASEREL;
	}
}

/*
 * MongoDB can do the whole grouping: drops the paths that group the rows of a
 * parallel scan.  They would win wherever the planner overestimates the number
 * of groups, as it does for date_trunc(), though they read all documents.
 */
void
ad_drop_gathered_rows(RelOptInfo *output_rel)
{
	ListCell   *lc;

	foreach(lc, output_rel->pathlist)
	{
		if (gathers_rows(lfirst(lc)))
			output_rel->pathlist = foreach_delete_current(output_rel->pathlist, lc);
	}
}
