/*
 * match.c
 *	  SQL tests of one column as predicates of the match language.
 *
 * Together with its guard, a predicate matches exactly the documents for
 * which the SQL test is true.  So it never matches where the column is NULL
 * or a mismatch.  This file relies on three rules of the match language
 * (MongoDB manual, "Query Predicates", "Comparison/Sort Order", "$type"):
 *
 *	- A comparison only matches values of the constant's kind, such as
 *	  numbers, strings or dates.  Null and missing fields never match.
 *	- A comparison also matches an array if one of its elements matches.  The
 *	  guard excludes arrays, both at the path and above it.
 *	- Numbers of different BSON types compare by their exact value.  NaN
 *	  equals NaN and is neither less nor greater than any number.  In
 *	  PostgreSQL NaN is greater than all other numbers.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "base/compat.h"
#include "bson/bsonread.h"
#include "bson/constant.h"
#include "bson/types.h"
#include "query/match.h"
#include "query/match_numeric.h"
#include "query/match_text.h"
#include "query/match_type.h"
#include "query/sql_array.h"
#include "query/type_tests.h"

/* the operand types of each class's comparisons, as in its operator family */
static const struct
{
	AdClass		class;
	Oid			operand_type;
}			operand_types[] = {
	{AD_CLASS_BOOL, BOOLOID},
	{AD_CLASS_INTEGER, INT2OID},
	{AD_CLASS_INTEGER, INT4OID},
	{AD_CLASS_INTEGER, INT8OID},
	{AD_CLASS_FLOAT, FLOAT4OID},
	{AD_CLASS_FLOAT, FLOAT8OID},
	{AD_CLASS_NUMERIC, NUMERICOID},
	{AD_CLASS_TEXT, TEXTOID},
	{AD_CLASS_INSTANT, DATEOID},
	{AD_CLASS_INSTANT, TIMESTAMPOID},
	{AD_CLASS_INSTANT, TIMESTAMPTZOID},
	{AD_CLASS_DATE, DATEOID},
	{AD_CLASS_DATE, TIMESTAMPOID},
	{AD_CLASS_UUID, UUIDOID},
};

/*
 * Can ad_match_compare() compare a column of `type` with an operand of
 * `operand_type`?
 */
bool
ad_match_accepts(const AdType *type, Oid operand_type)
{
	/* the session's time zone decides which instant a timestamp is */
	if (type->typid == TIMESTAMPOID && operand_type == TIMESTAMPTZOID)
		return false;
	for (int i = 0; i < lengthof(operand_types); i++)
	{
		if (operand_types[i].class == type->class &&
			operand_types[i].operand_type == operand_type)
			return true;
	}
	return false;
}

/*
 * Returns the predicate for a comparison with an instant.  MongoDB's dates
 * count milliseconds and timestamptz counts microseconds.  So a bound between
 * two milliseconds moves to one of them, and no stored value equals it.
 * Similarly, no value of type date equals an instant that is not midnight.
 */
static Node *
compare_instant(const char *path, const AdType *type, AdOp op, TimestampTz value)
{
	int64		ms;
	bool		exact;

	if (TIMESTAMP_IS_NOBEGIN(value) || TIMESTAMP_IS_NOEND(value))
	{
		bool		less = TIMESTAMP_IS_NOEND(value);

		/* every date in MongoDB is finite */
		if (op == AD_OP_NE ||
			((op == AD_OP_LT || op == AD_OP_LE) && less) ||
			((op == AD_OP_GT || op == AD_OP_GE) && !less))
			return ad_match_has_type(path, type);
		return ad_false();
	}

	exact = ad_timestamptz_to_ms(value, &ms);
	if (!exact || (type->class == AD_CLASS_DATE && ms % AD_DAY_MS != 0))
	{
		if (op == AD_OP_EQ)
			return ad_false();
		if (op == AD_OP_NE)
			return ad_match_has_type(path, type);
	}
	if (!exact)
	{
		/* value lies between ms and ms + 1 */
		op = op == AD_OP_LT || op == AD_OP_LE ? AD_OP_LE : AD_OP_GT;
	}

	/* the guard restricts values to the range from type->min to type->max */
	if ((op == AD_OP_LT && ms <= type->min) || (op == AD_OP_GT && ms >= type->max))
		return ad_false();
	if ((op == AD_OP_GE && ms <= type->min) || (op == AD_OP_LE && ms >= type->max))
		return ad_match_has_type(path, type);
	if (op == AD_OP_NE)
		return ad_and(list_make2(ad_field(path, "$ne", ad_date_const(ms)),
								 ad_match_has_type(path, type)));
	return ad_field(path, ad_op_name(op), ad_date_const(ms));
}

/* returns the BSON values that decode to a given uuid, one for each subtype */
static List *
uuid_values(Datum value)
{
	char		hex[2 * UUID_LEN + 1];
	List	   *values = NIL;

	hex[hex_encode((const char *) DatumGetUUIDP(value)->data, UUID_LEN, hex)] = '\0';
	for (int subtype = BSON_SUBTYPE_UUID; subtype >= BSON_SUBTYPE_UUID_DEPRECATED; subtype--)
		values = lappend(values, ad_node(AD_BINDATA, list_make2(ad_integer(subtype),
																ad_string(hex))));
	return values;
}

/* returns {path: {$in or $nin: values}} in its shortest form */
static Node *
in_values(const char *path, const AdType *type, bool in, List *values)
{
	Node	   *test;

	if (values == NIL)
		return in ? ad_false() : ad_match_has_type(path, type);
	if (list_length(values) == 1)
		test = ad_field(path, in ? "$eq" : "$ne", linitial(values));
	else
		test = ad_field(path, in ? "$in" : "$nin", ad_node(AD_ARRAY, values));
	return in ? test : ad_and(list_make2(test, ad_match_has_type(path, type)));
}

/*
 * Returns the operand as an instant.  If the column is a timestamptz, the
 * session's time zone applies to dates and timestamps.  If the column is a
 * timestamp or a date, its values are in UTC, and so is the operand.  An
 * operand out of range becomes an infinity, as in PostgreSQL's comparison
 * functions.
 */
static TimestampTz
instant_operand(const AdType *type, Oid operand_type, Datum value)
{

	if (type->typid != TIMESTAMPTZOID)
		return operand_type == DATEOID ?
			ad_date_to_timestamp(DatumGetDateADT(value)) :
			DatumGetTimestamp(value);
	if (operand_type == DATEOID)
		return ad_date_to_timestamptz(DatumGetDateADT(value));
	if (operand_type == TIMESTAMPOID)
		return ad_timestamp_to_timestamptz(DatumGetTimestamp(value));
	return DatumGetTimestampTz(value);
}

static int64
integer_operand(Oid operand_type, Datum value)
{
	switch (operand_type)
	{
		case INT2OID:
			return DatumGetInt16(value);
		case INT4OID:
			return DatumGetInt32(value);
		default:
			return DatumGetInt64(value);
	}
}

/*
 * Returns the predicate for `column op value`; the value is not null.  It is
 * exact only in conjunction with ad_match_guard().
 */
Node *
ad_match_compare(const char *path, const AdType *type, AdOp op,
				 Oid operand_type, Datum value)
{
	Node	   *constant = NULL;

	switch (type->class)
	{
		case AD_CLASS_FLOAT:
			return ad_match_compare_float(path, type, op, operand_type == FLOAT4OID ?
										  (double) DatumGetFloat4(value) :
										  DatumGetFloat8(value));
		case AD_CLASS_NUMERIC:
			return ad_numeric_compare(path, type, op, DatumGetNumeric(value));
		case AD_CLASS_INSTANT:
		case AD_CLASS_DATE:
			return compare_instant(path, type, op,
								   instant_operand(type, operand_type, value));
		case AD_CLASS_TEXT:
			if (op != AD_OP_EQ && op != AD_OP_NE)
				return ad_text_compare(path, op, DatumGetTextPP(value));
			return in_values(path, type, op == AD_OP_EQ,
							 ad_text_values(DatumGetTextPP(value)));
		case AD_CLASS_UUID:
			return in_values(path, type, op == AD_OP_EQ, uuid_values(value));
		case AD_CLASS_INTEGER:
			constant = ad_int64(integer_operand(operand_type, value));
			if (op == AD_OP_EQ &&
				(DatumGetInt64(((Const *) constant)->constvalue) < type->min ||
				 DatumGetInt64(((Const *) constant)->constvalue) > type->max))
				return ad_false();
			break;
		case AD_CLASS_BOOL:
			constant = (Node *) makeConst(BOOLOID, -1, InvalidOid, 1, value, false, true);
			break;
		case AD_CLASS_NONE:
			elog(ERROR, "no predicates of type %u", type->typid);
	}
	if (op == AD_OP_NE)
		return ad_and(list_make2(ad_field(path, "$ne", constant),
								 ad_match_has_type(path, type)));
	return ad_field(path, ad_op_name(op), constant);
}

/*
 * Returns a predicate for `column op slot`, while the slot has no value.
 * EXPLAIN prints it; MongoDB never gets it.
 */
Node *
ad_match_compare_slot(const char *path, AdOp op, Node *slot)
{
	return ad_field(path, ad_op_name(op), slot);
}

/*
 * Returns the predicate for `column IN (elements)` or NOT IN.  It is exact
 * only in conjunction with ad_match_guard().  IN ignores null elements.  NOT
 * IN is never true if an element is null.
 */
Node *
ad_match_member(const char *path, const AdType *type, bool in,
				Oid element_type, Datum array)
{
	List	   *values = NIL;
	List	   *others = NIL;
	ListCell   *lc;

	foreach(lc, ad_sql_array_elements(array, element_type, InvalidOid))
	{
		Const	   *element = lfirst_node(Const, lc);
		Node	   *equal;

		if (element->constisnull)
		{
			if (!in)
				return ad_false();
			continue;
		}
		if (type->class == AD_CLASS_TEXT)
			values = list_concat(values, ad_text_values(DatumGetTextPP(element->constvalue)));
		else if (type->class == AD_CLASS_UUID)
			values = list_concat(values, uuid_values(element->constvalue));
		else
		{
			/* this is {path: {$eq: value}}, FALSE, or a larger predicate */
			equal = ad_match_compare(path, type, AD_OP_EQ, element_type, element->constvalue);
			if (ad_tag(equal) == AD_FIELD)
				values = lappend(values, ad_field_value(equal));
			else if (ad_tag(equal) != AD_FALSE)
				others = lappend(others, in ? equal :
								 ad_match_compare(path, type, AD_OP_NE, element_type,
												  element->constvalue));
		}
	}
	others = lcons(in_values(path, type, in, values), others);
	return in ? ad_or(others) : ad_and(others);
}

/*
 * Does the greatest element of an array (or, if not `greatest`, the least
 * one) decide the result of `column op ANY (array)` or ALL?  For `column <
 * ANY (array)` the greatest element decides, for `column > ANY (array)` the
 * least one; for ALL it is the other way round.  For `= ALL` and `<> ANY`
 * both decide.
 */
static bool
end_decides(AdOp op, bool any, bool greatest)
{
	switch (op)
	{
		case AD_OP_LT:
		case AD_OP_LE:
			return any == greatest;
		case AD_OP_GE:
		case AD_OP_GT:
			return any != greatest;
		case AD_OP_EQ:
		case AD_OP_NE:
			return true;
	}
	return false;				/* not reached */
}

/*
 * Returns the predicate for `column op ANY (array)` or ALL; the array is not
 * empty.  The predicate is exact only in conjunction with ad_match_guard().
 * ANY ignores null elements.  ALL is never true if an element is null.  Text
 * is compared by its bytes.
 */
Node *
ad_match_quantified(const char *path, const AdType *type, AdOp op, bool any,
					Oid element_type, Datum array)
{
	FmgrInfo   *compare = &lookup_type_cache(element_type, TYPECACHE_CMP_PROC_FINFO)->cmp_proc_finfo;
	const Const *least = NULL;
	const Const *greatest = NULL;
	List	   *tests = NIL;
	ListCell   *lc;

	foreach(lc, ad_sql_array_elements(array, element_type, InvalidOid))
	{
		const Const *element = lfirst_node(Const, lc);

		if (element->constisnull && !any)
			return ad_false();
		if (element->constisnull)
			continue;
		if (least == NULL ||
			DatumGetInt32(FunctionCall2Coll(compare, C_COLLATION_OID,
											element->constvalue, least->constvalue)) < 0)
			least = element;
		if (greatest == NULL ||
			DatumGetInt32(FunctionCall2Coll(compare, C_COLLATION_OID,
											element->constvalue, greatest->constvalue)) > 0)
			greatest = element;
	}
	if (least == NULL)
		return ad_false();
	if (end_decides(op, any, false))
		tests = lappend(tests, ad_match_compare(path, type, op, element_type, least->constvalue));
	if (end_decides(op, any, true))
		tests = lappend(tests, ad_match_compare(path, type, op, element_type, greatest->constvalue));
	return any ? ad_or(tests) : ad_and(tests);
}

/*
 * Returns a predicate for `column op ANY (slot)` or ALL, while the slot has
 * no value.  EXPLAIN prints it; MongoDB never gets it.
 */
Node *
ad_match_quantified_slot(const char *path, AdOp op, bool any, Node *slot)
{
	List	   *tests = NIL;

	if (end_decides(op, any, false))
		tests = lappend(tests, ad_field(path, ad_op_name(op), ad_doc("$min", slot)));
	if (end_decides(op, any, true))
		tests = lappend(tests, ad_field(path, ad_op_name(op), ad_doc("$max", slot)));
	return any ? ad_or(tests) : ad_and(tests);
}
