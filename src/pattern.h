/*
 * pattern.h
 *	  Translate conditions that match text with patterns.
 */
#ifndef AD_PATTERN_H
#define AD_PATTERN_H

#include "context.h"

extern Node *ad_pattern_condition(AdExprContext *context, Node *node, bool wanted);
extern Node *ad_pattern_weaker(AdExprContext *context, Node *node, bool wanted);

#endif							/* AD_PATTERN_H */
