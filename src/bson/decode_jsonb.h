/*
 * decode_jsonb.h
 *	  Decode BSON to jsonb.
 */
#ifndef AD_DECODE_JSONB_H
#define AD_DECODE_JSONB_H

#include "bson/bsonread.h"
#include "bson/sql_type.h"

extern bool ad_decode_jsonb(const AdTarget *target, const AdElement *element,
							Datum *value);

#endif							/* AD_DECODE_JSONB_H */
