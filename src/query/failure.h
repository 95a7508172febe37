/*
 * failure.h
 *	  The errors that PostgreSQL would raise, which MongoDB reports by a value.
 */
#ifndef AD_FAILURE_H
#define AD_FAILURE_H


/* why PostgreSQL would raise an error instead of computing a value */
typedef enum AdFailureKind
{
	AD_FAILURE_MISMATCH,		/* a field does not fit its column */
	AD_FAILURE_INT2,
	AD_FAILURE_INT4,
	AD_FAILURE_INT8,
	AD_FAILURE_ZERO,
	AD_FAILURE_OVERFLOW,
	AD_FAILURE_UNDERFLOW
} AdFailureKind;

#define AD_FAILURE_KINDS	(AD_FAILURE_UNDERFLOW + 1)


#endif							/* AD_FAILURE_H */
