/*
 * filter_pattern.c
 *	  Translation of conditions that match text with patterns.
 *
 * Some conditions have an exact predicate.  For others, match_pattern.c has a
 * broader one, and PostgreSQL rechecks each row:
 *
 *	- ILIKE and lower(x), compared with a text or matched with a pattern, but for
 *	  plain constants,
 *	- ~* under collations other than C, and upper(x),
 *	- regular expressions beyond the simplest.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgroids.h"

#include "query/leaf.h"
#include "query/match_type.h"
#include "translate/filter_pattern.h"
#include "translate/pattern.h"

/*
 * Returns the leaf that matches a column with a pattern, or NULL.
 *
 * A regular expression must be a constant, because its text decides whether
 * it can be translated.
 */
static Node *
match_leaf(AdExprContext *context, const AdMatch *match, const AdColumn *column, bool wanted)
{
	Node	   *operand;
	AdLeaf		leaf;

	if (column == NULL || column->type->class != AD_CLASS_TEXT)
		return NULL;
	operand = ad_expr_operand(context, match->pattern);
	if (operand == NULL)
		return NULL;
	if (IsA(operand, Const) ? !((Const *) operand)->constisnull &&
		!ad_like_accepts(match->kind, match->fold,
						 DatumGetTextPP(((Const *) operand)->constvalue)) :
		match->kind == AD_PATTERN_REGEX || match->kind == AD_PATTERN_REGEX_PARTS)
		return NULL;
	leaf = (AdLeaf)
	{
		.kind = AD_LIKE, .path = column->field, .typid = column->type->typid,
			.pattern = match->kind, .fold = match->fold, .wanted = wanted, .operand = operand
	};
	return ad_leaf(&leaf);
}

/*
 * The leaf, and what it leaves open: if `wanted`, the guard, else that the
 * column has a value at all.
 */
static Node *
match_node(AdExprContext *context, const AdMatch *match, bool wanted)
{
	const AdColumn *column = ad_expr_column(context, match->text);
	Node	   *leaf = match_leaf(context, match, column, wanted);

	if (leaf == NULL)
		return NULL;
	return ad_and(list_make2(leaf,
							 wanted ? ad_match_guard(column->field, column->type, false) :
							 ad_match_has_value(column->field, column->type)));
}

/*
 * Returns the exact predicate for a condition such as column LIKE pattern,
 * for where it is true, or, if not `wanted`, false.  NULL if there is none.
 */
Node *
ad_pattern_condition(AdExprContext *context, Node *node, bool wanted)
{
	AdMatch		match;

	if (!ad_match_read(node, &match) || !ad_match_exactly(&match))
		return NULL;
	return match_node(context, &match, wanted != match.negated);
}

/* strips lower() and upper() from the text, and records the fold */
static void
strip_case(AdMatch *match)
{
	while (IsA(match->text, FuncExpr))
	{
		FuncExpr   *expr = (FuncExpr *) match->text;

		if (expr->funcid == F_UPPER_TEXT)
			match->fold = AD_FOLD_UPPER;
		else if (expr->funcid != F_LOWER_TEXT)
			return;
		else if (match->fold != AD_FOLD_UPPER)
			match->fold = AD_FOLD_LOWER;
		match->text = linitial(expr->args);
	}
}

/* the match with each of the elements as leaves; NIL if one has none, or is not plain if it must be */
static List *
element_leaves(AdExprContext *context, AdMatch *match, const AdColumn *column, List *elements, bool plain)
{
	List	   *leaves = NIL;
	ListCell   *lc;

	foreach(lc, elements)
	{
		Node	   *leaf;

		match->pattern = lfirst(lc);
		leaf = plain && !ad_match_is_plain(match, false) ? NULL : match_leaf(context, match, column, true);
		if (leaf == NULL)
			return NIL;
		leaves = lappend(leaves, leaf);
	}
	return leaves;
}

/*
 * Returns the exact predicate for lower(column) = ANY (constants) or <> ALL
 * (constants), for where it is true, or, if not `wanted`, false.  NULL if there is
 * none.
 */
Node *
ad_pattern_member(AdExprContext *context, ScalarArrayOpExpr *expr, bool wanted)
{
	AdMatch		match;
	const AdColumn *column;
	List	   *elements;
	List	   *leaves;

	if (!ad_match_read_member(expr, &match, &elements) || !ad_match_fold(&match))
		return NULL;
	column = ad_expr_column(context, match.text);
	leaves = element_leaves(context, &match, column, elements, true);
	if (leaves == NIL)
		return NULL;
	if (wanted != match.negated)
		return ad_and(list_make2(ad_or(leaves), ad_match_guard(column->field, column->type, false)));
	return ad_and(list_make2(ad_node(AD_NOR, list_make1(ad_or(leaves))),
							 ad_match_has_value(column->field, column->type)));
}

/* the broader predicate for lower(column) = ANY (constants) */
static Node *
weaker_member(AdExprContext *context, ScalarArrayOpExpr *expr)
{
	AdMatch		match;
	const AdColumn *column;
	List	   *elements;
	List	   *leaves;

	if (!ad_match_read_member(expr, &match, &elements) || match.negated)
		return NULL;
	strip_case(&match);
	if (match.fold == AD_FOLD_NONE)
		return NULL;
	column = ad_expr_column(context, match.text);
	leaves = element_leaves(context, &match, column, elements, false);
	if (leaves == NIL)
		return NULL;
	return ad_and(list_make2(ad_or(leaves), ad_match_guard(column->field, column->type, false)));
}

/*
 * Returns a broader predicate, which matches wherever the condition is
 * `wanted` (true or false), and maybe elsewhere; NULL if there is none.
 */
Node *
ad_pattern_weaker(AdExprContext *context, Node *node, bool wanted)
{
	AdMatch		match;
	Node	   *result;

	if (IsA(node, ScalarArrayOpExpr))
		return wanted ? weaker_member(context, (ScalarArrayOpExpr *) node) : NULL;
	if (!ad_match_read(node, &match) || match.negated == wanted)
		return NULL;
	strip_case(&match);
	/* plain x = y is not a pattern */
	if (match.kind == AD_PATTERN_TEXT && match.fold == AD_FOLD_NONE)
		return NULL;
	result = match_node(context, &match, true);
	if (result == NULL && match.kind == AD_PATTERN_REGEX)
	{
		match.kind = AD_PATTERN_REGEX_PARTS;
		result = match_node(context, &match, true);
	}
	return result;
}
