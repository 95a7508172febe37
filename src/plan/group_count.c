/*
 * group_count.c
 *	  Counts of columns of which MongoDB cannot tell all values that decode.
 *
 * Of arrays, char(n), numeric(p, s) and the like, MongoDB can tell that most
 * values decode (query/sure_tests.c).  The others are a group key, so that
 * PostgreSQL decodes each of them once:
 *
 *		{$group: {_id: {k0: "$status", k1: null or {v: value, t: BSON type}},
 *			a0: {$sum: is there a value?}}}
 *
 * If the value of a group's key is a mismatch, its count is 0, or the
 * mismatch is an error.  An enum has few values, which are the key as they
 * are.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "plan/group_count.h"
#include "query/sure_tests.h"
#include "query/type_tests.h"
#include "translate/value.h"

/*
 * Makes the value of a column that is not verified, for its count.  Returns
 * false if the argument is no such column.
 */
bool
ad_counts_trusted(AdExprContext *context, Node *argument, AdValue *value)
{
	const AdColumn *column = ad_expr_read_column(context, argument);

	if (column == NULL || column->type == NULL || !column->type->trusted)
		return false;
	memset(value, 0, sizeof(AdValue));
	value->typid = column->typid;
	value->nullable = true;
	value->expr = ad_value_if(ad_null_expr(ad_path_expr(column->field)), ad_null(), ad_integer(1));
	return true;
}

/*
 * Returns the key that has the values of which it is not sure that they
 * decode; NULL if that is the column itself.
 */
Node *
ad_count_key(const AdColumn *column)
{
	Node	   *path = ad_path_expr(column->field);
	Node	   *sure = ad_sure_expr(column->typid, column->typmod, path);

	if (sure == NULL)
		return NULL;
	return ad_value_if(ad_doc("$or", ad_array2(ad_null_expr(path), sure)), ad_null(),
					   ad_with_type(path));
}

/*
 * Adds the count of a column as output `position`.  Returns false if the
 * group does not have the key that it needs.
 */
bool
ad_group_return_count(AdGroup *group, int position, const AdCall *call, const AdColumn *column)
{
	Node	   *key = ad_count_key(column);
	int			i = ad_group_find_key(group->keys, key == NULL ? column : NULL, key);
	Node	   *one = ad_value_if(ad_null_expr(ad_path_expr(column->field)), ad_integer(0), ad_integer(1));
	AdOutput   *output;

	if (i < 0)
		return false;
	output = ad_group_add_output(group, position,
								 ad_group_accumulate(group, "$sum", ad_call_filtered(call, one)),
								 AD_RESULT_COUNT, INT8OID);
	output->second = key == NULL ?
		ad_group_accumulate(group, "$first", ad_path_expr(column->field)) :
		psprintf("%s.v", ad_group_key_path(group, i, list_length(group->keys)));
	output->state_of = column->typid;
	output->typmod = column->typmod;
	output->field = column->field;
	output->on_mismatch = column->on_mismatch;
	return true;
}
