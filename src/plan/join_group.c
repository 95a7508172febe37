/*
 * join_group.c
 *	  Groupings that MongoDB does below a join.
 *
 * INTERFACE ROUTINES
 *		ad_join_group_init		makes the planner call this file
 *
 * If all aggregates of a query read one foreign table, and it is joined to
 * other tables, MongoDB groups its documents by what the joins and the group
 * keys read of it, and returns the transition states of the aggregates for
 * each of these groups.  The joins then have groups instead of documents, and
 * PostgreSQL combines the states of the joined rows.
 *
 *		Finalize HashAggregate				by users.team
 *		  -> Hash Join						calls.email = users.email
 *			   -> Foreign Scan				calls.email, PARTIAL count(*)
 *			   -> Hash -> Seq Scan			users
 *
 * This is exact.  A join condition has the same result for all rows of a
 * group, because equal values of a key are identical.  So each row of a group
 * is joined to the same rows of the other tables, and its states are combined
 * once for each of them, as each row would be counted once for each of them.
 * The joins must not only look whether the grouped table has a row.  If they add
 * rows of nulls, see join_nulls.c.
 *
 * The planner tries the orders of joins.  For each join of two relations, of
 * which one contains the grouped table, it calls our hook.  We make the same
 * join with the groups in place of the table, of the planner's own paths.  The
 * relations of such joins are kept in the table's AdRelation, not among the
 * planner's own.
 *
 * Aggregates that do not change if a row occurs again, such as those with
 * DISTINCT, need no states: what they read are further keys, and PostgreSQL
 * aggregates the joined groups.  Others beside them are merged, see
 * group_merge.c.
 *
 * The table can also be several, such as partitions, see group_append.c.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/prep.h"
#include "optimizer/tlist.h"

#include "base/compat.h"
#include "plan/group_append.h"
#include "plan/group_builder.h"
#include "plan/group_estimate.h"
#include "plan/group_partial.h"
#include "plan/group_parts.h"
#include "plan/join_group.h"
#include "plan/join_keys.h"
#include "plan/join_nulls.h"
#include "plan/group_merge.h"
#include "plan/relation.h"
#include "plan/scan_cost.h"
#include "plan/scan_plan.h"

/* what one foreign table is grouped to, and the joins of it */
typedef struct AdJoinGroups
{
	RelOptInfo *groups;			/* the groups; NULL if there is no use of them */
	AdJoinSide	side;			/* what the joins do with them */
	Relids		tested;			/* the side of which only the existence of
								 * rows counts, or NULL */
	List	   *columns;		/* Vars of the table that the groups have */
	List	   *aggregates;		/* those of the query */
	List	   *states;			/* Aggrefs that the groups have: partial ones,
								 * or parts to merge */
	List	   *held;			/* PlaceHolderVars with these, if the joins
								 * add rows of nulls */
	AdMerges   *merges;			/* how to merge parts, or NULL */
	List	   *joins;			/* RelOptInfos of joins with the groups */
} AdJoinGroups;

static set_join_pathlist_hook_type next_join_hook = NULL;
static create_upper_paths_hook_type next_upper_hook = NULL;

/*
 * Whether nothing in the query depends on columns of tables before it but
 * functions in FROM, such as unnest(tags), which have the same rows for equal
 * values.
 */
static bool
has_plain_laterals(PlannerInfo *root)
{
	ListCell   *lc;

	if (!root->hasLateralRTEs)
		return true;
	foreach(lc, root->parse->rtable)
	{
		RangeTblEntry *rte = lfirst(lc);

		if (rte->lateral && (rte->rtekind != RTE_FUNCTION ||
							 contain_volatile_functions((Node *) rte->functions)))
			return false;
	}
	return true;
}

/*
 * The upper relation that groups the rows of the query's joins; -1 if there
 * is none, or if it is of a kind that is not done here.
 */
static int
grouping_stage(PlannerInfo *root)
{
	Query	   *parse = root->parse;

	if (!has_plain_laterals(root))
		return -1;
	if (parse->hasAggs || parse->groupClause != NIL || parse->groupingSets != NIL)
		return UPPERREL_GROUP_AGG;
	if (parse->distinctClause != NIL && !parse->hasDistinctOn && !parse->hasTargetSRFs &&
		!parse->hasWindowFuncs)
		return UPPERREL_DISTINCT;
	return -1;
}

/* whether the relation is a table of this wrapper, or its groups */
static bool
is_own(const RelOptInfo *rel)
{
	return ad_is_own(rel) &&
		(rel->reloptkind == RELOPT_BASEREL || rel->reloptkind == RELOPT_JOINREL) &&
		bms_is_empty(rel->lateral_relids);
}

/*
 * Returns where the groups of the relation are kept, if it is a foreign table of
 * this wrapper, or several tables of which one is, whose groups may be of use;
 * else NULL.
 */
static AdRelation *
candidate(PlannerInfo *root, RelOptInfo *rel)
{
	AdRelation *relation;

	if (rel->reloptkind != RELOPT_BASEREL)
		return NULL;
	if (root->simple_rte_array[rel->relid]->inh)
	{
		rel = bms_is_empty(rel->lateral_relids) ? ad_first_appended(root, rel) : NULL;
		if (rel == NULL)
			return NULL;
	}
	else if (!is_own(rel))
		return NULL;
	relation = rel->fdw_private;
	return relation->options->enable_aggregate_pushdown ? relation : NULL;
}

/* the columns of the relation that an expression reads, by the names that they have in its scan */
static List *
columns_read(const RelOptInfo *rel, Node *node)
{
	return ad_use_columns(ad_table_columns(rel->relid, node), rel->relid, rel);
}

/*
 * Adds what a part of a join condition, which reads `relids`, reads of the relation:
 * the whole part if it reads nothing else, or its columns.
 */
static List *
add_joined_part(List *joined, const RelOptInfo *rel, Node *part, Relids relids)
{
	if (!bms_overlap(relids, rel->relids))
		return joined;
	return bms_equal(relids, rel->relids) ? list_append_unique(joined, part) :
		list_union(joined, columns_read(rel, part));
}

/*
 * The columns that are read by themselves, or by something else than these parts,
 * and then the parts.
 */
static List *
columns_first(List *columns, List *parts)
{
	List	   *read = pull_var_clause((Node *) parts, PVC_RECURSE_PLACEHOLDERS);
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, columns)
	{
		if (list_member(parts, lfirst(lc)) || !list_member(read, lfirst(lc)))
			result = lappend(result, lfirst(lc));
	}
	return list_union(result, parts);
}

/*
 * What the joins read of the relation, of which they need these columns: parts of
 * their conditions, such as created_at::date, which has fewer values than the
 * column.  A column that is in none of these conditions is read otherwise.
 */
static List *
joined_parts(PlannerInfo *root, RelOptInfo *rel, List *columns)
{
	List	   *joined = NIL;
	int			i = -1;
	ListCell   *lc;

	if (root->hasLateralRTEs || root->placeholder_list != NIL)
		return columns;
	foreach(lc, rel->joininfo)
	{
		RestrictInfo *info = lfirst_node(RestrictInfo, lc);
		OpExpr	   *clause = (OpExpr *) info->clause;

		if (IsA(clause, OpExpr) && list_length(clause->args) == 2)
		{
			joined = add_joined_part(joined, rel, linitial(clause->args), info->left_relids);
			joined = add_joined_part(joined, rel, lsecond(clause->args), info->right_relids);
		}
		else
			joined = list_union(joined, columns_read(rel, (Node *) clause));
	}
	while ((i = bms_next_member(rel->eclass_indexes, i)) >= 0)
	{
		EquivalenceClass *ec = list_nth(root->eq_classes, i);

		/* one of a group key only?  An outer join is no table. */
		if (bms_is_subset(bms_intersect(ec->ec_relids, root->all_baserels), rel->relids))
			continue;
		foreach(lc, ad_eclass_members(ec, rel))
		{
			EquivalenceMember *member = lfirst(lc);

			joined = add_joined_part(joined, rel, (Node *) member->em_expr, member->em_relids);
		}
	}
	return columns_first(columns, joined);
}

/*
 * Finds what groups the rows of the relation: what the joins read of it; the group
 * keys that read it; and the query's aggregates.  Returns false if a key has other
 * values for each row of a group.
 */
static bool
find_keys(PlannerInfo *root, RelOptInfo *rel, const AdJoinGroups *groups, AdJoinedKeys *found)
{
	bool		is_tested = groups->side == AD_SIDE_TESTED;
	Relids		above = bms_make_singleton(0);
	List	   *columns = NIL;
	List	   *keys = NIL;
	ListCell   *lc;

	if (!is_tested &&
		!ad_grouping_keys(root, (UpperRelationKind) grouping_stage(root), false, &keys))
		return false;
	keys = ad_use_columns((List *) ad_below_grouping(root, keys), rel->relid, rel);
	found->aggregates = ad_use_columns(groups->aggregates, rel->relid, rel);
	foreach(lc, rel->reltarget->exprs)
	{
		Var		   *var = lfirst(lc);

		if (!IsA(var, Var))
			return false;
		/* is it needed for more than the target list and HAVING? */
		if (is_tested || !bms_is_subset(rel->attr_needed[var->varattno - rel->min_attr], above))
			columns = lappend(columns, var);
	}
	found->joined = joined_parts(root, rel, columns);
	foreach(lc, keys)
	{
		if (contain_volatile_functions(lfirst(lc)))
			return false;
		if (bms_overlap(pull_varnos(root, lfirst(lc)), rel->relids))
			found->keys = lappend(found->keys, lfirst(lc));
	}
	return true;
}

/*
 * Finds the transition states of the aggregates.  Returns false if one is not of the
 * table, has no state that is an SQL value, or is not known for rows of nulls; or if
 * there are grouping sets, which do not combine states.
 */
static bool
find_states(PlannerInfo *root, RelOptInfo *rel, List *aggregates, AdJoinGroups *groups)
{
	ListCell   *lc;

	if (root->parse->groupingSets != NIL)
		return false;
	foreach(lc, aggregates)
	{
		Aggref	   *state = ad_partial_aggref(lfirst(lc));

		if (state == NULL || !bms_is_subset(pull_varnos(root, lfirst(lc)), rel->relids))
			return false;
		groups->states = lappend(groups->states, state);
	}
	return groups->side != AD_SIDE_FILLED || ad_ignores_nulls(root, groups->states);
}

static AdMerges *
make_merges(const AdJoinGroups *groups)
{
	AdMerges   *merges = palloc0(sizeof(AdMerges));

	merges->filled = groups->side == AD_SIDE_FILLED;
	return merges;
}

/*
 * Finds the parts of the aggregates, and how to merge them.  Returns false if there are
 * none.
 */
static bool
find_parts(PlannerInfo *root, AdGroupBuilder *builder, RelOptInfo *rel, List *aggregates,
		   AdJoinGroups *groups)
{
	groups->merges = make_merges(groups);
	if (!ad_merge_aggregates(root, builder, rel, aggregates, groups->merges) ||
		!ad_tell_nulls(root, groups->merges))
		return false;
	groups->states = groups->merges->parts;
	return true;
}

/*
 * Adds keys and aggregates to the groups, the latter as states or, if `in_parts`, as
 * parts.  Returns false if MongoDB cannot compute one.
 *
 * Nothing may fail in MongoDB, because the failure may be in a group that a
 * join or a local condition excludes, where it is no error.
 */
static bool
add_all(PlannerInfo *root, RelOptInfo *rel, AdGroupBuilder *builder, const AdJoinedKeys *keys,
		bool in_parts, AdJoinGroups *groups)
{
	*builder = ad_build_group(rel->fdw_private);
	groups->states = NIL;
	return ad_add_joined_keys(root, builder, rel, keys->joined, keys->keys) &&
		(in_parts ? find_parts(root, builder, rel, keys->aggregates, groups) :
		 find_states(root, rel, keys->aggregates, groups)) &&
		ad_return_states(builder, groups->states) &&
		builder->keys != NIL && builder->values.failures == NIL;
}

/*
 * Describes the groups of the table.  Returns NULL if MongoDB cannot make
 * them, or if they would be as many as the documents.
 */
static AdUpperRelation *
build_groups(PlannerInfo *root, RelOptInfo *rel, AdGroupBuilder *builder, AdJoinGroups *groups)
{
	AdJoinedKeys keys = {0};

	if (!find_keys(root, rel, groups, &keys) ||
		(!add_all(root, rel, builder, &keys, false, groups) && !add_all(root, rel, builder, &keys, true, groups)) ||
		!ad_expects_duplicates(root, rel, builder->keys))
		return NULL;
	return ad_built_relation(rel->fdw_private, builder);
}

/*
 * Makes the groups of several tables, if MongoDB groups one of them.
 */
static void
group_several(PlannerInfo *root, RelOptInfo *rel, AdJoinGroups *groups)
{
	AdJoinedKeys keys = {0};

	if (!find_keys(root, rel, groups, &keys))
		return;
	groups->merges = make_merges(groups);
	groups->groups = ad_append_groups(root, rel, &keys, groups->merges, &groups->columns);
	groups->states = groups->merges->parts;
}

/*
 * Makes the groups of the table.  There are none if MongoDB cannot make them.
 */
static void
group_table(PlannerInfo *root, RelOptInfo *rel, AdJoinGroups *groups)
{
	AdGroupBuilder builder;
	AdUpperRelation *upper = build_groups(root, rel, &builder, groups);

	if (upper == NULL)
		return;
	groups->columns = ad_returned_columns(upper->grouping.tlist);
	groups->groups = ad_groups_relation(root, rel, upper, builder.keys);
}

/* the groups of the table, which are described when they are first asked for */
static AdJoinGroups *
table_groups(PlannerInfo *root, RelOptInfo *rel, AdRelation *relation)
{
	AdJoinGroups *groups = relation->join_groups;

	if (groups != NULL)
		return groups;
	relation->join_groups = groups = palloc0(sizeof(AdJoinGroups));
	groups->side = ad_join_side(root, rel, &groups->tested);
	if (groups->side != AD_SIDE_TESTED &&
		(grouping_stage(root) < 0 || !ad_find_aggregates(root, &groups->aggregates)))
		return groups;
	/* the places of PlaceHolderVars in joins are known to the planner only */
	if (groups->side == AD_SIDE_FILLED && root->placeholder_list != NIL)
		return groups;
	if (root->simple_rte_array[rel->relid]->inh)
		group_several(root, rel, groups);
	else
		group_table(root, rel, groups);
	if (groups->groups == NULL)
		return groups;
	if (groups->merges != NULL)
		groups->merges->aggregates = groups->aggregates;
	if (groups->side == AD_SIDE_FILLED)
		groups->held = ad_hold_states(root, groups->groups, groups->states);
	return groups;
}

/*
 * Returns what stands for the relation if the table is grouped, ready to be
 * joined; NULL if nothing does.
 */
static RelOptInfo *
grouped_relation(AdJoinGroups *groups, const RelOptInfo *rel)
{
	ListCell   *lc;

	if (bms_equal(groups->groups->relids, rel->relids))
		return groups->groups;
	foreach(lc, groups->joins)
	{
		RelOptInfo *join = lfirst(lc);

		if (!bms_equal(join->relids, rel->relids))
			continue;
		/* the joins of so many tables are complete */
		if (join->cheapest_total_path == NULL && join->pathlist != NIL)
			set_cheapest(join);
		return join->pathlist == NIL ? NULL : join;
	}
	return NULL;
}

/*
 * Returns the relation that stands for a join, made if it is new.  It returns
 * what the join does, but of the grouped table only what the groups have.
 */
static RelOptInfo *
grouped_join(PlannerInfo *root, AdJoinGroups *groups, RelOptInfo *rel, RelOptInfo *joinrel)
{
	List	   *exprs = NIL;
	RelOptInfo *join;
	ListCell   *lc;

	foreach(lc, groups->joins)
	{
		if (bms_equal(((RelOptInfo *) lfirst(lc))->relids, joinrel->relids))
			return lfirst(lc);
	}
	foreach(lc, joinrel->reltarget->exprs)
	{
		Var		   *var = lfirst(lc);

		if (!IsA(var, Var) || var->varno != rel->relid ||
			ad_find_column(groups->columns, var) != NULL)
			exprs = lappend(exprs, var);
	}
	join = ad_copy_relation(root, joinrel,
							joinrel->rows * groups->groups->rows / Max(rel->rows, 1),
							list_concat(exprs, groups->held != NIL ? groups->held : groups->states));
	groups->joins = lappend(groups->joins, join);
	return join;
}

/*
 * Whether the conditions have the same result for all rows of a group, and
 * need not be evaluated for each row.
 */
static bool
are_of_groups(const AdJoinGroups *groups, const RelOptInfo *rel, List *conditions)
{
	ListCell   *lc;
	ListCell   *var;

	foreach(lc, conditions)
	{
		Node	   *clause = (Node *) lfirst_node(RestrictInfo, lc)->clause;

		if (contain_volatile_functions(clause) || contain_subplans(clause))
			return false;
		foreach(var, pull_var_clause(clause, PVC_RECURSE_PLACEHOLDERS))
		{
			if (((Var *) lfirst(var))->varno == rel->relid &&
				ad_find_column(groups->columns, lfirst(var)) == NULL)
				return false;
		}
	}
	return true;
}

/* makes the join with the groups in place of the table `rel` of one side */
static void
join_groups(PlannerInfo *root, RelOptInfo *rel, AdJoinGroups *groups, RelOptInfo *joinrel,
			RelOptInfo *outerrel, RelOptInfo *innerrel, JoinType jointype, JoinPathExtraData *extra)
{
	bool		is_outer = bms_is_subset(rel->relids, outerrel->relids);
	RelOptInfo *side;
	RelOptInfo *join;

	if (!are_of_groups(groups, rel, extra->restrictlist))
		return;
	side = grouped_relation(groups, is_outer ? outerrel : innerrel);
	if (side == NULL)
		return;
	join = grouped_join(root, groups, rel, joinrel);
	add_paths_to_joinrel(root, join, is_outer ? side : outerrel, is_outer ? innerrel : side,
						 jointype, extra->sjinfo, extra->restrictlist);
	if (groups->held != NIL)
		ad_drop_parameterized(join);
}

/* is this the planner's own relation, or one that stands for it? */
static bool
is_of_planner(PlannerInfo *root, RelOptInfo *rel)
{
	return rel->reloptkind == RELOPT_BASEREL || find_join_rel(root, rel->relids) == rel;
}

/*
 * Makes the join that looks only whether the side with groups has a row.  It returns
 * the same with groups, so these are paths of the planner's own relation.
 *
 * There are none if rows are locked or changed in the query, because PostgreSQL may
 * then have to check single rows of each table again (EvalPlanQual).
 */
static void
join_tested(PlannerInfo *root, RelOptInfo *rel, AdJoinGroups *groups, RelOptInfo *joinrel,
			RelOptInfo *outerrel, RelOptInfo *innerrel, JoinType jointype, JoinPathExtraData *extra)
{
	RelOptInfo *side;

	if ((jointype != JOIN_SEMI && jointype != JOIN_ANTI) ||
		!bms_equal(extra->sjinfo->syn_righthand, groups->tested) || !is_of_planner(root, innerrel) ||
		ad_may_recheck(root) ||
		!are_of_groups(groups, rel, extra->restrictlist))
		return;
	side = grouped_relation(groups, innerrel);
	if (side != NULL)
		add_paths_to_joinrel(root, joinrel, outerrel, side, jointype, extra->sjinfo, extra->restrictlist);
}

/*
 * set_join_pathlist_hook: adds the joins in which a scan waits for keys, and
 * makes the same join with groups in place of each table of this wrapper.
 *
 * The planner also calls it for the joins that we make, whose sides are not
 * among its own relations.  GEQO forgets the relations that it tries, so it
 * gets none of these.
 */
static void
join_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outerrel, RelOptInfo *innerrel,
		   JoinType jointype, JoinPathExtraData *extra)
{
	int			relid = -1;

	if (next_join_hook != NULL)
		next_join_hook(root, joinrel, outerrel, innerrel, jointype, extra);
	if (joinrel->reloptkind != RELOPT_JOINREL)
		return;
	if (is_own(outerrel) || outerrel->rtekind == RTE_SUBQUERY)
		ad_join_key_paths(root, joinrel, outerrel, innerrel, jointype, extra, true);
	if (is_own(innerrel) || innerrel->rtekind == RTE_SUBQUERY)
		ad_join_key_paths(root, joinrel, outerrel, innerrel, jointype, extra, false);
	if (ad_is_geqo(root) || find_join_rel(root, joinrel->relids) != joinrel)
		return;
	while ((relid = bms_next_member(joinrel->relids, relid)) >= 0)
	{
		RelOptInfo *rel = root->simple_rel_array[relid];
		AdRelation *relation = rel == NULL ? NULL : candidate(root, rel);
		AdJoinGroups *groups = relation == NULL ? NULL : table_groups(root, rel, relation);

		if (groups == NULL || groups->groups == NULL)
			continue;
		if (groups->side == AD_SIDE_TESTED && !bms_is_subset(joinrel->relids, groups->tested))
			join_tested(root, rel, groups, joinrel, outerrel, innerrel, jointype, extra);
		else
			join_groups(root, rel, groups, joinrel, outerrel, innerrel, jointype, extra);
	}
}

/*
 * Gives what the groups have of the table the names that it has in the result of the
 * join, which may have added rows of nulls.  Returns the relation of its rows.
 */
static RelOptInfo *
filled_join(PlannerInfo *root, Index relid, const RelOptInfo *input_rel, AdJoinGroups *groups,
			RelOptInfo *join)
{
	List	   *names = ad_use_columns(groups->states, relid, input_rel);

	if (groups->merges != NULL)
		groups->merges->merged = ad_use_columns(groups->merges->merged, relid, input_rel);
	return groups->held == NIL ? join : ad_name_states(root, join, groups->held, names);
}

/* adds the paths that group the rows of a join with groups */
static void
add_final_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel,
				RelOptInfo *output_rel, const AdJoinGroups *groups, RelOptInfo *join)
{
	bool		has_states = groups->states != NIL;
	PathTarget *target = input_rel->reltarget;
	Path	   *path;

	/*
	 * without parts, what is merged may still be something else, such as a
	 * constant
	 */
	if (groups->merges != NULL &&
		(root->parse->groupingSets != NIL || !equal(groups->merges->merged, groups->merges->aggregates)))
	{
		ad_merge_paths(root, input_rel, output_rel, join, groups->merges);
		return;
	}
	if (has_states)
		target = ad_partial_target(root, stage);
	path = (Path *) create_projection_path(root, join, join->cheapest_total_path, target);
	ad_add_final_paths(root, stage, input_rel, output_rel,
					   has_states ? AGGSPLIT_FINAL_DESERIAL : AGGSPLIT_SIMPLE, path);
}

/*
 * create_upper_paths_hook: adds the paths that group the rows of the joins
 * with groups.
 */
static void
upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel,
			RelOptInfo *output_rel, void *extra)
{
	int			relid = -1;

	if (next_upper_hook != NULL)
		next_upper_hook(root, stage, input_rel, output_rel, extra);
	/* UNION has no input */
	if ((int) stage != grouping_stage(root) || input_rel->reloptkind != RELOPT_JOINREL ||
		output_rel->reloptkind != RELOPT_UPPER_REL)
		return;
	while ((relid = bms_next_member(input_rel->relids, relid)) >= 0)
	{
		RelOptInfo *rel = root->simple_rel_array[relid];
		AdRelation *relation = rel == NULL ? NULL : candidate(root, rel);
		AdJoinGroups *groups;
		RelOptInfo *join;

		if (relation == NULL)
			continue;
		groups = relation->join_groups;
		if (groups == NULL || groups->groups == NULL || groups->side == AD_SIDE_TESTED)
			continue;
		join = grouped_relation(groups, input_rel);
		if (join != NULL && groups->side == AD_SIDE_FILLED)
			join = filled_join(root, relid, input_rel, groups, join);
		if (join != NULL)
			add_final_paths(root, stage, input_rel, output_rel, groups, join);
	}
}

/*
 * Makes the planner call this file for joins and groupings.
 */
void
ad_join_group_init(void)
{
	next_join_hook = set_join_pathlist_hook;
	set_join_pathlist_hook = join_paths;
	next_upper_hook = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
}
