/*
 * check.h
 *	  Messages of the server, checked before the driver reads them.
 */
#ifndef AD_CHECK_H
#define AD_CHECK_H

#include "driver.h"

/* what the stream tells; it lives longer than that */
typedef struct AdCheckNotes
{
	uint32		pending;		/* bytes that wait to be read, though no
								 * socket has them */
	bool		unsound;		/* has there been a message that is none? */
} AdCheckNotes;

extern mongoc_stream_t *ad_check_stream_new(mongoc_stream_t *below, AdCheckNotes *notes);

#endif							/* AD_CHECK_H */
