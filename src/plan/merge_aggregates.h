/*
 * merge_aggregates.h
 *	  Aggregates as expressions of groups.
 */
#ifndef AD_MERGE_AGGREGATES_H
#define AD_MERGE_AGGREGATES_H

#include "plan/group_builder.h"

/* how the aggregates of a query are made from groups */
typedef struct AdMerges
{
	List	   *parts;			/* Aggrefs that the groups have */
	List	   *aggregates;		/* Aggrefs of the query */
	List	   *merged;			/* for each of them the expression that has
								 * the same result, with Aggrefs over groups */
	bool		filled;			/* do joins add rows of nulls to the groups? */
} AdMerges;

extern bool ad_find_aggregates(PlannerInfo *root, List **aggregates);
extern bool ad_merge_aggregates(PlannerInfo *root, AdGroupBuilder *builder, RelOptInfo *rel,
								List *aggregates, AdMerges *merges);
extern Expr *ad_where_null(Expr *expr, Expr *value, Expr *otherwise);
extern Expr *ad_number_or(Expr *number, int64 other);
extern Expr *ad_part_of_row(const Aggref *part);
extern Aggref *ad_make_aggregate(Oid function, Expr *argument);

#endif							/* AD_MERGE_AGGREGATES_H */
