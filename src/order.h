/*
 * order.h
 *	  ORDER BY, LIMIT and OFFSET in MongoDB.
 */
#ifndef AD_ORDER_H
#define AD_ORDER_H

#include "nodes/pathnodes.h"

#include "expr.h"
#include "query.h"

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

extern bool ad_order_keys(PlannerInfo *root, RelOptInfo *rel,
						  AdExprContext *context, List *pathkeys, List **keys);
extern bool ad_upper_order_keys(PlannerInfo *root, RelOptInfo *rel,
								List *pathkeys, List **keys);
extern Bitmapset *ad_order_columns(RelOptInfo *rel, List *pathkeys);
extern bool ad_order_is_computed(const List *keys);
extern Cost ad_order_cost(const List *keys, double documents, double bound);
extern void ad_order_query(AdQuery *query, const List *keys);
extern List *ad_order_prefix(PlannerInfo *root, RelOptInfo *rel, List *pathkeys);
extern void ad_order_expect(PlannerInfo *root, AdExprContext *context, AdQuery *query);
extern void ad_order_limit(PlannerInfo *root, AdExprContext *context,
						   const List *keys, AdQuery *query);

/* GetForeignUpperPaths, for UPPERREL_ORDERED and UPPERREL_FINAL */
extern void ad_order_paths(PlannerInfo *root, RelOptInfo *input_rel,
						   RelOptInfo *output_rel);
extern void ad_limit_paths(PlannerInfo *root, RelOptInfo *input_rel,
						   RelOptInfo *output_rel,
						   const FinalPathExtraData *extra);

#endif							/* AD_ORDER_H */
