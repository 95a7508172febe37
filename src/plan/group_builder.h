/*
 * group_builder.h
 *	  Building a group from the expressions of a query.
 */
#ifndef AD_GROUP_BUILDER_H
#define AD_GROUP_BUILDER_H

#include "plan/relation.h"

typedef struct AdGroupBuilder AdGroupBuilder;

/* how to read columns that are not those of a table */
typedef struct AdColumnSource
{
	/* the group key for an SQL expression of them, or NULL */
	Node	   *(*key_expr) (AdGroupBuilder *builder, Node *key);

	/*
	 * Adds the output of such a column, which a key reads; false if that is
	 * not possible
	 */
	bool		(*add_output) (AdGroupBuilder *builder, int position, Node *column);
} AdColumnSource;

/* a group that is being built */
struct AdGroupBuilder
{
	AdValueContext values;
	const AdColumnSource *source;	/* NULL for the documents of a table */
	AdGroup    *group;
	List	   *tlist;			/* tlist of the scan */
	List	   *keys;			/* SQL expressions */
	List	   *sets;			/* GROUPING SETS: a list of their
								 * sortgrouprefs for each set, with the empty
								 * set last */
	bool		squares;		/* do transition states of doubles need the
								 * sum of their squares? */
	List	   *firsts;			/* the calls of array_agg() (Aggref) of which
								 * only the first element is read */
	List	   *distincts;		/* an Aggref for each argument, with its
								 * FILTER, whose distinct values are
								 * aggregated */
};

extern bool ad_grouping_keys(PlannerInfo *root, UpperRelationKind stage, bool sets, List **keys);
extern const AdColumn *ad_comparable_column(AdExprContext *context, Node *node);
extern const AdColumn *ad_identical_column(AdExprContext *context, Node *node);
extern const AdColumn *ad_numeric_argument(AdGroupBuilder *builder, const Aggref *aggref);
extern bool ad_is_deviation(const Aggref *aggref);
extern bool ad_is_collated(const Aggref *aggref);
extern Node *ad_collated_extreme(AdGroupBuilder *builder, const Aggref *aggref);
extern AdGroupBuilder ad_build_group(const AdRelation *relation);
extern void ad_build_guards(AdGroupBuilder *builder);
extern bool ad_build_outputs(AdGroupBuilder *builder);
extern bool ad_build_grouping(AdGroupBuilder *builder, PlannerInfo *root, bool has_sets,
							  PathTarget *target, List *having);
extern AdUpperRelation *ad_built_relation(const AdRelation *relation,
										  const AdGroupBuilder *builder);

#endif							/* AD_GROUP_BUILDER_H */
