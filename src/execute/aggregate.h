/*
 * aggregate.h
 *	  Finish aggregates whose parts MongoDB computed: averages and percentiles.
 */
#ifndef AD_AGGREGATE_H
#define AD_AGGREGATE_H

#include "utils/numeric.h"

/* sums of pairs (x, y), numerics */
typedef struct AdPairSums
{
	Datum		x;
	Datum		x_squares;
	Datum		y;
	Datum		y_squares;
	Datum		products;
} AdPairSums;

extern Datum ad_average(Oid typid, Datum sum, int64 count);
extern Datum ad_sum_state(Oid argument_type, Datum sum, int64 count);
extern Datum ad_repeated(Datum number, int64 count);
extern Datum ad_moments_state(int64 count, Datum sum, Datum squares);
extern Datum ad_regression_state(int64 count, const AdPairSums *sums);
extern Datum ad_interval(Datum days, Datum rest, int64 count);
extern Datum ad_interpolated(float8 fraction, int64 count, Datum before, Datum after);

#endif							/* AD_AGGREGATE_H */
