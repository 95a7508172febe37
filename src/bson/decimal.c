/*
 * decimal.c
 *	  Conversions between numeric, decimal128 and double.
 *
 * A decimal128 has 34 digits and exponents from -6176 to 6111 (IEEE
 * 754-2008); numeric has far more of both.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "utils/builtins.h"

#include "bson/decimal.h"

#define DECIMAL_DIGITS	34

#define DECIMAL_MIN_EXPONENT	(-6176)

#define DECIMAL_MAX_EXPONENT	6111

/* a finite number: digits * 10^exponent */
typedef struct AdDigits
{
	bool		negative;
	char	   *digits;			/* without leading zeros; the buffer has room
								 * for DECIMAL_DIGITS more */
	int			len;			/* number of digits; 0 for zero */
	int			exponent;
} AdDigits;

/*
 * Returns the numeric that a string denotes, palloc'd.  Raises an error if
 * the string is not a number.
 */
Numeric
ad_parse_numeric(const char *string)
{
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(string),
											   ObjectIdGetDatum(InvalidOid),
											   Int32GetDatum(-1)));
}

/*
 * Convert a double to the numeric with the fewest digits that still denotes
 * this double, which is also the one that is printed for it.  The result is
 * palloc'd.  Most doubles are whole or have few digits, for which there are
 * faster ways than to parse the number.
 */
Numeric
ad_double_to_numeric(double number)
{
	char		string[DOUBLE_SHORTEST_DECIMAL_LEN];
	const char *c = string;
	const char *point = NULL;
	int64		digits = 0;

	/* up to 2^53 no shorter number denotes a whole one */
	if (fabs(number) <= 9007199254740992.0 && number == trunc(number))
		return int64_to_numeric((int64) number);
	double_to_shortest_decimal_buf(number, string);
	if (*c == '-')
		c++;
	for (; *c != '\0'; c++)
	{
		if (*c == '.')
			point = c;
		else if (*c >= '0' && *c <= '9')
			digits = digits * 10 + (*c - '0');
		else
			return ad_parse_numeric(string);
	}
	/* there are no more than 17 digits, and a point, since it is not whole */
	return int64_div_fast_to_numeric(number < 0 ? -digits : digits, point == NULL ? 0 : c - point - 1);
}

/*
 * Compare two numerics in PostgreSQL's order.  The result is negative, zero
 * or positive.
 */
int
ad_compare_numeric(Numeric a, Numeric b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(a),
											 NumericGetDatum(b)));
}

/*
 * Read the decimal128 value of an element.  A coefficient of more than 34
 * digits is not canonical and means zero (IEEE 754-2008, 3.5.2).  We make it
 * zero here, because libbson 1.23 prints all its 35 digits, and leaves out
 * the final null byte if there is no room for it.
 */
static bson_decimal128_t
read_decimal(const AdElement *element)
{
	const uint64 coefficient = (UINT64CONST(1) << 49) - 1;
	const uint64 large_form = UINT64CONST(3) << 61;
	bson_decimal128_t decimal;

	decimal.low = ad_read_int64(element->value);
	decimal.high = ad_read_int64(element->value + sizeof(int64));
	/* 10^34 is 0x1ed09bead87c0 * 2^64 + 0x378d8e6400000000 */
	if ((decimal.high & large_form) != large_form &&
		((decimal.high & coefficient) > UINT64CONST(0x1ed09bead87c0) ||
		 ((decimal.high & coefficient) == UINT64CONST(0x1ed09bead87c0) &&
		  decimal.low >= UINT64CONST(0x378d8e6400000000))))
	{
		decimal.high &= ~coefficient;
		decimal.low = 0;
	}
	return decimal;
}

/*
 * Convert a decimal128 element to numeric.  The numeric has the same digits,
 * including zeros at the end.  NaN and the infinities are converted too.
 */
Datum
ad_decimal_to_numeric(const AdElement *element)
{
	bson_decimal128_t decimal = read_decimal(element);
	char		string[BSON_DECIMAL128_STRING];

	bson_decimal128_to_string(&decimal, string);
	return NumericGetDatum(ad_parse_numeric(string));
}

static char *
print_numeric(Numeric number)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));
}

/* split a finite number into the digits with which it is printed */
static void
split_digits(Numeric number, AdDigits *parts)
{
	const char *c = print_numeric(number);

	parts->negative = *c == '-';
	parts->digits = palloc(strlen(c) + DECIMAL_DIGITS + 1);
	parts->len = 0;
	parts->exponent = 0;
	for (c += parts->negative ? 1 : 0; *c != '\0'; c++)
	{
		if (*c == '.')
			parts->exponent = -(int) strlen(c + 1);
		else if (*c != '0' || parts->len > 0)
			parts->digits[parts->len++] = *c;
	}
}

/*
 * Drop the last digits that a decimal128 has no room for.  Returns true if
 * all of them were zeros.
 */
static bool
drop_digits(AdDigits *parts)
{
	int			drop = Max(parts->len - DECIMAL_DIGITS,
						   DECIMAL_MIN_EXPONENT - parts->exponent);
	bool		zeros = true;

	for (; drop > 0; drop--)
	{
		parts->exponent++;
		if (parts->len > 0 && parts->digits[--parts->len] != '0')
			zeros = false;
	}
	return zeros;
}

/* add one to the last digit, and carry */
static void
increment(AdDigits *parts)
{
	int			i = parts->len;

	while (i > 0 && parts->digits[i - 1] == '9')
		parts->digits[--i] = '0';
	if (i > 0)
	{
		parts->digits[i - 1]++;
		return;
	}

	/*
	 * All digits were nines and are zeros now.  Put a 1 before them and drop
	 * the last zero: only the first digit and the exponent change.
	 */
	if (parts->len > 0)
		parts->exponent++;
	else
		parts->len = 1;
	parts->digits[0] = '1';
}

/*
 * Append zeros until the exponent is small enough.  Returns false if there is
 * no room for them, that is, if the number is too large for a decimal128.
 */
static bool
pad_digits(AdDigits *parts)
{
	for (; parts->exponent > DECIMAL_MAX_EXPONENT; parts->exponent--)
	{
		if (parts->len == DECIMAL_DIGITS)
			return false;
		if (parts->len > 0)
			parts->digits[parts->len++] = '0';
	}
	return true;
}

static const char *
digits_string(const AdDigits *parts)
{
	return psprintf("%s%.*sE%d", parts->negative ? "-" : "",
					parts->len > 0 ? parts->len : 1,
					parts->len > 0 ? parts->digits : "0", parts->exponent);
}

/*
 * Returns the greatest decimal128 that is not above a number, as a string.
 * Sets *exact to true if it is equal to the number.
 */
static const char *
floor_string(Numeric number, bool *exact)
{
	AdDigits	parts;

	if (numeric_is_nan(number) || numeric_is_inf(number))
	{
		*exact = true;
		return print_numeric(number);
	}
	split_digits(number, &parts);
	*exact = drop_digits(&parts);
	if (!*exact && parts.negative)
		increment(&parts);
	if (pad_digits(&parts))
		return digits_string(&parts);
	*exact = false;
	return parts.negative ? "-Infinity" :
		"9999999999999999999999999999999999E6111";
}

/*
 * Returns the greatest number that is not above the given one and that a
 * decimal128 can hold.  This can be -Infinity.  Sets *exact to true if it is
 * the given number itself.
 */
Numeric
ad_numeric_floor(Numeric number, bool *exact)
{
	const char *string = floor_string(number, exact);

	return *exact ? number : ad_parse_numeric(string);
}

/*
 * Convert a number that a decimal128 can hold exactly.  The decimal128 keeps
 * the number's zeros after the decimal point.  Other numbers are an internal
 * error.
 */
void
ad_numeric_to_decimal(Numeric number, bson_decimal128_t *decimal)
{
	bool		exact;
	const char *string = floor_string(number, &exact);

	if (!exact || !bson_decimal128_from_string(string, decimal))
		elog(ERROR, "number is not a decimal128: %s", print_numeric(number));
}
