/*
 * group_subquery.c
 *	  Groupings of the groups of a subquery in MongoDB.
 *
 * INTERFACE ROUTINES
 *		ad_group_subquery_init	makes the planner call this file
 *
 *		SELECT avg(n) FROM (SELECT status, count(*) AS n FROM calls GROUP BY status) s
 *
 * If MongoDB can do the whole grouping of the subquery, its groups are the
 * documents of a further $group, in the same pipeline.  A column of the
 * subquery is an expression of what its groups return, as in HAVING.
 *
 * The plan of the subquery is below the scan, so that PostgreSQL checks the
 * rights on its table, and plans again if the table changes.  It never runs,
 * and the executor ends it before EXPLAIN shows it.
 *
 * Errors of the subquery's groups must not get lost, so the guards of these
 * have guards in the outer groups.
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planner.h"
#include "optimizer/tlist.h"
#include "utils/selfuncs.h"

#include "plan/branch.h"
#include "plan/group_builder.h"
#include "plan/group_plan.h"
#include "plan/group_quick.h"
#include "plan/group_result.h"
#include "plan/group_stages.h"
#include "plan/group_subquery.h"
#include "plan/having.h"
#include "plan/scan_plan.h"
#include "plan/subquery_limit.h"
#include "query/avoid.h"
#include "query/budget.h"
#include "query/type_tests.h"
#include "translate/group_key.h"

/* what is grouped: the groups of a subquery */
typedef struct AdSubquery
{
	RelOptInfo *rel;			/* the subquery, in the outer query */
	AdUpperRelation *groups;
	AdExprContext *context;		/* of the outer grouping */
	List	   *columns;		/* SQL expressions of the subquery's columns
								 * (TargetEntry) */
	AdValue   **values;			/* of its columns; NULL until asked for */
	List	   *failures;		/* AdFailure: of these values */
	Bitmapset  *returned;		/* positions of what the groups return and the
								 * outer groups do, too */
} AdSubquery;

static create_upper_paths_hook_type next_upper_hook = NULL;

/* whether the rows of a query are those of its one grouping, which is no other's */
static bool
is_only_grouped(const Query *query)
{
	bool		is_grouped = query->hasAggs || query->groupClause != NIL || query->havingQual != NULL;

	return !query->hasWindowFuncs && !query->hasTargetSRFs && query->setOperations == NULL &&
		query->groupingSets == NIL && query->limitCount == NULL && query->limitOffset == NULL &&
		query->rowMarks == NIL && !query->hasDistinctOn &&
		is_grouped != (query->distinctClause != NIL);
}

/*
 * Returns the relation of the grouping that `rel` is if it is a subquery, and
 * MongoDB does all of it; else NULL.
 */
RelOptInfo *
ad_groups_of_subquery(RelOptInfo *rel)
{
	PlannerInfo *subroot = rel->subroot;
	UpperRelationKind stage;
	RelOptInfo *grouped;
	AdUpperRelation *groups;

	if (rel->reloptkind != RELOPT_BASEREL || rel->rtekind != RTE_SUBQUERY || subroot == NULL ||
		IS_DUMMY_REL(rel) || rel->baserestrictinfo != NIL || !bms_is_empty(rel->lateral_relids) ||
		!is_only_grouped(subroot->parse))
		return NULL;
	stage = subroot->parse->distinctClause != NIL ? UPPERREL_DISTINCT : UPPERREL_GROUP_AGG;
	grouped = fetch_upper_rel(subroot, stage, NULL);
	groups = grouped->fdw_private;
	if (groups == NULL || grouped->fdwroutine == NULL ||
		grouped->fdwroutine->GetForeignRelSize != ad_get_foreign_rel_size ||
		groups->grouping.group == NULL || groups->having != NIL || groups->query->single_row)
		return NULL;
	/* without the subquery's own plan nothing would call these */
	if (contain_volatile_functions((Node *) subroot->processed_tlist) ||
		ad_has_local_param((Node *) subroot->processed_tlist) ||
		ad_has_local_param((Node *) groups->grouping.context->slots))
		return NULL;
	return grouped;
}

/*
 * The context of the outer grouping.  No column of its query is one of the
 * table, so that it has a relation without any.
 */
static AdExprContext *
outer_context(const AdExprContext *of_groups)
{
	AdExprContext *context = palloc0(sizeof(AdExprContext));

	context->rel = makeNode(RelOptInfo);
	context->rel->userid = of_groups->rel->userid;
	context->relid = of_groups->relid;
	context->options = of_groups->options;
	context->root = of_groups->root;
	context->lazy = of_groups->lazy;
	context->columns = palloc0(sizeof(AdColumn *));
	context->slots = list_copy(of_groups->slots);
	return context;
}

/* whether the expression is a column of the subquery */
static bool
is_column(const AdSubquery *subquery, Node *node)
{
	Var		   *var = (Var *) node;

	return IsA(var, Var) && var->varno == subquery->rel->relid && var->varlevelsup == 0 &&
		var->varattno > 0;
}

/*
 * AdValueLookup for the columns of the subquery.
 *
 * The subquery computes a column for each of its rows, so its failures do not
 * depend on a FILTER or a CASE of the outer query.
 */
static bool
lookup_column(AdValueContext *context, Node *node, AdValue *value)
{
	AdSubquery *subquery = context->lookup_arg;
	Var		   *var = (Var *) node;
	AdValue    *known;

	if (!is_column(subquery, node))
		return false;
	known = subquery->values[var->varattno];
	if (known == NULL)
	{
		TargetEntry *column = list_nth_node(TargetEntry, subquery->columns, var->varattno - 1);
		AdGrouping	grouping = subquery->groups->grouping;
		AdValueContext values;

		grouping.context = context->base;
		values = ad_having_context(&grouping);
		known = palloc(sizeof(AdValue));
		if (!ad_value(&values, (Node *) column->expr, known) || values.columns != NIL)
			return false;
		(void) ad_value_let(&values, known);
		subquery->failures = list_concat(subquery->failures, values.failures);
		subquery->values[var->varattno] = known;
	}
	*value = *known;
	return true;
}

/* what the groups of the subquery return for an expression, or NULL */
static AdOutput *
returned(const AdSubquery *subquery, Node *node)
{
	const AdGrouping *grouping = &subquery->groups->grouping;
	TargetEntry *entry = tlist_member((Expr *) node, grouping->tlist);

	return entry == NULL ? NULL : ad_group_output(grouping->group, entry->resno - 1);
}

/* what they return for one of their columns (a Var), or NULL */
static AdOutput *
returned_column(const AdSubquery *subquery, Node *node)
{
	AdOutput   *output = IsA(node, Var) ? returned(subquery, node) : NULL;

	return output != NULL && output->kind == AD_RESULT_COLUMN ? output : NULL;
}

/*
 * What the groups of the subquery return for the expression, if that is one of
 * their keys as it is stored; else NULL.  Such values are equal in BSON if they
 * are in SQL.
 */
static AdOutput *
stored_key(const AdSubquery *subquery, Node *node)
{
	TargetEntry *entry;
	AdOutput   *output;

	if (!is_column(subquery, node))
		return NULL;
	entry = list_nth_node(TargetEntry, subquery->columns, ((Var *) node)->varattno - 1);
	output = returned_column(subquery, (Node *) entry->expr);
	return output != NULL && strncmp(output->path, "_id", strlen("_id")) == 0 ? output : NULL;
}

/*
 * The group key for an SQL expression of the subquery's columns, or NULL.
 *
 * PostgreSQL computes the expression again, of one value of each column that
 * it reads.  So it may read only one: values of two are not of the same row.
 */
static Node *
outer_key(AdGroupBuilder *builder, Node *key)
{
	AdOutput   *stored = stored_key(builder->values.lookup_arg, key);

	if (stored != NULL)
		return ad_path_expr(stored->path);
	if (list_length(list_union(NIL, pull_var_clause(key, PVC_INCLUDE_PLACEHOLDERS))) > 1)
		return NULL;
	return ad_key_expr(&builder->values, key, false);
}

/* adds the output of a key that the groups of the subquery return as it is stored */
static void
return_stored(AdGroupBuilder *builder, int position, const AdOutput *stored)
{
	AdSubquery *subquery = builder->values.lookup_arg;
	AdGroup    *group = builder->group;
	int			key = ad_group_find_key(group->keys, NULL, ad_path_expr(stored->path));

	(void) ad_group_copy_output(group, position, ad_group_key_path(group, key, list_length(group->keys)),
								subquery->groups->grouping.group, stored);
	subquery->returned = bms_add_member(subquery->returned, stored->position);
}

/* adds the output of any of the values in a group that an output of the subquery has */
static AdOutput *
return_any(AdGroupBuilder *builder, int position, const AdOutput *output)
{
	AdSubquery *subquery = builder->values.lookup_arg;

	return ad_group_copy_output(builder->group, position,
								ad_group_accumulate(builder->group, "$first", ad_path_expr(output->path)),
								subquery->groups->grouping.group, output);
}

/*
 * Adds the output of a key that the subquery computes of one column, such as
 * the day of an instant, or the last day of several: PostgreSQL computes it again,
 * of any of the group's values.  Returns false if the key is no such expression.
 */
static bool
return_computed(AdGroupBuilder *builder, int position, Var *var)
{
	AdSubquery *subquery = builder->values.lookup_arg;
	Node	   *expr = (Node *) list_nth_node(TargetEntry, subquery->columns, var->varattno - 1)->expr;
	List	   *read = pull_var_clause(expr, PVC_INCLUDE_AGGREGATES);
	AdOutput   *computed = returned(subquery, expr);
	AdOutput   *stored = read == NIL ? NULL : returned_column(subquery, linitial(read));

	if (computed != NULL && computed->then != NULL)
	{
		(void) return_any(builder, position, computed);
		return true;
	}
	if (stored == NULL || stored->then != NULL || list_length(list_union(NIL, read)) > 1)
		return false;
	ad_group_compute_then(return_any(builder, position, stored), expr);
	return true;
}

/*
 * Adds an output for a column of the subquery that is a key, or a part of one.
 * Of a part, any value in the group gives the same key; it is the greatest.
 * Returns false if MongoDB cannot return it.
 */
static bool
return_column(AdGroupBuilder *builder, int position, Node *node)
{
	AdValue    *value = palloc(sizeof(AdValue));
	AdCall		call = {.aggregate = AD_MAX, .argument = value, .result_type = exprType(node)};
	AdOutput   *stored = stored_key(builder->values.lookup_arg, node);

	if (stored != NULL && list_member(builder->keys, node))
	{
		return_stored(builder, position, stored);
		return true;
	}
	if (ad_value(&builder->values, node, value) && value->typid == call.result_type &&
		ad_group_return(builder->group, position, &call))
		return true;
	return list_member(builder->keys, node) && return_computed(builder, position, (Var *) node);
}

/* adds a guard for one of the groups of the subquery */
static void
pass_guard(AdGroup *group, const AdGuard *inner)
{
	Node	   *found = ad_path_expr(inner->path);
	AdGuard    *guard;

	if (inner->sum != NULL)
		found = ad_node(AD_CHOICE, list_make2(ad_value_if(ad_guard_is_certain(inner), ad_null(),
														  ad_node(AD_MAXKEY, NIL)), found));
	guard = ad_group_add_guard(group, ad_group_accumulate(group, "$max", found), inner->kind, NULL);
	guard->field = inner->field;
	guard->typid = inner->typid;
	guard->typmod = inner->typmod;
	guard->doubtful = inner->doubtful || inner->sum != NULL;
}

/*
 * Adds a guard for a column that the subquery would return, if a mismatch in it
 * is an error.  Returns false if MongoDB cannot test the column.
 */
static bool
guard_output(AdGroup *group, const AdSubquery *subquery, const AdOutput *output)
{
	const AdType *type = ad_column_type(output->typid, output->typmod);
	Node	   *fits;
	AdGuard    *guard;

	if (output->kind != AD_RESULT_COLUMN)
		return true;
	if (type == NULL || type->class == AD_CLASS_NONE || type->class == AD_CLASS_UUID)
		return false;
	if (bms_is_member(output->position, subquery->returned) ||
		!ad_group_may_mismatch(subquery->groups->grouping.group, output))
		return true;
	fits = ad_fits_expr(type, ad_path_expr(output->path), true);
	guard = ad_group_add_guard(group,
							   ad_group_accumulate(group, "$max",
												   ad_value_if(fits, ad_null(), ad_node(AD_MAXKEY, NIL))),
							   AD_FAILURE_MISMATCH, NULL);
	guard->field = output->field;
	guard->typid = output->typid;
	guard->typmod = output->typmod;
	return true;
}

/*
 * Adds guards for all errors of the subquery.  Returns false if one could get
 * lost.
 */
static bool
guard_groups(AdGroup *group, const AdSubquery *subquery)
{
	const AdUpperRelation *inner = subquery->groups;
	ListCell   *lc;

	foreach(lc, inner->query->guards)
		pass_guard(group, lfirst(lc));
	foreach(lc, inner->query->outputs)
	{
		if (!guard_output(group, subquery, lfirst(lc)))
			return false;
	}
	ad_group_fail(group, subquery->failures);
	return true;
}

/* the query of the subquery's groups, with the stages of the outer grouping after its own */
static AdQuery *
outer_query(const AdSubquery *subquery, AdGroup *group)
{
	const AdExprContext *of_groups = subquery->groups->grouping.context;
	AdQuery    *query = palloc(sizeof(AdQuery));

	*query = *subquery->groups->query;
	ad_group_finish(group, query);
	query->stages = list_concat(list_copy(subquery->groups->query->stages), query->stages);
	query->relid = of_groups->relid;
	query->userid = of_groups->rel->userid;
	return query;
}

/*
 * Describes the outer grouping.  Returns NULL if MongoDB cannot do all of it.
 */
static AdUpperRelation *
build_outer(PlannerInfo *root, UpperRelationKind stage, AdSubquery *subquery, List *having)
{
	static const AdColumnSource source = {outer_key, return_column};
	AdGroupBuilder builder = {0};
	AdUpperRelation *upper = palloc0(sizeof(AdUpperRelation));
	Size		size = 0;

	builder.values.base = subquery->context;
	builder.values.lookup = lookup_column;
	builder.values.lookup_arg = subquery;
	builder.source = &source;
	builder.group = ad_group_create(subquery->context);
	if (!ad_grouping_keys(root, stage, false, &builder.keys) ||
		!ad_build_grouping(&builder, root, false, root->upper_targets[stage], having) ||
		!guard_groups(builder.group, subquery))
		return NULL;
	upper->query = outer_query(subquery, builder.group);
	if (!ad_budget_allows((Node *) upper->query->stages, AD_STAGES_DEPTH, &size) ||
		ad_has_avoided(subquery->context->options, (Node *) upper->query->stages))
		return NULL;
	upper->grouping.group = builder.group;
	upper->grouping.tlist = builder.tlist;
	upper->grouping.context = subquery->context;
	upper->query->single_row = builder.keys == NIL;
	upper->having = ad_having_push(&upper->grouping, upper->query, having);
	upper->rows = builder.keys == NIL ? 1 :
		estimate_num_groups(root, builder.keys, subquery->rel->rows, NULL, NULL);
	return upper;
}

/* UPPERREL_FINAL of a query whose only relation is such a subquery */
static void
limit_paths(PlannerInfo *root, RelOptInfo *output_rel, const FinalPathExtraData *extra)
{
	int			relid;
	RelOptInfo *grouped;

	if (!bms_get_singleton_member(root->all_baserels, &relid))
		return;
	grouped = ad_groups_of_subquery(root->simple_rel_array[relid]);
	if (grouped != NULL)
		ad_subquery_limit_paths(root, root->simple_rel_array[relid], grouped, output_rel, extra);
}

/*
 * create_upper_paths_hook: adds the paths of a grouping of groups, or of their
 * order and limit.
 *
 * The planner does not ask a wrapper for those of a subquery.
 */
static void
upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel,
			RelOptInfo *output_rel, void *extra)
{
	AdSubquery	subquery = {0};
	AdUpperRelation *upper;
	RelOptInfo *grouped;
	List	   *having = NIL;

	if (next_upper_hook != NULL)
		next_upper_hook(root, stage, input_rel, output_rel, extra);
	if (stage == UPPERREL_FINAL)
		limit_paths(root, output_rel, extra);
	if ((stage != UPPERREL_GROUP_AGG && stage != UPPERREL_DISTINCT) ||
		output_rel->reloptkind != RELOPT_UPPER_REL || output_rel->fdwroutine != NULL ||
		root->parse->groupingSets != NIL)
		return;
	grouped = ad_groups_of_subquery(input_rel);
	if (grouped == NULL)
		return;
	subquery.groups = grouped->fdw_private;
	subquery.rel = input_rel;
	subquery.context = outer_context(subquery.groups->grouping.context);
	subquery.columns = input_rel->subroot->processed_tlist;
	subquery.values = palloc0((list_length(subquery.columns) + 1) * sizeof(AdValue *));
	if (stage == UPPERREL_GROUP_AGG)
		having = (List *) root->parse->havingQual;
	upper = build_outer(root, stage, &subquery, having);
	if (upper == NULL)
		return;
	upper->documents = subquery.groups->documents;
	upper->grouping_cost = subquery.groups->grouping_cost + input_rel->rows * cpu_operator_cost;
	upper->subquery = input_rel->cheapest_total_path;
	output_rel->serverid = grouped->serverid;
	output_rel->userid = subquery.context->rel->userid;
	output_rel->useridiscurrent = grouped->useridiscurrent;
	output_rel->fdwroutine = grouped->fdwroutine;
	output_rel->fdw_private = upper;
	ad_add_group_paths(root, output_rel, root->upper_targets[stage]);
}

/*
 * Makes the planner call this file for groupings.
 */
void
ad_group_subquery_init(void)
{
	next_upper_hook = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
}
