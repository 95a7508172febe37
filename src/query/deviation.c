/*
 * deviation.c
 *	  Variances and standard deviations, as PostgreSQL computes them.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "bson/decimal.h"
#include "query/deviation.h"

/* up to how many values have no deviation: a sample's is null for one */
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
 * The square root with as many digits after the point as the number has, the
 * last one rounded.  sqrt() chooses more of them, and its last one is rounded,
 * too; but so many that rounding again is as good as rounding once, as a root
 * half-way between two results would have a square of twice the digits.
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
 * A variance or standard deviation of integers, with the digits of those of
 * PostgreSQL (numeric_stddev_internal()): (N * squares - sum * sum) divided by
 * N * N, or, of a sample, by N * (N - 1).
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
	/* a zero has no digits after the point */
	if (ad_compare_numeric(dividend, int64_to_numeric(0)) <= 0)
		return int64_to_numeric(0);
	variance = call_numeric(numeric_div, dividend,
							call_numeric(numeric_mul, n,
										 int64_to_numeric(count - ad_deviation_least(deviation))));
	return deviation == AD_VAR_POP || deviation == AD_VAR_SAMP ? variance : square_root(variance);
}
