/*
 * value_text.c
 *	  Translation of functions on text.
 *
 * Both systems count and compare code points: the database is in UTF-8, and
 * the collations are deterministic.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "translate/value_text.h"

/* a document has at most 16 MB (MongoDB manual, "MongoDB Limits and Thresholds") */
#define MOST_CHARACTERS		(1 << 24)

/* whether the value is a text or varchar */
static bool
is_text(const AdValue *value)
{
	return value->typid == TEXTOID || value->typid == VARCHAROID;
}

/*
 * Translates a text argument.  *string is "" for null, because some operators
 * return "" for null and others fail.
 */
static bool
text_argument(AdValueContext *context, Node *node, AdValue *argument, Node **string)
{
	if (!ad_value(context, node, argument) || !is_text(argument) || GetDatabaseEncoding() != PG_UTF8)
		return false;
	*string = ad_value_let(context, argument);
	if (argument->nullable)
		*string = ad_doc("$ifNull", ad_array2(*string, ad_string("")));
	return true;
}

/* a value of the type without any further properties; null if `nullable` is */
static void
set_result(AdValue *value, Oid typid, const AdValue *argument, Node *expr)
{
	memset(value, 0, sizeof(AdValue));
	value->typid = typid;
	value->nullable = argument->nullable;
	value->expr = !argument->nullable ? expr :
		ad_value_if(ad_value_not_null(argument), expr, ad_null());
}

/* reads an int4 constant that is `least` or more */
static bool
position_constant(Node *node, int least, int *position)
{
	if (!IsA(node, Const) || ((Const *) node)->constisnull)
		return false;
	*position = DatumGetInt32(((Const *) node)->constvalue);
	return *position >= least;
}

/*
 * Translates a constant text that is not empty, whose characters are found in
 * another text.
 */
static Node *
sought_constant(AdValueContext *context, Node *node)
{
	AdValue		value;

	if (!IsA(node, Const) || ((Const *) node)->constisnull ||
		VARSIZE_ANY_EXHDR(DatumGetTextPP(((Const *) node)->constvalue)) == 0 ||
		!ad_value(context, node, &value) || !is_text(&value))
		return NULL;
	return value.expr;
}

/* length(s) */
static bool
text_length(AdValueContext *context, List *args, AdValue *value)
{
	AdValue		argument;
	Node	   *string;

	if (!text_argument(context, linitial(args), &argument, &string))
		return false;
	set_result(value, INT4OID, &argument, ad_doc("$strLenCP", string));
	value->max = MOST_CHARACTERS;
	return true;
}

/*
 * The operands of `op` if the value is an expression of that operator, else
 * the value.
 */
static List *
operator_members(const AdValue *value, const char *op)
{
	if (IsA(value->expr, List) && ad_tag(value->expr) == AD_DOCUMENT &&
		strcmp(ad_doc_key(value->expr, 0), op) == 0)
		return list_copy_tail((List *) ad_doc_value(value->expr, 0), 1);
	return list_make1(value->expr);
}

/* a || b; a chain of them becomes one $concat, so it does not nest */
static bool
concatenation(AdValueContext *context, List *args, AdValue *value)
{
	AdValue		left;
	AdValue		right;
	List	   *members;

	if (!ad_value(context, linitial(args), &left) || !ad_value(context, lsecond(args), &right) ||
		!is_text(&left) || !is_text(&right))
		return false;
	members = list_concat(operator_members(&left, "$concat"), operator_members(&right, "$concat"));
	memset(value, 0, sizeof(AdValue));
	value->typid = TEXTOID;
	value->expr = ad_doc("$concat", ad_node(AD_ARRAY, members));
	value->nullable = left.nullable || right.nullable;
	return true;
}

/*
 * left(s, n), substring(s, from, n) and substring(s, from), with n and from
 * counted from the beginning.
 */
static bool
text_part(AdValueContext *context, List *args, bool to_end, AdValue *value)
{
	AdValue		argument;
	int			from = 1;
	int			length = MOST_CHARACTERS;
	Node	   *string;

	if ((!to_end && !position_constant(llast(args), 0, &length)) ||
		((to_end || list_length(args) == 3) && !position_constant(lsecond(args), 1, &from)) ||
		!text_argument(context, linitial(args), &argument, &string))
		return false;
	set_result(value, TEXTOID, &argument,
			   ad_doc("$substrCP", ad_array3(string, ad_integer(from - 1), ad_integer(length))));
	return true;
}

/* right(s, n): the characters from the length minus n, or from the first */
static bool
right_part(AdValueContext *context, List *args, AdValue *value)
{
	AdValue		argument;
	int			length;
	Node	   *string;
	Node	   *from;

	if (!position_constant(lsecond(args), 0, &length) ||
		!text_argument(context, linitial(args), &argument, &string))
		return false;
	from = ad_doc("$max", ad_array2(ad_integer(0),
									ad_doc("$subtract", ad_array2(ad_doc("$strLenCP", string),
																  ad_int64(length)))));
	set_result(value, TEXTOID, &argument,
			   ad_doc("$substrCP", ad_array3(string, from, ad_integer(length))));
	return true;
}

/*
 * btrim(s), ltrim(s), rtrim(s), also of the characters in a constant; without
 * it they remove spaces only, where MongoDB removes all white space.
 */
static bool
text_trim(AdValueContext *context, const char *op, List *args, AdValue *value)
{
	AdValue		argument;
	Node	   *string;
	Node	   *chars = list_length(args) == 2 ? sought_constant(context, lsecond(args)) : ad_string(" ");

	if (chars == NULL || !text_argument(context, linitial(args), &argument, &string))
		return false;
	set_result(value, TEXTOID, &argument, ad_doc(op, ad_doc2("input", string, "chars", chars)));
	return true;
}

/* strpos(s, constant): from 1; 0 if it is not there */
static bool
text_position(AdValueContext *context, List *args, AdValue *value)
{
	AdValue		argument;
	Node	   *string;
	Node	   *sought = sought_constant(context, lsecond(args));

	if (sought == NULL || !text_argument(context, linitial(args), &argument, &string))
		return false;
	set_result(value, INT4OID, &argument,
			   ad_doc("$add", ad_array2(ad_doc("$indexOfCP", ad_array2(string, sought)), ad_integer(1))));
	value->max = MOST_CHARACTERS;
	return true;
}

/* replace(s, constant, s) */
static bool
text_replace(AdValueContext *context, List *args, AdValue *value)
{
	AdValue		argument;
	AdValue		replacement;
	Node	   *string;
	Node	   *with;
	Node	   *sought = sought_constant(context, lsecond(args));

	if (sought == NULL || !text_argument(context, linitial(args), &argument, &string) ||
		!text_argument(context, lthird(args), &replacement, &with) || replacement.nullable)
		return false;
	set_result(value, TEXTOID, &argument,
			   ad_doc("$replaceAll", ad_doc_add(ad_doc2("input", string, "find", sought),
												"replacement", with)));
	return true;
}

/* split_part(s, constant, n) with n counted from the beginning; "" beyond the last part */
static bool
text_split(AdValueContext *context, List *args, AdValue *value)
{
	AdValue		argument;
	int			number;
	Node	   *string;
	Node	   *delimiter = sought_constant(context, lsecond(args));

	if (delimiter == NULL || !position_constant(lthird(args), 1, &number) ||
		!text_argument(context, linitial(args), &argument, &string))
		return false;
	set_result(value, TEXTOID, &argument,
			   ad_doc("$ifNull", ad_array2(ad_doc("$arrayElemAt", ad_array2(ad_doc("$split", ad_array2(string, delimiter)),
																			ad_integer(number - 1))),
										   ad_string(""))));
	return true;
}

/*
 * Translates the call of a function on text; `kind` is a word below, or the
 * operator for those that remove characters.  Returns false if it has no exact
 * translation for these arguments.
 */
bool
ad_text_function(AdValueContext *context, Oid function, const char *kind, List *args,
				 AdValue *value)
{
	Oid			collation = exprCollation(linitial(args));

	if (OidIsValid(collation) && !get_collation_isdeterministic(collation))
		return false;
	if (strcmp(kind, "length") == 0)
		return text_length(context, args, value);
	if (strcmp(kind, "||") == 0)
		return concatenation(context, args, value);
	if (strcmp(kind, "part") == 0)
		return text_part(context, args, false, value);
	if (strcmp(kind, "rest") == 0)
		return text_part(context, args, true, value);
	if (strcmp(kind, "right") == 0)
		return right_part(context, args, value);
	if (strcmp(kind, "position") == 0)
		return text_position(context, args, value);
	if (strcmp(kind, "replace") == 0)
		return text_replace(context, args, value);
	if (strcmp(kind, "split") == 0)
		return text_split(context, args, value);
	return text_trim(context, kind, args, value);
}
