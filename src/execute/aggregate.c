/*
 * aggregate.c
 *	  Finish aggregates whose parts MongoDB computed: averages and percentiles.
 *
 * MongoDB returns the sum and the count of an average, and the two values next
 * to a percentile.  The last step uses PostgreSQL's own arithmetic.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "execute/aggregate.h"

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
		Datum		state[] = {Float8GetDatum((float8) count), sum, Float8GetDatum(get_float8_nan())};

		return PointerGetDatum(construct_array(state, lengthof(state), FLOAT8OID, sizeof(float8),
											   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	}
	if (typid == FLOAT8OID)
		return Float8GetDatum(DatumGetFloat8(sum) / (float8) count);
	return DirectFunctionCall2(numeric_div, sum, NumericGetDatum(int64_to_numeric(count)));
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
