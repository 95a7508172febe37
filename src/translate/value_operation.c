/*
 * value_operation.c
 *	  Arithmetic operations, as parts of larger ones.
 *
 * If the result of an integer operation may leave the range of its type, it
 * is converted so that it becomes null there:
 *
 *		{$convert: {input: {$add: [a, b]}, to: "int", onError: null}}
 *
 * A part that fails so makes the whole expression null.  One test of the
 * whole then detects the error: it is null although no operand is.  The parts
 * of an expression share this test as long as their errors are of the same
 * kind.
 *
 * A sum of many terms is kept as a list.  SQL adds from the left, and each
 * partial sum can fail, and is rounded if it is a double.  So a long list
 * becomes a $reduce, which does not nest deeper with each term.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"

#include "query/type_tests.h"
#include "translate/let.h"
#include "translate/value_operation.h"

/* a sum of more terms becomes a $reduce */
#define MAX_NESTED_TERMS	4

/*
 * Returns the expression {op: [left, right]}.
 */
Node *
ad_binary(const char *op, Node *left, Node *right)
{
	return ad_doc(op, ad_array2(left, right));
}

/*
 * Returns the integer expression with null where it leaves the range of its
 * type.  For int4 and int8 this is the range of MongoDB's int and long, so
 * $convert tests it.
 */
Node *
ad_checked_integer(Oid typid, Node *expr)
{
	Node	   *number = ad_string("$$n");
	Node	   *in_range;

	if (typid != INT2OID)
		return ad_converted(expr, typid == INT4OID ? "int" : "long");
	in_range = ad_binary("$and", ad_binary("$gte", number, ad_int64(PG_INT16_MIN)),
						 ad_binary("$lte", number, ad_int64(PG_INT16_MAX)));
	return ad_doc("$let", ad_doc2("vars", ad_doc("n", expr),
								  "in", ad_value_if(in_range, number, ad_null())));
}

/*
 * Prepares an operand of an operation whose result may fall below the range
 * of long.
 *
 * MongoDB would return such a result as a double.  Rounding can make it
 * exactly -2^63, which is a long again, so that $convert would not notice the
 * failure.  A decimal keeps it exact.  There is no such problem above the
 * range, because 2^63 is not a long.
 */
Node *
ad_widened(bool wide, Node *expr)
{
	return wide ? ad_doc("$toDecimal", expr) : expr;
}

/*
 * Returns the condition that a double is an infinity.
 */
Node *
ad_is_infinite(Node *expr)
{
	return ad_binary("$eq", ad_doc("$abs", expr), ad_float8(INFINITY));
}

/*
 * Returns the condition that a double is finite, NaN or null.
 */
Node *
ad_is_not_infinite(Node *expr)
{
	return ad_doc("$not", ad_array1(ad_is_infinite(expr)));
}

/*
 * The sum or difference of two doubles, null where it overflows.  Both
 * operands must be names or constants, as they are used several times.
 */
static Node *
checked_sum(const char *op, Node *left, Node *right)
{
	Node	   *sum = ad_string("$$n");
	Node	   *overflows = ad_doc("$and", ad_array3(ad_is_infinite(sum), ad_is_not_infinite(left),
													 ad_is_not_infinite(right)));

	return ad_doc("$let", ad_doc2("vars", ad_doc("n", ad_binary(op, left, right)),
								  "in", ad_value_if(overflows, ad_null(), sum)));
}

/* the term, negated if its sign is -1 */
static Node *
signed_term(const AdOperation *sum, Node *term, int sign)
{
	Const	   *constant = (Const *) term;

	if (sign > 0)
		return term;
	if (sum->value.typid == FLOAT8OID)
		return ad_binary("$multiply", term, ad_float8(-1));
	if (IsA(constant, Const) && constant->consttype == INT8OID && !constant->constisnull &&
		DatumGetInt64(constant->constvalue) > PG_INT64_MIN)
		return ad_int64(-DatumGetInt64(constant->constvalue));
	return ad_binary("$subtract", ad_int64(0), ad_widened(sum->wide, term));
}

/*
 * A sum and one more term.  If the sum is checked, it is null where this
 * addition fails.
 */
static Node *
add_term(const AdOperation *sum, const char *op, Node *left, Node *right)
{
	Oid			typid = sum->value.typid;

	if (!sum->checked)
		return ad_binary(op, left, right);
	if (typid == FLOAT8OID)
		return checked_sum(op, left, right);
	return ad_checked_integer(typid, ad_binary(op, ad_widened(sum->wide, left), right));
}

/* the sum of the terms as nested additions, from the left */
static Node *
nested_sum(AdValueContext *context, const AdOperation *sum)
{
	Node	   *expr = linitial(sum->terms);

	for (int i = 1; i < list_length(sum->terms); i++)
		expr = add_term(sum, list_nth_int(sum->signs, i) > 0 ? "$add" : "$subtract",
						ad_let(context->base, expr),
						ad_let(context->base, list_nth(sum->terms, i)));
	return expr;
}

/* the sum of the terms, in the shortest form that gives SQL's result */
static Node *
sum_terms(AdValueContext *context, const AdOperation *sum)
{
	List	   *terms = NIL;
	Node	   *arguments;
	ListCell   *term;
	ListCell   *sign;

	if (list_length(sum->terms) == 2)
		return nested_sum(context, sum);
	/* unchecked integers can be added in any order, by one $add */
	if (list_length(sum->terms) <= MAX_NESTED_TERMS &&
		(sum->checked || sum->value.typid == FLOAT8OID))
		return nested_sum(context, sum);
	forboth(term, sum->terms, sign, sum->signs)
		terms = lappend(terms, signed_term(sum, lfirst(term), lfirst_int(sign)));
	if (!sum->checked && sum->value.typid != FLOAT8OID)
		return ad_doc("$add", ad_node(AD_ARRAY, terms));
	arguments = ad_doc2("input", ad_node(AD_ARRAY, list_copy_tail(terms, 1)),
						"initialValue", linitial(terms));
	ad_doc_add(arguments, "in", add_term(sum, "$add", ad_string("$$value"), ad_string("$$this")));
	return ad_doc("$reduce", arguments);
}

/*
 * Turns a list of terms into an expression.  Does nothing for other
 * operations.
 */
void
ad_operation_close(AdValueContext *context, AdOperation *operation)
{
	if (operation->terms == NIL)
		return;
	operation->value.expr = sum_terms(context, operation);
	operation->terms = NIL;
}

/*
 * Turns the operation into a value like any other: gives it an expression,
 * and records its failure in `context`.
 */
void
ad_operation_settle(AdValueContext *context, AdOperation *operation)
{
	AdValue    *value = &operation->value;
	List	   *tests;
	ListCell   *lc;

	ad_operation_close(context, operation);
	if (!operation->fails)
		return;
	tests = list_make1(ad_binary("$lte", ad_value_let(context, value), ad_null()));
	foreach(lc, operation->operands)
		tests = lappend(tests, ad_binary("$gt", lfirst(lc), ad_null()));
	ad_value_fail(context, operation->failure, ad_all_of(tests));
	operation->fails = false;
	operation->operands = NIL;
	value->nullable = true;
}

/* adds operands that must not be null for a null result to be a failure */
static void
add_operands(AdOperation *result, List *operands)
{
	ListCell   *lc;

	if (result->operands == NIL)
	{
		result->operands = operands;
		return;
	}
	foreach(lc, operands)
		result->operands = ad_append_new(result->operands, lfirst(lc));
}

/*
 * Makes the result null where one of the operands is, and failing where one
 * of them fails.
 *
 * If an operand fails in another way than the result, it is settled: its
 * failure gets a test of its own.
 */
void
ad_operation_inherit(AdValueContext *context, AdOperation *operands, int count, AdOperation *result)
{
	for (int i = 0; i < count; i++)
	{
		AdOperation *operand = &operands[i];

		if (operand->fails && result->fails && operand->failure != result->failure)
			ad_operation_settle(context, operand);
		if (operand->fails)
		{
			result->fails = true;
			result->failure = operand->failure;
		}
	}
	for (int i = 0; i < count; i++)
	{
		AdOperation *operand = &operands[i];

		result->value.nullable |= operand->value.nullable;
		if (operand->fails)
			add_operands(result, operand->operands);
		else if (operand->value.nullable && result->fails)
		{
			ad_operation_close(context, operand);
			add_operands(result, list_make1(ad_value_let(context, &operand->value)));
		}
	}
}

/*
 * Makes the result the sum ("$add") or difference ("$subtract") of two
 * operands: doubles, or integers of any type.  result->value.typid must be
 * set.
 *
 * If the left operand is itself a list of terms of the same type, the result
 * continues that list.
 */
void
ad_operation_add(AdValueContext *context, const char *op, AdOperation *operands, AdOperation *result)
{
	AdOperation *left = &operands[0];
	AdOperation *right = &operands[1];

	ad_operation_inherit(context, operands, 2, result);
	ad_operation_close(context, right);
	if (left->terms != NIL &&
		(left->value.typid != result->value.typid || (left->checked != result->checked && result->value.typid != FLOAT8OID)))
		ad_operation_close(context, left);
	if (left->terms == NIL)
	{
		left->terms = list_make1(left->value.expr);
		left->signs = list_make1_int(1);
	}
	else
	{
		result->checked |= left->checked;
		result->wide |= left->wide;
	}
	result->terms = lappend(list_copy(left->terms), right->value.expr);
	result->signs = lappend_int(list_copy(left->signs), strcmp(op, "$add") == 0 ? 1 : -1);
}
