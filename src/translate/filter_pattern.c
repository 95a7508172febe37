/*
 * filter_pattern.c
 *	  Translation of conditions that match text with patterns.
 *
 * Some conditions have an exact predicate.  For others, match_pattern.c has a
 * broader one, and PostgreSQL rechecks each row:
 *
 *	- ILIKE and ~* under collations other than C,
 *	- regular expressions beyond the simplest,
 *	- lower(x) and upper(x), compared with a text or matched with a pattern.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "query/leaf.h"
#include "query/match_pattern.h"
#include "query/match_type.h"
#include "query/sql_array.h"
#include "translate/filter_pattern.h"

/* the functions that match text with a pattern */
static const struct
{
	Oid			function;
	AdPatternKind kind;
	bool		any_case;
	bool		negated;
}			pattern_functions[] = {
	{F_TEXTLIKE, AD_PATTERN_LIKE, false, false},
	{F_LIKE_TEXT_TEXT, AD_PATTERN_LIKE, false, false},
	{F_TEXTNLIKE, AD_PATTERN_LIKE, false, true},
	{F_NOTLIKE_TEXT_TEXT, AD_PATTERN_LIKE, false, true},
	{F_STARTS_WITH, AD_PATTERN_PREFIX, false, false},
	{F_TEXTREGEXEQ, AD_PATTERN_REGEX, false, false},
	{F_TEXTREGEXNE, AD_PATTERN_REGEX, false, true},
	{F_TEXTICLIKE, AD_PATTERN_LIKE, true, false},
	{F_TEXTICNLIKE, AD_PATTERN_LIKE, true, true},
	{F_TEXTICREGEXEQ, AD_PATTERN_REGEX, true, false},
	{F_TEXTICREGEXNE, AD_PATTERN_REGEX, true, true},
	{F_TEXTEQ, AD_PATTERN_TEXT, false, false},
};

/* a text, with lower() or upper() stripped, and its pattern */
typedef struct AdMatch
{
	Node	   *text;
	Node	   *pattern;		/* SQL expression */
	Oid			collation;
	AdPatternKind kind;
	AdFold		fold;
	bool		negated;
} AdMatch;

/* reads a call of one of pattern_functions; false if it is something else */
static bool
read_match(Node *node, AdMatch *match)
{
	Oid			function;
	List	   *args;
	int			i = 0;

	if (IsA(node, OpExpr))
	{
		function = get_opcode(((OpExpr *) node)->opno);
		args = ((OpExpr *) node)->args;
		match->collation = ((OpExpr *) node)->inputcollid;
	}
	else if (IsA(node, FuncExpr))
	{
		function = ((FuncExpr *) node)->funcid;
		args = ((FuncExpr *) node)->args;
		match->collation = ((FuncExpr *) node)->inputcollid;
	}
	else
		return false;
	while (pattern_functions[i].function != function)
	{
		if (++i == lengthof(pattern_functions))
			return false;
	}
	/* regular expressions count characters as UTF-8 does */
	if (!OidIsValid(match->collation) || !ad_is_deterministic(match->collation) ||
		GetDatabaseEncoding() != PG_UTF8)
		return false;
	match->text = linitial(args);
	match->pattern = lsecond(args);
	match->kind = pattern_functions[i].kind;
	match->negated = pattern_functions[i].negated;
	match->fold = !pattern_functions[i].any_case ? AD_FOLD_NONE :
		ad_ctype_is_c(match->collation) ? AD_FOLD_ASCII : AD_FOLD_LOWER;
	return true;
}

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

	if (!read_match(node, &match) || !ad_like_is_exact(match.kind, match.fold))
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

/* the broader predicate for lower(column) = ANY (constants) */
static Node *
weaker_member(AdExprContext *context, ScalarArrayOpExpr *expr)
{
	AdMatch		match = {.text = linitial(expr->args), .kind = AD_PATTERN_TEXT};
	Const	   *array = lsecond(expr->args);
	const AdColumn *column;
	List	   *tests = NIL;
	ListCell   *lc;

	strip_case(&match);
	column = ad_expr_column(context, match.text);
	if (get_opcode(expr->opno) != F_TEXTEQ || !expr->useOr || match.fold == AD_FOLD_NONE ||
		!IsA(array, Const) || array->constisnull || GetDatabaseEncoding() != PG_UTF8 ||
		!ad_is_deterministic(expr->inputcollid))
		return NULL;
	foreach(lc, ad_sql_array_elements(array->constvalue, TEXTOID, array->constcollid))
	{
		Node	   *test;

		match.pattern = lfirst(lc);
		test = match_leaf(context, &match, column, true);
		if (test == NULL)
			return NULL;
		tests = lappend(tests, test);
	}
	if (tests == NIL)
		return NULL;
	return ad_and(list_make2(ad_or(tests),
							 ad_match_guard(column->field, column->type, false)));
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
	if (!read_match(node, &match) || match.negated == wanted)
		return NULL;
	strip_case(&match);
	/* lower(x) = y, in either order; plain x = y is not a pattern */
	if (match.kind == AD_PATTERN_TEXT && match.fold == AD_FOLD_NONE)
	{
		Node	   *text = match.text;

		match.text = match.pattern;
		match.pattern = text;
		strip_case(&match);
		if (match.fold == AD_FOLD_NONE)
			return NULL;
	}
	result = match_node(context, &match, true);
	if (result == NULL && match.kind == AD_PATTERN_REGEX)
	{
		match.kind = AD_PATTERN_REGEX_PARTS;
		result = match_node(context, &match, true);
	}
	return result;
}
