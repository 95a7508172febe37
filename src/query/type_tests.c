/*
 * type_tests.c
 *	  Expressions of the aggregation language about a type's values.
 *
 * They are made from the type's row in types.c, and mean what its decoder
 * does.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/value.h"

#include "bson/constant.h"
#include "query/node.h"
#include "query/type_tests.h"

/* what SQL NULL is in BSON */
static const char *const nulls[] = {"missing", "null", "undefined", NULL};

/* whether the BSON type at the path is one of both lists' aliases */
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

/* whether the BSON type at the path is one of the type's possible ones */
static Node *
has_possible_type(const AdType *type, Node *path)
{
	return type_is_in(path, type->possible, NULL);
}

/*
 * $convert, which gives `otherwise` for what cannot be converted, and null for
 * null and missing, or `otherwise` too.
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
 * The value as one of that BSON type; null for null, missing, and for what
 * cannot be converted.
 */
Node *
ad_converted(Node *expr, const char *to)
{
	return convert_or(expr, to, ad_null(), false);
}

/* the BSON type that the numbers of a type become; all of int2 are int */
static const char *
number_type(const AdType *type)
{
	if (type->class == AD_CLASS_FLOAT)
		return "double";
	return type->max > PG_INT32_MAX ? "long" : "int";
}

/*
 * Whether the value at the path is equal to the number that it becomes, which
 * tells all that a number has to be: numbers of different BSON types compare
 * by their exact value, and nothing else is equal to one.  Nor is false, which
 * stands for what does not become one; and only numbers, strings and the like
 * become one.
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
 * A string at the path, for operators that take no other type; "" for all
 * else.  A symbol becomes a string.
 */
static Node *
string_or_empty(const AdType *type, Node *path)
{
	Node	   *string = ad_doc("$cond", ad_array3(has_possible_type(type, path), path, ad_string("")));

	if (type->max_length == 0)
		return string;
	return ad_doc("$substrBytes", ad_array3(string, ad_integer(0), ad_integer(-1)));
}

/* the tests of a string: it has no U+0000, and is not too long */
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

/* the tests of a date: it is within the type's range */
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
 * The regular expression of strings that are no text of the type: PostgreSQL's
 * holds no U+0000.
 */
Node *
ad_text_misfit(const AdType *type)
{
	if (type->max_length == 0)
		return ad_string("\\x00");
	return ad_string(psprintf("\\x00|(?s:.{%d})", type->max_length + 1));
}

/*
 * An expression that is true when the value at `path` is of one of the type's
 * possible BSON types, and decodes.  It fails for no value, in whatever order
 * MongoDB evaluates its parts (MongoDB manual, "$and", "Error Handling").
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

/* the same of a number, or, with or_null, also of null */
static Node *
number_fits(const AdType *type, Node *path, bool or_null)
{
	/* a long and an int are in the range of int8 and int4 */
	if (type->class == AD_CLASS_FLOAT || type->typid != INT2OID)
		return is_number(type, path, or_null);
	if (or_null)
		return ad_doc("$or", ad_array2(type_is_in(path, nulls, NULL),
									   number_fits(type, path, false)));
	return ad_doc("$and", ad_array2(is_number(type, path, false), is_in_range(type, path)));
}

/*
 * An expression that is true when the value at `path` decodes as `type`, or,
 * with or_null, also when it decodes to SQL NULL.
 */
Node *
ad_fits_expr(const AdType *type, Node *path, bool or_null)
{
	Node	   *certain = NULL;

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
 * A text as a string.  $convert takes no symbols, and the operators of strings
 * do not either, but for $substrBytes.
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
 * The value at `path` that decodes, as the one BSON type of its SQL type (see
 * value.h).  For what does not decode it is anything; it is no error.
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
 * The same, or null: of the SQL type's BSON type for all that the path may
 * hold, so that no operator fails on it, but for what does not decode any of
 * its values.
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
			/* all operators of conditions take everything */
			return ad_doc("$ifNull", ad_array2(path, ad_null()));
		default:
			return ad_fitting_expr(type, path);
	}
}

/*
 * The value at `path`, or null if it does not decode.
 */
Node *
ad_fitting_expr(const AdType *type, Node *path)
{
	return ad_doc("$cond", ad_array3(ad_fits_expr(type, path, false),
									 ad_decoded_expr(type, path), ad_null()));
}

/*
 * An expression whose results are equal for MongoDB exactly when the decoded
 * values are for SQL, given that they decode.  Missing becomes null.
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
