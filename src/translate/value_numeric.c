/*
 * value_numeric.c
 *	  Arithmetic on numerics in the aggregation language.
 *
 * The numerics are integers, the parts of instants and intervals, and what
 * is computed of these and of whole constants.  Each is an int or long that
 * is to be divided by the value's divisor, see AdValue.  So MongoDB computes
 * with integers, and PostgreSQL's result is known to the last digit.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "query/bind.h"
#include "translate/let.h"
#include "translate/value_arithmetic.h"
#include "translate/value_numeric.h"
#include "translate/value_operation.h"

/* PostgreSQL's least number of significant digits of a quotient */
#define SIGNIFICANT_DIGITS 16

/* more digits after the point are not of interest, and need no arithmetic */
#define MAX_SCALE 15

/* doubles, in which MongoDB divides, have each integer up to this one */
#define MAX_EXACT (INT64CONST(1) << 53)

static int64
power_of_ten(int digits)
{
	int64		power = 1;

	for (int i = 0; i < digits; i++)
		power *= 10;
	return power;
}

/* the greatest absolute value of the integer */
static uint64
greatest(const AdValue *value)
{
	uint64		low = value->min < 0 ? -(uint64) value->min : (uint64) value->min;
	uint64		high = value->max < 0 ? -(uint64) value->max : (uint64) value->max;

	return Max(low, high);
}

/*
 * Reads a constant as an integer and a power of ten, its divisor.
 */
static bool
read_constant(Node *node, AdValue *value)
{
	Const	   *constant = (Const *) node;
	const char *digits;
	const char *point;
	bool		negative;

	if (!IsA(node, Const) || constant->consttype != NUMERICOID || constant->constisnull)
		return false;
	digits = DatumGetCString(DirectFunctionCall1(numeric_out, constant->constvalue));
	negative = *digits == '-';
	digits += negative ? 1 : 0;
	point = strchr(digits, '.');
	memset(value, 0, sizeof(AdValue));
	value->typid = NUMERICOID;
	value->scale = point == NULL ? 0 : strlen(point + 1);
	if (value->scale > MAX_SCALE || strspn(digits, "0123456789.") != strlen(digits))
		return false;
	for (; *digits != '\0'; digits++)
	{
		if (*digits != '.' && (pg_mul_s64_overflow(value->min, 10, &value->min) ||
							   pg_add_s64_overflow(value->min, *digits - '0', &value->min)))
			return false;
	}
	value->divisor = power_of_ten(value->scale);
	while (value->divisor > 1 && value->min % 10 == 0)
	{
		value->min /= 10;
		value->divisor /= 10;
	}
	if (negative)
		value->min = -value->min;
	value->max = value->min;
	value->expr = ad_int64(value->min);
	return true;
}

/*
 * Translates an argument that has a divisor, or is a constant.  The value is
 * no column any more, and no instant, once something is computed.
 */
static bool
read_argument(AdValueContext *context, Node *node, AdValue *value)
{
	if (read_constant(node, value))
		return true;
	if (!ad_value(context, node, value) || value->divisor == 0)
		return false;
	value->column = NULL;
	value->of = NULL;
	return true;
}

/* multiplies the integer and its divisor by a number */
static bool
expand(AdValue *value, int64 by)
{
	if (by == 1)
		return true;
	if (pg_mul_s64_overflow(value->min, by, &value->min) ||
		pg_mul_s64_overflow(value->max, by, &value->max) ||
		pg_mul_s64_overflow(value->divisor, by, &value->divisor))
		return false;
	value->expr = IsA(value->expr, Const) ? ad_int64(value->min) :
		ad_binary("$multiply", value->expr, ad_int64(by));
	return true;
}

/* a + b, a - b: numeric has as many digits as the operand with more of them */
static bool
sum_value(const char *op, AdValue *left, AdValue *right, AdValue *value)
{
	int64		divisor = Max(left->divisor, right->divisor);

	if (divisor % left->divisor != 0 || divisor % right->divisor != 0 ||
		!expand(left, divisor / left->divisor) || !expand(right, divisor / right->divisor) ||
		!ad_result_range(op, left, right, &value->min, &value->max))
		return false;
	value->divisor = divisor;
	value->scale = Max(left->scale, right->scale);
	value->expr = ad_binary(op, left->expr, right->expr);
	return true;
}

/*
 * a * b: numeric has the digits of both.  A factor that a divisor contains,
 * such as 1000 for milliseconds, makes that smaller.
 */
static bool
product_value(const char *op, AdValue *left, AdValue *right, AdValue *value)
{
	AdValue    *sides[] = {left, right};

	for (int i = 0; i < 2; i++)
	{
		AdValue    *factor = sides[1 - i];

		if (IsA(factor->expr, Const) && factor->divisor == 1 && factor->min > 0 &&
			sides[i]->divisor % factor->min == 0)
		{
			int			scale = factor->scale;

			*value = *sides[i];
			value->divisor /= factor->min;
			value->scale += scale;
			return value->scale <= MAX_SCALE;
		}
	}
	if (!ad_result_range(op, left, right, &value->min, &value->max) ||
		pg_mul_s64_overflow(left->divisor, right->divisor, &value->divisor))
		return false;
	value->scale = left->scale + right->scale;
	value->expr = ad_binary(op, left->expr, right->expr);
	return value->scale <= MAX_SCALE;
}

/* an operator with two arguments */
static bool
operator_value(AdValueContext *context, const char *op, List *args, AdValue *value)
{
	AdValue		left;
	AdValue		right;

	if (!read_argument(context, linitial(args), &left) || left.rounded ||
		!read_argument(context, lsecond(args), &right) || right.rounded)
		return false;
	memset(value, 0, sizeof(AdValue));
	value->typid = NUMERICOID;
	value->nullable = left.nullable || right.nullable;
	return strcmp(op, "$multiply") == 0 ? product_value(op, &left, &right, value) :
		sum_value(op, &left, &right, value);
}

/* -a, abs(a) */
static bool
sign_value(AdValueContext *context, const char *op, List *args, AdValue *value)
{
	int64		far;

	/* the quotient's digits are rounded alike on both sides of zero */
	if (!read_argument(context, linitial(args), value) || greatest(value) > PG_INT64_MAX)
		return false;
	far = greatest(value);
	value->min = -far;
	value->max = far;
	value->expr = strcmp(op, "$abs") == 0 ? ad_doc("$abs", value->expr) :
		ad_binary("$subtract", ad_int64(0), value->expr);
	return true;
}

/*
 * The least number of digits after the point to which PostgreSQL rounds the
 * quotient of the value: it computes SIGNIFICANT_DIGITS at least, in groups
 * of four (numeric.c, select_div_scale()).
 */
static int
quotient_digits(const AdValue *value)
{
	uint64		quotient = greatest(value) / value->divisor;
	int			digits = SIGNIFICANT_DIGITS;

	for (; quotient >= 10000; quotient /= 10000)
		digits -= 4;
	return Min(digits, MAX_SCALE);
}

/*
 * A quotient by a positive constant, kept as a dividend and a divisor.
 *
 * PostgreSQL rounds a quotient at a distant digit.  The exact one is at least
 * 1/divisor away from each integer that it does not equal.  If that is more
 * than what is rounded, the quotient can be rounded to an integer, with the
 * same result, but not be used in any other way.
 */
static bool
quotient_value(AdValueContext *context, List *args, AdValue *value)
{
	AdValue		by;

	if (!read_constant(lsecond(args), &by) || by.min < 1 ||
		!read_argument(context, linitial(args), value) || value->rounded ||
		!expand(value, by.divisor) ||
		pg_mul_s64_overflow(value->divisor / by.divisor, by.min, &value->divisor))
		return false;
	value->scale = Max(Max(value->scale, by.scale), quotient_digits(value));
	value->rounded = true;
	return value->divisor < power_of_ten(value->scale);
}

/* the integer without the remainder that MongoDB finds, which has its sign */
static Node *
without_rest(AdExprContext *context, Node *expr, int64 divisor)
{
	expr = ad_let(context, expr);
	return ad_binary("$subtract", expr, ad_binary("$mod", expr, ad_int64(divisor)));
}

/*
 * The quotient as a long, for an integer that has no remainder.  MongoDB
 * divides doubles, if it divides no decimal.
 */
static Node *
whole_quotient(Node *expr, uint64 greatest, int64 divisor)
{
	if (divisor == 1)
		return expr;
	return ad_doc("$toLong", ad_binary("$divide", greatest < MAX_EXACT ? expr : ad_doc("$toDecimal", expr),
									   ad_int64(divisor)));
}

/*
 * floor(a), ceil(a) and trunc(a): a is left without its remainder, which has
 * the sign of a in MongoDB.
 */
static bool
whole_value(AdValueContext *context, const char *op, List *args, AdValue *value)
{
	Node	   *divisor;
	Node	   *rest;
	bool		up = strcmp(op, "ceil") == 0;

	if (!read_argument(context, linitial(args), value) ||
		pg_sub_s64_overflow(value->min, value->divisor - 1, &value->min) ||
		pg_add_s64_overflow(value->max, value->divisor - 1, &value->max))
		return false;
	value->scale = 0;
	value->rounded = false;
	if (value->divisor == 1)
		return true;
	if (strcmp(op, "trunc") == 0)
	{
		value->expr = without_rest(context->base, value->expr, value->divisor);
		return true;
	}
	divisor = ad_int64(value->divisor);
	(void) ad_value_let(context, value);
	rest = ad_binary("$mod", value->expr, divisor);
	rest = up ? ad_binary("$subtract", divisor, rest) : ad_binary("$add", rest, divisor);
	value->expr = ad_binary(up ? "$add" : "$subtract", value->expr, ad_binary("$mod", rest, divisor));
	return true;
}

/*
 * Rounds the value to a number of digits after the point, half away from
 * zero: half of the divisor is added, and what is then the remainder is left
 * out.
 */
static bool
round_to(AdValueContext *context, AdValue *value, int digits)
{
	int64		power = power_of_ten(digits);
	int64		divisor = value->divisor;
	int64		half = divisor / 2;
	bool		whole = value->scale == 0 && !value->rounded;

	if (!value->rounded && power % divisor == 0)
	{
		value->scale = digits;
		return true;
	}
	/* what PostgreSQL has rounded before must not have made a half of it */
	if ((value->rounded && (value->scale < digits || divisor >= power_of_ten(value->scale - digits))) ||
		!expand(value, power) ||
		pg_sub_s64_overflow(value->min, half, &value->min) ||
		pg_add_s64_overflow(value->max, half, &value->max))
		return false;
	if (!whole)
	{
		(void) ad_value_let(context, value);
		value->expr = ad_binary("$add", value->expr,
								ad_value_if(ad_binary("$lt", value->expr, ad_int64(0)),
											ad_int64(-half), ad_int64(half)));
		value->expr = without_rest(context->base, value->expr, divisor);
	}
	value->expr = whole_quotient(value->expr, greatest(value), divisor);
	value->min /= divisor;
	value->max /= divisor;
	value->divisor = power;
	value->scale = digits;
	value->rounded = false;
	return true;
}

/* round(a, digits) and trunc(a, 0), as which round(a) and trunc(a) are stored */
static bool
digits_value(AdValueContext *context, const char *op, List *args, AdValue *value)
{
	Const	   *digits = lsecond(args);

	if (!IsA(digits, Const) || digits->constisnull ||
		DatumGetInt32(digits->constvalue) < 0 || DatumGetInt32(digits->constvalue) > MAX_SCALE)
		return false;
	if (strcmp(op, "trunc") == 0)
		return DatumGetInt32(digits->constvalue) == 0 && whole_value(context, op, args, value);
	return read_argument(context, linitial(args), value) &&
		round_to(context, value, DatumGetInt32(digits->constvalue));
}

/* an integer as a numeric: the integer itself, with the divisor 1 */
static bool
numeric_value(AdValueContext *context, List *args, AdValue *value)
{
	if (!ad_value(context, linitial(args), value) || !ad_is_integer(value))
		return false;
	value->column = NULL;
	value->of = NULL;
	value->typid = NUMERICOID;
	value->divisor = 1;
	return true;
}

/* a numeric as an integer, rounded; it may be out of range */
static bool
integer_value(AdValueContext *context, Oid typid, List *args, AdValue *value)
{
	if (!read_argument(context, linitial(args), value) || !round_to(context, value, 0))
		return false;
	value->typid = typid;
	value->divisor = 0;
	value->scale = 0;
	ad_limit_integer(context, value);
	return true;
}

/*
 * A numeric as a double: the nearest, which the quotient of two numbers is that
 * doubles have exactly.
 */
static bool
double_value(AdValueContext *context, List *args, AdValue *value)
{
	int64		divisor;

	if (!read_argument(context, linitial(args), value) || value->rounded || greatest(value) > MAX_EXACT)
		return false;
	divisor = value->divisor;
	value->typid = FLOAT8OID;
	value->divisor = 0;
	value->scale = 0;
	value->expr = ad_doc("$toDouble", value->expr);
	if (divisor != 1)
		value->expr = ad_binary("$divide", value->expr, ad_float8(divisor));
	return true;
}

/*
 * Returns the numeric as a decimal that shows as many digits as PostgreSQL's;
 * NULL if MongoDB cannot compute it exactly.
 */
Node *
ad_numeric_decimal(const AdValue *value)
{
	int64		power;
	int64		unit;

	if (value->divisor == 0)
		return value->expr;
	if (value->rounded)
		return NULL;
	if (value->scale == 0)
		return ad_doc("$toDecimal", whole_quotient(value->expr, greatest(value), value->divisor));
	power = power_of_ten(value->scale);
	if (power % value->divisor != 0)
		return NULL;
	unit = power / value->divisor;
	return ad_binary("$multiply", ad_doc("$toDecimal", value->expr),
					 ad_numeric_const(psprintf("%lld.%0*lld", (long long) (unit / power), value->scale,
											   (long long) (unit % power))));
}

/*
 * Translates an operator or function on numerics, or a cast from or to them.
 *
 * op: MongoDB's operator, or the word for the function
 * typid: the type of the result
 */
bool
ad_numeric_function(AdValueContext *context, const char *op, Oid typid, List *args, AdValue *value)
{
	if (strcmp(op, "cast") == 0)
		return numeric_value(context, args, value);
	if (strcmp(op, "double") == 0)
		return double_value(context, args, value);
	if (strcmp(op, "integer") == 0)
		return integer_value(context, typid, args, value);
	if (strcmp(op, "/") == 0)
		return quotient_value(context, args, value);
	if (strcmp(op, "-") == 0 || strcmp(op, "$abs") == 0)
		return sign_value(context, op, args, value);
	if (list_length(args) == 2)
		return op[0] == '$' ? operator_value(context, op, args, value) :
			digits_value(context, op, args, value);
	return whole_value(context, op, args, value);
}
