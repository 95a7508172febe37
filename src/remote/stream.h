/*
 * stream.h
 *	  The driver's bytes over PostgreSQL's latch: an interruptible transport.
 */
#ifndef AD_STREAM_H
#define AD_STREAM_H

#include "base/driver.h"
#include "remote/reply_check.h"

/*
 * What the streams of one client share, and what they tell its owner.
 *
 * A stream never throws: that would longjmp through the driver.  When an
 * interrupt or an error ends a wait, the stream says so here, fails its I/O,
 * and from then on fails every I/O of this client at once.  Whoever called the
 * driver looks at "dead" when the driver has returned.
 */
typedef struct AdTransport
{
	bool		dead;			/* all I/O fails, nothing is sent any more */
	bool		interrupted;	/* cancel or terminate is the reason */
	bool		postmaster_died;
	ErrorData  *error;			/* an error thrown in a wait, to be rethrown */
	MemoryContext context;		/* where error is kept */

	bool		quiet;			/* only clean-up: process no interrupts */
	int64		deadline;		/* monotonic microseconds; 0 for none */

	int64		wait_usec;		/* time spent waiting */
	int			last_errno;		/* of the last failed I/O; 0 if none */
	int			attempts;		/* to connect, in this call of the driver */
	char		reasons[256];	/* why those failed, perhaps cut; "" if none
								 * did */
	AdPeer		peer;			/* what message_check.c knows and tells */
} AdTransport;

extern mongoc_stream_t *ad_stream_initiate(const mongoc_uri_t *uri,
										   const mongoc_host_list_t *host,
										   void *transport,
										   bson_error_t *error);

#endif							/* AD_STREAM_H */
