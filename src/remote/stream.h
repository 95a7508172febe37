/*
 * stream.h
 *	  A transport for the driver whose waits can be interrupted.
 */
#ifndef AD_STREAM_H
#define AD_STREAM_H

#include "base/driver.h"
#include "remote/reply_check.h"

/*
 * The state that the streams of one client share with its owner.
 *
 * A stream never throws, because that would longjmp through the driver.  If
 * an interrupt or an error ends a wait, the stream records that here and
 * fails its I/O.  From then on all I/O of the client fails at once.  The
 * caller of the driver checks "dead" when the driver has returned.
 */
typedef struct AdTransport
{
	bool		dead;			/* all I/O fails, and nothing is sent */
	bool		interrupted;	/* dead because of a cancel or a termination */
	bool		postmaster_died;
	ErrorData  *error;			/* error caught in a wait, to be rethrown; or
								 * NULL */
	MemoryContext context;		/* holds error */

	bool		quiet;			/* clean-up: do not process interrupts */
	int64		deadline;		/* for all waits, in monotonic microseconds; 0
								 * for none */

	int64		wait_usec;		/* time spent waiting, in microseconds */
	int			last_errno;		/* errno of the last failed I/O, or 0 */
	int			attempts;		/* attempts to connect in this call of the
								 * driver */
	char		reasons[256];	/* why attempts failed, perhaps truncated; ""
								 * if none did */
	AdPeer		peer;			/* the state of message_check.c */
} AdTransport;

/* a stream on a socket */
typedef struct AdStream
{
	mongoc_stream_t base;		/* must be first, because the driver sees this */
	AdTransport *transport;
	pgsocket	sock;			/* PGINVALID_SOCKET if it is closed or was
								 * never connected */
	struct WaitEventSet *wait_set;	/* NULL until the first wait */
	int			last_errno;		/* errno of the last call of this stream */
	uint32		pending;		/* bytes that message_check.c has read, and
								 * not yet given to the driver */
} AdStream;

extern AdStream *ad_stream_new(AdTransport *transport, pgsocket sock);
extern bool ad_stream_must_fail(AdTransport *transport);
extern bool ad_stream_wait(AdStream *stream, int events, int64 deadline);
extern int64 ad_stream_deadline(int32_t timeout_msec);

#endif							/* AD_STREAM_H */
