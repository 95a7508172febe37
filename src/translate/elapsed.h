/*
 * elapsed.h
 *	  Conditions on the time since an instant.
 */
#ifndef AD_ELAPSED_H
#define AD_ELAPSED_H

#include "nodes/primnodes.h"

extern bool ad_is_near_instant(Node *node);
extern const OpExpr *ad_elapsed_comparison(const OpExpr *expr);

#endif							/* AD_ELAPSED_H */
