/*
 * group_quick.c
 *	  The quick form of the guards of doubles.
 *
 * An exact guard converts each value of the column, to see whether it is a
 * double.  The quick form only asks whether it is a number or null.  The
 * numbers that may not be doubles are decimals, and longs with more than 53
 * bits.  There were none if the sum of the values
 * is no decimal, and if the count, the greatest value and the sum are small:
 *
 *	If no value is greater than M, and n * max(M, 0) <= 2^51, a value of
 *	-2^53 or less makes the sum at most 2^51 - 2^53.  So it cannot be
 *	-2^51 or greater, even with all errors of rounding.
 *
 * Else the executor sends the exact form.  So only a column whose values are
 * summed has the quick form.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "plan/group_quick.h"
#include "query/avoid.h"

/* the accumulator with this operator and either this name or this argument */
static AdAccumulator *
find_accumulator(const AdGroup *group, const char *op, const char *name, Node *argument)
{
	ListCell   *lc;

	foreach(lc, group->accumulators)
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
 * Gives the quick form to all guards that can have it.  The group must have
 * all of its accumulators.
 */
void
ad_group_add_quick(AdGroup *group)
{
	ListCell   *lc;

	if (ad_is_avoided(group->context->options, "$isNumber"))
		return;
	foreach(lc, group->guards)
	{
		AdGuard    *guard = lfirst(lc);
		AdAccumulator *exact;
		AdAccumulator *sum;
		Node	   *value;

		if (guard->kind != AD_FAILURE_MISMATCH || guard->typid != FLOAT8OID)
			continue;
		value = ad_path_expr(guard->field);
		exact = find_accumulator(group, "$max", guard->path, NULL);
		sum = find_accumulator(group, "$sum", NULL, value);
		if (exact == NULL || sum == NULL)
			continue;
		guard->sum = sum->name;
		guard->count = ad_group_accumulate(group, "$sum", ad_integer(1));
		exact->argument = ad_node(AD_CHOICE, list_make2(quick_argument(value), exact->argument));
	}
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
