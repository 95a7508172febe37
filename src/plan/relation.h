/*
 * relation.h
 *	  What planning keeps of the relations that MongoDB reads or makes.
 */
#ifndef AD_RELATION_H
#define AD_RELATION_H

#include "nodes/pathnodes.h"

#include "plan/group.h"
#include "query/query.h"
#include "translate/context.h"

/* a grouping, for what follows it in the query */
typedef struct AdGrouping
{
	AdGroup    *group;
	List	   *tlist;			/* what the scan returns */
	AdExprContext *context;
} AdGrouping;

/* fdw_private of a foreign table's RelOptInfo */
typedef struct AdRelation
{
	Oid			serverid;
	AdTableOptions *options;
	AdExprContext context;
	Node	   *filter;			/* template of what MongoDB evaluates */
	List	   *remote_conds;	/* RestrictInfos that the filter stands for */
	List	   *local_conds;	/* those that PostgreSQL evaluates */
	bool		is_extreme;		/* see extreme.c */
} AdRelation;

/* fdw_private of the RelOptInfo of a grouping or an order that MongoDB does */
typedef struct AdUpperRelation
{
	RelOptInfo *ordered_rel;	/* an order's input; NULL for a grouping */
	/* of a grouping */
	AdQuery    *query;
	AdGrouping	grouping;
	List	   *having;			/* conditions that PostgreSQL evaluates */
	double		rows;
	Cost		grouping_cost;
} AdUpperRelation;

/*
 * What a round trip and a document cost, in the planner's units, and how much
 * more a document if an aggregate sends it
 */
#define AD_STARTUP_COST		100.0
/* of groups, which are never more: costs that differ by 1% are equal to the planner */
#define AD_GROUPS_COST		98.0
#define AD_DOCUMENT_COST	0.05
#define AD_PIPELINE_COST	0.1


#endif							/* AD_RELATION_H */
