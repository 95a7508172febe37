/*
 * extreme.h
 *	  min() and max() that the planner computes without an aggregate.
 */
#ifndef AD_EXTREME_H
#define AD_EXTREME_H

#include "nodes/pathnodes.h"

#include "translate/context.h"

extern bool ad_extreme_is(PlannerInfo *root);
extern bool ad_extreme_reaches(PlannerInfo *root);
extern bool ad_extreme_hides(AdExprContext *context, Node *condition);

#endif							/* AD_EXTREME_H */
