/*
 * group_result.c
 *	  The outputs of a group for its aggregates, and their values in
 *	  MongoDB.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"

#include "plan/group.h"
#include "plan/group_extreme.h"
#include "plan/group_percentile.h"
#include "plan/group_quick.h"
#include "plan/group_result.h"
#include "plan/group_state.h"
#include "bson/constant.h"
#include "query/bind.h"
#include "query/type_tests.h"
#include "translate/let.h"
#include "translate/value_time.h"

/*
 * sum() and avg() of the difference of instants, which has days, and hours
 * and less.  These are summed each.
 */
static bool
return_interval_sum(AdGroup *group, int position, const AdCall *call)
{
	Node	   *ms = ad_let(group->context, ad_call_filtered(call, call->argument->expr));
	Node	   *rest = ad_doc("$mod", ad_array2(ms, ad_int64(AD_DAY_MS)));
	Node	   *days = ad_doc("$subtract", ad_array2(ms, rest));
	AdOutput   *output;

	if (call->result_type != INTERVALOID)
		return false;
	output = ad_group_add_output(group, position, ad_group_accumulate(group, "$sum", ad_doc("$toDecimal", days)),
								 AD_RESULT_SUM, INTERVALOID);
	output->second = ad_group_accumulate(group, "$sum", ad_doc("$toDecimal", rest));
	if (call->aggregate == AD_AVG)
		output->divisor = ad_group_accumulate(group, "$sum", ad_count_expr(call));
	else
		output->indicator = ad_group_accumulate_indicator(group, call);
	return true;
}

/* sum() and avg(): a sum, and a count or an indicator of null */
static bool
return_sum(AdGroup *group, int position, const AdCall *call)
{
	Node	   *summed;
	AdOutput   *output;

	if (call->argument->typid == INTERVALOID)
		return return_interval_sum(group, position, call);
	summed = ad_sum_expr(call);
	if (summed == NULL)
		return false;
	output = ad_group_add_output(group, position, ad_group_accumulate(group, "$sum", summed),
								 AD_RESULT_SUM, call->result_type);
	if (call->aggregate == AD_AVG)
		output->divisor = ad_group_accumulate(group, "$sum", ad_count_expr(call));
	else
		output->indicator = ad_group_accumulate_indicator(group, call);
	return true;
}

/*
 * Variances and standard deviations of integers: MongoDB sums the numbers and
 * their squares.  The squares of int2 and int4 are summed as decimals, which
 * have digits enough for them.
 */
static bool
return_deviation(AdGroup *group, int position, const AdCall *call)
{
	Node	   *number = ad_let(group->context, call->argument->expr);
	Node	   *square = ad_doc("$multiply", ad_array2(ad_doc("$toDecimal", number), number));
	AdOutput   *output = ad_group_add_output(group, position, ad_group_accumulate(group, "$sum", ad_sum_expr(call)),
											 AD_RESULT_SUM, NUMERICOID);

	output->deviation = call->deviation;
	output->divisor = ad_group_accumulate(group, "$sum", ad_count_expr(call));
	output->second = ad_group_accumulate(group, "$sum", ad_call_filtered(call, square));
	return true;
}

/*
 * Adds an aggregate as output `position` of the scan's tuples.  Returns false
 * if MongoDB's result could differ from PostgreSQL's.
 */
bool
ad_group_return(AdGroup *group, int position, const AdCall *call)
{
	if (call->result_type == BYTEAOID || OidIsValid(call->final) ||
		(call->result_type == FLOAT8ARRAYOID && call->squares))
		return ad_group_return_state(group, position, call);
	switch (call->aggregate)
	{
		case AD_COUNT:
			ad_group_add_output(group, position, ad_group_accumulate(group, "$sum", ad_count_expr(call)),
								AD_RESULT_COUNT, INT8OID);
			return true;
		case AD_SUM:
		case AD_AVG:
			return return_sum(group, position, call);
		case AD_MIN:
		case AD_MAX:
			return ad_group_return_extreme(group, position, call);
		case AD_DEVIATION:
			return return_deviation(group, position, call);
		case AD_REGRESSION:
			return ad_group_return_state(group, position, call);
		case AD_PERCENTILE_CONT:
		case AD_PERCENTILE_DISC:
			return ad_group_return_percentile(group, position, call);
	}
	return false;				/* not reached */
}

/* a distinct value, in a document that the stages for all_keys have made */
static AdValue
distinct_value(AdGroup *group, const AdDistinct *distinct)
{
	int			count = list_length(group->all_keys);
	Node	   *path = ad_path_expr(ad_group_key_path(group, distinct->key, count));
	AdValue		value = *distinct->value;
	const AdColumn *column = value.column;

	if (column != NULL && column->type->class == AD_CLASS_INTEGER)
		value.expr = ad_fitting_expr(column->type, path);
	else
		value.expr = path;
	value.column = NULL;
	value.nullable = true;
	return value;
}

/*
 * Adds an aggregate of distinct values, which the group has, as output
 * `position`.  Returns false if MongoDB's result could differ from
 * PostgreSQL's.
 */
bool
ad_group_return_distinct(AdGroup *group, int position, const AdCall *call,
						 const AdDistinct *distinct)
{
	AdValue		value = distinct_value(group, distinct);
	AdCall		of_value = *call;
	const AdColumn *column = distinct->value->column;
	Node	   *count;
	AdOutput   *output;

	of_value.argument = &value;
	of_value.filter = NULL;
	count = ad_count_expr(&of_value);
	if (column != NULL && distinct->value->nullable && column->on_mismatch == AD_MISMATCH_ERROR &&
		!column->type->trusted)
		ad_group_add_guard(group, ad_group_accumulate_distinct(group, "$max", ad_group_key_guard(group, distinct->key)),
						   AD_FAILURE_MISMATCH, column);
	if (call->aggregate == AD_COUNT)
	{
		ad_group_add_output(group, position, ad_group_accumulate_distinct(group, "$sum", count),
							AD_RESULT_COUNT, INT8OID);
		return true;
	}
	/* the key for a numeric may differ from its value */
	if (call->aggregate != AD_SUM && call->aggregate != AD_AVG)
		return false;
	if (value.typid == NUMERICOID || ad_sum_expr(&of_value) == NULL)
		return false;
	output = ad_group_add_output(group, position,
								 ad_group_accumulate_distinct(group, "$sum", ad_sum_expr(&of_value)),
								 AD_RESULT_SUM, call->result_type);
	count = ad_string(ad_group_accumulate_distinct(group, "$sum", count));
	if (call->aggregate == AD_AVG)
		output->divisor = strVal(count);
	else
		output->indicator = ad_group_accumulate_distinct(group, "$max", value.expr);
	return true;
}

/*
 * The sum as a double, with an infinity if it is beyond the range, as it is
 * decoded.
 */
static Node *
double_expr(Node *sum)
{
	Node	   *infinity = ad_value_if(ad_doc("$lt", ad_array2(sum, ad_integer(0))),
									   ad_float8(-INFINITY), ad_float8(INFINITY));
	Node	   *arguments = ad_doc2("input", sum, "to", ad_string("double"));

	return ad_doc("$convert", ad_doc_add(arguments, "onError", infinity));
}

/*
 * The count that divides a sum; null instead of 0, because MongoDB raises an
 * error for that.
 */
static Node *
average_divisor(const AdOutput *output)
{
	Node	   *count = ad_path_expr(output->divisor);

	return ad_value_if(ad_doc("$gt", ad_array2(count, ad_integer(0))), count, ad_null());
}

/*
 * Sets *expr to the result of an aggregate, for where it is not null.
 * Returns false if there is no exact expression, and for a column.
 */
static bool
result_expr(const AdOutput *output, Node *field, Node **expr)
{
	bool		is_float = output->typid == FLOAT8OID;

	*expr = field;
	switch (output->kind)
	{
		case AD_RESULT_COUNT:
			return output->second == NULL;
		case AD_RESULT_SUM:
			if (is_float)
				*expr = double_expr(field);

			if (output->typid == INTERVALOID)
				return false;

			/*
			 * The digits of an average of numerics depend on PostgreSQL's
			 * rules.
			 */
			if (output->divisor != NULL)
				*expr = ad_doc("$divide", ad_array2(*expr, average_divisor(output)));
			/* the same is true of a deviation */
			return is_float || output->divisor == NULL;
		case AD_RESULT_EXTREME:
			if (is_float)
				*expr = ad_value_if(ad_doc("$eq", ad_array2(field, ad_string("NaN"))),
									ad_float8(NAN), ad_converted(field, "double"));
			return output->second == NULL;
		case AD_RESULT_COLUMN:
			break;
	}
	return false;
}

/* sets *value to what a clock shows, if the output at `position` is that */
static bool
find_shown(const AdGroup *group, int position, AdValue *value)
{
	ListCell   *lc;

	foreach(lc, group->shown)
	{
		const AdShown *shown = lfirst(lc);

		if (shown->position == position)
		{
			*value = shown->value;
			return true;
		}
	}
	return false;
}

/*
 * Sets *value to the output at `position`, as a value of the documents that
 * the stages of the group return.  Returns false if there is no exact
 * expression.
 */
bool
ad_group_value(AdGroup *group, int position, AdValue *value)
{
	AdOutput   *output = ad_group_output(group, position);
	const AdType *type = ad_column_type(output->typid, output->typmod);
	Node	   *field = ad_path_expr(output->path);
	Node	   *not_null = NULL;

	if (output->then != NULL)
		return find_shown(group, position, value);
	if (output->kind == AD_RESULT_COLUMN)
	{
		bool		proven = bms_is_member(position, group->proven);

		if (type == NULL || type->class == AD_CLASS_NONE ||
			!ad_value_of_type(type, proven ? ad_decoded_expr(type, field) : ad_fitting_expr(type, field),
							  !proven, value))
			return false;
		value->near = ad_instant_is_near(group->context->filter, output->field);
		return true;
	}

	memset(value, 0, sizeof(AdValue));
	value->typid = output->typid;
	value->min = PG_INT64_MIN;
	value->max = PG_INT64_MAX;
	if (output->typid == TIMESTAMPOID)
		value->zone = ad_string("UTC");
	if (!result_expr(output, field, &value->expr))
		return false;
	if (output->kind == AD_RESULT_EXTREME)
		not_null = ad_doc("$gt", ad_array2(field, ad_null()));
	else if (output->divisor != NULL)
		not_null = ad_doc("$gt", ad_array2(ad_path_expr(output->divisor), ad_integer(0)));
	else if (output->indicator != NULL)
		not_null = ad_doc("$gt", ad_array2(ad_path_expr(output->indicator),
										   output->counted ? ad_integer(0) : ad_null()));
	if (not_null != NULL)
		value->expr = ad_value_if(not_null, value->expr, ad_null());
	value->nullable = not_null != NULL;
	return true;
}

/*
 * Returns the condition that a group raises no error: no guard has found one,
 * and all columns decode.  NULL if there can be no error.
 */
Node *
ad_group_is_sound(AdGroup *group)
{
	List	   *tests = NIL;
	ListCell   *lc;

	foreach(lc, group->guards)
	{
		AdGuard    *guard = lfirst(lc);
		Node	   *is_silent = ad_doc("$ne", ad_array2(ad_doc("$type", ad_path_expr(guard->path)),
														ad_string("maxKey")));

		tests = lappend(tests, guard->sum == NULL ? is_silent : ad_node(AD_CHOICE, list_make2(ad_guard_is_certain(guard), is_silent)));
	}
	foreach(lc, group->outputs)
	{
		AdOutput   *output = lfirst(lc);

		if (ad_group_may_mismatch(group, output))
			tests = lappend(tests, ad_fits_expr(ad_column_type(output->typid, output->typmod),
												ad_path_expr(output->path), true));
	}
	return ad_all_of(tests);
}
