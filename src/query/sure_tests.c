/*
 * sure_tests.c
 *	  Aggregation expressions that are true only for values that decode, of
 *	  types for which MongoDB cannot tell all of these.
 *
 * Where the result is not true, the value may decode all the same: a nested
 * array, a text with spaces behind it, a double with more than 15 digits.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/lsyscache.h"

#include "bson/constant.h"
#include "query/node.h"
#include "query/sure_tests.h"
#include "query/type_tests.h"

/* so many digits of a decimal number survive that it is stored as a double */
#define DOUBLE_DIGITS	15

/* a text of at most that many characters, or of any length if that is 0 */
static Node *
sure_text(int length, Node *path)
{
	return ad_fits_expr(ad_column_type(VARCHAROID, length > 0 ? length + VARHDRSZ : -1), path, false);
}

/* an instant in the range of the type */
static Node *
sure_time(Node *path)
{
	AdType	   *type = palloc(sizeof(AdType));

	*type = *ad_type(TIMEOID);
	type->class = AD_CLASS_INSTANT;
	return ad_fits_expr(type, path, false);
}

/*
 * A number with so many digits after the point, and so many before.
 *
 * A decimal of up to 15 digits that becomes the double is the shortest that
 * denotes it.
 */
static Node *
sure_numeric(int precision, int scale, Node *path)
{
	const AdType *numbers = ad_type(NUMERICOID);
	Node	   *number = ad_doc("$cond", ad_array3(ad_fits_expr(numbers, path, false), path, ad_integer(0)));
	Node	   *decimal = ad_doc("$toDecimal", number);
	int64		limit = 1;
	int64		factor = 1;
	Node	   *shifted;
	Node	   *is_same;

	for (int i = 0; i < Min(precision, DOUBLE_DIGITS) - scale; i++)
		limit *= 10;
	for (int i = 0; i < scale; i++)
		factor *= 10;
	shifted = ad_doc("$multiply", ad_array2(decimal, ad_int64(factor)));
	is_same = ad_doc("$or", ad_array2(ad_doc("$ne", ad_array2(ad_doc("$type", path), ad_string("double"))),
									  ad_doc("$eq", ad_array2(path, ad_converted(decimal, "double")))));
	return ad_doc("$and", ad_node(AD_ARRAY,
								  list_make5(ad_fits_expr(numbers, path, false),
											 ad_doc("$gt", ad_array2(decimal, ad_int64(-limit))),
											 ad_doc("$lt", ad_array2(decimal, ad_int64(limit))),
											 ad_doc("$eq", ad_array2(shifted, ad_doc("$trunc", shifted))),
											 is_same)));
}

/* whether MongoDB can test all values of the type, see type_tests.c */
static bool
is_tested(const AdType *type)
{
	switch (type->class)
	{
		case AD_CLASS_NONE:
		case AD_CLASS_UUID:
			return false;
		case AD_CLASS_TEXT:
			return GetDatabaseEncoding() == PG_UTF8;
		default:
			return true;
	}
}

/* an array without arrays in it; NULL if there is no test for its elements */
static Node *
sure_array(Oid element_type, int32 typmod, Node *path)
{
	const AdType *type = ad_column_type(element_type, typmod);
	Node	   *is_array = ad_doc("$eq", ad_array2(ad_doc("$type", path), ad_string("array")));
	Node	   *elements = ad_doc("$cond", ad_array3(is_array, path, ad_node(AD_ARRAY, NIL)));
	Node	   *arguments = ad_doc2("input", elements, "initialValue", (Node *) makeBoolean(true));

	if (type == NULL || !is_tested(type))
		return NULL;
	ad_doc_add(arguments, "in",
			   ad_doc("$and", ad_array2(ad_string("$$value"), ad_fits_expr(type, ad_string("$$this"), true))));
	return ad_doc("$and", ad_array2(is_array, ad_doc("$reduce", arguments)));
}

/*
 * Returns the test of the value at `path`, which is true only if the value
 * decodes as the SQL type; NULL if there is none.
 */
Node *
ad_sure_expr(Oid typid, int32 typmod, Node *path)
{
	bool		is_limited = typmod >= (int32) VARHDRSZ;
	int			precision;
	int			scale;

	switch (typid)
	{
		case BPCHAROID:
			return GetDatabaseEncoding() != PG_UTF8 ? NULL :
				sure_text(is_limited ? typmod - VARHDRSZ : 0, path);
		case NAMEOID:
			return GetDatabaseEncoding() != PG_UTF8 ? NULL :
				sure_text((NAMEDATALEN - 1) / MAX_MULTIBYTE_CHAR_LEN, path);
		case TIMEOID:
			return typmod >= 0 ? NULL : sure_time(path);
		case BYTEAOID:
			return ad_fits_expr(ad_type(BYTEAOID), path, false);
		case NUMERICOID:
			return !ad_numeric_typmod(typmod, &precision, &scale) || scale < 0 ||
				scale > Min(precision, DOUBLE_DIGITS) ? NULL : sure_numeric(precision, scale, path);
		default:
			return OidIsValid(get_element_type(typid)) ?
				sure_array(get_element_type(typid), typmod, path) : NULL;
	}
}
