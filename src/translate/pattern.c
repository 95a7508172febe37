/*
 * pattern.c
 *	  Conditions that match text with patterns: reading them, and whether MongoDB
 *	  can match them exactly.
 *
 * filter_pattern.c translates them to predicates, and value_pattern.c to aggregation
 * expressions.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "query/match_type.h"
#include "query/sql_array.h"
#include "translate/pattern.h"

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

/* is it a call of lower() or upper()? */
static bool
converts_case(const Node *node)
{
	return IsA(node, FuncExpr) && (((const FuncExpr *) node)->funcid == F_LOWER_TEXT ||
								   ((const FuncExpr *) node)->funcid == F_UPPER_TEXT);
}

/*
 * Reads a call of one of pattern_functions.  Returns false if it is something else, or
 * if texts under its collation cannot be matched with patterns.
 */
bool
ad_match_read(Node *node, AdMatch *match)
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
	if (!ad_is_deterministic(match->collation, TEXTOID) ||
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
 * Does PostgreSQL's lower() or upper() convert the one text to the other one under the
 * collation?
 */
bool
ad_case_becomes(PGFunction convert, const char *string, const char *converted, Oid collation)
{
	Datum		result = DirectFunctionCall1Coll(convert, collation, CStringGetTextDatum(string));

	return strcmp(TextDatumGetCString(result), converted) == 0;
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
	if (!ad_case_becomes(lower, "I", "i", collation) || !ad_case_becomes(lower, "I\xcc\x81", "i\xcc\x81", collation) ||
		!ad_case_becomes(lower, "\xe2\x84\xaa", "k", collation))
		return AD_FOLD_LOWER;
	if (ad_case_becomes(lower, "\xc4\xb0", "i", collation))
		return AD_FOLD_PLAIN_I;
	return ad_case_becomes(lower, "\xc4\xb0", "i\xcc\x87", collation) ? AD_FOLD_DOTTED_I : AD_FOLD_LOWER;
}

/*
 * Is the pattern a plain constant, so that texts in lower case can be matched exactly?
 * `any_case` says that PostgreSQL converts the pattern, too.
 */
bool
ad_match_is_plain(const AdMatch *match, bool any_case)
{
	const Const *pattern = (const Const *) match->pattern;

	return match->kind != AD_PATTERN_REGEX && IsA(pattern, Const) && !pattern->constisnull &&
		ad_like_is_plain(match->kind, DatumGetTextPP(pattern->constvalue), any_case);
}

/*
 * Makes the match one of the text within lower(), if that is called, with a fold that
 * is exact.  Returns false if there is no such fold, or if the text's case counts.
 */
bool
ad_match_fold(AdMatch *match)
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
 * Makes the match one that MongoDB's patterns express exactly, if lower() is called by
 * ad_match_fold().  Returns false if there is none.
 */
bool
ad_match_exactly(AdMatch *match)
{
	if (!converts_case(match->text) && ad_like_is_exact(match->kind, match->fold))
		return true;
	return ad_match_is_plain(match, match->fold != AD_FOLD_NONE) && ad_match_fold(match);
}

/* whether it is such a condition by this function, for ANY if `use_or`, else for ALL */
static bool
is_member(const ScalarArrayOpExpr *expr, Oid function, bool use_or)
{
	return get_opcode(expr->opno) == function && expr->useOr == use_or;
}

/*
 * Reads the condition `text = ANY (constants)`, or, negated, `text <> ALL (constants)`,
 * as a match without a pattern, and sets the constants.  Returns false if it is
 * something else.
 */
bool
ad_match_read_member(const ScalarArrayOpExpr *expr, AdMatch *match, List **elements)
{
	const Const *array = lsecond(expr->args);

	*match = (AdMatch)
	{
		.text = linitial(expr->args), .collation = expr->inputcollid,
			.kind = AD_PATTERN_TEXT, .negated = is_member(expr, F_TEXTNE, false)
	};
	if ((!match->negated && !is_member(expr, F_TEXTEQ, true)) || !IsA(array, Const) ||
		array->constisnull || GetDatabaseEncoding() != PG_UTF8 || !ad_is_deterministic(expr->inputcollid, TEXTOID))
		return false;
	*elements = ad_sql_array_elements(array->constvalue, TEXTOID, array->constcollid);
	return *elements != NIL;
}
