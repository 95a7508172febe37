/*
 * having.h
 *	  HAVING and the order of groups in MongoDB.
 */
#ifndef AD_HAVING_H
#define AD_HAVING_H

#include "nodes/pathnodes.h"

#include "plan/relation.h"

extern AdValueContext ad_having_context(AdGrouping *grouping);
extern List *ad_having_push(AdGrouping *grouping, AdQuery *query, List *conditions);
extern bool ad_having_order(AdGrouping *grouping, RelOptInfo *rel, List *pathkeys,
							List **keys);

#endif							/* AD_HAVING_H */
