/*
 * value.c
 *	  Translate SQL expressions to templates of aggregation expressions.
 *
 * This language has values for what the match language has not: computed
 * ones.  Here are the expressions that are not calls of functions; these are
 * in value_function.c and value_time.c, and conditions in value_condition.c.
 *
 * Every translation keeps the promise of value.h: null exactly where SQL is
 * null, and never an error of the server's.  Where PostgreSQL would raise one,
 * the translation says when, and leaves to the caller what follows.
 */
#include "postgres.h"

#include <ctype.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "query/bind.h"
#include "query/type_tests.h"
#include "translate/let.h"
#include "translate/value.h"

/* the types of values, and what numbers they can be */
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

/* an empty value of the type; false if expressions cannot have it */
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

Node *
ad_value_if(Node *condition, Node *value, Node *otherwise)
{
	return ad_doc("$cond", ad_array3(condition, value, otherwise));
}

/*
 * The condition that a value is not null.  Null is less than all else but
 * what stands for it (MongoDB manual, "Comparison/Sort Order").
 */
Node *
ad_value_not_null(const AdValue *value)
{
	return ad_doc("$gt", ad_array2(value->expr, ad_null()));
}

/*
 * Give the value a name, so that it can be used more than once.
 */
Node *
ad_value_let(AdValueContext *context, AdValue *value)
{
	value->expr = ad_let(context->base, value->expr);
	return value->expr;
}

/*
 * Note when PostgreSQL raises an error.
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
 * Note the failures of what is computed under a condition only; or, if that is
 * NULL, always.
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
 * The condition that there is a failure of that kind, or NULL if there is none.
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
 * The value of a column's type, which is that expression; false if there are
 * none of the type.
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

/* whether a constant is one of decimal128's numbers, whose digits are 34 */
static bool
is_decimal(Datum numeric)
{
	const char *string = DatumGetCString(DirectFunctionCall1(numeric_out, numeric));
	int			digits = 0;

	for (const char *c = string; *c != '\0'; c++)
		digits += isdigit((unsigned char) *c) ? 1 : 0;
	return digits <= 34;
}

/*
 * Whether a constant is a value as it is, and, for integers, which one.
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

/* whether PostgreSQL computes it, before MongoDB is asked */
bool
ad_value_is_operand(const AdExprContext *context, Node *node)
{
	return !ad_expr_has_columns(context, node) && !contain_agg_clause(node) &&
		!contain_volatile_functions(node) && !contain_subplans(node) &&
		!IsA(node, CaseTestExpr);
}

/*
 * The value of what PostgreSQL computes.  An instant is rounded; a numeric is
 * the number of `factor` parts of one, rounded too, or for 0 a decimal.
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
		/* one that no value is equal to has become null, too */
		value->nullable = IsA(value->expr, Const) && ((Const *) value->expr)->constisnull;

		/*
		 * the session's zone, which says what instant it is, may be another
		 * then
		 */
		if (value->nullable || (typid != TIMESTAMPOID && typid != DATEOID))
			return set_constant(value, constant);
	}
	/* a numeric of unknown digits may be none of decimal128's */
	if (typid == NUMERICOID && factor == 0)
		return false;
	value->expr = ad_node(AD_OPERAND, list_make4(operand, ad_oid_value(typid),
												 ad_integer(rounding),
												 ad_integer(factor)));
	return true;
}
