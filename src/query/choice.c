/*
 * choice.c
 *	  Parts of a pipeline that have a quick form and an exact form.
 *
 * A query with such parts is first sent in its quick form.  Guards tell from
 * the reply whether the quick form may have been wrong; if so, the query is
 * sent again in its exact form.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "query/choice.h"

/*
 * Returns a value that becomes one of these two at execution.
 */
Node *
ad_choice(Node *quick, Node *exact)
{
	return ad_node(AD_CHOICE, list_make2(quick, exact));
}

/*
 * Returns the value with the exact or the quick form of all choices in it.
 */
Node *
ad_choose(Node *value, bool exact)
{
	List	   *chosen = NIL;
	ListCell   *lc;

	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	if (!IsA(value, List))
		return value;
	switch (ad_tag(value))
	{
		case AD_CHOICE:
			return ad_choose(ad_member(value, exact ? 1 : 0), exact);
		case AD_DOCUMENT:
		case AD_ARRAY:
			for_each_from(lc, (List *) value, 1)
				chosen = lappend(chosen, ad_choose(lfirst(lc), exact));
			return ad_node(ad_tag(value), chosen);
		default:
			return value;
	}
}
