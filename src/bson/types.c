/*
 * types.c
 *	  How each SQL type is read from BSON.
 *
 * One table, with a row for each SQL type, defines the value of a column.
 * The row decoder calls the row's decode function.  The filters and
 * aggregates that are pushed down are made from the type lists in the same
 * row, so that both mean the same.
 *
 * The rule is that a BSON value decodes if the SQL type can hold it without
 * loss.  Any other value is a mismatch, and the caller decides what that
 * leads to.  scripts/lint checks doc/types.md against this table.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/compat.h"
#include "bson/constant.h"
#include "bson/decimal.h"
#include "bson/decode_array.h"
#include "bson/decode_json.h"
#include "bson/decode_jsonb.h"
#include "bson/encoding.h"
#include "bson/types.h"

/* 2^63, the smallest positive double that is too large for an int64 */
#define TWO_TO_63	9223372036854775808.0

/*
 * The functions decode_*() are AdType.decode functions: they decode the value
 * of an element, and return false if it is a mismatch.
 */

static bool
decode_bool(const AdTarget *target, const AdElement *element, Datum *value)
{
	if (element->type != BSON_TYPE_BOOL)
		return false;
	*value = BoolGetDatum((*element->value != 0));
	return true;
}

/* read a decimal128; returns false if it is not an integer, or out of range */
static bool
decimal_to_int64(const AdElement *element, int64 *number)
{
	Datum		numeric = ad_decimal_to_numeric(element);
	Datum		whole;

	if (numeric_is_nan(DatumGetNumeric(numeric)) ||
		numeric_is_inf(DatumGetNumeric(numeric)) ||
		ad_compare_numeric(DatumGetNumeric(numeric), int64_to_numeric(PG_INT64_MIN)) < 0 ||
		ad_compare_numeric(DatumGetNumeric(numeric), int64_to_numeric(PG_INT64_MAX)) > 0)
		return false;
	whole = DirectFunctionCall2(numeric_trunc, numeric, Int32GetDatum(0));
	if (ad_compare_numeric(DatumGetNumeric(whole), DatumGetNumeric(numeric)) != 0)
		return false;
	*number = DatumGetInt64(DirectFunctionCall1(numeric_int8, whole));
	return true;
}

/*
 * int2, int4 and int8: any number that is whole and in the type's range.
 */
static bool
decode_integer(const AdTarget *target, const AdElement *element, Datum *value)
{
	int64		number;
	double		real;

	switch (element->type)
	{
		case BSON_TYPE_INT32:
			number = ad_read_int32(element->value);
			break;
		case BSON_TYPE_INT64:
			number = ad_read_int64(element->value);
			break;
		case BSON_TYPE_DOUBLE:
			real = ad_read_double(element->value);
			/* NaN fails the first test */
			if (!(real == trunc(real)) || real < -TWO_TO_63 || real >= TWO_TO_63)
				return false;
			number = (int64) real;
			break;
		case BSON_TYPE_DECIMAL128:
			if (!decimal_to_int64(element, &number))
				return false;
			break;
		default:
			return false;
	}
	if (number < target->type->min || number > target->type->max)
		return false;
	switch (target->typid)
	{
		case INT2OID:
			*value = Int16GetDatum((int16) number);
			return true;
		case INT4OID:
			*value = Int32GetDatum((int32) number);
			return true;
		default:
			*value = Int64GetDatum(number);
			return true;
	}
}

/*
 * Convert a decimal128 to a double.  Returns true if the two are equal in the
 * sense of MongoDB, which compares a decimal with the first 34 digits of a
 * double.  We follow it, so that a value means the same to both.
 */
static bool
decimal_to_double(const AdElement *element, double *real)
{
	Datum		numeric = ad_decimal_to_numeric(element);
	char	   *string;
	char		digits[64];

	string = DatumGetCString(DirectFunctionCall1(numeric_out, numeric));
	*real = strtod(string, NULL);
	if (numeric_is_nan(DatumGetNumeric(numeric)) || numeric_is_inf(DatumGetNumeric(numeric)))
		return true;
	if (isinf(*real))
		return false;
	snprintf(digits, sizeof(digits), "%.33e", *real);
	return ad_compare_numeric(DatumGetNumeric(numeric), ad_parse_numeric(digits)) == 0;
}

/* read any number as a double; returns false if that is not exact */
static bool
number_to_double(const AdElement *element, double *real)
{
	int64		number;

	switch (element->type)
	{
		case BSON_TYPE_DOUBLE:
			*real = ad_read_double(element->value);
			return true;
		case BSON_TYPE_INT32:
			*real = ad_read_int32(element->value);
			return true;
		case BSON_TYPE_INT64:
			number = ad_read_int64(element->value);
			*real = (double) number;
			/* 2^63 as a double would overflow the cast back */
			return *real < TWO_TO_63 && (int64) *real == number;
		case BSON_TYPE_DECIMAL128:
			return decimal_to_double(element, real);
		default:
			return false;
	}
}

static bool
decode_float8(const AdTarget *target, const AdElement *element, Datum *value)
{
	double		real;

	if (!number_to_double(element, &real))
		return false;
	*value = Float8GetDatum(real);
	return true;
}

static bool
decode_float4(const AdTarget *target, const AdElement *element, Datum *value)
{
	double		real;

	if (!number_to_double(element, &real) ||
		(!isnan(real) && (double) (float) real != real))
		return false;
	*value = Float4GetDatum((float) real);
	return true;
}

/*
 * Sets the precision and scale of a numeric type; false if it has none.
 */
bool
ad_numeric_typmod(int32 typmod, int *precision, int *scale)
{
	if (typmod < (int32) VARHDRSZ)
		return false;
	/* numeric.c of PostgreSQL defines this format: make_numeric_typmod() */
	*precision = ((typmod - VARHDRSZ) >> 16) & 0xffff;
	*scale = (((typmod - VARHDRSZ) & 0x7ff) ^ 1024) - 1024;
	return true;
}

/*
 * Give a numeric the scale of its type.  Returns false if the type's
 * precision and scale cannot hold it without loss.
 */
static bool
fit_numeric(int32 typmod, Datum *value)
{
	Numeric		number = DatumGetNumeric(*value);
	int			precision;
	int			scale;
	Datum		rounded;
	char		limit[32];

	if (!ad_numeric_typmod(typmod, &precision, &scale) || numeric_is_nan(number))
		return true;
	if (numeric_is_inf(number))
		return false;
	rounded = DirectFunctionCall2(numeric_round, *value, Int32GetDatum(scale));
	snprintf(limit, sizeof(limit), "1e%d", precision - scale);
	if (ad_compare_numeric(DatumGetNumeric(rounded), number) != 0 ||
		ad_compare_numeric(DatumGetNumeric(DirectFunctionCall1(numeric_abs, rounded)),
						   ad_parse_numeric(limit)) >= 0)
		return false;
	*value = rounded;
	return true;
}

static bool
decode_numeric(const AdTarget *target, const AdElement *element, Datum *value)
{
	switch (element->type)
	{
		case BSON_TYPE_INT32:
			*value = NumericGetDatum(int64_to_numeric(ad_read_int32(element->value)));
			break;
		case BSON_TYPE_INT64:
			*value = NumericGetDatum(int64_to_numeric(ad_read_int64(element->value)));
			break;
		case BSON_TYPE_DOUBLE:
			*value = NumericGetDatum(ad_double_to_numeric(ad_read_double(element->value)));
			break;
		case BSON_TYPE_DECIMAL128:
			*value = ad_decimal_to_numeric(element);
			break;
		default:
			return false;
	}
	return fit_numeric(target->typmod, value);
}

/*
 * Returns the text of a string, symbol or ObjectId in the server's encoding,
 * and its length in bytes in *len; or NULL if it is a mismatch.  The text of
 * an ObjectId is its 24 hexadecimal digits, which we write to "hex", of 25
 * bytes.
 */
static inline const char *
element_text(const AdElement *element, char *hex, uint32 *len)
{
	const char *string;

	switch (element->type)
	{
		case BSON_TYPE_UTF8:
			string = ad_read_string(element->value, len);
			return ad_text_to_server(string, len);
		case BSON_TYPE_SYMBOL:
			string = ad_read_string(element->value, len);
			return ad_text_to_server(string, len);
		case BSON_TYPE_OID:
			bson_oid_to_string((const bson_oid_t *) element->value, hex);
			*len = 24;
			return hex;
		default:
			return NULL;
	}
}

/* returns a text or bytea of these bytes, palloc'd */
static inline Datum
make_text(const void *bytes, uint32 len)
{
	text	   *result = palloc(VARHDRSZ + len);

	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), bytes, len);
	return PointerGetDatum(result);
}

static bool
decode_text(const AdTarget *target, const AdElement *element, Datum *value)
{
	char		hex[25];
	uint32		len;
	const char *string = element_text(element, hex, &len);

	if (string == NULL)
		return false;
	if (target->typmod >= (int32) VARHDRSZ &&
		pg_mbstrlen_with_len(string, len) > target->typmod - VARHDRSZ)
		return false;
	*value = make_text(string, len);
	return true;
}

/* char(n): trailing spaces do not count, and pad the result */
static bool
decode_bpchar(const AdTarget *target, const AdElement *element, Datum *value)
{
	char		hex[25];
	uint32		len;
	const char *string = element_text(element, hex, &len);
	int			missing = 0;
	text	   *result;

	if (string == NULL)
		return false;
	if (target->typmod >= (int32) VARHDRSZ)
	{
		while (len > 0 && string[len - 1] == ' ')
			len--;
		missing = target->typmod - VARHDRSZ - pg_mbstrlen_with_len(string, len);
		if (missing < 0)
			return false;
	}
	result = palloc(VARHDRSZ + len + missing);
	SET_VARSIZE(result, VARHDRSZ + len + missing);
	memcpy(VARDATA(result), string, len);
	memset(VARDATA(result) + len, ' ', missing);
	*value = PointerGetDatum(result);
	return true;
}

static bool
decode_name(const AdTarget *target, const AdElement *element, Datum *value)
{
	char		hex[25];
	uint32		len;
	const char *string = element_text(element, hex, &len);
	Name		result;

	if (string == NULL || len >= NAMEDATALEN)
		return false;
	result = palloc0(NAMEDATALEN);
	memcpy(NameStr(*result), string, len);
	*value = NameGetDatum(result);
	return true;
}

/* an enum: text that is one of its labels */
static bool
decode_enum(const AdTarget *target, const AdElement *element, Datum *value)
{
	char		hex[25];
	uint32		len;
	const char *string = element_text(element, hex, &len);
	Oid			label;

	if (string == NULL || len >= NAMEDATALEN)
		return false;
	label = GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid,
							ObjectIdGetDatum(target->typid),
							CStringGetDatum(pnstrdup(string, len)));
	*value = ObjectIdGetDatum(label);
	return OidIsValid(label);
}

/*
 * Read the milliseconds since 1970 of a date.  Returns false if it is outside
 * the range of PostgreSQL's timestamps.
 */
static bool
element_ms(const AdElement *element, int64 *ms)
{
	if (element->type != BSON_TYPE_DATE_TIME)
		return false;
	*ms = ad_read_int64(element->value);
	return *ms >= AD_DATE_MIN && *ms <= AD_DATE_MAX;
}

/*
 * Whether the type modifier of a time or timestamp allows fewer digits after
 * the second than milliseconds need.
 */
static bool
is_coarse(int32 typmod)
{
	return typmod >= 0 && typmod < 3;
}

/* whether milliseconds have no more digits after the second than the type */
static bool
fits_precision(int32 typmod, int64 ms)
{
	static const int units[] = {1000, 100, 10};

	return !is_coarse(typmod) || ms % units[typmod] == 0;
}

/* timestamptz, and timestamp, which we read in UTC */
static bool
decode_timestamp(const AdTarget *target, const AdElement *element, Datum *value)
{
	int64		ms;

	if (!element_ms(element, &ms) || !fits_precision(target->typmod, ms))
		return false;
	*value = TimestampTzGetDatum((ms - AD_EPOCH_SHIFT) * 1000);
	return true;
}

/* date: only midnight UTC, because another time would be lost */
static bool
decode_date(const AdTarget *target, const AdElement *element, Datum *value)
{
	int64		ms;

	if (!element_ms(element, &ms) || ms % AD_DAY_MS != 0)
		return false;
	*value = DateADTGetDatum((ms - AD_EPOCH_SHIFT) / AD_DAY_MS);
	return true;
}

/* time: an instant on 1970-01-01 UTC, the usual way to store a time of day */
static bool
decode_time(const AdTarget *target, const AdElement *element, Datum *value)
{
	int64		ms;

	if (!element_ms(element, &ms) || ms < 0 || ms >= AD_DAY_MS || !fits_precision(target->typmod, ms))
		return false;
	*value = TimeADTGetDatum(ms * 1000);
	return true;
}

static bool
decode_uuid(const AdTarget *target, const AdElement *element, Datum *value)
{
	bson_subtype_t subtype;
	uint32		len;
	const uint8 *bytes;
	pg_uuid_t  *result;

	if (element->type != BSON_TYPE_BINARY)
		return false;
	bytes = ad_element_bytes(element, &subtype, &len);
	if ((subtype != BSON_SUBTYPE_UUID && subtype != BSON_SUBTYPE_UUID_DEPRECATED) ||
		len != UUID_LEN)
		return false;
	result = palloc(sizeof(pg_uuid_t));
	memcpy(result->data, bytes, UUID_LEN);
	*value = UUIDPGetDatum(result);
	return true;
}

/* bytea: binary data of any subtype, or the 12 bytes of an ObjectId */
static bool
decode_bytea(const AdTarget *target, const AdElement *element, Datum *value)
{
	bson_subtype_t subtype;
	uint32		len;
	const uint8 *bytes;

	switch (element->type)
	{
		case BSON_TYPE_BINARY:
			bytes = ad_element_bytes(element, &subtype, &len);
			break;
		case BSON_TYPE_OID:
			bytes = element->value;
			len = sizeof(bson_oid_t);
			break;
		default:
			return false;
	}
	*value = make_text(bytes, len);
	return true;
}

/* all SQL types that columns can have; see AdType for the members */
static const AdType types[] = {
	{.typid = BOOLOID, .class = AD_CLASS_BOOL,
		.reads = "bool",
		.certain = {"bool"},
	.decode = decode_bool},
	{.typid = INT2OID, .class = AD_CLASS_INTEGER,
		.reads = "int, long, double, decimal; whole and in range",
		.possible = {"int", "double", "long", "decimal"},
		.min = PG_INT16_MIN, .max = PG_INT16_MAX,
	.decode = decode_integer},
	{.typid = INT4OID, .class = AD_CLASS_INTEGER,
		.reads = "int, long, double, decimal; whole and in range",
		.certain = {"int"}, .possible = {"double", "long", "decimal"},
		.min = PG_INT32_MIN, .max = PG_INT32_MAX,
	.decode = decode_integer},
	{.typid = INT8OID, .class = AD_CLASS_INTEGER,
		.reads = "int, long, double, decimal; whole and in range",
		.certain = {"int", "long"}, .possible = {"double", "decimal"},
		.min = PG_INT64_MIN, .max = PG_INT64_MAX,
	.decode = decode_integer},
	{.typid = FLOAT4OID,
		.reads = "double, int, long, decimal; what a float of 4 bytes holds exactly",
	.decode = decode_float4},
	{.typid = FLOAT8OID, .class = AD_CLASS_FLOAT,
		.reads = "double, int; long and decimal if a double holds them exactly",
		.certain = {"double", "int"}, .possible = {"long", "decimal"},
	.decode = decode_float8},
	{.typid = NUMERICOID, .class = AD_CLASS_NUMERIC,
		.reads = "int, long, decimal; double as the shortest number that denotes it; within precision and scale",
		.certain = {"int", "long", "double", "decimal"},
	.decode = decode_numeric},
	{.typid = TEXTOID, .class = AD_CLASS_TEXT,
		.reads = "string, symbol, without U+0000; objectId as 24 hexadecimal digits",
		.certain = {"objectId", "symbol"}, .possible = {"string"},
		.variant = "objectId",
	.decode = decode_text},
	{.typid = VARCHAROID, .class = AD_CLASS_TEXT,
		.reads = "as text, if it is not too long",
		.certain = {"objectId", "symbol"}, .possible = {"string"},
		.variant = "objectId",
	.decode = decode_text},
	{.typid = BPCHAROID,
		.reads = "as text, if it is not too long; filled with spaces",
	.decode = decode_bpchar},
	{.typid = NAMEOID,
		.reads = "as text, if it is not too long",
	.decode = decode_name},
	{.typid = TIMESTAMPTZOID, .class = AD_CLASS_INSTANT,
		.reads = "date, from 4714 BC to AD 294276; within precision",
		.possible = {"date"},
		.min = AD_DATE_MIN, .max = AD_DATE_MAX,
	.decode = decode_timestamp},
	{.typid = TIMESTAMPOID, .class = AD_CLASS_INSTANT,
		.reads = "date, in UTC, from 4714 BC to AD 294276; within precision",
		.possible = {"date"},
		.min = AD_DATE_MIN, .max = AD_DATE_MAX,
	.decode = decode_timestamp},
	{.typid = DATEOID, .class = AD_CLASS_DATE,
		.reads = "date at midnight UTC",
		.possible = {"date"},
		.min = AD_DATE_MIN, .max = AD_DATE_MAX,
	.decode = decode_date},
	{.typid = TIMEOID,
		.reads = "date on 1970-01-01 UTC: its time, within precision",
		.possible = {"date"},
		.min = 0, .max = AD_DAY_MS - 1,
	.decode = decode_time},
	{.typid = UUIDOID, .class = AD_CLASS_UUID,
		.reads = "binData of subtype 4, or 3, whose bytes are not reordered",
		.possible = {"binData"},
	.decode = decode_uuid},
	{.typid = BYTEAOID,
		.reads = "binData of any subtype; objectId as 12 bytes",
		.certain = {"binData", "objectId"},
	.decode = decode_bytea},
	{.typid = JSONOID,
		.reads = "everything but strings and names with U+0000",
	.decode = ad_decode_json},
	{.typid = JSONBOID,
		.reads = "everything but strings and names with U+0000",
	.decode = ad_decode_jsonb},
	{.typid = ANYARRAYOID,
		.reads = "array whose elements are of the element type or null",
	.decode = ad_decode_array},
	{.typid = ANYENUMOID,
		.reads = "as text, if it is a label",
	.decode = decode_enum},
};

/*
 * A sum of numbers of which each decodes as float8.  MongoDB sums integers
 * and decimals exactly, so the sum itself may not decode as float8; we round
 * it.
 */
static bool
decode_float8_sum(const AdTarget *target, const AdElement *element, Datum *value)
{
	double		real;

	if (element->type == BSON_TYPE_DECIMAL128)
		(void) decimal_to_double(element, &real);
	else if (element->type == BSON_TYPE_INT64)
		real = (double) ad_read_int64(element->value);
	else if (!number_to_double(element, &real))
		return false;
	*value = Float8GetDatum(real);
	return true;
}

/* a sum of int8: MongoDB sums them as decimals, so a double is a mismatch */
static bool
decode_numeric_sum(const AdTarget *target, const AdElement *element, Datum *value)
{
	return element->type != BSON_TYPE_DOUBLE &&
		decode_numeric(target, element, value);
}

/*
 * A minimum or maximum.  NaN is the greatest number in PostgreSQL, but the
 * smallest in MongoDB, so the pipeline replaces it by a string.
 */
static bool
decode_float8_extreme(const AdTarget *target, const AdElement *element, Datum *value)
{
	if (element->type == BSON_TYPE_UTF8)
	{
		*value = Float8GetDatum(get_float8_nan());
		return true;
	}
	return decode_float8(target, element, value);
}

/* the milliseconds between two instants, as PostgreSQL subtracts these */
static bool
decode_interval(const AdTarget *target, const AdElement *element, Datum *value)
{
	Interval   *interval = palloc0(sizeof(Interval));
	int64		ms;

	if (element->type == BSON_TYPE_INT64)
		ms = ad_read_int64(element->value);
	else if (element->type == BSON_TYPE_INT32)
		ms = ad_read_int32(element->value);
	else
		return false;
	interval->day = ms / AD_DAY_MS;
	interval->time = ms % AD_DAY_MS * 1000;
	*value = IntervalPGetDatum(interval);
	return true;
}

/* the types of results that are not read like columns */
static const struct
{
	AdResult	kind;
	AdType		type;
}			result_types[] = {
	{AD_RESULT_COUNT, {.typid = INT8OID, .decode = decode_integer,
	.min = 0, .max = PG_INT64_MAX}},
	{AD_RESULT_COUNT, {.typid = INT4OID, .decode = decode_integer,
	.min = 0, .max = PG_INT32_MAX}},
	{AD_RESULT_SUM, {.typid = INT8OID, .decode = decode_integer,
	.min = PG_INT64_MIN, .max = PG_INT64_MAX}},
	{AD_RESULT_SUM, {.typid = FLOAT8OID, .decode = decode_float8_sum}},
	{AD_RESULT_SUM, {.typid = NUMERICOID, .decode = decode_numeric_sum}},
	/* the sum in the transition state of avg(), which has the count too */
	{AD_RESULT_SUM, {.typid = INT8ARRAYOID, .decode = decode_integer,
	.min = PG_INT64_MIN, .max = PG_INT64_MAX}},
	{AD_RESULT_SUM, {.typid = FLOAT8ARRAYOID, .decode = decode_float8_sum}},
	/* the sum in the state of sum() and avg() of int8 and numeric, likewise */
	{AD_RESULT_SUM, {.typid = BYTEAOID, .decode = decode_numeric_sum}},
	/* the days of a sum of intervals, in milliseconds, or what is left of it */
	{AD_RESULT_SUM, {.typid = INTERVALOID, .decode = decode_numeric_sum}},
	{AD_RESULT_EXTREME, {.typid = INTERVALOID, .decode = decode_interval}},
	{AD_RESULT_EXTREME, {.typid = FLOAT8OID, .decode = decode_float8_extreme}},
};

/*
 * Returns the row of a type, or NULL if columns cannot have it.  Domains,
 * arrays and enums have no rows of their own; ad_target() knows them.
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
 * Returns the row of a column's type, or NULL as ad_type().  If the typmod
 * restricts the type, the result is a modified copy, palloc'd.
 */
const AdType *
ad_column_type(Oid typid, int32 typmod)
{
	const AdType *row = ad_type(typid);
	AdType	   *type;
	int			count = 0;
	bool		is_instant = typid == TIMESTAMPOID || typid == TIMESTAMPTZOID;

	if (is_instant ? !is_coarse(typmod) :
		typmod < (int32) VARHDRSZ || (typid != VARCHAROID && typid != NUMERICOID))
		return row;
	type = palloc(sizeof(AdType));
	*type = *row;
	if (is_instant || typid == NUMERICOID)
	{
		/* no test says how many digits the decoded value has */
		type->class = AD_CLASS_NONE;
		return type;
	}
	type->max_length = typmod - VARHDRSZ;
	memset(type->certain, 0, sizeof(type->certain));
	if (type->max_length >= 24)
		type->certain[count++] = "objectId";
	type->possible[0] = "string";
	type->possible[1] = "symbol";
	return type;
}

/*
 * Returns a list of the types that columns can have, as text for hints,
 * palloc'd.
 */
const char *
ad_type_names(void)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < lengthof(types); i++)
	{
		if (types[i].typid != ANYARRAYOID && types[i].typid != ANYENUMOID)
			appendStringInfo(&names, "%s, ", format_type_be(types[i].typid));
	}
	appendStringInfoString(&names, "enums, and domains and arrays of these");
	return names.data;
}

/*
 * Returns the target for a column of a type, palloc'd, or NULL if a column
 * cannot have the type.  The target belongs to the current memory context.
 */
AdTarget *
ad_target(Oid typid, int32 typmod)
{
	AdTarget   *target = palloc0(sizeof(AdTarget));
	Oid			element;

	target->typid = typid;
	target->typmod = typmod;
	target->context = CurrentMemoryContext;
	if (get_typtype(typid) == TYPTYPE_DOMAIN)
	{
		target->domain = typid;
		target->typid = getBaseTypeAndTypmod(typid, &target->typmod);
	}
	target->type = ad_type(target->typid);
	if (target->type != NULL)
		return target;

	if (get_typtype(target->typid) == TYPTYPE_ENUM)
		target->type = ad_type(ANYENUMOID);
	element = get_element_type(target->typid);
	if (OidIsValid(element))
	{
		target->type = ad_type(ANYARRAYOID);
		target->element = ad_target(element, target->typmod);
		get_typlenbyvalalign(element, &target->typlen, &target->typbyval, &target->typalign);
	}
	if (target->type == NULL || (OidIsValid(element) && target->element == NULL))
		return NULL;
	return target;
}

/*
 * Returns the target for a value of the reply that was made in the given way,
 * palloc'd.  A kind and type without special rules decode like a column.
 */
AdTarget *
ad_result_target(AdResult kind, Oid typid, int32 typmod)
{
	AdTarget   *target;

	for (int i = 0; i < lengthof(result_types); i++)
	{
		if (result_types[i].kind != kind || result_types[i].type.typid != typid)
			continue;
		target = palloc0(sizeof(AdTarget));
		target->type = &result_types[i].type;
		target->typid = typid;
		target->typmod = -1;
		return target;
	}
	return ad_target(typid, typmod);
}
