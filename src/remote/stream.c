/*
 * stream.c
 *	  A mongoc_stream_t over a non-blocking socket that waits as PostgreSQL
 *	  waits: on the latch, the socket and the death of the postmaster.
 *
 * Owns the sockets of all connections.  TLS is the driver's own stream on top
 * of ours, and on top of that is message_check.c's, which reads whole messages.
 *
 * The functions here are called by the driver, so nothing may be thrown
 * through them.  Every PostgreSQL function that can throw runs inside PG_TRY,
 * and what it throws is kept in the AdTransport.
 *
 * Not interruptible, as in libpq: the resolution of one name, and the driver's
 * look at an OCSP responder when a certificate asks for one.  Between two names
 * interrupts are looked for, and one call of the driver connects to so many
 * hosts at most, whatever a server says of its set.
 */
#include "postgres.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "base/uri.h"
#include "remote/error.h"
#include "remote/message_check.h"
#include "remote/stream.h"

/* the driver numbers its own stream types from 1 */
#define AD_STREAM_TYPE			100

/* events of a set of streams: one each, the latch and the postmaster */
#define AD_EXTRA_EVENTS			2

/* parts of a message handed to the kernel in one call */
#define AD_MAX_IOVEC			16

/*
 * Connections that one call of the driver tries: twice as many as a replica set
 * has members
 */
#define AD_MOST_ATTEMPTS		100

/* a connection that says nothing is probed as the driver would do it */
#define AD_KEEPALIVE_IDLE_S		120
#define AD_KEEPALIVE_INTERVAL_S 10
#define AD_KEEPALIVE_COUNT		9

typedef struct AdStream
{
	mongoc_stream_t base;		/* must be first: the driver's view */
	AdTransport *transport;
	pgsocket	sock;			/* PGINVALID_SOCKET once closed, and if it was
								 * never connected */
	WaitEventSet *wait_set;		/* NULL until first needed */
	int			last_errno;		/* of this stream's last call */
	uint32		pending;		/* bytes that the stream on top has read */
} AdStream;

/*
 * Remember why a call on a stream failed.  Always -1, with errno set.
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
 * Keep the error that was just caught.  To be called in PG_CATCH, in the
 * memory context that was current before PG_TRY.
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
 * Must I/O fail now?  A cancel or a termination is left pending for the
 * driver's caller, since it would be thrown; other interrupts are served here,
 * so that a long wait does not hold up, say, a DROP DATABASE elsewhere.
 */
static bool
must_fail(AdTransport *transport)
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

static uint32
to_wait_events(int poll_events)
{
	return ((poll_events & POLLIN) ? WL_SOCKET_READABLE : 0) |
		((poll_events & POLLOUT) ? WL_SOCKET_WRITEABLE : 0);
}

/*
 * Give the first of the streams a set that waits on all of them, the latch and
 * the postmaster.  The streams come first, so that their position is their
 * index.  May throw; the stream's close frees what there is.
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
	/* in single-user mode there is none */
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
 * One wait, at most "timeout" milliseconds (-1: for ever), that sets revents.
 * A stream waited for alone keeps its set for the next time.  Returns the
 * number of ready streams, 0 when the latch or the clock ended the wait.  May
 * throw.
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
 * wait_on_set() for callers that may not throw.
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
 * Wait until a stream is ready, "deadline" is reached (monotonic microseconds,
 * -1 for none, 0 to look only) or the wait must end.  Returns the number of
 * ready streams, 0 at the deadline, -1 when the transport has become dead.
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

	while (!must_fail(transport))
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
 * Wait for one stream; true if it is ready.  Otherwise the call on the stream
 * has failed and errno says why.  A deadline of 0 means not to wait at all.
 */
static bool
wait_for_stream(AdStream *stream, int events, int64 deadline)
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

/* The driver's timeouts: negative is none, zero is "do not wait". */
static int64
to_deadline(int32_t timeout_msec)
{
	if (timeout_msec <= 0)
		return timeout_msec;
	return bson_get_monotonic_time() + (int64) timeout_msec * 1000;
}

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
 * Write all of iov, waiting if need be.  Returns the bytes written, which are
 * fewer if the time was up, or -1 if there were none or the stream failed.
 */
static ssize_t
stream_writev(mongoc_stream_t *base, mongoc_iovec_t *iov, size_t iovcnt,
			  int32_t timeout_msec)
{
	AdStream   *stream = (AdStream *) base;
	int64		deadline = to_deadline(timeout_msec);
	ssize_t		written = 0;
	size_t		current = 0;
	size_t		offset = 0;		/* bytes of iov[current] already sent */

	if (stream->sock == PGINVALID_SOCKET)
		return stream_fail(stream, ENOTCONN);
	stream->last_errno = 0;
	if (stream->transport->dead)
		return stream_fail(stream, ECANCELED);

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
			if (wait_for_stream(stream, POLLOUT, deadline))
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
 * Read at least min_bytes into iov, and something in any case.  Returns the
 * bytes read, or -1 if they are too few because of the end of the stream, the
 * time or an error.
 */
static ssize_t
stream_readv(mongoc_stream_t *base, mongoc_iovec_t *iov, size_t iovcnt,
			 size_t min_bytes, int32_t timeout_msec)
{
	AdStream   *stream = (AdStream *) base;
	int64		deadline = to_deadline(timeout_msec);
	size_t		nread = 0;
	size_t		current = 0;
	size_t		offset = 0;		/* bytes of iov[current] already filled */

	if (stream->sock == PGINVALID_SOCKET)
		return stream_fail(stream, ENOTCONN);
	stream->last_errno = 0;
	if (stream->transport->dead)
		return stream_fail(stream, ECANCELED);

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
		else if (!wait_for_stream(stream, POLLIN, deadline))
			return -1;
	}
	return nread;
}

/*
 * Wait for several streams of one client: its look around a replica set.
 *
 * When the wait must end, every stream is reported as broken: the driver then
 * gives each of them up, while it would repeat a poll that failed.
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
		/* it has been read from the socket already */
		else if (((AdStream *) polls[i].stream)->pending > 0 && (polls[i].events & POLLIN))
		{
			polls[i].revents = POLLIN;
			nready++;
		}
	}
	if (nready > 0)
		return nready;

	nready = wait_for_streams(polls, (int) npolls, to_deadline(timeout_msec));
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
 * Wrap a socket.  The driver frees the stream with its destroy or failed.
 */
static AdStream *
stream_new(AdTransport *transport, pgsocket sock)
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

/*
 * A stream that is not connected, and why.  The driver must not be told so at
 * once: while it takes in what a server says of its set, or tries a lost member
 * again, it holds the lock that it would take to note the failure, and waits for
 * itself for ever (libmongoc 1.23, _mongoc_topology_scanner_setup_err_cb()).
 * Told by the first poll, it holds none.
 */
static mongoc_stream_t *
broken_stream(AdTransport *transport, const mongoc_host_list_t *host, const char *reason)
{
	char	   *reasons = transport->reasons;
	size_t		len = strlen(reasons);

	snprintf(reasons + len, sizeof(transport->reasons) - len, "%s%s: %s",
			 len > 0 ? "; " : "", host->host_and_port, reason);
	return &stream_new(transport, PGINVALID_SOCKET)->base;
}

/*
 * A non-blocking, close-on-exec socket, counted among PostgreSQL's files; or
 * PGINVALID_SOCKET with errno set.
 */
static pgsocket
open_socket(int family)
{
	pgsocket	sock;
	int			on = 1;

	if (!AcquireExternalFD())
		return PGINVALID_SOCKET;

	sock = socket(family, SOCK_STREAM, 0);
	if (sock == PGINVALID_SOCKET)
	{
		ReleaseExternalFD();
		return PGINVALID_SOCKET;
	}
	if (!pg_set_noblock(sock) || fcntl(sock, F_SETFD, FD_CLOEXEC) < 0)
	{
		int			save_errno = errno;

		closesocket(sock);
		ReleaseExternalFD();
		errno = save_errno;
		return PGINVALID_SOCKET;
	}

	/* these only make it better: failure does not matter */
	if (family != AF_UNIX)
	{
		(void) setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		(void) setsockopt(sock, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
#if defined(TCP_KEEPIDLE) && defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT)
		{
			int			idle = AD_KEEPALIVE_IDLE_S;
			int			interval = AD_KEEPALIVE_INTERVAL_S;
			int			count = AD_KEEPALIVE_COUNT;

			(void) setsockopt(sock, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
			(void) setsockopt(sock, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
			(void) setsockopt(sock, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
		}
#endif
	}
	return sock;
}

/*
 * Connect to one address before the deadline.  NULL with errno set if that
 * failed.
 */
static AdStream *
connect_address(AdTransport *transport, const struct sockaddr *address,
				socklen_t address_len, int64 deadline)
{
	pgsocket	sock = open_socket(address->sa_family);
	AdStream   *stream;
	int			error = 0;

	if (sock == PGINVALID_SOCKET)
		return NULL;
	stream = stream_new(transport, sock);

	if (connect(sock, address, address_len) < 0)
	{
		/* EINTR too: a connection interrupted by a signal goes on */
		if (errno != EINPROGRESS && errno != EINTR)
			error = errno;
		else if (!wait_for_stream(stream, POLLOUT, deadline))
			error = errno;
		else
		{
			socklen_t	len = sizeof(error);

			if (getsockopt(sock, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
				error = errno;
		}
	}

	if (error != 0)
	{
		stream_destroy(&stream->base);
		errno = error;
		return NULL;
	}
	return stream;
}

static AdStream *
connect_unix(AdTransport *transport, const char *path, int64 deadline)
{
	struct sockaddr_un address = {0};

	address.sun_family = AF_UNIX;
	if (strlcpy(address.sun_path, path, sizeof(address.sun_path)) >=
		sizeof(address.sun_path))
	{
		errno = ENAMETOOLONG;
		return NULL;
	}
	return connect_address(transport, (struct sockaddr *) &address,
						   sizeof(address), deadline);
}

/*
 * Try the host's addresses in turn.  Each gets its share of the time that is
 * left, so that one that does not answer leaves time for the next.  On failure
 * *reason says why: of the resolver, else of the last address.
 */
static AdStream *
connect_tcp(AdTransport *transport, const mongoc_host_list_t *host,
			int64 deadline, const char **reason)
{
	struct addrinfo hints = {0};
	struct addrinfo *addresses;
	AdStream   *stream = NULL;
	char		port[8];
	int			left = 0;
	int			rc;

	hints.ai_family = host->family;
	hints.ai_socktype = SOCK_STREAM;
	snprintf(port, sizeof(port), "%u", host->port);
	rc = getaddrinfo(host->host, port, &hints, &addresses);
	if (rc != 0)
	{
		*reason = gai_strerror(rc);
		return NULL;
	}

	for (struct addrinfo *a = addresses; a != NULL; a = a->ai_next)
		left++;
	for (struct addrinfo *a = addresses; a != NULL; a = a->ai_next)
	{
		int64		now = bson_get_monotonic_time();

		stream = connect_address(transport, a->ai_addr, a->ai_addrlen,
								 now + Max(deadline - now, 1000) / left--);
		if (stream != NULL || transport->dead)
			break;
	}

	if (stream == NULL)
		*reason = strerror(errno);
	freeaddrinfo(addresses);
	return stream;
}

/*
 * Put the driver's TLS on top of a connected stream, as the URI says.  Takes
 * over the stream; NULL with *error set if there is no handshake.
 */
static mongoc_stream_t *
start_tls(mongoc_stream_t *base, const mongoc_uri_t *uri,
		  const mongoc_host_list_t *host, int32_t timeout_msec,
		  bson_error_t *error)
{
	mongoc_ssl_opt_t options = {0};
	bool		insecure = mongoc_uri_get_option_as_bool(uri, MONGOC_URI_TLSINSECURE, false);
	mongoc_stream_t *tls;

	options.pem_file =
		mongoc_uri_get_option_as_utf8(uri, MONGOC_URI_TLSCERTIFICATEKEYFILE, NULL);
	options.pem_pwd =
		mongoc_uri_get_option_as_utf8(uri, MONGOC_URI_TLSCERTIFICATEKEYFILEPASSWORD, NULL);
	options.ca_file =
		mongoc_uri_get_option_as_utf8(uri, MONGOC_URI_TLSCAFILE, NULL);
	options.weak_cert_validation =
		mongoc_uri_get_option_as_bool(uri, MONGOC_URI_TLSALLOWINVALIDCERTIFICATES, insecure);
	options.allow_invalid_hostname =
		mongoc_uri_get_option_as_bool(uri, MONGOC_URI_TLSALLOWINVALIDHOSTNAMES, insecure);

	tls = mongoc_stream_tls_new_with_hostname(base, host->host, &options, 1);
	if (tls == NULL)
	{
		mongoc_stream_destroy(base);
		bson_set_error(error, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_SOCKET,
					   "could not set up TLS, check the certificate files named in the connection string");
		return NULL;
	}
	if (!mongoc_stream_tls_handshake_block(tls, host->host, timeout_msec, error))
	{
		mongoc_stream_destroy(tls);
		return NULL;
	}
	return tls;
}

/*
 * Connect to the host.  NULL with *reason set if that fails.
 */
static AdStream *
connect_host(AdTransport *transport, const mongoc_host_list_t *host, int32_t timeout_msec,
			 const char **reason)
{
	int64		deadline = to_deadline(timeout_msec);
	AdStream   *stream;

	*reason = "the connection was given up";
	if (must_fail(transport))
		return NULL;
	*reason = "not tried, after many other hosts";
	if (++transport->attempts > AD_MOST_ATTEMPTS)
		return NULL;
	if (host->family != AF_UNIX)
		return connect_tcp(transport, host, deadline, reason);
	stream = connect_unix(transport, host->host, deadline);
	if (stream == NULL)
		*reason = strerror(errno);
	return stream;
}

/*
 * The client's stream initiator: a connected stream to the host, TLS included,
 * or one that is broken.  user_data is the client's AdTransport.
 */
mongoc_stream_t *
ad_stream_initiate(const mongoc_uri_t *uri, const mongoc_host_list_t *host,
				   void *user_data, bson_error_t *error)
{
	AdTransport *transport = user_data;
	int32_t		timeout_msec =
	mongoc_uri_get_option_as_int32(uri, MONGOC_URI_CONNECTTIMEOUTMS,
								   MONGOC_DEFAULT_CONNECTTIMEOUTMS);
	const char *reason;
	AdStream   *stream = connect_host(transport, host, timeout_msec, &reason);
	mongoc_stream_t *secured;
	bson_error_t tls_error = {0};

	if (stream == NULL)
		return broken_stream(transport, host, reason);
	secured = &stream->base;
	if (ad_uri_uses_tls(uri))
		secured = start_tls(&stream->base, uri, host, timeout_msec, &tls_error);
	if (secured == NULL)
		return broken_stream(transport, host, ad_error_words(&tls_error));
	return ad_check_stream_new(secured, &transport->peer, &stream->pending);
}
