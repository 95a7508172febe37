/*
 * group_builder.c
 *	  Building a group from the expressions of a query.
 */
#include "postgres.h"

#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "plan/group.h"
#include "plan/group_array.h"
#include "plan/group_builder.h"
#include "plan/group_call.h"
#include "plan/group_count.h"
#include "plan/group_distinct.h"
#include "plan/group_extreme.h"
#include "plan/group_quick.h"
#include "plan/group_result.h"
#include "plan/group_stages.h"
#include "plan/group_state.h"
#include "plan/relation.h"
#include "query/avoid.h"
#include "query/budget.h"
#include "query/type_tests.h"
#include "translate/group_key.h"
#include "translate/let.h"
#include "translate/value_condition.h"

/* the aggregate functions that MongoDB can compute */
static const struct
{
	Oid			function;
	AdAggregate aggregate;
	AdDeviation deviation;
}			aggregates[] = {
	{F_AVG_FLOAT8, AD_AVG},
	{F_AVG_INT2, AD_AVG},
	{F_AVG_INT4, AD_AVG},
	{F_AVG_INT8, AD_AVG},
	{F_AVG_INTERVAL, AD_AVG},
	{F_AVG_NUMERIC, AD_AVG},
	/* false is less than true */
	{F_BOOL_AND, AD_MIN},
	{F_BOOL_OR, AD_MAX},
	{F_CORR, AD_REGRESSION},
	{F_COUNT_, AD_COUNT},
	{F_COUNT_ANY, AD_COUNT},
	{F_COVAR_POP, AD_REGRESSION},
	{F_COVAR_SAMP, AD_REGRESSION},
	{F_EVERY, AD_MIN},
	{F_MAX_DATE, AD_MAX},
	{F_MAX_FLOAT8, AD_MAX},
	{F_MAX_INT2, AD_MAX},
	{F_MAX_INT4, AD_MAX},
	{F_MAX_INT8, AD_MAX},
	{F_MAX_INTERVAL, AD_MAX},
	{F_MAX_NUMERIC, AD_MAX},
	{F_MAX_TEXT, AD_MAX},
	{F_MAX_TIMESTAMP, AD_MAX},
	{F_MAX_TIMESTAMPTZ, AD_MAX},
	{F_MIN_DATE, AD_MIN},
	{F_MIN_FLOAT8, AD_MIN},
	{F_MIN_INT2, AD_MIN},
	{F_MIN_INT4, AD_MIN},
	{F_MIN_INT8, AD_MIN},
	{F_MIN_INTERVAL, AD_MIN},
	{F_MIN_NUMERIC, AD_MIN},
	{F_MIN_TEXT, AD_MIN},
	{F_MIN_TIMESTAMP, AD_MIN},
	{F_MIN_TIMESTAMPTZ, AD_MIN},
	{F_PERCENTILE_CONT_FLOAT8_FLOAT8, AD_PERCENTILE_CONT},
	{F_PERCENTILE_DISC_FLOAT8_ANYELEMENT, AD_PERCENTILE_DISC},
	{F_REGR_AVGX, AD_REGRESSION},
	{F_REGR_AVGY, AD_REGRESSION},
	{F_REGR_COUNT, AD_COUNT},
	{F_REGR_INTERCEPT, AD_REGRESSION},
	{F_REGR_R2, AD_REGRESSION},
	{F_REGR_SLOPE, AD_REGRESSION},
	{F_REGR_SXX, AD_REGRESSION},
	{F_REGR_SXY, AD_REGRESSION},
	{F_REGR_SYY, AD_REGRESSION},
	{F_STDDEV_FLOAT8, AD_DEVIATION, AD_STDDEV_SAMP},
	{F_STDDEV_INT2, AD_DEVIATION, AD_STDDEV_SAMP},
	{F_STDDEV_INT4, AD_DEVIATION, AD_STDDEV_SAMP},
	{F_STDDEV_POP_FLOAT8, AD_DEVIATION, AD_STDDEV_POP},
	{F_STDDEV_POP_INT2, AD_DEVIATION, AD_STDDEV_POP},
	{F_STDDEV_POP_INT4, AD_DEVIATION, AD_STDDEV_POP},
	{F_STDDEV_SAMP_FLOAT8, AD_DEVIATION, AD_STDDEV_SAMP},
	{F_STDDEV_SAMP_INT2, AD_DEVIATION, AD_STDDEV_SAMP},
	{F_STDDEV_SAMP_INT4, AD_DEVIATION, AD_STDDEV_SAMP},
	{F_SUM_FLOAT8, AD_SUM},
	{F_SUM_INT2, AD_SUM},
	{F_SUM_INT4, AD_SUM},
	{F_SUM_INT8, AD_SUM},
	{F_SUM_INTERVAL, AD_SUM},
	{F_SUM_NUMERIC, AD_SUM},
	{F_VARIANCE_FLOAT8, AD_DEVIATION, AD_VAR_SAMP},
	{F_VARIANCE_INT2, AD_DEVIATION, AD_VAR_SAMP},
	{F_VARIANCE_INT4, AD_DEVIATION, AD_VAR_SAMP},
	{F_VAR_POP_FLOAT8, AD_DEVIATION, AD_VAR_POP},
	{F_VAR_POP_INT2, AD_DEVIATION, AD_VAR_POP},
	{F_VAR_POP_INT4, AD_DEVIATION, AD_VAR_POP},
	{F_VAR_SAMP_FLOAT8, AD_DEVIATION, AD_VAR_SAMP},
	{F_VAR_SAMP_INT2, AD_DEVIATION, AD_VAR_SAMP},
	{F_VAR_SAMP_INT4, AD_DEVIATION, AD_VAR_SAMP},
};

/* finds what MongoDB computes for the function; false if it cannot */
static bool
find_aggregate(Oid function, AdCall *call)
{
	for (int i = 0; i < lengthof(aggregates); i++)
	{
		if (aggregates[i].function == function)
		{
			call->aggregate = aggregates[i].aggregate;
			call->deviation = aggregates[i].deviation;
			return true;
		}
	}
	return false;
}

/*
 * Returns the column that the expression is, if MongoDB can tell which of its
 * values are equal in SQL; else NULL.  Numeric is excluded: a double and a
 * decimal that are the same numeric are not equal in MongoDB.
 */
const AdColumn *
ad_comparable_column(AdExprContext *context, Node *node)
{
	const AdColumn *column = ad_expr_column(context, node);

	if (column == NULL || column->type->class == AD_CLASS_NUMERIC ||
		!ad_is_deterministic(exprCollation(node), exprType(node)))
		return NULL;
	return column;
}

/*
 * Returns the column that the expression is, if values that MongoDB groups
 * together are identical in SQL; else NULL.  Values that are equal in SQL may
 * be in several of MongoDB's groups.  Double precision is excluded, because 0
 * equals -0.
 */
const AdColumn *
ad_identical_column(AdExprContext *context, Node *node)
{
	const AdColumn *column = ad_comparable_column(context, node);

	if (column == NULL)
		return ad_expr_grouped_column(context, node);
	return column->type->class == AD_CLASS_FLOAT ? NULL : column;
}

/*
 * Adds the group keys.  Returns false if MongoDB cannot group by one of them.
 *
 * The scan returns a key that is a column.  For any other key it returns the
 * columns of one document of the group, from which PostgreSQL computes the
 * key.
 */
static bool
add_group_keys(AdGroupBuilder *builder)
{
	ListCell   *lc;

	foreach(lc, builder->keys)
	{
		Node	   *key = lfirst(lc);
		const AdColumn *column = ad_comparable_column(builder->values.base, key);
		Node	   *expr = NULL;

		if (column == NULL)
		{
			expr = builder->source != NULL ? builder->source->key_expr(builder, key) :
				ad_key_expr(&builder->values, key, false);
			if (expr == NULL || contain_volatile_functions(key))
				return false;
		}
		ad_group_add_key(builder->group, column, expr);
		builder->tlist = add_to_flat_tlist(builder->tlist, pull_var_clause(key, 0));
	}
	return true;
}

/*
 * Adds the grouping sets (PostgreSQL manual, "GROUPING SETS, CUBE, and
 * ROLLUP").
 *
 * Their keys must be columns, perhaps with another collation, or as another
 * type of text.  A key is null where its set does not have it, so the filter
 * proves no key to be not null.  Returns false if a key is an expression, if
 * more than one set is empty, or if a column is two keys, because one of them
 * may be null where the other is not.
 */
static bool
add_sets(AdGroupBuilder *builder, PlannerInfo *root)
{
	List	   *sets = root->parse->groupingSets;
	int			totals = 0;
	ListCell   *set;
	ListCell   *ref;

	foreach(set, sets)
	{
		if (lfirst(set) == NIL)
			totals++;
		else
			builder->sets = lappend(builder->sets, lfirst(set));
	}
	if (totals > 1 || list_length(builder->group->keys) < list_length(builder->keys))
		return false;
	if (totals > 0)
		builder->sets = lappend(builder->sets, NIL);
	builder->values.base->proven = NULL;
	foreach(set, builder->sets)
	{
		List	   *columns = NIL;

		foreach(ref, lfirst(set))
		{
			TargetEntry *key = get_sortgroupref_tle(lfirst_int(ref), root->parse->targetList);
			const AdColumn *column = ad_comparable_column(builder->values.base, (Node *) key->expr);

			if (column == NULL)
				return false;
			columns = lappend(columns, unconstify(AdColumn *, column));
		}
		ad_group_add_set(builder->group, columns);
	}
	return true;
}

/*
 * The values of GROUPING() for each set: one bit for each argument, which is
 * 1 if the set does not have it.
 */
static List *
grouping_numbers(const AdGroupBuilder *builder, const GroupingFunc *grouping)
{
	List	   *numbers = NIL;
	ListCell   *set;
	ListCell   *ref;

	/* without GROUPING SETS, all arguments are keys */
	if (builder->sets == NIL)
		return list_make1_int(0);
	foreach(set, builder->sets)
	{
		int			number = 0;

		foreach(ref, grouping->refs)
			number = (number << 1) | !list_member_int(lfirst(set), lfirst_int(ref));
		numbers = lappend_int(numbers, number);
	}
	return numbers;
}

/*
 * Adds the aggregates and calls of GROUPING() in the target list and in
 * HAVING to what the scan returns.  Returns false if they need anything else
 * that is not a key, or if the scan would return nothing.
 */
static bool
add_others(AdGroupBuilder *builder, PathTarget *target, List *having)
{
	List	   *others = NIL;
	List	   *parts;
	ListCell   *lc;

	foreach(lc, target->exprs)
	{
		if (!list_member(builder->keys, lfirst(lc)))
			others = lappend(others, lfirst(lc));
	}
	others = list_concat(others, having);
	builder->firsts = ad_first_elements((Node *) others);
	parts = pull_var_clause((Node *) others,
							PVC_INCLUDE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS |
							PVC_INCLUDE_PLACEHOLDERS);
	foreach(lc, parts)
	{
		if (!IsA(lfirst(lc), Aggref) && !IsA(lfirst(lc), GroupingFunc) &&
			tlist_member(lfirst(lc), builder->tlist) == NULL)
			return false;
	}
	builder->tlist = add_to_flat_tlist(builder->tlist, parts);
	return builder->tlist != NIL;
}

/* whether DISTINCT changes the aggregate's result */
static bool
is_distinct(const Aggref *aggref, AdAggregate aggregate)
{
	return aggref->aggdistinct != NIL && aggregate != AD_MIN && aggregate != AD_MAX;
}

/* the one argument of an aggregate; NULL for whole rows */
static Node *
aggregate_argument(const Aggref *aggref)
{
	return aggref->args == NIL ? NULL :
		(Node *) linitial_node(TargetEntry, aggref->args)->expr;
}

/* the number of the argument of an aggregate with DISTINCT; -1 if it is new */
static int
find_distinct(const AdGroupBuilder *builder, const Aggref *aggref)
{
	ListCell   *lc;

	foreach(lc, builder->distincts)
	{
		Aggref	   *known = lfirst_node(Aggref, lc);

		if (equal(aggregate_argument(known), aggregate_argument(aggref)) &&
			equal(known->aggfilter, aggref->aggfilter))
			return foreach_current_index(lc);
	}
	return -1;
}

/* a context for values whose columns have guards of their own */
static AdValueContext
probe_context(const AdGroupBuilder *builder)
{
	AdValueContext probe = builder->values;

	probe.columns = NIL;
	probe.failures = NIL;
	return probe;
}

/*
 * The key for the distinct values of an expression; NULL if there is none.  A
 * key may differ from the value, but numbers that can be summed must be
 * themselves.
 */
static Node *
distinct_expr(AdGroupBuilder *builder, Node *argument, const AdValue *value)
{
	AdValueContext probe = probe_context(builder);

	switch (value->typid)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT8OID:
			return value->rounded ? NULL : value->expr;
		default:
			return ad_key_expr(&probe, argument, true);
	}
}

/*
 * Translates the argument of an aggregate with DISTINCT; NULL if MongoDB
 * cannot tell its values apart.
 */
static AdDistinct *
translate_distinct(AdGroupBuilder *builder, const Aggref *aggref)
{
	AdValueContext probe = probe_context(builder);
	Node	   *argument = aggregate_argument(aggref);
	const AdColumn *column = ad_comparable_column(builder->values.base, argument);
	AdDistinct *distinct = palloc0(sizeof(AdDistinct));
	AdValue    *value = palloc(sizeof(AdValue));
	AdCall		call = {0};
	List	   *failures = builder->values.failures;
	List	   *of_argument;
	AdLazy		lazy = builder->values.base->lazy;
	bool		known;

	/*
	 * The stages for distinct values detect mismatches in a column
	 * themselves, but not where FILTER is not true.
	 */
	distinct->value = value;
	distinct->filtered = aggref->aggfilter != NULL;
	builder->values.failures = NIL;
	ad_call_only_if_filtered(&builder->values, aggref);
	known = ad_value(column != NULL && !distinct->filtered ? &probe : &builder->values, argument, value);
	builder->values.base->lazy = lazy;
	if (!known || contain_volatile_functions(argument) ||
		!ad_has_own_equality(aggref->aggdistinct, list_make1(argument)))
		return NULL;
	of_argument = builder->values.failures;
	builder->values.failures = failures;
	distinct->expr = column != NULL ? ad_path_expr(column->field) : distinct_expr(builder, argument, value);
	if (distinct->filtered)
		call.filter = ad_value_condition(&builder->values, (Node *) aggref->aggfilter, true);
	if (distinct->expr == NULL || (distinct->filtered && call.filter == NULL))
		return NULL;
	ad_value_fail_if(&builder->values, of_argument, call.filter);
	distinct->expr = ad_call_filtered(&call, distinct->expr);
	return distinct;
}

/*
 * Finds the arguments whose distinct values are aggregated, and makes the
 * group have them.  Returns false if MongoDB cannot tell the values apart.
 */
static bool
add_distincts(AdGroupBuilder *builder)
{
	List	   *distincts = NIL;
	ListCell   *lc;

	foreach(lc, builder->tlist)
	{
		Aggref	   *aggref = (Aggref *) lfirst_node(TargetEntry, lc)->expr;
		AdDistinct *distinct;
		AdCall		call;

		if (!IsA(aggref, Aggref) || !find_aggregate(aggref->aggfnoid, &call) ||
			!is_distinct(aggref, call.aggregate) || find_distinct(builder, aggref) >= 0)
			continue;
		distinct = translate_distinct(builder, aggref);
		if (distinct == NULL)
			return false;
		builder->distincts = lappend(builder->distincts, aggref);
		distincts = lappend(distincts, distinct);
	}
	if (distincts != NIL)
		ad_group_set_distincts(builder->group, distincts);
	return true;
}

/*
 * Whether the direct argument is one constant fraction, and the order is
 * ascending.  A fraction outside of 0 to 1 is left to PostgreSQL, which
 * raises an error.
 */
static bool
is_percentile(const Aggref *aggref, float8 *fraction)
{
	Const	   *direct = linitial(aggref->aggdirectargs);
	SortGroupClause *order = linitial_node(SortGroupClause, aggref->aggorder);
	TypeCacheEntry *type = lookup_type_cache(exprType(aggregate_argument(aggref)), TYPECACHE_LT_OPR);

	if (!IsA(direct, Const) || direct->constisnull || direct->consttype != FLOAT8OID ||
		order->sortop != type->lt_opr || order->nulls_first)
		return false;
	*fraction = DatumGetFloat8(direct->constvalue);
	return *fraction >= 0 && *fraction <= 1;
}

/*
 * Whether the aggregate depends on an order of text that is not MongoDB's.
 */
bool
ad_is_collated(const Aggref *aggref)
{
	AdCall		call;

	return find_aggregate(aggref->aggfnoid, &call) &&
		(call.aggregate == AD_MIN || call.aggregate == AD_MAX || call.aggregate == AD_PERCENTILE_DISC) &&
		(OidIsValid(aggref->inputcollid) ? !ad_collate_is_c(aggref->inputcollid) :
		 type_is_collatable(exprType(aggregate_argument(aggref))));
}

/*
 * Returns the column (a Var) whose minimum or maximum the aggregate is, if the
 * order is not MongoDB's and equal values are identical; else NULL.
 */
Node *
ad_collated_extreme(AdGroupBuilder *builder, const Aggref *aggref)
{
	Node	   *argument = aggregate_argument(aggref);

	if (!ad_is_collated(aggref) || aggref->aggkind == AGGKIND_ORDERED_SET || aggref->aggfilter != NULL)
		return NULL;
	while (IsA(argument, RelabelType))
		argument = (Node *) ((RelabelType *) argument)->arg;
	return ad_comparable_column(builder->values.base, argument) == NULL ? NULL : argument;
}

/*
 * Adds the output of such a minimum or maximum, which is the key that it is
 * of.  Returns false if there is no such key, or if it is null in some set.
 */
static bool
return_collated_extreme(AdGroupBuilder *builder, int position, const Aggref *aggref)
{
	Node	   *column = ad_collated_extreme(builder, aggref);

	if (column == NULL || builder->sets != NIL || !list_member(builder->keys, column))
		return false;
	ad_group_return_key(builder->group, position, ad_comparable_column(builder->values.base, column));
	return true;
}

/*
 * Whether the aggregate is a variance or standard deviation.
 */
bool
ad_is_deviation(const Aggref *aggref)
{
	AdCall		call;

	return find_aggregate(aggref->aggfnoid, &call) && call.aggregate == AD_DEVIATION;
}

/*
 * Returns the column of type numeric of which the aggregate is a sum, an
 * average, a minimum or a maximum, or the column of doubles of which, as
 * numerics, it is a sum or an average; else NULL.
 */
const AdColumn *
ad_numeric_argument(AdGroupBuilder *builder, const Aggref *aggref)
{
	AdCall		call;
	Node	   *argument = aggregate_argument(aggref);
	const AdColumn *column;
	bool		is_cast;

	if (argument == NULL || !find_aggregate(aggref->aggfnoid, &call) || call.aggregate == AD_COUNT || aggref->aggorder != NIL)
		return NULL;
	is_cast = IsA(argument, FuncExpr) && ((FuncExpr *) argument)->funcid == F_NUMERIC_FLOAT8 &&
		(call.aggregate == AD_SUM || call.aggregate == AD_AVG);
	column = ad_expr_column(builder->values.base, is_cast ? linitial(((FuncExpr *) argument)->args) : argument);
	return column != NULL && (is_cast ? column->type->typid == FLOAT8OID :
							  column->type->class == AD_CLASS_NUMERIC) ? column : NULL;
}

/* a count of a column that has a key for what MongoDB cannot test */
static bool
return_unsure_count(AdGroupBuilder *builder, int position, const AdCall *call, Node *argument)
{
	const AdColumn *column = ad_expr_read_column(builder->values.base, argument);

	return column != NULL && ad_group_return_count(builder->group, position, call, column);
}

/*
 * Adds the output of an aggregate.  Returns false if MongoDB cannot compute
 * it exactly.
 */
static bool
add_aggregate(AdGroupBuilder *builder, int position, Aggref *aggref)
{
	AdValueContext *values = &builder->values;
	Node	   *argument = aggregate_argument(aggref);
	AdValue    *value = palloc(sizeof(AdValue));
	AdCall		call = {.result_type = aggref->aggtype, .squares = builder->squares};
	const AdColumn *numeric = ad_numeric_argument(builder, aggref);
	List	   *failures;
	List	   *of_argument;
	AdLazy		lazy = values->base->lazy;
	bool		known;

	if (list_member(builder->firsts, aggref))
		return ad_group_return_first_element(builder->group, values, position, aggref);
	if (aggref->aggvariadic || !find_aggregate(aggref->aggfnoid, &call))
		return false;
	call.final = ad_call_final(aggref, call.aggregate);
	if (ad_is_collated(aggref))
		return return_collated_extreme(builder, position, aggref);
	if ((aggref->aggkind == AGGKIND_ORDERED_SET ? !is_percentile(aggref, &call.fraction) :
		 aggref->aggorder != NIL) ||
		!ad_call_set_filter(&call, values, aggref))
		return false;
	if (list_length(aggref->args) > 1)
		return aggref->aggdistinct == NIL && ad_call_set_pair(&call, values, aggref) &&
			ad_group_return(builder->group, position, &call);
	if (numeric != NULL && !is_distinct(aggref, call.aggregate))
		return ad_group_find_key(builder->group->keys, NULL, ad_numeric_key(builder->values.base, numeric)) >= 0 &&
			ad_group_return_numeric(builder->group, position, &call, numeric);
	if (is_distinct(aggref, call.aggregate))
		return ad_group_return_distinct(builder->group, position, &call,
										list_nth(builder->group->distincts, find_distinct(builder, aggref)));
	if (call.aggregate == AD_COUNT && argument != NULL && ad_is_never_null(argument))
		argument = NULL;
	call.expression = argument;
	if ((call.aggregate == AD_MIN || call.aggregate == AD_MAX) && ad_rising_column(argument) != NULL)
		argument = ad_rising_column(argument);
	if (argument != NULL)
	{
		failures = values->failures;
		values->failures = NIL;
		ad_call_only_if_filtered(values, aggref);
		known = ad_value(values, argument, value) ||
			(call.aggregate == AD_COUNT && ad_counted_value(values, argument, value));
		of_argument = values->failures;
		values->failures = failures;
		values->base->lazy = lazy;
		if (!known && call.aggregate == AD_COUNT)
			return return_unsure_count(builder, position, &call, argument);
		if (!known)
			return false;
		ad_value_fail_if(values, of_argument, call.filter);
		call.argument = value;
	}
	return ad_group_return(builder->group, position, &call);
}

/*
 * Adds guards for all errors of what has been translated.
 */
void
ad_build_guards(AdGroupBuilder *builder)
{
	ListCell   *lc;

	foreach(lc, builder->values.columns)
		ad_group_guard(builder->group, lfirst(lc));
	ad_group_fail(builder->group, builder->values.failures);
}

/*
 * Whether the column is read as a key.  In grouping sets it also is if a key
 * changes only its collation or type: that is null where its set does not have
 * it.
 */
static bool
is_key(AdGroupBuilder *builder, Node *column)
{
	const AdColumn *comparable = ad_comparable_column(builder->values.base, column);

	if (comparable == NULL)
		return false;
	return builder->sets != NIL ? ad_group_find_key(builder->group->keys, comparable, NULL) >= 0 :
		list_member(builder->keys, column);
}

/*
 * Adds an output for each expression in the scan's tlist, and guards for all
 * errors.  Returns false if MongoDB cannot compute one of them exactly.
 */
bool
ad_build_outputs(AdGroupBuilder *builder)
{
	ListCell   *lc;

	foreach(lc, builder->tlist)
	{
		Node	   *node = (Node *) lfirst_node(TargetEntry, lc)->expr;
		int			position = foreach_current_index(lc);
		const AdColumn *column;

		if (IsA(node, Aggref))
		{
			if (!add_aggregate(builder, position, (Aggref *) node))
				return false;
			continue;
		}
		if (IsA(node, GroupingFunc))
		{
			ad_group_return_grouping(builder->group, position,
									 grouping_numbers(builder, (GroupingFunc *) node));
			continue;
		}
		if (builder->source != NULL)
		{
			if (!builder->source->add_output(builder, position, node))
				return false;
			continue;
		}
		column = ad_expr_column(builder->values.base, node);
		if (column == NULL)
			column = ad_expr_grouped_column(builder->values.base, node);
		if (column == NULL)
			return false;
		if (is_key(builder, node))
			ad_group_return_key(builder->group, position, column);
		else
			ad_group_return_column(builder->group, position, column);
	}
	ad_build_guards(builder);
	return true;
}

/*
 * Begins a group of the relation's documents, without keys.  The builder has
 * its own context, so that the relation's is not changed.
 */
AdGroupBuilder
ad_build_group(const AdRelation *relation)
{
	AdGroupBuilder builder = {0};
	AdExprContext *context = palloc(sizeof(AdExprContext));

	*context = relation->context;
	context->slots = list_copy(context->slots);
	context->bindings = NIL;
	context->bound = NULL;
	context->visits = 0;
	builder.values.base = context;
	builder.group = ad_group_create(context);
	return builder;
}

/*
 * Returns the finished group as an AdUpperRelation, palloc'd; NULL if its
 * pipeline exceeds the budget of budget.c, or uses a construct that the
 * options say to avoid.
 */
AdUpperRelation *
ad_built_relation(const AdRelation *relation, const AdGroupBuilder *builder)
{
	AdUpperRelation *upper = palloc0(sizeof(AdUpperRelation));
	Size		size = 0;

	upper->query = ad_query_create(relation->serverid, relation->options,
								   relation->filter);
	ad_group_add_quick(builder->group);
	ad_group_finish(builder->group, upper->query);
	if (!ad_budget_allows((Node *) upper->query->stages, AD_STAGES_DEPTH, &size) ||
		ad_has_avoided(relation->options, (Node *) upper->query->stages) ||
		(list_length(builder->sets) > 1 && ad_is_avoided(relation->options, "$unionWith")))
		return NULL;
	upper->grouping.group = builder->group;
	upper->grouping.tlist = builder->tlist;
	upper->grouping.context = builder->values.base;
	return upper;
}

/*
 * Sets *keys to the expressions of GROUP BY (for all grouping sets together)
 * or of DISTINCT.  Returns false for DISTINCT ON, for keys with another
 * equality than their types', and, unless `sets`, for functions that return
 * sets.
 */
bool
ad_grouping_keys(PlannerInfo *root, UpperRelationKind stage, bool sets, List **keys)
{
	Query	   *parse = root->parse;
	List	   *clause = stage == UPPERREL_GROUP_AGG ? parse->groupClause : parse->distinctClause;

	if (stage == UPPERREL_DISTINCT && parse->hasDistinctOn)
		return false;
	*keys = get_sortgrouplist_exprs(clause, parse->targetList);
	return ad_has_own_equality(clause, *keys) && (sets || !expression_returns_set((Node *) *keys));
}

/*
 * Builds a whole grouping: keys, grouping sets of the query if `has_sets`,
 * what else `target` and HAVING need, and the aggregates.  builder->keys must
 * be set.  Returns false if MongoDB cannot do all of it.
 */
bool
ad_build_grouping(AdGroupBuilder *builder, PlannerInfo *root, bool has_sets, PathTarget *target,
				  List *having)
{
	return add_group_keys(builder) && (!has_sets || add_sets(builder, root)) &&
		add_others(builder, target, having) &&
		add_distincts(builder) && (!has_sets || builder->distincts == NIL) &&
		ad_build_outputs(builder);
}
