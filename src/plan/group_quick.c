/*
 * group_quick.c
 *	  The quick forms of groups.
 *
 * If a reply to the quick form leaves a doubt, the executor sends the exact
 * form.
 *
 * Guards of doubles.  An exact guard converts each value of the column, to see whether it is a
 * double.  The quick form only asks whether it is a number or null.  The
 * numbers that may not be doubles are decimals, and longs with more than 53
 * bits.  There were none if the sum of the values is no decimal, and if the
 * count, the greatest value and the sum are small:
 *
 *	If no value is greater than M, and n * max(M, 0) <= 2^51, a value of
 *	-2^53 or less makes the sum at most 2^51 - 2^53.  So it cannot be
 *	-2^51 or greater, even with all errors of rounding.
 *
 * So only a column whose values are summed has the quick form.
 *
 * Distinct texts.  An ObjectId equals its digits in SQL, so that a stage merges
 * these before they are counted.  The quick form leaves the stage out, and asks
 * whether all values are strings.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "plan/group_quick.h"
#include "plan/group_stages.h"
#include "query/avoid.h"
#include "query/type_tests.h"

/* the accumulator with this operator and either this name or this argument */
static AdAccumulator *
find_accumulator(const List *accumulators, const char *op, const char *name, Node *argument)
{
	ListCell   *lc;

	foreach(lc, accumulators)
	{
		AdAccumulator *accumulator = lfirst(lc);

		if (strcmp(accumulator->op, op) == 0 &&
			(name != NULL ? strcmp(accumulator->name, name) == 0 : equal(accumulator->argument, argument)))
			return accumulator;
	}
	return NULL;
}

/* the argument of the quick form: MaxKey for what is neither a number nor null */
static Node *
quick_argument(Node *value)
{
	Node	   *is_null = ad_doc("$eq", ad_array2(ad_doc("$ifNull", ad_array2(value, ad_null())), ad_null()));

	return ad_value_if(ad_doc("$isNumber", value), value,
					   ad_value_if(is_null, ad_null(), ad_node(AD_MAXKEY, NIL)));
}

/*
 * Whether the keys that need the second stage are distinct values, and need it
 * for their variants only.
 */
static bool
can_be_plain(const AdGroup *group)
{
	bool		found = false;

	for (int i = 0; i < list_length(group->all_keys); i++)
	{
		const AdKey *key = list_nth(group->all_keys, i);

		if (!ad_group_needs_unity(group, i))
			continue;
		if (i < list_length(group->keys) || key->column->type->class != AD_CLASS_TEXT ||
			key->column->on_mismatch != AD_MISMATCH_ERROR)
			return false;
		found = true;
	}
	return found;
}

/*
 * Has the quick form ask whether key `i` of all keys is plain, in place of
 * whether it decodes.
 */
static void
guard_plain_key(AdGroup *group, int i)
{
	const AdColumn *column = ((AdKey *) list_nth(group->all_keys, i))->column;
	Node	   *path = ad_path_expr(ad_group_key_path(group, i, list_length(group->all_keys)));
	Node	   *quick = ad_value_if(ad_plain_expr(column->type, path), ad_null(), ad_node(AD_MAXKEY, NIL));
	Node	   *exact = ad_group_key_guard(group, i);
	AdAccumulator *accumulator = find_accumulator(group->of_distinct, "$max", NULL, exact);
	const char *name;

	if (accumulator != NULL)
	{
		name = accumulator->name;
		accumulator->argument = ad_node(AD_CHOICE, list_make2(quick, exact));
	}
	else
	{
		/* the column is trusted, or the filter proves that its values decode */
		name = ad_group_accumulate_distinct(group, "$max", ad_node(AD_CHOICE, list_make2(quick, ad_null())));
	}
	ad_group_add_guard(group, name, AD_FAILURE_MISMATCH, column)->doubtful = true;
}

/*
 * Lets the quick form count distinct texts without the second stage, if that
 * is possible.
 */
static void
add_quick_keys(AdGroup *group)
{
	if (group->distincts == NIL || !can_be_plain(group))
		return;
	group->quick_keys = true;
	for (int i = 0; i < list_length(group->all_keys); i++)
	{
		if (ad_group_needs_unity(group, i))
			guard_plain_key(group, i);
	}
}

/* gives the quick form to all guards of doubles that can have it */
static void
add_quick_guards(AdGroup *group)
{
	ListCell   *lc;

	foreach(lc, group->guards)
	{
		AdGuard    *guard = lfirst(lc);
		AdAccumulator *exact;
		AdAccumulator *sum;
		Node	   *value;

		if (guard->kind != AD_FAILURE_MISMATCH || guard->typid != FLOAT8OID)
			continue;
		value = ad_path_expr(guard->field);
		exact = find_accumulator(group->accumulators, "$max", guard->path, NULL);
		sum = find_accumulator(group->accumulators, "$sum", NULL, value);
		if (exact == NULL || sum == NULL)
			continue;
		guard->sum = sum->name;
		guard->count = ad_group_accumulate(group, "$sum", ad_integer(1));
		exact->argument = ad_node(AD_CHOICE, list_make2(quick_argument(value), exact->argument));
	}
}

/*
 * Gives the group its quick forms.  It must have all of its accumulators.
 */
void
ad_group_add_quick(AdGroup *group)
{
	add_quick_keys(group);
	if (!ad_is_avoided(group->context->options, "$isNumber"))
		add_quick_guards(group);
}

/*
 * Returns the condition that a guard in its quick form found no error and is
 * not in doubt.  is_doubtful() in scan.c tests the same of a reply.  It raises no error
 * for any reply: the count is at least 1.
 */
Node *
ad_guard_is_certain(const AdGuard *guard)
{
	Node	   *sum = ad_path_expr(guard->sum);
	Node	   *greatest = ad_doc("$divide", ad_array2(ad_int64(AD_QUICK_LIMIT), ad_path_expr(guard->count)));

	/* MaxKey is greater than all numbers, and NaN is less */
	return ad_doc("$and", ad_array3(ad_doc("$ne", ad_array2(ad_doc("$type", sum), ad_string("decimal"))),
									ad_doc("$gte", ad_array2(sum, ad_int64(-AD_QUICK_LIMIT))),
									ad_doc("$lte", ad_array2(ad_path_expr(guard->path), greatest))));
}
