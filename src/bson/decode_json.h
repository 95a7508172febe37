/*
 * decode_json.h
 *	  Decode BSON to json.
 */
#ifndef AD_DECODE_JSON_H
#define AD_DECODE_JSON_H

#include "bson/bsonread.h"
#include "bson/sql_type.h"

extern bool ad_decode_json(const AdTarget *target, const AdElement *element,
						   Datum *value);

#endif							/* AD_DECODE_JSON_H */
