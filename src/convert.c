/*
 * convert.c
 *	  What each SQL type means in BSON: one row a type.
 *
 * This table is the definition of a column's value: the row decoder calls
 * `decode`, and the filters and aggregates that MongoDB computes are built
 * from the same row's type lists, so that both mean the same.
 *
 * The rule is that a BSON value decodes if the SQL type can hold it without
 * loss.  What does not decode is a mismatch; callers decide what follows.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/float.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "bsonwrite.h"
#include "compat.h"
#include "convert.h"
#include "node.h"

/* milliseconds from MongoDB's epoch (1970) to PostgreSQL's (2000) */
#define EPOCH_SHIFT_MS \
	((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * 1000)

/* the whole milliseconds that are valid timestamps */
#define DATE_MIN_MS (MIN_TIMESTAMP / 1000 + EPOCH_SHIFT_MS)
#define DATE_MAX_MS ((END_TIMESTAMP - 1) / 1000 + EPOCH_SHIFT_MS)

static bool
decode_bool(const AdType *type, const bson_iter_t *iter, Datum *value)
{
	if (bson_iter_type(iter) != BSON_TYPE_BOOL)
		return false;
	*value = BoolGetDatum(bson_iter_bool(iter));
	return true;
}

/*
 * int4 and int8, from any number that is whole and within the type's range.
 */
static bool
decode_integer(const AdType *type, const bson_iter_t *iter, Datum *value)
{
	int64		number;
	double		real;

	switch (bson_iter_type(iter))
	{
		case BSON_TYPE_INT32:
			number = bson_iter_int32(iter);
			break;
		case BSON_TYPE_INT64:
			number = bson_iter_int64(iter);
			break;
		case BSON_TYPE_DOUBLE:
			real = bson_iter_double(iter);
			/* NaN fails the first test; the limits of int64 are powers of 2 */
			if (!(real == trunc(real)) ||
				real < -9223372036854775808.0 || real >= 9223372036854775808.0)
				return false;
			number = (int64) real;
			break;
		default:
			return false;
	}
	if (number < type->min || number > type->max)
		return false;
	*value = type->typid == INT4OID ? Int32GetDatum((int32) number) :
		Int64GetDatum(number);
	return true;
}

static bool
decode_float8(const AdType *type, const bson_iter_t *iter, Datum *value)
{
	int64		number;

	switch (bson_iter_type(iter))
	{
		case BSON_TYPE_DOUBLE:
			*value = Float8GetDatum(bson_iter_double(iter));
			return true;
		case BSON_TYPE_INT32:
			*value = Float8GetDatum((double) bson_iter_int32(iter));
			return true;
		case BSON_TYPE_INT64:
			number = bson_iter_int64(iter);
			/* 2^63 as a double would overflow the cast back */
			if ((double) number >= 9223372036854775808.0 ||
				(int64) (double) number != number)
				return false;
			*value = Float8GetDatum((double) number);
			return true;
		default:
			return false;
	}
}

static bool
decode_text(const AdType *type, const bson_iter_t *iter, Datum *value)
{
	const char *string;
	char	   *converted;
	uint32		len;
	char		hex[25];

	switch (bson_iter_type(iter))
	{
		case BSON_TYPE_UTF8:
			string = bson_iter_utf8(iter, &len);
			break;
		case BSON_TYPE_SYMBOL:
			string = bson_iter_symbol(iter, &len);
			break;
		case BSON_TYPE_OID:
			bson_oid_to_string(bson_iter_oid(iter), hex);
			*value = PointerGetDatum(cstring_to_text_with_len(hex, 24));
			return true;
		default:
			return false;
	}

	/* text can hold neither U+0000 nor what is not UTF-8 */
	if (pg_verify_mbstr(PG_UTF8, string, len, true) == false ||
		memchr(string, '\0', len) != NULL)
		return false;
	converted = pg_any_to_server(string, len, PG_UTF8);
	*value = PointerGetDatum(converted == string ?
							 cstring_to_text_with_len(string, len) :
							 cstring_to_text(converted));
	return true;
}

static bool
decode_timestamptz(const AdType *type, const bson_iter_t *iter, Datum *value)
{
	int64		ms;

	if (bson_iter_type(iter) != BSON_TYPE_DATE_TIME)
		return false;
	ms = bson_iter_date_time(iter);
	if (ms < type->min || ms > type->max)
		return false;
	*value = TimestampTzGetDatum((ms - EPOCH_SHIFT_MS) * 1000);
	return true;
}

static const AdType types[] = {
	{.typid = BOOLOID, .class = AD_CLASS_BOOL,
		.certain = {"bool"},
	.decode = decode_bool},
	{.typid = INT4OID, .class = AD_CLASS_INTEGER,
		.certain = {"int"}, .possible = {"double", "long"},
		.min = PG_INT32_MIN, .max = PG_INT32_MAX,
	.decode = decode_integer},
	{.typid = INT8OID, .class = AD_CLASS_INTEGER,
		.certain = {"int", "long"}, .possible = {"double"},
		.min = PG_INT64_MIN, .max = PG_INT64_MAX,
	.decode = decode_integer},
	{.typid = FLOAT8OID, .class = AD_CLASS_FLOAT,
		.certain = {"double", "int"}, .possible = {"long"},
	.decode = decode_float8},
	{.typid = TEXTOID, .class = AD_CLASS_TEXT,
		.certain = {"string", "objectId", "symbol"},
		.variant = "objectId", .unify = "$toString",
	.decode = decode_text},
	{.typid = TIMESTAMPTZOID, .class = AD_CLASS_INSTANT,
		.possible = {"date"},
		.min = DATE_MIN_MS, .max = DATE_MAX_MS,
	.decode = decode_timestamptz},
};

/*
 * The row of a type, or NULL if columns cannot have it.
 */
const AdType *
ad_type(Oid typid)
{
	for (int i = 0; i < lengthof(types); i++)
	{
		if (types[i].typid == typid)
			return &types[i];
	}
	return NULL;
}

/*
 * The names of the types that columns can have, for hints.
 */
const char *
ad_type_names(void)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < lengthof(types); i++)
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "",
						 format_type_be(types[i].typid));
	return names.data;
}

/*
 * A sum of numbers that all decode as float8.  MongoDB sums integers exactly,
 * so that the sum itself may be one that does not.
 */
static bool
decode_float8_sum(const AdType *type, const bson_iter_t *iter, Datum *value)
{
	if (!BSON_ITER_HOLDS_NUMBER(iter))
		return false;
	*value = Float8GetDatum(bson_iter_as_double(iter));
	return true;
}

/* a sum of int8 was summed as decimal128 */
static bool
decode_numeric_sum(const AdType *type, const bson_iter_t *iter, Datum *value)
{
	bson_decimal128_t decimal;
	char		string[BSON_DECIMAL128_STRING];

	if (!BSON_ITER_HOLDS_DECIMAL128(iter) ||
		!bson_iter_decimal128(iter, &decimal))
		return false;
	bson_decimal128_to_string(&decimal, string);
	*value = DirectFunctionCall3(numeric_in, CStringGetDatum(string),
								 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	return true;
}

/* NaN, the greatest for PostgreSQL and the least for MongoDB, as a string */
static bool
decode_float8_extreme(const AdType *type, const bson_iter_t *iter, Datum *value)
{
	if (bson_iter_type(iter) == BSON_TYPE_UTF8)
	{
		*value = Float8GetDatum(get_float8_nan());
		return true;
	}
	return decode_float8(type, iter, value);
}

static const struct
{
	AdResult	kind;
	AdType		type;
}			result_types[] = {
	{AD_RESULT_COUNT, {.typid = INT8OID, .decode = decode_integer,
	.min = 0, .max = PG_INT64_MAX}},
	{AD_RESULT_SUM, {.typid = INT8OID, .decode = decode_integer,
	.min = PG_INT64_MIN, .max = PG_INT64_MAX}},
	{AD_RESULT_SUM, {.typid = FLOAT8OID, .decode = decode_float8_sum}},
	{AD_RESULT_SUM, {.typid = NUMERICOID, .decode = decode_numeric_sum}},
	{AD_RESULT_EXTREME, {.typid = FLOAT8OID, .decode = decode_float8_extreme}},
};

/*
 * How to decode a result of that kind and SQL type, or NULL if there is no
 * such result.
 */
const AdType *
ad_result_type(AdResult kind, Oid typid)
{
	for (int i = 0; i < lengthof(result_types); i++)
	{
		if (result_types[i].kind == kind && result_types[i].type.typid == typid)
			return &result_types[i].type;
	}
	return kind == AD_RESULT_COLUMN || kind == AD_RESULT_EXTREME ? ad_type(typid) : NULL;
}

/*
 * A BSON type's alias, as MongoDB's $type operator knows it.
 */
const char *
ad_bson_type_name(bson_type_t type)
{
	static const struct
	{
		bson_type_t type;
		const char *name;
	}			names[] = {
		{BSON_TYPE_DOUBLE, "double"}, {BSON_TYPE_UTF8, "string"},
		{BSON_TYPE_DOCUMENT, "object"}, {BSON_TYPE_ARRAY, "array"},
		{BSON_TYPE_BINARY, "binData"}, {BSON_TYPE_UNDEFINED, "undefined"},
		{BSON_TYPE_OID, "objectId"}, {BSON_TYPE_BOOL, "bool"},
		{BSON_TYPE_DATE_TIME, "date"}, {BSON_TYPE_NULL, "null"},
		{BSON_TYPE_REGEX, "regex"}, {BSON_TYPE_DBPOINTER, "dbPointer"},
		{BSON_TYPE_CODE, "javascript"}, {BSON_TYPE_SYMBOL, "symbol"},
		{BSON_TYPE_CODEWSCOPE, "javascriptWithScope"},
		{BSON_TYPE_INT32, "int"}, {BSON_TYPE_TIMESTAMP, "timestamp"},
		{BSON_TYPE_INT64, "long"}, {BSON_TYPE_DECIMAL128, "decimal"},
		{BSON_TYPE_MAXKEY, "maxKey"}, {BSON_TYPE_MINKEY, "minKey"},
	};

	for (int i = 0; i < lengthof(names); i++)
	{
		if (names[i].type == type)
			return names[i].name;
	}
	return "unknown";
}

/*
 * Milliseconds since 1970 of a finite timestamptz, rounded down.  Returns
 * whether that is exact.
 */
bool
ad_timestamptz_to_ms(int64 timestamp, int64 *ms)
{
	int64		rest = timestamp % 1000;

	*ms = timestamp / 1000 + EPOCH_SHIFT_MS;
	if (rest < 0)
		*ms -= 1;
	return rest == 0;
}

/*
 * A date as a constant of a template.
 */
Node *
ad_date_const(int64 ms)
{
	return (Node *) makeConst(TIMESTAMPTZOID, -1, InvalidOid, sizeof(int64),
							  TimestampTzGetDatum((ms - EPOCH_SHIFT_MS) * 1000),
							  false, FLOAT8PASSBYVAL);
}

/*
 * Append one element whose value is a constant of a type in the table.
 */
void
ad_write_datum(StringInfo out, const char *key, Oid typid, Datum value)
{
	int64		number;
	double		real;
	text	   *string;
	char	   *utf8;
	int			len;

	switch (typid)
	{
		case BOOLOID:
			ad_write_key(out, BSON_TYPE_BOOL, key);
			appendStringInfoChar(out, DatumGetBool(value) ? 1 : 0);
			return;
		case INT8OID:
			ad_write_key(out, BSON_TYPE_INT64, key);
			ad_write_int64(out, DatumGetInt64(value));
			return;
		case FLOAT8OID:
			ad_write_key(out, BSON_TYPE_DOUBLE, key);
			real = DatumGetFloat8(value);
			memcpy(&number, &real, sizeof(number));
			ad_write_int64(out, number);
			return;
		case TEXTOID:
			ad_write_key(out, BSON_TYPE_UTF8, key);
			string = DatumGetTextPP(value);
			len = VARSIZE_ANY_EXHDR(string);
			utf8 = pg_server_to_any(VARDATA_ANY(string), len, PG_UTF8);
			if (utf8 != VARDATA_ANY(string))
				len = strlen(utf8);
			ad_write_string(out, utf8, len);
			return;
		case TIMESTAMPTZOID:
			ad_write_key(out, BSON_TYPE_DATE_TIME, key);
			(void) ad_timestamptz_to_ms(DatumGetTimestampTz(value), &number);
			ad_write_int64(out, number);
			return;
	}
	elog(ERROR, "no BSON form of type %u", typid);
}

/* a date in the shell's notation */
static void
print_date(StringInfo out, int64 ms)
{
	int			year;
	int			month;
	int			day;
	int64		days = ms / (SECS_PER_DAY * INT64CONST(1000));
	int64		rest = ms % (SECS_PER_DAY * INT64CONST(1000));

	if (rest < 0)
	{
		days--;
		rest += SECS_PER_DAY * INT64CONST(1000);
	}
	if (ms < DATE_MIN_MS || ms > DATE_MAX_MS)
	{
		appendStringInfo(out, "new Date(%lld)", (long long) ms);
		return;
	}
	j2date((int) days + UNIX_EPOCH_JDATE, &year, &month, &day);
	appendStringInfo(out, year > 9999 || year < 0 ?
					 "ISODate(\"%+07d-%02d-%02dT%02d:%02d:%02d" :
					 "ISODate(\"%04d-%02d-%02dT%02d:%02d:%02d",
					 year, month, day, (int) (rest / 3600000),
					 (int) (rest / 60000 % 60), (int) (rest / 1000 % 60));
	if (rest % 1000 != 0)
		appendStringInfo(out, ".%03d", (int) (rest % 1000));
	appendStringInfoString(out, "Z\")");
}

static void
print_double(StringInfo out, double value)
{
	char		buf[DOUBLE_SHORTEST_DECIMAL_LEN];

	if (isnan(value))
		appendStringInfoString(out, "NaN");
	else if (isinf(value))
		appendStringInfoString(out, value < 0 ? "-Infinity" : "Infinity");
	else
	{
		double_to_shortest_decimal_buf(value, buf);
		appendStringInfoString(out, buf);
	}
}

/* beyond 2^53 the shell would read a plain number as a double */
static void
print_int64(StringInfo out, int64 value)
{
	if (value >= INT64CONST(-9007199254740992) &&
		value <= INT64CONST(9007199254740992))
		appendStringInfo(out, INT64_FORMAT, value);
	else
		appendStringInfo(out, "NumberLong(\"" INT64_FORMAT "\")", value);
}

/*
 * A constant in the notation of MongoDB's shell.
 */
void
ad_print_datum(StringInfo out, Oid typid, Datum value)
{
	int64		ms;

	switch (typid)
	{
		case BOOLOID:
			appendStringInfoString(out, DatumGetBool(value) ? "true" : "false");
			return;
		case INT8OID:
			print_int64(out, DatumGetInt64(value));
			return;
		case FLOAT8OID:
			print_double(out, DatumGetFloat8(value));
			return;
		case TEXTOID:
			escape_json(out, TextDatumGetCString(value));
			return;
		case TIMESTAMPTZOID:
			(void) ad_timestamptz_to_ms(DatumGetTimestampTz(value), &ms);
			print_date(out, ms);
			return;
	}
	elog(ERROR, "no BSON form of type %u", typid);
}

/*
 * The value of an element in the notation of MongoDB's shell, for messages.
 * Values that are long or rarely met are shown by their type alone.
 */
void
ad_print_element(StringInfo out, const bson_iter_t *iter)
{
	char		hex[25];
	Datum		string;

	switch (bson_iter_type(iter))
	{
		case BSON_TYPE_OID:
			bson_oid_to_string(bson_iter_oid(iter), hex);
			appendStringInfo(out, "ObjectId(\"%s\")", hex);
			return;
		case BSON_TYPE_UTF8:
			if (decode_text(NULL, iter, &string))
			{
				escape_json(out, TextDatumGetCString(string));
				return;
			}
			break;
		case BSON_TYPE_INT32:
			appendStringInfo(out, "%d", bson_iter_int32(iter));
			return;
		case BSON_TYPE_INT64:
			print_int64(out, bson_iter_int64(iter));
			return;
		case BSON_TYPE_DOUBLE:
			print_double(out, bson_iter_double(iter));
			return;
		case BSON_TYPE_DATE_TIME:
			print_date(out, bson_iter_date_time(iter));
			return;
		case BSON_TYPE_BOOL:
			appendStringInfoString(out, bson_iter_bool(iter) ? "true" : "false");
			return;
		default:
			break;
	}
	appendStringInfo(out, "(of type %s)",
					 ad_bson_type_name(bson_iter_type(iter)));
}

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

/*
 * An expression that is true when the value at `path` is of one of the type's
 * possible BSON types, and decodes.
 */
Node *
ad_possible_expr(const AdType *type, Node *path)
{
	List	   *tests = list_make1(type_is_in(path, type->possible, NULL));

	switch (type->class)
	{
		case AD_CLASS_INTEGER:
			tests = lappend(tests, ad_doc("$gte", ad_array2(path, ad_int64(type->min))));
			tests = lappend(tests, ad_doc("$lte", ad_array2(path, ad_int64(type->max))));
			tests = lappend(tests, ad_doc("$eq", ad_array2(path, ad_doc("$trunc", path))));
			break;
		case AD_CLASS_FLOAT:
			/* numbers of different BSON types compare by their exact value */
			tests = lappend(tests, ad_doc("$eq", ad_array2(path, ad_doc("$toDouble", path))));
			break;
		case AD_CLASS_INSTANT:
			path = ad_doc("$toLong", path);
			tests = lappend(tests, ad_doc("$gte", ad_array2(path, ad_int64(type->min))));
			tests = lappend(tests, ad_doc("$lte", ad_array2(path, ad_int64(type->max))));
			break;
		case AD_CLASS_BOOL:
		case AD_CLASS_TEXT:
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
