/*
 * filter.c
 *	  Translation of SQL conditions to templates of MongoDB predicates.
 *
 * An SQL condition is true, false or null; a MongoDB predicate matches or
 * does not.  So there are two translations, which call each other: `wanted`
 * true asks for a predicate that matches where the condition is true,
 * `wanted` false for one that matches where it is false.  Neither matches
 * where it is null, and NOT swaps the two.
 *
 * No separate step decides what is pushed down: a condition whose translation
 * is NULL is evaluated locally.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "query/avoid.h"
#include "query/budget.h"
#include "query/leaf.h"
#include "query/match.h"
#include "query/match_type.h"
#include "query/type_tests.h"
#include "translate/filter.h"
#include "translate/filter_clock.h"
#include "translate/filter_pattern.h"
#include "translate/let.h"
#include "translate/restate.h"
#include "translate/value.h"
#include "translate/value_condition.h"

static Node *translate(AdExprContext *context, Node *node, bool wanted);

/*
 * Whether MongoDB's operator agrees with the collation.  MongoDB knows only
 * the order of bytes.
 */
static bool
collation_agrees(Oid collation, Oid typid, AdOp op)
{
	if (!ad_is_deterministic(collation, typid))
		return false;
	return !OidIsValid(collation) || op == AD_OP_EQ || op == AD_OP_NE ||
		ad_collate_is_c(collation);
}

/* a column compared with an operand */
typedef struct AdComparison
{
	const AdColumn *column;
	AdOp		op;
	Oid			operand_type;
	Node	   *operand;		/* SQL expression without columns */
} AdComparison;

/*
 * Whether the expression is a comparison of a column with an operand, in
 * either order, that MongoDB evaluates as PostgreSQL does.
 */
static bool
match_comparison(AdExprContext *context, const OpExpr *expr, AdComparison *comparison)
{
	Oid			opno = expr->opno;

	if (list_length(expr->args) != 2)
		return false;
	comparison->column = ad_expr_compared_column(context, linitial(expr->args));
	comparison->operand = lsecond(expr->args);
	if (comparison->column == NULL)
	{
		comparison->column = ad_expr_compared_column(context, lsecond(expr->args));
		comparison->operand = linitial(expr->args);
		opno = get_commutator(opno);
	}
	return comparison->column != NULL && OidIsValid(opno) &&
		ad_expr_operator(opno, comparison->column->type->typid,
						 &comparison->op, &comparison->operand_type) &&
		collation_agrees(expr->inputcollid, comparison->column->type->typid, comparison->op) &&
		ad_match_accepts(comparison->column->type, comparison->operand_type);
}

/* the predicate of the comparison, with `op` as its operator */
static Node *
comparison_node(AdExprContext *context, const AdComparison *comparison, AdOp op)
{
	const AdColumn *column = comparison->column;
	Node	   *operand = ad_expr_operand(context, comparison->operand);
	AdLeaf		leaf;

	if (operand == NULL || (op != AD_OP_EQ && !column->shippable))
		return NULL;
	leaf = (AdLeaf)
	{
		.kind = AD_COMPARE, .path = column->field, .typid = column->type->typid, .op = op,
			.operand_type = comparison->operand_type, .operand = operand
	};
	return ad_and(list_make2(ad_leaf(&leaf),
							 ad_match_guard(column->field, column->type, op == AD_OP_EQ)));
}

static Node *
translate_comparison(AdExprContext *context, OpExpr *expr, bool wanted)
{
	AdComparison comparison;

	if (!match_comparison(context, expr, &comparison))
		return NULL;
	return comparison_node(context, &comparison,
						   wanted ? comparison.op : ad_expr_negated(comparison.op));
}

/* the predicate of column IS NULL */
static Node *
is_null_node(const AdColumn *column)
{
	return ad_match_is_null(column->field, column->type,
							column->on_mismatch == AD_MISMATCH_NULL);
}

/* the predicate of operand IS NULL, or IS NOT NULL */
static Node *
operand_null_test(AdExprContext *context, Node *operand, NullTestType kind)
{
	if (IsA(operand, Const))
		return ((Const *) operand)->constisnull == (kind == IS_NULL) ?
			ad_true() : ad_false();
	return translate(context, (Node *) ad_null_test(operand, kind), true);
}

/*
 * column IS DISTINCT FROM operand.
 *
 * Whether the operand is null is known only at execution.  So the predicate
 * is an OR of the cases, and binding drops those that do not apply: a
 * comparison with null is never true.
 */
static Node *
translate_distinct(AdExprContext *context, DistinctExpr *expr, bool wanted)
{
	AdComparison comparison;
	const AdColumn *column;
	Node	   *compared;
	Node	   *if_null;
	Node	   *if_value;

	if (!match_comparison(context, (OpExpr *) expr, &comparison) ||
		!comparison.column->shippable)
		return NULL;
	column = comparison.column;
	compared = comparison_node(context, &comparison, wanted ? AD_OP_NE : AD_OP_EQ);
	if (compared == NULL)
		return NULL;
	if_null = operand_null_test(context, comparison.operand, IS_NULL);
	if (!wanted)
		return ad_or(list_make2(compared,
								ad_and(list_make2(if_null, is_null_node(column)))));
	if_value = operand_null_test(context, comparison.operand, IS_NOT_NULL);
	return ad_or(list_make3(compared,
							ad_and(list_make2(if_value, is_null_node(column))),
							ad_and(list_make2(if_null,
											  ad_match_has_value(column->field, column->type)))));
}

/*
 * column op ANY (array), column op ALL (array).
 *
 * ANY is false exactly where ALL with the negated operator is true, and the
 * other way round.
 */
static Node *
translate_array_comparison(AdExprContext *context, ScalarArrayOpExpr *expr, bool wanted)
{
	const AdColumn *column = ad_expr_compared_column(context, linitial(expr->args));
	bool		any = expr->useOr == wanted;
	Node	   *operand;
	AdOp		op;
	Oid			element_type;
	AdLeaf		leaf;

	if (column == NULL ||
		!ad_expr_operator(expr->opno, column->type->typid, &op, &element_type) ||
		!collation_agrees(expr->inputcollid, column->type->typid, op) ||
		!ad_match_accepts(column->type, element_type))
		return NULL;
	operand = ad_expr_operand(context, lsecond(expr->args));
	if (operand == NULL)
		return NULL;
	if (!wanted)
		op = ad_expr_negated(op);
	if (!column->shippable && !(op == AD_OP_EQ && any))
		return NULL;
	leaf = (AdLeaf)
	{
		.kind = op == (any ? AD_OP_EQ : AD_OP_NE) ? AD_MEMBER : AD_QUANTIFIED,
			.path = column->field, .typid = column->type->typid, .op = op, .wanted = any,
			.operand_type = element_type, .operand = operand,
			.guard = ad_match_guard(column->field, column->type, op == AD_OP_EQ)
	};
	return ad_leaf(&leaf);
}

static Node *
translate_null_test(AdExprContext *context, NullTest *test, bool wanted)
{
	const AdColumn *column = ad_expr_column(context, (Node *) test->arg);

	if (column == NULL || test->argisrow)
		return NULL;
	if ((test->nulltesttype == IS_NULL) == wanted)
		return is_null_node(column);
	return ad_match_has_value(column->field, column->type);
}

/* a column of type boolean as a condition */
static Node *
translate_bool_column(AdExprContext *context, Node *node, bool wanted)
{
	const AdColumn *column = ad_expr_column(context, node);

	if (column == NULL || column->type->class != AD_CLASS_BOOL)
		return NULL;
	return ad_and(list_make2(ad_field(column->field, "$eq",
									  (Node *) makeBoolean(wanted)),
							 ad_match_guard(column->field, column->type, true)));
}

/*
 * A predicate that matches where no column of the condition holds a mismatch:
 * each has a value that decodes, or is null.
 *
 * Columns whose mismatches read as NULL need no test.  Returns NULL if a
 * column cannot be tested.
 */
static Node *
no_mismatch(AdExprContext *context, Node *condition)
{
	List	   *vars = pull_var_clause(condition, 0);
	List	   *parts = NIL;
	ListCell   *lc;

	foreach(lc, vars)
	{
		const AdColumn *column = ad_expr_column(context, lfirst(lc));

		if (column == NULL)
			return NULL;
		if (column->on_mismatch == AD_MISMATCH_ERROR && !column->type->trusted)
			parts = lappend(parts,
							ad_or(list_make2(ad_match_has_value(column->field, column->type),
											 is_null_node(column))));
	}
	return ad_and(parts);
}

/* whether the arguments are columns and constants, which raise no errors */
static bool
is_of_columns(AdExprContext *context, Node *condition)
{
	List	   *args = IsA(condition, DistinctExpr) ? ((DistinctExpr *) condition)->args :
	list_make1(IsA(condition, NullTest) ? ((NullTest *) condition)->arg :
			   ((BooleanTest *) condition)->arg);
	ListCell   *lc;

	foreach(lc, args)
	{
		if (ad_expr_column(context, lfirst(lc)) == NULL && !IsA(lfirst(lc), Const))
			return false;
	}
	return true;
}

/*
 * IS UNKNOWN and IS NOT UNKNOWN.
 *
 * A condition that is never null has a constant answer and is not translated.
 * Translating it would visit its parts twice, and so double the work at each
 * level of nesting.
 */
static Node *
translate_unknown(AdExprContext *context, Node *condition, bool unknown)
{
	Node	   *sound = no_mismatch(context, condition);
	Node	   *when_true;
	Node	   *when_false;
	Node	   *known;

	if (sound == NULL)
		return NULL;
	if (IsA(condition, BooleanTest) || IsA(condition, NullTest) || IsA(condition, DistinctExpr))
		return !is_of_columns(context, condition) ? NULL : unknown ? ad_false() : sound;
	when_true = translate(context, condition, true);
	when_false = translate(context, condition, false);
	if (when_true == NULL || when_false == NULL)
		return NULL;
	known = ad_or(list_make2(when_true, when_false));
	if (!unknown)
		return known;
	return ad_and(list_make2(ad_node(AD_NOR, list_make1(known)), sound));
}

/*
 * IS [NOT] TRUE, IS [NOT] FALSE and IS [NOT] UNKNOWN.
 *
 * IS NOT TRUE of a column means that it is false or null.  For any other
 * condition, it means that the predicate for "true" does not match, and that
 * no column holds a mismatch.
 */
static Node *
translate_bool_test(AdExprContext *context, BooleanTest *test, bool wanted)
{
	Node	   *condition = (Node *) test->arg;
	const AdColumn *column = ad_expr_column(context, condition);
	BoolTestType kind = test->booltesttype;
	bool		value = kind == IS_TRUE || kind == IS_NOT_TRUE;
	bool		is = kind == IS_TRUE || kind == IS_FALSE || kind == IS_UNKNOWN;
	Node	   *matched;
	Node	   *sound;

	if (kind == IS_UNKNOWN || kind == IS_NOT_UNKNOWN)
	{
		if (column == NULL)
			return translate_unknown(context, condition, is == wanted);
		return is == wanted ? is_null_node(column) :
			ad_match_has_value(column->field, column->type);
	}
	matched = translate(context, condition, column != NULL && is != wanted ? !value : value);
	if (matched == NULL || is == wanted)
		return matched;
	if (column != NULL)
		return ad_or(list_make2(matched, is_null_node(column)));
	sound = no_mismatch(context, condition);
	if (sound == NULL)
		return NULL;
	return ad_and(list_make2(ad_node(AD_NOR, list_make1(matched)), sound));
}

/* the arguments of AND or OR, all of which must have translations */
static Node *
translate_arguments(AdExprContext *context, const BoolExpr *expr, bool wanted, bool all)
{
	BoolTestType undecided = expr->boolop == AND_EXPR ? IS_NOT_FALSE : IS_NOT_TRUE;
	AdLazy		outer = context->lazy;
	List	   *parts = NIL;
	ListCell   *lc;

	foreach(lc, expr->args)
	{
		Node	   *part = translate(context, lfirst(lc), wanted);

		if (part == NULL)
			break;
		parts = lappend(parts, part);
		ad_expr_only_if(context, lfirst(lc), undecided, false);
	}
	context->lazy = outer;
	if (lc != NULL)
		return NULL;
	return all ? ad_and(parts) : ad_or(parts);
}

static Node *
translate_bool_expr(AdExprContext *context, BoolExpr *expr, bool wanted)
{
	switch (expr->boolop)
	{
		case NOT_EXPR:
			return translate(context, linitial(expr->args), !wanted);
		case AND_EXPR:
			return translate_arguments(context, expr, wanted, wanted);
		case OR_EXPR:
			return translate_arguments(context, expr, wanted, !wanted);
	}
	return NULL;				/* not reached */
}

/*
 * Expressions that are true if a column holds no mismatch.  A condition that
 * is translated by values needs them for its columns, where a mismatch is an
 * error.
 *
 * A column that cannot be null where the condition is `wanted` needs no test:
 * a mismatch is treated as null, so the condition does not match it.
 */
static List *
mismatch_tests(AdExprContext *context, Node *node, bool wanted, List *columns)
{
	Node	   *holds = wanted ? node : (Node *) makeBoolExpr(NOT_EXPR, list_make1(node), -1);
	Bitmapset  *strict = ad_nonnullable_columns(list_make1(holds), context->rel->relid);
	List	   *tests = NIL;
	ListCell   *lc;

	foreach(lc, columns)
	{
		AdColumn   *column = lfirst(lc);

		if (!bms_is_member(column->attnum - FirstLowInvalidHeapAttributeNumber, strict))
			tests = lappend(tests, ad_fits_expr(column->type,
												ad_string(psprintf("$%s", column->field)), true));
	}
	return tests;
}

/*
 * Translates a condition to an aggregation expression, for what the match
 * language cannot express.
 *
 * MongoDB cannot raise the errors that PostgreSQL would raise, and does not know
 * all values.  So the predicate matches those documents, too, and *recheck is
 * set: PostgreSQL evaluates the condition again, and raises the error.  If
 * `recheck` is NULL, such a condition has no translation.  The arguments of AND
 * and OR are better translated one by one.
 */
static Node *
translate_by_value(AdExprContext *context, Node *node, bool wanted, bool *recheck)
{
	bool		may_recheck = recheck != NULL && !IsA(node, BoolExpr);
	AdValueContext values = {.base = context, .no_guards = true, .may_recheck = may_recheck};
	Node	   *condition = ad_value_condition(&values, node, wanted);
	List	   *tests;
	ListCell   *lc;

	if (condition == NULL || (values.failures != NIL && recheck == NULL))
		return NULL;
	tests = mismatch_tests(context, node, wanted, values.columns);
	if (tests != NIL)
		condition = ad_doc("$and", ad_node(AD_ARRAY, lcons(condition, tests)));
	if (values.failures != NIL || values.unknown != NIL)
	{
		List	   *either = lcons(condition, values.unknown);

		foreach(lc, values.failures)
			either = lappend(either, ((AdFailure *) lfirst(lc))->when);
		condition = ad_doc("$or", ad_node(AD_ARRAY, either));
		*recheck = true;
	}
	return ad_node(AD_EXPR, list_make1(ad_let_all(context, condition)));
}

/*
 * Returns the exact predicate for where the condition is true, or, if not
 * `wanted`, false; NULL if there is none.
 */
static Node *
translate(AdExprContext *context, Node *node, bool wanted)
{
	Node	   *result = NULL;
	Node	   *operand;
	AdLeaf		leaf;

	if (!ad_expr_may_go_on(context))
		return NULL;
	switch (nodeTag(node))
	{
		case T_BoolExpr:
			return translate_bool_expr(context, (BoolExpr *) node, wanted);
		case T_OpExpr:
			node = (Node *) unconstify(OpExpr *, ad_restated((OpExpr *) node));
			result = translate_comparison(context, (OpExpr *) node, wanted);
			if (result == NULL)
				result = ad_pattern_condition(context, node, wanted);
			if (result == NULL)
				result = ad_clock_condition(context, (OpExpr *) node, wanted);
			break;
		case T_FuncExpr:
			result = ad_pattern_condition(context, node, wanted);
			break;
		case T_ScalarArrayOpExpr:
			result = translate_array_comparison(context, (ScalarArrayOpExpr *) node, wanted);
			if (result == NULL)
				result = ad_pattern_member(context, (ScalarArrayOpExpr *) node, wanted);
			if (result == NULL)
				result = ad_clock_array_condition(context, (ScalarArrayOpExpr *) node, wanted);
			break;
		case T_DistinctExpr:
			result = translate_distinct(context, (DistinctExpr *) node, wanted);
			break;
		case T_BooleanTest:
			result = translate_bool_test(context, (BooleanTest *) node, wanted);
			break;
		case T_NullTest:
			result = translate_null_test(context, (NullTest *) node, wanted);
			break;
		case T_Var:
			return translate_bool_column(context, node, wanted);
		default:
			break;
	}
	if (result != NULL)
		return result;

	/* a condition without columns, such as $1 IS NULL */
	operand = ad_expr_operand(context, node);
	if (operand == NULL)
		return translate_by_value(context, node, wanted, NULL);
	leaf = (AdLeaf)
	{
		.kind = AD_TEST, .wanted = wanted, .operand = operand
	};
	return ad_leaf(&leaf);
}

static Node *translate_weaker(AdExprContext *context, Node *node, bool wanted);

/*
 * The arguments of AND or OR, each by its exact predicate or by a broader
 * one.  `all` joins them with AND, which may leave out arguments without
 * translations; OR may not.
 */
static Node *
weaker_arguments(AdExprContext *context, const BoolExpr *expr, bool wanted, bool all)
{
	BoolTestType undecided = expr->boolop == AND_EXPR ? IS_NOT_FALSE : IS_NOT_TRUE;
	AdLazy		outer = context->lazy;
	List	   *parts = NIL;
	ListCell   *lc;

	foreach(lc, expr->args)
	{
		int			slots = list_length(context->slots);
		Node	   *part = translate(context, lfirst(lc), wanted);

		if (part == NULL)
		{
			/*
			 * Drop the slots of a rejected translation, so that they are not
			 * computed in vain.
			 */
			context->slots = list_truncate(context->slots, slots);
			part = translate_weaker(context, lfirst(lc), wanted);
		}
		if (part != NULL)
			parts = lappend(parts, part);
		else if (!all)
			break;
		ad_expr_only_if(context, lfirst(lc), undecided, false);
	}
	context->lazy = outer;
	if (lc != NULL)
		return NULL;
	return parts == NIL ? NULL : all ? ad_and(parts) : ad_or(parts);
}

/*
 * Returns a broader predicate for a condition that has no exact one: it
 * matches wherever the condition is `wanted` (true or false), and maybe
 * elsewhere.  NULL if there is none.
 */
static Node *
translate_weaker(AdExprContext *context, Node *node, bool wanted)
{
	BoolExpr   *expr = (BoolExpr *) node;
	int			slots = list_length(context->slots);
	bool		recheck;
	Node	   *pattern;
	Node	   *result = translate_by_value(context, node, wanted, &recheck);

	if (result == NULL)
		context->slots = list_truncate(context->slots, slots);
	if (!IsA(node, BoolExpr))
	{
		/* an index may help with the pattern, and the value may say more */
		pattern = ad_pattern_weaker(context, node, wanted);
		if (pattern != NULL)
			result = result == NULL ? pattern : ad_and(list_make2(pattern, result));
	}
	else if (result != NULL)
		return result;
	else if (expr->boolop == NOT_EXPR)
		result = translate_weaker(context, linitial(expr->args), !wanted);
	else if (!contain_volatile_functions(node))
		result = weaker_arguments(context, expr, wanted,
								  (expr->boolop == AND_EXPR) == wanted);
	if (result == NULL)
		context->slots = list_truncate(context->slots, slots);
	return result;
}

/*
 * Returns the template of a predicate that matches every document for which
 * the condition is true, or NULL if there is none.
 *
 * *recheck is set if the predicate may match other documents as well;
 * PostgreSQL must then evaluate the condition again.  Operands are added to
 * context->slots, and the predicate's size to context->size.  A predicate
 * that exceeds the budget of budget.c is refused; one that uses what the
 * options say to avoid is not.
 */
Node *
ad_expr_true_when(AdExprContext *context, Expr *condition, bool *recheck)
{
	int			slots = list_length(context->slots);
	Size		size = context->size;
	Node	   *result;

	context->visits = 0;
	result = translate(context, (Node *) condition, true);
	*recheck = false;
	if (result == NULL)
	{
		context->slots = list_truncate(context->slots, slots);
		result = translate_weaker(context, (Node *) condition, true);
		*recheck = result != NULL;
	}
	if (result != NULL && ad_budget_allows(result, AD_FILTER_DEPTH, &size))
	{
		context->size = size;
		return result;
	}
	context->slots = list_truncate(context->slots, slots);
	*recheck = false;
	return NULL;
}

/*
 * Like ad_expr_true_when(), but refuses a predicate that alone uses what the
 * options say to avoid, too.
 */
Node *
ad_expr_allowed(AdExprContext *context, Expr *condition, bool *recheck)
{
	int			slots = list_length(context->slots);
	Size		size = context->size;
	Node	   *result = ad_expr_true_when(context, condition, recheck);

	if (result == NULL || !ad_has_avoided(context->options, result))
		return result;
	context->slots = list_truncate(context->slots, slots);
	context->size = size;
	*recheck = false;
	return NULL;
}
