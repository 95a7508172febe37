/*
 * match_numeric.c
 *	  Comparisons of numeric and float8 columns as predicates of the match
 *	  language.
 *
 * A numeric column decodes a double as the shortest decimal number that
 * denotes it.  For most doubles that is not the exact value, by which MongoDB
 * compares.  Both values order doubles in the same way.  So the predicate
 * compares stored doubles with the double nearest to the constant, and other
 * stored numbers with the constant.  If the constant is exactly a double, one
 * comparison does both.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"

#include "bson/decimal.h"
#include "query/match_numeric.h"
#include "query/match_type.h"
#include "query/type_tests.h"

/* returns a test that every number passes, or none */
static Node *
all_or_none(bool all)
{
	return all ? ad_true() : ad_false();
}

/*
 * Returns the test for stored doubles.  `nearest` is the double nearest to
 * the constant.  `order` compares the number that `nearest` decodes as with
 * the constant.  Doubles above `nearest` decode as numbers above the
 * constant, and doubles below it as numbers below the constant.
 */
static Node *
compare_doubles(const char *path, AdOp op, double nearest, int order)
{
	Node	   *value = ad_float8(nearest);

	switch (op)
	{
		case AD_OP_LT:
			return ad_field(path, order >= 0 ? "$lt" : "$lte", value);
		case AD_OP_LE:
			return ad_field(path, order > 0 ? "$lt" : "$lte", value);
		case AD_OP_GE:
			return ad_field(path, order >= 0 ? "$gte" : "$gt", value);
		case AD_OP_GT:
			return ad_field(path, order > 0 ? "$gte" : "$gt", value);
		case AD_OP_EQ:
		case AD_OP_NE:
			return order != 0 ? all_or_none(op == AD_OP_NE) :
				ad_field(path, ad_op_name(op), value);
	}
	return NULL;				/* not reached */
}

/*
 * Returns the test for stored ints, longs and decimals.  If decimal128 cannot
 * hold the constant, the test uses the greatest decimal128 below it.
 */
static Node *
compare_decimals(const char *path, AdOp op, Numeric value)
{
	bool		exact;
	Numeric		below = ad_numeric_floor(value, &exact);
	Node	   *constant = (Node *) makeConst(NUMERICOID, -1, InvalidOid, -1,
											  NumericGetDatum(below), false, false);

	if (!exact && (op == AD_OP_EQ || op == AD_OP_NE))
		return all_or_none(op == AD_OP_NE);
	if (!exact)
		op = op == AD_OP_LT || op == AD_OP_LE ? AD_OP_LE : AD_OP_GT;
	return ad_field(path, ad_op_name(op), constant);
}

/*
 * Compares the number that a double decodes as with another number.  The
 * result is negative, 0 or positive.
 */
static int
shortest_order(double real, Numeric value)
{
	char		string[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(real, string);
	return ad_compare_numeric(ad_parse_numeric(string), value);
}

/*
 * Is the exact value of a double, by which MongoDB compares, equal to the
 * number?
 */
static bool
is_exact(double real, Numeric value)
{
	char		digits[64];

	if (isinf(real))
		return true;
	snprintf(digits, sizeof(digits), "%.33e", real);
	return ad_compare_numeric(ad_parse_numeric(digits), value) == 0;
}

/* returns the predicate for a constant that is not NaN */
static Node *
compare_number(const char *path, AdOp op, Numeric value)
{
	double		nearest = strtod(DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value))), NULL);
	int			order = shortest_order(nearest, value);

	if (order == 0 && is_exact(nearest, value))
		return ad_field(path, ad_op_name(op),
						nearest == trunc(nearest) && fabs(nearest) <= AD_EXACT_DOUBLE ?
						ad_int64((int64) nearest) : ad_float8(nearest));
	return ad_or(list_make2(ad_and(list_make2(ad_field(path, "$type", ad_string("double")),
											  compare_doubles(path, op, nearest, order))),
							ad_and(list_make2(ad_field(path, "$type",
													   ad_node(AD_ARRAY,
															   list_make3(ad_string("int"),
																		  ad_string("long"),
																		  ad_string("decimal")))),
											  compare_decimals(path, op, value)))));
}

/*
 * Returns the predicate for a comparison with a number that may be NaN.  In
 * SQL NaN is greater than all other numbers.  `plain` is MongoDB's comparison
 * with a number other than NaN, which treats a stored NaN as neither less nor
 * greater.
 */
static Node *
with_nan(const char *path, const AdType *type, AdOp op, bool isnan,
		 Node *plain)
{
	Node	   *not_nan = ad_field(path, "$gte", ad_float8(-INFINITY));
	Node	   *is_nan = ad_field(path, "$eq", ad_float8(NAN));

	switch (op)
	{
		case AD_OP_EQ:
			return isnan ? is_nan : plain;
		case AD_OP_LT:
			return isnan ? not_nan : plain;
		case AD_OP_LE:
			return isnan ? ad_match_has_type(path, type) : plain;
		case AD_OP_GE:
			return isnan ? is_nan : ad_or(list_make2(plain, is_nan));
		case AD_OP_GT:
			return isnan ? ad_false() : ad_or(list_make2(plain, is_nan));
		case AD_OP_NE:
			return isnan ? not_nan :
				ad_and(list_make2(plain, ad_match_has_type(path, type)));
	}
	return NULL;				/* not reached */
}

/*
 * Returns the predicate for `column op value`; the column is of class float.
 * It is exact only in conjunction with ad_match_guard().
 */
Node *
ad_match_compare_float(const char *path, const AdType *type, AdOp op, double value)
{
	return with_nan(path, type, op, isnan(value),
					ad_field(path, ad_op_name(op), ad_float8(value)));
}

/*
 * Returns the predicate for `column op value`; the column is of class
 * numeric.  It is exact only in conjunction with ad_match_guard().
 */
Node *
ad_numeric_compare(const char *path, const AdType *type, AdOp op, Numeric value)
{
	bool		isnan = numeric_is_nan(value);

	return with_nan(path, type, op, isnan,
					isnan ? NULL : compare_number(path, op, value));
}
