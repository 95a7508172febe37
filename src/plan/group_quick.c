/*
 * group_quick.c
 *	  The quick forms of groups.
 *
 * If a reply to the quick form leaves a doubt, the executor sends the exact
 * form.
 *
 * Guards of doubles.  An exact guard converts each value of the column, to see
 * whether it is a double.  The quick form does without the guard.  It counts
 * the values anyway, because a sum of no values is null, and counts one that is
 * neither null nor a number between -2^53 and 2^53 as 2^40.  So there was none
 * if the count is less than that.  Of such numbers only the decimals may not be
 * doubles, and there was none if the sum is no decimal.  So only a column whose
 * values are summed has the quick form.
 *
 * Distinct texts.  An ObjectId equals its digits in SQL, so that a stage merges
 * these before they are counted.  The quick form leaves the stage out, and asks
 * whether all values are strings.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "plan/group_call.h"
#include "plan/group_quick.h"
#include "plan/group_stages.h"
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

/* what the quick form counts: 1 for a small number, 0 for null */
static Node *
quick_count(Node *value)
{
	Node	   *is_null = ad_doc("$eq", ad_array2(ad_doc("$ifNull", ad_array2(value, ad_null())), ad_null()));
	Node	   *least = ad_int64(-AD_EXACT_DOUBLE);
	Node	   *greatest = ad_int64(AD_EXACT_DOUBLE);

	/*
	 * NaN is less than all other numbers, and all other types are greater or
	 * less
	 */
	return ad_value_if(ad_doc("$gt", ad_array2(value, least)),
					   ad_value_if(ad_doc("$lt", ad_array2(value, greatest)), ad_integer(1), ad_int64(AD_DOUBTFUL)),
					   ad_value_if(is_null, ad_integer(0), ad_int64(AD_DOUBTFUL)));
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

/*
 * Gives a guard its quick form.  `exact` is the guard's accumulator, and
 * `count` the one of the number of values.
 */
static void
add_quick_guard(AdGroup *group, AdGuard *guard, AdAccumulator *exact, AdAccumulator *count)
{
	ListCell   *lc;

	exact->exact_only = true;
	count->argument = ad_node(AD_CHOICE, list_make2(quick_count(ad_path_expr(guard->field)), count->argument));
	guard->count = count->name;
	foreach(lc, group->outputs)
	{
		AdOutput   *output = lfirst(lc);

		if (output->indicator == NULL || strcmp(output->indicator, guard->path) != 0)
			continue;
		output->indicator = count->name;
		output->counted = true;
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
		const char *count;

		if (guard->kind != AD_FAILURE_MISMATCH || guard->typid != FLOAT8OID)
			continue;
		value = ad_path_expr(guard->field);
		exact = find_accumulator(group->accumulators, "$max", guard->path, NULL);
		sum = find_accumulator(group->accumulators, "$sum", NULL, value);
		if (exact == NULL || sum == NULL)
			continue;
		guard->sum = sum->name;
		count = ad_group_accumulate(group, "$sum", ad_count_value_expr(value));
		add_quick_guard(group, guard, exact, find_accumulator(group->accumulators, "$sum", count, NULL));
	}
}

/*
 * Gives the group its quick forms.  It must have all of its accumulators.
 */
void
ad_group_add_quick(AdGroup *group)
{
	add_quick_keys(group);
	add_quick_guards(group);
}

/*
 * Returns the condition that a guard in its quick form found no error and is
 * not in doubt.  is_doubtful() in scan.c tests the same of a reply.
 */
Node *
ad_guard_is_certain(const AdGuard *guard)
{
	return ad_doc("$and", ad_array2(ad_doc("$ne", ad_array2(ad_doc("$type", ad_path_expr(guard->sum)), ad_string("decimal"))),
									ad_doc("$lt", ad_array2(ad_path_expr(guard->count), ad_int64(AD_DOUBTFUL)))));
}
