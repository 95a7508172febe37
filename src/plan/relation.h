/*
 * relation.h
 *	  What planning keeps for the relations that MongoDB reads or makes.
 */
#ifndef AD_RELATION_H
#define AD_RELATION_H

#include "nodes/pathnodes.h"

#include "plan/group.h"
#include "query/query.h"
#include "translate/context.h"

/* a grouping, as later steps of the query see it */
typedef struct AdGrouping
{
	AdGroup    *group;
	List	   *tlist;			/* tlist of the scan */
	AdExprContext *context;
} AdGrouping;

/* fdw_private of the RelOptInfo of a foreign table */
typedef struct AdRelation
{
	Oid			serverid;
	AdTableOptions *options;
	AdExprContext context;
	Node	   *filter;			/* template of the pushed-down predicate */
	List	   *remote_conds;	/* RestrictInfos that the filter replaces */
	List	   *local_conds;	/* RestrictInfos evaluated locally; the filter
								 * may include a broader predicate for them */
	bool		is_extreme;		/* see extreme.c */
	bool		stops_early;	/* are only the first rows wanted? */
	struct AdJoinGroups *join_groups;	/* its groups below joins, see
										 * join_group.c; NULL until asked for */
	int			key_param;		/* 1 more than the parameter by which a scan
								 * finds the keys of a join; 0 if there is
								 * none yet */
	AdSlices   *slices;			/* of a parallel scan; NULL for none */
	int			workers;		/* of a parallel scan, beside the leader */
} AdRelation;

/* fdw_private of the RelOptInfo of a grouping or an order in MongoDB */
typedef struct AdUpperRelation
{
	RelOptInfo *ordered_rel;	/* of an order: its input; NULL for a grouping */
	/* the rest is for a grouping */
	AdQuery    *query;
	AdGrouping	grouping;
	List	   *having;			/* conditions of HAVING that are evaluated
								 * locally */
	double		rows;
	double		documents;		/* that are grouped */
	/* what it costs MongoDB to make the groups */
	Cost		grouping_cost;
	Path	   *subquery;		/* of a grouping of groups: their path, see
								 * group_subquery.c; else NULL */
} AdUpperRelation;

/*
 * The cost of a round trip, and of each document, in the planner's units.
 * AD_PIPELINE_COST is added for a document that an aggregate sends.
 */
#define AD_STARTUP_COST		100.0
/*
 * The cost of a round trip for groups.  There are never more groups than
 * documents, but costs within 1 % of each other are equal to the planner, so
 * this one is lower.
 */
#define AD_GROUPS_COST		98.0
/*
 * The part that counts of the cost of what MongoDB does with the groups of a
 * subquery, for the same reason.
 */
#define AD_OF_GROUPS_COST		0.98
#define AD_DOCUMENT_COST	0.05
#define AD_PIPELINE_COST	0.1

/*
 * Whether rows are locked or changed in the query, so that PostgreSQL may have to
 * check single rows of each table again (EvalPlanQual).
 */
static inline bool
ad_may_recheck(const PlannerInfo *root)
{
	return root->parse->commandType != CMD_SELECT || root->rowMarks != NIL;
}

#endif							/* AD_RELATION_H */
