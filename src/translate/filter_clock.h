/*
 * filter_clock.h
 *	  SQL tests of what a clock shows at an instant, as predicates.
 */
#ifndef AD_FILTER_CLOCK_H
#define AD_FILTER_CLOCK_H

#include "bson/types.h"
#include "query/node.h"
#include "translate/value.h"

extern Node *ad_clock_condition(AdExprContext *context, OpExpr *expr, bool wanted);
extern Node *ad_clock_array_condition(AdExprContext *context, ScalarArrayOpExpr *expr,
									  bool wanted);
extern Node *ad_clock_open(Node *leaf);
extern Node *ad_clock_compare(Node *leaf, Datum value);

#endif							/* AD_FILTER_CLOCK_H */
