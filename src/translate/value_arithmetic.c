/*
 * value_arithmetic.c
 *	  Arithmetic on integers and doubles in the aggregation language.
 *
 * The range of an integer result follows from the ranges of the operands.
 * Where it may leave the range of its type, the result is null, and
 * value_operation.c tells that null from others.
 *
 * Doubles are IEEE 754's in both systems.  They differ only where PostgreSQL
 * raises an error (src/include/utils/float.h): the result is infinite though
 * the operands are finite; a product or quotient is zero though no operand
 * is; or the divisor is zero.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "query/type_tests.h"
#include "translate/let.h"
#include "translate/value_arithmetic.h"
#include "translate/value_operation.h"

typedef struct AdRow AdRow;

/* a function or operator of PostgreSQL, and its translation */
struct AdRow
{
	Oid			function;
	bool		(*translate) (AdValueContext *context, const AdRow *row,
							  AdOperation *operands, AdOperation *result);
	const char *op;				/* MongoDB's operator */
	Oid			typid;			/* type of the result */
};

static const struct
{
	Oid			typid;
	int64		min;
	int64		max;
	AdFailureKind kind;
}			integer_types[] = {
	{INT2OID, PG_INT16_MIN, PG_INT16_MAX, AD_FAILURE_INT2},
	{INT4OID, PG_INT32_MIN, PG_INT32_MAX, AD_FAILURE_INT4},
	{INT8OID, PG_INT64_MIN, PG_INT64_MAX, AD_FAILURE_INT8},
};

/*
 * Whether the value is an int2, int4 or int8.
 */
bool
ad_is_integer(const AdValue *value)
{
	return value->typid == INT2OID || value->typid == INT4OID || value->typid == INT8OID;
}

/* the index in integer_types */
static int
integer_type(Oid typid)
{
	int			i = 0;

	while (integer_types[i].typid != typid)
		i++;
	return i;
}

/*
 * Sets the range of an integer result to `min` to `max`, if it is known and
 * within that of its type.  Otherwise the range is the type's, and the result
 * fails where it leaves that.  Returns whether it can fail.
 */
static bool
set_range(AdOperation *result, bool known, int64 min, int64 max)
{
	int			i = integer_type(result->value.typid);

	result->value.min = integer_types[i].min;
	result->value.max = integer_types[i].max;
	if (known && min >= result->value.min && max <= result->value.max)
	{
		result->value.min = min;
		result->value.max = max;
		return false;
	}
	result->fails = true;
	result->failure = integer_types[i].kind;
	return true;
}

static bool
are_integers(AdOperation *operands, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (!ad_is_integer(&operands[i].value))
			return false;
	}
	return true;
}

static bool
are_doubles(AdOperation *operands, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (operands[i].value.typid != FLOAT8OID)
			return false;
	}
	return true;
}

/*
 * Computes the range of a sum, difference or product of two ranges.  Returns
 * false if it exceeds int64.
 */
bool
ad_result_range(const char *op, const AdValue *a, const AdValue *b, int64 *min, int64 *max)
{
	int64		ends[4];
	bool		overflow = false;

	if (strcmp(op, "$add") == 0)
		return !pg_add_s64_overflow(a->min, b->min, min) &&
			!pg_add_s64_overflow(a->max, b->max, max);
	if (strcmp(op, "$subtract") == 0)
		return !pg_sub_s64_overflow(a->min, b->max, min) &&
			!pg_sub_s64_overflow(a->max, b->min, max);
	overflow |= pg_mul_s64_overflow(a->min, b->min, &ends[0]);
	overflow |= pg_mul_s64_overflow(a->min, b->max, &ends[1]);
	overflow |= pg_mul_s64_overflow(a->max, b->min, &ends[2]);
	overflow |= pg_mul_s64_overflow(a->max, b->max, &ends[3]);
	if (overflow)
		return false;
	*min = Min(Min(ends[0], ends[1]), Min(ends[2], ends[3]));
	*max = Max(Max(ends[0], ends[1]), Max(ends[2], ends[3]));
	return true;
}

/* whether the result can fall below the range of long */
static bool
may_be_below(const char *op, const AdValue *a, const AdValue *b)
{
	int64		least;

	if (strcmp(op, "$add") == 0)
		return pg_add_s64_overflow(a->min, b->min, &least) && a->min < 0;
	if (strcmp(op, "$subtract") == 0)
		return pg_sub_s64_overflow(a->min, b->max, &least) && a->min < 0;
	return a->min < 0 || b->min < 0;
}

static bool
integer_sum(AdValueContext *context, const AdRow *row, AdOperation *operands, AdOperation *result)
{
	int64		min = 0;
	int64		max = 0;
	bool		known;

	if (!are_integers(operands, 2))
		return false;
	known = ad_result_range(row->op, &operands[0].value, &operands[1].value, &min, &max);
	result->checked = set_range(result, known, min, max);
	result->wide = result->checked && row->typid == INT8OID &&
		may_be_below(row->op, &operands[0].value, &operands[1].value);
	ad_operation_add(context, row->op, operands, result);
	return true;
}

/* makes the result inherit from the operands, and gives them expressions */
static void
close_operands(AdValueContext *context, AdOperation *operands, int count, AdOperation *result)
{
	ad_operation_inherit(context, operands, count, result);
	for (int i = 0; i < count; i++)
		ad_operation_close(context, &operands[i]);
}

static bool
integer_product(AdValueContext *context, const AdRow *row, AdOperation *operands, AdOperation *result)
{
	AdValue    *left = &operands[0].value;
	AdValue    *right = &operands[1].value;
	int64		min = 0;
	int64		max = 0;
	bool		known;

	if (!are_integers(operands, 2))
		return false;
	known = ad_result_range(row->op, left, right, &min, &max);
	result->checked = set_range(result, known, min, max);
	result->wide = result->checked && row->typid == INT8OID && may_be_below(row->op, left, right);
	close_operands(context, operands, 2, result);
	result->value.expr = ad_binary(row->op, ad_widened(result->wide, left->expr), right->expr);
	if (result->checked)
		result->value.expr = ad_checked_integer(row->typid, result->value.expr);
	return true;
}

static bool
may_be_zero(const AdValue *value)
{
	return value->min <= 0 && value->max >= 0;
}

/*
 * Does the same for a division.  The null for a zero divisor would hide
 * failures of its operands, so these get tests of their own.
 */
static void
close_division(AdValueContext *context, AdOperation *operands, AdOperation *result)
{
	if (may_be_zero(&operands[1].value))
	{
		ad_operation_settle(context, &operands[0]);
		ad_operation_settle(context, &operands[1]);
	}
	close_operands(context, operands, 2, result);
}

/*
 * Returns the divisor, with null instead of zero, because MongoDB raises an
 * error for zero.  Records the failure, which is PostgreSQL's error.
 */
static Node *
integer_divisor(AdValueContext *context, AdOperation *operands, AdOperation *result)
{
	AdValue    *dividend = &operands[0].value;
	AdValue    *divisor = &operands[1].value;
	Node	   *is_zero;

	if (!may_be_zero(divisor))
		return divisor->expr;
	is_zero = ad_binary("$eq", ad_value_let(context, divisor), ad_int64(0));
	ad_value_fail(context, AD_FAILURE_ZERO, dividend->nullable ?
				  ad_binary("$and", is_zero, ad_binary("$gt", ad_value_let(context, dividend), ad_null())) : is_zero);
	result->value.nullable = true;
	return ad_value_if(is_zero, ad_null(), divisor->expr);
}

/*
 * Keeps the null for a zero divisor from counting as another failure of the
 * result.
 */
static void
allow_zero(AdValueContext *context, AdOperation *operands, AdOperation *result, Node *divisor)
{
	if (result->fails && divisor != operands[1].value.expr)
		result->operands = lappend(result->operands, ad_let(context->base, divisor));
}

/* in both systems the remainder has the sign of the dividend */
static bool
integer_mod(AdValueContext *context, const AdRow *row, AdOperation *operands, AdOperation *result)
{
	AdValue    *dividend = &operands[0].value;
	AdValue    *divisor = &operands[1].value;
	Node	   *expr;

	if (!are_integers(operands, 2))
		return false;
	(void) set_range(result, true, dividend->min, dividend->max);
	if (divisor->min == divisor->max && divisor->min > 0)
	{
		result->value.min = dividend->min < 0 ? 1 - divisor->min : 0;
		result->value.max = divisor->max - 1;
	}
	close_division(context, operands, result);
	expr = integer_divisor(context, operands, result);
	allow_zero(context, operands, result, expr);
	result->value.expr = ad_binary("$mod", dividend->expr, expr);
	return true;
}

/* whether a double holds all of the value's integers */
static bool
is_near(const AdValue *value)
{
	return value->min >= -AD_EXACT_DOUBLE && value->max <= AD_EXACT_DOUBLE;
}

/*
 * The quotient of integers, truncated.
 *
 * MongoDB divides doubles.  Below 2^53 that is exact enough: no quotient of
 * two such integers is rounded up to the next integer.  Of larger ones it
 * divides decimals, whose 34 digits are as many as a quotient of longs and
 * its remainder have.
 */
static bool
integer_div(AdValueContext *context, const AdRow *row, AdOperation *operands, AdOperation *result)
{
	AdValue    *dividend = &operands[0].value;
	AdValue    *divisor = &operands[1].value;
	int64		far;
	bool		known = dividend->min > PG_INT64_MIN;
	Node	   *expr;

	if (!are_integers(operands, 2))
		return false;
	far = known ? Max(-dividend->min, dividend->max) : 0;
	result->checked = set_range(result, known, -far, far);
	close_division(context, operands, result);
	expr = integer_divisor(context, operands, result);
	allow_zero(context, operands, result, expr);
	expr = ad_doc("$trunc", ad_binary("$divide", ad_widened(!is_near(dividend) || !is_near(divisor),
															dividend->expr), expr));
	result->value.expr = ad_converted(expr, row->typid == INT8OID ? "long" : "int");
	if (row->typid == INT2OID && result->checked)
		result->value.expr = ad_checked_integer(row->typid, result->value.expr);
	return true;
}

/* -x, written as 0 - x, and |x| */
static bool
integer_sign(AdValueContext *context, const AdRow *row, AdOperation *operands, AdOperation *result)
{
	AdValue    *value = &operands[0].value;
	bool		known = value->min > PG_INT64_MIN;
	int64		far = 0;
	Node	   *expr;

	if (!are_integers(operands, 1))
		return false;
	if (known)
		far = Max(-value->min, Max(value->max, -value->max));
	result->checked = set_range(result, known, -far, far);
	close_operands(context, operands, 1, result);
	/* the least long has no positive counterpart, and $abs fails on it */
	expr = ad_widened(!known, value->expr);
	expr = strcmp(row->op, "$abs") == 0 ? ad_doc("$abs", expr) : ad_binary("$subtract", ad_int64(0), expr);
	result->value.expr = result->checked ? ad_checked_integer(row->typid, expr) : expr;
	return true;
}

/* casts between integer types */
static bool
integer_cast(AdValueContext *context, const AdRow *row, AdOperation *operands, AdOperation *result)
{
	AdValue    *value = &operands[0].value;

	if (!are_integers(operands, 1))
		return false;
	result->checked = set_range(result, true, value->min, value->max);
	close_operands(context, operands, 1, result);
	result->value.expr = result->checked ? ad_checked_integer(row->typid, value->expr) : value->expr;
	return true;
}

/* an integer as a double; both systems round to the nearest */
static bool
integer_to_float(AdValueContext *context, const AdRow *row, AdOperation *operands, AdOperation *result)
{
	if (!are_integers(operands, 1))
		return false;
	close_operands(context, operands, 1, result);
	result->value.expr = ad_doc("$toDouble", operands[0].value.expr);
	return true;
}

/*
 * A double rounded to a whole one, and of two that are equally near to the
 * even one.  The remainder from the whole number below is exact.
 */
static Node *
rounded_double(AdValueContext *context, Node *number)
{
	Node	   *below;
	Node	   *rest;
	Node	   *even;
	Node	   *up;

	if (IsA(number, List) && ad_tag(number) == AD_DOCUMENT &&
		(strcmp(ad_doc_key(number, 0), "$floor") == 0 || strcmp(ad_doc_key(number, 0), "$ceil") == 0 ||
		 strcmp(ad_doc_key(number, 0), "$trunc") == 0))
		return number;
	number = ad_let(context->base, number);
	below = ad_let(context->base, ad_doc("$floor", number));
	rest = ad_let(context->base, ad_binary("$subtract", number, below));
	even = ad_binary("$multiply", ad_doc("$floor", ad_binary("$multiply", below, ad_float8(0.5))),
					 ad_float8(2));
	up = ad_binary("$or", ad_binary("$gt", rest, ad_float8(0.5)),
				   ad_binary("$and", ad_binary("$eq", rest, ad_float8(0.5)), ad_binary("$ne", below, even)));
	return ad_binary("$add", below, ad_value_if(up, ad_float8(1), ad_float8(0)));
}

/* round(f) */
static bool
float_round(AdValueContext *context, const AdRow *row, AdOperation *operands, AdOperation *result)
{
	if (!are_doubles(operands, 1))
		return false;
	close_operands(context, operands, 1, result);
	result->value.expr = rounded_double(context, operands[0].value.expr);
	return true;
}

/* a double as an integer: rounded, and failing if that is out of range or NaN */
static bool
float_to_integer(AdValueContext *context, const AdRow *row, AdOperation *operands, AdOperation *result)
{
	Node	   *whole;

	if (!are_doubles(operands, 1))
		return false;
	result->checked = set_range(result, false, 0, 0);
	close_operands(context, operands, 1, result);
	whole = rounded_double(context, operands[0].value.expr);
	result->value.expr = ad_converted(whole, row->typid == INT8OID ? "long" : "int");
	if (row->typid == INT2OID)
		result->value.expr = ad_checked_integer(row->typid, result->value.expr);
	return true;
}

/*
 * What is known of an operation on two doubles, and of its constant operands.
 */
typedef struct AdFloatOperation
{
	bool		additive;
	bool		divides;
	bool		constant[2];
	double		number[2];
} AdFloatOperation;

static AdFloatOperation
float_operation(const AdRow *row, AdOperation *operands)
{
	AdFloatOperation operation = {0};

	operation.additive = strcmp(row->op, "$add") == 0 || strcmp(row->op, "$subtract") == 0;
	operation.divides = strcmp(row->op, "$divide") == 0;
	for (int i = 0; i < 2; i++)
	{
		Const	   *constant = (Const *) operands[i].value.expr;

		if (operands[i].terms != NIL || !IsA(constant, Const) || constant->constisnull)
			continue;
		operation.number[i] = DatumGetFloat8(constant->constvalue);
		operation.constant[i] = isfinite(operation.number[i]);
	}
	return operation;
}

/* whether finite operands can never give an infinite result */
static bool
never_overflows(const AdFloatOperation *operation)
{
	for (int i = 0; i < 2; i++)
	{
		double		size = fabs(operation->number[i]);

		if (!operation->constant[i])
			continue;
		/* 1e290 is less than half an ulp of the greatest double */
		if (operation->additive && size < 1e290)
			return true;
		if (!operation->additive && !operation->divides && size <= 1)
			return true;
		if (operation->divides && i == 1 && size >= 1)
			return true;
	}
	return false;
}

/* whether the result is zero only if an operand is */
static bool
never_underflows(const AdFloatOperation *operation)
{
	for (int i = 0; i < 2; i++)
	{
		double		size = fabs(operation->number[i]);

		if (!operation->constant[i])
			continue;
		if (!operation->divides && (size >= 1 || size == 0))
			return true;
		if (operation->divides && i == 1 && size <= 1)
			return true;
	}
	return false;
}

static bool
float_sum(AdValueContext *context, const AdRow *row, AdOperation *operands, AdOperation *result)
{
	AdFloatOperation operation;

	if (!are_doubles(operands, 2))
		return false;
	operation = float_operation(row, operands);
	result->checked = result->fails = !never_overflows(&operation);
	result->failure = AD_FAILURE_OVERFLOW;
	ad_operation_add(context, row->op, operands, result);
	return true;
}

static Node *
equals_number(const char *op, Node *expr, double number)
{
	return ad_binary(op, expr, ad_float8(number));
}

/*
 * Records where a product or quotient fails; the expressions must be names or
 * constants.
 */
static void
fail_as_floats(AdValueContext *context, const AdFloatOperation *operation,
			   Node *left, Node *right, Node *result)
{
	List	   *tests;

	if (!never_overflows(operation))
	{
		tests = list_make1(ad_is_infinite(result));
		if (!operation->constant[0])
			tests = lappend(tests, ad_is_not_infinite(left));
		if (!operation->constant[1] && !operation->divides)
			tests = lappend(tests, ad_is_not_infinite(right));
		ad_value_fail(context, AD_FAILURE_OVERFLOW, ad_doc("$and", ad_node(AD_ARRAY, tests)));
	}
	if (!never_underflows(operation))
	{
		tests = list_make2(equals_number("$eq", result, 0), equals_number("$ne", left, 0));
		if (!operation->constant[1])
			tests = lappend(tests, operation->divides ? ad_is_not_infinite(right) :
							equals_number("$ne", right, 0));
		ad_value_fail(context, AD_FAILURE_UNDERFLOW, ad_doc("$and", ad_node(AD_ARRAY, tests)));
	}
}

/* the divisor with null instead of zero; records that failure */
static Node *
float_divisor(AdValueContext *context, Node *dividend, Node *divisor)
{
	Node	   *is_zero = equals_number("$eq", divisor, 0);

	ad_value_fail(context, AD_FAILURE_ZERO,
				  ad_doc("$and", ad_array3(is_zero, ad_binary("$gt", dividend, ad_null()),
										   equals_number("$ne", dividend, NAN))));
	return ad_value_if(is_zero, ad_null(), divisor);
}

static bool
float_product(AdValueContext *context, const AdRow *row, AdOperation *operands, AdOperation *result)
{
	AdFloatOperation operation;
	Node	   *left;
	Node	   *right;
	Node	   *divisor;

	if (!are_doubles(operands, 2))
		return false;
	operation = float_operation(row, operands);
	ad_operation_settle(context, &operands[0]);
	ad_operation_settle(context, &operands[1]);
	ad_operation_inherit(context, operands, 2, result);
	left = ad_value_let(context, &operands[0].value);
	right = divisor = ad_value_let(context, &operands[1].value);
	if (operation.divides && !(operation.constant[1] && operation.number[1] != 0))
	{
		divisor = float_divisor(context, left, right);
		result->value.nullable = true;
	}
	result->value.expr = ad_let(context->base, ad_binary(row->op, left, divisor));
	fail_as_floats(context, &operation, left, right, result->value.expr);
	return true;
}

/*
 * Functions of one double that do not overflow, and round alike in both
 * systems.
 */
static bool
float_function(AdValueContext *context, const AdRow *row, AdOperation *operands, AdOperation *result)
{
	Node	   *expr;

	if (!are_doubles(operands, 1))
		return false;
	close_operands(context, operands, 1, result);
	expr = operands[0].value.expr;
	result->value.expr = strcmp(row->op, "$multiply") != 0 ? ad_doc(row->op, expr) :
		ad_binary(row->op, expr, ad_float8(-1));
	return true;
}

/*
 * Makes an integer fail where it leaves the range of its type.  On entry its
 * `min` and `max` may be wider than that range; they must be true.
 */
void
ad_limit_integer(AdValueContext *context, AdValue *value)
{
	AdOperation operation = {.value = *value};

	if (set_range(&operation, true, value->min, value->max))
	{
		if (value->nullable)
			operation.operands = list_make1(ad_value_let(context, value));
		operation.value.expr = ad_checked_integer(value->typid, value->expr);
	}
	ad_operation_settle(context, &operation);
	*value = operation.value;
}

static const AdRow rows[] = {
	{F_INT2PL, integer_sum, "$add", INT2OID},
	{F_INT24PL, integer_sum, "$add", INT4OID},
	{F_INT42PL, integer_sum, "$add", INT4OID},
	{F_INT4PL, integer_sum, "$add", INT4OID},
	{F_INT28PL, integer_sum, "$add", INT8OID},
	{F_INT82PL, integer_sum, "$add", INT8OID},
	{F_INT48PL, integer_sum, "$add", INT8OID},
	{F_INT84PL, integer_sum, "$add", INT8OID},
	{F_INT8PL, integer_sum, "$add", INT8OID},
	{F_INT2MI, integer_sum, "$subtract", INT2OID},
	{F_INT24MI, integer_sum, "$subtract", INT4OID},
	{F_INT42MI, integer_sum, "$subtract", INT4OID},
	{F_INT4MI, integer_sum, "$subtract", INT4OID},
	{F_INT28MI, integer_sum, "$subtract", INT8OID},
	{F_INT82MI, integer_sum, "$subtract", INT8OID},
	{F_INT48MI, integer_sum, "$subtract", INT8OID},
	{F_INT84MI, integer_sum, "$subtract", INT8OID},
	{F_INT8MI, integer_sum, "$subtract", INT8OID},
	{F_INT2MUL, integer_product, "$multiply", INT2OID},
	{F_INT24MUL, integer_product, "$multiply", INT4OID},
	{F_INT42MUL, integer_product, "$multiply", INT4OID},
	{F_INT4MUL, integer_product, "$multiply", INT4OID},
	{F_INT28MUL, integer_product, "$multiply", INT8OID},
	{F_INT82MUL, integer_product, "$multiply", INT8OID},
	{F_INT48MUL, integer_product, "$multiply", INT8OID},
	{F_INT84MUL, integer_product, "$multiply", INT8OID},
	{F_INT8MUL, integer_product, "$multiply", INT8OID},
	{F_INT2DIV, integer_div, NULL, INT2OID},
	{F_INT24DIV, integer_div, NULL, INT4OID},
	{F_INT42DIV, integer_div, NULL, INT4OID},
	{F_INT4DIV, integer_div, NULL, INT4OID},
	{F_INT28DIV, integer_div, NULL, INT8OID},
	{F_INT82DIV, integer_div, NULL, INT8OID},
	{F_INT48DIV, integer_div, NULL, INT8OID},
	{F_INT84DIV, integer_div, NULL, INT8OID},
	{F_INT8DIV, integer_div, NULL, INT8OID},
	{F_INT2MOD, integer_mod, NULL, INT2OID},
	{F_INT4MOD, integer_mod, NULL, INT4OID},
	{F_INT8MOD, integer_mod, NULL, INT8OID},
	{F_MOD_INT2_INT2, integer_mod, NULL, INT2OID},
	{F_MOD_INT4_INT4, integer_mod, NULL, INT4OID},
	{F_MOD_INT8_INT8, integer_mod, NULL, INT8OID},
	{F_INT2UM, integer_sign, "$subtract", INT2OID},
	{F_INT4UM, integer_sign, "$subtract", INT4OID},
	{F_INT8UM, integer_sign, "$subtract", INT8OID},
	{F_INT2ABS, integer_sign, "$abs", INT2OID},
	{F_INT4ABS, integer_sign, "$abs", INT4OID},
	{F_INT8ABS, integer_sign, "$abs", INT8OID},
	{F_ABS_INT2, integer_sign, "$abs", INT2OID},
	{F_ABS_INT4, integer_sign, "$abs", INT4OID},
	{F_ABS_INT8, integer_sign, "$abs", INT8OID},
	{F_INT2_INT4, integer_cast, NULL, INT2OID},
	{F_INT2_INT8, integer_cast, NULL, INT2OID},
	{F_INT4_INT2, integer_cast, NULL, INT4OID},
	{F_INT4_INT8, integer_cast, NULL, INT4OID},
	{F_INT8_INT2, integer_cast, NULL, INT8OID},
	{F_INT8_INT4, integer_cast, NULL, INT8OID},
	{F_FLOAT8_INT2, integer_to_float, NULL, FLOAT8OID},
	{F_FLOAT8_INT4, integer_to_float, NULL, FLOAT8OID},
	{F_FLOAT8_INT8, integer_to_float, NULL, FLOAT8OID},
	{F_INT2_FLOAT8, float_to_integer, NULL, INT2OID},
	{F_INT4_FLOAT8, float_to_integer, NULL, INT4OID},
	{F_INT8_FLOAT8, float_to_integer, NULL, INT8OID},
	{F_ROUND_FLOAT8, float_round, NULL, FLOAT8OID},
	{F_DROUND, float_round, NULL, FLOAT8OID},
	{F_FLOAT8PL, float_sum, "$add", FLOAT8OID},
	{F_FLOAT8MI, float_sum, "$subtract", FLOAT8OID},
	{F_FLOAT8MUL, float_product, "$multiply", FLOAT8OID},
	{F_FLOAT8DIV, float_product, "$divide", FLOAT8OID},
	{F_FLOAT8UM, float_function, "$multiply", FLOAT8OID},
	{F_FLOAT8ABS, float_function, "$abs", FLOAT8OID},
	{F_ABS_FLOAT8, float_function, "$abs", FLOAT8OID},
	{F_FLOOR_FLOAT8, float_function, "$floor", FLOAT8OID},
	{F_CEIL_FLOAT8, float_function, "$ceil", FLOAT8OID},
	{F_CEILING_FLOAT8, float_function, "$ceil", FLOAT8OID},
	{F_TRUNC_FLOAT8, float_function, "$trunc", FLOAT8OID},
};

static const AdRow *
find_row(Oid function)
{
	for (int i = 0; i < lengthof(rows); i++)
	{
		if (rows[i].function == function)
			return &rows[i];
	}
	return NULL;
}

static bool translate_row(AdValueContext *context, const AdRow *row, List *args,
						  AdOperation *result);

/* translates an operand: another operation of this file, or any other value */
static bool
translate_operand(AdValueContext *context, Node *node, AdOperation *operation)
{
	const AdRow *row = NULL;
	List	   *args = NIL;

	if (IsA(node, OpExpr))
	{
		row = find_row(get_opcode(((OpExpr *) node)->opno));
		args = ((OpExpr *) node)->args;
	}
	else if (IsA(node, FuncExpr))
	{
		row = find_row(((FuncExpr *) node)->funcid);
		args = ((FuncExpr *) node)->args;
	}
	if (row != NULL && !ad_value_is_operand(context->base, node))
		return ad_expr_may_go_on(context->base) && translate_row(context, row, args, operation);
	memset(operation, 0, sizeof(AdOperation));
	return ad_value(context, node, &operation->value);
}

static bool
translate_row(AdValueContext *context, const AdRow *row, List *args, AdOperation *result)
{
	AdOperation operands[2];
	ListCell   *lc;

	foreach(lc, args)
	{
		if (!translate_operand(context, lfirst(lc), &operands[foreach_current_index(lc)]))
			return false;
	}
	memset(result, 0, sizeof(AdOperation));
	result->value.typid = row->typid;
	return row->translate(context, row, operands, result);
}

/*
 * Translates the call of a function in `rows`.  Returns false if it is not
 * there, or if MongoDB cannot compute it exactly.
 */
bool
ad_arithmetic(AdValueContext *context, Oid function, List *args, AdValue *value)
{
	const AdRow *row = find_row(function);
	AdOperation result;

	if (row == NULL || !translate_row(context, row, args, &result))
		return false;
	ad_operation_settle(context, &result);
	*value = result.value;
	return true;
}
