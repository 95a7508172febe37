/*
 * json.h
 *	  BSON to json and jsonb.
 */
#ifndef AD_JSON_H
#define AD_JSON_H

#include "convert.h"

extern bool ad_decode_json(const AdTarget *target, const bson_iter_t *iter,
						   Datum *value);
extern bool ad_decode_whole(const AdTarget *target, bson_iter_t *document,
							Datum *value);

#endif							/* AD_JSON_H */
