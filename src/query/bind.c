/*
 * bind.c
 *	  Values that PostgreSQL computed as constants of aggregation expressions.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "bson/constant.h"
#include "query/bind.h"

/*
 * Returns the constant for an instant.  An instant between two milliseconds
 * is rounded; without rounding it becomes null, because no date equals it.
 * -infinity becomes a number, which is less than all dates, and infinity
 * becomes MaxKey (MongoDB manual, "Comparison/Sort Order").
 */
static Node *
bind_instant(TimestampTz value, AdRounding rounding)
{
	int64		ms;

	if (TIMESTAMP_IS_NOBEGIN(value))
		return ad_integer(0);
	if (TIMESTAMP_IS_NOEND(value))
		return ad_node(AD_MAXKEY, NIL);
	if (!ad_timestamptz_to_ms(value, &ms))
	{
		if (rounding == AD_ROUND_NONE)
			return ad_null();
		if (rounding == AD_ROUND_UP)
			ms++;
	}
	return ad_date_const(ms);
}

static Numeric
numeric_times(Numeric number, int factor)
{
	return DatumGetNumeric(DirectFunctionCall2(numeric_mul, NumericGetDatum(number),
											   NumericGetDatum(int64_to_numeric(factor))));
}

static bool
numeric_less(Numeric a, Numeric b)
{
	return DatumGetBool(DirectFunctionCall2(numeric_lt, NumericGetDatum(a),
											NumericGetDatum(b)));
}

/*
 * Returns the constant for a numeric that is compared with longs in units of
 * 1/factor.  A value outside of the range of a long becomes an infinity.  A
 * value between two units is rounded; without rounding it becomes null.  NaN
 * becomes a string, which is greater than all numbers, as NaN is in SQL.
 */
static Node *
bind_numeric(Numeric value, AdRounding rounding, int factor)
{
	Numeric		parts;
	Datum		whole;

	if (numeric_is_nan(value))
		return ad_string("NaN");
	parts = numeric_times(value, factor);
	if (numeric_less(parts, int64_to_numeric(PG_INT64_MIN)))
		return ad_float8(-INFINITY);
	if (numeric_less(int64_to_numeric(PG_INT64_MAX), parts))
		return ad_float8(INFINITY);
	whole = DirectFunctionCall1(rounding == AD_ROUND_UP ? numeric_ceil : numeric_floor,
								NumericGetDatum(parts));
	if (rounding == AD_ROUND_NONE &&
		!DatumGetBool(DirectFunctionCall2(numeric_eq, whole, NumericGetDatum(parts))))
		return ad_null();
	return ad_int64(DatumGetInt64(DirectFunctionCall1(numeric_int8, whole)));
}

/*
 * Returns the numeric constant with these digits, a BSON decimal.
 */
Node *
ad_numeric_const(const char *digits)
{
	return (Node *) makeConst(NUMERICOID, -1, InvalidOid, -1,
							  DirectFunctionCall3(numeric_in, CStringGetDatum(digits),
												  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)),
							  false, false);
}

/*
 * Returns the constant for a text.  A text that starts with a dollar sign
 * needs $literal, because in an expression it would be a path.
 */
static Node *
bind_text(Datum value)
{
	Node	   *constant = (Node *) makeConst(TEXTOID, -1, InvalidOid, -1, value,
											  false, false);
	text	   *string = DatumGetTextPP(value);

	if (VARSIZE_ANY_EXHDR(string) > 0 && *VARDATA_ANY(string) == '$')
		return ad_doc("$literal", constant);
	return constant;
}

/*
 * Returns the constant for an operand of type typid.  Rounding applies to
 * instants, and to a numeric if factor is not 0.  The numeric is then
 * expressed as a long in units of 1/factor; for example, with factor 1000
 * seconds become milliseconds.
 */
Node *
ad_bind_operand(Oid typid, Datum value, bool isnull, AdRounding rounding, int factor)
{

	if (isnull)
		return ad_null();
	switch (typid)
	{
		case BOOLOID:
			return (Node *) makeConst(BOOLOID, -1, InvalidOid, 1, value, false, true);
		case INT2OID:
			return ad_int64(DatumGetInt16(value));
		case INT4OID:
			return ad_int64(DatumGetInt32(value));
		case INT8OID:
			return ad_int64(DatumGetInt64(value));
		case FLOAT8OID:
			return ad_float8(DatumGetFloat8(value));
		case TEXTOID:
		case VARCHAROID:
			return bind_text(value);
		case NUMERICOID:
			if (factor != 0)
				return bind_numeric(DatumGetNumeric(value), rounding, factor);
			return (Node *) makeConst(NUMERICOID, -1, InvalidOid, -1, value, false, false);
		case TIMESTAMPTZOID:
			return bind_instant(DatumGetTimestampTz(value), rounding);
		case TIMESTAMPOID:
			return bind_instant(ad_timestamp_to_timestamptz(DatumGetTimestamp(value)), rounding);
		case DATEOID:
			return bind_instant(ad_date_to_timestamptz(DatumGetDateADT(value)), rounding);
	}
	elog(ERROR, "no operands of type %u", typid);
	return NULL;				/* not reached */
}

/*
 * Returns MongoDB's name for one of PostgreSQL's time zones, palloc'd, or
 * NULL if MongoDB has no such zone.  MongoDB knows zones of the IANA database
 * by names that contain a slash, and offsets in whole minutes (MongoDB
 * manual, "Timezone" of $dateTrunc).
 */
const char *
ad_bind_zone(const char *name)
{
	pg_tz	   *zone = pg_tzset(name);
	long		offset;

	if (zone == NULL)
		return NULL;
	name = pg_get_timezone_name(zone);
	/* these zones count leap seconds, even if they have a fixed offset */
	if (strncmp(name, "right/", 6) == 0)
		return NULL;
	if (pg_get_timezone_offset(zone, &offset))
	{
		if (offset % 60 != 0)
			return NULL;
		if (offset == 0)
			return "UTC";
		return psprintf("%c%02ld:%02ld", offset < 0 ? '-' : '+',
						labs(offset) / 3600, labs(offset) / 60 % 60);
	}
	if (strchr(name, '/') == NULL || strchr(name, ',') != NULL ||
		strncmp(name, "posix/", 6) == 0)
		return NULL;
	return pstrdup(name);
}
