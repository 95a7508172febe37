/*
 * having.c
 *	  HAVING and the order of groups in MongoDB.
 *
 * Both use expressions of what the groups return: aggregates, keys, and the
 * columns of one document, from which PostgreSQL computes the other keys.
 *
 * A group that raises an error must reach PostgreSQL.  So it meets all
 * conditions, and comes first, so that a limit cannot cut it off.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/tlist.h"

#include "base/compat.h"
#include "plan/group_result.h"
#include "plan/having.h"
#include "plan/sort_key.h"
#include "query/avoid.h"
#include "query/budget.h"
#include "translate/let.h"
#include "translate/value_condition.h"
#include "translate/value_time.h"

/* AdValueLookup for what the groups return */
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

/*
 * Returns the context for expressions of the groups' results.
 */
AdValueContext
ad_having_context(AdGrouping *grouping)
{
	AdValueContext context = {
		.base = grouping->context,
		.lookup = lookup_result,
		.lookup_arg = grouping,
	};

	return context;
}

/*
 * Adds stages to the query that remove the groups for which a condition is
 * not true.  Returns the conditions that must be evaluated locally.
 */
List *
ad_having_push(AdGrouping *grouping, AdQuery *query, List *conditions)
{
	Node	   *is_sound = ad_group_is_sound(grouping->group);
	List	   *left = NIL;
	ListCell   *lc;

	/*
	 * With no input MongoDB returns no group; the executor makes the one
	 * empty row, so HAVING is evaluated locally.
	 */
	if (query->single_row)
		return conditions;
	foreach(lc, conditions)
	{
		AdValueContext context = ad_having_context(grouping);
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
			ad_budget_allows(stage, AD_STAGES_DEPTH, &size) &&
			!ad_has_avoided(context.base->options, stage))
			query->stages = lappend(query->stages, stage);
		else
			left = lappend(left, lfirst(lc));
	}
	return left;
}

/*
 * The pathkey's expression that can be computed from the groups' results, or
 * NULL.
 */
static Node *
pathkey_expr(AdGrouping *grouping, RelOptInfo *rel, const PathKey *pathkey)
{
	ListCell   *lc;

	foreach(lc, ad_eclass_members(pathkey->pk_eclass, rel))
	{
		Node	   *expr = (Node *) ((EquivalenceMember *) lfirst(lc))->em_expr;
		AdValueContext context = ad_having_context(grouping);
		AdValue		value;

		context.base->visits = 0;
		if (ad_value(&context, expr, &value) && context.failures == NIL)
			return expr;
	}
	return NULL;
}

/*
 * The path of a count, which is never null, so that it needs no computed key;
 * else NULL.
 */
static const char *
plain_path(const AdValue *value)
{
	if (!value->nullable && IsA(value->expr, String) && strVal(value->expr)[1] != '$' &&
		value->typid == INT8OID)
		return strVal(value->expr) + 1;
	return NULL;
}

/*
 * Sets *keys to the AdSortKeys that order the groups by the pathkeys.
 * Returns false if MongoDB cannot sort as PostgreSQL does.  Slots are added
 * to grouping->context.
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
		AdValueContext context = ad_having_context(grouping);
		AdSortKey  *key = palloc0(sizeof(AdSortKey));
		AdValue		value;

		context.base->visits = 0;
		if (node == NULL || !ad_value(&context, node, &value) ||
			!ad_ordered_expr(context.base, &value, pathkey->pk_opfamily,
							 pathkey->pk_eclass->ec_collation, &key->value))
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
