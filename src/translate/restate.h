/*
 * restate.h
 *	  Comparisons in the form that has a translation.
 */
#ifndef AD_RESTATE_H
#define AD_RESTATE_H

#include "nodes/primnodes.h"

extern const OpExpr *ad_restated(const OpExpr *expr);

#endif							/* AD_RESTATE_H */
