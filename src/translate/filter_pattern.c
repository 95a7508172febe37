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
	{F_TEXTNE, AD_PATTERN_TEXT, false, true},
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

/* is it a call of lower() or upper()? */
static bool
converts_case(const Node *node)
{
	return IsA(node, FuncExpr) && (((const FuncExpr *) node)->funcid == F_LOWER_TEXT ||
								   ((const FuncExpr *) node)->funcid == F_UPPER_TEXT);
}

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
	/* lower(x) = y, in either order */
	if (match->kind == AD_PATTERN_TEXT && !converts_case(match->text))
	{
		match->text = lsecond(args);
		match->pattern = linitial(args);
	}
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

/* is the first text the second one in lower case? */
static bool
becomes(const char *string, const char *lowered, Oid collation)
{
	Datum		result = DirectFunctionCall1Coll(lower, collation, CStringGetTextDatum(string));

	return strcmp(TextDatumGetCString(result), lowered) == 0;
}

/*
 * The fold of lower() under a collation.  Languages have other rules for the dot of i
 * only (SpecialCasing.txt): in Turkish I has none, and in Lithuanian it stays below an
 * accent.
 */
static AdFold
lower_fold(Oid collation)
{
	if (ad_ctype_is_c(collation))
		return AD_FOLD_ASCII;
	if (!becomes("I", "i", collation) || !becomes("I\xcc\x81", "i\xcc\x81", collation) ||
		!becomes("\xe2\x84\xaa", "k", collation))
		return AD_FOLD_LOWER;
	if (becomes("\xc4\xb0", "i", collation))
		return AD_FOLD_PLAIN_I;
	return becomes("\xc4\xb0", "i\xcc\x87", collation) ? AD_FOLD_DOTTED_I : AD_FOLD_LOWER;
}

/*
 * Makes the match one of the text within lower(), if that is called, with a fold that
 * is exact.  Returns false if there is no such fold, or if the text's case counts.
 */
static bool
fold_text(AdMatch *match)
{
	bool		any_case = match->fold != AD_FOLD_NONE;
	Oid			collation = match->collation;
	Node	   *inner = match->text;

	if (IsA(inner, FuncExpr) && !any_case)
		collation = ((FuncExpr *) inner)->inputcollid;
	while (IsA(inner, FuncExpr) && ((FuncExpr *) inner)->funcid == F_LOWER_TEXT &&
		   ((FuncExpr *) inner)->inputcollid == collation)
		inner = linitial(((FuncExpr *) inner)->args);
	if ((inner == match->text && !any_case) || !OidIsValid(collation))
		return false;
	match->text = inner;
	match->fold = lower_fold(collation);
	return ad_like_is_exact(match->kind, match->fold);
}

/*
 * Is the pattern a plain constant, so that texts in lower case can be matched exactly?
 * `any_case` says that PostgreSQL converts the pattern, too.
 */
static bool
is_plain(const AdMatch *match, bool any_case)
{
	const Const *pattern = (const Const *) match->pattern;

	return match->kind != AD_PATTERN_REGEX && IsA(pattern, Const) && !pattern->constisnull &&
		ad_like_is_plain(match->kind, DatumGetTextPP(pattern->constvalue), any_case);
}

/*
 * Returns the exact predicate for a condition such as column LIKE pattern,
 * for where it is true, or, if not `wanted`, false.  NULL if there is none.
 */
Node *
ad_pattern_condition(AdExprContext *context, Node *node, bool wanted)
{
	AdMatch		match;

	if (!read_match(node, &match))
		return NULL;
	if ((IsA(match.text, FuncExpr) || !ad_like_is_exact(match.kind, match.fold)) &&
		!(is_plain(&match, match.fold != AD_FOLD_NONE) && fold_text(&match)))
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

/*
 * Whether the condition is `text = ANY (constants)`, or, with these arguments, `<> ALL`.
 * Sets the constants.
 */
static bool
read_member(const ScalarArrayOpExpr *expr, Oid function, bool use_or, List **elements)
{
	const Const *array = lsecond(expr->args);

	if (get_opcode(expr->opno) != function || expr->useOr != use_or || !IsA(array, Const) ||
		array->constisnull || GetDatabaseEncoding() != PG_UTF8 || !ad_is_deterministic(expr->inputcollid))
		return false;
	*elements = ad_sql_array_elements(array->constvalue, TEXTOID, array->constcollid);
	return *elements != NIL;
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
		leaf = plain && !is_plain(match, false) ? NULL : match_leaf(context, match, column, true);
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
	AdMatch		match = {.text = linitial(expr->args), .kind = AD_PATTERN_TEXT};
	const AdColumn *column;
	List	   *elements;
	List	   *leaves;

	if (!read_member(expr, F_TEXTEQ, true, &elements))
	{
		if (!read_member(expr, F_TEXTNE, false, &elements))
			return NULL;
		wanted = !wanted;
	}
	if (!fold_text(&match))
		return NULL;
	column = ad_expr_column(context, match.text);
	leaves = element_leaves(context, &match, column, elements, true);
	if (leaves == NIL)
		return NULL;
	if (wanted)
		return ad_and(list_make2(ad_or(leaves), ad_match_guard(column->field, column->type, false)));
	return ad_and(list_make2(ad_node(AD_NOR, list_make1(ad_or(leaves))),
							 ad_match_has_value(column->field, column->type)));
}

/* the broader predicate for lower(column) = ANY (constants) */
static Node *
weaker_member(AdExprContext *context, ScalarArrayOpExpr *expr)
{
	AdMatch		match = {.text = linitial(expr->args), .kind = AD_PATTERN_TEXT};
	const AdColumn *column;
	List	   *elements;
	List	   *leaves;

	strip_case(&match);
	column = ad_expr_column(context, match.text);
	if (match.fold == AD_FOLD_NONE || !read_member(expr, F_TEXTEQ, true, &elements))
		return NULL;
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
	if (!read_match(node, &match) || match.negated == wanted)
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
