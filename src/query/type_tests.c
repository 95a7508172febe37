/*
 * type_tests.c
 *	  Aggregation expressions that test and convert the values of an SQL type.
 *
 * The functions make the expressions from the type's row in types.c.  An
 * expression accepts the same values as the type's decoder.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "bson/constant.h"
#include "query/node.h"
#include "query/type_tests.h"

/* the BSON types that decode to SQL NULL */
static const char *const nulls[] = {"missing", "null", "undefined", NULL};

/*
 * Returns the test that the BSON type at the path is in one of two lists of
 * aliases.
 */
static Node *
type_is_in(Node *path, const char *const *aliases, const char *const *more)
{
	List	   *names = NIL;

	for (; aliases != NULL && *aliases != NULL; aliases++)
		names = lappend(names, makeString(pstrdup(*aliases)));
	for (; more != NULL && *more != NULL; more++)
		names = lappend(names, makeString(pstrdup(*more)));
	if (list_length(names) == 1)
		return ad_doc("$eq", ad_array2(ad_doc("$type", path), linitial(names)));
	return ad_doc("$in", ad_array2(ad_doc("$type", path),
								   ad_node(AD_ARRAY, names)));
}

/* returns the test that the path has one of the type's possible BSON types */
static Node *
has_possible_type(const AdType *type, Node *path)
{
	return type_is_in(path, type->possible, NULL);
}

/*
 * Returns a $convert whose result is `otherwise` if the input cannot be
 * converted.  If the input is null or missing, the result is null, or, if
 * `also_of_null`, `otherwise`.
 */
static Node *
convert_or(Node *input, const char *to, Node *otherwise, bool also_of_null)
{
	Node	   *arguments = ad_doc2("input", input, "to", ad_string(to));

	ad_doc_add(arguments, "onError", otherwise);
	if (also_of_null)
		ad_doc_add(arguments, "onNull", otherwise);
	return ad_doc("$convert", arguments);
}

/*
 * Returns a document of the value and its BSON type, to group by where values
 * of different types that MongoDB takes for equal must not be one group.
 */
Node *
ad_with_type(Node *path)
{
	return ad_doc2("v", path, "t", ad_doc("$type", path));
}

/*
 * Returns an expression that converts a value to the BSON type `to`.  Its
 * result is null if the value is null, missing or cannot be converted.
 */
Node *
ad_converted(Node *expr, const char *to)
{
	return convert_or(expr, to, ad_null(), false);
}

/*
 * Returns the BSON type to which numbers are converted; int for int2 and
 * int4.
 */
static const char *
number_type(const AdType *type)
{
	if (type->class == AD_CLASS_FLOAT)
		return "double";
	return type->max > PG_INT32_MAX ? "long" : "int";
}

/*
 * Returns the test that the value at the path is a number that the type can
 * hold.  The test converts the value and compares the result with the value.
 * Numbers of different BSON types compare by their exact value, and no other
 * value equals a number, so the two are equal only for such a number.  If the
 * conversion fails, its result is false.  The value false does not match,
 * because it converts to 0.
 */
static Node *
is_number(const AdType *type, Node *path, bool or_null)
{
	Node	   *value = or_null ? ad_doc("$ifNull", ad_array2(path, ad_null())) : path;

	return ad_doc("$eq", ad_array2(value, convert_or(path, number_type(type),
													 (Node *) makeBoolean(false), !or_null)));
}

static Node *
is_in_range(const AdType *type, Node *number)
{
	return ad_doc("$and", ad_array2(ad_doc("$gte", ad_array2(number, ad_int64(type->min))),
									ad_doc("$lte", ad_array2(number, ad_int64(type->max)))));
}

/*
 * Returns an expression for operators that accept strings only.  Its result
 * is the string at the path, or "" for a value of another type.  If the type
 * has a maximum length, a symbol becomes a string.
 */
static Node *
string_or_empty(const AdType *type, Node *path)
{
	Node	   *string = ad_doc("$cond", ad_array3(has_possible_type(type, path), path, ad_string("")));

	if (type->max_length == 0)
		return string;
	return ad_doc("$substrBytes", ad_array3(string, ad_integer(0), ad_integer(-1)));
}

/* returns the tests of a text: it has no U+0000 and is not too long */
static List *
text_tests(const AdType *type, Node *path)
{
	Node	   *string = string_or_empty(type, path);
	Node	   *nul = ad_doc("$indexOfBytes", ad_array2(string, ad_node(AD_NUL, NIL)));
	List	   *tests = list_make1(ad_doc("$eq", ad_array2(nul, ad_integer(-1))));

	if (type->max_length > 0)
		tests = lappend(tests, ad_doc("$lte", ad_array2(ad_doc("$strLenCP", string),
														ad_integer(type->max_length))));
	return tests;
}

/*
 * Returns the tests of a date: it is in the type's range and, for type date,
 * at midnight.
 */
static List *
date_tests(const AdType *type, Node *path)
{
	Node	   *ms = ad_converted(path, "long");
	List	   *tests = list_make1(is_in_range(type, ms));

	if (type->class == AD_CLASS_DATE)
		tests = lappend(tests, ad_doc("$eq", ad_array2(ad_doc("$mod", ad_array2(ms, ad_int64(AD_DAY_MS))),
													   ad_integer(0))));
	return tests;
}

/*
 * Returns a regular expression that matches the strings that a text type
 * cannot hold.  These are strings with U+0000, which no text in PostgreSQL
 * can hold, and strings that are too long.
 */
Node *
ad_text_misfit(const AdType *type)
{
	if (type->max_length == 0)
		return ad_string("\\x00");
	return ad_string(psprintf("\\x00|(?s:.{%d})", type->max_length + 1));
}

/*
 * Returns an expression that is true if the value at `path` has one of the
 * type's possible BSON types and decodes.  It raises no error for any value,
 * in whatever order MongoDB evaluates its parts (MongoDB manual, "$and",
 * "Error Handling").
 */
Node *
ad_possible_expr(const AdType *type, Node *path)
{
	List	   *tests = NIL;

	switch (type->class)
	{
		case AD_CLASS_INTEGER:
		case AD_CLASS_FLOAT:
			return ad_fits_expr(type, path, false);
		case AD_CLASS_INSTANT:
		case AD_CLASS_DATE:
			tests = date_tests(type, path);
			break;
		case AD_CLASS_TEXT:
			tests = text_tests(type, path);
			break;
		case AD_CLASS_NONE:
		case AD_CLASS_BOOL:
		case AD_CLASS_NUMERIC:
		case AD_CLASS_UUID:
			elog(ERROR, "type %u has no possible BSON types", type->typid);
	}
	return ad_doc("$and", ad_node(AD_ARRAY, lcons(has_possible_type(type, path), tests)));
}

/*
 * Returns the test that a number decodes or, if or_null, that the value is
 * null.
 */
static Node *
number_fits(const AdType *type, Node *path, bool or_null)
{
	/* every long is in the range of int8, and every int in that of int4 */
	if (type->class == AD_CLASS_FLOAT || type->typid != INT2OID)
		return is_number(type, path, or_null);
	if (or_null)
		return ad_doc("$or", ad_array2(type_is_in(path, nulls, NULL),
									   number_fits(type, path, false)));
	return ad_doc("$and", ad_array2(is_number(type, path, false), is_in_range(type, path)));
}

/*
 * Returns an expression that is true if the value at `path` decodes as
 * `type`.  If or_null, it is also true if the value decodes to SQL NULL.  All
 * values fit a trusted type.
 */
Node *
ad_fits_expr(const AdType *type, Node *path, bool or_null)
{
	Node	   *certain = NULL;

	if (type->trusted)
		return or_null ? (Node *) makeBoolean(true) : ad_doc("$gt", ad_array2(path, ad_null()));
	if (type->class == AD_CLASS_INTEGER || type->class == AD_CLASS_FLOAT)
		return number_fits(type, path, or_null);
	if (type->certain[0] != NULL || or_null)
		certain = type_is_in(path, type->certain, or_null ? nulls : NULL);
	if (type->possible[0] == NULL)
		return certain;
	if (certain == NULL)
		return ad_possible_expr(type, path);
	return ad_doc("$or", ad_array2(certain, ad_possible_expr(type, path)));
}

/*
 * Returns the test that the value at the path reads as SQL NULL in every type.
 */
Node *
ad_null_expr(Node *path)
{
	return type_is_in(path, nulls, NULL);
}

/*
 * Returns an expression for a text type.  It is true if the value at `path` is
 * null, or a string that decodes, and false for a variant of strings.
 */
Node *
ad_plain_expr(const AdType *type, Node *path)
{
	List	   *tests = text_tests(type, path);

	if (type->trusted)
		return type_is_in(path, type->possible, nulls);
	return ad_doc("$cond", ad_array3(has_possible_type(type, path),
									 ad_all_of(tests),
									 type_is_in(path, nulls, NULL)));
}

/*
 * Returns an expression that converts a text to a string.  Of the operators
 * that could do so only $substrBytes accepts symbols; $convert does not.
 */
static Node *
text_expr(Node *path)
{
	Node	   *bson_type = ad_doc("$type", path);
	Node	   *symbol = ad_doc("$cond", ad_array3(ad_doc("$eq", ad_array2(bson_type, ad_string("symbol"))),
												   path, ad_string("")));
	Node	   *string = ad_doc("$substrBytes", ad_array3(symbol, ad_integer(0), ad_integer(-1)));

	return ad_doc("$cond", ad_array3(ad_doc("$eq", ad_array2(bson_type, ad_string("string"))),
									 path, convert_or(path, "string", string, false)));
}

/*
 * Returns an expression for a value at `path` that decodes.  The result has
 * the one BSON type that represents the SQL type (see value.h).  If the value
 * does not decode, the result can be anything, but no error.
 */
Node *
ad_decoded_expr(const AdType *type, Node *path)
{
	switch (type->class)
	{
		case AD_CLASS_INTEGER:
		case AD_CLASS_FLOAT:
			return ad_converted(path, number_type(type));
		case AD_CLASS_TEXT:
			return text_expr(path);
		default:
			return path;
	}
}

/*
 * Like ad_decoded_expr(), but no operator fails on the result, whatever the
 * value at `path` is.  The result has the BSON type that represents the SQL
 * type, or is null.  If the value does not decode, the result may be any
 * value of that BSON type; for boolean, any value at all.
 */
Node *
ad_total_expr(const AdType *type, Node *path)
{
	switch (type->class)
	{
		case AD_CLASS_INTEGER:
		case AD_CLASS_FLOAT:
		case AD_CLASS_TEXT:
			return ad_decoded_expr(type, path);
		case AD_CLASS_BOOL:
			/* the operators for booleans accept values of every BSON type */
			return ad_doc("$ifNull", ad_array2(path, ad_null()));
		default:
			return ad_fitting_expr(type, path);
	}
}

/*
 * Returns an expression for the value at `path`, whose result is null if the
 * value does not decode.
 */
Node *
ad_fitting_expr(const AdType *type, Node *path)
{
	return ad_doc("$cond", ad_array3(ad_fits_expr(type, path, false),
									 ad_decoded_expr(type, path), ad_null()));
}

/*
 * Returns an expression for values at `path` that decode.  MongoDB treats two
 * results as equal exactly if the decoded values are equal in SQL.  The
 * result for a missing field is null.
 */
Node *
ad_unified_expr(const AdType *type, Node *path)
{
	Node	   *value = ad_doc("$ifNull", ad_array2(path, ad_null()));

	if (type->variant == NULL)
		return value;
	return ad_doc("$cond", ad_array3(ad_doc("$eq", ad_array2(ad_doc("$type", path),
															 ad_string(type->variant))),
									 ad_converted(path, "string"),
									 value));
}
