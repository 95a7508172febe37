/*
 * key.h
 *	  Expressions to group by.
 */
#ifndef AD_KEY_H
#define AD_KEY_H

#include "value.h"

extern Node *ad_key_expr(AdValueContext *context, Node *node, bool nullable);

#endif							/* AD_KEY_H */
