/*
 * value_operation.c
 *	  Arithmetic operations, as parts of larger ones.
 *
 * Where the result of integers may leave its type's range, it is converted to
 * the type in such a way that it is null then:
 *
 *		{$convert: {input: {$add: [a, b]}, to: "int", onError: null}}
 *
 * So a part that fails makes the whole null, and one test of the whole tells
 * that there was an error: it is null, though all operands are values.  The
 * parts of an expression share that test while their error is the same one.
 *
 * A sum of many terms is a list of them.  SQL adds them from the left, and each
 * sum on the way may fail, and, of doubles, is rounded; so a long list becomes
 * a $reduce, whose nesting does not grow.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"

#include "query/type_tests.h"
#include "translate/let.h"
#include "translate/value_operation.h"

/* a sum of more terms is a $reduce */
#define MAX_NESTED_TERMS	4

Node *
ad_binary(const char *op, Node *left, Node *right)
{
	return ad_doc(op, ad_array2(left, right));
}

/*
 * An integer that is null where it leaves its type's range.  MongoDB's int and
 * long have those of int4 and int8.
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
 * An operand of an operation whose result may be below the range of long.
 * MongoDB's would be a double, which rounds, and the least double that a long
 * can be is none; above the range, it is none.
 */
Node *
ad_widened(bool wide, Node *expr)
{
	return wide ? ad_doc("$toDecimal", expr) : expr;
}

Node *
ad_is_infinite(Node *expr)
{
	return ad_binary("$eq", ad_doc("$abs", expr), ad_float8(INFINITY));
}

Node *
ad_is_not_infinite(Node *expr)
{
	return ad_doc("$not", ad_array1(ad_is_infinite(expr)));
}

/* the sum or difference of two doubles, null where it overflows; both are names */
static Node *
checked_sum(const char *op, Node *left, Node *right)
{
	Node	   *sum = ad_string("$$n");
	Node	   *overflows = ad_doc("$and", ad_array3(ad_is_infinite(sum), ad_is_not_infinite(left),
													 ad_is_not_infinite(right)));

	return ad_doc("$let", ad_doc2("vars", ad_doc("n", ad_binary(op, left, right)),
								  "in", ad_value_if(overflows, ad_null(), sum)));
}

/* a term with its sign */
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

/* a sum and one more term, which is null where it fails, if it may */
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

/* the sum of the terms */
static Node *
sum_terms(AdValueContext *context, const AdOperation *sum)
{
	List	   *terms = NIL;
	Node	   *arguments;
	ListCell   *term;
	ListCell   *sign;

	if (list_length(sum->terms) == 2)
		return nested_sum(context, sum);
	/* integers that cannot fail can be added in any order */
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

/* let the operation have an expression */
void
ad_operation_close(AdValueContext *context, AdOperation *operation)
{
	if (operation->terms == NIL)
		return;
	operation->value.expr = sum_terms(context, operation);
	operation->terms = NIL;
}

/*
 * Let the operation be a value like others: note where it fails.
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
	ad_value_fail(context, operation->failure, list_length(tests) == 1 ? linitial(tests) :
				  ad_doc("$and", ad_node(AD_ARRAY, tests)));
	operation->fails = false;
	operation->operands = NIL;
	value->nullable = true;
}

/* more of what has to be null if the result is */
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
 * Let the result be null where an operand is, and fail where one does.  Those
 * that fail in another way than the result are settled.
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
 * Let the result be the sum or difference of two operands, which are of the
 * type, or integers.  A sum on the left goes on.
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
