/*
 * let.h
 *	  Names for expressions that are used more than once.
 */
#ifndef AD_LET_H
#define AD_LET_H

#include "translate/context.h"

extern Node *ad_let(AdExprContext *context, Node *expr);
extern Node *ad_let_column(AdExprContext *context, AttrNumber attnum, Node *expr);
extern Node *ad_let_all(const AdExprContext *context, Node *expr);

#endif							/* AD_LET_H */
