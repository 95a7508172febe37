/*
 * group_distinct.c
 *	  The arguments of a group whose distinct values are aggregated.
 *
 * One such argument is another key of the first $group; the last one, without
 * it, counts its values (group_stages.c).
 *
 * If there are several, each document is first spread to as many entries, each
 * with one of the values:
 *
 *		{$set: {distinct: [{n: 0, v0: "$a"}, {n: 1, v1: "$b"}]}}, {$unwind: "$distinct"}
 *
 * All values are keys, of which one entry has one, so that there are as many
 * groups as the arguments have distinct values, and not as many as there are
 * combinations of them.  No document holds a set of values.  Sums are of the
 * entries with n = 0 only; minimums and maximums do not change if a document
 * occurs again.
 */
#include "postgres.h"

#include "plan/group_distinct.h"
#include "plan/group_percentile.h"
#include "translate/let.h"
#include "translate/value.h"

/* the path of a distinct value in an entry */
static const char *
entry_path(const AdGroup *group, int i)
{
	return psprintf("%s.v%d", group->spread, i);
}

/* the key of a distinct value, palloc'd */
static AdKey *
distinct_key(AdGroup *group, const AdDistinct *distinct, int i)
{
	const AdColumn *column = distinct->value->column;
	AdKey	   *key = ad_group_make_key(group, column, distinct->expr);

	if (group->spread != NULL)
		key->expr = ad_path_expr(entry_path(group, i));
	/* it may be null though the column is not */
	if (group->spread != NULL || distinct->filtered)
		key->unified = column == NULL;
	return key;
}

/*
 * Sets the arguments (a list of AdDistinct) whose distinct values are
 * aggregated.  All keys must have been added.
 */
void
ad_group_set_distincts(AdGroup *group, List *distincts)
{
	ListCell   *lc;

	group->distincts = distincts;
	group->all_keys = list_copy(group->keys);
	if (list_length(distincts) > 1)
		group->spread = ad_group_free_prefix(group->context, "distinct");
	foreach(lc, distincts)
	{
		AdDistinct *distinct = lfirst(lc);

		distinct->key = group->spread != NULL || distinct->filtered ? -1 :
			ad_group_find_key(group->keys, distinct->value->column, distinct->expr);
		if (distinct->key >= 0)
			continue;
		distinct->key = list_length(group->all_keys);
		group->all_keys = lappend(group->all_keys,
								  distinct_key(group, distinct, foreach_current_index(lc)));
	}
}

/*
 * Returns the stages that spread each document; NIL if there is no need.
 */
List *
ad_group_spread_stages(AdGroup *group)
{
	List	   *entries = NIL;
	ListCell   *lc;

	if (group->spread == NULL)
		return NIL;
	foreach(lc, group->distincts)
	{
		AdDistinct *distinct = lfirst(lc);
		int			i = foreach_current_index(lc);

		entries = lappend(entries, ad_doc2("n", ad_integer(i), psprintf("v%d", i),
										   ad_let_all(group->context, distinct->expr)));
	}
	return list_make2(ad_doc("$set", ad_doc(group->spread, ad_node(AD_ARRAY, entries))),
					  ad_doc("$unwind", ad_path_expr(group->spread)));
}

/*
 * Returns the argument of a sum, which is null for all but one entry of each
 * document.
 */
Node *
ad_group_spread_once(AdGroup *group, Node *argument)
{
	Node	   *number;

	if (group->spread == NULL)
		return argument;
	number = ad_path_expr(psprintf("%s.n", group->spread));
	return ad_value_if(ad_doc("$eq", ad_array2(number, ad_integer(0))), argument, ad_null());
}
