/*
 * expr.c
 *	  Translate SQL conditions to templates of MongoDB predicates.
 *
 * SQL's conditions are true, false or null, MongoDB's match or do not.  So
 * there are two translations, each of which calls the other: of when a
 * condition is true, and of when it is false.  Null is in neither, and NOT
 * swaps the two.
 *
 * Translating is deciding: what comes back NULL stays with PostgreSQL.
 *
 * An operand without columns is computed by PostgreSQL, when the scan starts.
 * Constants stay in the template; all else gets a slot.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "budget.h"
#include "compat.h"
#include "expr.h"
#include "clock.h"
#include "field.h"
#include "leaf.h"
#include "let.h"
#include "pattern.h"
#include "typeexpr.h"
#include "value.h"

/* beyond this a regular expression cannot count characters */
#define MAX_COUNTED_LENGTH	65000

/* how many nodes of one condition, key or target list are looked at */
#define MAX_VISITS	20000

static Node *translate(AdExprContext *context, Node *node, bool wanted);

/*
 * To be called for each node that is translated.  False if there have been so
 * many that the rest had better be PostgreSQL's: some conditions have to be
 * translated twice, and so have the parts of their parts.
 */
bool
ad_expr_may_go_on(AdExprContext *context)
{
	CHECK_FOR_INTERRUPTS();
	check_stack_depth();
	return ++context->visits <= MAX_VISITS;
}

/*
 * Whether MongoDB can tell which values of the type decode.  It cannot where
 * a string may hold a character that the server's encoding has not, where the
 * order of binary data would have to be relied on, and where texts may be
 * longer than a regular expression can count.
 */
static bool
is_shippable_type(const AdType *type)
{
	if (type == NULL || type->class == AD_CLASS_NONE || type->class == AD_CLASS_UUID)
		return false;
	if (type->class != AD_CLASS_TEXT || GetDatabaseEncoding() == PG_UTF8)
		return type->max_length < MAX_COUNTED_LENGTH;
	return GetDatabaseEncoding() == PG_SQL_ASCII && type->max_length == 0;
}

/*
 * What is known of a column, palloc'd.
 */
AdColumn *
ad_column(Oid relid, AttrNumber attnum, const AdTableOptions *options)
{
	AdColumn   *column = palloc(sizeof(AdColumn));
	AdColumnOptions own;
	Oid			collation;

	ad_column_options(relid, attnum, options, &own);
	column->attnum = attnum;
	get_atttypetypmodcoll(relid, attnum, &column->typid, &column->typmod, &collation);
	column->type = ad_column_type(column->typid, column->typmod);
	column->field = own.field;
	column->on_mismatch = own.on_mismatch;
	column->nameable = ad_field_is_nameable(own.field);
	column->shippable = column->nameable && is_shippable_type(column->type);
	return column;
}

/* what a cast among text and varchar, or another collation, is put on */
static Node *
strip_text_cast(Node *node)
{
	while (IsA(node, RelabelType) &&
		   (((RelabelType *) node)->resulttype == TEXTOID ||
			((RelabelType *) node)->resulttype == VARCHAROID))
	{
		Node	   *arg = (Node *) ((RelabelType *) node)->arg;
		Oid			typid = exprType(arg);

		if (typid != TEXTOID && typid != VARCHAROID)
			break;
		node = arg;
	}
	return node;
}

/*
 * The same, made once: to read the options again for each of thousands takes
 * seconds.  It is kept as long as the relation, not as the join that GEQO tries.
 */
static const AdColumn *
known_column(AdExprContext *context, AttrNumber attnum)
{
	MemoryContext outer;

	if (context->columns[attnum] == NULL)
	{
		outer = MemoryContextSwitchTo(GetMemoryChunkContext(context->columns));
		context->columns[attnum] = ad_column(context->relid, attnum, context->options);
		MemoryContextSwitchTo(outer);
	}
	return context->columns[attnum];
}

/* the column that an expression is, or NULL */
static const AdColumn *
any_column(AdExprContext *context, Node *node)
{
	Var		   *var = (Var *) strip_text_cast(node);

	if (!IsA(var, Var) || var->varno != context->rel->relid ||
		var->varlevelsup != 0 || var->varattno <= 0)
		return NULL;
	return known_column(context, var->varattno);
}

/*
 * Whether MongoDB's part of the filter leaves no null in the column, and so no
 * mismatch either: it is true for neither.
 */
bool
ad_is_proven(const AdExprContext *context, const AdColumn *column)
{
	return bms_is_member(column->attnum - FirstLowInvalidHeapAttributeNumber, context->proven);
}

/*
 * The column that an expression is, if MongoDB can be asked about it; or NULL.
 */
const AdColumn *
ad_expr_column(AdExprContext *context, Node *node)
{
	const AdColumn *column = any_column(context, node);

	return column != NULL && column->shippable ? column : NULL;
}

/*
 * The same, also of columns of which MongoDB can only be asked which values
 * equal a given one.
 */
static const AdColumn *
compared_column(AdExprContext *context, Node *node)
{
	const AdColumn *column = any_column(context, node);

	if (column == NULL || column->shippable)
		return column;
	return column->nameable && column->type != NULL &&
		column->type->class == AD_CLASS_UUID ? column : NULL;
}

/*
 * Whether there are columns whose values are not known when the scan starts.
 */
bool
ad_expr_has_columns(const AdExprContext *context, Node *operand)
{
	if (context->join_root == NULL)
		return contain_var_clause(operand);
	return bms_is_member(context->rel->relid, pull_varnos(context->join_root, operand));
}

/*
 * The node for an operand that PostgreSQL computes: the constant itself, or a
 * slot.  NULL if its value is not the same throughout the scan.
 */
Node *
ad_expr_operand(AdExprContext *context, Node *operand)
{
	int			slot = 0;

	if (IsA(operand, Const))
		return operand;
	if (ad_expr_has_columns(context, operand) || contain_volatile_functions(operand) ||
		contain_subplans(operand))
		return NULL;
	while (slot < list_length(context->slots) &&
		   !equal(list_nth(context->slots, slot), operand))
		slot++;
	if (slot == list_length(context->slots))
		context->slots = lappend(context->slots, operand);
	return ad_node(AD_SLOT, list_make1(ad_integer(slot)));
}

/*
 * What a built-in operator means in the order of its left operand's type.
 */
bool
ad_expr_operator(Oid opno, Oid typid, AdOp *op, Oid *operand_type)
{
	ListCell   *lc;
	Oid			family;

	if (opno >= FirstNormalObjectId)
		return false;
	/* varchar has no operators of its own */
	if (typid == VARCHAROID)
		typid = TEXTOID;
	family = lookup_type_cache(typid, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
	foreach(lc, ad_op_interpretations(opno))
	{
		AdOpInterpretation *meaning = lfirst(lc);

		if (meaning->opfamily_id != family || meaning->oplefttype != typid)
			continue;
		*op = (AdOp) (ad_op_meaning(meaning) - 1);
		*operand_type = meaning->oprighttype;
		return true;
	}
	return false;
}

/*
 * The operator that is true exactly where the other is false.
 */
AdOp
ad_expr_negated(AdOp op)
{
	static const AdOp negators[] = {
		[AD_OP_LT] = AD_OP_GE,
		[AD_OP_LE] = AD_OP_GT,
		[AD_OP_EQ] = AD_OP_NE,
		[AD_OP_GE] = AD_OP_LT,
		[AD_OP_GT] = AD_OP_LE,
		[AD_OP_NE] = AD_OP_EQ,
	};

	return negators[op];
}

bool
ad_is_deterministic(Oid collation)
{
	return !OidIsValid(collation) || get_collation_isdeterministic(collation);
}

/*
 * Whether MongoDB compares by the operator as the collation does: it knows the
 * order of bytes only.
 */
static bool
is_comparable(Oid collation, AdOp op)
{
	if (!ad_is_deterministic(collation))
		return false;
	return !OidIsValid(collation) || op == AD_OP_EQ || op == AD_OP_NE ||
		ad_collate_is_c(collation);
}

/* a column compared with what PostgreSQL computes */
typedef struct AdComparison
{
	const AdColumn *column;
	AdOp		op;
	Oid			operand_type;
	Node	   *operand;		/* an expression of SQL */
} AdComparison;

/*
 * Whether the arguments of an operator are a column and an operand, or the
 * other way round, and the operator is one of comparison.
 */
static bool
match_comparison(AdExprContext *context, const OpExpr *expr, AdComparison *comparison)
{
	Oid			opno = expr->opno;

	if (list_length(expr->args) != 2)
		return false;
	comparison->column = compared_column(context, linitial(expr->args));
	comparison->operand = lsecond(expr->args);
	if (comparison->column == NULL)
	{
		comparison->column = compared_column(context, lsecond(expr->args));
		comparison->operand = linitial(expr->args);
		opno = get_commutator(opno);
	}
	return comparison->column != NULL && OidIsValid(opno) &&
		ad_expr_operator(opno, comparison->column->type->typid,
						 &comparison->op, &comparison->operand_type) &&
		is_comparable(expr->inputcollid, comparison->op) &&
		ad_leaf_accepts(comparison->column->type, comparison->operand_type);
}

/* the predicate of a comparison by the given operator */
static Node *
comparison_node(AdExprContext *context, const AdComparison *comparison, AdOp op)
{
	const AdColumn *column = comparison->column;
	Node	   *operand = ad_expr_operand(context, comparison->operand);

	if (operand == NULL || (op != AD_OP_EQ && !column->shippable))
		return NULL;
	return ad_and(list_make2(ad_node(AD_COMPARE,
									 list_make5(ad_string(column->field),
												ad_oid_value(column->type->typid),
												ad_integer(op),
												ad_oid_value(comparison->operand_type),
												operand)),
							 ad_leaf_guard(column->field, column->type, op == AD_OP_EQ)));
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

static Node *
is_null_node(const AdColumn *column)
{
	return ad_leaf_is_null(column->field, column->type,
						   column->on_mismatch == AD_MISMATCH_NULL);
}

/* the condition that an operand is null, or that it is not */
static Node *
operand_null_test(AdExprContext *context, Node *operand, NullTestType kind)
{
	NullTest   *test;

	if (IsA(operand, Const))
		return ((Const *) operand)->constisnull == (kind == IS_NULL) ?
			ad_true() : ad_false();
	test = makeNode(NullTest);
	test->arg = (Expr *) operand;
	test->nulltesttype = kind;
	test->argisrow = false;
	test->location = -1;
	return translate(context, (Node *) test, true);
}

/*
 * column IS DISTINCT FROM operand.  Binding decides which part remains: a
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
											  ad_leaf_has_value(column->field, column->type)))));
}

/*
 * column op ANY (array), column op ALL (array).  The one is false where the
 * other, of the negated operator, is true.
 */
static Node *
translate_array_comparison(AdExprContext *context, ScalarArrayOpExpr *expr, bool wanted)
{
	const AdColumn *column = compared_column(context, linitial(expr->args));
	bool		any = expr->useOr == wanted;
	Node	   *operand;
	AdOp		op;
	Oid			element_type;
	List	   *members;

	if (column == NULL ||
		!ad_expr_operator(expr->opno, column->type->typid, &op, &element_type) ||
		!is_comparable(expr->inputcollid, op) ||
		!ad_leaf_accepts(column->type, element_type))
		return NULL;
	operand = ad_expr_operand(context, lsecond(expr->args));
	if (operand == NULL)
		return NULL;
	if (!wanted)
		op = ad_expr_negated(op);
	if (!column->shippable && !(op == AD_OP_EQ && any))
		return NULL;
	members = list_make2(ad_string(column->field),
						 ad_oid_value(column->type->typid));
	if (op == (any ? AD_OP_EQ : AD_OP_NE))
		members = lappend(members, makeBoolean(any));
	else
		members = list_concat(members, list_make2(ad_integer(op), makeBoolean(any)));
	members = list_concat(members,
						  list_make3(ad_oid_value(element_type), operand,
									 ad_leaf_guard(column->field, column->type,
												   op == AD_OP_EQ)));
	return ad_node(op == (any ? AD_OP_EQ : AD_OP_NE) ? AD_MEMBER : AD_QUANTIFIED,
				   members);
}

static Node *
translate_null_test(AdExprContext *context, NullTest *test, bool wanted)
{
	const AdColumn *column = ad_expr_column(context, (Node *) test->arg);

	if (column == NULL || test->argisrow)
		return NULL;
	if ((test->nulltesttype == IS_NULL) == wanted)
		return is_null_node(column);
	return ad_leaf_has_value(column->field, column->type);
}

/* a column that is a condition by itself */
static Node *
translate_bool_column(AdExprContext *context, Node *node, bool wanted)
{
	const AdColumn *column = ad_expr_column(context, node);

	if (column == NULL || column->type->class != AD_CLASS_BOOL)
		return NULL;
	return ad_and(list_make2(ad_field(column->field, "$eq",
									  (Node *) makeBoolean(wanted)),
							 ad_leaf_guard(column->field, column->type, true)));
}

/* each column of the condition has a value or is null: none is a mismatch */
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
		if (column->on_mismatch == AD_MISMATCH_ERROR)
			parts = lappend(parts,
							ad_or(list_make2(ad_leaf_has_value(column->field, column->type),
											 is_null_node(column))));
	}
	return ad_and(parts);
}

/*
 * IS UNKNOWN and IS NOT UNKNOWN.  Conditions that are never null are not
 * translated for it: their own ones would be twice for each of them.
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
		return unknown ? ad_false() : sound;
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
 * IS TRUE and so on.  A column is itself false or null where it is not true;
 * any other condition is no more than not true.
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
			ad_leaf_has_value(column->field, column->type);
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

/* the arguments of AND and OR; each must be translatable */
static Node *
translate_arguments(AdExprContext *context, List *args, bool wanted, bool all)
{
	List	   *parts = NIL;
	ListCell   *lc;

	foreach(lc, args)
	{
		Node	   *part = translate(context, lfirst(lc), wanted);

		if (part == NULL)
			return NULL;
		parts = lappend(parts, part);
	}
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
			return translate_arguments(context, expr->args, wanted, wanted);
		case OR_EXPR:
			return translate_arguments(context, expr->args, wanted, !wanted);
	}
	return NULL;				/* not reached */
}

/*
 * What an expression leaves open: that no column, where a mismatch is an
 * error, holds one.  A column that must not be null for the condition to be
 * true, or false, needs no such test.
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
 * A condition on values that the match language has not, as an expression.
 * Where PostgreSQL would raise an error instead, MongoDB cannot: then the
 * predicate matches as well, and *recheck is set, so that PostgreSQL evaluates
 * the condition again; or, if recheck is NULL, there is no translation.
 */
static Node *
translate_by_value(AdExprContext *context, Node *node, bool wanted, bool *recheck)
{
	AdValueContext values = {.base = context, .no_guards = true};
	Node	   *condition = ad_value_condition(&values, node, wanted);
	List	   *tests;
	ListCell   *lc;

	if (condition == NULL || (values.failures != NIL && recheck == NULL))
		return NULL;
	tests = mismatch_tests(context, node, wanted, values.columns);
	if (tests != NIL)
		condition = ad_doc("$and", ad_node(AD_ARRAY, lcons(condition, tests)));
	if (values.failures != NIL)
	{
		List	   *either = list_make1(condition);

		foreach(lc, values.failures)
			either = lappend(either, ((AdFailure *) lfirst(lc))->when);
		condition = ad_doc("$or", ad_node(AD_ARRAY, either));
		*recheck = true;
	}
	return ad_node(AD_EXPR, list_make1(ad_let_all(context, condition)));
}

/*
 * A template of the predicate that matches when the condition is true, or,
 * for wanted == false, when it is false.
 */
static Node *
translate(AdExprContext *context, Node *node, bool wanted)
{
	Node	   *result = NULL;
	Node	   *operand;

	if (!ad_expr_may_go_on(context))
		return NULL;
	switch (nodeTag(node))
	{
		case T_BoolExpr:
			return translate_bool_expr(context, (BoolExpr *) node, wanted);
		case T_OpExpr:
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
	return ad_node(AD_TEST, list_make2(operand, (Node *) makeBoolean(wanted)));
}

static Node *translate_weaker(AdExprContext *context, Node *node, bool wanted);

/*
 * The arguments of AND and OR, exact or weaker.  Of AND any will do.
 */
static Node *
weaker_arguments(AdExprContext *context, List *args, bool wanted, bool all)
{
	List	   *parts = NIL;
	ListCell   *lc;

	foreach(lc, args)
	{
		int			slots = list_length(context->slots);
		Node	   *part = translate(context, lfirst(lc), wanted);

		if (part == NULL)
		{
			/* what a refused condition needed must not be computed in vain */
			context->slots = list_truncate(context->slots, slots);
			part = translate_weaker(context, lfirst(lc), wanted);
		}
		if (part != NULL)
			parts = lappend(parts, part);
		else if (!all)
			return NULL;
	}
	return parts == NIL ? NULL : all ? ad_and(parts) : ad_or(parts);
}

/*
 * A template of a predicate that matches wherever the condition, which has no
 * exact one, is true, or false; and elsewhere, too.
 */
static Node *
translate_weaker(AdExprContext *context, Node *node, bool wanted)
{
	BoolExpr   *expr = (BoolExpr *) node;
	int			slots = list_length(context->slots);
	bool		recheck;
	Node	   *result = translate_by_value(context, node, wanted, &recheck);

	if (result != NULL)
		return result;
	context->slots = list_truncate(context->slots, slots);
	if (!IsA(node, BoolExpr))
		result = ad_pattern_weaker(context, node, wanted);
	else if (expr->boolop == NOT_EXPR)
		result = weaker_arguments(context, expr->args, !wanted, true);
	else if (!contain_volatile_functions(node))
		result = weaker_arguments(context, expr->args, wanted,
								  (expr->boolop == AND_EXPR) == wanted);
	if (result == NULL)
		context->slots = list_truncate(context->slots, slots);
	return result;
}

/*
 * The template of a predicate that matches the documents for which the
 * condition is true; or NULL if it cannot be said exactly.  *recheck is set if
 * it matches others, too, so that PostgreSQL must evaluate the condition again.
 * What is beyond the budget is not said at all.
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
