/*
 * expr.h
 *	  Translate SQL conditions to templates of MongoDB predicates.
 */
#ifndef AD_EXPR_H
#define AD_EXPR_H

#include "context.h"

extern Node *ad_expr_true_when(AdExprContext *context, Expr *condition,
							   bool *recheck);

#endif							/* AD_EXPR_H */
