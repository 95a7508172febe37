/*
 * stream_connect.c
 *	  Connects a stream to a host, with TLS if the URI asks for it.
 *
 * This file opens the sockets of all connections.  On top of the stream of
 * stream.c comes the driver's own TLS stream, if TLS is used, and on top of
 * that the stream of message_check.c, which reads whole messages.
 *
 * The driver calls these functions, so nothing here may throw.
 *
 * Two things cannot be interrupted.  One is the resolution of a host name, as
 * in libpq.  The other is the driver's query to an OCSP responder, if a
 * certificate requires one.  Interrupts are checked before each host, and
 * AD_MOST_ATTEMPTS limits the hosts for one call of the driver, whatever a
 * server reports about its replica set.
 */
#include "postgres.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "storage/fd.h"

#include "base/uri.h"
#include "remote/error.h"
#include "remote/message_check.h"
#include "remote/stream_connect.h"

/*
 * Greatest number of connections that one call of the driver tries.  It is
 * twice the greatest number of members of a replica set.
 */
#define AD_MOST_ATTEMPTS		100

/*
 * TCP keepalive of an idle connection, as the driver sets it for its own
 * sockets.  While a command is not acknowledged, there is none; the user
 * timeout makes that wait as long (Linux manual, tcp(7)).
 */
#define AD_KEEPALIVE_IDLE_S		120
#define AD_KEEPALIVE_INTERVAL_S 10
#define AD_KEEPALIVE_COUNT		9
#define AD_USER_TIMEOUT_MS		((AD_KEEPALIVE_IDLE_S + AD_KEEPALIVE_INTERVAL_S * AD_KEEPALIVE_COUNT) * 1000)

/*
 * Records why a host could not be connected to, and returns a stream that is
 * not connected.  Returning NULL instead could block the backend for ever.
 * While the driver processes a server's list of members, or retries a lost
 * member, it holds a lock.  To record the failure it would take the same lock
 * again (libmongoc 1.23, _mongoc_topology_scanner_setup_err_cb()).  When the
 * first poll reports the broken stream, the driver holds no lock.
 */
static mongoc_stream_t *
broken_stream(AdTransport *transport, const mongoc_host_list_t *host, const char *reason)
{
	char	   *reasons = transport->reasons;
	size_t		len = strlen(reasons);

	snprintf(reasons + len, sizeof(transport->reasons) - len, "%s%s: %s",
			 len > 0 ? "; " : "", host->host_and_port, reason);
	return &ad_stream_new(transport, PGINVALID_SOCKET)->base;
}

/*
 * Opens a socket that is non-blocking and close-on-exec, and counts towards
 * PostgreSQL's limit of open files.  Returns PGINVALID_SOCKET with errno set
 * if that fails.
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

	/* these are improvements only, so failures are ignored */
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
#ifdef TCP_USER_TIMEOUT
		{
			unsigned int timeout = AD_USER_TIMEOUT_MS;

			(void) setsockopt(sock, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
		}
#endif
	}
	return sock;
}

/*
 * Connects to one address before the deadline.  Returns NULL with errno set
 * if that fails.
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
	stream = ad_stream_new(transport, sock);

	if (connect(sock, address, address_len) < 0)
	{
		/* after a signal, the connection attempt continues, too */
		if (errno != EINPROGRESS && errno != EINTR)
			error = errno;
		else if (!ad_stream_wait(stream, POLLOUT, deadline))
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
		mongoc_stream_destroy(&stream->base);
		errno = error;
		return NULL;
	}
	return stream;
}

/* like connect_address(), for the path of a Unix domain socket */
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
 * Tries the addresses of a host one after the other.  Each gets an equal
 * share of the remaining time, so an address that does not respond leaves
 * time for the next.  If all fail, returns NULL and sets *reason to the error
 * of the resolver or of the last address.
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
 * Puts the driver's TLS stream on top of a connected stream, with the options
 * of the URI.  Takes over the stream.  Returns NULL with *error set if the
 * handshake fails.
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
 * Connects to a host.  Returns NULL with *reason set if that fails.
 */
static AdStream *
connect_host(AdTransport *transport, const mongoc_host_list_t *host, int32_t timeout_msec,
			 const char **reason)
{
	int64		deadline = ad_stream_deadline(timeout_msec);
	AdStream   *stream;

	*reason = "the connection has been given up";
	if (ad_stream_must_fail(transport))
		return NULL;
	*reason = "not tried, because too many other hosts were tried";
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
 * The stream initiator of a client.  It returns a stream that is connected to
 * the host, with TLS if the URI asks for it.  If that fails, it returns a
 * stream that is broken.  user_data is the client's AdTransport.
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
	return ad_check_stream_new(secured, &transport->peer, stream);
}
