/*
 * group_key.h
 *	  Translation of expressions to group by.
 */
#ifndef AD_GROUP_KEY_H
#define AD_GROUP_KEY_H

#include "translate/value.h"

extern Node *ad_missing_as_null(AdValueContext *context, Node *node, const AdValue *value,
								Node *expr);
extern Node *ad_key_expr(AdValueContext *context, Node *node, bool nullable);

#endif							/* AD_GROUP_KEY_H */
