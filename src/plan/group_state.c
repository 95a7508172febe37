/*
 * group_state.c
 *	  Transition states of aggregates, for groups that PostgreSQL combines.
 *
 * MongoDB returns what a state consists of, such as a count and a sum, and
 * execute/aggregate.c makes the state from it.
 *
 * Numeric columns.  MongoDB's numbers and SQL's numeric differ: a double is
 * read as the shortest number that denotes it, MongoDB's sums have 34 digits,
 * and 1.0 is shown otherwise than 1.00.  But most values are plain: integers
 * and decimals of few digits.  These MongoDB can sum and compare exactly.  The
 * others are a group key, each by its BSON type and its digits, so that
 * PostgreSQL gets each of them, with the number of its occurrences:
 *
 *		{$group: {_id: {k0: "$status", k1: null or {t: "double", s: "0.1"}},
 *			a0: {$sum: plain value}, a1: {$sum: is it a number?},
 *			a2: {$first: value that is not plain}}}
 *
 * Doubles as numerics, as in sum(f::numeric).  PostgreSQL gives the numeric 15
 * digits.  Plain are the doubles of at most three digits after the point and 12
 * before: each is the quotient of an integer and 1, 10, 100 or 1000, and the numeric
 * is that integer times 1, 0.1 and so on, with as many digits after the point.
 *
 * Deviations of doubles.  The sums of the numbers and of their squares are
 * decimals, whose digits leave enough after the subtraction.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/fmgroids.h"

#include "plan/group_state.h"
#include "query/bind.h"
#include "query/type_tests.h"
#include "translate/let.h"

/*
 * Whether the state of this aggregate is made though it is no SQL value, but
 * serialized.
 */
bool
ad_state_is_made(Oid function)
{
	return function == F_SUM_INT8 || function == F_AVG_INT8 ||
		function == F_SUM_NUMERIC || function == F_AVG_NUMERIC;
}

/* a decimal or an integer, or 0 for a double and what is no number */
static Node *
exact_number(Node *path)
{
	List	   *types = list_make3(ad_string("int"), ad_string("long"), ad_string("decimal"));

	return ad_value_if(ad_doc("$in", ad_array2(ad_doc("$type", path), ad_node(AD_ARRAY, types))),
					   path, ad_integer(0));
}

/*
 * Whether the value at the path is no double, is less than 10^12, and has at
 * most 14 characters with sign and point, and no exponent.  So the sum of 10^10
 * of them has at most 34 digits.
 */
static Node *
is_plain(Node *path)
{
	Node	   *number = exact_number(path);
	Node	   *digits = ad_doc("$toString", number);
	List	   *tests = list_make4(ad_doc("$ne", ad_array2(ad_doc("$type", path), ad_string("double"))),
								   ad_doc("$gt", ad_array2(number, ad_int64(INT64CONST(-1000000000000)))),
								   ad_doc("$lt", ad_array2(number, ad_int64(INT64CONST(1000000000000)))),
								   ad_doc("$lte", ad_array2(ad_doc("$strLenCP", digits), ad_integer(14))));

	return ad_doc("$and", ad_node(AD_ARRAY,
								  lappend(tests, ad_doc("$lt", ad_array2(ad_doc("$indexOfBytes", ad_array2(digits, ad_string("E"))),
																		 ad_integer(0))))));
}

/* the integer nearest to a double times a power of ten; as a double */
static Node *
scaled(Node *number, int power)
{
	return ad_doc("$floor", ad_doc("$add", ad_array2(ad_doc("$multiply", ad_array2(number, ad_float8(power))),
													 ad_float8(0.5))));
}

/* whether a double is the quotient of that integer and the power of ten */
static Node *
is_quotient(Node *number, int power)
{
	return ad_doc("$eq", ad_array2(number, ad_doc("$divide", ad_array2(scaled(number, power), ad_float8(power)))));
}

/* the decimal that is that integer times the unit, which is 1 divided by the power of ten */
static Node *
decimal_of(Node *number, int power, const char *unit)
{
	return ad_doc("$multiply", ad_array2(ad_doc("$toDecimal", ad_converted(scaled(number, power), "long")),
										 ad_numeric_const(unit)));
}

/* the parts of the expressions about a column's values */
typedef struct AdNumber
{
	Node	   *is_number;		/* does the value fit the column? */
	Node	   *is_plain;
	Node	   *value;
	Node	   *decimal;		/* of a plain number, to be summed */
	Node	   *key;			/* which tells other numbers apart */
} AdNumber;

/* the parts for a column of doubles */
static AdNumber
double_number(AdExprContext *context, const AdColumn *column)
{
	Node	   *value = ad_let(context, ad_fitting_expr(column->type, ad_path_expr(column->field)));
	Node	   *decimal = decimal_of(value, 1000, "0.001");
	List	   *tests = list_make3(ad_doc("$gt", ad_array2(value, ad_float8(-1e12))),
								   ad_doc("$lt", ad_array2(value, ad_float8(1e12))),
								   is_quotient(value, 1000));

	decimal = ad_value_if(is_quotient(value, 100), decimal_of(value, 100, "0.01"), decimal);
	decimal = ad_value_if(is_quotient(value, 10), decimal_of(value, 10, "0.1"), decimal);
	decimal = ad_value_if(is_quotient(value, 1), decimal_of(value, 1, "1"), decimal);
	return (AdNumber)
	{
		.is_number = ad_doc("$gt", ad_array2(value, ad_null())), .is_plain = ad_doc("$and", ad_node(AD_ARRAY, tests)),
			.value = value, .decimal = decimal, .key = value
	};
}

/* the parts for a numeric column */
static AdNumber
numeric_number(const AdColumn *column)
{
	Node	   *path = ad_path_expr(column->field);
	Node	   *is_number = ad_fits_expr(column->type, path, false);
	Node	   *number = ad_value_if(is_number, path, ad_integer(0));

	return (AdNumber)
	{
		.is_number = is_number, .is_plain = is_plain(path), .value = path,
			.decimal = ad_doc("$toDecimal", exact_number(path)),
			.key = ad_doc2("t", ad_doc("$type", path), "s", ad_doc("$toString", number))
	};
}

static AdNumber
number_of(AdExprContext *context, const AdColumn *column)
{
	return column->type->typid == FLOAT8OID ? double_number(context, column) : numeric_number(column);
}

/* `plain` where the value of the column is plain, `other` where it is another number, else null */
static Node *
split_number(const AdNumber *number, Node *plain, Node *other)
{
	return ad_value_if(number->is_number, ad_value_if(number->is_plain, plain, other), ad_null());
}

/*
 * Returns the key by which values of a numeric column, or of a column of doubles, that
 * are not plain are grouped; it is null for all others.
 */
Node *
ad_numeric_key(AdExprContext *context, const AdColumn *column)
{
	AdNumber	number = number_of(context, column);

	return split_number(&number, ad_null(), number.key);
}

/*
 * Adds the state of sum(), avg(), min() or max() of a numeric column, or of sum()
 * or avg() of a column of doubles cast to numeric, as output `position`; or the
 * result, except of avg(), whose digits depend on the whole sum.  The group must
 * have the column's ad_numeric_key().
 */
bool
ad_group_return_numeric(AdGroup *group, int position, const AdCall *call, const AdColumn *column)
{
	AdNumber	number = number_of(group->context, column);

	/*
	 * of equal values any will do, but for some of them FILTER may not be
	 * true
	 */
	const char *other = ad_group_accumulate(group, call->filter == NULL ? "$first" : "$max",
											ad_call_filtered(call, split_number(&number, ad_null(), number.value)));
	AdOutput   *output;

	if (column->on_mismatch == AD_MISMATCH_ERROR)
		ad_group_guard(group, column);
	if (call->aggregate == AD_MIN || call->aggregate == AD_MAX)
		output = ad_group_add_output(group, position,
									 ad_group_accumulate(group, call->aggregate == AD_MIN ? "$min" : "$max",
														 ad_call_filtered(call, split_number(&number, number.value, ad_null()))),
									 AD_RESULT_EXTREME, NUMERICOID);
	else if (call->aggregate == AD_SUM || (call->aggregate == AD_AVG && call->result_type == BYTEAOID))
	{
		output = ad_group_add_output(group, position,
									 ad_group_accumulate(group, "$sum",
														 ad_call_filtered(call, split_number(&number, number.decimal, ad_null()))),
									 AD_RESULT_SUM, call->result_type);
		output->divisor = ad_group_accumulate(group, "$sum",
											  ad_call_filtered(call, ad_value_if(number.is_number, ad_integer(1), ad_integer(0))));
		output->state_of = NUMERICOID;
		output->of_double = column->type->typid == FLOAT8OID;
	}
	else
		return false;
	output->second = other;
	return true;
}

/*
 * A double as a decimal of at least 30 digits: $toDecimal has 15, and again
 * 15 of what is left.
 */
static Node *
precise_decimal(AdGroup *group, Node *number)
{
	Node	   *most;
	Node	   *as_double;
	Node	   *rest;

	number = ad_let(group->context, number);
	most = ad_let(group->context, ad_doc("$toDecimal", number));
	as_double = ad_let(group->context, ad_converted(most, "double"));
	/* infinity less infinity would be NaN */
	rest = ad_value_if(ad_doc("$eq", ad_array2(number, as_double)), ad_integer(0),
					   ad_doc("$toDecimal", ad_doc("$subtract", ad_array2(number, as_double))));
	return ad_let(group->context, ad_doc("$add", ad_array2(most, rest)));
}

/*
 * The name of the accumulator that sums the products of two numbers.
 */
static const char *
sum_products(AdGroup *group, Node *left, Node *right)
{
	return ad_group_accumulate(group, "$sum", ad_doc("$multiply", ad_array2(left, right)));
}

/* the state of avg() and of the deviations of doubles: a count and two sums */
static bool
return_moments(AdGroup *group, int position, const AdCall *call)
{
	Node	   *number = precise_decimal(group, ad_call_filtered(call, call->argument->expr));
	AdOutput   *output = ad_group_add_output(group, position, ad_group_accumulate(group, "$sum", number),
											 AD_RESULT_SUM, FLOAT8ARRAYOID);

	output->state_of = FLOAT8OID;
	output->divisor = ad_group_accumulate(group, "$sum", ad_count_expr(call));
	output->second = sum_products(group, number, number);
	output->final = call->final;
	return true;
}

/*
 * The state of the aggregates of pairs: a count, the sums of both numbers, of
 * their squares and of their products.  Y is the first argument, X the second
 * (manual, "Aggregate Functions for Statistics").
 */
static bool
return_regression(AdGroup *group, int position, const AdCall *call)
{
	Node	   *y = precise_decimal(group, ad_call_filtered(call, call->argument->expr));
	Node	   *x = precise_decimal(group, ad_call_filtered(call, call->second->expr));
	AdCall		pairs = {.filter = call->filter};
	AdOutput   *output = ad_group_add_output(group, position, ad_group_accumulate(group, "$sum", x),
											 AD_RESULT_SUM, FLOAT8ARRAYOID);

	output->state_of = FLOAT8OID;
	output->divisor = ad_group_accumulate(group, "$sum", ad_count_expr(&pairs));
	output->second = sum_products(group, x, x);
	output->final = call->final;
	output->of_pairs[0] = ad_group_accumulate(group, "$sum", y);
	output->of_pairs[1] = sum_products(group, y, y);
	output->of_pairs[2] = sum_products(group, x, y);
	return true;
}

/*
 * Adds the transition state of an aggregate, of type call->result_type, or
 * what call->final makes from it, as output `position`.  Returns false if it
 * cannot be made.
 */
bool
ad_group_return_state(AdGroup *group, int position, const AdCall *call)
{
	AdOutput   *output;
	Node	   *summed;

	if (call->aggregate == AD_REGRESSION)
		return return_regression(group, position, call);
	if (call->result_type == FLOAT8ARRAYOID || OidIsValid(call->final))
		return call->argument->typid == FLOAT8OID && return_moments(group, position, call);
	if (call->aggregate != AD_SUM && call->aggregate != AD_AVG)
		return false;
	summed = ad_sum_expr(call);
	if (summed == NULL)
		return false;
	output = ad_group_add_output(group, position, ad_group_accumulate(group, "$sum", summed),
								 AD_RESULT_SUM, BYTEAOID);
	output->state_of = call->argument->typid;
	output->divisor = ad_group_accumulate(group, "$sum", ad_count_expr(call));
	return true;
}
