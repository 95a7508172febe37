/*
 * join_keys.h
 *	  Scans that wait for the keys of the table they are joined to.
 */
#ifndef AD_JOIN_KEYS_H
#define AD_JOIN_KEYS_H

#include "nodes/pathnodes.h"

#include "plan/relation.h"

/* what a waiting scan knows of the keys; its path keeps it for the plan */
typedef struct AdJoinKeys
{
	Node	   *predicate;		/* template: the column is one of the keys */
	List	   *slots;			/* those of the scan, with one for the keys */
	int			slot;			/* its index */
	int			param;			/* links the scan to the node that has them */
} AdJoinKeys;

extern void ad_join_key_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outerrel,
							  RelOptInfo *innerrel, JoinType jointype,
							  JoinPathExtraData *extra, bool outer_waits);
extern List *ad_join_keys_query(const AdJoinKeys *keys, AdQuery *query);

#endif							/* AD_JOIN_KEYS_H */
