/*
 * group_append.c
 *	  Groupings of the rows of several tables: partitions, heirs, UNION ALL.
 *
 * INTERFACE ROUTINES
 *		ad_group_append_init		makes the planner call this file
 *
 * MongoDB groups the documents of each foreign table, and returns the transition
 * states of the aggregates.  PostgreSQL groups the rows of the other tables, if
 * there are any, in the same way, and combines the states of all.
 *
 *		Finalize HashAggregate				by status
 *		  -> Append
 *			   -> Async Foreign Scan		status, PARTIAL count(*)
 *			   -> Partial HashAggregate		by status
 *					-> Seq Scan
 *
 * Aggregates that do not change if a row occurs again, such as those with
 * DISTINCT, need no states: MongoDB groups by what they read, and PostgreSQL
 * aggregates one row of each group, and all rows of other tables.
 *
 * PostgreSQL's own enable_partitionwise_aggregate plans such groupings of
 * partitions only, and is off by default, since it costs time for many of them.
 * Here the time is worth the documents that are not read.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planner.h"
#include "optimizer/prep.h"
#include "optimizer/tlist.h"
#include "utils/selfuncs.h"

#include "base/compat.h"
#include "plan/group_append.h"
#include "plan/group_builder.h"
#include "plan/group_estimate.h"
#include "plan/group_partial.h"
#include "plan/relation.h"
#include "plan/scan_plan.h"

static create_upper_paths_hook_type next_upper_hook = NULL;

/* what is returned of each table, in terms of one of them or of their parent */
typedef struct AdShare
{
	PathTarget *rows;			/* the rows that are grouped */
	PathTarget *target;			/* keys and states, or keys and what distinct
								 * aggregates read */
	List	   *keys;
	List	   *read;			/* of distinct aggregates; see
								 * ad_distinct_target() */
} AdShare;

/* the grouping of all tables */
typedef struct AdShared
{
	PlannerInfo *root;
	UpperRelationKind stage;
	bool		has_states;		/* else the aggregates are distinct ones */
	List	   *paths;			/* one for each table */
	bool		grouped;		/* does MongoDB group one of them? */
} AdShared;

/* the target with the expressions of a child */
static PathTarget *
child_target(PlannerInfo *root, const PathTarget *target, AppendRelInfo * child)
{
	PathTarget *copy = copy_pathtarget(unconstify(PathTarget *, target));

	copy->exprs = (List *) adjust_appendrel_attrs(root, (Node *) copy->exprs, 1, &child);
	return copy;
}

static AdShare
child_share(PlannerInfo *root, const AdShare *share, AppendRelInfo * child)
{
	AdShare		result;

	result.rows = child_target(root, share->rows, child);
	result.target = child_target(root, share->target, child);
	result.keys = (List *) adjust_appendrel_attrs(root, (Node *) share->keys, 1, &child);
	result.read = (List *) adjust_appendrel_attrs(root, (Node *) share->read, 1, &child);
	return result;
}

/*
 * Returns the path in which MongoDB groups a table's documents; NULL if it
 * cannot, or would return a group for most of them.
 */
static Path *
remote_path(const AdShared *shared, RelOptInfo *table, const AdShare *share)
{
	AdRelation *relation = table->fdw_private;
	AdGroupBuilder builder = ad_build_group(relation);
	AdUpperRelation *upper;
	RelOptInfo *groups;
	Path	   *path;

	if (!relation->options->enable_aggregate_pushdown ||
		!(shared->has_states ?
		  ad_build_states(&builder, share->target, share->keys, relation->local_conds) :
		  ad_build_distinct_rows(&builder, share->read, relation->local_conds)))
		return NULL;
	upper = ad_partial_relation(shared->root, table, &builder);
	if (upper == NULL)
		return NULL;
	groups = ad_copy_relation(shared->root, table, 0, NIL);
	ad_set_groups(groups, table, upper);
	groups->reltarget = share->target;
	path = ad_partial_path(shared->root, table, groups, builder.keys);
	/* what it returns is little, so that waiting for it is all that matters */
	path->parallel_safe &= !enable_async_append;
	return path;
}

/*
 * Returns the path in which PostgreSQL groups the rows of a table as far as
 * MongoDB does those of others.
 */
static Path *
local_path(const AdShared *shared, RelOptInfo *table, const AdShare *share)
{
	PlannerInfo *root = shared->root;
	RelOptInfo *groups = ad_copy_relation(root, table, 0, NIL);
	List	   *clause = ad_grouping_clause(root, shared->stage);
	AggClauseCosts costs = {0};
	Path	   *path = table->cheapest_total_path;

	if (!shared->has_states)
		return (Path *) create_projection_path(root, table, path, share->target);
	groups->reltarget = share->target;
	path = (Path *) create_projection_path(root, table, path, share->rows);
	if (root->parse->hasAggs)
		get_agg_clause_costs(root, AGGSPLIT_INITIAL_SERIAL, &costs);
	return (Path *) create_agg_path(root, groups, path, share->target,
									clause != NIL ? AGG_HASHED : AGG_PLAIN,
									root->parse->hasAggs ? AGGSPLIT_INITIAL_SERIAL : AGGSPLIT_SIMPLE,
									clause, NIL, &costs,
									estimate_num_groups(root, share->keys, path->rows, NULL, NULL));
}

/*
 * Adds the paths of the children of a relation.
 */
static void
add_children(AdShared *shared, const RelOptInfo *parent, const AdShare *share)
{
	PlannerInfo *root = shared->root;
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, root->append_rel_list)
	{
		AppendRelInfo *child = lfirst_node(AppendRelInfo, lc);
		RelOptInfo *rel;
		AdShare		own;
		Path	   *path = NULL;

		if (child->parent_relid != parent->relid)
			continue;
		rel = find_base_rel(root, child->child_relid);
		if (IS_DUMMY_REL(rel))
			continue;
		own = child_share(root, share, child);
		if (root->simple_rte_array[rel->relid]->inh)
		{
			add_children(shared, rel, &own);
			continue;
		}
		if (ad_is_own(rel))
			path = remote_path(shared, rel, &own);
		shared->grouped |= path != NULL;
		shared->paths = lappend(shared->paths, path != NULL ? path : local_path(shared, rel, &own));
	}
}

/*
 * Does it read one of our tables?  This asks for nothing that takes time.
 */
static bool
has_own_child(PlannerInfo *root, const RelOptInfo *parent)
{
	ListCell   *lc;

	foreach(lc, root->append_rel_list)
	{
		RelOptInfo *rel = root->simple_rel_array[lfirst_node(AppendRelInfo, lc)->child_relid];

		if (rel != NULL && ad_is_own(rel))
			return true;
	}
	return false;
}

/*
 * Can the rows of the relation be grouped in parts?
 */
static bool
is_candidate(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel,
			 const RelOptInfo *output_rel)
{
	return (stage == UPPERREL_GROUP_AGG || stage == UPPERREL_DISTINCT) &&
		input_rel->reloptkind == RELOPT_BASEREL && output_rel->reloptkind == RELOPT_UPPER_REL &&
		root->simple_rte_array[input_rel->relid]->inh && !IS_DUMMY_REL(input_rel) &&
		bms_is_empty(input_rel->lateral_relids) && root->parse->groupingSets == NIL &&
		!expression_returns_set((Node *) input_rel->reltarget->exprs) &&
		grouping_is_hashable(ad_grouping_clause(root, stage)) && has_own_child(root, input_rel);
}

/*
 * create_upper_paths_hook: adds the paths of a grouping of several tables.
 *
 * The planner does not ask a wrapper for those.
 */
static void
upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel,
			RelOptInfo *output_rel, void *extra)
{
	AdShared	shared = {root, stage};
	AdShare		share = {0};
	AppendPath *append;
	RelOptInfo *parts;

	if (next_upper_hook != NULL)
		next_upper_hook(root, stage, input_rel, output_rel, extra);
	if (!is_candidate(root, stage, input_rel, output_rel) ||
		!ad_grouping_keys(root, stage, false, &share.keys))
		return;
	share.target = ad_partial_target(root, stage);
	shared.has_states = share.target != NULL;
	if (share.target == NULL && stage == UPPERREL_GROUP_AGG)
		share.target = ad_distinct_target(root, &share.read);
	if (share.target == NULL)
		return;
	share.rows = input_rel->reltarget;
	add_children(&shared, input_rel, &share);
	if (!shared.grouped)
		return;
	parts = ad_copy_relation(root, input_rel, 0, NIL);
	parts->reltarget = share.target;
	append = create_append_path(root, parts, shared.paths, NIL, NIL, NULL, 0, false, -1);
	ad_add_final_paths(root, stage, input_rel, output_rel,
					   shared.has_states && root->parse->hasAggs ? AGGSPLIT_FINAL_DESERIAL : AGGSPLIT_SIMPLE,
					   (Path *) append);
}

/*
 * Makes the planner call this file for groupings.
 */
void
ad_group_append_init(void)
{
	next_upper_hook = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
}
