/*
 * error_place.h
 *	  The context line of an error about a value: table, column and document.
 */
#ifndef AD_ERROR_PLACE_H
#define AD_ERROR_PLACE_H

#include "bson/bsonread.h"

extern const char *ad_document_id(const uint8 *document, bool in_callback);
extern int	ad_add_place(const char *table, const char *column, const char *id);

#endif							/* AD_ERROR_PLACE_H */
