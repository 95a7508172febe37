/*
 * value.c
 *	  Values: what the translators of expressions share.
 *
 * The aggregation language can express computed values, which the match
 * language cannot.  ad_value() in value_expression.c translates an
 * expression; calls of functions are in value_function.c, value_arithmetic.c
 * and value_time.c, and conditions in value_condition.c.
 *
 * Every translation follows the rules of value.h: it is null exactly where
 * SQL is null, and MongoDB raises no error.  Where PostgreSQL would raise
 * one, the translation records when, and the caller decides what follows from
 * that.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/timestamp.h"

#include "query/bind.h"
#include "query/type_tests.h"
#include "translate/let.h"
#include "translate/value.h"

/* the types that values can have, with the ranges of the integers */
static const struct
{
	Oid			typid;
	int64		min;
	int64		max;
}			value_types[] = {
	{BOOLOID, 0, 0},
	{INT2OID, PG_INT16_MIN, PG_INT16_MAX},
	{INT4OID, PG_INT32_MIN, PG_INT32_MAX},
	{INT8OID, PG_INT64_MIN, PG_INT64_MAX},
	{FLOAT8OID, 0, 0},
	{TEXTOID, 0, 0},
	{VARCHAROID, 0, 0},
	{NUMERICOID, 0, 0},
	{TIMESTAMPTZOID, 0, 0},
};

/*
 * Makes an empty value of the type: all members 0 but the type and the range
 * of integers.  Returns false if values cannot have the type.
 */
bool
ad_value_init(AdValue *value, Oid typid)
{
	memset(value, 0, sizeof(AdValue));
	for (int i = 0; i < lengthof(value_types); i++)
	{
		if (value_types[i].typid != typid)
			continue;
		value->typid = typid;
		value->min = value_types[i].min;
		value->max = value_types[i].max;
		return true;
	}
	return false;
}

/*
 * Returns the expression for `value` if the condition is true, and for
 * `otherwise` if it is false or null.
 */
Node *
ad_value_if(Node *condition, Node *value, Node *otherwise)
{
	return ad_doc("$cond", ad_array3(condition, value, otherwise));
}

/*
 * Returns a double in a form that MongoDB orders as PostgreSQL does.
 *
 * NaN is the least number for MongoDB, but the greatest for PostgreSQL.  So it
 * becomes a string, which is greater than all numbers (MongoDB manual,
 * "Comparison/Sort Order").  `expr` is used twice, so it should be a name.
 */
Node *
ad_value_nan_last(Node *expr)
{
	return ad_value_if(ad_doc("$eq", ad_array2(expr, ad_float8(get_float8_nan()))),
					   ad_string("NaN"), expr);
}

/*
 * Returns the condition that a value is not null.
 *
 * Null sorts before every value of an SQL type (MongoDB manual,
 * "Comparison/Sort Order").
 */
Node *
ad_value_not_null(const AdValue *value)
{
	return ad_doc("$gt", ad_array2(value->expr, ad_null()));
}

/*
 * Gives the value a name, so that it can be used more than once.  Returns its
 * new expression.
 */
Node *
ad_value_let(AdValueContext *context, AdValue *value)
{
	value->expr = ad_let(context->base, value->expr);
	return value->expr;
}

/*
 * Records that PostgreSQL raises an error of this kind where `when` is true.
 */
void
ad_value_fail(AdValueContext *context, AdFailureKind kind, Node *when)
{
	AdFailure  *failure = palloc(sizeof(AdFailure));

	failure->kind = kind;
	failure->when = when;
	context->failures = lappend(context->failures, failure);
}

/*
 * Records failures that occur only where the condition is true; or always, if
 * the condition is NULL.
 */
void
ad_value_fail_if(AdValueContext *context, List *failures, Node *condition)
{
	ListCell   *lc;

	foreach(lc, failures)
	{
		AdFailure  *failure = lfirst(lc);

		ad_value_fail(context, failure->kind, condition == NULL ? failure->when :
					  ad_doc("$and", ad_array2(condition, failure->when)));
	}
}

/*
 * Returns the condition that one of the failures of this kind occurs; NULL if
 * the list has none.
 */
Node *
ad_failures_when(const List *failures, AdFailureKind kind)
{
	List	   *whens = NIL;
	ListCell   *lc;

	foreach(lc, failures)
	{
		AdFailure  *failure = lfirst(lc);

		if (failure->kind == kind)
			whens = lappend(whens, failure->when);
	}
	if (list_length(whens) > 1)
		return ad_doc("$or", ad_node(AD_ARRAY, whens));
	return whens == NIL ? NULL : linitial(whens);
}

/*
 * Makes the value of an expression that already has the BSON type of a column
 * of this type.  Returns false if values cannot have the type, and for
 * numeric.
 */
bool
ad_value_of_type(const AdType *type, Node *expr, bool nullable, AdValue *value)
{
	if (type->typid == TIMESTAMPOID || type->typid == DATEOID)
	{
		(void) ad_value_init(value, TIMESTAMPTZOID);
		value->typid = type->typid;
		value->zone = ad_string("UTC");
	}
	else if (!ad_value_init(value, type->typid) || type->typid == NUMERICOID)
		return false;
	value->expr = expr;
	value->nullable = nullable;
	return true;
}

/*
 * Whether decimal128, which has 34 digits, holds the number exactly.  NaN is
 * the least of MongoDB's numbers and the greatest of PostgreSQL's.
 */
static bool
is_decimal(Datum numeric)
{
	const char *string = DatumGetCString(DirectFunctionCall1(numeric_out, numeric));
	int			digits = 0;

	for (const char *c = string; *c != '\0'; c++)
		digits += isdigit((unsigned char) *c) ? 1 : 0;
	return digits <= 34 && !numeric_is_nan(DatumGetNumeric(numeric));
}

/*
 * Whether a constant operand is exact as a value.  For an integer, also sets
 * the range to the number itself.
 */
static bool
set_constant(AdValue *value, Const *constant)
{
	if (constant->constisnull)
		return true;
	switch (constant->consttype)
	{
		case INT2OID:
			value->min = DatumGetInt16(constant->constvalue);
			break;
		case INT4OID:
			value->min = DatumGetInt32(constant->constvalue);
			break;
		case INT8OID:
			value->min = DatumGetInt64(constant->constvalue);
			break;
		case NUMERICOID:
			return value->divisor != 0 || is_decimal(constant->constvalue);
		default:
			return true;
	}
	value->max = value->min;
	return true;
}

/*
 * Makes a numeric with a divisor of the value, of which only the nullability stays.
 * `scale` are the digits that numeric shows after the point.
 */
void
ad_value_set_number(AdValue *value, Node *expr, int64 min, int64 max, int divisor, int scale)
{
	*value = (AdValue)
	{
		.typid = NUMERICOID, .nullable = value->nullable, .expr = expr,
			.min = min, .max = max, .divisor = divisor, .scale = scale
	};
}

/*
 * Whether PostgreSQL can compute the expression before MongoDB is asked: it
 * reads no columns of the table, no aggregates and no subplans, is not
 * volatile, and is not the argument of a CASE.
 */
bool
ad_value_is_operand(const AdExprContext *context, Node *node)
{
	return !ad_expr_has_columns(context, node) && !contain_agg_clause(node) &&
		!contain_volatile_functions(node) && !contain_subplans(node) &&
		!ad_expr_has_case_argument(node);
}

/*
 * Makes the value of an operand, which PostgreSQL computes.  Returns false if
 * it has no value.
 *
 * An instant is rounded to milliseconds by `rounding`.  A numeric becomes a
 * decimal if `factor` is 0; else it becomes the number of parts of size
 * 1/factor that it consists of, rounded by `rounding`.
 */
bool
ad_value_operand(AdValueContext *context, Node *node, AdRounding rounding,
				 int factor, AdValue *value)
{
	Oid			typid = exprType(node);
	Node	   *operand = ad_expr_operand(context->base, node);

	if (operand == NULL)
		return false;
	if (typid == TIMESTAMPOID || typid == DATEOID)
	{
		(void) ad_value_init(value, TIMESTAMPTZOID);
		value->typid = typid;
	}
	else if (!ad_value_init(value, typid))
		return false;
	value->nullable = true;
	value->divisor = factor;
	if (IsA(operand, Const))
	{
		Const	   *constant = (Const *) operand;

		value->expr = ad_bind_operand(typid, constant->constvalue, constant->constisnull,
									  rounding, factor);

		/*
		 * An operand between two values, which equals none, is null by now,
		 * too.
		 */
		value->nullable = IsA(value->expr, Const) && ((Const *) value->expr)->constisnull;

		/*
		 * Which instant a timestamp or date is depends on the session's zone,
		 * which may differ at execution.
		 */
		if (value->nullable || (typid != TIMESTAMPOID && typid != DATEOID))
			return set_constant(value, constant);
	}

	/*
	 * A numeric that is not known yet may have too many digits for
	 * decimal128.
	 */
	if (typid == NUMERICOID && factor == 0)
		return false;
	value->expr = ad_node(AD_OPERAND, list_make4(operand, ad_oid_value(typid),
												 ad_integer(rounding),
												 ad_integer(factor)));
	return true;
}
