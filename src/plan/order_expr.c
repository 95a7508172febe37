/*
 * order_expr.c
 *	  ORDER BY expressions on the rows of a table.
 *
 * The key is computed beside the document, as for columns that cannot be
 * sorted by directly.  PostgreSQL computes the expression again from the
 * columns, so only the order must be the same: for an instant that is cut to
 * a day, or for a local day, the day's beginning will do.
 *
 * Two kinds of expressions are sorted locally: local times that are not cut
 * to days, because daylight saving takes them out of the order of instants;
 * and expressions that can fail, because MongoDB would compute them for all
 * rows.
 */
#include "postgres.h"

#include "optimizer/optimizer.h"

#include "base/compat.h"
#include "plan/order_expr.h"
#include "plan/sort_key.h"
#include "query/budget.h"
#include "query/type_tests.h"
#include "translate/let.h"

/* the pathkey's expressions that read this relation only */
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

/* the guard that no column whose mismatches are errors holds one */
static Node *
fits_guard(List *columns)
{
	List	   *tests = NIL;
	ListCell   *lc;

	/* a column may be in the list several times */
	foreach(lc, columns)
	{
		AdColumn   *column = lfirst(lc);

		tests = list_append_unique(tests, ad_fits_expr(column->type,
													   ad_string(psprintf("$%s", column->field)), true));
	}
	return ad_all_of(tests);
}

/*
 * Returns the sort key for a pathkey that is an expression; NULL if MongoDB
 * cannot compute it, or does not order it as PostgreSQL does.  Slots are
 * added to base->slots.  The caller sets the direction.
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
			!value.rounded && ad_ordered_expr(base, &value, pathkey->pk_opfamily,
											  pathkey->pk_eclass->ec_collation, &expr))
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
 * Adds the columns that the pathkey's expressions read to `attrs`, as
 * pull_varattnos() does, and returns it.
 */
Bitmapset *
ad_order_expr_columns(RelOptInfo *rel, const PathKey *pathkey, Bitmapset *attrs)
{
	pull_varattnos((Node *) pathkey_exprs(rel, pathkey), rel->relid, &attrs);
	return attrs;
}
