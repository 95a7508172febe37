/*
 * group_append.h
 *	  Groupings of the rows of several tables: partitions, heirs, UNION ALL.
 */
#ifndef AD_GROUP_APPEND_H
#define AD_GROUP_APPEND_H

#include "plan/merge_aggregates.h"

/* what groups the rows of a table, or of several in terms of their parent, below joins */
typedef struct AdJoinedKeys
{
	List	   *joined;			/* columns and expressions that have one value
								 * in a group */
	List	   *keys;			/* group keys, perhaps of other tables, too */
	List	   *aggregates;		/* perhaps of other tables, too */
} AdJoinedKeys;

extern void ad_group_append_init(void);
extern RelOptInfo *ad_first_appended(PlannerInfo *root, const RelOptInfo *parent);
extern RelOptInfo *ad_append_groups(PlannerInfo *root, RelOptInfo *parent, const AdJoinedKeys *keys,
									AdMerges *merges, List **columns);

#endif							/* AD_GROUP_APPEND_H */
