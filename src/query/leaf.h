/*
 * leaf.h
 *	  Leaves: predicates whose form depends on a value.
 */
#ifndef AD_LEAF_H
#define AD_LEAF_H

#include "query/node.h"

/*
 * A leaf in the open.  Each kind has some of the members, and leaf.c says which; the others are
 * not kept.
 */
typedef struct AdLeaf
{
	AdTag		kind;			/* AD_COMPARE, ... */
	const char *path;			/* the field */
	Oid			typid;			/* SQL type of the column */
	AdOp		op;
	Oid			operand_type;	/* of an array, that of its elements */
	Node	   *operand;		/* a constant or a slot */
	bool		wanted;			/* false: the predicate is negated; of
								 * AD_QUANTIFIED: ANY, not ALL */
	Node	   *guard;			/* holds together with the comparisons, not
								 * with what is true of an empty array */
	int			pattern;		/* AdPatternKind */
	int			fold;			/* AdFold */
	const char *unit;			/* of a clock: as $dateTrunc knows it, or
								 * "epoch" */
	Node	   *zone;			/* of a clock: String; or null: the session's */
	bool		by_instant;		/* of a clock: are instants compared? */
} AdLeaf;

extern Node *ad_leaf(const AdLeaf *leaf);
extern AdLeaf ad_leaf_read(Node *node);

#endif							/* AD_LEAF_H */
