/*
 * decimal.h
 *	  Conversions between numeric and decimal128.
 */
#ifndef AD_DECIMAL_H
#define AD_DECIMAL_H

#include <bson/bson.h>

#include "utils/numeric.h"

#include "bson/bsonread.h"

extern Numeric ad_double_to_numeric(double number);
extern Numeric ad_parse_numeric(const char *string);
extern int	ad_compare_numeric(Numeric a, Numeric b);
extern Numeric ad_numeric_floor(Numeric number, bool *exact);
extern Datum ad_decimal_to_numeric(const AdElement *element);
extern void ad_numeric_to_decimal(Numeric number, bson_decimal128_t *decimal);

#endif							/* AD_DECIMAL_H */
