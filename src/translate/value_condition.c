/*
 * value_condition.c
 *	  Translation of SQL conditions to templates of aggregation expressions.
 *
 * As in filter.c, there are two translations: for where a condition is true,
 * and for where it is false.  Neither is true where it is null.  In the
 * aggregation language, null is less than all other values and equal to
 * itself.  Where that would make a comparison true, a test for null is added.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "query/match.h"
#include "query/sql_array.h"
#include "translate/group_key.h"
#include "translate/restate.h"
#include "translate/value.h"
#include "translate/value_condition.h"
#include "translate/value_pattern.h"
#include "translate/value_time.h"

/* the longest array that is expanded into one condition per element */
#define MAX_ELEMENTS	100

static Node *
true_expr(bool value)
{
	return (Node *) makeBoolean(value);
}

/* combines conditions by AND if `all`, else by OR; folds constants */
static Node *
combine_conditions(List *conditions, bool all)
{
	List	   *left = NIL;
	ListCell   *lc;

	foreach(lc, conditions)
	{
		Node	   *condition = lfirst(lc);

		if (!IsA(condition, Boolean))
			left = ad_append_new(left, condition);
		else if (boolVal(condition) != all)
			return condition;
	}
	if (left == NIL)
		return true_expr(all);
	if (list_length(left) == 1)
		return linitial(left);
	return ad_doc(all ? "$and" : "$or", ad_node(AD_ARRAY, left));
}

/*
 * The arguments of AND or OR, all of which must have translations.
 *
 * Only the first may fail.  The others may not, because PostgreSQL does not
 * evaluate them if an earlier one decides.
 */
static Node *
combine_arguments(AdValueContext *context, const BoolExpr *expr, bool wanted, bool all)
{
	BoolTestType undecided = expr->boolop == AND_EXPR ? IS_NOT_FALSE : IS_NOT_TRUE;
	AdLazy		outer = context->base->lazy;
	List	   *conditions = NIL;
	int			failures = 0;
	ListCell   *lc;

	foreach(lc, expr->args)
	{
		Node	   *condition = ad_value_condition(context, lfirst(lc), wanted);

		if (condition == NULL)
			break;
		if (lc == list_head(expr->args))
			failures = list_length(context->failures);
		else if (list_length(context->failures) != failures)
			break;
		conditions = lappend(conditions, condition);
		ad_expr_only_if(context->base, lfirst(lc), undecided, false);
	}
	context->base->lazy = outer;
	if (lc != NULL)
		return NULL;
	return combine_conditions(conditions, all);
}

static Node *
bool_condition(AdValueContext *context, BoolExpr *expr, bool wanted)
{
	switch (expr->boolop)
	{
		case NOT_EXPR:
			return ad_value_condition(context, linitial(expr->args), !wanted);
		case AND_EXPR:
			return combine_arguments(context, expr, wanted, wanted);
		case OR_EXPR:
			return combine_arguments(context, expr, wanted, !wanted);
	}
	return NULL;				/* not reached */
}

/*
 * Whether MongoDB compares the value by this operator as SQL does under the
 * collation.
 */
static bool
is_comparable_value(const AdValue *value, AdOp op, Oid collation)
{
	if (value->unit != NULL || value->shift != 0 || value->rounded || value->typid == INTERVALOID)
		return false;
	/* local times with daylight saving are not in the order of instants */
	if (value->typid == DATEOID ||
		(value->zone != NULL && !equal(value->zone, ad_string("UTC"))))
		return false;
	if (value->typid != TEXTOID && value->typid != VARCHAROID)
		return true;
	if (op == AD_OP_EQ || op == AD_OP_NE)
		return ad_is_deterministic(collation, value->typid);
	return OidIsValid(collation) && ad_collate_is_c(collation);
}

/*
 * The value in a form that MongoDB compares by the operator as PostgreSQL
 * does.  It must be a name or constant, as it may be used twice.
 */
static Node *
ordered(const AdValue *value, AdOp op)
{
	if (value->typid != FLOAT8OID || op == AD_OP_EQ || op == AD_OP_NE)
		return value->expr;
	if (IsA(value->expr, Const))
		return isnan(DatumGetFloat8(((Const *) value->expr)->constvalue)) ?
			ad_string("NaN") : value->expr;
	return ad_value_nan_last(value->expr);
}

/* tests that the values are not null, for those that can be */
static List *
not_null_tests(const AdValue *left, const AdValue *right)
{
	List	   *tests = NIL;

	if (left->nullable)
		tests = lappend(tests, ad_value_not_null(left));
	if (right->nullable)
		tests = lappend(tests, ad_value_not_null(right));
	return tests;
}

/* compares two values; tests for null only where null would make it true */
static Node *
compare_values(AdValueContext *context, AdValue *left, AdOp op, AdValue *right)
{
	List	   *conditions;

	(void) ad_value_let(context, left);
	(void) ad_value_let(context, right);
	conditions = list_make1(ad_doc(ad_op_name(op),
								   ad_array2(ordered(left, op), ordered(right, op))));
	if (left->nullable && op != AD_OP_GT && op != AD_OP_GE &&
		!(op == AD_OP_EQ && !right->nullable))
		conditions = lappend(conditions, ad_value_not_null(left));
	if (right->nullable && op != AD_OP_LT && op != AD_OP_LE && op != AD_OP_EQ)
		conditions = lappend(conditions, ad_value_not_null(right));
	return combine_conditions(conditions, true);
}

/*
 * How to round an operand that is compared with a value without a fraction: x
 * < 1.5 is x < 2, and x > 1.5 is x > 1.
 */
static AdRounding
rounding_for(AdOp op)
{
	switch (op)
	{
		case AD_OP_LT:
		case AD_OP_GE:
			return AD_ROUND_UP;
		case AD_OP_LE:
		case AD_OP_GT:
			return AD_ROUND_DOWN;
		default:
			return AD_ROUND_NONE;
	}
}

/*
 * Whether MongoDB compares values of these two types as SQL does.  Two
 * numerics must also have the same divisor.
 */
static bool
same_class(const AdValue *left, const AdValue *right)
{
	static const Oid classes[][4] = {
		{BOOLOID},
		{INT2OID, INT4OID, INT8OID},
		{FLOAT8OID},
		{TEXTOID, VARCHAROID},
		{NUMERICOID},
		{TIMESTAMPTZOID},
		{TIMESTAMPOID},
	};

	for (int i = 0; i < lengthof(classes); i++)
	{
		bool		found_left = false;
		bool		found_right = false;

		for (int t = 0; t < lengthof(classes[i]); t++)
		{
			found_left |= classes[i][t] == left->typid;
			found_right |= classes[i][t] == right->typid;
		}
		if (found_left && found_right)
			return left->typid != NUMERICOID ||
				(left->divisor == right->divisor);
	}
	return false;
}

/*
 * Translates the operand of a comparison so that it has the form of `with`,
 * the value on the other side: with the same divisor, or as an instant.  A
 * timestamp or date that is compared with a timestamptz is read in the
 * session's zone.
 */
static bool
compared_operand(AdValueContext *context, Node *node, const AdValue *with, AdOp op,
				 AdValue *value)
{
	AdRounding	rounding = rounding_for(op);

	if (with->typid == NUMERICOID && with->divisor == 0)
		return ad_value(context, node, value);
	if (with->typid != NUMERICOID && with->typid != TIMESTAMPTZOID)
		return ad_value(context, node, value);
	if (with->divisor > INT_MAX ||
		!ad_value_operand(context, node, rounding, (int) with->divisor, value))
		return false;
	if (with->typid == TIMESTAMPTZOID)
		value->typid = TIMESTAMPTZOID;

	/*
	 * A rounded operand is null if it lies between two values, but <> is true
	 * there.  Of a constant it is known that it does not.
	 */
	return op != AD_OP_NE || !value->nullable;
}

/*
 * Translates both sides of a comparison.  If the left one is an operand, the
 * sides are swapped, and the operator with them.
 */
static bool
both_values(AdValueContext *context, Node *left_node, AdOp *op, Node *right_node,
			AdValue *left, AdValue *right)
{
	static const AdOp commuted[] = {
		[AD_OP_LT] = AD_OP_GT,
		[AD_OP_LE] = AD_OP_GE,
		[AD_OP_EQ] = AD_OP_EQ,
		[AD_OP_GE] = AD_OP_LE,
		[AD_OP_GT] = AD_OP_LT,
		[AD_OP_NE] = AD_OP_NE,
	};

	if (ad_value_is_operand(context->base, left_node))
	{
		Node	   *other = left_node;

		left_node = right_node;
		right_node = other;
		*op = commuted[*op];
	}
	if (!ad_value(context, left_node, left))
		return false;
	ad_instant_add_days(left);
	if (ad_value_is_operand(context->base, right_node))
		return compared_operand(context, right_node, left, *op, right);
	if (!ad_value(context, right_node, right))
		return false;
	ad_instant_add_days(right);
	return true;
}

/* a comparison of two values */
typedef struct AdCompared
{
	AdOp		op;
	AdValue		left;			/* not an operand, unless both sides are */
	AdValue		right;
} AdCompared;

/*
 * Reads a comparison; false if MongoDB's result may differ from SQL's.
 */
static bool
read_comparison(AdValueContext *context, const OpExpr *expr, bool wanted, AdCompared *compared)
{
	Oid			operand_type;

	if (list_length(expr->args) != 2 ||
		!ad_expr_operator(expr->opno, exprType(linitial(expr->args)), &compared->op, &operand_type))
		return false;
	if (!wanted)
		compared->op = ad_expr_negated(compared->op);
	return both_values(context, linitial(expr->args), &compared->op, lsecond(expr->args),
					   &compared->left, &compared->right) &&
		same_class(&compared->left, &compared->right) &&
		is_comparable_value(&compared->left, compared->op, expr->inputcollid) &&
		is_comparable_value(&compared->right, compared->op, expr->inputcollid);
}

/* the condition for a comparison; NULL if there is none */
static Node *
comparison(AdValueContext *context, OpExpr *expr, bool wanted)
{
	AdCompared	compared;

	if (!read_comparison(context, ad_restated(expr), wanted, &compared))
		return NULL;
	return compare_values(context, &compared.left, compared.op, &compared.right);
}

/*
 * Returns the condition that the two arguments of the operator `=` are equal,
 * and sets *first to the value of the first one.  NULL if there is none.
 */
Node *
ad_value_equality(AdValueContext *context, const OpExpr *expr, AdValue *first)
{
	AdCompared	compared;
	Node	   *condition;

	if (ad_value_is_operand(context->base, linitial(expr->args)) ||
		!read_comparison(context, expr, true, &compared) || compared.op != AD_OP_EQ)
		return NULL;
	condition = compare_values(context, &compared.left, compared.op, &compared.right);
	*first = compared.left;
	return condition;
}

/*
 * Whether the operand may be null because it lies between two values.  The
 * comparison then is not null, but false or, for <>, true.
 */
static bool
may_be_between(const AdCompared *compared)
{
	return (compared->op == AD_OP_EQ || compared->op == AD_OP_NE) && compared->right.nullable &&
		((compared->left.typid == NUMERICOID && compared->left.divisor != 0) ||
		 compared->left.typid == TIMESTAMPTZOID);
}

/* a comparison as a value: true, false or null */
static bool
comparison_value(AdValueContext *context, OpExpr *expr, AdValue *value)
{
	AdCompared	compared;
	AdValue    *left = &compared.left;
	AdValue    *right = &compared.right;
	List	   *tests;

	if (!read_comparison(context, ad_restated(expr), true, &compared) ||
		may_be_between(&compared))
		return false;
	(void) ad_value_let(context, left);
	(void) ad_value_let(context, right);
	tests = not_null_tests(left, right);
	value->expr = ad_doc(ad_op_name(compared.op),
						 ad_array2(ordered(left, compared.op), ordered(right, compared.op)));
	value->nullable = tests != NIL;
	if (tests != NIL)
		value->expr = ad_value_if(combine_conditions(tests, true), value->expr, ad_null());
	return true;
}

/* IS [NOT] DISTINCT FROM; MongoDB, too, treats null as equal to null */
static Node *
distinct_condition(AdValueContext *context, DistinctExpr *expr, bool wanted)
{
	AdOp		op;
	Oid			operand_type;
	AdValue		left;
	AdValue		right;

	if (!ad_expr_operator(expr->opno, exprType(linitial(expr->args)), &op, &operand_type) ||
		op != AD_OP_EQ ||
		!both_values(context, linitial(expr->args), &op, lsecond(expr->args), &left, &right) ||
		!same_class(&left, &right) ||
		!is_comparable_value(&left, op, expr->inputcollid) ||
		!is_comparable_value(&right, op, expr->inputcollid) ||
		left.typid == TIMESTAMPTZOID || left.typid == NUMERICOID)
		return NULL;
	return ad_doc(wanted ? "$ne" : "$eq",
				  ad_array2(ad_missing_as_null(context, linitial(expr->args), &left, left.expr),
							ad_missing_as_null(context, lsecond(expr->args), &right, right.expr)));
}

/* IS [NOT] NULL */
static Node *
null_condition(AdValueContext *context, NullTest *test, bool wanted)
{
	AdValue		value;

	if (test->argisrow || !ad_value(context, (Node *) test->arg, &value))
		return NULL;
	if (!value.nullable)
		return true_expr((test->nulltesttype == IS_NOT_NULL) == wanted);
	if ((test->nulltesttype == IS_NOT_NULL) == wanted)
		return ad_value_not_null(&value);
	return ad_doc("$lte", ad_array2(value.expr, ad_null()));
}

/* IS [NOT] TRUE and IS [NOT] FALSE */
static Node *
truth_condition(AdValueContext *context, BooleanTest *test, bool wanted)
{
	bool		of_truth = test->booltesttype == IS_TRUE || test->booltesttype == IS_NOT_TRUE;
	bool		negative = test->booltesttype == IS_NOT_TRUE || test->booltesttype == IS_NOT_FALSE;
	Node	   *condition;

	if (test->booltesttype == IS_UNKNOWN || test->booltesttype == IS_NOT_UNKNOWN)
		return NULL;
	condition = ad_value_condition(context, (Node *) test->arg, of_truth);
	if (condition == NULL || negative != wanted)
		return condition;
	return ad_doc("$not", ad_array1(condition));
}

/*
 * Sets *constants to the elements of a constant array, as a list of Const
 * nodes, which may be null.  Returns false if there are too many to expand
 * them into one condition each.
 */
bool
ad_value_array(Const *array, List **constants)
{
	*constants = ad_sql_array_elements(array->constvalue,
									   ARR_ELEMTYPE(DatumGetArrayTypeP(array->constvalue)),
									   array->constcollid);
	return list_length(*constants) <= MAX_ELEMENTS;
}

/*
 * The values of the elements of a constant array, in the form of `with`;
 * false if one is null or has no value.
 */
static bool
array_values(AdValueContext *context, Const *array, const AdValue *with, List **values)
{
	List	   *constants;
	ListCell   *lc;

	*values = NIL;
	(void) ad_value_array(array, &constants);
	foreach(lc, constants)
	{
		AdValue		value;

		if (((Const *) lfirst(lc))->constisnull ||
			!compared_operand(context, lfirst(lc), with, AD_OP_EQ, &value) ||
			!same_class(&value, with))
			return false;
		*values = lappend(*values, value.expr);
	}
	return constants != NIL;
}

/*
 * A value = ANY (constants), or <> ALL (constants), without nulls among the
 * constants.
 */
static bool
read_member(AdValueContext *context, ScalarArrayOpExpr *expr, AdValue *value, Node **member)
{
	Node	   *array = lsecond(expr->args);
	AdOp		op;
	Oid			element_type;
	List	   *constants;

	if (!IsA(array, Const) || ((Const *) array)->constisnull ||
		!ad_expr_operator(expr->opno, exprType(linitial(expr->args)), &op, &element_type) ||
		op != (expr->useOr ? AD_OP_EQ : AD_OP_NE) ||
		!ad_value(context, linitial(expr->args), value) ||
		!is_comparable_value(value, op, expr->inputcollid) ||
		!array_values(context, (Const *) array, value, &constants))
		return false;
	*member = ad_doc("$in", ad_array2(ad_value_let(context, value), ad_node(AD_ARRAY, constants)));
	return true;
}

/* the condition for such a test of membership */
static Node *
member_condition(AdValueContext *context, ScalarArrayOpExpr *expr, bool wanted)
{
	AdValue		value;
	Node	   *member;

	if (!read_member(context, expr, &value, &member))
		return NULL;
	if (expr->useOr == wanted)
		return value.nullable && (value.typid == TIMESTAMPTZOID || value.typid == NUMERICOID) ?
			combine_conditions(list_make2(member, ad_value_not_null(&value)), true) : member;
	member = ad_doc("$not", ad_array1(member));
	return value.nullable ?
		combine_conditions(list_make2(member, ad_value_not_null(&value)), true) : member;
}

/* a test of membership as a value: true, false or null */
static bool
member_value(AdValueContext *context, ScalarArrayOpExpr *expr, AdValue *value)
{
	AdValue		tested;
	Node	   *member;

	if (!read_member(context, expr, &tested, &member))
		return false;
	value->nullable = tested.nullable;
	value->expr = expr->useOr ? member : ad_doc("$not", ad_array1(member));
	if (tested.nullable)
		value->expr = ad_value_if(ad_value_not_null(&tested), value->expr, ad_null());
	return true;
}

/*
 * The values of the arguments of AND, OR or NOT, and tests that they are
 * null, for those that can be.  Only the first may fail.
 */
static bool
boolean_arguments(AdValueContext *context, List *args, List **exprs, List **nulls)
{
	int			failures = 0;
	ListCell   *lc;

	*exprs = NIL;
	*nulls = NIL;
	foreach(lc, args)
	{
		AdValue		argument;

		if (exprType(lfirst(lc)) != BOOLOID || !ad_value(context, lfirst(lc), &argument))
			return false;
		if (lc == list_head(args))
			failures = list_length(context->failures);
		else if (list_length(context->failures) != failures)
			return false;
		*exprs = lappend(*exprs, ad_value_let(context, &argument));
		if (argument.nullable)
			*nulls = lappend(*nulls, ad_doc("$lte", ad_array2(argument.expr, ad_null())));
	}
	return true;
}

/*
 * The value of OR, if `decisive` is true, or of AND, if it is false: decisive
 * if any argument is, else null if any is null, else the opposite.
 */
static Node *
any_of(List *exprs, bool decisive, List *nulls)
{
	List	   *tests = NIL;
	ListCell   *lc;

	foreach(lc, exprs)
		tests = lappend(tests, ad_doc("$eq", ad_array2(lfirst(lc), true_expr(decisive))));
	if (nulls == NIL)
		return combine_conditions(exprs, !decisive);
	return ad_value_if(combine_conditions(tests, false), true_expr(decisive),
					   ad_value_if(combine_conditions(nulls, false), ad_null(), true_expr(!decisive)));
}

/* AND, OR or NOT as a value: true, false or null */
static bool
bool_expr_value(AdValueContext *context, BoolExpr *expr, AdValue *value)
{
	List	   *exprs;
	List	   *nulls;

	if (!boolean_arguments(context, expr->args, &exprs, &nulls))
		return false;
	value->nullable = nulls != NIL;
	if (expr->boolop != NOT_EXPR)
		value->expr = any_of(exprs, expr->boolop == OR_EXPR, nulls);
	else
	{
		value->expr = ad_doc("$not", ad_array1(linitial(exprs)));
		if (nulls != NIL)
			value->expr = ad_value_if(linitial(nulls), ad_null(), value->expr);
	}
	return true;
}

/*
 * Translates a condition to a value: true, false or null.  Returns false if
 * there is no exact translation.
 *
 * Unlike ad_value_condition(), it translates each part only once, so
 * conditions can be compared with conditions.
 */
bool
ad_value_of_condition(AdValueContext *context, Node *node, AdValue *value)
{
	memset(value, 0, sizeof(AdValue));
	value->typid = BOOLOID;
	switch (nodeTag(node))
	{
		case T_BoolExpr:
			return bool_expr_value(context, (BoolExpr *) node, value);
		case T_OpExpr:
			return ad_pattern_value(context, node, value) ||
				comparison_value(context, (OpExpr *) node, value);
		case T_ScalarArrayOpExpr:
			return ad_pattern_value(context, node, value) ||
				member_value(context, (ScalarArrayOpExpr *) node, value);
		default:
			/* the other conditions are never null */
			value->expr = ad_value_condition(context, node, true);
			return value->expr != NULL;
	}
}

/* a value of type boolean as a condition */
static Node *
value_condition(AdValueContext *context, Node *node, bool wanted)
{
	AdValue		value;

	if (exprType(node) != BOOLOID || !ad_value(context, node, &value))
		return NULL;
	return ad_doc("$eq", ad_array2(value.expr, true_expr(wanted)));
}

/*
 * Returns an expression, itself never null, that is true exactly where the
 * condition is true, or, if not `wanted`, false.  NULL if there is none.
 */
Node *
ad_value_condition(AdValueContext *context, Node *node, bool wanted)
{
	Node	   *matched;

	if (!ad_expr_may_go_on(context->base))
		return NULL;
	if (IsA(node, Const))
		return true_expr(!((Const *) node)->constisnull &&
						 DatumGetBool(((Const *) node)->constvalue) == wanted);
	matched = ad_pattern_test(context, node, wanted);
	if (matched != NULL)
		return matched;
	switch (nodeTag(node))
	{
		case T_BoolExpr:
			return bool_condition(context, (BoolExpr *) node, wanted);
		case T_OpExpr:
			return comparison(context, (OpExpr *) node, wanted);
		case T_DistinctExpr:
			return distinct_condition(context, (DistinctExpr *) node, wanted);
		case T_NullTest:
			return null_condition(context, (NullTest *) node, wanted);
		case T_BooleanTest:
			return truth_condition(context, (BooleanTest *) node, wanted);
		case T_ScalarArrayOpExpr:
			return member_condition(context, (ScalarArrayOpExpr *) node, wanted);
		default:
			return value_condition(context, node, wanted);
	}
}
