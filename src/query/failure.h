/*
 * failure.h
 *	  The kinds of errors that PostgreSQL would raise and that MongoDB reports
 *	  by a value in a group.
 */
#ifndef AD_FAILURE_H
#define AD_FAILURE_H

/*
 * The reason why PostgreSQL would raise an error instead of computing a
 * value.
 */
typedef enum AdFailureKind
{
	AD_FAILURE_MISMATCH,		/* a field is a mismatch for its column */
	AD_FAILURE_INT2,			/* a smallint is out of range */
	AD_FAILURE_INT4,			/* an integer is out of range */
	AD_FAILURE_INT8,			/* a bigint is out of range */
	AD_FAILURE_ZERO,			/* division by zero */
	AD_FAILURE_OVERFLOW,		/* overflow of a double precision */
	AD_FAILURE_UNDERFLOW		/* underflow of a double precision */
} AdFailureKind;

#define AD_FAILURE_KINDS	(AD_FAILURE_UNDERFLOW + 1)

#endif							/* AD_FAILURE_H */
