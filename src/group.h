/*
 * group.h
 *	  The stages of an aggregate that groups.
 */
#ifndef AD_GROUP_H
#define AD_GROUP_H

#include "expr.h"
#include "query.h"

typedef enum AdAggregate
{
	AD_COUNT,
	AD_SUM,
	AD_MIN,
	AD_MAX
} AdAggregate;

typedef struct AdGroup AdGroup;

extern AdGroup *ad_group_create(const List *keys, const AdColumn *distinct);
extern void ad_group_add_key(AdGroup *group, int position,
							 const AdColumn *column);
extern bool ad_group_add(AdGroup *group, int position, AdAggregate aggregate,
						 const AdColumn *column, Oid result_type);
extern void ad_group_add_distinct(AdGroup *group, int position);
extern void ad_group_finish(AdGroup *group, AdQuery *query);

#endif							/* AD_GROUP_H */
