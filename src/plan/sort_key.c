/*
 * sort_key.c
 *	  The keys of an order.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "nodes/pathnodes.h"
#include "optimizer/optimizer.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "plan/sort_key.h"
#include "translate/let.h"
#include "translate/value_time.h"

/*
 * Sets *expr to the value in a form that MongoDB orders as a B-tree operator
 * family and a collation do.  Returns false if there is none.
 */
bool
ad_ordered_expr(AdExprContext *context, const AdValue *value, Oid opfamily, Oid collation, Node **expr)
{
	Oid			typid = value->typid == VARCHAROID ? TEXTOID : value->typid;

	*expr = value->expr;
	if (opfamily != lookup_type_cache(typid, TYPECACHE_BTREE_OPFAMILY)->btree_opf)
		return false;
	switch (typid)
	{
		case FLOAT8OID:
			*expr = ad_value_nan_last(ad_let(context, *expr));
			return true;
		case TEXTOID:
			return OidIsValid(collation) && ad_collate_is_c(collation);
		case TIMESTAMPTZOID:
		case TIMESTAMPOID:
		case DATEOID:
			*expr = ad_instant_key(context, value);
			return *expr != NULL && (!IsA(*expr, List) || ad_tag(*expr) != AD_DOCUMENT ||
									 ad_doc_key(*expr, 0)[0] == '$');
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
			return true;
		default:
			return false;
	}
}

/* Whether one of the keys must be computed. */
bool
ad_sort_is_computed(const List *keys)
{
	ListCell   *lc;

	foreach(lc, keys)
	{
		if (((AdSortKey *) lfirst(lc))->path == NULL)
			return true;
	}
	return false;
}

/*
 * Returns the cost of sorting documents in MongoDB, of which it keeps the
 * first `bound`.  Indexes are not considered, because we know nothing about
 * them.
 */
Cost
ad_sort_cost(const List *keys, double documents, double bound)
{
	double		comparisons = log2(Min(documents, bound) + 1);
	ListCell   *lc;

	if (keys == NIL)
		return 0;
	foreach(lc, keys)
	{
		if (((AdSortKey *) lfirst(lc))->path == NULL)
			comparisons += 4;
	}
	return documents * comparisons * cpu_operator_cost;
}
