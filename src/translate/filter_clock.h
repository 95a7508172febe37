/*
 * filter_clock.h
 *	  SQL tests of what a clock shows at an instant, as predicates.
 */
#ifndef AD_FILTER_CLOCK_H
#define AD_FILTER_CLOCK_H

#include "translate/value.h"

extern Node *ad_clock_condition(AdExprContext *context, OpExpr *expr, bool wanted);
extern Node *ad_clock_array_condition(AdExprContext *context, ScalarArrayOpExpr *expr,
									  bool wanted);

#endif							/* AD_FILTER_CLOCK_H */
