/*
 * group.h
 *	  The description of a grouping: keys, accumulators, outputs and guards.
 */
#ifndef AD_GROUP_H
#define AD_GROUP_H

#include "query/query.h"
#include "translate/value.h"

/* a field of the first $group; the later stages merge it */
typedef struct AdAccumulator
{
	const char *name;
	const char *op;				/* also merges its own results: $sum, $min,
								 * $max, $first */
	Node	   *argument;
	bool		exact_only;		/* does the quick form leave it out? */
} AdAccumulator;

/* a group key */
typedef struct AdKey
{
	const AdColumn *column;		/* NULL for a computed key */
	Node	   *expr;			/* the key of a document, as the first $group
								 * takes it */
	bool		unified;		/* are keys that are equal in SQL also equal
								 * in BSON? */
} AdKey;

/*
 * A numbering of the documents of each group, in the order of an expression.
 * It adds three fields: `name` has the value; `name` with "r" after it has
 * the document's rank, from 1; `name` with "l" has the rank from the last
 * one.
 */
typedef struct AdRanking
{
	const char *name;
	Node	   *expr;
} AdRanking;

/* an argument whose distinct values are aggregated */
typedef struct AdDistinct
{
	const AdValue *value;
	Node	   *expr;			/* equal for two documents exactly if the
								 * value is; null where FILTER is not true */
	bool		filtered;
	int			key;			/* its index in all_keys */
} AdDistinct;

/*
 * An output of which PostgreSQL reads the clock of a zone: the value that
 * MongoDB can read on it, too.
 */
typedef struct AdShown
{
	int			position;		/* of the output */
	AdValue		value;			/* of the documents that the group returns */
} AdShown;

/* a grouping in MongoDB */
typedef struct AdGroup
{
	AdExprContext *context;
	List	   *keys;			/* AdKey */
	List	   *distincts;		/* AdDistinct */
	const char *spread;			/* the field by which each document has an
								 * entry for each of them, if there are
								 * several, see group_distinct.c; else NULL */
	List	   *all_keys;		/* AdKey: the keys, and the distinct values
								 * that are not among them */
	List	   *accumulators;	/* AdAccumulator */
	List	   *of_distinct;	/* AdAccumulator: those of the third stage
								 * only */
	List	   *outputs;		/* AdOutput */
	List	   *shown;			/* AdShown */
	Bitmapset  *proven;			/* positions of outputs that are never null */
	Bitmapset  *trusted;		/* positions of columns that are not verified */
	List	   *guards;			/* AdGuard */
	List	   *sets;			/* GROUPING SETS: a list of indexes in keys
								 * for each set; NIL if there are none */
	List	   *rankings;		/* AdRanking */
	const char *ranking_prefix; /* first part of their names, see
								 * group_percentile.c */
	List	   *groupings;		/* of GROUPING(): for each call, a list with
								 * its value in each set */
	bool		quick_keys;		/* does the quick form leave out the second
								 * stage, see group_quick.c? */
} AdGroup;

extern AdGroup *ad_group_create(AdExprContext *context);
extern void ad_group_add_key(AdGroup *group, const AdColumn *column, Node *expr);
extern void ad_group_add_set(AdGroup *group, const List *columns);
extern AdKey *ad_group_make_key(AdGroup *group, const AdColumn *column, Node *expr);
extern int	ad_group_find_key(List *keys, const AdColumn *column, Node *expr);
extern void ad_group_return_key(AdGroup *group, int position, const AdColumn *column);
extern void ad_group_return_column(AdGroup *group, int position, const AdColumn *column);
extern void ad_group_return_grouping(AdGroup *group, int position, List *numbers);
extern void ad_group_guard(AdGroup *group, const AdColumn *column);
extern void ad_group_fail(AdGroup *group, const List *failures);
extern AdOutput *ad_group_add_output(AdGroup *group, int position, const char *path,
									 AdResult kind, Oid typid);
extern AdOutput *ad_group_copy_output(AdGroup *group, int position, const char *path,
									  const AdGroup *other, const AdOutput *output);
extern void ad_group_compute_then(AdOutput *output, Node *expr);
extern bool ad_group_may_mismatch(const AdGroup *group, const AdOutput *output);
extern AdOutput *ad_group_output(const AdGroup *group, int position);
extern const char *ad_group_accumulate(AdGroup *group, const char *op, Node *argument);
extern const char *ad_group_accumulate_distinct(AdGroup *group, const char *op, Node *argument);
extern AdGuard *ad_group_add_guard(AdGroup *group, const char *path, AdFailureKind kind,
								   const AdColumn *column);
extern const char *ad_group_accumulate_guard(AdGroup *group, const AdColumn *column);
extern const char *ad_group_key_path(AdGroup *group, int i, int count);
extern Node *ad_group_key_guard(AdGroup *group, int i);

#endif							/* AD_GROUP_H */
