/*
 * match.c
 *	  SQL tests of one column as predicates of the match language.
 *
 * A predicate here matches exactly the documents for which the SQL test is
 * true, so it never matches where the column is NULL or a mismatch.  Of the
 * match language this file relies on the following (MongoDB manual, "Query
 * Predicates", "Comparison/Sort Order", "$type"):
 *
 *	- a comparison only matches values of the constant's kind (numbers,
 *	  strings, dates, ...): null and missing fields never match;
 *	- it also matches an array one of whose elements matches, which the guard
 *	  excludes, on the path and on everything above it;
 *	- numbers of different BSON types compare by their exact value; NaN equals
 *	  NaN and is neither less nor greater than any number, while for
 *	  PostgreSQL it is greater than all others.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
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
#include "query/type_tests.h"

/* which operand types a class's comparisons take, by operator family */
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
 * Whether ad_match_compare can compare a column of `type` with an operand of
 * `operand_type`.
 */
bool
ad_match_accepts(const AdType *type, Oid operand_type)
{
	/* which instant a timestamp is depends on the session's time zone */
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
 * MongoDB's dates count milliseconds, timestamptz microseconds: a bound
 * between two milliseconds is moved, and equals nothing.  Nor does one that is
 * no midnight equal the value of a date.
 */
static Node *
compare_instant(const char *path, const AdType *type, AdOp op, TimestampTz value)
{
	int64		ms;
	bool		exact;

	if (TIMESTAMP_IS_NOBEGIN(value) || TIMESTAMP_IS_NOEND(value))
	{
		bool		less = TIMESTAMP_IS_NOEND(value);

		/* every date is finite */
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

	/*
	 * nothing is beyond the ends, and all is within: that is what the guard
	 * says
	 */
	if ((op == AD_OP_LT && ms <= type->min) || (op == AD_OP_GT && ms >= type->max))
		return ad_false();
	if ((op == AD_OP_GE && ms <= type->min) || (op == AD_OP_LE && ms >= type->max))
		return ad_match_has_type(path, type);
	if (op == AD_OP_NE)
		return ad_and(list_make2(ad_field(path, "$ne", ad_date_const(ms)),
								 ad_match_has_type(path, type)));
	return ad_field(path, ad_op_name(op), ad_date_const(ms));
}

/* the BSON values that decode to a given uuid */
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

/* {path: {$in or $nin: values}}, in its shortest form */
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
 * The operand as an instant.  Against a timestamptz, dates and timestamps are
 * of the session's zone; against a timestamp or date, which are in UTC, they
 * are, too.
 * What is out of range becomes an infinity, as in the comparison functions.
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
 * The predicate of `column op value`, for a value that is not null.  It holds
 * together with ad_match_guard() only.
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
 * The same for a slot whose value is not known yet, to be printed only.
 */
Node *
ad_match_compare_slot(const char *path, AdOp op, Node *slot)
{
	return ad_field(path, ad_op_name(op), slot);
}

/* the elements of an array, and their number */
static int
array_elements(Oid element_type, Datum array, Datum **elements, bool **nulls)
{
	int16		typlen;
	bool		typbyval;
	char		typalign;
	int			count;

	get_typlenbyvalalign(element_type, &typlen, &typbyval, &typalign);
	deconstruct_array(DatumGetArrayTypeP(array), element_type, typlen, typbyval,
					  typalign, elements, nulls, &count);
	return count;
}

/*
 * The predicate of `column IN (elements)`, or NOT IN; it holds together with
 * ad_match_guard() only.  A null element is equal to nothing, and makes NOT IN
 * never true.
 */
Node *
ad_match_member(const char *path, const AdType *type, bool in,
				Oid element_type, Datum array)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count = array_elements(element_type, array, &elements, &nulls);
	List	   *values = NIL;
	List	   *others = NIL;

	for (int i = 0; i < count; i++)
	{
		Node	   *equal;

		if (nulls[i])
		{
			if (!in)
				return ad_false();
			continue;
		}
		if (type->class == AD_CLASS_TEXT)
			values = list_concat(values, ad_text_values(DatumGetTextPP(elements[i])));
		else if (type->class == AD_CLASS_UUID)
			values = list_concat(values, uuid_values(elements[i]));
		else
		{
			/* of the other classes {path: {$eq: value}}, or false, or more */
			equal = ad_match_compare(path, type, AD_OP_EQ, element_type, elements[i]);
			if (ad_tag(equal) == AD_FIELD)
				values = lappend(values, ad_member(ad_member(equal, 1), 1));
			else if (ad_tag(equal) != AD_FALSE)
				others = lappend(others, in ? equal :
								 ad_match_compare(path, type, AD_OP_NE, element_type, elements[i]));
		}
	}
	others = lcons(in_values(path, type, in, values), others);
	return in ? ad_or(others) : ad_and(others);
}

/*
 * Which end of an array decides: of `column < ANY (array)` the greatest
 * element, of `column > ANY (array)` the least; of ALL it is the other way
 * round.  Of `= ALL` and `<> ANY` both do.
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
 * The predicate of `column op ANY (array)`, or ALL, of an array that is not
 * empty; it holds together with ad_match_guard() only.  A null element adds
 * nothing to ANY, and makes ALL never true.  Text is in the order of bytes.
 */
Node *
ad_match_quantified(const char *path, const AdType *type, AdOp op, bool any,
					Oid element_type, Datum array)
{
	FmgrInfo   *compare = &lookup_type_cache(element_type, TYPECACHE_CMP_PROC_FINFO)->cmp_proc_finfo;
	Datum	   *elements;
	bool	   *nulls;
	int			count = array_elements(element_type, array, &elements, &nulls);
	int			least = -1;
	int			greatest = -1;
	List	   *tests = NIL;

	for (int i = 0; i < count; i++)
	{
		if (nulls[i] && !any)
			return ad_false();
		if (nulls[i])
			continue;
		if (least < 0 ||
			DatumGetInt32(FunctionCall2Coll(compare, C_COLLATION_OID,
											elements[i], elements[least])) < 0)
			least = i;
		if (greatest < 0 ||
			DatumGetInt32(FunctionCall2Coll(compare, C_COLLATION_OID,
											elements[i], elements[greatest])) > 0)
			greatest = i;
	}
	if (least < 0)
		return ad_false();
	if (end_decides(op, any, false))
		tests = lappend(tests, ad_match_compare(path, type, op, element_type, elements[least]));
	if (end_decides(op, any, true))
		tests = lappend(tests, ad_match_compare(path, type, op, element_type, elements[greatest]));
	return any ? ad_or(tests) : ad_and(tests);
}

/*
 * The same for a slot whose value is not known yet, to be printed only.
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
