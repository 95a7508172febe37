/*
 * message_check.c
 *	  Messages of the server, checked before the driver reads them.
 *
 * The driver takes the lengths in a reply for granted, and calls abort() where
 * the documents of a batch, or those that describe the server and its clock,
 * are not what they say; that would end all backends.  So this stream, between
 * the driver and what is below it (a socket, or TLS on it), reads a message as
 * a whole, and hands it on only if it has the form of a reply to what was asked
 * last (MongoDB manual, "MongoDB Wire Protocol"): the one opcode that fits, no
 * flag that changes its meaning, one document and nothing behind it, whose
 * structure is sound, and whose fields are what reply_check.c says.  What is inside
 * the documents of a batch is bsonread.c's to check, when they are decoded.
 *
 * A compressed message is refused unless the URI has asked for compression.  It
 * is decompressed here, so that the driver gets a message that was checked.
 *
 * Called by the driver, so nothing here may throw.
 */
#include "postgres.h"

#include <zlib.h>

#include "bson/bsonread.h"
#include "remote/message_check.h"

/* as the driver numbers its own from 1, and stream.c has 100 */
#define AD_CHECK_STREAM_TYPE	101

/* a message's header: its length, its id, that of its request, what kind it is */
#define HEADER_SIZE		16
#define OP_REPLY		1
#define OP_QUERY		2004
#define OP_COMPRESSED	2012
#define OP_MSG			2013

/* behind the header of a compressed message: opcode, size, compressor */
#define COMPRESSED_SIZE (2 * sizeof(int32) + 1)
#define COMPRESSOR_ZLIB 2

/* of the flags of OP_MSG, those that a reader must know; none is ours */
#define MSG_REQUIRED	0xffff
/* of those of OP_REPLY: CursorNotFound and QueryFailure */
#define REPLY_FAILED	0x3

/* maxMessageSizeBytes of all servers */
#define LARGEST_MESSAGE	48000000

/* so much of a request is looked at, compressed or not, to know its command */
#define PEEK_SIZE		512

/*
 * Down to which level of a reply the driver looks: {cursor: {firstBatch:
 * [document, ...]}}
 */
#define LEVELS			3

/* what the driver has asked */
typedef struct AdRequest
{
	bool		due;			/* its reply has not come yet */
	int32		id;
	int32		opcode;			/* before compression */
	char		command[24];	/* its name, perhaps cut */
	int64		unsent;			/* bytes of it */
} AdRequest;

typedef struct AdCheckStream
{
	mongoc_stream_t base;
	mongoc_stream_t *below;
	AdPeer	   *peer;
	uint32	   *pending;		/* bytes that wait to be read, though no
								 * socket has them; lives longer than this */
	AdRequest	request;
	uint8	   *message;		/* malloc'd; NULL before its length is known */
	uint8		length[sizeof(int32)];	/* as it came */
	uint32		size;			/* of the message */
	uint32		have;			/* bytes of it that have come */
	uint32		given;			/* and that the driver has */
} AdCheckStream;

/* ------------------------------------------------------------------------
 * What is asked
 * ------------------------------------------------------------------------ */

/*
 * Decompress the beginning of what is compressed: as much as there is room for,
 * or can be had.  Returns how much that is.
 */
static uint32
decompress_beginning(const uint8 *compressed, uint32 size, uint8 *target, uint32 room)
{
	z_stream	z = {0};

	z.next_in = (Bytef *) compressed;
	z.avail_in = size;
	z.next_out = target;
	z.avail_out = room;
	if (inflateInit(&z) != Z_OK)
		return 0;
	(void) inflate(&z, Z_SYNC_FLUSH);
	(void) inflateEnd(&z);
	return room - z.avail_out;
}

/*
 * Copy the name of the first element of the document of a command: that of an
 * OP_MSG is behind flags and the section's kind, that of an OP_QUERY behind
 * flags, a name and two numbers.
 */
static void
copy_command(AdRequest *request, const uint8 *body, uint32 size)
{
	uint32		at = sizeof(int32);

	request->command[0] = '\0';
	if (request->opcode == OP_MSG)
		at += 1;
	else
		at += strnlen((const char *) body + at, size > at ? size - at : 0) + 1 + 2 * sizeof(int32);
	/* the document's length and the element's type */
	at += sizeof(int32) + 1;
	if (at >= size)
		return;
	strlcpy(request->command, (const char *) body + at,
			Min(sizeof(request->command), size - at));
}

/*
 * A message begins to be sent: note what it asks.
 */
static void
note_request(AdCheckStream *stream, const mongoc_iovec_t *iov, size_t iovcnt)
{
	AdRequest  *request = &stream->request;
	uint8		start[PEEK_SIZE] = {0};
	uint8		inner[PEEK_SIZE] = {0};
	const uint8 *body = start + HEADER_SIZE;
	uint32		size = 0;

	for (size_t i = 0; i < iovcnt && size < PEEK_SIZE; i++)
	{
		uint32		n = Min(iov[i].iov_len, PEEK_SIZE - size);

		memcpy(start + size, iov[i].iov_base, n);
		size += n;
	}
	size = size > HEADER_SIZE ? size - HEADER_SIZE : 0;
	request->unsent = ad_read_int32(start);
	request->id = ad_read_int32(start + 4);
	request->opcode = ad_read_int32(start + 12);
	if (request->opcode == OP_COMPRESSED && size > COMPRESSED_SIZE)
	{
		request->opcode = ad_read_int32(body);
		size = decompress_beginning(body + COMPRESSED_SIZE, size - COMPRESSED_SIZE,
									inner, PEEK_SIZE - 1);
		body = inner;
	}
	copy_command(request, body, size);
	request->due = true;
}

static ssize_t
check_writev(mongoc_stream_t *base, mongoc_iovec_t *iov, size_t iovcnt,
			 int32_t timeout_msec)
{
	AdCheckStream *stream = (AdCheckStream *) base;
	bool		begins = stream->request.unsent <= 0;
	ssize_t		n;

	if (begins)
		note_request(stream, iov, iovcnt);
	n = mongoc_stream_writev(stream->below, iov, iovcnt, timeout_msec);
	if (n > 0)
		stream->request.unsent -= n;
	else if (begins)
		stream->request.unsent = 0;
	return n;
}

/* ------------------------------------------------------------------------
 * What is answered
 * ------------------------------------------------------------------------ */

/* forget the message, for there is another, or none */
static void
forget_message(AdCheckStream *stream)
{
	free(stream->message);
	stream->message = NULL;
	stream->size = stream->have = stream->given = 0;
}

/*
 * Read what is missing to `size` bytes into `target`, which begins with the
 * first byte of the message.  Returns 1 if that is all there, else what the
 * stream below returned.
 */
static ssize_t
read_up_to(AdCheckStream *stream, uint8 *target, uint32 size, int32_t timeout_msec)
{
	while (stream->have < size)
	{
		uint32		missing = size - stream->have;

		/* with no time to wait, what there is */
		ssize_t		n = mongoc_stream_read(stream->below, target + stream->have, missing,
										   timeout_msec == 0 ? 0 : missing, timeout_msec);

		if (n <= 0)
			return n;
		stream->have += n;
	}
	return 1;
}

/*
 * The one document of an OP_MSG: behind flags and the kind of the one section,
 * which is 0.  NULL if there is none.
 */
static const uint8 *
document_of_msg(const uint8 *body, uint32 *size)
{
	if (*size <= sizeof(int32) + 1)
		return NULL;
	if ((ad_read_int32(body) & MSG_REQUIRED) != 0 || body[sizeof(int32)] != 0)
		return NULL;
	*size -= sizeof(int32) + 1;
	return body + sizeof(int32) + 1;
}

/*
 * The one document of an OP_REPLY: behind flags, a cursor, where in that it
 * begins, and how many documents there are.  NULL if there is none.
 */
static const uint8 *
document_of_reply(const uint8 *body, uint32 *size)
{
	if (*size <= 20)
		return NULL;
	if ((ad_read_int32(body) & REPLY_FAILED) != 0 || ad_read_int64(body + 4) != 0 ||
		ad_read_int32(body + 16) != 1)
		return NULL;
	*size -= 20;
	return body + 20;
}

/*
 * Put what is in a compressed message in the place of it.
 */
static bool
decompress(AdCheckStream *stream)
{
	const uint8 *body = stream->message + HEADER_SIZE;
	uint32		size;
	uLong		compressed;
	uLongf		length;
	uint8	   *message;
	uint32		total;
	uint32		little_endian;

	if (!stream->peer->zlib)
		return ad_flaw(stream->peer, "The message is compressed, which was not agreed.");
	if (stream->size < HEADER_SIZE + COMPRESSED_SIZE || body[2 * sizeof(int32)] != COMPRESSOR_ZLIB)
		return ad_flaw(stream->peer, "The message is not compressed by zlib, as was agreed.");
	size = ad_read_int32(body + sizeof(int32));
	if (size > LARGEST_MESSAGE - HEADER_SIZE)
		return ad_flaw(stream->peer, "The message has %u bytes when it is decompressed.", size);
	total = HEADER_SIZE + size;
	message = malloc(total);
	if (message == NULL)
		return ad_flaw(stream->peer, "There is not enough memory for the message.");
	little_endian = BSON_UINT32_TO_LE(total);
	memcpy(message, &little_endian, sizeof(uint32));
	memcpy(message + 4, stream->message + 4, 8);
	memcpy(message + 12, body, sizeof(int32));
	length = size;
	compressed = stream->size - HEADER_SIZE - COMPRESSED_SIZE;
	if (uncompress2(message + HEADER_SIZE, &length, body + COMPRESSED_SIZE, &compressed) != Z_OK ||
		length != size || compressed != stream->size - HEADER_SIZE - COMPRESSED_SIZE)
	{
		free(message);
		return ad_flaw(stream->peer, "The message cannot be decompressed.");
	}
	free(stream->message);
	stream->message = message;
	stream->size = stream->have = total;
	return true;
}

/*
 * Whether the message that is there is the reply to the request.  If not, the
 * peer's flaw says why.
 */
static bool
is_reply(AdCheckStream *stream)
{
	AdPeer	   *peer = stream->peer;
	int32		expected = stream->request.opcode == OP_QUERY ? OP_REPLY : OP_MSG;
	const uint8 *document;
	uint32		size;

	peer->flaw[0] = '\0';
	if (!stream->request.due || ad_read_int32(stream->message + 8) != stream->request.id)
		return ad_flaw(peer, "The message is no reply to what was asked.");
	if (ad_read_int32(stream->message + 12) == OP_COMPRESSED && !decompress(stream))
		return false;
	if (ad_read_int32(stream->message + 12) != expected)
		return ad_flaw(peer, "The message has the opcode %d in the place of %d.",
					   ad_read_int32(stream->message + 12), expected);
	size = stream->size - HEADER_SIZE;
	if (expected == OP_MSG)
		document = document_of_msg(stream->message + HEADER_SIZE, &size);
	else
		document = document_of_reply(stream->message + HEADER_SIZE, &size);
	/* which says that it is of that size, so nothing is behind it */
	if (document == NULL || !ad_is_document(document, size, LEVELS))
		return ad_flaw(peer, "The message does not have the form of a reply with one document.");
	if (!ad_reply_fits(peer, stream->request.command, document, size))
		return false;
	stream->request.due = false;
	return true;
}

/*
 * Have a whole message.  Returns 1 if it is there, else what the stream below
 * returned, or -1 with errno EPROTO if it is no message.
 */
static ssize_t
have_message(AdCheckStream *stream, int32_t timeout_msec)
{
	ssize_t		result;

	if (stream->message != NULL && stream->have == stream->size)
		return 1;
	if (stream->message == NULL)
	{
		result = read_up_to(stream, stream->length, sizeof(stream->length), timeout_msec);
		if (result <= 0)
			return result;
		stream->size = ad_read_int32(stream->length);
		if (stream->size < HEADER_SIZE || stream->size > LARGEST_MESSAGE)
		{
			ad_flaw(stream->peer, "The message says that it has %u bytes.", stream->size);
			errno = EPROTO;
			return -1;
		}
		stream->message = malloc(stream->size);
		if (stream->message == NULL)
		{
			errno = ENOMEM;
			return -1;
		}
		memcpy(stream->message, stream->length, sizeof(stream->length));
	}
	result = read_up_to(stream, stream->message, stream->size, timeout_msec);
	if (result > 0 && !is_reply(stream))
	{
		errno = EPROTO;
		return -1;
	}
	return result;
}

/* as the other streams do: at least min_bytes, and something in any case */
static ssize_t
check_readv(mongoc_stream_t *base, mongoc_iovec_t *iov, size_t iovcnt,
			size_t min_bytes, int32_t timeout_msec)
{
	AdCheckStream *stream = (AdCheckStream *) base;
	size_t		given = 0;

	/* also if it ends early: a part of a message is not to be had */
	*stream->pending = 0;
	for (size_t i = 0; i < iovcnt; i++)
	{
		size_t		filled = 0;

		while (filled < iov[i].iov_len && (given == 0 || given < min_bytes || stream->message != NULL))
		{
			ssize_t		result = have_message(stream, timeout_msec);
			uint32		n;

			if (result <= 0)
				return given >= min_bytes && given > 0 ? (ssize_t) given : result;
			n = Min(iov[i].iov_len - filled, stream->size - stream->given);
			memcpy((char *) iov[i].iov_base + filled, stream->message + stream->given, n);
			filled += n;
			given += n;
			stream->given += n;
			if (stream->given == stream->size)
				forget_message(stream);
		}
	}
	*stream->pending = stream->size - stream->given;
	return given;
}

static int
check_close(mongoc_stream_t *base)
{
	forget_message((AdCheckStream *) base);
	return mongoc_stream_close(((AdCheckStream *) base)->below);
}

static int
check_flush(mongoc_stream_t *base)
{
	return mongoc_stream_flush(((AdCheckStream *) base)->below);
}

static mongoc_stream_t *
check_get_base_stream(mongoc_stream_t *base)
{
	return ((AdCheckStream *) base)->below;
}

static bool
check_check_closed(mongoc_stream_t *base)
{
	return mongoc_stream_check_closed(((AdCheckStream *) base)->below);
}

static bool
check_timed_out(mongoc_stream_t *base)
{
	return mongoc_stream_timed_out(((AdCheckStream *) base)->below);
}

static bool
check_should_retry(mongoc_stream_t *base)
{
	return mongoc_stream_should_retry(((AdCheckStream *) base)->below);
}

static void
check_destroy(mongoc_stream_t *base)
{
	forget_message((AdCheckStream *) base);
	mongoc_stream_destroy(((AdCheckStream *) base)->below);
	bson_free(base);
}

static void
check_failed(mongoc_stream_t *base)
{
	forget_message((AdCheckStream *) base);
	mongoc_stream_failed(((AdCheckStream *) base)->below);
	bson_free(base);
}

/*
 * Put the check on top of a connected stream, which it takes over.  The peer and
 * pending, what it has read from the stream and not yet given, live longer.
 */
mongoc_stream_t *
ad_check_stream_new(mongoc_stream_t *below, AdPeer *peer, uint32 *pending)
{
	AdCheckStream *stream = bson_malloc0(sizeof(AdCheckStream));

	stream->base.type = AD_CHECK_STREAM_TYPE;
	stream->base.destroy = check_destroy;
	stream->base.failed = check_failed;
	stream->base.close = check_close;
	stream->base.flush = check_flush;
	stream->base.writev = check_writev;
	stream->base.readv = check_readv;
	stream->base.get_base_stream = check_get_base_stream;
	stream->base.check_closed = check_check_closed;
	stream->base.timed_out = check_timed_out;
	stream->base.should_retry = check_should_retry;
	stream->below = below;
	stream->peer = peer;
	stream->pending = pending;
	return &stream->base;
}
