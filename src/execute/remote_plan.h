/*
 * remote_plan.h
 *	  Show MongoDB's plan of a query in EXPLAIN.
 */
#ifndef AD_REMOTE_PLAN_H
#define AD_REMOTE_PLAN_H

#include "query/query.h"

struct ExplainState;

extern void ad_explain_remote_plan(const AdQuery *query, const AdSlot *slots, Oid userid,
								   struct ExplainState *es);

#endif							/* AD_REMOTE_PLAN_H */
