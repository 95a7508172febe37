/*
 * having.h
 *	  Conditions on groups, and their order.
 */
#ifndef AD_HAVING_H
#define AD_HAVING_H

#include "nodes/pathnodes.h"

#include "plan/group.h"

/* a grouping, for what follows it in the query */
typedef struct AdGrouping
{
	AdGroup    *group;
	List	   *tlist;			/* what the scan returns */
	AdExprContext *context;
} AdGrouping;

extern List *ad_having_push(AdGrouping *grouping, AdQuery *query, List *conditions);
extern bool ad_having_order(AdGrouping *grouping, RelOptInfo *rel, List *pathkeys,
							List **keys);
extern bool ad_ordered_expr(AdExprContext *context, const AdValue *value, const PathKey *pathkey, Node **expr);

#endif							/* AD_HAVING_H */
