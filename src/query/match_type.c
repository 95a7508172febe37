/*
 * match_type.c
 *	  Predicates that test whether the value of a field decodes as an SQL type,
 *	  and whether it is null.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "bson/constant.h"
#include "bson/types.h"
#include "query/match_type.h"
#include "query/type_tests.h"

/* returns the aliases of both lists as an argument of $type */
static Node *
aliases(const char *const *certain, const char *const *possible)
{
	List	   *names = NIL;

	for (; *certain != NULL; certain++)
		names = lappend(names, ad_string(*certain));
	for (; *possible != NULL; possible++)
		names = lappend(names, ad_string(*possible));
	return list_length(names) == 1 ? linitial(names) : ad_node(AD_ARRAY, names);
}

/*
 * Returns {path: {$type: [...]}} with all BSON types whose values can decode.
 */
Node *
ad_match_has_type(const char *path, const AdType *type)
{
	return ad_field(path, "$type", aliases(type->certain, type->possible));
}

/*
 * Returns the predicate that the value has one of the possible BSON types and
 * decodes.  The expression tests the BSON type itself.  The predicate repeats
 * the test in the match language, so that each branch of an $or can use an
 * index.
 */
static Node *
possible_fits(const char *path, const AdType *type)
{
	static const char *const none[] = {NULL};

	return ad_and(list_make2(ad_field(path, "$type", aliases(none, type->possible)),
							 ad_node(AD_EXPR,
									 list_make1(ad_possible_expr(type, ad_path_expr(path))))));
}

/*
 * Returns the predicates that neither the value nor a document above it is an
 * array.
 */
static List *
no_arrays(const char *path)
{
	List	   *predicates = NIL;
	const char *dot = path;

	while ((dot = strchr(dot, '.')) != NULL)
	{
		predicates = lappend(predicates,
							 ad_field(pnstrdup(path, dot - path), "$not",
									  ad_doc("$type", ad_string("array"))));
		dot++;
	}
	return lappend(predicates, ad_field(path, "$not", ad_doc("$type", ad_string("array"))));
}

/*
 * Returns the guard of a comparison, which tests what the comparison itself
 * does not: that there is no array at the path or above it, and that a value
 * of a possible BSON type decodes.  A trusted type needs no guard.  The second test is not needed if
 * `equality`, because a value that is equal to one that decodes decodes, too.
 */
Node *
ad_match_guard(const char *path, const AdType *type, bool equality)
{
	static const char *const none[] = {NULL};
	List	   *guards = no_arrays(path);

	if (type->trusted)
		return ad_true();
	/* the operand may be longer than the type allows, and an equal text, too */
	if (equality && type->max_length == 0)
		return ad_and(guards);
	if (type->class == AD_CLASS_TEXT)
	{
		guards = lappend(guards, ad_field(path, "$not",
										  ad_doc("$regex", ad_text_misfit(type))));
		if (type->max_length > 0 && type->certain[0] == NULL)
			guards = lappend(guards, ad_field(path, "$not",
											  ad_doc("$type", ad_string("objectId"))));
	}
	else if (type->class == AD_CLASS_INSTANT)
	{
		guards = lappend(guards, ad_field(path, "$gte", ad_date_const(type->min)));
		guards = lappend(guards, ad_field(path, "$lte", ad_date_const(type->max)));
	}
	else if (type->possible[0] != NULL && type->certain[0] == NULL)
		guards = lappend(guards, possible_fits(path, type));
	else if (type->possible[0] != NULL)
		guards = lappend(guards,
						 ad_or(list_make2(ad_field(path, "$type",
												   aliases(type->certain, none)),
										  possible_fits(path, type))));
	return ad_and(guards);
}

/*
 * Are the operator and its constant one of the two bounds that
 * ad_match_guard() adds for dates?  Any other bound on the same side makes it
 * superfluous.
 */
bool
ad_match_is_range_end(const char *op, const Node *value)
{
	const AdType *type = ad_type(TIMESTAMPTZOID);
	const Const *constant = (const Const *) value;
	int64		ms;

	if (!IsA(value, Const) || constant->constisnull ||
		constant->consttype != TIMESTAMPTZOID)
		return false;
	(void) ad_timestamptz_to_ms(DatumGetTimestampTz(constant->constvalue), &ms);
	return strcmp(op, "$gte") == 0 ? ms == type->min : strcmp(op, "$lte") == 0 && ms == type->max;
}

/*
 * Returns the predicate to send for a bound of the range of dates that no
 * other bound makes superfluous.  Dates in the years 1 to 9999 match by
 * comparison.  An expression tests the other dates, because some servers that
 * speak MongoDB's protocol refuse constants outside of these years.
 */
Node *
ad_match_range_test(Node *range_end)
{
	const AdType *type = ad_type(TIMESTAMPTZOID);
	const char *path = ad_field_path(range_end);
	const char *op = ad_field_op(range_end);
	int64		near_end = strcmp(op, "$gte") == 0 ?
	INT64CONST(-62135596800000) :	/* 0001-01-01T00:00:00Z */
	INT64CONST(253402300799999);	/* 9999-12-31T23:59:59.999Z */

	return ad_or(list_make2(ad_field(path, op, ad_date_const(near_end)),
							possible_fits(path, type)));
}

/*
 * Returns the predicate for IS NOT NULL: the value decodes and is not null.
 */
Node *
ad_match_has_value(const char *path, const AdType *type)
{
	return ad_and(list_make2(ad_match_has_type(path, type), ad_match_guard(path, type, false)));
}

/*
 * Returns the predicate for IS NULL.  It matches if the field is null,
 * undefined or missing.  Since MongoDB 8.0, null matches undefined no more
 * (manual, "Migrate Undefined Data and Queries").  If a mismatch reads as NULL, it also matches every
 * value that does not decode.
 */
Node *
ad_match_is_null(const char *path, const AdType *type, bool mismatch_is_null)
{
	Node	   *is_null;

	if (mismatch_is_null && !type->trusted)
		return ad_node(AD_NOR, list_make1(ad_match_has_value(path, type)));
	is_null = ad_or(list_make2(ad_field(path, "$eq", ad_null()),
							   ad_field(path, "$type", ad_string("undefined"))));
	return ad_and(lcons(is_null, type->trusted ? NIL : no_arrays(path)));
}
