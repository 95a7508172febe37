/*
 * value_expression.c
 *	  Translation of SQL expressions to values: columns, CASE, COALESCE and
 *	  the like.
 *
 * ad_value() is declared in value.h, because it calls the files that
 * translate functions and conditions, and they call it for their arguments.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "bson/constant.h"
#include "query/type_tests.h"
#include "translate/let.h"
#include "translate/value.h"
#include "translate/value_condition.h"
#include "translate/value_function.h"
#include "translate/value_pattern.h"
#include "translate/value_time.h"

/*
 * The value of a column.
 *
 * If the caller detects mismatches later, any value will do for one, as long
 * as no operator fails on it.  Otherwise a mismatch becomes null.  A column
 * that the filter has proven not to be null holds no mismatch.
 */
static bool
value_of_column(AdValueContext *context, const AdColumn *column, AdValue *value)
{
	Node	   *path = ad_string(psprintf("$%s", column->field));
	bool		proven = ad_is_proven(context->base, column);
	bool		is_error = column->on_mismatch == AD_MISMATCH_ERROR;
	bool		fits = proven || column->type->trusted;
	Node	   *expr = fits ? ad_decoded_expr(column->type, path) :
	is_error && !context->no_guards ? ad_total_expr(column->type, path) :
	ad_fitting_expr(column->type, path);

	if (!ad_value_of_type(column->type, expr, !proven, value))
		return false;
	value->column = column;
	value->of = column;
	value->near = ad_instant_is_near(context->base->filter, column->field);
	value->expr = ad_let_column(context->base, column->attnum, value->expr);
	if (!fits && is_error)
		context->columns = lappend(context->columns, unconstify(AdColumn *, column));
	return true;
}

/*
 * Whether both values are represented alike, so that one expression can give
 * either.
 */
static bool
same_form(AdValue *value, const AdValue *other)
{
	if (value->typid != other->typid || value->unit != NULL || other->unit != NULL ||
		value->shift != 0 || other->shift != 0 ||
		value->typid == DATEOID || value->rounded || other->rounded)
		return false;
	if (value->zone != NULL || other->zone != NULL)
		return equal(value->zone, other->zone);
	return value->divisor == other->divisor && value->scale == other->scale;
}

/* extends what is known of the value by a second possible one */
static void
merge_value(AdValue *value, const AdValue *other)
{
	value->nullable |= other->nullable;
	value->near &= other->near;
	value->min = Min(value->min, other->min);
	value->max = Max(value->max, other->max);
	value->column = NULL;
	value->of = NULL;
}

/* translates one result of CASE, with its failures kept apart */
static bool
result_value(AdValueContext *context, Node *node, AdValue *result, List **failures)
{
	List	   *outer = context->failures;
	bool		known;

	context->failures = NIL;
	known = ad_value(context, node, result);
	*failures = context->failures;
	context->failures = outer;
	return known;
}

/* a $cond for one condition, else a $switch */
static Node *
switch_expr(List *conditions, List *results, Node *otherwise)
{
	List	   *branches = NIL;
	ListCell   *condition;
	ListCell   *result;

	if (list_length(conditions) == 1)
		return ad_value_if(linitial(conditions), linitial(results), otherwise);
	forboth(condition, conditions, result, results)
		branches = lappend(branches, ad_doc2("case", lfirst(condition), "then", lfirst(result)));
	return ad_doc("$switch", ad_doc2("branches", ad_node(AD_ARRAY, branches),
									 "default", otherwise));
}

/*
 * Records the failures of CASE, which fails where the chosen result does: for
 * each kind of failure, a CASE with the same conditions chooses among the
 * failures of the results.  `failures` has a list of AdFailure for each
 * result, ELSE included.
 */
static void
fail_as_chosen(AdValueContext *context, List *conditions, List *failures)
{
	ListCell   *lc;

	for (int kind = 0; kind < AD_FAILURE_KINDS; kind++)
	{
		List	   *whens = NIL;
		bool		fails = false;

		foreach(lc, failures)
		{
			Node	   *when = ad_failures_when(lfirst(lc), (AdFailureKind) kind);

			fails |= when != NULL;
			whens = lappend(whens, when != NULL ? when : (Node *) makeBoolean(false));
		}
		if (fails)
			ad_value_fail(context, (AdFailureKind) kind,
						  switch_expr(conditions, list_truncate(list_copy(whens), list_length(conditions)),
									  llast(whens)));
	}
}

/*
 * CASE, with or without an argument: the conditions and results.
 *
 * The conditions may not fail, because which of them are evaluated depends on
 * those before.
 */
static bool
case_branches(AdValueContext *context, CaseExpr *expr, AdValue *value)
{
	List	   *conditions = NIL;
	List	   *results = NIL;
	List	   *failures = NIL;
	List	   *fails;
	int			known = list_length(context->failures);
	AdValue		result;
	ListCell   *lc;

	foreach(lc, expr->args)
	{
		CaseWhen   *when = lfirst_node(CaseWhen, lc);
		Node	   *condition = ad_value_condition(context, (Node *) when->expr, true);
		AdLazy		before = context->base->lazy;

		ad_expr_only_if(context->base, (Node *) when->expr, IS_TRUE, true);
		if (condition == NULL || list_length(context->failures) != known ||
			!result_value(context, (Node *) when->result, &result, &fails))
			return false;
		context->base->lazy = before;
		ad_expr_only_if(context->base, (Node *) when->expr, IS_NOT_TRUE, true);
		conditions = lappend(conditions, ad_let(context->base, condition));
		results = lappend(results, result.expr);
		failures = lappend(failures, fails);
		if (lc == list_head(expr->args))
			*value = result;
		else if (!same_form(value, &result))
			return false;
		merge_value(value, &result);
	}
	if (!result_value(context, (Node *) expr->defresult, &result, &fails) ||
		!same_form(value, &result))
		return false;
	merge_value(value, &result);
	value->expr = switch_expr(conditions, results, result.expr);
	fail_as_chosen(context, conditions, lappend(failures, fails));
	return true;
}

/* CASE; its argument is translated once, for all the conditions */
static bool
case_value(AdValueContext *context, CaseExpr *expr, AdValue *value)
{
	const AdValue *outer = context->case_value;
	AdLazy		lazy = context->base->lazy;
	AdValue		compared;
	bool		known = true;

	if (expr->arg != NULL)
	{
		known = ad_value(context, (Node *) expr->arg, &compared);
		if (known)
			(void) ad_value_let(context, &compared);
		context->case_value = &compared;
	}
	known = known && case_branches(context, expr, value);
	context->case_value = outer;
	context->base->lazy = lazy;
	return known;
}

/*
 * The values of all arguments, which must be represented alike.  Only the
 * first may fail, because the others are not always evaluated.
 */
static bool
uniform_arguments(AdValueContext *context, List *args, bool until_not_null, AdValue *value,
				  List **exprs)
{
	int			failures = 0;
	AdValue		argument;
	ListCell   *lc;

	*exprs = NIL;
	foreach(lc, args)
	{
		if (!ad_value(context, lfirst(lc), &argument))
			return false;
		if (until_not_null)
			ad_expr_only_if(context->base, lfirst(lc), IS_UNKNOWN, true);
		*exprs = lappend(*exprs, argument.expr);
		if (lc == list_head(args))
		{
			*value = argument;
			failures = list_length(context->failures);
			continue;
		}
		if (!same_form(value, &argument) || list_length(context->failures) != failures)
			return false;
		merge_value(value, &argument);
	}
	return true;
}

/* COALESCE */
static bool
coalesce_value(AdValueContext *context, CoalesceExpr *expr, AdValue *value)
{
	AdLazy		outer = context->base->lazy;
	List	   *exprs;
	bool		known = uniform_arguments(context, expr->args, true, value, &exprs);

	context->base->lazy = outer;
	if (!known)
		return false;

	/* The planner may leave one argument, but $ifNull takes two or more. */
	if (list_length(exprs) == 1)
		return true;
	value->column = NULL;
	value->of = NULL;
	value->expr = ad_doc("$ifNull", ad_node(AD_ARRAY, exprs));
	return true;
}

/* whether the translation of a double is a constant, and neither null nor NaN */
static bool
is_number(Node *expr)
{
	Const	   *constant = (Const *) expr;

	return IsA(expr, Const) && constant->consttype == FLOAT8OID && !constant->constisnull &&
		!isnan(DatumGetFloat8(constant->constvalue));
}

/* a double in a form that MongoDB orders as PostgreSQL does */
static Node *
number_in_order(Node *expr)
{
	return is_number(expr) ? expr : ad_value_nan_last(expr);
}

/*
 * The greater (or less, if `op` is $lt) of two doubles, the first if they are
 * equal.  $max and $min do not say which of 0 and -0 they return, and NaN is
 * the least number for them.
 */
static Node *
greater_double(AdExprContext *context, const char *op, Node *first, Node *second)
{
	Node	   *is_null;
	Node	   *is_passed;

	first = ad_let(context, first);
	second = ad_let(context, second);
	is_null = ad_doc("$lte", ad_array2(first, ad_null()));
	is_passed = ad_doc(op, ad_array2(number_in_order(second), number_in_order(first)));
	if (!is_number(second))
		is_passed = ad_doc("$and", ad_array2(ad_doc("$gt", ad_array2(second, ad_null())), is_passed));
	return ad_value_if(ad_doc("$or", ad_array2(is_null, is_passed)), second, first);
}

/*
 * GREATEST and LEAST ignore nulls, as $max and $min do.  They are not
 * translated for text, whose order depends on the collation.
 */
static bool
greatest_value(AdValueContext *context, MinMaxExpr *expr, AdValue *value)
{
	List	   *exprs;
	ListCell   *lc;

	if (!uniform_arguments(context, expr->args, false, value, &exprs) ||
		value->typid == TEXTOID || value->typid == VARCHAROID)
		return false;
	value->column = NULL;
	value->of = NULL;
	if (value->typid != FLOAT8OID)
	{
		value->expr = ad_doc(expr->op == IS_GREATEST ? "$max" : "$min", ad_node(AD_ARRAY, exprs));
		return true;
	}
	value->expr = linitial(exprs);
	for_each_from(lc, exprs, 1)
		value->expr = greater_double(context->base, expr->op == IS_GREATEST ? "$gt" : "$lt", value->expr, lfirst(lc));
	return true;
}

/* NULLIF(a, b), which is null where a = b is true */
static bool
nullif_value(AdValueContext *context, NullIfExpr *expr, AdValue *value)
{
	Node	   *is_equal = ad_value_equality(context, (OpExpr *) expr, value);

	if (is_equal == NULL)
		return false;
	value->column = NULL;
	value->of = NULL;
	value->nullable = true;
	value->expr = ad_value_if(is_equal, ad_null(), value->expr);
	return true;
}

/* casts to text, of integers and of numerics without digits after the point */
static bool
via_io_value(AdValueContext *context, CoerceViaIO *expr, AdValue *value)
{
	AdValue		number;

	if (expr->resulttype != TEXTOID && expr->resulttype != VARCHAROID)
		return false;
	if (!ad_value(context, (Node *) expr->arg, &number))
		return false;
	if (number.typid != INT2OID && number.typid != INT4OID && number.typid != INT8OID &&
		!(number.typid == NUMERICOID && number.divisor == 1 && number.scale == 0))
		return false;
	(void) ad_value_init(value, expr->resulttype);
	value->nullable = number.nullable;
	value->expr = ad_doc("$toString", number.expr);
	return true;
}

/* casts between text and varchar */
static bool
relabel_value(AdValueContext *context, RelabelType *relabel, AdValue *value)
{
	if (!ad_value(context, (Node *) relabel->arg, value) ||
		(value->typid != TEXTOID && value->typid != VARCHAROID) ||
		(relabel->resulttype != TEXTOID && relabel->resulttype != VARCHAROID))
		return false;
	value->typid = relabel->resulttype;
	return true;
}

/*
 * Returns a constant numeric, cast to double precision; NULL for another node,
 * and for a number too great or too small, which is an error only where it is
 * chosen.
 */
static Node *
constant_double(Node *node)
{
	Const	   *constant = (Const *) node;
	double		number;

	if (!IsA(node, Const) || constant->consttype != NUMERICOID)
		return NULL;
	if (constant->constisnull)
		return (Node *) makeNullConst(FLOAT8OID, -1, InvalidOid);
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, constant->constvalue));
	if (!isfinite(number) ||
		(number == 0 && DatumGetBool(DirectFunctionCall2(numeric_ne, constant->constvalue,
														 NumericGetDatum(int64_to_numeric(0))))))
		return NULL;
	return (Node *) makeConst(FLOAT8OID, -1, InvalidOid, sizeof(float8), Float8GetDatum(number), false,
							  FLOAT8PASSBYVAL);
}

/*
 * Returns CASE ... END::double precision as a CASE whose results are doubles;
 * NULL if the node is no such cast, or if a result is no constant.  A factor such
 * as CASE WHEN x THEN 1.5 ELSE 0 END is a numeric, of one number of digits or
 * another.
 */
static Node *
case_of_doubles(FuncExpr *cast)
{
	CaseExpr   *expr = linitial(cast->args);
	List	   *branches = NIL;
	ListCell   *lc;

	if (cast->funcid != F_FLOAT8_NUMERIC || !IsA(expr, CaseExpr))
		return NULL;
	foreach(lc, expr->args)
	{
		CaseWhen   *branch = palloc(sizeof(CaseWhen));

		*branch = *lfirst_node(CaseWhen, lc);
		branch->result = (Expr *) constant_double((Node *) branch->result);
		if (branch->result == NULL)
			return NULL;
		branches = lappend(branches, branch);
	}
	expr = memcpy(palloc(sizeof(CaseExpr)), expr, sizeof(CaseExpr));
	expr->casetype = FLOAT8OID;
	expr->args = branches;
	expr->defresult = (Expr *) constant_double((Node *) expr->defresult);
	return expr->defresult == NULL ? NULL : (Node *) expr;
}

/* a call of a function */
static bool
function_value(AdValueContext *context, FuncExpr *call, AdValue *value)
{
	Node	   *doubles = list_length(call->args) == 1 ? case_of_doubles(call) : NULL;

	if (doubles != NULL)
		return ad_value(context, doubles, value);
	return ad_pattern_value(context, (Node *) call, value) ||
		ad_value_function(context, call->funcid, call->args, value);
}

/*
 * Whether the operand is certain to be exact as a BSON value.  An instant has
 * microseconds, and only a comparison may round it: so it must be a constant
 * of whole milliseconds.
 */
static bool
is_storable(Node *node)
{
	Oid			typid = exprType(node);
	int64		ms;

	if (typid == TIMESTAMPOID || typid == DATEOID)
		return false;
	if (typid != TIMESTAMPTZOID || (IsA(node, Const) && ((Const *) node)->constisnull))
		return true;
	return IsA(node, Const) &&
		!TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(((Const *) node)->constvalue)) &&
		ad_timestamptz_to_ms(DatumGetTimestampTz(((Const *) node)->constvalue), &ms);
}

/*
 * Translates an SQL expression to a value, see value.h.
 *
 * Returns false if there is no exact translation.  Even then, operands,
 * names, failures and columns may have been added to `context`.
 */
bool
ad_value(AdValueContext *context, Node *node, AdValue *value)
{
	const AdColumn *column;

	if (!ad_expr_may_go_on(context->base))
		return false;
	if (context->lookup != NULL && context->lookup(context, node, value))
		return true;
	if (ad_value_is_operand(context->base, node))
		return is_storable(node) &&
			ad_value_operand(context, node, AD_ROUND_NONE, 0, value);
	switch (nodeTag(node))
	{
		case T_Var:
			column = ad_expr_column(context->base, node);
			return column != NULL && value_of_column(context, column, value);
		case T_RelabelType:
			return relabel_value(context, (RelabelType *) node, value);
		case T_CoerceViaIO:
			return via_io_value(context, (CoerceViaIO *) node, value);
		case T_CaseExpr:
			return case_value(context, (CaseExpr *) node, value);
		case T_CaseTestExpr:
			if (context->case_value == NULL)
				return false;
			*value = *context->case_value;
			return true;
		case T_CoalesceExpr:
			return coalesce_value(context, (CoalesceExpr *) node, value);
		case T_MinMaxExpr:
			return greatest_value(context, (MinMaxExpr *) node, value);
		case T_NullIfExpr:
			return nullif_value(context, (NullIfExpr *) node, value);
		case T_FuncExpr:
			return function_value(context, (FuncExpr *) node, value);
		case T_OpExpr:
			if (((OpExpr *) node)->opresulttype == BOOLOID)
				return ad_value_of_condition(context, node, value);
			return ad_value_function(context, get_opcode(((OpExpr *) node)->opno),
									 ((OpExpr *) node)->args, value);
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_DistinctExpr:
		case T_ScalarArrayOpExpr:
			return ad_value_of_condition(context, node, value);
		default:
			return false;
	}
}
