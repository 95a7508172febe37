/*
 * match_type.c
 *	  Predicates about the type of a field's value: whether it decodes, and is not null.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "bson/constant.h"
#include "bson/types.h"
#include "query/match_type.h"
#include "query/type_tests.h"


/* the aliases of both lists, as $type takes them */
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
 * {path: {$type: [...]}}, of all BSON types that can decode.
 */
Node *
ad_match_has_type(const char *path, const AdType *type)
{
	return ad_field(path, "$type", aliases(type->certain, type->possible));
}

/*
 * A value of a merely possible BSON type does decode.  The types are said in
 * the match language, too, so that each branch of an $or can use an index.
 */
static Node *
possible_fits(const char *path, const AdType *type)
{
	static const char *const none[] = {NULL};

	return ad_and(list_make2(ad_field(path, "$type", aliases(none, type->possible)),
							 ad_node(AD_EXPR,
									 list_make1(ad_possible_expr(type, ad_string(psprintf("$%s", path)))))));
}

/*
 * What a comparison leaves open: that neither the value nor anything on the
 * way to it is an array, and that a value of a merely possible BSON type does
 * decode.  One that is equal to a value that decodes does.
 */
Node *
ad_match_guard(const char *path, const AdType *type, bool equality)
{
	static const char *const none[] = {NULL};
	List	   *guards = NIL;
	const char *dot = path;

	while ((dot = strchr(dot, '.')) != NULL)
	{
		guards = lappend(guards,
						 ad_field(pnstrdup(path, dot - path), "$not",
								  ad_doc("$type", ad_string("array"))));
		dot++;
	}
	guards = lappend(guards, ad_field(path, "$not",
									  ad_doc("$type", ad_string("array"))));
	/* a text may be equal to one that is too long for the type */
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
 * Whether an operator and its constant are an end of the range that ad_match_guard states for
 * dates: any other bound on the same side makes it superfluous.
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
 * The predicate for an end of the range of dates that no other bound makes
 * superfluous.  Years of four digits are in range, and all others are left to
 * an expression: not every server of MongoDB's protocol takes them as
 * constants.
 */
Node *
ad_match_range_test(Node *range_end)
{
	const AdType *type = ad_type(TIMESTAMPTZOID);
	const char *path = ad_member_str(range_end, 0);
	const char *op = ad_member_str(ad_member(range_end, 1), 0);
	int64		near_end = strcmp(op, "$gte") == 0 ?
	INT64CONST(-62135596800000) :	/* 0001-01-01T00:00:00Z */
	INT64CONST(253402300799999);	/* 9999-12-31T23:59:59.999Z */

	return ad_or(list_make2(ad_field(path, op, ad_date_const(near_end)),
							possible_fits(path, type)));
}

/*
 * The predicate of IS NOT NULL.
 */
Node *
ad_match_has_value(const char *path, const AdType *type)
{
	return ad_and(list_make2(ad_match_has_type(path, type), ad_match_guard(path, type, false)));
}

/*
 * The predicate of IS NULL: null, undefined or missing, and, where a mismatch
 * reads as NULL, all that does not decode.
 */
Node *
ad_match_is_null(const char *path, const AdType *type, bool mismatch_is_null)
{
	List	   *parts;
	const char *dot = path;

	if (mismatch_is_null)
		return ad_node(AD_NOR, list_make1(ad_match_has_value(path, type)));
	parts = list_make1(ad_field(path, "$eq", ad_null()));
	while ((dot = strchr(dot, '.')) != NULL)
	{
		parts = lappend(parts, ad_field(pnstrdup(path, dot - path), "$not",
										ad_doc("$type", ad_string("array"))));
		dot++;
	}
	parts = lappend(parts, ad_field(path, "$not",
									ad_doc("$type", ad_string("array"))));
	return ad_and(parts);
}
