/*
 * group_append.c
 *	  Groupings of the rows of several tables: partitions, heirs, UNION ALL.
 *
 * INTERFACE ROUTINES
 *		ad_group_append_init		makes the planner call this file
 *		ad_append_groups			groups of several tables, for joins
 *		ad_first_appended			is there anything to group?
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
 * aggregates one row of each group, and all rows of other tables.  Beside others
 * they are merged, see group_merge.c; a row of another table is then a group of
 * its own.
 *
 * PostgreSQL's own enable_partitionwise_aggregate plans such groupings of
 * partitions only, and is off by default, since it costs time for many of them.
 * Here the time is worth the documents that are not read.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
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
#include "plan/branch.h"
#include "plan/group_append.h"
#include "plan/group_builder.h"
#include "plan/group_merge.h"
#include "plan/group_partial.h"
#include "plan/group_parts.h"
#include "plan/join_nulls.h"
#include "plan/relation.h"
#include "plan/scan_plan.h"

static create_upper_paths_hook_type next_upper_hook = NULL;

/* what is returned of each table, and how PostgreSQL makes the result of that */
typedef enum AdShareKind
{
	AD_SHARE_STATES,			/* keys and states, which it combines */
	AD_SHARE_ROWS,				/* keys and what distinct aggregates read */
	AD_SHARE_PARTS,				/* keys, parts, and what else aggregates read,
								 * which it merges */
	AD_SHARE_JOINED				/* columns and parts, which it joins first */
} AdShareKind;

/* the same in terms of one of the tables, or of their parent */
typedef struct AdShare
{
	PathTarget *target;			/* what is returned */
	PathTarget *rows;			/* the rows that are grouped */
	List	   *keys;
	List	   *read;			/* expressions that read further columns; if
								 * parts are returned, the aggregates, the
								 * columns that are read, and those of them
								 * that group rows */
} AdShare;

/* the grouping of all tables */
typedef struct AdShared
{
	PlannerInfo *root;
	UpperRelationKind stage;
	AdShareKind kind;
	AdMerges	merges;			/* of parts */
	List	   *paths;			/* one for each table */
	bool		grouped;		/* does MongoDB group one of them? */
} AdShared;

/* a table, in the query and in the catalog */
typedef struct AdTableOid
{
	Index		relid;
	Oid			oid;
} AdTableOid;

/* expression_tree_mutator() callback: the table's tableoid is a constant */
static Node *
tableoid_mutator(Node *node, void *arg)
{
	const AdTableOid *table = arg;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var) && ((Var *) node)->varno == table->relid &&
		((Var *) node)->varattno == TableOidAttributeNumber)
		return (Node *) makeConst(OIDOID, -1, InvalidOid, sizeof(Oid), ObjectIdGetDatum(table->oid),
								  false, true);
	return expression_tree_mutator(node, tableoid_mutator, arg);
}

/* the expressions of the parent, as those of a child */
static List *
child_exprs(PlannerInfo *root, List *exprs, AppendRelInfo *child)
{
	RangeTblEntry *entry = root->simple_rte_array[child->child_relid];
	AdTableOid	table = {child->child_relid, entry->relid};

	exprs = (List *) adjust_appendrel_attrs(root, (Node *) exprs, 1, &child);
	return entry->inh || entry->rtekind != RTE_RELATION ? exprs :
		(List *) tableoid_mutator((Node *) exprs, &table);
}

static AdShare
child_share(PlannerInfo *root, const AdShare *share, AppendRelInfo *child)
{
	AdShare		result;

	result.rows = copy_pathtarget(share->rows);
	result.rows->exprs = child_exprs(root, share->rows->exprs, child);
	result.target = copy_pathtarget(share->target);
	result.target->exprs = child_exprs(root, share->target->exprs, child);
	result.keys = child_exprs(root, share->keys, child);
	result.read = child_exprs(root, share->read, child);
	return result;
}

/*
 * Builds the groups of a table for joins.  Returns false if MongoDB cannot make
 * them, or if something can fail there: the failure may be in a group that a
 * join excludes, where it is no error.
 */
static bool
build_joined(PlannerInfo *root, AdGroupBuilder *builder, RelOptInfo *table, const AdShare *share,
			 AdMerges *merges)
{
	return ad_add_joined_keys(root, builder, table, lthird(share->read), share->keys) &&
		ad_merge_aggregates(root, builder, table, linitial(share->read), merges) &&
		ad_tell_nulls(root, merges) && ad_return_states(builder, merges->parts) && builder->keys != NIL &&
		builder->values.failures == NIL;
}

/* does the scan return all of the target? */
static bool
returns_target(const AdGroupBuilder *builder, const PathTarget *target)
{
	ListCell   *lc;

	foreach(lc, target->exprs)
	{
		if (tlist_member(lfirst(lc), builder->tlist) == NULL)
			return false;
	}
	return true;
}

/*
 * Builds the groups of a table that have what the target has.  Returns false if
 * MongoDB cannot make them.
 */
static bool
build_share(const AdShared *shared, AdGroupBuilder *builder, RelOptInfo *table, const AdShare *share)
{
	List	   *conditions = ((AdRelation *) table->fdw_private)->local_conds;
	AdMerges	merges = {.filled = shared->merges.filled};
	List	   *parts = NIL;
	ListCell   *lc;

	if (shared->kind == AD_SHARE_JOINED)
		return build_joined(shared->root, builder, table, share, &merges) &&
			returns_target(builder, share->target);
	if (shared->kind == AD_SHARE_STATES)
		return ad_build_states(builder, share->target, share->keys, conditions);
	if (shared->kind == AD_SHARE_ROWS)
		return ad_build_distinct_rows(builder, share->read, conditions);
	if (!ad_add_partial_keys(builder, share->keys) || !ad_add_condition_keys(builder, conditions))
		return false;
	foreach(lc, share->target->exprs)
	{
		if (IsA(lfirst(lc), Aggref))
			parts = lappend(parts, lfirst(lc));
		else if (!list_member(share->keys, lfirst(lc)) && !ad_add_key_parts(builder, lfirst(lc)))
			return false;
	}
	return ad_return_states(builder, parts);
}

/*
 * Returns the path of the groups of `table`, a relation of the query `own_root`, which
 * stand for the rows of `rel` in the query `root` and have the target.
 */
static Path *
groups_path(PlannerInfo *root, const RelOptInfo *rel, PlannerInfo *own_root, RelOptInfo *table,
			AdUpperRelation *upper, PathTarget *target, List *keys)
{
	RelOptInfo *groups = ad_copy_relation(root, rel, 0, NIL);
	Path	   *path;

	ad_set_groups(groups, table, upper);
	groups->reltarget = target;
	path = ad_partial_path(own_root, table, groups, keys);
	/* what it returns is little, so that waiting for it is all that matters */
	path->parallel_safe &= !enable_async_append;
	return path;
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

	if (!relation->options->enable_aggregate_pushdown ||
		!build_share(shared, &builder, table, share))
		return NULL;
	upper = ad_partial_relation(shared->root, table, &builder);
	if (upper == NULL)
		return NULL;
	return groups_path(shared->root, table, shared->root, table, upper, share->target, builder.keys);
}

/*
 * Returns the path in which MongoDB groups the rows of a branch of UNION ALL that is a
 * query of its own; NULL as remote_path() does, or if it reads a column that the branch
 * does not return.
 *
 * The groups are built as those of the branch's table, and then described in terms of
 * the query around it.  The plan of the branch is below, see group_subquery.c.
 */
static Path *
branch_path(const AdShared *shared, RelOptInfo *rel, const AdShare *share)
{
	RelOptInfo *table = ad_branch_table(rel);
	AdRelation *relation = table == NULL ? NULL : table->fdw_private;
	PathTarget *target = copy_pathtarget(share->target);
	AdShare		own = *share;
	AdGroupBuilder builder;
	AdUpperRelation *upper;

	if (table == NULL || !relation->options->enable_aggregate_pushdown)
		return NULL;
	own.target = target;
	if (!ad_branch_to_table(rel, &target->exprs) || !ad_branch_to_table(rel, &own.keys) ||
		!ad_branch_to_table(rel, &own.read))
		return NULL;
	builder = ad_build_group(relation);
	if (!build_share(shared, &builder, table, &own))
		return NULL;
	upper = ad_partial_relation(rel->subroot, table, &builder);
	if (upper == NULL || !ad_branch_from_table(rel, table, &target->exprs) ||
		!ad_branch_from_table(rel, table, &upper->grouping.tlist))
		return NULL;
	upper->subquery = rel->cheapest_total_path;
	upper->query->relid = relation->context.relid;
	upper->query->userid = table->userid;
	return groups_path(shared->root, rel, rel->subroot, table, upper, target, builder.keys);
}

/*
 * Returns what a group of one row has instead of the target, or NULL if that is
 * not known.
 */
static PathTarget *
target_of_row(const PathTarget *target)
{
	PathTarget *copy = copy_pathtarget(unconstify(PathTarget *, target));
	ListCell   *lc;

	foreach(lc, copy->exprs)
	{
		if (IsA(lfirst(lc), Aggref))
			lfirst(lc) = ad_part_of_row(lfirst(lc));
		if (lfirst(lc) == NULL)
			return NULL;
	}
	return copy;
}

/*
 * Returns the path in which PostgreSQL groups the rows of a table as far as
 * MongoDB does those of others.  NULL if that is not possible.
 */
static Path *
local_path(const AdShared *shared, RelOptInfo *table, const AdShare *share)
{
	PlannerInfo *root = shared->root;
	RelOptInfo *groups;
	List	   *clause = ad_grouping_clause(root, shared->stage);
	AggClauseCosts costs = {0};
	Path	   *path = table->cheapest_total_path;

	if (shared->kind != AD_SHARE_STATES)
	{
		PathTarget *target = target_of_row(share->target);

		return target == NULL ? NULL : (Path *) create_projection_path(root, table, path, target);
	}
	groups = ad_copy_relation(root, table, 0, NIL);
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
 * Adds the paths of the children of a relation.  Returns false if a table cannot
 * be grouped.
 */
static bool
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
			if (!add_children(shared, rel, &own))
				return false;
			continue;
		}
		if (ad_is_own(rel))
			path = remote_path(shared, rel, &own);
		else if (shared->kind != AD_SHARE_JOINED)
			path = branch_path(shared, rel, &own);
		shared->grouped |= path != NULL;
		if (path == NULL)
			path = local_path(shared, rel, &own);
		if (path == NULL)
			return false;
		shared->paths = lappend(shared->paths, path);
	}
	return true;
}

/* is the relation a child of the parent, or of such a child? */
static bool
is_below(const PlannerInfo *root, Index relid, Index parent)
{
	const AppendRelInfo *info;

	for (info = root->append_rel_array[relid]; info != NULL; info = root->append_rel_array[info->parent_relid])
	{
		if (info->parent_relid == parent)
			return true;
	}
	return false;
}

/*
 * Returns the first of our tables that an Append reads for the relation, always
 * the same one; NULL if there is none.  It is called for each join, so it must
 * be quick for a thousand partitions of PostgreSQL's own.
 */
RelOptInfo *
ad_first_appended(PlannerInfo *root, const RelOptInfo *parent)
{
	ListCell   *lc;

	foreach(lc, root->append_rel_list)
	{
		Index		relid = lfirst_node(AppendRelInfo, lc)->child_relid;
		RelOptInfo *rel = root->simple_rel_array[relid];

		if (rel != NULL && ad_is_own(rel) && !IS_DUMMY_REL(rel) && is_below(root, relid, parent->relid))
			return rel;
	}
	return NULL;
}

/*
 * Returns the first branch that is a query of its own and reads one of our tables; NULL
 * if there is none.
 */
static RelOptInfo *
first_branch(PlannerInfo *root, const RelOptInfo *parent)
{
	ListCell   *lc;

	foreach(lc, root->append_rel_list)
	{
		Index		relid = lfirst_node(AppendRelInfo, lc)->child_relid;
		RelOptInfo *rel = root->simple_rel_array[relid];

		if (rel != NULL && !IS_DUMMY_REL(rel) && is_below(root, relid, parent->relid) && ad_branch_table(rel) != NULL)
			return rel;
	}
	return NULL;
}

/* the share of a parent in terms of a table below it */
static AdShare
share_of(PlannerInfo *root, const AdShare *share, const RelOptInfo *parent, const RelOptInfo *table)
{
	AppendRelInfo *child = root->append_rel_array[table->relid];
	AdShare		above = *share;

	if (child->parent_relid != parent->relid)
		above = share_of(root, share, parent, find_base_rel(root, child->parent_relid));
	return child_share(root, &above, child);
}

/* the columns of a table, and those of the parent in the same order */
typedef struct AdColumnPairs
{
	Index		relid;			/* the table */
	List	   *of_table;
	List	   *of_parent;
	bool		failed;			/* has a column not been found? */
} AdColumnPairs;

/* expression_tree_mutator() callback: replaces the columns of the table */
static Node *
parent_mutator(Node *node, void *arg)
{
	AdColumnPairs *pairs = arg;
	ListCell   *table;
	ListCell   *parent;

	if (node == NULL)
		return NULL;
	if (!IsA(node, Var))
		return expression_tree_mutator(node, parent_mutator, arg);
	/* a column of another table that is joined */
	if (((Var *) node)->varno != pairs->relid)
		return copyObject(node);
	forboth(table, pairs->of_table, parent, pairs->of_parent)
	{
		if (equal(node, lfirst(table)))
			return copyObject(lfirst(parent));
	}
	pairs->failed = true;
	return node;
}

/*
 * Pairs the columns of the parent with those of a table.  Returns false if one is
 * no column there, or if the table returns one column as two, so that they cannot
 * be told apart.
 */
static bool
pair_columns(List *of_parent, List *of_table, AdColumnPairs *pairs)
{
	ListCell   *table;
	ListCell   *parent;

	forboth(table, of_table, parent, of_parent)
	{
		if (!IsA(lfirst(table), Var) ||
			(list_member(pairs->of_table, lfirst(table)) && !list_member(pairs->of_parent, lfirst(parent))))
			return false;
		pairs->of_table = lappend(pairs->of_table, lfirst(table));
		pairs->of_parent = lappend(pairs->of_parent, lfirst(parent));
	}
	return true;
}

/* an expression of a table as one of the parent */
static List *
parent_exprs(List *exprs, AdColumnPairs *pairs)
{
	return (List *) parent_mutator((Node *) exprs, pairs);
}

/*
 * Finds how the aggregates are made from groups, by the first of our tables.
 * Returns false if they cannot be.
 */
static bool
find_merges(AdShared *shared, const RelOptInfo *input_rel, AdShare *share)
{
	PlannerInfo *root = shared->root;
	List	   *aggregates;
	RelOptInfo *child = ad_first_appended(root, input_rel);
	RelOptInfo *table = child;
	AdShare		own;
	AdGroupBuilder builder;
	AdColumnPairs pairs = {0};

	if (!ad_find_aggregates(root, &aggregates))
		return false;
	if (child == NULL)
	{
		child = first_branch(root, input_rel);
		table = ad_branch_table(child);
	}
	pairs.relid = table->relid;
	share->target = create_empty_pathtarget();
	share->read = list_make2(aggregates, ad_table_columns(input_rel->relid, (Node *) aggregates));
	own = share_of(root, share, input_rel, child);
	if ((table != child && !ad_branch_to_table(child, &own.read)) ||
		!pair_columns(lsecond(share->read), lsecond(own.read), &pairs))
		return false;
	builder = ad_build_group(table->fdw_private);
	if (!ad_merge_aggregates(root, &builder, table, linitial(own.read), &shared->merges))
		return false;
	shared->merges.aggregates = aggregates;
	shared->merges.merged = parent_exprs(shared->merges.merged, &pairs);
	shared->merges.parts = parent_exprs(shared->merges.parts, &pairs);
	share->target = ad_merged_input(root, &shared->merges);
	return !pairs.failed;
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
		bms_is_empty(input_rel->lateral_relids) &&
		!expression_returns_set((Node *) input_rel->reltarget->exprs) &&
		grouping_is_hashable(ad_grouping_clause(root, stage)) &&
		(ad_first_appended(root, input_rel) != NULL || first_branch(root, input_rel) != NULL);
}

/*
 * Sets what is returned of the tables, in terms of their parent.  Returns false
 * if that is not possible.
 */
static bool
find_share(AdShared *shared, const RelOptInfo *input_rel, AdShare *share)
{
	share->read = NIL;
	switch (shared->kind)
	{
		case AD_SHARE_STATES:
			share->target = ad_partial_target(shared->root, shared->stage);
			return share->target != NULL;
		case AD_SHARE_ROWS:
			share->target = ad_distinct_target(shared->root, &share->read);
			return share->target != NULL;
		case AD_SHARE_PARTS:
			return find_merges(shared, input_rel, share);
		case AD_SHARE_JOINED:
			break;
	}
	return false;
}

/*
 * Returns the relation of the groups of all tables; NULL if MongoDB groups none
 * of them.
 */
static RelOptInfo *
shared_groups(AdShared *shared, const RelOptInfo *parent, const AdShare *share)
{
	RelOptInfo *groups;

	if (!add_children(shared, parent, share) || !shared->grouped)
		return NULL;
	groups = ad_copy_relation(shared->root, parent, 0, NIL);
	groups->reltarget = share->target;
	add_path(groups, (Path *) ad_create_append_path(shared->root, groups, shared->paths));
	set_cheapest(groups);
	groups->rows = groups->cheapest_total_path->rows;
	return groups;
}

/*
 * Adds the paths of the grouping by this kind of shares.  Returns false if there
 * are none.
 */
static bool
add_shared_paths(AdShared *shared, RelOptInfo *input_rel, RelOptInfo *output_rel, AdShare *share)
{
	RelOptInfo *groups;

	if (!find_share(shared, input_rel, share))
		return false;
	groups = shared_groups(shared, input_rel, share);
	if (groups == NULL)
		return false;
	if (shared->kind == AD_SHARE_PARTS)
		ad_merge_paths(shared->root, input_rel, output_rel, groups, &shared->merges);
	else
		ad_add_final_paths(shared->root, shared->stage, input_rel, output_rel,
						   shared->kind == AD_SHARE_STATES && shared->root->parse->hasAggs ?
						   AGGSPLIT_FINAL_DESERIAL : AGGSPLIT_SIMPLE, groups->cheapest_total_path);
	return true;
}

/*
 * Returns the relation of the groups of several tables, of which one is ours, for
 * joins in place of their parent.  It has the columns that it sets, and the parts
 * of the merges that it sets.  NULL if MongoDB groups none of the tables.
 */
RelOptInfo *
ad_append_groups(PlannerInfo *root, RelOptInfo *parent, const AdJoinedKeys *keys, AdMerges *merges,
				 List **columns)
{
	AdShared	shared = {root, UPPERREL_GROUP_AGG, AD_SHARE_JOINED, {.filled = merges->filled}};
	AdShare		share = {create_empty_pathtarget(), create_empty_pathtarget(), keys->keys};
	RelOptInfo *table = ad_first_appended(root, parent);
	AdColumnPairs pairs = {table->relid};
	List	   *read = ad_table_columns(parent->relid, (Node *) list_make3(keys->aggregates, keys->keys, keys->joined));
	AdShare		own;
	AdGroupBuilder builder;

	share.read = list_make3(keys->aggregates, read, keys->joined);
	own = share_of(root, &share, parent, table);
	if (!pair_columns(read, lsecond(own.read), &pairs))
		return NULL;
	builder = ad_build_group(table->fdw_private);
	if (!build_joined(root, &builder, table, &own, merges))
		return NULL;
	merges->aggregates = keys->aggregates;
	merges->merged = parent_exprs(merges->merged, &pairs);
	merges->parts = parent_exprs(merges->parts, &pairs);
	*columns = parent_exprs(ad_returned_columns(builder.tlist), &pairs);
	if (pairs.failed)
		return NULL;
	add_new_columns_to_pathtarget(share.target, *columns);
	add_new_columns_to_pathtarget(share.target, merges->parts);
	(void) set_pathtarget_cost_width(root, share.target);
	return shared_groups(&shared, parent, &share);
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
	AdShare		share = {0};
	int			first = AD_SHARE_STATES;
	int			last = stage == UPPERREL_DISTINCT ? AD_SHARE_STATES : AD_SHARE_PARTS;

	if (next_upper_hook != NULL)
		next_upper_hook(root, stage, input_rel, output_rel, extra);
	if (!is_candidate(root, stage, input_rel, output_rel) ||
		!ad_grouping_keys(root, stage, false, &share.keys))
		return;
	if (stage == UPPERREL_GROUP_AGG && root->parse->groupingSets != NIL)
		first = AD_SHARE_PARTS;
	share.keys = (List *) ad_below_grouping(root, share.keys);
	share.rows = input_rel->reltarget;
	for (int kind = first; kind <= last; kind++)
	{
		AdShared	shared = {root, stage, kind};

		if (add_shared_paths(&shared, input_rel, output_rel, &share))
			return;
	}
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
