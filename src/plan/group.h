/*
 * group.h
 *	  The stages of an aggregate that groups.
 */
#ifndef AD_GROUP_H
#define AD_GROUP_H

#include "query/query.h"
#include "translate/value.h"

/* one field of the first $group, merged by the others */
typedef struct AdAccumulator
{
	const char *name;
	const char *op;				/* merges itself, too: $sum, $min, $max,
								 * $first */
	Node	   *argument;
} AdAccumulator;

typedef struct AdKey
{
	const AdColumn *column;		/* NULL for a computed one */
	Node	   *expr;			/* of documents */
	bool		unified;		/* are equal values equal as they are? */
} AdKey;

/*
 * An order of the documents of each group.  Its fields are `name`, for what
 * they are ordered by, and with a letter after it their (r)ank from 1 and from
 * the (l)ast.
 */
typedef struct AdRanking
{
	const char *name;
	Node	   *expr;
} AdRanking;

typedef struct AdGroup
{
	AdExprContext *context;
	List	   *keys;			/* AdKey */
	const AdValue *distinct;	/* whose distinct values are aggregated, or
								 * NULL */
	int			distinct_key;	/* its place among all_keys */
	List	   *all_keys;		/* keys, and distinct if it is no key */
	List	   *accumulators;	/* AdAccumulator */
	List	   *of_distinct;	/* AdAccumulator of the third stage alone */
	List	   *outputs;		/* AdOutput */
	Bitmapset  *proven;			/* positions of columns that are not null */
	List	   *guards;			/* AdGuard */
	List	   *sets;			/* of GROUPING SETS: lists of places among
								 * keys */
	List	   *rankings;		/* AdRanking */
	const char *ranking_prefix; /* of names that no field of the table has */
	List	   *groupings;		/* values of GROUPING(): lists, one number a
								 * set */
} AdGroup;

extern AdGroup *ad_group_create(AdExprContext *context);
extern void ad_group_add_key(AdGroup *group, const AdColumn *column, Node *expr);
extern void ad_group_add_set(AdGroup *group, const List *columns);
extern void ad_group_set_distinct(AdGroup *group, const AdValue *value, Node *expr);
extern void ad_group_return_key(AdGroup *group, int position, const AdColumn *column);
extern void ad_group_return_column(AdGroup *group, int position, const AdColumn *column);
extern void ad_group_return_grouping(AdGroup *group, int position, List *numbers);
extern void ad_group_guard(AdGroup *group, const AdColumn *column);
extern void ad_group_fail(AdGroup *group, const List *failures);
extern AdOutput *ad_group_add_output(AdGroup *group, int position, const char *path,
									 AdResult kind, Oid typid);
extern const char *ad_group_accumulate(AdGroup *group, const char *op, Node *argument);
extern const char *ad_group_accumulate_distinct(AdGroup *group, const char *op, Node *argument);
extern void ad_group_add_guard(AdGroup *group, const char *path, AdFailureKind kind,
							   const AdColumn *column);
extern const char *ad_group_accumulate_guard(AdGroup *group, const AdColumn *column);
extern const char *ad_group_key_path(AdGroup *group, int i, int count);

#endif							/* AD_GROUP_H */
