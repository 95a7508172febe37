/*
 * filter_clock.h
 *	  Translation of SQL conditions on the local time of an instant.
 */
#ifndef AD_FILTER_CLOCK_H
#define AD_FILTER_CLOCK_H

#include "translate/value.h"

extern Node *ad_clock_condition(AdExprContext *context, OpExpr *expr, bool wanted);
extern Node *ad_clock_array_condition(AdExprContext *context, ScalarArrayOpExpr *expr,
									  bool wanted);

#endif							/* AD_FILTER_CLOCK_H */
