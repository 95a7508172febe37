/*
 * filter.h
 *	  Translation of SQL conditions to templates of MongoDB predicates.
 */
#ifndef AD_FILTER_H
#define AD_FILTER_H

#include "translate/context.h"

extern Node *ad_expr_true_when(AdExprContext *context, Expr *condition,
							   bool *recheck);
extern Node *ad_expr_allowed(AdExprContext *context, Expr *condition, bool *recheck);

#endif							/* AD_FILTER_H */
