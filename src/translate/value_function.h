/*
 * value_function.h
 *	  Translation of functions and operators to the aggregation language.
 */
#ifndef AD_VALUE_FUNCTION_H
#define AD_VALUE_FUNCTION_H

#include "translate/value.h"

extern bool ad_value_function(AdValueContext *context, Oid function, List *args,
							  AdValue *value);

#endif							/* AD_VALUE_FUNCTION_H */
