/*
 * scan_cost.h
 *	  What a scan costs.
 */
#ifndef AD_SCAN_COST_H
#define AD_SCAN_COST_H

#include "plan/relation.h"

/* what a scan does, to tell its cost */
typedef struct AdScanWork
{
	double		documents;		/* that MongoDB finds */
	double		sent;			/* of them, what it sends */
	double		rows;			/* of those, what PostgreSQL's conditions
								 * leave */
	List	   *local_conds;	/* RestrictInfos */
	List	   *keys;			/* of MongoDB's order: AdSortKey */
	PathTarget *target;
} AdScanWork;

extern AdScanWork ad_scan_work(PlannerInfo *root, RelOptInfo *rel,
							   List *join_conds);
extern void ad_scan_cost(PlannerInfo *root, const AdScanWork *work,
						 Cost *startup_cost, Cost *total_cost);
extern AdExprContext ad_scan_context(const AdRelation *relation);

#endif							/* AD_SCAN_COST_H */
