/*
 * order.h
 *	  ORDER BY, LIMIT and OFFSET in MongoDB.
 */
#ifndef AD_ORDER_H
#define AD_ORDER_H

#include "nodes/pathnodes.h"

#include "plan/sort_key.h"
#include "query/query.h"
#include "translate/context.h"

/*
 * An order, and how much of it is wanted, as decided for a path.  The plan is
 * made from this and decides nothing again, because what is known of the
 * query may have changed by then.
 */
typedef struct AdOrder
{
	List	   *keys;			/* AdSortKey */
	List	   *slots;			/* SQL expressions: the relation's slots and
								 * the order's */
	bool		limited;		/* are LIMIT and OFFSET pushed down? */
	Node	   *limit;			/* operand; if not pushed down, of the LIMIT
								 * above; or NULL */
	Node	   *skip;			/* operand, or NULL */
	bool		numbered;		/* are rows skipped by number, see
								 * order_skip.c? */
} AdOrder;

extern AdOrder *ad_order_find(PlannerInfo *root, RelOptInfo *rel, List *pathkeys);
extern AdOrder *ad_order_prefix(PlannerInfo *root, RelOptInfo *rel, List *pathkeys,
								List **prefix);
extern Bitmapset *ad_order_columns(RelOptInfo *rel, List *pathkeys);
extern void ad_order_query(AdQuery *query, const AdOrder *order);
extern List *ad_order_stages(const List *keys, const char *prefix);

/* GetForeignUpperPaths for UPPERREL_ORDERED and UPPERREL_FINAL */
extern void ad_order_paths(PlannerInfo *root, RelOptInfo *input_rel,
						   RelOptInfo *output_rel);
extern void ad_limit_paths(PlannerInfo *root, RelOptInfo *input_rel,
						   RelOptInfo *output_rel,
						   const FinalPathExtraData *extra);

#endif							/* AD_ORDER_H */
