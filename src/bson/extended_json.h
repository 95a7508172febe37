/*
 * extended_json.h
 *	  Values that JSON cannot express, in MongoDB's Extended JSON.
 */
#ifndef AD_EXTENDED_JSON_H
#define AD_EXTENDED_JSON_H

#include "bson/bsonread.h"

/* the fields of the document that stands for a value */
typedef struct AdExtended
{
	int			count;
	AdElement	fields[2];
} AdExtended;

extern bool ad_extend(const AdElement *element, AdExtended *extended);

#endif							/* AD_EXTENDED_JSON_H */
