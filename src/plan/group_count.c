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
static bool
counts_trusted(AdExprContext *context, Node *argument, AdValue *value)
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
 * Makes a value of a column that can be counted, though it has no value in
 * the aggregation language.
 */
static bool
countable_column(AdValueContext *values, Node *argument, AdValue *value)
{
	const AdColumn *column = ad_expr_column(values->base, argument);
	Node	   *path;

	if (column == NULL)
		return counts_trusted(values->base, argument, value);
	path = ad_string(psprintf("$%s", column->field));
	memset(value, 0, sizeof(AdValue));
	value->typid = column->typid;
	value->column = column;
	value->nullable = true;
	value->expr = ad_value_if(ad_fits_expr(column->type, path, false), path, ad_null());
	if (column->on_mismatch == AD_MISMATCH_ERROR && !column->type->trusted)
		values->columns = lappend(values->columns, unconstify(AdColumn *, column));
	return true;
}

/* makes the value of a constant null of any type */
static bool
null_constant(Node *argument, AdValue *value)
{
	memset(value, 0, sizeof(AdValue));
	value->nullable = true;
	value->expr = ad_null();
	return IsA(argument, Const) && ((Const *) argument)->constisnull;
}

/*
 * Makes the value of an argument of count() that has none in the aggregation
 * language, but can be counted.  Returns false if it cannot.
 */
bool
ad_counted_value(AdValueContext *values, Node *argument, AdValue *value)
{
	return null_constant(argument, value) || countable_column(values, argument, value);
}

/*
 * Whether the argument of count() is a constant or a whole row, so that all rows
 * count.
 */
bool
ad_is_never_null(Node *argument)
{
	if (IsA(argument, Const))
		return !((Const *) argument)->constisnull;
	return IsA(argument, Var) && ((Var *) argument)->varattno == 0;
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
