/*
 * group_stages.h
 *	  A grouping, for the two files that make it a query.
 */
#ifndef AD_GROUP_STAGES_H
#define AD_GROUP_STAGES_H

#include "plan/group.h"

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

struct AdGroup
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
};

extern AdOutput *ad_group_add_output(AdGroup *group, int position, const char *path,
									 AdResult kind, Oid typid);
extern const char *ad_group_accumulate(AdGroup *group, const char *op, Node *argument);
extern Node *ad_group_ordered_expr(AdGroup *group, const AdCall *call);
extern const char *ad_group_key_path(AdGroup *group, int i, int count);

/* group_percentile.c */
extern bool ad_group_return_percentile(AdGroup *group, int position, const AdCall *call);
extern List *ad_group_ranking_stages(AdGroup *group);

/* the expression of a path */
#define ad_path_expr(path) ad_string(psprintf("$%s", path))

#endif							/* AD_GROUP_STAGES_H */
