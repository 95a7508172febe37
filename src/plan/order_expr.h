/*
 * order_expr.h
 *	  ORDER BY expressions on the rows of a table.
 */
#ifndef AD_ORDER_EXPR_H
#define AD_ORDER_EXPR_H

#include "plan/sort_key.h"

extern AdSortKey *ad_order_expr_key(AdExprContext *base, RelOptInfo *rel,
									const PathKey *pathkey);
extern Bitmapset *ad_order_expr_columns(RelOptInfo *rel, const PathKey *pathkey,
										Bitmapset *attrs);

#endif							/* AD_ORDER_EXPR_H */
