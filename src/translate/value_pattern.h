/*
 * value_pattern.h
 *	  Translation of conditions that match text with patterns to aggregation
 *	  expressions.
 */
#ifndef AD_VALUE_PATTERN_H
#define AD_VALUE_PATTERN_H

#include "translate/value.h"

extern bool ad_pattern_value(AdValueContext *context, Node *node, AdValue *value);
extern Node *ad_pattern_test(AdValueContext *context, Node *node, bool wanted);

#endif							/* AD_VALUE_PATTERN_H */
