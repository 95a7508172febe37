/*
 * value_text.c
 *	  Translation of functions on text.
 *
 * Both systems count and compare code points: the database is in UTF-8, and
 * the collations are deterministic.
 *
 * A chain of a thousand concatenations nests as many calls.  So the functions that
 * translate the others are not inlined: their variables would be on the stack of each
 * call.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "translate/let.h"
#include "translate/pattern.h"
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
static pg_noinline bool
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
 * Translates an int4 argument that counts characters.  *number is 1 for null, which
 * $substrCP would not take, and a long, so that sums cannot overflow.
 */
static bool
count_argument(AdValueContext *context, Node *node, AdValue *argument, Node **number)
{
	if (!ad_value(context, node, argument) || argument->typid != INT4OID)
		return false;
	if (argument->min == argument->max)
		*number = ad_int64(argument->min);
	else if (!argument->nullable)
		*number = ad_doc("$add", ad_array2(argument->expr, ad_int64(0)));
	else
		*number = ad_doc("$ifNull", ad_array2(ad_doc("$add", ad_array2(ad_value_let(context, argument),
																	   ad_int64(0))),
											  ad_int64(1)));
	*number = ad_let(context->base, *number);
	return true;
}

/* `left op right` from 0 to the number of characters that a document can have */
static Node *
in_range(const char *op, Node *left, Node *right)
{
	return ad_doc("$max", ad_array2(ad_integer(0),
									ad_doc("$min", ad_array2(ad_doc(op, ad_array2(left, right)),
															 ad_integer(MOST_CHARACTERS)))));
}

/* one value if the count is negative, else another one */
static Node *
if_negative(const AdValue *count, Node *number, Node *negative, Node *otherwise)
{
	if (count->min >= 0 || count->max < 0)
		return count->max < 0 ? negative : otherwise;
	return ad_value_if(ad_doc("$lt", ad_array2(number, ad_int64(0))), negative, otherwise);
}

/* `length` characters after the first `skipped`; null if `count` is */
static void
set_part(AdValue *value, const AdValue *argument, Node *string, const AdValue *count,
		 Node *skipped, Node *length)
{
	set_result(value, TEXTOID, argument, ad_doc("$substrCP", ad_array3(string, skipped, length)));
	if (count->nullable)
		value->expr = ad_value_if(ad_value_not_null(count), value->expr, ad_null());
	value->nullable |= count->nullable;
}

/*
 * substring(s, from) and substring(s, from, n) with a constant n, of which the places
 * before the first character are a part.
 */
static pg_noinline bool
text_part(AdValueContext *context, List *args, AdValue *value)
{
	AdValue		argument;
	AdValue		from;
	int			length = PG_INT32_MAX;
	Node	   *string;
	Node	   *number;
	Node	   *skipped;
	Node	   *taken;

	if ((list_length(args) == 3 && !position_constant(lthird(args), 0, &length)) ||
		!text_argument(context, linitial(args), &argument, &string) ||
		!count_argument(context, lsecond(args), &from, &number))
		return false;
	taken = ad_integer(Min(length, MOST_CHARACTERS));
	skipped = ad_integer(Max(0, Min(from.min - 1, MOST_CHARACTERS)));
	if (from.min != from.max)
		skipped = in_range("$subtract", number, ad_int64(1));
	if (from.min < 1 && list_length(args) == 3)
		taken = ad_doc("$min", ad_array2(taken, in_range("$add", number, ad_int64((int64) length - 1))));
	set_part(value, &argument, string, &from, skipped, taken);
	return true;
}

/* left(s, n); a negative n leaves out as many characters at the end */
static pg_noinline bool
left_part(AdValueContext *context, List *args, AdValue *value)
{
	AdValue		argument;
	AdValue		count;
	Node	   *string;
	Node	   *number;
	Node	   *length;

	if (!text_argument(context, linitial(args), &argument, &string) ||
		!count_argument(context, lsecond(args), &count, &number))
		return false;
	if (count.min == count.max && count.min >= 0)
		length = ad_integer(Min(count.min, MOST_CHARACTERS));
	else
		length = in_range("$add", number,
						  if_negative(&count, number, ad_doc("$strLenCP", string), ad_int64(0)));
	set_part(value, &argument, string, &count, ad_integer(0), length);
	return true;
}

/*
 * right(s, n); a negative n leaves out as many characters at the beginning, but
 * PostgreSQL's sum overflows for the least one, which leaves out none.
 */
static pg_noinline bool
right_part(AdValueContext *context, List *args, AdValue *value)
{
	AdValue		argument;
	AdValue		count;
	Node	   *string;
	Node	   *number;
	Node	   *skipped;

	if (!text_argument(context, linitial(args), &argument, &string) ||
		!count_argument(context, lsecond(args), &count, &number) || count.min == PG_INT32_MIN)
		return false;
	skipped = in_range("$subtract",
					   if_negative(&count, number, ad_int64(0), ad_doc("$strLenCP", string)), number);
	set_part(value, &argument, string, &count, skipped, ad_integer(MOST_CHARACTERS));
	return true;
}

/*
 * btrim(s), ltrim(s), rtrim(s), also of the characters in a constant; without
 * it they remove spaces only, where MongoDB removes all white space.
 */
static pg_noinline bool
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
static pg_noinline bool
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
static pg_noinline bool
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
static pg_noinline bool
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

/* does the function, under the collation, convert ASCII letters as MongoDB does? */
static pg_noinline bool
converts_ascii(Oid function, Oid collation)
{
	static const char upper_case[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char lower_case[] = "abcdefghijklmnopqrstuvwxyz";

	if (!OidIsValid(collation))
		return false;
	return function == F_LOWER_TEXT ? ad_case_becomes(lower, upper_case, lower_case, collation) :
		ad_case_becomes(upper, lower_case, upper_case, collation);
}

/*
 * lower(s) and upper(s), where PostgreSQL rechecks.  $toLower and $toUpper are defined
 * for ASCII only (MongoDB manual), so the result of another text is not known.
 */
static pg_noinline bool
text_case(AdValueContext *context, Oid function, Oid collation, List *args, AdValue *value)
{
	AdValue		argument;
	Node	   *string;

	if (!context->may_recheck || !converts_ascii(function, collation) ||
		!text_argument(context, linitial(args), &argument, &string))
		return false;
	context->unknown = lappend(context->unknown,
							   ad_doc("$regexMatch", ad_doc2("input", string, "regex", ad_string("[^\\x00-\\x7f]"))));
	set_result(value, TEXTOID, &argument,
			   ad_doc(function == F_LOWER_TEXT ? "$toLower" : "$toUpper", string));
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

	if (!ad_is_deterministic(collation, exprType(linitial(args))))
		return false;
	if (strcmp(kind, "length") == 0)
		return text_length(context, args, value);
	if (strcmp(kind, "||") == 0)
		return concatenation(context, args, value);
	if (strcmp(kind, "left") == 0)
		return left_part(context, args, value);
	if (strcmp(kind, "part") == 0)
		return text_part(context, args, value);
	if (strcmp(kind, "right") == 0)
		return right_part(context, args, value);
	if (strcmp(kind, "position") == 0)
		return text_position(context, args, value);
	if (strcmp(kind, "replace") == 0)
		return text_replace(context, args, value);
	if (strcmp(kind, "split") == 0)
		return text_split(context, args, value);
	if (strcmp(kind, "case") == 0)
		return text_case(context, function, collation, args, value);
	return text_trim(context, kind, args, value);
}
