/*
 * exact.h
 *	  Exact sums of doubles.
 */
#ifndef AD_EXACT_H
#define AD_EXACT_H

extern bool ad_is_exact(double value);

#endif							/* AD_EXACT_H */
