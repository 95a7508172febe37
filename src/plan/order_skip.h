/*
 * order_skip.h
 *	  OFFSET in an order whose mismatches must not be skipped.
 */
#ifndef AD_ORDER_SKIP_H
#define AD_ORDER_SKIP_H

#include "query/query.h"

extern bool ad_may_number(Node *skip, Node *limit, const AdTableOptions *options);
extern void ad_skip_by_number(AdQuery *query, Node *skip, Node *limit, List *guards);

#endif							/* AD_ORDER_SKIP_H */
