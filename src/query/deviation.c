/*
 * deviation.c
 *	  Variances and standard deviations, as PostgreSQL computes them.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "bson/decimal.h"
#include "query/deviation.h"

/*
 * Returns the greatest number of values for which the result is null: one for
 * a sample, none for a population.
 */
int
ad_deviation_least(AdDeviation deviation)
{
	return deviation == AD_VAR_SAMP || deviation == AD_STDDEV_SAMP ? 1 : 0;
}

static Numeric
call_numeric(PGFunction function, Numeric a, Numeric b)
{
	return DatumGetNumeric(DirectFunctionCall2(function, NumericGetDatum(a), NumericGetDatum(b)));
}

static Numeric
round_to(PGFunction function, Numeric number, int scale)
{
	return DatumGetNumeric(DirectFunctionCall2(function, NumericGetDatum(number),
											   Int32GetDatum(scale)));
}

/*
 * Returns the square root, rounded to as many digits after the decimal point
 * as the number has.  numeric_sqrt() rounds its result, too, so the function
 * rounds twice.  `longer` makes numeric_sqrt() return so many digits that
 * this gives the same result as rounding once: a root half-way between two
 * results would have a square of twice as many digits.
 */
static Numeric
square_root(Numeric number)
{
	const int	whole_digits = 20;
	int			scale = DatumGetInt32(DirectFunctionCall1(numeric_scale, NumericGetDatum(number)));
	Numeric		longer = round_to(numeric_round, number, 2 * scale + whole_digits);

	return round_to(numeric_round,
					DatumGetNumeric(DirectFunctionCall1(numeric_sqrt, NumericGetDatum(longer))),
					scale);
}

/*
 * Computes a variance or standard deviation of integers with the same digits
 * as PostgreSQL's numeric_stddev_internal().  The variance is N * squares -
 * sum * sum, divided by N * N for a population and by N * (N - 1) for a
 * sample.
 */
Numeric
ad_deviation(AdDeviation deviation, int64 count, Numeric sum, Numeric squares)
{
	Numeric		n = int64_to_numeric(count);
	Numeric		dividend;
	Numeric		variance;

	sum = round_to(numeric_trunc, sum, 0);
	squares = round_to(numeric_trunc, squares, 0);
	dividend = call_numeric(numeric_sub, call_numeric(numeric_mul, n, squares),
							call_numeric(numeric_mul, sum, sum));
	/* PostgreSQL's zero has no digits after the decimal point */
	if (ad_compare_numeric(dividend, int64_to_numeric(0)) <= 0)
		return int64_to_numeric(0);
	variance = call_numeric(numeric_div, dividend,
							call_numeric(numeric_mul, n,
										 int64_to_numeric(count - ad_deviation_least(deviation))));
	return deviation == AD_VAR_POP || deviation == AD_VAR_SAMP ? variance : square_root(variance);
}
