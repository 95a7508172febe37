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
 * evaluates local conditions on groups instead of rows, if all columns that
 * they read are keys.
 *
 *		Finalize HashAggregate				by lower(email)
 *		  -> Foreign Scan					lower(email), PARTIAL count(*)
 *			   Filter: email ~ '...'		of {$group: {_id: "$email", ...}}
 *
 * This is exact if an expression has the same result for all rows of a group.
 * So it may only read columns of types whose equal values are identical.
 * Double precision is not one of them, because 0 equals -0.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planner.h"
#include "optimizer/prep.h"
#include "optimizer/tlist.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "plan/group_builder.h"
#include "plan/group_partial.h"
#include "plan/relation.h"
#include "plan/scan_cost.h"
#include "translate/group_key.h"

/*
 * Returns the translation of a group key, or NULL.  If it fails, the builder
 * is unchanged.
 */
static Node *
computed_key(AdGroupBuilder *builder, Node *key)
{
	AdExprContext *base = builder->values.base;
	AdExprContext context = *base;
	AdValueContext values = builder->values;
	Node	   *expr;

	context.slots = list_copy(context.slots);
	context.bindings = list_copy(context.bindings);
	context.bound = bms_copy(context.bound);
	values.base = &context;
	values.columns = list_copy(values.columns);
	values.failures = list_copy(values.failures);
	expr = ad_key_expr(&values, key, false);
	if (expr == NULL || contain_volatile_functions(key))
		return NULL;
	*base = context;
	values.base = base;
	builder->values = values;
	return expr;
}

/*
 * Whether the expression has the same result for any two rows with equal
 * columns.
 */
static bool
is_function_of_columns(AdGroupBuilder *builder, Node *node)
{
	ListCell   *lc;

	if (contain_volatile_functions(node) || contain_subplans(node) || expression_returns_set(node))
		return false;
	foreach(lc, pull_var_clause(node, PVC_INCLUDE_PLACEHOLDERS))
	{
		const AdColumn *column = ad_comparable_column(builder->values.base, lfirst(lc));

		if (column == NULL || column->type->class == AD_CLASS_FLOAT)
			return false;
	}
	return true;
}

/* adds a key, see ad_group_add_key(); the scan returns its columns */
static void
add_partial_key(AdGroupBuilder *builder, Node *key, const AdColumn *column, Node *expr)
{
	ad_group_add_key(builder->group, column, expr);
	builder->keys = list_append_unique(builder->keys, key);
	builder->tlist = add_to_flat_tlist(builder->tlist, pull_var_clause(key, 0));
}

/*
 * Makes the expression a function of the group's keys, by adding the columns
 * that it reads.  Returns false if groups of these columns could have several
 * values of it; the builder may be changed all the same.
 */
bool
ad_add_key_parts(AdGroupBuilder *builder, Node *node)
{
	ListCell   *lc;

	if (!is_function_of_columns(builder, node))
		return false;
	foreach(lc, pull_var_clause(node, 0))
		add_partial_key(builder, lfirst(lc),
						ad_comparable_column(builder->values.base, lfirst(lc)), NULL);
	return true;
}

/*
 * Adds a group key, or, if PostgreSQL computes it, what it is a function of.
 * Returns false if that cannot be done.
 */
bool
ad_add_partial_key(AdGroupBuilder *builder, Node *key)
{
	const AdColumn *column = ad_comparable_column(builder->values.base, key);
	Node	   *expr = column == NULL ? computed_key(builder, key) : NULL;

	if (column == NULL && expr == NULL)
		return ad_add_key_parts(builder, key);
	add_partial_key(builder, key, column, expr);
	return true;
}

/* adds the group keys, see ad_add_partial_key() */
static bool
add_partial_keys(AdGroupBuilder *builder, List *keys)
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
 * Whether the conditions (RestrictInfos) can be evaluated on groups instead
 * of rows.
 */
static bool
are_of_keys(AdGroupBuilder *builder, List *conditions)
{
	ListCell   *lc;

	foreach(lc, conditions)
	{
		Node	   *clause = (Node *) lfirst_node(RestrictInfo, lc)->clause;

		if (!is_function_of_columns(builder, clause) ||
			list_difference(pull_var_clause(clause, 0), builder->keys) != NIL)
			return false;
	}
	return true;
}

/*
 * Returns a copy of the aggregate that stands for its transition state; NULL
 * if that is not an SQL value.
 */
Aggref *
ad_partial_aggref(Aggref *aggref)
{
	Aggref	   *partial;

	if (aggref->aggtranstype == INTERNALOID || aggref->aggdistinct != NIL)
		return NULL;
	partial = copyObject(aggref);
	mark_partial_aggref(partial, AGGSPLIT_INITIAL_SERIAL);
	return partial;
}

/*
 * Returns what the final grouping reads: the keys, and the transition states
 * of the aggregates in the target list and in HAVING.  NULL if the state of
 * one is not an SQL value.
 */
PathTarget *
ad_partial_target(PlannerInfo *root, UpperRelationKind stage)
{
	PathTarget *target = root->upper_targets[stage];
	PathTarget *partial = create_empty_pathtarget();
	List	   *others = NIL;
	ListCell   *lc;

	foreach(lc, target->exprs)
	{
		Index		ref = get_pathtarget_sortgroupref(target, foreach_current_index(lc));

		if (ref != 0 && get_sortgroupref_clause_noerr(ref, ad_grouping_clause(root, stage)) != NULL)
			add_column_to_pathtarget(partial, lfirst(lc), ref);
		else
			others = lappend(others, lfirst(lc));
	}
	if (stage == UPPERREL_GROUP_AGG)
		others = lappend(others, root->parse->havingQual);
	add_new_columns_to_pathtarget(partial,
								  pull_var_clause((Node *) others,
												  PVC_INCLUDE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS |
												  PVC_INCLUDE_PLACEHOLDERS));
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
 * Whether repeating a row changes nothing.
 */
bool
ad_ignores_repetition(const Aggref *aggref)
{
	HeapTuple	tuple;
	bool		is_extreme;

	if (aggref->aggkind != AGGKIND_NORMAL)
		return false;
	if (aggref->aggdistinct != NIL)
		return true;
	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggref->aggfnoid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", aggref->aggfnoid);
	/* a minimum or maximum, those of booleans included */
	is_extreme = OidIsValid(((Form_pg_aggregate) GETSTRUCT(tuple))->aggsortop);
	ReleaseSysCache(tuple);
	return is_extreme;
}

/* the estimated number of groups among that many documents of the table */
static double
group_count(PlannerInfo *root, RelOptInfo *rel, List *keys, double documents)
{
	double		rows = rel->rows;
	double		groups;

	/*
	 * estimate_num_groups() reads rel->rows, which counts only the rows that
	 * pass the local conditions.
	 */
	rel->rows = documents;
	groups = estimate_num_groups(root, keys, documents, NULL, NULL);
	rel->rows = rows;
	return groups;
}

/*
 * Whether many documents can be expected to have the same keys.  An instant
 * or a double without statistics is expected not to repeat.
 */
bool
ad_have_duplicates(PlannerInfo *root, RelOptInfo *rel, AdGroupBuilder *builder)
{
	ListCell   *lc;

	foreach(lc, builder->keys)
	{
		const AdColumn *column = ad_comparable_column(builder->values.base, lfirst(lc));
		VariableStatData data;
		bool		is_default;

		if (column == NULL || (column->type->class != AD_CLASS_INSTANT &&
							   column->type->class != AD_CLASS_FLOAT))
			continue;
		examine_variable(root, lfirst(lc), 0, &data);
		(void) get_variable_numdistinct(&data, &is_default);
		ReleaseVariableStats(data);
		if (is_default)
			return false;
	}
	return group_count(root, rel, builder->keys, rel->tuples) < rel->tuples / 2;
}

/*
 * Makes the relation of MongoDB's groups.  PostgreSQL evaluates its
 * conditions as it does those of a table.
 */
static RelOptInfo *
partial_relation(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel,
				 AdUpperRelation *upper, PathTarget *target)
{
	AdRelation *relation = input_rel->fdw_private;
	RelOptInfo *rel = fetch_upper_rel(root, UPPERREL_PARTIAL_GROUP_AGG, output_rel->relids);

	rel->serverid = input_rel->serverid;
	rel->userid = input_rel->userid;
	rel->useridiscurrent = input_rel->useridiscurrent;
	rel->fdwroutine = input_rel->fdwroutine;
	rel->reltarget = target;
	rel->baserestrictinfo = relation->local_conds;
	rel->fdw_private = upper;
	return rel;
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
	double		groups = group_count(root, input_rel, keys, work.documents);
	Cost		startup_cost;
	Cost		total_cost;

	upper->rows = clamp_row_est(groups *
								clauselist_selectivity(root, rel->baserestrictinfo, input_rel->relid,
													   JOIN_INNER, NULL));
	upper->grouping_cost = ad_grouping_cost(work.documents);
	work.sent = groups;
	work.rows = upper->rows;
	work.target = rel->reltarget;
	ad_groups_cost(root, &work, upper->grouping_cost, &startup_cost, &total_cost);
	return (Path *)
		ad_create_foreign_upper_path(root, rel, rel->reltarget, upper->rows,
									 startup_cost, total_cost, NIL, NULL, NIL);
}

/*
 * Adds the paths that group what `path` returns, and combine states if `split`
 * says so: by hashing, by sorting, or to one row.
 */
void
ad_add_final_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *output_rel,
				   Path *path, AggSplit split, double rows)
{
	bool		is_distinct = stage == UPPERREL_DISTINCT;
	PathTarget *target = root->upper_targets[stage];
	List	   *clause = ad_grouping_clause(root, stage);
	List	   *pathkeys = is_distinct ? root->distinct_pathkeys : root->group_pathkeys;
	List	   *having = is_distinct ? NIL : (List *) root->parse->havingQual;
	AggClauseCosts costs = {0};
	double		groups = estimate_num_groups(root, get_sortgrouplist_exprs(clause, root->parse->targetList),
											 rows, NULL, NULL);

	if (root->parse->hasAggs)
		get_agg_clause_costs(root, split, &costs);
	if (clause != NIL && grouping_is_hashable(clause) && (is_distinct || root->numOrderedAggs == 0))
		add_path(output_rel, (Path *)
				 create_agg_path(root, output_rel, path, target, AGG_HASHED, split,
								 clause, having, &costs, groups));
	if (!grouping_is_sortable(clause))
		return;
	if (pathkeys != NIL)
		path = (Path *) create_sort_path(root, output_rel, path, pathkeys, -1);
	add_path(output_rel, (Path *)
			 create_agg_path(root, output_rel, path, target,
							 clause == NIL ? AGG_PLAIN : AGG_SORTED, split,
							 clause, having, &costs, groups));
}

/*
 * UPPERREL_GROUP_AGG and UPPERREL_DISTINCT, if MongoDB cannot do the whole
 * grouping: adds paths in which it groups by the columns that keys and local
 * conditions read.
 */
void
ad_partial_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel,
				 RelOptInfo *output_rel)
{
	AdRelation *relation = input_rel->fdw_private;
	AdGroupBuilder builder;
	AdUpperRelation *upper;
	PathTarget *target;
	RelOptInfo *rel;
	List	   *keys;

	/* without keys, a local condition has no columns that it may read */
	if (input_rel->reloptkind != RELOPT_BASEREL ||
		output_rel->reloptkind != RELOPT_UPPER_REL || relation == NULL ||
		!relation->options->enable_aggregate_pushdown ||
		(stage == UPPERREL_GROUP_AGG && root->parse->groupingSets != NIL) ||
		!ad_grouping_keys(root, stage, &keys) || keys == NIL)
		return;
	builder = ad_build_group(relation);
	target = ad_partial_target(root, stage);
	if (target == NULL || !add_partial_keys(&builder, keys) ||
		!are_of_keys(&builder, relation->local_conds) ||
		!add_states(&builder, target) || !ad_have_duplicates(root, input_rel, &builder))
		return;

	/*
	 * A failure may be in a group that a local condition excludes, where it
	 * is no error.
	 */
	if (relation->local_conds != NIL && builder.values.failures != NIL)
		return;
	upper = ad_built_relation(relation, &builder);
	if (upper == NULL)
		return;
	rel = partial_relation(root, input_rel, output_rel, upper, target);
	ad_add_final_paths(root, stage, output_rel,
					   ad_partial_path(root, input_rel, rel, builder.keys),
					   root->parse->hasAggs ? AGGSPLIT_FINAL_DESERIAL : AGGSPLIT_SIMPLE,
					   input_rel->rows);
}
