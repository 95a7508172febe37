/*
 * aggregate.h
 *	  Finish aggregates whose parts MongoDB computed: averages and percentiles.
 */
#ifndef AD_AGGREGATE_H
#define AD_AGGREGATE_H

extern Datum ad_average(Oid typid, Datum sum, int64 count);
extern Datum ad_interpolated(float8 fraction, int64 count, Datum before, Datum after);

#endif							/* AD_AGGREGATE_H */
