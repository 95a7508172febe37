/*
 * group.h
 *	  The stages of an aggregate that groups.
 */
#ifndef AD_GROUP_H
#define AD_GROUP_H

#include "query/query.h"
#include "translate/value.h"

typedef enum AdAggregate
{
	AD_COUNT,
	AD_SUM,
	AD_AVG,
	AD_MIN,
	AD_MAX,
	AD_DEVIATION,
	AD_PERCENTILE_CONT,
	AD_PERCENTILE_DISC
} AdAggregate;

/* one aggregate; its argument, or NULL for whole rows, and its FILTER, or NULL */
typedef struct AdCall
{
	AdAggregate aggregate;
	const AdValue *argument;
	Node	   *filter;
	Oid			result_type;
	AdDeviation deviation;		/* of AD_DEVIATION: which one */
	float8		fraction;		/* of a percentile, from 0 to 1 */
} AdCall;

typedef struct AdGroup AdGroup;

extern AdGroup *ad_group_create(AdExprContext *context);
extern void ad_group_add_key(AdGroup *group, const AdColumn *column, Node *expr);
extern void ad_group_add_set(AdGroup *group, const List *columns);
extern void ad_group_set_distinct(AdGroup *group, const AdValue *value, Node *expr);
extern void ad_group_return_key(AdGroup *group, int position, const AdColumn *column);
extern void ad_group_return_column(AdGroup *group, int position, const AdColumn *column);
extern void ad_group_return_grouping(AdGroup *group, int position, List *numbers);
extern bool ad_group_return(AdGroup *group, int position, const AdCall *call);
extern bool ad_group_return_distinct(AdGroup *group, int position, const AdCall *call);
extern void ad_group_guard(AdGroup *group, const AdColumn *column);
extern void ad_group_fail(AdGroup *group, const List *failures);
extern bool ad_group_value(AdGroup *group, int position, AdValue *value);
extern Node *ad_group_is_sound(AdGroup *group);
extern void ad_group_finish(AdGroup *group, AdQuery *query);
extern void ad_group_add_total(AdGroup *group, AdQuery *query);

#endif							/* AD_GROUP_H */
