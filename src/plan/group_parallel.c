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
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "utils/selfuncs.h"

#include "base/compat.h"
#include "plan/group_builder.h"
#include "plan/group_parallel.h"
#include "plan/parallel.h"
#include "plan/relation.h"
#include "plan/scan_cost.h"

/* whether the states of all aggregates are SQL values */
static bool
has_sql_states(const PathTarget *target)
{
	ListCell   *lc;

	foreach(lc, target->exprs)
	{
		if (IsA(lfirst(lc), Aggref) && ((Aggref *) lfirst(lc))->aggtranstype == INTERNALOID)
			return false;
	}
	return true;
}

/*
 * Whether MongoDB can group the slices of the relation at all.
 */
bool
ad_has_groups_of_slices(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	AdRelation *relation = input_rel->fdw_private;

	return input_rel->reloptkind == RELOPT_BASEREL && output_rel->reloptkind == RELOPT_UPPER_REL &&
		relation != NULL && relation->slices != NULL && relation->local_conds == NIL &&
		relation->options->enable_aggregate_pushdown && root->parse->groupingSets == NIL;
}

/* the partial path of a grouping that was built */
static Path *
built_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *rel, PathTarget *target,
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
	work.rows = slices->count;
	if (keys != NIL)
		work.rows *= estimate_num_groups(root, keys, documents / slices->count, NULL, NULL);
	work.sent = work.rows;
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

/*
 * Returns the partial path that returns the groups of slices: `target` has
 * the keys, which are SQL expressions, and states of aggregates.  Returns NULL
 * if MongoDB cannot compute one.
 */
Path *
ad_slices_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *rel, PathTarget *target,
			   List *keys)
{
	AdGroupBuilder builder = ad_build_group(input_rel->fdw_private);
	AdUpperRelation *upper;

	builder.keys = keys;
	if (!has_sql_states(target) || !ad_build_grouping(&builder, root, false, target, NIL))
		return NULL;
	upper = ad_built_relation(input_rel->fdw_private, &builder);
	return upper == NULL ? NULL : built_path(root, input_rel, rel, target, upper, keys);
}

/*
 * UPPERREL_PARTIAL_GROUP_AGG: adds the partial path in which MongoDB groups
 * the documents of each slice.
 */
void
ad_parallel_group_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	List	   *keys;
	Path	   *path;

	if (!ad_has_groups_of_slices(root, input_rel, output_rel) ||
		!ad_grouping_keys(root, UPPERREL_GROUP_AGG, &keys))
		return;
	path = ad_slices_path(root, input_rel, output_rel, output_rel->reltarget, keys);
	if (path != NULL)
		add_partial_path(output_rel, path);
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
