/*
 * batch.h
 *	  The documents of one reply, which bypass the driver.
 */
#ifndef AD_BATCH_H
#define AD_BATCH_H

#include "bson/bsonread.h"

/* the documents that have not been read yet; all zeros for none */
typedef struct AdBatch
{
	uint8	   *message;		/* malloc'd; holds the documents */
	const uint8 *next;			/* the next document, or NULL */
	const uint8 *end;			/* where the last document ends */
} AdBatch;

extern bool ad_batch_take(AdBatch *batch, uint8 **message, uint32 *size, uint32 start);
extern void ad_batch_free(AdBatch *batch);

/*
 * Returns the next document, or NULL if there is none.  Its first four bytes
 * are its length.  It remains valid until ad_batch_free().
 */
static inline const uint8 *
ad_batch_next(AdBatch *batch)
{
	const uint8 *document = batch->next;
	const uint8 *at;

	if (document == NULL)
		return NULL;
	at = document + ad_read_int32(document);
	if (at == batch->end)
		batch->next = NULL;
	else
	{
		/* skip the type and the key of the next element */
		do
			at++;
		while (*at != 0);
		batch->next = at + 1;
	}
	return document;
}

#endif							/* AD_BATCH_H */
