/*
 * filter_pattern.h
 *	  Translation of conditions that match text with patterns.
 */
#ifndef AD_FILTER_PATTERN_H
#define AD_FILTER_PATTERN_H

#include "translate/context.h"

extern Node *ad_pattern_condition(AdExprContext *context, Node *node, bool wanted);
extern Node *ad_pattern_member(AdExprContext *context, ScalarArrayOpExpr *expr, bool wanted);
extern Node *ad_pattern_weaker(AdExprContext *context, Node *node, bool wanted);

#endif							/* AD_FILTER_PATTERN_H */
