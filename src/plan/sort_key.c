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
 * The value as one that MongoDB orders as SQL does, in *expr.  Returns false
 * if there is none.
 */
bool
ad_ordered_expr(AdExprContext *context, const AdValue *value, const PathKey *pathkey, Node **expr)
{
	Oid			typid = value->typid == VARCHAROID ? TEXTOID : value->typid;

	*expr = value->expr;
	if (pathkey->pk_opfamily != lookup_type_cache(typid, TYPECACHE_BTREE_OPFAMILY)->btree_opf)
		return false;
	switch (typid)
	{
		case FLOAT8OID:
			*expr = ad_let(context, *expr);
			*expr = ad_value_if(ad_doc("$eq", ad_array2(*expr, ad_float8(NAN))),
								ad_string("NaN"), *expr);
			return true;
		case TEXTOID:
			return ad_collate_is_c(pathkey->pk_eclass->ec_collation);
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

/* must MongoDB compute any of the keys? */
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
 * What it costs MongoDB to sort documents, of which it keeps the first `bound`
 * only.  We know nothing of its indexes.
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
