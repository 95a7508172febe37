/*
 * value_pattern.c
 *	  Translation of conditions that match text with patterns to aggregation
 *	  expressions.
 *
 * $regexMatch takes the same regular expressions as $regex.  It is false for null, and
 * it knows no indexes, so filter_pattern.c is asked first for the conditions of WHERE.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "translate/pattern.h"
#include "translate/value_pattern.h"

/*
 * The most patterns in the expressions of a query: a document is compared with all,
 * so that hundreds would be slower than PostgreSQL is.
 */
#define MOST_PATTERNS	100

/* reads a condition with its patterns as constants; false if it is no exact match */
static bool
read_patterns(Node *node, AdMatch *match, List **patterns)
{
	ListCell   *lc;

	if (!IsA(node, ScalarArrayOpExpr))
	{
		if (!ad_match_read(node, match) || !ad_match_exactly(match))
			return false;
		*patterns = list_make1(match->pattern);
		return true;
	}
	if (!ad_match_read_member((ScalarArrayOpExpr *) node, match, patterns) ||
		!ad_match_fold(match))
		return false;
	foreach(lc, *patterns)
	{
		match->pattern = lfirst(lc);
		if (!ad_match_is_plain(match, false))
			return false;
	}
	return true;
}

/* the condition that the text matches the pattern; NULL if there is none */
static Node *
match_text(const AdMatch *match, Node *input, Node *pattern)
{
	const char *regex;

	if (!IsA(pattern, Const) || ((Const *) pattern)->constisnull)
		return NULL;
	regex = ad_like_regex(match->kind, match->fold, DatumGetTextPP(((Const *) pattern)->constvalue));
	return regex == NULL ? NULL :
		ad_doc("$regexMatch", ad_doc2("input", input, "regex", ad_string(regex)));
}

/*
 * Returns the condition that the text matches one of the patterns, which is false for
 * null, and sets the text's value.  NULL if there is none.
 */
static Node *
any_match(AdValueContext *context, Node *node, AdMatch *match, AdValue *text)
{
	List	   *matches = NIL;
	List	   *patterns;
	ListCell   *lc;

	if (!read_patterns(node, match, &patterns))
		return NULL;
	context->base->patterns += list_length(patterns);
	if (context->base->patterns > MOST_PATTERNS || !ad_value(context, match->text, text) ||
		(text->typid != TEXTOID && text->typid != VARCHAROID))
		return NULL;
	(void) ad_value_let(context, text);
	foreach(lc, patterns)
	{
		Node	   *matched = match_text(match, text->expr, lfirst(lc));

		if (matched == NULL)
			return NULL;
		matches = lappend(matches, matched);
	}
	return list_length(matches) == 1 ? linitial(matches) : ad_doc("$or", ad_node(AD_ARRAY, matches));
}

/*
 * Returns an expression, itself never null, that is true exactly where the match of a
 * text with a pattern is true, or, if not `wanted`, false.  NULL if there is none.
 */
Node *
ad_pattern_test(AdValueContext *context, Node *node, bool wanted)
{
	AdMatch		match;
	AdValue		text;
	Node	   *matched = any_match(context, node, &match, &text);

	if (matched == NULL || wanted != match.negated)
		return matched;
	matched = ad_doc("$not", ad_array1(matched));
	return !text.nullable ? matched :
		ad_doc("$and", ad_array2(matched, ad_value_not_null(&text)));
}

/*
 * Translates a match of a text with a pattern to a value: true, false or null.  Returns
 * false if there is none.
 */
bool
ad_pattern_value(AdValueContext *context, Node *node, AdValue *value)
{
	AdMatch		match;
	AdValue		text;
	Node	   *matched = any_match(context, node, &match, &text);

	if (matched == NULL)
		return false;
	memset(value, 0, sizeof(AdValue));
	value->typid = BOOLOID;
	value->nullable = text.nullable;
	value->expr = match.negated ? ad_doc("$not", ad_array1(matched)) : matched;
	if (text.nullable)
		value->expr = ad_value_if(ad_value_not_null(&text), value->expr, ad_null());
	return true;
}
