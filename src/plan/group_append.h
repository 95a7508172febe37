/*
 * group_append.h
 *	  Groupings of the rows of several tables: partitions, heirs, UNION ALL.
 */
#ifndef AD_GROUP_APPEND_H
#define AD_GROUP_APPEND_H

#include "plan/merge_aggregates.h"

/* what groups the rows of several tables below joins, in terms of their parent */
typedef struct AdAppendKeys
{
	List	   *columns;		/* columns that have one value in a group */
	List	   *keys;			/* expressions likewise */
	List	   *aggregates;		/* perhaps of other tables, too */
} AdAppendKeys;

extern void ad_group_append_init(void);
extern RelOptInfo *ad_first_appended(PlannerInfo *root, const RelOptInfo *parent);
extern RelOptInfo *ad_append_groups(PlannerInfo *root, RelOptInfo *parent, const AdAppendKeys *keys,
									AdMerges *merges, List **columns);

#endif							/* AD_GROUP_APPEND_H */
