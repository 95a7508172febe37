/*
 * having.c
 *	  Conditions on groups, and their order.
 *
 * Both are expressions of what the groups return: aggregates, keys, and the
 * columns of one document from which the other keys are computed.
 *
 * A group that raises an error must reach PostgreSQL.  So it meets all
 * conditions, and comes before all others, that a limit does not leave it out.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/tlist.h"

#include "base/compat.h"
#include "plan/group_result.h"
#include "plan/having.h"
#include "plan/sort_key.h"
#include "query/budget.h"
#include "translate/let.h"
#include "translate/value_condition.h"
#include "translate/value_time.h"

/* the value of what the group returns */
static bool
lookup_result(AdValueContext *context, Node *node, AdValue *value)
{
	AdGrouping *grouping = context->lookup_arg;
	TargetEntry *entry;

	if (!IsA(node, Var) && !IsA(node, Aggref) && !IsA(node, GroupingFunc))
		return false;
	entry = tlist_member((Expr *) node, grouping->tlist);
	return entry != NULL &&
		ad_group_value(grouping->group, entry->resno - 1, value);
}

static AdValueContext
result_context(AdGrouping *grouping)
{
	AdValueContext context = {
		.base = grouping->context,
		.lookup = lookup_result,
		.lookup_arg = grouping,
	};

	return context;
}

/*
 * Let the query return only the groups that meet the conditions.  Returns
 * those that PostgreSQL has to evaluate.
 */
List *
ad_having_push(AdGrouping *grouping, AdQuery *query, List *conditions)
{
	Node	   *is_sound = ad_group_is_sound(grouping->group);
	List	   *left = NIL;
	ListCell   *lc;

	/*
	 * a group of nothing is made here, for no document says that there is
	 * none
	 */
	if (query->single_row)
		return conditions;
	foreach(lc, conditions)
	{
		AdValueContext context = result_context(grouping);
		Node	   *condition;
		Node	   *stage;
		Size		size = 0;

		context.base->visits = 0;
		condition = ad_value_condition(&context, lfirst(lc), true);
		if (condition != NULL && is_sound != NULL)
			condition = ad_doc("$or", ad_array2(condition, ad_doc("$not", ad_array1(is_sound))));
		stage = condition == NULL ? NULL :
			ad_doc("$match", ad_doc("$expr", ad_let_all(context.base, condition)));
		if (stage != NULL && context.failures == NIL &&
			ad_budget_allows(stage, AD_STAGES_DEPTH, &size))
			query->stages = lappend(query->stages, stage);
		else
			left = lappend(left, lfirst(lc));
	}
	return left;
}

/* an expression of the pathkey that is one of the group's results; or NULL */
static Node *
pathkey_expr(AdGrouping *grouping, RelOptInfo *rel, const PathKey *pathkey)
{
	ListCell   *lc;

	foreach(lc, ad_eclass_members(pathkey->pk_eclass, rel))
	{
		Node	   *expr = (Node *) ((EquivalenceMember *) lfirst(lc))->em_expr;
		AdValueContext context = result_context(grouping);
		AdValue		value;

		context.base->visits = 0;
		if (ad_value(&context, expr, &value) && context.failures == NIL)
			return expr;
	}
	return NULL;
}

/* a count is never null, and in order as it is */
static const char *
plain_path(const AdValue *value)
{
	if (!value->nullable && IsA(value->expr, String) && strVal(value->expr)[1] != '$' &&
		value->typid == INT8OID)
		return strVal(value->expr) + 1;
	return NULL;
}

/*
 * The order of the groups by the pathkeys, in *keys as AdSortKeys.  Returns
 * false if MongoDB cannot do it exactly.
 */
bool
ad_having_order(AdGrouping *grouping, RelOptInfo *rel, List *pathkeys, List **keys)
{
	Node	   *is_sound = ad_group_is_sound(grouping->group);
	Size		size = 0;
	ListCell   *lc;

	*keys = NIL;
	foreach(lc, pathkeys)
	{
		PathKey    *pathkey = lfirst_node(PathKey, lc);
		Node	   *node = pathkey_expr(grouping, rel, pathkey);
		AdValueContext context = result_context(grouping);
		AdSortKey  *key = palloc0(sizeof(AdSortKey));
		AdValue		value;

		context.base->visits = 0;
		if (node == NULL || !ad_value(&context, node, &value) ||
			!ad_ordered_expr(context.base, &value, pathkey, &key->value))
			return false;
		key->value = ad_let_all(context.base, key->value);
		if (!ad_budget_allows(key->value, AD_STAGES_DEPTH + 2, &size))
			return false;
		key->path = plain_path(&value);
		if (value.nullable)
			key->not_null = ad_let_all(context.base, ad_value_not_null(&value));
		key->descending = ad_is_descending(pathkey);
		key->nulls_first = pathkey->pk_nulls_first;
		*keys = lappend(*keys, key);
	}
	if (is_sound != NULL)
	{
		AdSortKey  *key = palloc0(sizeof(AdSortKey));

		key->guard = is_sound;
		*keys = lcons(key, *keys);
	}
	return true;
}
