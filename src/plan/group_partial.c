/*
 * group_partial.c
 *	  Groupings that MongoDB does in part.
 *
 * INTERFACE ROUTINES
 *		ad_partial_paths	adds the paths of such a grouping
 *
 * join_group.c, whose groups are below a join, uses the other functions that
 * are not static.
 *
 * If only PostgreSQL can compute a key, such as lower(email), MongoDB groups
 * by the columns that the key reads.  It returns the transition states of the
 * aggregates for each of these groups.  PostgreSQL computes the keys, and
 * combines the states of groups with equal keys.  In the same way it
 * evaluates local conditions on groups instead of rows: what they read are
 * further keys.
 *
 *		Finalize HashAggregate				by lower(email)
 *		  -> Foreign Scan					lower(email), PARTIAL count(*)
 *			   Filter: email ~ '...'		of {$group: {_id: "$email", ...}}
 *
 * A key can be a function that returns a set, such as unnest(tags): all rows of
 * a group have the same set, and the group's states count for each element.
 *
 * Aggregates that do not change if a row occurs again, such as those with
 * DISTINCT, need no states: MongoDB groups by what they read, and PostgreSQL
 * aggregates one row of each group.
 *
 * Both are exact as an expression has the same result for all rows of a group,
 * see group_parts.c.
 */
#include "postgres.h"

#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planner.h"
#include "optimizer/prep.h"
#include "optimizer/tlist.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

#include "base/compat.h"
#include "plan/group_builder.h"
#include "plan/group_call.h"
#include "plan/group_count.h"
#include "plan/group_estimate.h"
#include "plan/group_partial.h"
#include "plan/group_parts.h"
#include "plan/group_state.h"
#include "plan/relation.h"
#include "plan/scan_cost.h"

/*
 * Adds a group key, or, if PostgreSQL computes it, those that it is a function
 * of.  Returns false if there are none such.
 */
bool
ad_add_partial_key(AdGroupBuilder *builder, Node *key)
{
	const AdColumn *column = ad_comparable_column(builder->values.base, key);
	Node	   *expr = column == NULL ? ad_computed_key(builder, key) : NULL;

	if (column == NULL && expr == NULL)
		return ad_add_key_parts(builder, key);
	ad_add_key_with_columns(builder, key, column, expr);
	return true;
}

/*
 * Adds the group keys, see ad_add_partial_key().
 */
bool
ad_add_partial_keys(AdGroupBuilder *builder, List *keys)
{
	ListCell   *lc;

	foreach(lc, keys)
	{
		if (!ad_add_partial_key(builder, lfirst(lc)))
			return false;
	}
	return true;
}

/*
 * Adds the keys with which conditions (RestrictInfos) can be evaluated on
 * groups instead of rows.  Returns false if there are none such.
 */
bool
ad_add_condition_keys(AdGroupBuilder *builder, List *conditions)
{
	ListCell   *lc;

	foreach(lc, conditions)
	{
		if (!ad_add_key_parts(builder, (Node *) lfirst_node(RestrictInfo, lc)->clause))
			return false;
	}
	return true;
}

/*
 * Adds the keys of groups of a table that are joined: what joins read of it, group
 * keys, or what those read of it that read other tables, too, and the keys with which
 * local conditions can be evaluated.  Returns false if something cannot be a key.
 */
bool
ad_add_joined_keys(PlannerInfo *root, AdGroupBuilder *builder, RelOptInfo *table, List *joined, List *keys)
{
	ListCell   *lc;

	foreach(lc, joined)
	{
		if (!ad_add_key_parts(builder, lfirst(lc)))
			return false;
	}
	foreach(lc, keys)
	{
		Node	   *key = lfirst(lc);

		if (!(bms_equal(pull_varnos(root, key), table->relids) ? ad_add_partial_key(builder, key) :
			  ad_add_table_columns(builder, table->relid, key)))
			return false;
	}
	return ad_add_condition_keys(builder, ((AdRelation *) table->fdw_private)->local_conds);
}

/*
 * Adds the key with the values that MongoDB cannot test, if the aggregate
 * counts a column that has such, see group_count.c.
 */
static void
add_count_key(AdGroupBuilder *builder, const Aggref *aggref)
{
	Node	   *argument;
	const AdColumn *column;
	Node	   *key;

	if (aggref->aggfnoid != F_COUNT_ANY || aggref->aggdistinct != NIL)
		return;
	argument = (Node *) linitial_node(TargetEntry, aggref->args)->expr;
	column = ad_expr_read_column(builder->values.base, argument);
	if (column == NULL || column->shippable || (column->type != NULL && column->type->trusted))
		return;
	key = ad_count_key(column);
	if (key != NULL)
		ad_group_add_key(builder->group, NULL, key);
	else if (type_is_enum(column->typid))
		ad_add_key_with_columns(builder, argument, column, NULL);
}

/*
 * Adds the keys that these aggregates need.  Minima and maxima of texts whose order
 * only PostgreSQL knows are found among keys.  Of numerics, those that MongoDB
 * cannot sum are keys, and of counted columns, those that it cannot test.
 */
void
ad_add_aggregate_keys(AdGroupBuilder *builder, const List *exprs)
{
	ListCell   *lc;

	foreach(lc, exprs)
	{
		Aggref	   *aggref = lfirst(lc);
		const AdColumn *numeric;
		Node	   *column;

		if (!IsA(aggref, Aggref))
			continue;
		builder->squares |= ad_is_deviation(aggref);
		column = ad_collated_extreme(builder, aggref);
		if (column != NULL)
			ad_add_key_with_columns(builder, column,
									ad_comparable_column(builder->values.base, column), NULL);
		numeric = ad_numeric_argument(builder, aggref);
		if (numeric != NULL)
			ad_group_add_key(builder->group, NULL, ad_numeric_key(builder->values.base, numeric));
		add_count_key(builder, aggref);
	}
}

/*
 * Adds the keys in the target of the stage to `keys`, and the aggregates and
 * columns of all else in it and in HAVING to *others.
 */
void
ad_split_keys(PlannerInfo *root, UpperRelationKind stage, PathTarget *keys, List **others)
{
	PathTarget *target = root->upper_targets[stage];
	List	   *exprs = NIL;
	ListCell   *lc;

	foreach(lc, target->exprs)
	{
		Index		ref = get_pathtarget_sortgroupref(target, foreach_current_index(lc));

		if (ref != 0 && get_sortgroupref_clause_noerr(ref, ad_grouping_clause(root, stage)) != NULL)
			add_column_to_pathtarget(keys, lfirst(lc), ref);
		else
			exprs = lappend(exprs, lfirst(lc));
	}
	if (stage == UPPERREL_GROUP_AGG)
		exprs = lappend(exprs, root->parse->havingQual);
	*others = pull_var_clause((Node *) exprs,
							  PVC_INCLUDE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS |
							  PVC_INCLUDE_PLACEHOLDERS);
}

/*
 * Whether the transition state of the aggregate is, or can be made, an SQL
 * value.
 */
bool
ad_has_state(const Aggref *aggref)
{
	return aggref->aggdistinct == NIL &&
		(aggref->aggtranstype != INTERNALOID || ad_state_is_made(aggref->aggfnoid));
}

/*
 * Returns a copy of the aggregate that stands for its transition state; NULL
 * if there is none, see ad_has_state().
 */
Aggref *
ad_partial_aggref(Aggref *aggref)
{
	Aggref	   *partial;

	if (!ad_has_state(aggref))
		return NULL;
	partial = copyObject(aggref);
	mark_partial_aggref(partial, AGGSPLIT_INITIAL_SERIAL);
	return partial;
}

/*
 * Returns what the final grouping reads: the keys, and the transition states
 * of the aggregates in the target list and in HAVING.  NULL if there is no
 * state of one, see ad_partial_aggref().
 */
PathTarget *
ad_partial_target(PlannerInfo *root, UpperRelationKind stage)
{
	PathTarget *partial = create_empty_pathtarget();
	List	   *others;
	ListCell   *lc;

	ad_split_keys(root, stage, partial, &others);
	add_new_columns_to_pathtarget(partial, others);
	foreach(lc, partial->exprs)
	{
		Aggref	   *aggref = lfirst(lc);

		if (IsA(aggref, GroupingFunc))
			return NULL;
		if (!IsA(aggref, Aggref))
			continue;
		aggref = ad_partial_aggref(aggref);
		if (aggref == NULL)
			return NULL;
		lfirst(lc) = aggref;
	}
	return set_pathtarget_cost_width(root, partial);
}

/*
 * Adds the states to what the scan returns.  Returns false if MongoDB cannot
 * compute one.
 */
static bool
add_states(AdGroupBuilder *builder, const PathTarget *target)
{
	List	   *keys = NIL;
	ListCell   *lc;

	foreach(lc, target->exprs)
	{
		if (IsA(lfirst(lc), Aggref))
			builder->tlist = add_to_flat_tlist(builder->tlist, list_make1(lfirst(lc)));
		else
			keys = list_concat(keys, pull_var_clause(lfirst(lc), PVC_INCLUDE_PLACEHOLDERS));
	}
	foreach(lc, keys)
	{
		if (tlist_member(lfirst(lc), builder->tlist) == NULL)
			return false;
	}
	return builder->tlist != NIL && ad_build_outputs(builder);
}

/*
 * Adds states, or other aggregates whose groups PostgreSQL combines, to what
 * the scan returns.  Returns false if MongoDB cannot compute one.
 */
bool
ad_return_states(AdGroupBuilder *builder, List *states)
{
	ad_add_aggregate_keys(builder, states);
	builder->tlist = add_to_flat_tlist(builder->tlist, states);
	return builder->tlist != NIL && ad_build_outputs(builder);
}

/*
 * Whether repeating a row changes nothing.
 */
bool
ad_ignores_repetition(const Aggref *aggref)
{
	if (aggref->aggkind != AGGKIND_NORMAL)
		return false;
	/* a minimum or maximum, those of booleans included, has a sort operator */
	return aggref->aggdistinct != NIL || OidIsValid(ad_aggregate_row(aggref->aggfnoid).aggsortop);
}

/*
 * Returns what a scan returns for aggregates of distinct rows: the keys, and the
 * columns that the aggregates in the target list and in HAVING read.  Sets *read
 * to the expressions that read them.  NULL if an aggregate depends on how often
 * rows occur.
 */
PathTarget *
ad_distinct_target(PlannerInfo *root, List **read)
{
	PathTarget *rows = create_empty_pathtarget();
	List	   *others;
	ListCell   *lc;

	ad_split_keys(root, UPPERREL_GROUP_AGG, rows, &others);
	*read = list_copy(rows->exprs);
	foreach(lc, others)
	{
		Aggref	   *aggref = lfirst(lc);

		/* since PostgreSQL 16, keys that are constant are not in the clause */
		if (IsA(aggref, GroupingFunc))
			return NULL;
		if (!IsA(aggref, Aggref))
			*read = lappend(*read, aggref);
		else if (ad_ignores_repetition(aggref))
			*read = lappend(*read, list_make2(aggref->args, aggref->aggfilter));
		else
			return NULL;
		add_new_columns_to_pathtarget(rows, pull_var_clause(llast(*read), 0));
	}
	return set_pathtarget_cost_width(root, rows);
}

/*
 * Builds the groups of distinct rows, of which these expressions read columns.
 * Returns false if MongoDB cannot make them, or if nothing is read.
 */
bool
ad_build_distinct_rows(AdGroupBuilder *builder, List *read, List *conditions)
{
	ListCell   *lc;

	if (!ad_add_condition_keys(builder, conditions))
		return false;
	foreach(lc, read)
	{
		if (!ad_add_key_parts(builder, lfirst(lc)))
			return false;
	}
	return builder->tlist != NIL && ad_build_outputs(builder);
}

/*
 * Returns a copy of a relation without paths, for the same rows in groups.
 * It stands for a join, so that it is planned by what its paths say only.
 */
RelOptInfo *
ad_copy_relation(PlannerInfo *root, const RelOptInfo *rel, double rows, List *exprs)
{
	RelOptInfo *copy = makeNode(RelOptInfo);
	PathTarget *target = create_empty_pathtarget();

	copy->reloptkind = RELOPT_JOINREL;
	copy->relids = rel->relids;
	copy->rows = clamp_row_est(rows);
	copy->consider_startup = rel->consider_startup;
	copy->consider_param_startup = rel->consider_param_startup;
	copy->rtekind = RTE_JOIN;
	ad_copy_path_kinds(copy, rel);
	add_new_columns_to_pathtarget(target, exprs);
	copy->reltarget = set_pathtarget_cost_width(root, target);
	return copy;
}

/*
 * Makes a relation that of MongoDB's groups of a table.  PostgreSQL evaluates
 * its conditions as it does those of the table.
 */
void
ad_set_groups(RelOptInfo *rel, const RelOptInfo *table, AdUpperRelation *upper)
{
	AdRelation *relation = table->fdw_private;

	rel->serverid = table->serverid;
	rel->userid = table->userid;
	rel->useridiscurrent = table->useridiscurrent;
	rel->fdwroutine = table->fdwroutine;
	rel->baserestrictinfo = relation->local_conds;
	rel->fdw_private = upper;
}

/*
 * Returns the path of the scan that returns the groups of a table, and sets
 * their number.  `rel` is the groups' relation, whose conditions PostgreSQL
 * evaluates.
 */
Path *
ad_partial_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *rel, List *keys)
{
	AdUpperRelation *upper = rel->fdw_private;
	AdScanWork	work = ad_scan_work(root, input_rel, NIL);
	double		groups = ad_estimate_groups(root, input_rel, keys, work.documents);
	Cost		startup_cost;
	Cost		total_cost;

	upper->rows = clamp_row_est(groups *
								clauselist_selectivity(root, rel->baserestrictinfo, input_rel->relid,
													   JOIN_INNER, NULL));
	upper->grouping_cost = ad_grouping_cost(input_rel->fdw_private, work.documents);
	work.sent = groups;
	work.shared = 0;
	work.rows = upper->rows;
	work.target = rel->reltarget;
	ad_upper_cost(root, upper, &work, &startup_cost, &total_cost);
	return (Path *)
		ad_create_foreign_upper_path(root, rel, rel->reltarget, upper->rows,
									 startup_cost, total_cost, NIL, upper->subquery, NIL);
}

/*
 * Returns a relation of the groups of a table, with its path, that can be
 * joined or merged.
 */
RelOptInfo *
ad_groups_relation(PlannerInfo *root, RelOptInfo *table, AdUpperRelation *upper, List *keys)
{
	RelOptInfo *groups = ad_copy_relation(root, table, 0,
										  get_tlist_exprs(upper->grouping.tlist, true));

	ad_set_groups(groups, table, upper);
	add_path(groups, ad_partial_path(root, table, groups, keys));
	groups->rows = upper->rows;
	set_cheapest(groups);
	return groups;
}

/*
 * Returns the paths that group what `path` returns: by hashing, by sorting, or
 * to one row.  `split` says whether they combine states.  The rows of
 * input_rel are those that would be grouped otherwise.
 */
List *
ad_agg_paths(PlannerInfo *root, UpperRelationKind stage, const RelOptInfo *input_rel,
			 RelOptInfo *rel, PathTarget *target, List *having, AggSplit split, Path *path)
{
	bool		is_distinct = stage == UPPERREL_DISTINCT;
	List	   *clause = ad_grouping_clause(root, stage);
	List	   *pathkeys = is_distinct ? root->distinct_pathkeys : root->group_pathkeys;
	List	   *keys = get_sortgrouplist_exprs(clause, root->parse->targetList);
	AggClauseCosts costs = {0};
	List	   *paths = NIL;
	double		groups = input_rel->reloptkind == RELOPT_BASEREL && input_rel->fdw_private != NULL ?
	ad_estimate_groups(root, unconstify(RelOptInfo *, input_rel), keys, input_rel->rows) :
	estimate_num_groups(root, keys, input_rel->rows, NULL, NULL);

	if (root->parse->hasAggs)
		get_agg_clause_costs(root, split, &costs);
	if (clause != NIL && grouping_is_hashable(clause) && (is_distinct || root->numOrderedAggs == 0))
		paths = lappend(paths, create_agg_path(root, rel, path, target, AGG_HASHED, split,
											   clause, having, &costs, groups));
	if (!grouping_is_sortable(clause))
		return paths;
	if (pathkeys != NIL)
		path = (Path *) create_sort_path(root, rel, path, pathkeys, -1);
	return lappend(paths, create_agg_path(root, rel, path, target,
										  is_distinct || root->parse->groupClause != NIL ? AGG_SORTED : AGG_PLAIN,
										  split, clause, having, &costs, groups));
}

/*
 * Adds the paths that make the result of the stage from what `path` returns,
 * see ad_agg_paths().
 */
void
ad_add_final_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel,
				   RelOptInfo *output_rel, AggSplit split, Path *path)
{
	List	   *having = stage == UPPERREL_DISTINCT ? NIL : (List *) root->parse->havingQual;
	ListCell   *lc;

	foreach(lc, ad_agg_paths(root, stage, input_rel, output_rel, root->upper_targets[stage],
							 having, split, path))
		add_path(output_rel, lfirst(lc));
}

/*
 * Builds the group whose states PostgreSQL combines: the scan returns the
 * target (see ad_partial_target()).  Returns false if MongoDB cannot make it.
 */
bool
ad_build_states(AdGroupBuilder *builder, const PathTarget *target, List *keys, List *conditions)
{
	if (!ad_add_partial_keys(builder, keys) || !ad_add_condition_keys(builder, conditions))
		return false;
	ad_add_aggregate_keys(builder, target->exprs);
	return add_states(builder, target);
}

/*
 * Whether MongoDB may group the documents of the relation in part; sets *keys
 * to those of the stage.
 */
bool
ad_is_partly_grouped(PlannerInfo *root, UpperRelationKind stage, const RelOptInfo *input_rel,
					 const RelOptInfo *output_rel, List **keys)
{
	const AdRelation *relation = input_rel->fdw_private;

	if (input_rel->reloptkind != RELOPT_BASEREL || output_rel->reloptkind != RELOPT_UPPER_REL ||
		relation == NULL || !relation->options->enable_aggregate_pushdown ||
		!ad_grouping_keys(root, stage, root->parse->groupingSets == NIL, keys))
		return false;
	*keys = (List *) ad_below_grouping(root, *keys);
	return true;
}

/*
 * Returns the finished groups of the table, some of whose conditions
 * PostgreSQL may evaluate on them; NULL if they are too many or too large.
 */
AdUpperRelation *
ad_partial_relation(PlannerInfo *root, RelOptInfo *table, const AdGroupBuilder *builder)
{
	AdRelation *relation = table->fdw_private;

	/*
	 * A failure may be in a group that a local condition excludes, where it
	 * is no error.
	 */
	if (!ad_expects_duplicates(root, table, builder->keys) ||
		(relation->local_conds != NIL && builder->values.failures != NIL))
		return NULL;
	return ad_built_relation(relation, builder);
}

/*
 * Adds keys for the arguments of keys that are functions that return sets, and
 * removes those from *keys.  Returns false if a set is only a part of a key, or
 * if it is not the same for all rows of a group.
 */
static bool
add_set_arguments(AdGroupBuilder *builder, List **keys)
{
	List	   *others = NIL;
	ListCell   *lc;

	foreach(lc, *keys)
	{
		Node	   *key = lfirst(lc);

		if (!expression_returns_set(key))
			others = lappend(others, key);
		else if (!IsA(key, FuncExpr) || contain_volatile_functions(key) ||
				 !ad_add_key_parts(builder, (Node *) ((FuncExpr *) key)->args))
			return false;
	}
	*keys = others;
	return true;
}

/* the target with the columns that sets are made from in place of these */
static PathTarget *
without_sets(PlannerInfo *root, const PathTarget *target)
{
	PathTarget *others = create_empty_pathtarget();
	ListCell   *lc;

	foreach(lc, target->exprs)
	{
		if (expression_returns_set(lfirst(lc)))
			add_new_columns_to_pathtarget(others, pull_var_clause(lfirst(lc), 0));
		else
			add_column_to_pathtarget(others, lfirst(lc),
									 get_pathtarget_sortgroupref(target, foreach_current_index(lc)));
	}
	return set_pathtarget_cost_width(root, others);
}

/*
 * Returns the path of the groups, as ad_partial_path() does, with the target.
 * PostgreSQL makes the sets in it of what the scan returns.
 */
static Path *
path_with_sets(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *rel, List *keys,
			   PathTarget *target)
{
	bool		has_sets = expression_returns_set((Node *) target->exprs);
	Path	   *path;

	rel->reltarget = has_sets ? without_sets(root, target) : target;
	path = ad_partial_path(root, input_rel, rel, keys);
	return has_sets ? (Path *) create_set_projection_path(root, rel, path, target) : path;
}

/*
 * UPPERREL_GROUP_AGG and UPPERREL_DISTINCT, if MongoDB cannot do the whole
 * grouping: adds paths in which it groups by what keys and local conditions
 * read.  Returns false if there are none.
 */
bool
ad_partial_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel,
				 RelOptInfo *output_rel)
{
	AdRelation *relation = input_rel->fdw_private;
	AggSplit	split = root->parse->hasAggs ? AGGSPLIT_FINAL_DESERIAL : AGGSPLIT_SIMPLE;
	AdGroupBuilder builder;
	AdUpperRelation *upper;
	PathTarget *target;
	RelOptInfo *rel;
	List	   *keys;
	List	   *read;

	/* states are not combined by grouping sets */
	if ((stage == UPPERREL_GROUP_AGG && root->parse->groupingSets != NIL) ||
		!ad_is_partly_grouped(root, stage, input_rel, output_rel, &keys))
		return false;
	builder = ad_build_group(relation);
	target = ad_partial_target(root, stage);
	if (target != NULL && (!add_set_arguments(&builder, &keys) ||
						   !ad_build_states(&builder, target, keys, relation->local_conds)))
		target = NULL;
	if (target == NULL && stage == UPPERREL_GROUP_AGG)
	{
		split = AGGSPLIT_SIMPLE;
		builder = ad_build_group(relation);
		target = ad_distinct_target(root, &read);
		if (target != NULL && !ad_build_distinct_rows(&builder, read, relation->local_conds))
			target = NULL;
	}
	upper = target == NULL ? NULL : ad_partial_relation(root, input_rel, &builder);
	if (upper == NULL)
		return false;
	rel = fetch_upper_rel(root, UPPERREL_PARTIAL_GROUP_AGG, output_rel->relids);
	ad_set_groups(rel, input_rel, upper);
	ad_add_final_paths(root, stage, input_rel, output_rel, split,
					   path_with_sets(root, input_rel, rel, builder.keys, target));
	return true;
}
