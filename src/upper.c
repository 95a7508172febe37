/*
 * upper.c
 *	  Planning of grouping and aggregates that MongoDB does.
 *
 * INTERFACE ROUTINES
 *		ad_get_foreign_upper_paths	the paths of a grouping, an order, a limit
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

#include "compat.h"
#include "group.h"
#include "order.h"
#include "plan.h"

/* the aggregate functions that MongoDB can stand for */
static const struct
{
	Oid			function;
	AdAggregate aggregate;
}			aggregates[] = {
	{F_COUNT_, AD_COUNT},
	{F_COUNT_ANY, AD_COUNT},
	{F_MAX_DATE, AD_MAX},
	{F_MAX_FLOAT8, AD_MAX},
	{F_MAX_INT2, AD_MAX},
	{F_MAX_INT4, AD_MAX},
	{F_MAX_INT8, AD_MAX},
	{F_MAX_TIMESTAMP, AD_MAX},
	{F_MAX_TIMESTAMPTZ, AD_MAX},
	{F_MIN_DATE, AD_MIN},
	{F_MIN_FLOAT8, AD_MIN},
	{F_MIN_INT2, AD_MIN},
	{F_MIN_INT4, AD_MIN},
	{F_MIN_INT8, AD_MIN},
	{F_MIN_TIMESTAMP, AD_MIN},
	{F_MIN_TIMESTAMPTZ, AD_MIN},
	{F_SUM_FLOAT8, AD_SUM},
	{F_SUM_INT2, AD_SUM},
	{F_SUM_INT4, AD_SUM},
	{F_SUM_INT8, AD_SUM},
};

static bool
find_aggregate(Oid function, AdAggregate *aggregate)
{
	for (int i = 0; i < lengthof(aggregates); i++)
	{
		if (aggregates[i].function == function)
		{
			*aggregate = aggregates[i].aggregate;
			return true;
		}
	}
	return false;
}

/*
 * A column whose values are equal for MongoDB if they are for SQL: a double and
 * a decimal that are the same numeric are not.
 */
static const AdColumn *
comparable_column(AdExprContext *context, Node *node)
{
	const AdColumn *column = ad_expr_column(context, node);
	Oid			collation = exprCollation(node);

	if (column == NULL || column->type->class == AD_CLASS_NUMERIC ||
		(OidIsValid(collation) && !get_collation_isdeterministic(collation)))
		return NULL;
	return column;
}

/*
 * The expressions that the scan has to return: group keys, as they are, and
 * the aggregates of all else.  NIL if something else is needed, or nothing.
 */
static List *
collect_expressions(PlannerInfo *root, PathTarget *target, List *having)
{
	List	   *tlist = NIL;
	List	   *others = NIL;
	List	   *parts;
	ListCell   *lc;

	foreach(lc, target->exprs)
	{
		Index		sgref = get_pathtarget_sortgroupref(target, foreach_current_index(lc));

		if (sgref != 0 &&
			get_sortgroupref_clause_noerr(sgref, root->parse->groupClause) != NULL)
			tlist = add_to_flat_tlist(tlist, list_make1(lfirst(lc)));
		else
			others = lappend(others, lfirst(lc));
	}
	parts = pull_var_clause((Node *) list_concat(others, having),
							PVC_INCLUDE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS |
							PVC_INCLUDE_PLACEHOLDERS);
	foreach(lc, parts)
	{
		if (!IsA(lfirst(lc), Aggref) && tlist_member(lfirst(lc), tlist) == NULL)
			return NIL;
	}
	return add_to_flat_tlist(tlist, parts);
}

/* the group keys as columns; false if some key is none */
static bool
collect_keys(AdExprContext *context, List *tlist, List **keys)
{
	ListCell   *lc;

	*keys = NIL;
	foreach(lc, tlist)
	{
		Node	   *node = (Node *) lfirst_node(TargetEntry, lc)->expr;
		const AdColumn *column;

		if (IsA(node, Aggref))
			continue;
		column = comparable_column(context, node);
		if (column == NULL)
			return false;
		*keys = lappend(*keys, unconstify(AdColumn *, column));
	}
	return true;
}

/*
 * The one argument of an aggregate as a column, in *column, which stays NULL
 * for count(*).  Returns false if it is something else.
 */
static bool
aggregate_argument(AdExprContext *context, Aggref *aggref, const AdColumn **column)
{
	*column = NULL;
	if (aggref->args == NIL)
		return true;
	*column = ad_expr_column(context,
							 (Node *) linitial_node(TargetEntry, aggref->args)->expr);
	return list_length(aggref->args) == 1 && *column != NULL;
}

/*
 * The column whose distinct values are counted, in *distinct, which stays NULL
 * if there is none.  Returns false if there are several, or if something else
 * is done with one.
 */
static bool
collect_distinct(AdExprContext *context, List *tlist, const AdColumn **distinct)
{
	ListCell   *lc;

	*distinct = NULL;
	foreach(lc, tlist)
	{
		Aggref	   *aggref = (Aggref *) lfirst_node(TargetEntry, lc)->expr;
		const AdColumn *column;

		if (!IsA(aggref, Aggref) || aggref->aggdistinct == NIL)
			continue;
		if (aggref->aggfnoid != F_COUNT_ANY || list_length(aggref->args) != 1)
			return false;
		column = comparable_column(context,
								   (Node *) linitial_node(TargetEntry, aggref->args)->expr);
		if (column == NULL ||
			(*distinct != NULL && (*distinct)->attnum != column->attnum))
			return false;
		*distinct = column;
	}
	return true;
}

/*
 * Add an aggregate to the group.  Returns false if MongoDB cannot do it
 * exactly.
 */
static bool
add_aggregate(AdExprContext *context, AdGroup *group, int position, Aggref *aggref)
{
	AdAggregate aggregate;
	const AdColumn *column;

	if (aggref->aggfilter != NULL || aggref->aggorder != NIL ||
		aggref->aggvariadic || aggref->aggsplit != AGGSPLIT_SIMPLE ||
		!find_aggregate(aggref->aggfnoid, &aggregate))
		return false;
	if (aggref->aggdistinct != NIL)
	{
		ad_group_add_distinct(group, position);
		return true;
	}
	return aggregate_argument(context, aggref, &column) &&
		ad_group_add(group, position, aggregate, column, aggref->aggtype);
}

/*
 * The group that returns these expressions, or NULL if MongoDB cannot do it
 * exactly.
 */
static AdGroup *
build_group(AdExprContext *context, List *tlist)
{
	List	   *keys;
	const AdColumn *distinct;
	AdGroup    *group;
	ListCell   *lc;

	if (!collect_keys(context, tlist, &keys) ||
		!collect_distinct(context, tlist, &distinct))
		return NULL;
	group = ad_group_create(keys, distinct);
	foreach(lc, tlist)
	{
		Node	   *node = (Node *) lfirst_node(TargetEntry, lc)->expr;
		int			position = foreach_current_index(lc);

		if (!IsA(node, Aggref))
			ad_group_add_key(group, position, ad_expr_column(context, node));
		else if (!add_aggregate(context, group, position, (Aggref *) node))
			return NULL;
	}
	return group;
}

static void
add_group_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	PathTarget *target = root->upper_targets[UPPERREL_GROUP_AGG];
	List	   *keys;
	double		rows = 1;
	Cost		startup_cost;

	if (root->parse->groupClause != NIL)
	{
		keys = get_sortgrouplist_exprs(root->parse->groupClause, root->parse->targetList);
		rows = estimate_num_groups(root, keys, input_rel->rows, NULL, NULL);
	}
	/* MongoDB's work is a fraction of what sending the documents would be */
	startup_cost = AD_STARTUP_COST + input_rel->rows * cpu_operator_cost;
	add_path(output_rel, (Path *)
			 ad_create_foreign_upper_path(root, output_rel, target, rows, startup_cost,
										  startup_cost + rows * (AD_DOCUMENT_COST + cpu_tuple_cost) +
										  target->cost.startup + rows * target->cost.per_tuple,
										  NIL, NULL, NIL));
}

/*
 * UPPERREL_GROUP_AGG: MongoDB groups if it evaluates all conditions too.
 * Conditions on groups stay with PostgreSQL.
 */
static void
add_grouping(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	AdRelation *relation = input_rel->fdw_private;
	AdUpperRelation *upper;
	AdGroup    *group;
	List	   *having = (List *) root->parse->havingQual;
	List	   *tlist;

	/* a relation that is proven to be empty was never looked at */
	if (output_rel->fdw_private != NULL ||
		input_rel->reloptkind != RELOPT_BASEREL ||
		output_rel->reloptkind != RELOPT_UPPER_REL || relation == NULL ||
		!relation->options->enable_aggregate_pushdown ||
		relation->local_conds != NIL || root->parse->groupingSets != NIL)
		return;
	tlist = collect_expressions(root, root->upper_targets[UPPERREL_GROUP_AGG], having);
	group = tlist == NIL ? NULL : build_group(&relation->context, tlist);
	if (group == NULL)
		return;

	upper = palloc0(sizeof(AdUpperRelation));
	upper->query = ad_query_create(relation->serverid, relation->options,
								   relation->filter);
	ad_group_finish(group, upper->query);
	upper->tlist = tlist;
	upper->slots = relation->context.slots;
	upper->having = having;
	output_rel->fdw_private = upper;
	add_group_path(root, input_rel, output_rel);
}

/*
 * GetForeignUpperPaths
 */
void
ad_get_foreign_upper_paths(PlannerInfo *root, UpperRelationKind stage,
						   RelOptInfo *input_rel, RelOptInfo *output_rel,
						   void *extra)
{
	switch (stage)
	{
		case UPPERREL_GROUP_AGG:
			add_grouping(root, input_rel, output_rel);
			break;
		case UPPERREL_ORDERED:
			ad_order_paths(root, input_rel, output_rel);
			break;
		case UPPERREL_FINAL:
			ad_limit_paths(root, input_rel, output_rel, extra);
			break;
		default:
			break;
	}
}
