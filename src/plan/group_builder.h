/*
 * group_builder.h
 *	  Building of groups, for what plans them.
 */
#ifndef AD_GROUP_BUILDER_H
#define AD_GROUP_BUILDER_H

#include "plan/relation.h"

/* what a group is built from */
typedef struct AdGroupBuilder
{
	AdValueContext values;
	AdGroup    *group;
	List	   *tlist;			/* what the scan returns */
	List	   *keys;			/* expressions */
	List	   *sets;			/* of GROUPING SETS: lists of their numbers,
								 * NIL last */
	Node	   *distinct;		/* argument whose distinct values are
								 * aggregated */
} AdGroupBuilder;

extern bool ad_grouping_keys(PlannerInfo *root, UpperRelationKind stage, List **keys);
extern const AdColumn *ad_comparable_column(AdExprContext *context, Node *node);
extern AdGroupBuilder ad_build_group(const AdRelation *relation);
extern bool ad_build_outputs(AdGroupBuilder *builder);
extern bool ad_build_grouping(AdGroupBuilder *builder, PlannerInfo *root, bool has_sets,
							  PathTarget *target, List *having);
extern AdUpperRelation *ad_built_relation(const AdRelation *relation,
										  const AdGroupBuilder *builder);

#endif							/* AD_GROUP_BUILDER_H */
