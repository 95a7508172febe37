/*
 * decode_array.h
 *	  Decode BSON arrays to PostgreSQL arrays.
 */
#ifndef AD_DECODE_ARRAY_H
#define AD_DECODE_ARRAY_H

#include "bson/bsonread.h"
#include "bson/sql_type.h"

extern bool ad_decode_array(const AdTarget *target, const AdElement *element,
							Datum *value);

#endif							/* AD_DECODE_ARRAY_H */
