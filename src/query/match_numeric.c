/*
 * match_numeric.c
 *	  Comparisons of numeric as predicates of the match language.
 *
 * A double is read as the shortest number that denotes it, which for most is
 * not its exact value, while MongoDB compares that.  Both have the same order,
 * so doubles are compared with the double next to the constant, and all other
 * numbers with the constant.  A constant that is a double serves both.
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

/* whole numbers up to 2^53 are doubles */
#define TWO_TO_53	9007199254740992.0

/* a test that all numbers pass, or none */
static Node *
all_or_none(bool all)
{
	return all ? ad_true() : ad_false();
}

/*
 * The test of doubles.  `nearest` is the double that the constant is rounded
 * to, and `order` the order of what it is read as and the constant: doubles
 * above it are read as numbers above the constant, and so on.
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
 * The test of int, long and decimal.  If the constant is no decimal128, they
 * are compared with the greatest one below it.
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

/* the order of the number that a double is read as, and another one */
static int
shortest_order(double real, Numeric value)
{
	char		string[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(real, string);
	return ad_compare_numeric(ad_parse_numeric(string), value);
}

/* whether a double's exact value, as MongoDB takes it, is the number */
static bool
is_exact(double real, Numeric value)
{
	char		digits[64];

	if (isinf(real))
		return true;
	snprintf(digits, sizeof(digits), "%.33e", real);
	return ad_compare_numeric(ad_parse_numeric(digits), value) == 0;
}

static Node *
compare_number(const char *path, AdOp op, Numeric value)
{
	double		nearest = strtod(DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value))), NULL);
	int			order = shortest_order(nearest, value);

	if (order == 0 && is_exact(nearest, value))
		return ad_field(path, ad_op_name(op),
						nearest == trunc(nearest) && fabs(nearest) <= TWO_TO_53 ?
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
 * The predicate of a comparison with a number: `plain` says it but for NaN,
 * which is greater than all others in SQL.
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
 * The predicate of `column op value` for a column of doubles.  It holds together with
 * ad_match_guard() only.
 */
Node *
ad_match_compare_float(const char *path, const AdType *type, AdOp op, double value)
{
	return with_nan(path, type, op, isnan(value),
					ad_field(path, ad_op_name(op), ad_float8(value)));
}

/*
 * The predicate of `column op value`.  It holds together with ad_match_guard()
 * only.
 */
Node *
ad_numeric_compare(const char *path, const AdType *type, AdOp op, Numeric value)
{
	bool		isnan = numeric_is_nan(value);

	return with_nan(path, type, op, isnan,
					isnan ? NULL : compare_number(path, op, value));
}
