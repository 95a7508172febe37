/*
 * array.h
 *	  BSON arrays to PostgreSQL's.
 */
#ifndef AD_ARRAY_HEADER_H
#define AD_ARRAY_HEADER_H

#include "convert.h"

extern bool ad_decode_array(const AdTarget *target, const AdElement *element,
							Datum *value);

#endif							/* AD_ARRAY_HEADER_H */
