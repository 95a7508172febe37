/*
 * sort_key.h
 *	  The keys of an order.
 */
#ifndef AD_SORT_KEY_H
#define AD_SORT_KEY_H

#include "nodes/pathnodes.h"

#include "translate/value.h"

/*
 * One key of an order.  A field that is in SQL's order as it is, and so may
 * have an index, has a path; other keys have expressions.
 */
typedef struct AdSortKey
{
	const char *path;			/* or NULL */
	Node	   *value;			/* MongoDB's order of its values is SQL's, but
								 * for where null is; NULL if there is only a
								 * guard */
	Node	   *not_null;		/* false for null; NULL if there is none */
	Node	   *guard;			/* false for a mismatch that must not go
								 * unnoticed; NULL if there is none */
	bool		descending;
	bool		nulls_first;
} AdSortKey;

extern bool ad_ordered_expr(AdExprContext *context, const AdValue *value, const PathKey *pathkey, Node **expr);
extern bool ad_sort_is_computed(const List *keys);
extern Cost ad_sort_cost(const List *keys, double documents, double bound);

#endif							/* AD_SORT_KEY_H */
