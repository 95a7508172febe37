/*
 * value_arithmetic.h
 *	  Arithmetic on integers and doubles in the aggregation language.
 */
#ifndef AD_VALUE_ARITHMETIC_H
#define AD_VALUE_ARITHMETIC_H

#include "translate/value.h"

extern bool ad_arithmetic(AdValueContext *context, Oid function, List *args, AdValue *value);
extern bool ad_result_range(const char *op, const AdValue *a, const AdValue *b,
							int64 *min, int64 *max);
extern bool ad_is_integer(const AdValue *value);
extern void ad_limit_integer(AdValueContext *context, AdValue *value);

#endif							/* AD_VALUE_ARITHMETIC_H */
