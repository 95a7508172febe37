/*
 * budget.c
 *	  The limits for the depth and the size of a template.
 *
 * A condition or expression beyond the limits is evaluated locally.  The size
 * is about that of the BSON, which is less than twice the size of what
 * EXPLAIN prints.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/compat.h"
#include "query/budget.h"

/* bytes for the type, key and end of an element */
#define ELEMENT_SIZE	8

static Size
const_size(const Const *constant)
{
	if (constant->constisnull || constant->constlen > 0)
		return ELEMENT_SIZE;
	return ELEMENT_SIZE + (constant->constlen == -1 ?
						   VARSIZE_ANY(DatumGetPointer(constant->constvalue)) :
						   strlen(DatumGetCString(constant->constvalue)));
}

/* returns how many levels of BSON a tagged node adds above its members */
static int
levels_of(AdTag tag)
{
	switch (tag)
	{
		case AD_AND:
		case AD_OR:
		case AD_NOR:
			return 2;
		case AD_OPERAND:
		case AD_ZONE:
		case AD_CHOICE:
			return 0;
		default:
			return 1;
	}
}

/*
 * Is a template, at this depth of the command, within the limits?  Adds the
 * template's size in bytes to *size, which may already count other templates,
 * and tests the sum.
 */
bool
ad_budget_allows(Node *node, int depth, Size *size)
{
	ListCell   *lc;

	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	if (node == NULL)
		return true;
	if (IsA(node, Const))
		*size += const_size((Const *) node);
	else if (IsA(node, String))
		*size += ELEMENT_SIZE + strlen(strVal(node));
	else
		*size += ELEMENT_SIZE;
	if (depth > AD_MAX_DEPTH || *size > AD_MAX_SIZE)
		return false;
	if (!IsA(node, List))
		return true;
	/* a list of stages has no tag */
	if (node != (Node *) NIL && IsA(linitial((List *) node), Integer))
	{
		depth += levels_of(ad_tag(node));
		if (ad_tag(node) == AD_LIKE)
			*size += AD_PATTERN_SIZE;
	}
	foreach(lc, (List *) node)
	{
		if (!ad_budget_allows(lfirst(lc), depth, size))
			return false;
	}
	return true;
}
