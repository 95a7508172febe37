/*
 * order_expr.c
 *	  ORDER BY of expressions on a table's rows.
 *
 * The key is computed beside the document, as those of columns are that are
 * not in SQL's order as they are.  PostgreSQL computes the expression again,
 * from the columns, so that only the order has to be the same: of an instant
 * that is cut to a day, or of a day on a clock, the day's beginning is as
 * good.  What a turned clock shows within a day is not in the order of
 * instants, and what may fail must be computed for all rows: both stay.
 */
#include "postgres.h"

#include "optimizer/optimizer.h"

#include "base/compat.h"
#include "plan/order_expr.h"
#include "plan/sort_key.h"
#include "query/budget.h"
#include "query/type_tests.h"
#include "translate/let.h"

/* the pathkey's expressions on this relation */
static List *
pathkey_exprs(RelOptInfo *rel, const PathKey *pathkey)
{
	List	   *exprs = NIL;
	ListCell   *lc;

	if (pathkey->pk_eclass->ec_has_volatile)
		return NIL;
	foreach(lc, ad_eclass_members(pathkey->pk_eclass, rel))
	{
		EquivalenceMember *member = lfirst(lc);

		if (bms_equal(member->em_relids, rel->relids))
			exprs = lappend(exprs, member->em_expr);
	}
	return exprs;
}

/* no column whose mismatches are errors holds one */
static Node *
fits_guard(List *columns)
{
	List	   *tests = NIL;
	ListCell   *lc;

	/* a column may be used more than once */
	foreach(lc, columns)
	{
		AdColumn   *column = lfirst(lc);

		tests = list_append_unique(tests, ad_fits_expr(column->type,
													   ad_string(psprintf("$%s", column->field)), true));
	}
	if (tests == NIL)
		return NULL;
	return list_length(tests) == 1 ? linitial(tests) : ad_doc("$and", ad_node(AD_ARRAY, tests));
}

/*
 * The key for an order by an expression, or NULL if MongoDB cannot compute it,
 * or not in SQL's order.
 */
AdSortKey *
ad_order_expr_key(AdExprContext *base, RelOptInfo *rel, const PathKey *pathkey)
{
	ListCell   *lc;

	foreach(lc, pathkey_exprs(rel, pathkey))
	{
		AdValueContext context = {.base = base, .no_guards = true};
		int			slots = list_length(base->slots);
		Size		size = 0;
		AdValue		value;
		Node	   *expr;

		base->visits = 0;
		if (ad_value(&context, lfirst(lc), &value) && context.failures == NIL &&
			!value.rounded && ad_ordered_expr(base, &value, pathkey, &expr))
		{
			AdSortKey  *key = palloc0(sizeof(AdSortKey));

			key->value = ad_let_all(base, expr);
			key->not_null = value.nullable ? ad_let_all(base, ad_value_not_null(&value)) : NULL;
			key->guard = fits_guard(context.columns);
			if (ad_budget_allows(key->value, AD_STAGES_DEPTH + 2, &size) &&
				ad_budget_allows(key->not_null, AD_STAGES_DEPTH + 2, &size) &&
				ad_budget_allows(key->guard, AD_STAGES_DEPTH + 2, &size))
				return key;
		}
		base->slots = list_truncate(base->slots, slots);
	}
	return NULL;
}

/*
 * Add the columns that such a key is computed from, in the manner of
 * pull_varattnos().
 */
Bitmapset *
ad_order_expr_columns(RelOptInfo *rel, const PathKey *pathkey, Bitmapset *attrs)
{
	pull_varattnos((Node *) pathkey_exprs(rel, pathkey), rel->relid, &attrs);
	return attrs;
}
