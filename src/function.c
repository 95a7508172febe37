/*
 * function.c
 *	  Functions and operators in the aggregation language: one row each.
 *
 * A row says which function of PostgreSQL's it is, by its OID, and how it is
 * said; beside it, why that is exact.  What is not in the table stays with
 * PostgreSQL.
 *
 * An integer of PostgreSQL's has a range.  That of a result follows from those
 * of the arguments; where it may leave its type's, the translation fails there
 * as PostgreSQL does, and MongoDB's long, or the double that it becomes, is
 * compared with the limits.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/int.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "function.h"
#include "instant.h"

typedef struct AdFunction AdFunction;

struct AdFunction
{
	Oid			function;
	bool		(*translate) (AdValueContext *context, const AdFunction *row,
							  List *args, AdValue *value);
	const char *op;				/* MongoDB's operator */
	Oid			typid;			/* of the result */
};

/* the values of all arguments, which are at most three */
static bool
values_of(AdValueContext *context, List *args, AdValue *values)
{
	ListCell   *lc;

	foreach(lc, args)
	{
		if (!ad_value(context, lfirst(lc), &values[foreach_current_index(lc)]))
			return false;
	}
	return true;
}

static bool
is_integer(const AdValue *value)
{
	return value->typid == INT2OID || value->typid == INT4OID || value->typid == INT8OID;
}

static void
set_result(AdValue *result, Oid typid, Node *expr, bool nullable)
{
	memset(result, 0, sizeof(AdValue));
	result->typid = typid;
	result->expr = expr;
	result->nullable = nullable;
}

/* the least and greatest result of an operator on ranges; false if unknown */
static bool
result_range(const char *op, const AdValue *a, const AdValue *b, int64 *min, int64 *max)
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
 * Give an integer the range it has, or its type's, and say that it fails where
 * it leaves that, and is null then.
 */
static void
limit_range(AdValueContext *context, AdValue *value, bool known, int64 min, int64 max)
{
	Node	   *fails;
	int			i = 0;

	while (integer_types[i].typid != value->typid)
		i++;
	value->min = integer_types[i].min;
	value->max = integer_types[i].max;
	if (known && min >= value->min && max <= value->max)
	{
		value->min = min;
		value->max = max;
		return;
	}
	/* null is less than all numbers: not null, and below or above */
	fails = ad_doc("$or", ad_array2(ad_doc("$gt", ad_array2(value->expr, ad_int64(value->max))),
									ad_doc("$and", ad_array2(ad_value_not_null(value),
															 ad_doc("$lt", ad_array2(value->expr, ad_int64(value->min)))))));
	ad_value_fail(context, integer_types[i].kind, fails);
	/* what follows must not see it: a sum of longs could overflow */
	value->expr = ad_value_if(fails, ad_null(), value->expr);
	value->nullable = true;
}

static bool
integer_arithmetic(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		values[2];
	int64		min = 0;
	int64		max = 0;
	bool		known;

	if (!values_of(context, args, values) || !is_integer(&values[0]) || !is_integer(&values[1]))
		return false;
	known = result_range(row->op, &values[0], &values[1], &min, &max);
	set_result(value, row->typid, ad_doc(row->op, ad_array2(values[0].expr, values[1].expr)),
			   values[0].nullable || values[1].nullable);
	limit_range(context, value, known, min, max);
	return true;
}

/* whether an integer is never zero; if it can be, the division fails there */
static bool
fail_at_zero(AdValueContext *context, const AdValue *dividend, const AdValue *divisor,
			 Node *zero)
{
	Node	   *is_zero = ad_doc("$eq", ad_array2(divisor->expr, zero));

	if (divisor->min > 0 || divisor->max < 0)
		return true;
	ad_value_fail(context, AD_FAILURE_ZERO, !dividend->nullable ? is_zero :
				  ad_doc("$and", ad_array2(is_zero, ad_value_not_null(dividend))));
	return false;
}

/* the remainder has the dividend's sign, for both */
static bool
integer_mod(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		values[2];
	Node	   *expr;
	bool		never_zero;

	if (!values_of(context, args, values) || !is_integer(&values[0]) || !is_integer(&values[1]))
		return false;
	never_zero = fail_at_zero(context, &values[0], &values[1], ad_int64(0));
	expr = ad_doc("$mod", ad_array2(values[0].expr, values[1].expr));
	if (!never_zero)
		expr = ad_value_if(ad_doc("$eq", ad_array2(values[1].expr, ad_int64(0))), ad_null(), expr);
	set_result(value, row->typid, expr,
			   values[0].nullable || values[1].nullable || !never_zero);
	value->min = values[0].min;
	value->max = values[0].max;
	if (values[1].min == values[1].max && values[1].min > 0)
	{
		value->min = values[0].min < 0 ? 1 - values[1].min : 0;
		value->max = values[1].max - 1;
	}
	return true;
}

/*
 * Division truncates.  MongoDB's is of doubles, which is exact if the dividend
 * is: no quotient of integers below 2^53 is rounded to the next integer.
 */
static bool
integer_div(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	const int64 exact = INT64CONST(1) << 53;
	AdValue		values[2];
	Node	   *expr;

	if (!values_of(context, args, values) || !is_integer(&values[0]) || !is_integer(&values[1]) ||
		values[0].min < -exact || values[0].max > exact ||
		values[1].min < -exact || values[1].max > exact ||
		!fail_at_zero(context, &values[0], &values[1], ad_int64(0)))
		return false;
	expr = ad_doc("$toLong", ad_doc("$trunc", ad_doc("$divide", ad_array2(values[0].expr, values[1].expr))));
	set_result(value, row->typid, expr, values[0].nullable || values[1].nullable);
	limit_range(context, value, true, -Max(-values[0].min, values[0].max),
				Max(-values[0].min, values[0].max));
	return true;
}

/* -x as 0 - x, and |x| */
static bool
integer_sign(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		argument;
	int64		far;

	if (!ad_value(context, linitial(args), &argument) || !is_integer(&argument))
		return false;
	set_result(value, row->typid, strcmp(row->op, "$abs") == 0 ? ad_doc("$abs", argument.expr) :
			   ad_doc("$subtract", ad_array2(ad_int64(0), argument.expr)), argument.nullable);
	/* the least long has no positive counterpart: not all servers say so */
	if (argument.min == PG_INT64_MIN)
		return false;
	far = Max(-argument.min, Max(argument.max, -argument.max));
	limit_range(context, value, true, -far, far);
	return true;
}

/* casts among integers */
static bool
integer_cast(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		argument;

	if (!ad_value(context, linitial(args), &argument) || !is_integer(&argument))
		return false;
	set_result(value, row->typid, argument.expr, argument.nullable);
	limit_range(context, value, true, argument.min, argument.max);
	return true;
}

/* an integer as a double: the nearest, for both */
static bool
integer_to_float(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		argument;

	if (!ad_value(context, linitial(args), &argument) || !is_integer(&argument))
		return false;
	set_result(value, FLOAT8OID, ad_doc("$toDouble", argument.expr), argument.nullable);
	return true;
}

static bool
integer_to_numeric(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		argument;

	if (!ad_value(context, linitial(args), &argument) || !is_integer(&argument))
		return false;
	*value = argument;
	value->column = NULL;
	value->of = NULL;
	value->typid = NUMERICOID;
	value->divisor = 1;
	return true;
}

/* a numeric that is an integer, which no rounding changes */
static bool
numeric_to_integer(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		argument;

	if (!ad_value(context, linitial(args), &argument) || argument.divisor != 1)
		return false;
	set_result(value, row->typid, argument.expr, argument.nullable);
	limit_range(context, value, true, argument.min, argument.max);
	return true;
}

/* whether the node is a finite double, given as a constant */
static bool
float_constant(Node *node, double *number)
{
	if (!IsA(node, Const) || ((Const *) node)->constisnull ||
		((Const *) node)->consttype != FLOAT8OID)
		return false;
	*number = DatumGetFloat8(((Const *) node)->constvalue);
	return isfinite(*number);
}

static Node *
is_infinite(Node *expr)
{
	return ad_doc("$eq", ad_array2(ad_doc("$abs", expr), ad_float8(INFINITY)));
}

static Node *
equals_number(const char *op, const AdValue *value, double number)
{
	return ad_doc(op, ad_array2(value->expr, ad_float8(number)));
}

/* what is known of the constants of an operation on two doubles */
typedef struct AdFloatOperation
{
	bool		additive;
	bool		divides;
	bool		constant[2];
	double		number[2];
} AdFloatOperation;

/* whether no finite operand can make the result infinite */
static bool
never_overflows(const AdFloatOperation *operation)
{
	for (int i = 0; i < 2; i++)
	{
		double		size = fabs(operation->number[i]);

		if (!operation->constant[i])
			continue;
		/* less than half of the last place of the greatest double */
		if (operation->additive && size < 1e290)
			return true;
		if (!operation->additive && !operation->divides && size <= 1)
			return true;
		if (operation->divides && i == 1 && size >= 1)
			return true;
	}
	return false;
}

/* whether no other operand than zero can make the result zero */
static bool
never_underflows(const AdFloatOperation *operation)
{
	for (int i = 0; i < 2; i++)
	{
		double		size = fabs(operation->number[i]);

		if (operation->additive)
			return true;
		if (!operation->constant[i])
			continue;
		if (!operation->divides && (size >= 1 || size == 0))
			return true;
		if (operation->divides && i == 1 && size <= 1)
			return true;
	}
	return false;
}

/*
 * Doubles are IEEE's for both.  PostgreSQL raises an error where finite ones
 * become infinite, where a product or quotient of others than zero is zero,
 * and where zero divides (float.h).
 */
static void
fail_as_floats(AdValueContext *context, const AdFloatOperation *operation,
			   const AdValue *values, const AdValue *result)
{
	List	   *conditions;

	if (!never_overflows(operation))
	{
		conditions = list_make1(is_infinite(result->expr));
		for (int i = 0; i < (operation->divides ? 1 : 2); i++)
		{
			if (!operation->constant[i])
				conditions = lappend(conditions, ad_doc("$not", ad_array1(is_infinite(values[i].expr))));
		}
		ad_value_fail(context, AD_FAILURE_OVERFLOW, ad_doc("$and", ad_node(AD_ARRAY, conditions)));
	}
	if (!never_underflows(operation))
	{
		conditions = list_make2(equals_number("$eq", result, 0), equals_number("$ne", &values[0], 0));
		if (!operation->divides && !operation->constant[1])
			conditions = lappend(conditions, equals_number("$ne", &values[1], 0));
		else if (operation->divides && !operation->constant[1])
			conditions = lappend(conditions, ad_doc("$not", ad_array1(is_infinite(values[1].expr))));
		ad_value_fail(context, AD_FAILURE_UNDERFLOW, ad_doc("$and", ad_node(AD_ARRAY, conditions)));
	}
}

/* division by what may be zero: null there, and the failure */
static Node *
divide_unless_zero(AdValueContext *context, const AdValue *values, Node *quotient)
{
	Node	   *is_zero = equals_number("$eq", &values[1], 0);

	ad_value_fail(context, AD_FAILURE_ZERO,
				  ad_doc("$and", ad_array3(is_zero, ad_value_not_null(&values[0]),
										   equals_number("$ne", &values[0], NAN))));
	return ad_value_if(is_zero, ad_null(), quotient);
}

static bool
float_arithmetic(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdFloatOperation operation = {0};
	AdValue		values[2];

	if (!values_of(context, args, values) ||
		values[0].typid != FLOAT8OID || values[1].typid != FLOAT8OID)
		return false;
	operation.additive = strcmp(row->op, "$add") == 0 || strcmp(row->op, "$subtract") == 0;
	operation.divides = strcmp(row->op, "$divide") == 0;
	for (int i = 0; i < 2; i++)
		operation.constant[i] = float_constant(list_nth(args, i), &operation.number[i]);
	set_result(value, FLOAT8OID, ad_doc(row->op, ad_array2(values[0].expr, values[1].expr)),
			   values[0].nullable || values[1].nullable);
	if (operation.divides && !(operation.constant[1] && operation.number[1] != 0))
	{
		value->expr = divide_unless_zero(context, values, value->expr);
		value->nullable = true;
	}
	fail_as_floats(context, &operation, values, value);
	return true;
}

/* operators of one double that neither overflow nor round differently */
static bool
float_function(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		argument;

	if (!ad_value(context, linitial(args), &argument) || argument.typid != FLOAT8OID)
		return false;
	set_result(value, FLOAT8OID, strcmp(row->op, "$multiply") != 0 ? ad_doc(row->op, argument.expr) :
			   ad_doc(row->op, ad_array2(argument.expr, ad_float8(-1))), argument.nullable);
	return true;
}

/* an int4 constant of at least `least` */
static bool
position_constant(Node *node, int least, int *position)
{
	if (!IsA(node, Const) || ((Const *) node)->constisnull)
		return false;
	*position = DatumGetInt32(((Const *) node)->constvalue);
	return *position >= least;
}

/* a numeric's whole part: itself, if it has no other */
static bool
numeric_whole(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	Node	   *divisor;

	int			digits;

	if (!ad_value(context, linitial(args), value) || value->divisor == 0 ||
		(list_length(args) == 2 && (!position_constant(lsecond(args), 0, &digits) || digits != 0)))
		return false;
	value->column = NULL;
	value->of = NULL;
	value->scale = 0;
	if (value->divisor == 1)
		return true;
	/* the remainder that is not negative, so that all is rounded down */
	if (strcmp(row->op, "$floor") != 0)
		return false;
	divisor = ad_int64(value->divisor);
	value->expr = ad_doc("$subtract",
						 ad_array2(value->expr,
								   ad_doc("$mod", ad_array2(ad_doc("$add", ad_array2(ad_doc("$mod", ad_array2(value->expr, divisor)),
																					 divisor)),
															divisor))));
	value->rounded = false;
	return true;
}

/*
 * A quotient by a whole constant, kept as a dividend.  PostgreSQL rounds it at
 * the 16th significant digit or later, which moves no quotient of
 * milliseconds of its timestamps across an integer; so it may be floored, and
 * nothing else.
 */
static bool
numeric_div(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		divisor;

	if (!IsA(lsecond(args), Const) || !ad_value(context, linitial(args), value) ||
		value->divisor == 0 || value->rounded ||
		!ad_value_operand(context, lsecond(args), AD_ROUND_NONE, 1, &divisor) ||
		!IsA(divisor.expr, Const) || ((Const *) divisor.expr)->constisnull ||
		((Const *) divisor.expr)->consttype != INT8OID)
		return false;
	divisor.min = DatumGetInt64(((Const *) divisor.expr)->constvalue);
	if (divisor.min < 1 || divisor.min > 1000000000 || value->divisor > 1000000)
		return false;
	value->column = NULL;
	value->of = NULL;
	value->divisor *= divisor.min;
	value->rounded = value->divisor != 1;
	value->scale = -1;
	return true;
}

/* strings have the same characters; null is an error for some operators */
static Node *
if_not_null(const AdValue *value, Node *expr)
{
	return value->nullable ? ad_value_if(ad_value_not_null(value), expr, ad_null()) : expr;
}

static bool
is_text(const AdValue *value)
{
	return value->typid == TEXTOID || value->typid == VARCHAROID;
}

static bool
text_length(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		argument;

	if (!ad_value(context, linitial(args), &argument) || !is_text(&argument) ||
		GetDatabaseEncoding() != PG_UTF8)
		return false;
	set_result(value, INT4OID, if_not_null(&argument, ad_doc("$strLenCP", argument.expr)),
			   argument.nullable);
	/* a document is of 16 MB */
	value->max = 1 << 24;
	return true;
}

static bool
text_concat(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		values[2];

	if (!values_of(context, args, values) || !is_text(&values[0]) || !is_text(&values[1]))
		return false;
	set_result(value, TEXTOID, ad_doc("$concat", ad_array2(values[0].expr, values[1].expr)),
			   values[0].nullable || values[1].nullable);
	return true;
}

/* left(s, n), substring(s, from, n), counted from the beginning */
static bool
text_part(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	AdValue		argument;
	int			from = 1;
	int			length;

	if (!ad_value(context, linitial(args), &argument) || !is_text(&argument) ||
		GetDatabaseEncoding() != PG_UTF8 || !position_constant(llast(args), 0, &length) ||
		(list_length(args) == 3 && !position_constant(lsecond(args), 1, &from)))
		return false;
	set_result(value, TEXTOID,
			   if_not_null(&argument, ad_doc("$substrCP", ad_array3(argument.expr, ad_integer(from - 1),
																	ad_integer(length)))),
			   argument.nullable);
	return true;
}

static bool
on_instant(AdValueContext *context, const AdFunction *row, List *args, AdValue *value)
{
	return ad_instant_function(context, row->function, args, value);
}

static const AdFunction functions[] = {
	/* integers are longs; what leaves their range fails for both */
	{F_INT2PL, integer_arithmetic, "$add", INT2OID},
	{F_INT24PL, integer_arithmetic, "$add", INT4OID},
	{F_INT42PL, integer_arithmetic, "$add", INT4OID},
	{F_INT4PL, integer_arithmetic, "$add", INT4OID},
	{F_INT28PL, integer_arithmetic, "$add", INT8OID},
	{F_INT82PL, integer_arithmetic, "$add", INT8OID},
	{F_INT48PL, integer_arithmetic, "$add", INT8OID},
	{F_INT84PL, integer_arithmetic, "$add", INT8OID},
	{F_INT8PL, integer_arithmetic, "$add", INT8OID},
	{F_INT2MI, integer_arithmetic, "$subtract", INT2OID},
	{F_INT24MI, integer_arithmetic, "$subtract", INT4OID},
	{F_INT42MI, integer_arithmetic, "$subtract", INT4OID},
	{F_INT4MI, integer_arithmetic, "$subtract", INT4OID},
	{F_INT28MI, integer_arithmetic, "$subtract", INT8OID},
	{F_INT82MI, integer_arithmetic, "$subtract", INT8OID},
	{F_INT48MI, integer_arithmetic, "$subtract", INT8OID},
	{F_INT84MI, integer_arithmetic, "$subtract", INT8OID},
	{F_INT8MI, integer_arithmetic, "$subtract", INT8OID},
	{F_INT2MUL, integer_arithmetic, "$multiply", INT2OID},
	{F_INT24MUL, integer_arithmetic, "$multiply", INT4OID},
	{F_INT42MUL, integer_arithmetic, "$multiply", INT4OID},
	{F_INT4MUL, integer_arithmetic, "$multiply", INT4OID},
	{F_INT28MUL, integer_arithmetic, "$multiply", INT8OID},
	{F_INT82MUL, integer_arithmetic, "$multiply", INT8OID},
	{F_INT48MUL, integer_arithmetic, "$multiply", INT8OID},
	{F_INT84MUL, integer_arithmetic, "$multiply", INT8OID},
	{F_INT8MUL, integer_arithmetic, "$multiply", INT8OID},
	{F_INT2DIV, integer_div, NULL, INT2OID},
	{F_INT24DIV, integer_div, NULL, INT4OID},
	{F_INT42DIV, integer_div, NULL, INT4OID},
	{F_INT4DIV, integer_div, NULL, INT4OID},
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
	/* the nearest double, for both */
	{F_FLOAT8_INT2, integer_to_float, NULL, FLOAT8OID},
	{F_FLOAT8_INT4, integer_to_float, NULL, FLOAT8OID},
	{F_FLOAT8_INT8, integer_to_float, NULL, FLOAT8OID},
	/* IEEE 754 doubles, for both */
	{F_FLOAT8PL, float_arithmetic, "$add", FLOAT8OID},
	{F_FLOAT8MI, float_arithmetic, "$subtract", FLOAT8OID},
	{F_FLOAT8MUL, float_arithmetic, "$multiply", FLOAT8OID},
	{F_FLOAT8DIV, float_arithmetic, "$divide", FLOAT8OID},
	{F_FLOAT8UM, float_function, "$multiply", FLOAT8OID},
	{F_FLOAT8ABS, float_function, "$abs", FLOAT8OID},
	{F_ABS_FLOAT8, float_function, "$abs", FLOAT8OID},
	{F_FLOOR_FLOAT8, float_function, "$floor", FLOAT8OID},
	{F_CEIL_FLOAT8, float_function, "$ceil", FLOAT8OID},
	{F_CEILING_FLOAT8, float_function, "$ceil", FLOAT8OID},
	{F_TRUNC_FLOAT8, float_function, "$trunc", FLOAT8OID},
	/* numerics that are whole, or fractions of one divisor: longs */
	{F_NUMERIC_INT2, integer_to_numeric, NULL, NUMERICOID},
	{F_NUMERIC_INT4, integer_to_numeric, NULL, NUMERICOID},
	{F_NUMERIC_INT8, integer_to_numeric, NULL, NUMERICOID},
	{F_INT2_NUMERIC, numeric_to_integer, NULL, INT2OID},
	{F_INT4_NUMERIC, numeric_to_integer, NULL, INT4OID},
	{F_INT8_NUMERIC, numeric_to_integer, NULL, INT8OID},
	{F_FLOOR_NUMERIC, numeric_whole, "$floor", NUMERICOID},
	{F_CEIL_NUMERIC, numeric_whole, "$ceil", NUMERICOID},
	{F_CEILING_NUMERIC, numeric_whole, "$ceil", NUMERICOID},
	{F_TRUNC_NUMERIC_INT4, numeric_whole, "$trunc", NUMERICOID},
	{F_ROUND_NUMERIC_INT4, numeric_whole, "$round", NUMERICOID},
	{F_NUMERIC_DIV, numeric_div, NULL, NUMERICOID},
	/* characters are code points, for both */
	{F_LENGTH_TEXT, text_length, NULL, INT4OID},
	{F_CHAR_LENGTH_TEXT, text_length, NULL, INT4OID},
	{F_CHARACTER_LENGTH_TEXT, text_length, NULL, INT4OID},
	{F_TEXTCAT, text_concat, NULL, TEXTOID},
	{F_LEFT, text_part, NULL, TEXTOID},
	{F_SUBSTR_TEXT_INT4_INT4, text_part, NULL, TEXTOID},
	{F_SUBSTRING_TEXT_INT4_INT4, text_part, NULL, TEXTOID},
	/* see instant.c */
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ, on_instant, NULL, TIMESTAMPTZOID},
	{F_DATE_TRUNC_TEXT_TIMESTAMP, on_instant, NULL, TIMESTAMPOID},
	{F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT, on_instant, NULL, TIMESTAMPTZOID},
	{F_EXTRACT_TEXT_TIMESTAMPTZ, on_instant, NULL, NUMERICOID},
	{F_EXTRACT_TEXT_TIMESTAMP, on_instant, NULL, NUMERICOID},
	{F_EXTRACT_TEXT_DATE, on_instant, NULL, NUMERICOID},
	{F_EXTRACT_TEXT_INTERVAL, on_instant, NULL, NUMERICOID},
	{F_DATE_PART_TEXT_TIMESTAMPTZ, on_instant, NULL, FLOAT8OID},
	{F_DATE_PART_TEXT_TIMESTAMP, on_instant, NULL, FLOAT8OID},
	{F_TIMESTAMP_TIMESTAMPTZ, on_instant, NULL, TIMESTAMPOID},
	{F_DATE_TIMESTAMPTZ, on_instant, NULL, DATEOID},
	{F_DATE_TIMESTAMP, on_instant, NULL, DATEOID},
	{F_TIMESTAMP_DATE, on_instant, NULL, TIMESTAMPOID},
	{F_TIMEZONE_TEXT_TIMESTAMPTZ, on_instant, NULL, TIMESTAMPOID},
	{F_TIMEZONE_TEXT_TIMESTAMP, on_instant, NULL, TIMESTAMPTZOID},
	{F_TIMESTAMPTZ_PL_INTERVAL, on_instant, NULL, TIMESTAMPTZOID},
	{F_TIMESTAMPTZ_MI_INTERVAL, on_instant, NULL, TIMESTAMPTZOID},
	{F_TIMESTAMP_PL_INTERVAL, on_instant, NULL, TIMESTAMPOID},
	{F_TIMESTAMP_MI_INTERVAL, on_instant, NULL, TIMESTAMPOID},
	{F_TIMESTAMPTZ_MI, on_instant, NULL, INTERVALOID},
	{F_TIMESTAMP_MI, on_instant, NULL, INTERVALOID},
};

/*
 * The value of a function's call; false if the table has no exact one.
 */
bool
ad_value_function(AdValueContext *context, Oid function, List *args, AdValue *value)
{
	for (int i = 0; i < lengthof(functions); i++)
	{
		if (functions[i].function == function)
			return functions[i].translate(context, &functions[i], args, value);
	}
	return false;
}
