/*
 * value_condition.h
 *	  Translation of SQL conditions to aggregation expressions.
 */
#ifndef AD_VALUE_CONDITION_H
#define AD_VALUE_CONDITION_H

#include "translate/value.h"

extern Node *ad_value_condition(AdValueContext *context, Node *node, bool wanted);

extern bool ad_value_of_condition(AdValueContext *context, Node *node, AdValue *value);
extern Node *ad_value_equality(AdValueContext *context, const OpExpr *expr, AdValue *first);

extern bool ad_value_array(Const *array, List **constants);

#endif							/* AD_VALUE_CONDITION_H */
