/*
 * deviation.h
 *	  Variances and standard deviations, as PostgreSQL computes them.
 */
#ifndef AD_DEVIATION_H
#define AD_DEVIATION_H

#include "utils/numeric.h"

/* the result to compute from a count, a sum and a sum of squares */
typedef enum AdDeviation
{
	AD_VAR_POP,
	AD_VAR_SAMP,
	AD_STDDEV_POP,
	AD_STDDEV_SAMP
} AdDeviation;

extern int	ad_deviation_least(AdDeviation deviation);
extern Numeric ad_deviation(AdDeviation deviation, int64 count, Numeric sum,
							Numeric squares);

#endif							/* AD_DEVIATION_H */
