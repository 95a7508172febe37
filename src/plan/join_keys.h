/*
 * join_keys.h
 *	  Scans that wait for the keys that another plan finds.
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

/* a scan that waits, and what has its keys */
typedef struct AdKeyJoin
{
	PlannerInfo *root;
	PlannerInfo *table_root;	/* of the query that reads the table */
	RelOptInfo *table;			/* the foreign table */
	RelOptInfo *waiting;		/* the table, or its groups */
	RelOptInfo *side;			/* of a join: the waiting side, which may be a
								 * subquery of groups */
	RelOptInfo *other;			/* of a join: the side that has the keys */
	bool		outer_waits;
	bool		excludes;		/* an anti join that keeps what has no partner */
	Node	   *column;			/* the table's side of the condition */
	Node	   *key;			/* the other side of it */
	double		selectivity;	/* part of the documents that have such a key */
	double		count;			/* estimated number of keys */
	AdJoinKeys	keys;
} AdKeyJoin;

extern bool ad_set_keys(AdKeyJoin *join, OpExpr *expr);
extern Path *ad_waiting_path(const AdKeyJoin *join, Path *below);
extern void ad_join_key_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outerrel,
							  RelOptInfo *innerrel, JoinType jointype,
							  JoinPathExtraData *extra, bool outer_waits);
extern List *ad_join_keys_query(const AdJoinKeys *keys, AdQuery *query);

#endif							/* AD_JOIN_KEYS_H */
