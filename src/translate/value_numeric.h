/*
 * value_numeric.h
 *	  Arithmetic on numerics in the aggregation language.
 */
#ifndef AD_VALUE_NUMERIC_H
#define AD_VALUE_NUMERIC_H

#include "translate/value.h"

extern bool ad_numeric_function(AdValueContext *context, const char *op, Oid typid,
								List *args, AdValue *value);
extern Node *ad_numeric_decimal(const AdValue *value);

#endif							/* AD_VALUE_NUMERIC_H */
