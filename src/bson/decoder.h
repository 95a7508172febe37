/*
 * decoder.h
 *	  Read the wanted fields of BSON documents, in one pass over each document.
 */
#ifndef AD_DECODER_H
#define AD_DECODER_H

#include "bson/bsonread.h"
#include "bson/sql_type.h"

typedef struct AdDecoder AdDecoder;

typedef enum AdFieldState
{
	AD_FIELD_NULL,				/* missing, null or undefined */
	AD_FIELD_VALUE,				/* decoded */
	AD_FIELD_MISMATCH			/* a value that the SQL type cannot hold */
} AdFieldState;

/* what the last document has at one path */
typedef struct AdFieldValue
{
	AdFieldState state;
	bson_type_t found;			/* the BSON type; BSON_TYPE_EOD if the field
								 * is missing */
	Datum		value;			/* valid if the state is AD_FIELD_VALUE */
} AdFieldValue;

extern AdDecoder *ad_decoder_create(void);
extern int	ad_decoder_add(AdDecoder *decoder, const char *path,
						   const AdTarget *target);
extern const AdFieldValue *ad_decode(AdDecoder *decoder,
									 const uint8 *document);
extern int	ad_decoder_field(const AdDecoder *decoder);

#endif							/* AD_DECODER_H */
