/*
 * sort_key.h
 *	  The keys of an order.
 */
#ifndef AD_SORT_KEY_H
#define AD_SORT_KEY_H

#include "nodes/pathnodes.h"

#include "translate/value.h"

/*
 * One key of an order.  A key has a path if it is a field that MongoDB orders
 * as PostgreSQL does, so that an index can be used.  Other keys are computed
 * from expressions.
 */
typedef struct AdSortKey
{
	const char *path;			/* field to sort by, or NULL */
	Node	   *value;			/* ordered as in SQL, except for the place of
								 * nulls; NULL if there is only a guard */
	Node	   *not_null;		/* expression that is false for null; NULL if
								 * there are none */
	Node	   *guard;			/* expression that is false for a mismatch
								 * that must not go unnoticed; NULL if there
								 * is none */
	bool		descending;
	bool		nulls_first;
} AdSortKey;

extern bool ad_ordered_expr(AdExprContext *context, const AdValue *value, Oid opfamily, Oid collation,
							Node **expr);
extern bool ad_sort_is_computed(const List *keys);
extern Cost ad_sort_cost(const List *keys, double documents, double bound);

#endif							/* AD_SORT_KEY_H */
