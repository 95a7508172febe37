/*
 * constant.c
 *	  Write constants of query templates as BSON, or as text for the shell.
 *
 * A template has constants of a few types only: bool, int8, float8, text,
 * numeric, which becomes decimal128, and timestamptz, which becomes a date.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "bson/bson_type.h"
#include "bson/bsonwrite.h"
#include "bson/constant.h"
#include "bson/decimal.h"
#include "bson/encoding.h"

/*
 * Convert a finite timestamptz, in microseconds since 2000, to milliseconds
 * since 1970, rounded down.  Returns true if the result is exact.
 */
bool
ad_timestamptz_to_ms(int64 timestamp, int64 *ms)
{
	int64		rest = timestamp % 1000;

	*ms = timestamp / 1000 + AD_EPOCH_SHIFT;
	if (rest < 0)
		*ms -= 1;
	return rest == 0;
}

/*
 * Returns a template constant for a MongoDB date, in milliseconds since 1970.
 */
Node *
ad_date_const(int64 ms)
{
	return (Node *) makeConst(TIMESTAMPTZOID, -1, InvalidOid, sizeof(int64),
							  TimestampTzGetDatum((ms - AD_EPOCH_SHIFT) * 1000),
							  false, FLOAT8PASSBYVAL);
}

/*
 * Append one BSON element with a key and a constant.  "typid" is one of the
 * types that templates have; see the top of this file.  Text is converted to
 * UTF-8.
 */
void
ad_write_datum(StringInfo out, const char *key, Oid typid, Datum value)
{
	int64		number;
	double		real;
	bson_decimal128_t decimal;
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
		case NUMERICOID:
			ad_write_key(out, BSON_TYPE_DECIMAL128, key);
			ad_numeric_to_decimal(DatumGetNumeric(value), &decimal);
			ad_write_int64(out, decimal.low);
			ad_write_int64(out, decimal.high);
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

/*
 * Write an instant, given in milliseconds since 1970, in ISO 8601 and UTC, and
 * a null byte.  Years before 0 and after 9999 get a sign and six digits.  The
 * string must have room for AD_ISO_SIZE bytes.  Returns its length, or 0 if
 * the instant is outside PostgreSQL's range of timestamps.
 */
int
ad_format_iso(char *string, int64 ms)
{
	int64		days = ms / AD_DAY_MS;
	int64		rest = ms % AD_DAY_MS;
	int			year;
	int			month;
	int			day;
	char	   *c = string;

	if (ms < AD_DATE_MIN || ms > AD_DATE_MAX)
		return 0;
	if (rest < 0)
	{
		days--;
		rest += AD_DAY_MS;
	}
	j2date((int) days + UNIX_EPOCH_JDATE, &year, &month, &day);
	if (year > 9999 || year < 0)
		*c++ = year < 0 ? '-' : '+';
	c = pg_ultostr_zeropad(c, abs(year), year > 9999 || year < 0 ? 6 : 4);
	*c++ = '-';
	c = pg_ultostr_zeropad(c, month, 2);
	*c++ = '-';
	c = pg_ultostr_zeropad(c, day, 2);
	*c++ = 'T';
	c = pg_ultostr_zeropad(c, (uint32) (rest / 3600000), 2);
	*c++ = ':';
	c = pg_ultostr_zeropad(c, (uint32) (rest / 60000 % 60), 2);
	*c++ = ':';
	c = pg_ultostr_zeropad(c, (uint32) (rest / 1000 % 60), 2);
	if (rest % 1000 != 0)
	{
		*c++ = '.';
		c = pg_ultostr_zeropad(c, (uint32) (rest % 1000), 3);
	}
	*c++ = 'Z';
	*c = '\0';
	return c - string;
}

/* append a date, given in milliseconds since 1970, in the shell's notation */
static void
print_date(StringInfo out, int64 ms)
{
	char		iso[AD_ISO_SIZE];

	if (ad_format_iso(iso, ms) > 0)
		appendStringInfo(out, "ISODate(\"%s\")", iso);
	else
		appendStringInfo(out, "new Date(%lld)", (long long) ms);
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

static void
print_decimal(StringInfo out, Numeric value)
{
	bson_decimal128_t decimal;
	char		string[BSON_DECIMAL128_STRING];

	ad_numeric_to_decimal(value, &decimal);
	bson_decimal128_to_string(&decimal, string);
	appendStringInfo(out, "NumberDecimal(\"%s\")", string);
}

/* the shell reads a plain number as a double, which is exact up to 2^53 */
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
 * Append a constant in the notation of MongoDB's shell.  "typid" is one of
 * the types that templates have.
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
		case NUMERICOID:
			print_decimal(out, DatumGetNumeric(value));
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
 * Append the value of an element in the notation of MongoDB's shell, for
 * messages.  For other types, which are long or rare, we append only the name
 * of the type.
 */
void
ad_print_element(StringInfo out, const AdElement *element)
{
	char		hex[25];
	const char *string;
	uint32		len;

	switch (element->type)
	{
		case BSON_TYPE_OID:
			bson_oid_to_string((const bson_oid_t *) element->value, hex);
			appendStringInfo(out, "ObjectId(\"%s\")", hex);
			return;
		case BSON_TYPE_UTF8:
			string = ad_read_string(element->value, &len);
			string = ad_text_to_server(string, &len);
			if (string == NULL)
				break;
			escape_json(out, string);
			return;
		case BSON_TYPE_INT32:
			appendStringInfo(out, "%d", ad_read_int32(element->value));
			return;
		case BSON_TYPE_INT64:
			print_int64(out, ad_read_int64(element->value));
			return;
		case BSON_TYPE_DOUBLE:
			print_double(out, ad_read_double(element->value));
			return;
		case BSON_TYPE_DATE_TIME:
			print_date(out, ad_read_int64(element->value));
			return;
		case BSON_TYPE_BOOL:
			appendStringInfoString(out, (*element->value != 0) ? "true" : "false");
			return;
		default:
			break;
	}
	appendStringInfo(out, "(of type %s)",
					 ad_bson_type_name(element->type));
}
