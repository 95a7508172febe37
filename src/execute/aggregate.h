/*
 * aggregate.h
 *	  Finish aggregates whose parts MongoDB computed: averages and percentiles.
 */
#ifndef AD_AGGREGATE_H
#define AD_AGGREGATE_H

#include "utils/numeric.h"

extern Datum ad_average(Oid typid, Datum sum, int64 count);
extern Datum ad_sum_state(Oid argument_type, Datum sum, int64 count);
extern Datum ad_repeated(Datum number, int64 count);
extern Datum ad_moments_state(int64 count, Numeric sum, Numeric squares);
extern Datum ad_interval(Datum days, Datum rest, int64 count);
extern Datum ad_interpolated(float8 fraction, int64 count, Datum before, Datum after);

#endif							/* AD_AGGREGATE_H */
