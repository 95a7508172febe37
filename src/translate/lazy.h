/*
 * lazy.h
 *	  Operands that PostgreSQL computes only under conditions.
 */
#ifndef AD_LAZY_H
#define AD_LAZY_H

#include "nodes/pathnodes.h"

/* the conditions under which PostgreSQL evaluates what is being translated */
typedef struct AdLazy
{
	List	   *conditions;		/* SQL conditions without columns, all true */
	bool		by_row;			/* does it depend on the row, too? */
} AdLazy;

extern bool ad_may_fail(Node *node, void *root);
extern Node *ad_lazy_operand(const AdLazy *lazy, PlannerInfo *root, Node *operand);

#endif							/* AD_LAZY_H */
