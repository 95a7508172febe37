/*
 * group_stages.h
 *	  A grouping, for the two files that make it a query.
 */
#ifndef AD_GROUP_STAGES_H
#define AD_GROUP_STAGES_H

#include "group.h"

/* one field of the first $group, merged by the others */
typedef struct AdAccumulator
{
	const char *name;
	const char *op;				/* merges itself, too: $sum, $min, $max, $first */
	Node	   *argument;
} AdAccumulator;

typedef struct AdKey
{
	const AdColumn *column;		/* NULL for a computed one */
	Node	   *expr;			/* of documents */
	bool		unified;		/* are equal values equal as they are? */
} AdKey;

struct AdGroup
{
	AdExprContext *context;
	List	   *keys;			/* AdKey */
	const AdValue *distinct;	/* whose distinct values are aggregated, or NULL */
	int			distinct_key;	/* its place among all_keys */
	List	   *all_keys;		/* keys, and distinct if it is no key */
	List	   *accumulators;	/* AdAccumulator */
	List	   *of_distinct;	/* AdAccumulator of the third stage alone */
	List	   *outputs;		/* AdOutput */
	Bitmapset  *proven;			/* positions of columns that are not null */
	List	   *guards;			/* AdGuard */
	List	   *sets;			/* of GROUPING SETS: lists of places among keys */
	List	   *groupings;		/* values of GROUPING(): lists, one number a set */
};

extern const char *ad_group_key_path(AdGroup *group, int i, int count);

/* the expression of a path */
#define ad_path_expr(path) ad_string(psprintf("$%s", path))

#endif							/* AD_GROUP_STAGES_H */
