/*
 * join_nulls.h
 *	  Groups below an outer join that fills them with nulls.
 */
#ifndef AD_JOIN_NULLS_H
#define AD_JOIN_NULLS_H

#include "plan/merge_aggregates.h"

/* what joins do with the rows of a table */
typedef enum AdJoinSide
{
	AD_SIDE_PRESERVED,			/* each is returned, as often as it has
								 * partners */
	AD_SIDE_FILLED,				/* as above, and rows of nulls are added */
	AD_SIDE_TESTED,				/* only the existence of rows counts */
} AdJoinSide;

extern AdJoinSide ad_join_side(PlannerInfo *root, const RelOptInfo *rel, Relids *tested);
extern Var *ad_find_column(const List *columns, const Var *column);
extern List *ad_use_columns(List *exprs, Index relid, const RelOptInfo *of);
extern bool ad_ignores_nulls(PlannerInfo *root, const List *states);
extern bool ad_tell_nulls(PlannerInfo *root, AdMerges *merges);
extern List *ad_hold_states(PlannerInfo *root, RelOptInfo *groups, List *states);
extern void ad_drop_parameterized(RelOptInfo *join);
extern RelOptInfo *ad_name_states(PlannerInfo *root, RelOptInfo *join, List *held, List *names);

#endif							/* AD_JOIN_NULLS_H */
