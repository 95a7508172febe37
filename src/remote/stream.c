/*
 * stream.c
 *	  A mongoc_stream_t on a non-blocking socket that waits as PostgreSQL does:
 *	  on the latch, the socket and the death of the postmaster.
 *
 * All waits for MongoDB are in this file.  stream_connect.c makes the
 * connections, and names the streams that come on top of this one.
 *
 * The driver calls these functions, so no error may be thrown through them.
 * Every PostgreSQL function that can throw runs inside PG_TRY, and the error
 * is kept in the AdTransport.
 */
#include "postgres.h"

#include <poll.h>
#include <sys/socket.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "remote/stream.h"

/* the driver's own stream types have low numbers */
#define AD_STREAM_TYPE			100

/*
 * A set has an event for each stream, and these: the latch and the
 * postmaster.
 */
#define AD_EXTRA_EVENTS			2

/* greatest number of parts of a message in one call of sendmsg() */
#define AD_MAX_IOVEC			16

/*
 * Records why a call on a stream failed.  Always returns -1, with errno set.
 */
static int
stream_fail(AdStream *stream, int error)
{
	stream->last_errno = error;
	if (error != EAGAIN)
		stream->transport->last_errno = error;
	errno = error;
	return -1;
}

/*
 * Starts a read or a write.  Returns 0, or as stream_fail() does if the stream
 * cannot be used.
 */
static int
stream_start(AdStream *stream)
{
	if (stream->sock == PGINVALID_SOCKET)
		return stream_fail(stream, ENOTCONN);
	stream->last_errno = 0;
	if (stream->transport->dead)
		return stream_fail(stream, ECANCELED);
	return 0;
}

/*
 * Keeps an error that was just caught.  Must be called in PG_CATCH.  `caller`
 * is the memory context that was current before PG_TRY, and is current again
 * afterwards.
 */
static void
keep_error(AdTransport *transport, MemoryContext caller)
{
	transport->dead = true;
	MemoryContextSwitchTo(transport->context);
	transport->error = CopyErrorData();
	FlushErrorState();
	MemoryContextSwitchTo(caller);
}

/*
 * Must all I/O fail now?  A cancel or a termination would be thrown, so it
 * stays pending for the caller of the driver.  Other interrupts are processed
 * here, so that a long wait does not block other sessions, for example a DROP
 * DATABASE.
 */
bool
ad_stream_must_fail(AdTransport *transport)
{
	MemoryContext caller = CurrentMemoryContext;

	if (transport->dead)
		return true;
	if (!InterruptPending || InterruptHoldoffCount > 0 || CritSectionCount > 0)
		return false;

	if (ProcDiePending ||
		(QueryCancelPending && QueryCancelHoldoffCount == 0))
	{
		transport->dead = transport->interrupted = true;
		return true;
	}
	if (transport->quiet)
		return false;

	PG_TRY();
	{
		CHECK_FOR_INTERRUPTS();
	}
	PG_CATCH();
	{
		keep_error(transport, caller);
	}
	PG_END_TRY();

	return transport->dead;
}

/* converts events of poll() to those of a WaitEventSet */
static uint32
to_wait_events(int poll_events)
{
	return ((poll_events & POLLIN) ? WL_SOCKET_READABLE : 0) |
		((poll_events & POLLOUT) ? WL_SOCKET_WRITEABLE : 0);
}

/*
 * Makes a set that waits for all streams, the latch and the postmaster, and
 * stores it in the first stream.  The streams come first in the set, so the
 * position of an event is the stream's index.  May throw; closing the stream
 * then frees the set.
 */
static void
make_wait_set(const mongoc_stream_poll_t *polls, int npolls)
{
	AdStream   *first = (AdStream *) polls[0].stream;
	WaitEventSet *set;

	set = ad_create_wait_event_set(npolls + AD_EXTRA_EVENTS);
	first->wait_set = set;
	for (int i = 0; i < npolls; i++)
		AddWaitEventToSet(set, to_wait_events(polls[i].events),
						  ((AdStream *) polls[i].stream)->sock, NULL, NULL);
	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	/* in single-user mode there is no postmaster */
	if (IsUnderPostmaster)
		AddWaitEventToSet(set, WL_POSTMASTER_DEATH, PGINVALID_SOCKET, NULL, NULL);
}

static void
free_wait_set(AdStream *stream)
{
	if (stream->wait_set != NULL)
		FreeWaitEventSet(stream->wait_set);
	stream->wait_set = NULL;
}

/*
 * Waits once, for at most "timeout" milliseconds (-1: no limit), and sets
 * revents.  The set for a single stream is kept for the next wait.  Returns
 * the number of ready streams; 0 if the latch or the timeout ended the wait.
 * May throw.
 */
static int
wait_on_set(mongoc_stream_poll_t *polls, int npolls, long timeout)
{
	AdStream   *first = (AdStream *) polls[0].stream;
	int			nevents = npolls + AD_EXTRA_EVENTS;
	WaitEvent  *events = palloc(sizeof(WaitEvent) * nevents);
	int			nready = 0;
	int			n;

	if (npolls > 1)
		free_wait_set(first);
	if (first->wait_set == NULL)
		make_wait_set(polls, npolls);
	else
		ModifyWaitEvent(first->wait_set, 0, to_wait_events(polls[0].events), NULL);

	n = WaitEventSetWait(first->wait_set, timeout, events, nevents,
						 PG_WAIT_EXTENSION);
	for (int i = 0; i < n; i++)
	{
		if (events[i].events & WL_LATCH_SET)
			ResetLatch(MyLatch);
		else if (events[i].events & WL_POSTMASTER_DEATH)
			first->transport->dead = first->transport->postmaster_died = true;
		else
		{
			int			ready = 0;

			if (events[i].events & WL_SOCKET_READABLE)
				ready |= POLLIN;
			if (events[i].events & WL_SOCKET_WRITEABLE)
				ready |= POLLOUT;
			polls[events[i].pos].revents = ready;
			nready++;
		}
	}

	if (npolls > 1)
		free_wait_set(first);
	pfree(events);
	return nready;
}

/*
 * Like wait_on_set(), but keeps an error in the transport instead of
 * throwing.
 */
static int
wait_guarded(AdTransport *transport, mongoc_stream_poll_t *polls, int npolls,
			 long timeout)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile int nready = 0;

	PG_TRY();
	{
		nready = wait_on_set(polls, npolls, timeout);
	}
	PG_CATCH();
	{
		keep_error(transport, caller);
	}
	PG_END_TRY();

	return nready;
}

/*
 * Waits until a stream is ready, the deadline is reached or the transport
 * becomes dead.  "deadline" is in monotonic microseconds; -1 means none, and
 * 0 means not to wait.  Returns the number of ready streams, 0 at the
 * deadline, or -1 if the transport is dead.
 */
static int
wait_for_streams(mongoc_stream_poll_t *polls, int npolls, int64 deadline)
{
	AdTransport *transport = ((AdStream *) polls[0].stream)->transport;
	int64		start = bson_get_monotonic_time();
	int64		now = start;
	int			nready = 0;

	if (transport->deadline != 0 &&
		(deadline < 0 || deadline > transport->deadline))
		deadline = transport->deadline;

	while (!ad_stream_must_fail(transport))
	{
		long		timeout = -1;

		if (deadline >= 0)
			timeout = (long) Min((Max(deadline - now, 0) + 999) / 1000, INT_MAX);

		nready = wait_guarded(transport, polls, npolls, timeout);
		now = bson_get_monotonic_time();
		if (nready > 0 || (deadline >= 0 && now >= deadline))
			break;
	}

	transport->wait_usec += now - start;
	return transport->dead ? -1 : nready;
}

/*
 * Waits for one stream.  Returns true if it is ready.  Otherwise the call on
 * the stream has failed, and errno is set.  A deadline of 0 means not to
 * wait.
 */
bool
ad_stream_wait(AdStream *stream, int events, int64 deadline)
{
	mongoc_stream_poll_t poll = {&stream->base, events, 0};
	int			nready;

	if (deadline == 0)
	{
		stream_fail(stream, EAGAIN);
		return false;
	}

	nready = wait_for_streams(&poll, 1, deadline);
	if (nready <= 0)
		stream_fail(stream, nready < 0 ? ECANCELED : ETIMEDOUT);
	return nready > 0;
}

/*
 * Converts a timeout of the driver to a deadline.  A negative timeout means
 * none, and 0 means not to wait; both remain as they are.
 */
int64
ad_stream_deadline(int32_t timeout_msec)
{
	if (timeout_msec <= 0)
		return timeout_msec;
	return bson_get_monotonic_time() + (int64) timeout_msec * 1000;
}

/* closes the socket; may be called again */
static int
stream_close(mongoc_stream_t *base)
{
	AdStream   *stream = (AdStream *) base;

	free_wait_set(stream);
	if (stream->sock != PGINVALID_SOCKET)
	{
		closesocket(stream->sock);
		ReleaseExternalFD();
	}
	stream->sock = PGINVALID_SOCKET;
	return 0;
}

static void
stream_destroy(mongoc_stream_t *base)
{
	stream_close(base);
	bson_free(base);
}

static int
stream_flush(mongoc_stream_t *base)
{
	return 0;
}

/*
 * Writes all of iov, and waits if necessary.  Returns the number of bytes
 * written, which is less than all if the time ran out.  Returns -1 if the
 * stream failed, or if the time ran out before any byte was written.
 */
static ssize_t
stream_writev(mongoc_stream_t *base, mongoc_iovec_t *iov, size_t iovcnt,
			  int32_t timeout_msec)
{
	AdStream   *stream = (AdStream *) base;
	int64		deadline = ad_stream_deadline(timeout_msec);
	ssize_t		written = 0;
	size_t		current = 0;
	size_t		offset = 0;		/* bytes of iov[current] already sent */

	if (stream_start(stream) != 0)
		return -1;

	while (current < iovcnt)
	{
		struct iovec parts[AD_MAX_IOVEC];
		struct msghdr message = {0};
		ssize_t		n;

		message.msg_iov = parts;
		for (size_t i = current; i < iovcnt && message.msg_iovlen < AD_MAX_IOVEC; i++)
			parts[message.msg_iovlen++] = iov[i];
		parts[0].iov_base = (char *) parts[0].iov_base + offset;
		parts[0].iov_len -= offset;

		n = sendmsg(stream->sock, &message, MSG_NOSIGNAL);
		if (n < 0)
		{
			if (errno == EINTR)
				continue;
			if (errno != EAGAIN && errno != EWOULDBLOCK)
				return stream_fail(stream, errno);
			if (ad_stream_wait(stream, POLLOUT, deadline))
				continue;
			return written > 0 ? written : -1;
		}

		written += n;
		offset += n;
		while (current < iovcnt && offset >= iov[current].iov_len)
			offset -= iov[current++].iov_len;
	}
	return written;
}

/*
 * Reads into iov at least min_bytes, and at least one byte.  Returns the
 * number of bytes read.  Returns -1 if the stream ends, the time runs out or
 * an error occurs before that.
 */
static ssize_t
stream_readv(mongoc_stream_t *base, mongoc_iovec_t *iov, size_t iovcnt,
			 size_t min_bytes, int32_t timeout_msec)
{
	AdStream   *stream = (AdStream *) base;
	int64		deadline = ad_stream_deadline(timeout_msec);
	size_t		nread = 0;
	size_t		current = 0;
	size_t		offset = 0;		/* bytes of iov[current] already filled */

	if (stream_start(stream) != 0)
		return -1;

	while (current < iovcnt)
	{
		ssize_t		n;

		if (offset >= iov[current].iov_len)
		{
			offset -= iov[current++].iov_len;
			continue;
		}

		n = recv(stream->sock, (char *) iov[current].iov_base + offset,
				 iov[current].iov_len - offset, 0);
		if (n > 0)
		{
			nread += n;
			offset += n;
			if (nread >= min_bytes)
				break;
		}
		else if (n == 0)
			return stream_fail(stream, ECONNRESET);
		else if (errno == EINTR)
			continue;
		else if (errno != EAGAIN && errno != EWOULDBLOCK)
			return stream_fail(stream, errno);
		else if (!ad_stream_wait(stream, POLLIN, deadline))
			return -1;
	}
	return nread;
}

/*
 * Waits for several streams of one client, when the driver checks the members
 * of a replica set.  Returns the number of streams whose revents are set.
 *
 * If the transport becomes dead, every stream is reported as broken.  The
 * driver then gives up each stream.  It would repeat a poll that failed.
 */
static ssize_t
stream_poll(mongoc_stream_poll_t *polls, size_t npolls, int32_t timeout_msec)
{
	int			nready = 0;

	for (size_t i = 0; i < npolls; i++)
	{
		polls[i].revents = 0;
		if (((AdStream *) polls[i].stream)->sock == PGINVALID_SOCKET)
		{
			polls[i].revents = POLLERR;
			nready++;
		}
		/* message_check.c has data that is no longer in the socket */
		else if (((AdStream *) polls[i].stream)->pending > 0 && (polls[i].events & POLLIN))
		{
			polls[i].revents = POLLIN;
			nready++;
		}
	}
	if (nready > 0)
		return nready;

	nready = wait_for_streams(polls, (int) npolls, ad_stream_deadline(timeout_msec));
	if (nready >= 0)
		return nready;

	for (size_t i = 0; i < npolls; i++)
	{
		stream_fail((AdStream *) polls[i].stream, ECANCELED);
		polls[i].revents = POLLERR;
	}
	return npolls;
}

/*
 * Has the server closed an idle connection?
 */
static bool
stream_check_closed(mongoc_stream_t *base)
{
	AdStream   *stream = (AdStream *) base;
	char		byte;
	ssize_t		n;

	if (stream->transport->dead || stream->sock == PGINVALID_SOCKET)
		return true;
	do
	{
		n = recv(stream->sock, &byte, 1, MSG_PEEK);
	} while (n < 0 && errno == EINTR);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

static bool
stream_timed_out(mongoc_stream_t *base)
{
	return ((AdStream *) base)->last_errno == ETIMEDOUT;
}

static bool
stream_should_retry(mongoc_stream_t *base)
{
	return ((AdStream *) base)->last_errno == EAGAIN;
}

/*
 * Returns a stream for a socket.  The driver frees it by calling destroy or
 * failed.
 */
AdStream *
ad_stream_new(AdTransport *transport, pgsocket sock)
{
	AdStream   *stream = bson_malloc0(sizeof(AdStream));

	stream->base.type = AD_STREAM_TYPE;
	stream->base.destroy = stream_destroy;
	stream->base.failed = stream_destroy;
	stream->base.close = stream_close;
	stream->base.flush = stream_flush;
	stream->base.writev = stream_writev;
	stream->base.readv = stream_readv;
	stream->base.poll = stream_poll;
	stream->base.check_closed = stream_check_closed;
	stream->base.timed_out = stream_timed_out;
	stream->base.should_retry = stream_should_retry;
	stream->transport = transport;
	stream->sock = sock;
	return stream;
}
