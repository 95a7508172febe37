/*
 * typeexpr.c
 *	  Expressions of the aggregation language about a type's values.
 *
 * They are made from the type's row in convert.c, and mean what its decoder
 * does.
 */
#include "postgres.h"

#include "nodes/value.h"

#include "constant.h"
#include "node.h"
#include "typeexpr.h"

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

/* the value as a double, or null if it is out of range */
static Node *
to_double(Node *path)
{
	return ad_doc("$convert",
				  ad_doc_add(ad_doc2("input", path, "to", ad_string("double")),
							 "onError", ad_null()));
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
 * possible BSON types, and decodes.
 */
Node *
ad_possible_expr(const AdType *type, Node *path)
{
	List	   *tests = list_make1(type_is_in(path, type->possible, NULL));
	Node	   *ms = ad_doc("$toLong", path);

	switch (type->class)
	{
		case AD_CLASS_INTEGER:
			tests = lappend(tests, ad_doc("$gte", ad_array2(path, ad_int64(type->min))));
			tests = lappend(tests, ad_doc("$lte", ad_array2(path, ad_int64(type->max))));
			tests = lappend(tests, ad_doc("$eq", ad_array2(path, ad_doc("$trunc", path))));
			break;
		case AD_CLASS_FLOAT:
			/* numbers of different BSON types compare by their exact value */
			tests = lappend(tests, ad_doc("$eq", ad_array2(path, to_double(path))));
			break;
		case AD_CLASS_INSTANT:
		case AD_CLASS_DATE:
			tests = lappend(tests, ad_doc("$gte", ad_array2(ms, ad_int64(type->min))));
			tests = lappend(tests, ad_doc("$lte", ad_array2(ms, ad_int64(type->max))));
			if (type->class == AD_CLASS_DATE)
				tests = lappend(tests,
								ad_doc("$eq", ad_array2(ad_doc("$mod", ad_array2(ms, ad_int64(AD_DAY_MS))),
														ad_integer(0))));
			break;
		case AD_CLASS_TEXT:
			/* $regexMatch takes no symbols, but $substrBytes does */
			if (type->max_length > 0)
				path = ad_doc("$substrBytes", ad_array3(path, ad_integer(0), ad_integer(-1)));
			tests = lappend(tests,
							ad_doc("$not",
								   ad_array1(ad_doc("$regexMatch",
													ad_doc2("input", path,
															"regex", ad_text_misfit(type))))));
			break;
		case AD_CLASS_NONE:
		case AD_CLASS_BOOL:
		case AD_CLASS_NUMERIC:
		case AD_CLASS_UUID:
			elog(ERROR, "type %u has no possible BSON types", type->typid);
	}

	/*
	 * $and evaluates its operands in order and stops at the first false one
	 * (MongoDB manual, "$and (expression operator)"), so what follows the
	 * type test sees no other type.
	 */
	return ad_doc("$and", ad_node(AD_ARRAY, tests));
}

/*
 * An expression that is true when the value at `path` decodes as `type`, or,
 * with or_null, also when it decodes to SQL NULL.
 */
Node *
ad_fits_expr(const AdType *type, Node *path, bool or_null)
{
	static const char *const nulls[] = {"missing", "null", "undefined", NULL};
	Node	   *certain = NULL;

	if (type->certain[0] != NULL || or_null)
		certain = type_is_in(path, type->certain, or_null ? nulls : NULL);
	if (type->possible[0] == NULL)
		return certain;
	if (certain == NULL)
		return ad_possible_expr(type, path);
	return ad_doc("$or", ad_array2(certain, ad_possible_expr(type, path)));
}

/*
 * An expression that is true when the value at `path` decodes, and false when
 * an operator on the type's values would fail on it; in between, for what does
 * not decode, it is either.
 */
Node *
ad_safe_expr(const AdType *type, Node *path)
{
	if (type->class == AD_CLASS_INTEGER || type->class == AD_CLASS_FLOAT)
		return ad_fits_expr(type, path, false);
	return type_is_in(path, type->certain, type->possible);
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
									 ad_doc(type->unify, path),
									 value));
}
