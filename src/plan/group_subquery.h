/*
 * group_subquery.h
 *	  Groupings of the groups of a subquery in MongoDB.
 */
#ifndef AD_GROUP_SUBQUERY_H
#define AD_GROUP_SUBQUERY_H

#include "nodes/pathnodes.h"

extern RelOptInfo *ad_groups_of_subquery(RelOptInfo *rel);
extern void ad_group_subquery_init(void);

#endif							/* AD_GROUP_SUBQUERY_H */
