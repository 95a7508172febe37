/*
 * aggregate.c
 *	  Finish aggregates whose parts MongoDB computed.
 *
 * MongoDB returns the sum and the count of an average, and the two values next
 * to a percentile.  The last step uses PostgreSQL's own arithmetic.
 *
 * Of aggregates that PostgreSQL combines, the result is a transition state.
 * Where the state is private to PostgreSQL, we make it by PostgreSQL's own
 * functions.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "nodes/execnodes.h"
#include "utils/array.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "bson/constant.h"
#include "bson/decimal.h"
#include "execute/aggregate.h"

static Datum
float8_array(const float8 *numbers, int count)
{
	Datum	   *elements = palloc(count * sizeof(Datum));

	for (int i = 0; i < count; i++)
		elements[i] = Float8GetDatum(numbers[i]);
	return PointerGetDatum(construct_array(elements, count, FLOAT8OID, sizeof(float8),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* the transition state of avg() and of deviations of doubles */
static Datum
float8_state(float8 count, float8 sum, float8 squares)
{
	float8		state[] = {count, sum, squares};

	return float8_array(state, lengthof(state));
}

/*
 * Returns the average: a sum divided by a count, which is not zero.  If the
 * type is an array, the aggregate is partial; the result is then the
 * transition state of avg(), which PostgreSQL combines with others.
 */
Datum
ad_average(Oid typid, Datum sum, int64 count)
{
	if (typid == INT8ARRAYOID)
	{
		Datum		state[] = {Int64GetDatum(count), sum};

		return PointerGetDatum(construct_array(state, lengthof(state), INT8OID, sizeof(int64),
											   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	}
	if (typid == FLOAT8ARRAYOID)
	{
		/*
		 * The state of avg() also has a sum of squares, which avg() does not
		 * use.  We set it to NaN, because NaN does not overflow in
		 * float8_combine().
		 */
		return float8_state((float8) count, DatumGetFloat8(sum), get_float8_nan());
	}
	if (typid == FLOAT8OID)
		return Float8GetDatum(DatumGetFloat8(sum) / (float8) count);
	return DirectFunctionCall2(numeric_div, sum, NumericGetDatum(int64_to_numeric(count)));
}

/*
 * Call a function for transition states.  "state" may be NULL.  The functions
 * demand an AggState as their context, of which they only read where states
 * are allocated.
 */
static void *
call_for_state(PGFunction function, void *state, Datum argument, int nargs)
{
	LOCAL_FCINFO(call, 2);
	AggState	context = {0};
	ExprContext states = {0};

	NodeSetTag(&context, T_AggState);
	context.curaggcontext = &states;
	states.ecxt_per_tuple_memory = CurrentMemoryContext;
	InitFunctionCallInfoData(*call, NULL, nargs, InvalidOid, (Node *) &context, NULL);
	call->args[0].value = PointerGetDatum(state);
	call->args[0].isnull = state == NULL;
	call->args[1].value = argument;
	call->args[1].isnull = false;
	return DatumGetPointer(function(call));
}

/* the functions for the states of sum() and avg() of a type */
typedef struct AdStateFunctions
{
	PGFunction	accumulate;
	PGFunction	combine;
	PGFunction	serialize;
} AdStateFunctions;

/*
 * Add "count" times the number to the state, which may be NULL.  Returns the
 * state.  A state is combined with itself to have it twice.
 */
static void *
add_repeated(const AdStateFunctions *functions, void *state, Datum number, int64 count)
{
	for (int64 bit = 1; bit <= count; bit <<= 1)
	{
		void	   *doubled;

		if ((count & bit) == 0)
			continue;
		doubled = call_for_state(functions->accumulate, NULL, number, 2);
		for (int64 times = 1; times < bit; times <<= 1)
		{
			void	   *copy = call_for_state(functions->combine, NULL, PointerGetDatum(doubled), 2);

			doubled = call_for_state(functions->combine, copy, PointerGetDatum(doubled), 2);
		}
		state = call_for_state(functions->combine, state, PointerGetDatum(doubled), 2);
	}
	return state;
}

/*
 * Returns the serialized state of sum() and avg() for so many numbers, at least
 * one, with that sum, a numeric.  The state has the sum once, and zeros for the
 * other numbers.  For int8 the sum may be too large for that: it consists of
 * the greatest int8 so often, and of what is left.
 */
Datum
ad_sum_state(Oid argument_type, Datum sum, int64 count)
{
	static const AdStateFunctions of_numeric =
	{numeric_avg_accum, numeric_avg_combine, numeric_avg_serialize};
	static const AdStateFunctions of_int8 =
	{int8_avg_accum, int8_avg_combine, int8_avg_serialize};
	bool		is_int8 = argument_type == INT8OID;
	const AdStateFunctions *functions = is_int8 ? &of_int8 : &of_numeric;
	void	   *state = NULL;
	int64		left = count;
	Datum		zero = is_int8 ? Int64GetDatum(0) : NumericGetDatum(int64_to_numeric(0));

	if (is_int8)
	{
		bool		negative = ad_compare_numeric(DatumGetNumeric(sum), int64_to_numeric(0)) < 0;
		int64		most = negative ? PG_INT64_MIN : PG_INT64_MAX;
		Datum		divisor = NumericGetDatum(int64_to_numeric(most));
		int64		times = DatumGetInt64(DirectFunctionCall1(numeric_int8,
															  DirectFunctionCall2(numeric_div_trunc, sum, divisor)));

		state = add_repeated(functions, state, Int64GetDatum(most), times);
		left -= times;
		sum = DirectFunctionCall1(numeric_int8, DirectFunctionCall2(numeric_mod, sum, divisor));
	}
	if (left > 0)
		state = add_repeated(functions, state, sum, 1);
	state = add_repeated(functions, state, zero, left - 1);
	return PointerGetDatum(call_for_state(functions->serialize, state, (Datum) 0, 1));
}

/*
 * Returns the sum of so many times the same numeric.
 */
Datum
ad_repeated(Datum number, int64 count)
{
	return DirectFunctionCall2(numeric_mul, number, NumericGetDatum(int64_to_numeric(count)));
}

/*
 * A numeric as a double.  One that is too large is the error that PostgreSQL
 * raises in arithmetic on doubles.
 */
static float8
to_double(Datum numeric)
{
	float8		result = strtod(DatumGetCString(DirectFunctionCall1(numeric_out, numeric)), NULL);

	if (isinf(result) && !numeric_is_inf(DatumGetNumeric(numeric)))
		float_overflow_error();
	return result;
}

static Datum
multiply(Datum left, Datum right)
{
	return DirectFunctionCall2(numeric_mul, left, right);
}

/* is a numeric neither NaN nor an infinity? */
static bool
is_finite(Datum number)
{
	return !numeric_is_nan(DatumGetNumeric(number)) && !numeric_is_inf(DatumGetNumeric(number));
}

/*
 * Is the difference of two sums of products nothing but rounding?  MongoDB's
 * products have 34 digits.  The difference should have one of the first 28
 * digits of the sums, which are as large as the geometric mean of x and y.
 */
static bool
is_rounding(Datum difference, Datum x, Datum y)
{
	Datum		least = DirectFunctionCall3(numeric_in, CStringGetDatum("1e-56"),
											ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));

	return ad_compare_numeric(DatumGetNumeric(multiply(difference, difference)),
							  DatumGetNumeric(multiply(least, multiply(x, y)))) <= 0;
}

/*
 * Returns the sum of the products of the differences of pairs (x, y) from
 * their averages, from the sums of x, of y, of the products, and of the
 * squares.  It is NaN if a number is not finite.
 */
static float8
co_moment(int64 count, Datum x, Datum y, Datum products, Datum x_squares, Datum y_squares)
{
	Datum		n = NumericGetDatum(int64_to_numeric(count));
	Datum		difference;

	if (!is_finite(x) || !is_finite(y))
		return get_float8_nan();
	difference = DirectFunctionCall2(numeric_sub, multiply(n, products), multiply(x, y));
	if (is_rounding(difference, multiply(n, x_squares), multiply(n, y_squares)))
		return 0;
	return to_double(difference) / (float8) count;
}

/*
 * Returns the transition state of avg() and of the deviations of doubles: the
 * count, the sum, and the sum of the squares of the differences from the
 * average (float8_accum() in PostgreSQL).  The sums are numerics.
 */
Datum
ad_moments_state(int64 count, Datum sum, Datum squares)
{
	return float8_state((float8) count, to_double(sum),
						co_moment(count, sum, sum, squares, squares, squares));
}

/*
 * Returns the number that all of these are, NaN if they are not all the same.
 * The state has it since PostgreSQL 19.
 */
static float8
common_number(int64 count, Datum sum, float8 moment)
{
	if (moment != 0)
		return get_float8_nan();
	return to_double(DirectFunctionCall2(numeric_div, sum, NumericGetDatum(int64_to_numeric(count))));
}

/*
 * Returns the transition state of corr() and other aggregates of pairs (x, y),
 * from sums that are numerics (float8_regr_accum() in PostgreSQL).
 */
Datum
ad_regression_state(int64 count, const AdPairSums *sums)
{
	Datum		xx = sums->x_squares;
	Datum		yy = sums->y_squares;
	float8		x_moment = co_moment(count, sums->x, sums->x, xx, xx, xx);
	float8		y_moment = co_moment(count, sums->y, sums->y, yy, yy, yy);
	float8		state[] = {
		(float8) count, to_double(sums->x), x_moment, to_double(sums->y), y_moment,
		co_moment(count, sums->x, sums->y, sums->products, xx, yy),
		common_number(count, sums->x, x_moment), common_number(count, sums->y, y_moment)
	};

	return float8_array(state, AD_REGRESSION_SIZE);
}

/*
 * Returns the sum of intervals, from the milliseconds of their days and of the
 * rest, both numeric; divided by the count, if that is not 0.
 */
Datum
ad_interval(Datum days, Datum rest, int64 count)
{
	Interval   *sum = palloc0(sizeof(Interval));
	int64		whole = DatumGetInt64(DirectFunctionCall1(numeric_int8, days)) / AD_DAY_MS;

	if (whole != (int32) whole)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("interval out of range")));
	sum->day = (int32) whole;
	sum->time = DatumGetInt64(DirectFunctionCall1(numeric_int8, ad_repeated(rest, 1000)));
	if (count == 0)
		return IntervalPGetDatum(sum);
	return DirectFunctionCall2(interval_div, IntervalPGetDatum(sum), Float8GetDatum((float8) count));
}

/*
 * Returns the result of percentile_cont(fraction) over "count" sorted values:
 * the interpolation between "before" and "after", the values next to the
 * place of the percentile (percentile_cont_final_common() in PostgreSQL).
 */
Datum
ad_interpolated(float8 fraction, int64 count, Datum before, Datum after)
{
	float8		place = fraction * (count - 1);
	float8		low = DatumGetFloat8(before);

	if (floor(place) == ceil(place))
		return before;
	return Float8GetDatum(low + (place - floor(place)) * (DatumGetFloat8(after) - low));
}
