/*
 * leaf.h
 *	  Leaves: predicates whose form depends on a value.
 */
#ifndef AD_LEAF_H
#define AD_LEAF_H

#include "query/node.h"

/*
 * A leaf as a struct.  Each kind has some of the members, which leaf.c lists;
 * the others are ignored when the leaf is stored.
 */
typedef struct AdLeaf
{
	AdTag		kind;			/* AD_COMPARE, ... */
	const char *path;			/* the field */
	Oid			typid;			/* SQL type of the column */
	AdOp		op;
	Oid			operand_type;	/* for an array, the type of its elements */
	Node	   *operand;		/* a constant or a slot */
	bool		wanted;			/* false: the predicate is negated; for
								 * AD_QUANTIFIED true is ANY and false is ALL */
	Node	   *guard;			/* predicate added to each comparison, which
								 * falls away if the array is empty */
	int			pattern;		/* AdPatternKind */
	int			fold;			/* AdFold */
	const char *unit;			/* for a clock: a unit of $dateTrunc, or
								 * "epoch" */
	Node	   *zone;			/* for a clock: the zone's name as a String,
								 * or null for the session's time zone */
	bool		by_instant;		/* for a clock: compares instants instead of
								 * local times */
} AdLeaf;

/* the tags of leaves are the last ones, see node.h */
#define ad_is_leaf(tag) ((tag) >= AD_COMPARE)

extern Node *ad_leaf(const AdLeaf *leaf);
extern AdLeaf ad_leaf_read(Node *node);

#endif							/* AD_LEAF_H */
