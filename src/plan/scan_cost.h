/*
 * scan_cost.h
 *	  The cost of scans and of groups.
 */
#ifndef AD_SCAN_COST_H
#define AD_SCAN_COST_H

#include "plan/relation.h"

/* the amount of work of a scan */
typedef struct AdScanWork
{
	double		documents;		/* documents that MongoDB finds */
	double		sent;			/* documents that it sends */
	double		rows;			/* rows that pass the local conditions */
	Cost		first_cost;		/* what else is spent before the first row */
	Cost		shared;			/* cost of what processes could share */
	List	   *local_conds;	/* RestrictInfos that PostgreSQL evaluates */
	List	   *keys;			/* AdSortKey: the order in which MongoDB sends
								 * them */
	PathTarget *target;
} AdScanWork;

extern AdScanWork ad_scan_work(PlannerInfo *root, RelOptInfo *rel,
							   List *join_conds);
extern void ad_scan_cost(PlannerInfo *root, const AdScanWork *work,
						 Cost *startup_cost, Cost *total_cost);
extern Cost ad_grouping_cost(const AdRelation *relation, double documents);
extern void ad_groups_cost(PlannerInfo *root, const AdScanWork *work, Cost grouping_cost,
						   Cost *startup_cost, Cost *total_cost);
extern void ad_upper_cost(PlannerInfo *root, const AdUpperRelation *upper, const AdScanWork *work,
						  Cost *startup_cost, Cost *total_cost);
extern AdExprContext ad_scan_context(const AdRelation *relation);

#endif							/* AD_SCAN_COST_H */
