/*
 * parallel.h
 *	  Scans that several processes share.
 */
#ifndef AD_PARALLEL_H
#define AD_PARALLEL_H

#include "plan/scan_cost.h"

/*
 * So many documents are worth the first worker; three times as many are worth
 * one more, and so on.
 */
#define AD_DOCUMENTS_FOR_WORKER	50000

extern bool ad_is_foreign_scan_parallel_safe(PlannerInfo *root, RelOptInfo *rel,
											 RangeTblEntry *rte);
extern void ad_divide_relation(PlannerInfo *root, RelOptInfo *rel);
extern AdSlices *ad_parallel_group_slices(const AdRelation *relation);
extern double ad_parallel_divisor(int workers);
extern void ad_parallel_cost(const AdSlices *slices, int workers, Cost *startup_cost,
							 Cost *total_cost);
extern void ad_parallel_scan_path(PlannerInfo *root, RelOptInfo *rel);

#endif							/* AD_PARALLEL_H */
