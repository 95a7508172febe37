/*
 * message_check.c
 *	  Checks the messages of a server before the driver reads them.
 *
 * The driver trusts the lengths in a reply.  It calls abort() if the
 * documents of a batch, or those that describe the server and its clock, do
 * not have the length that they state.  That would end all backends.  So this
 * stream sits between the driver and the stream below, which is a socket or
 * TLS.  It reads a whole message, and passes it on only if it has the form of
 * a reply to the last request (MongoDB manual, "MongoDB Wire Protocol").
 * Such a message has
 *
 *	- the opcode that the request requires, and no flag that changes its
 *	  meaning;
 *	- one document of valid structure, and nothing after it;
 *	- fields that reply_check.c accepts.
 *
 * The driver does not get the documents of a batch, see batch.c.  bsonread.c
 * checks their contents when they are decoded.
 *
 * A compressed message is refused unless the URI has asked for compression.
 * This stream decompresses it, so that the driver gets a checked message.
 *
 * Promised replies
 *
 * The driver has no half of a command: it sends one and waits for its reply in
 * one call.  So that several servers can work at the same time, this stream can
 * promise a reply.  It sends the driver's command to the server, and gives the
 * driver at once a stand-in for the reply, a batch of a cursor that goes on; it has
 * one document, since the driver asks for the next batch at once if it gets an
 * empty one.  When the driver asks for the next batch of that cursor, this stream sends
 * nothing, and gives it the server's reply to the first command.  If the driver
 * sends another command meanwhile, the reply is read before, and held.  There
 * is one promise for the streams of a client at a time.
 *
 * The driver calls these functions, so nothing here may throw.
 */
#include "postgres.h"

#include <zlib.h>

#include "bson/bsonread.h"
#include "remote/message_check.h"

/* the driver's own stream types have low numbers, and stream.c uses 100 */
#define AD_CHECK_STREAM_TYPE	101

/*
 * The header of a message: its length, its id, the id of its request, its
 * opcode.
 */
#define HEADER_SIZE		16
#define OP_REPLY		1
#define OP_QUERY		2004
#define OP_COMPRESSED	2012
#define OP_MSG			2013

/* after the header of a compressed message: opcode, size, compressor */
#define COMPRESSED_SIZE (2 * sizeof(int32) + 1)
#define COMPRESSOR_ZLIB 2

/*
 * The flags of OP_MSG that a reader must understand; a reply may have none of
 * them.
 */
#define MSG_REQUIRED	0xffff
/* the flags CursorNotFound and QueryFailure of OP_REPLY */
#define REPLY_FAILED	0x3

/* every server reports this maxMessageSizeBytes */
#define LARGEST_MESSAGE	48000000

/* number of bytes of a request that are examined to find its command */
#define PEEK_SIZE		512

/*
 * The number of levels of a reply that the driver reads: {cursor:
 * {firstBatch: [document, ...]}}
 */
#define LEVELS			3

/*
 * The id of a cursor whose first reply is promised.  No server has it: ids are
 * positive.
 */
#define STAND_IN_CURSOR PG_INT64_MIN

/* the last request of the driver */
typedef struct AdRequest
{
	bool		due;			/* its reply has not arrived yet */
	int32		id;
	int32		opcode;			/* before compression */
	char		command[24];	/* name of the command, perhaps truncated */
	int64		cursor;			/* for getMore: the id of the cursor */
	int64		unsent;			/* bytes of the request that are not sent */
	int32		reply_to;		/* id of the request that the driver takes the
								 * reply for */
} AdRequest;

typedef struct AdCheckStream
{
	mongoc_stream_t base;
	mongoc_stream_t *below;
	AdPeer	   *peer;
	AdStream   *socket;			/* the lowest stream; lives longer than this
								 * one */
	AdRequest	request;
	bool		stands_in;		/* is a stand-in the reply to the request? */
	bool		swallows;		/* is the request not sent, as its reply is a
								 * promised one? */
	AdRequest	promised;		/* whose reply is promised; not due if none is */
	uint8	   *held;			/* that reply, malloc'd; NULL if it has not
								 * been read */
	bool		checked;		/* can the driver have the message? */
	uint8	   *message;		/* malloc'd; NULL until its length is known */
	uint8		length[sizeof(int32)];	/* the length as received */
	uint32		size;			/* size of the message */
	uint32		have;			/* bytes of it that were received */
	uint32		given;			/* bytes of it that the driver has read */
} AdCheckStream;

/* ------------------------------------------------------------------------
 * Messages
 * ------------------------------------------------------------------------ */

static int
fail_with(int error)
{
	errno = error;
	return -1;
}

/* frees the message, so that the next one can be read */
static void
forget_message(AdCheckStream *stream)
{
	free(stream->message);
	stream->message = NULL;
	stream->size = stream->have = stream->given = 0;
	stream->checked = false;
}

/*
 * Reads into `target` until the first `size` bytes of the message are there.
 * `target` starts with the first byte of the message.  Returns 1 when they
 * are there, else the result of the stream below, which is 0 or -1.
 */
static ssize_t
read_up_to(AdCheckStream *stream, uint8 *target, uint32 size, int32_t timeout_msec)
{
	while (stream->have < size)
	{
		uint32		missing = size - stream->have;

		/* without time to wait, take the bytes that are available */
		ssize_t		n = mongoc_stream_read(stream->below, target + stream->have, missing,
										   timeout_msec == 0 ? 0 : missing, timeout_msec);

		if (n <= 0)
			return n;
		stream->have += n;
	}
	return 1;
}

/*
 * Reads a whole message, unless there is one already.  Returns 1 if the
 * message is there.  Returns -1 with errno EPROTO if its length is not valid.
 * Otherwise returns the result of the stream below, which is 0 or -1.
 */
static ssize_t
read_message(AdCheckStream *stream, int32_t timeout_msec)
{
	ssize_t		result;

	if (stream->message == NULL)
	{
		result = read_up_to(stream, stream->length, sizeof(stream->length), timeout_msec);
		if (result <= 0)
			return result;
		stream->size = ad_read_int32(stream->length);
		if (stream->size < HEADER_SIZE || stream->size > LARGEST_MESSAGE)
		{
			ad_flaw(stream->peer, "The header of the message states an invalid size of %u bytes. Perhaps the server speaks another protocol, or needs TLS.",
					stream->size);
			return fail_with(EPROTO);
		}
		stream->message = malloc(stream->size);
		if (stream->message == NULL)
			return fail_with(ENOMEM);
		memcpy(stream->message, stream->length, sizeof(stream->length));
	}
	return read_up_to(stream, stream->message, stream->size, timeout_msec);
}

/* ------------------------------------------------------------------------
 * Requests
 * ------------------------------------------------------------------------ */

/*
 * Decompresses the beginning of compressed data, at most `room` bytes.
 * Returns the number of bytes in target.  The compressed data may be
 * incomplete.
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

static bool
is_get_more(const AdRequest *request)
{
	return strcmp(request->command, "getMore") == 0;
}

/*
 * Copies the name of a command, which is the key of the first element of its
 * document, and the cursor of a getMore, which is the value of that element.
 * In OP_MSG the document follows flags and the kind of the section; in OP_QUERY
 * it follows flags, the name of a collection and two numbers.
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
	at += strlen(request->command) + 1;
	request->cursor = is_get_more(request) && at + sizeof(int64) <= size ?
		ad_read_int64(body + at) : STAND_IN_CURSOR;
}

/*
 * Records a request when the driver starts to send it.
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
	request->reply_to = request->id;
	request->due = true;
}

/*
 * The driver starts to send another request.  If it is for the promised reply,
 * gives it that one; else reads that reply first, and holds it.  Returns 1, or
 * the result of the stream below, which is 0 or -1.
 */
static ssize_t
meet_promise(AdCheckStream *stream)
{
	AdRequest  *request = &stream->request;
	AdPeer	   *peer = stream->peer;
	ssize_t		result = 1;

	stream->swallows = stream->stands_in = false;
	/* it would skip the batch that was lost */
	if (peer->promise == AD_PROMISE_LOST && is_get_more(request))
		return fail_with(ECONNRESET);
	if (stream->promised.due && is_get_more(request) && request->cursor == stream->promised.cursor)
	{
		stream->promised.unsent = request->unsent;
		stream->promised.reply_to = request->id;
		stream->request = stream->promised;
		stream->promised.due = false;
		stream->swallows = true;
		peer->promise = AD_PROMISE_NONE;
		stream->message = stream->held;
		stream->size = stream->have = stream->held == NULL ? 0 : ad_read_int32(stream->held);
		stream->held = NULL;
	}
	else if (stream->promised.due && stream->held == NULL)
	{
		result = read_message(stream, -1);
		if (result <= 0)
			return result;
		stream->held = stream->message;
		stream->message = NULL;
		forget_message(stream);
		peer->promise = AD_PROMISE_HELD;
	}
	else
		stream->stands_in = peer->defer && peer->promise == AD_PROMISE_NONE &&
			request->opcode == OP_MSG && ad_reply_is_batch(request->command);
	return result;
}

static size_t
total_length(const mongoc_iovec_t *iov, size_t iovcnt)
{
	size_t		total = 0;

	for (size_t i = 0; i < iovcnt; i++)
		total += iov[i].iov_len;
	return total;
}

/* writes to the stream below, and records each request */
static ssize_t
check_writev(mongoc_stream_t *base, mongoc_iovec_t *iov, size_t iovcnt,
			 int32_t timeout_msec)
{
	AdCheckStream *stream = (AdCheckStream *) base;
	bool		begins = stream->request.unsent <= 0;
	ssize_t		n = 1;

	if (begins)
	{
		note_request(stream, iov, iovcnt);
		n = meet_promise(stream);
	}
	if (n > 0)
		n = stream->swallows ? total_length(iov, iovcnt) :
			mongoc_stream_writev(stream->below, iov, iovcnt, timeout_msec);
	if (n > 0)
		stream->request.unsent -= n;
	else if (begins)
		stream->request.unsent = 0;
	return n;
}

/* ------------------------------------------------------------------------
 * Replies
 * ------------------------------------------------------------------------ */

/*
 * Returns the document of an OP_MSG, which follows flags and the kind of the
 * only section, which must be 0.  Returns NULL if the message does not have
 * this form.  *size is the size of the body, and becomes the number of bytes
 * from the document on.
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
 * Like document_of_msg(), for an OP_REPLY.  Its document follows flags, a
 * cursor id, a position in the cursor and the number of documents.
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
 * Replaces a compressed message by the message in it.  Returns false if that
 * fails, and the peer's flaw then gives the reason.
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
		return ad_flaw(stream->peer, "The message is compressed, but the connection string does not ask for compression.");
	if (stream->size < HEADER_SIZE + COMPRESSED_SIZE || body[2 * sizeof(int32)] != COMPRESSOR_ZLIB)
		return ad_flaw(stream->peer, "The message is not compressed with zlib.");
	size = ad_read_int32(body + sizeof(int32));
	if (size > LARGEST_MESSAGE - HEADER_SIZE)
		return ad_flaw(stream->peer, "The message would have %u bytes after decompression, which is too many.", size);
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
 * Is the message a valid reply to the request?  If not, the peer's flaw gives
 * the reason.
 */
static bool
is_reply(AdCheckStream *stream)
{
	AdPeer	   *peer = stream->peer;
	int32		expected = stream->request.opcode == OP_QUERY ? OP_REPLY : OP_MSG;
	const uint8 *document;
	uint32		size;
	uint32		start;
	uint32		reply_to;

	peer->flaw[0] = '\0';
	if (!stream->request.due || ad_read_int32(stream->message + 8) != stream->request.id)
		return ad_flaw(peer, "The message is not a reply to the last request.");
	if (ad_read_int32(stream->message + 12) == OP_COMPRESSED && !decompress(stream))
		return false;
	if (ad_read_int32(stream->message + 12) != expected)
		return ad_flaw(peer, "The message has opcode %d instead of %d.",
					   ad_read_int32(stream->message + 12), expected);
	size = stream->size - HEADER_SIZE;
	if (expected == OP_MSG)
		document = document_of_msg(stream->message + HEADER_SIZE, &size);
	else
		document = document_of_reply(stream->message + HEADER_SIZE, &size);
	/* the document must have this size, so nothing follows it */
	if (document == NULL || !ad_is_document(document, size, LEVELS - 1))
		return ad_flaw(peer, "The message is not a valid reply with one document.");
	start = document - stream->message;
	if (ad_reply_is_batch(stream->request.command) &&
		!ad_batch_take(&peer->batch, &stream->message, &stream->size, start))
		return ad_flaw(peer, "The documents of the reply to %s are invalid, or too large for the memory.",
					   stream->request.command);
	stream->have = stream->size;
	document = stream->message + start;
	size = stream->size - start;
	if (!ad_is_document(document, size, LEVELS))
		return ad_flaw(peer, "The message is not a valid reply with one document.");
	if (!ad_reply_fits(peer, stream->request.command, document, size))
		return false;
	reply_to = BSON_UINT32_TO_LE(stream->request.reply_to);
	memcpy(stream->message + 8, &reply_to, sizeof(reply_to));
	stream->request.due = false;
	return true;
}

/*
 * Gives the driver a stand-in for the reply to the request, which has been
 * sent.  Returns 1 or -1.
 */
static int
stand_in(AdCheckStream *stream)
{
	AdRequest  *request = &stream->request;
	bson_t		reply = BSON_INITIALIZER;
	bson_t		cursor;
	bson_t		batch = BSON_INITIALIZER;
	bson_t		document = BSON_INITIALIZER;
	uint32		header[] = {0, 0, request->id, OP_MSG, 0};
	uint32		size = sizeof(header) + 1;

	BSON_APPEND_DOUBLE(&reply, "ok", 1);
	BSON_APPEND_DOCUMENT_BEGIN(&reply, "cursor", &cursor);
	BSON_APPEND_INT64(&cursor, "id", request->cursor);
	BSON_APPEND_DOCUMENT(&batch, "0", &document);
	BSON_APPEND_ARRAY(&cursor, is_get_more(request) ? "nextBatch" : "firstBatch", &batch);
	bson_append_document_end(&reply, &cursor);
	bson_destroy(&batch);
	bson_destroy(&document);
	stream->message = malloc(size + reply.len);
	if (stream->message == NULL)
	{
		bson_destroy(&reply);
		return fail_with(ENOMEM);
	}
	stream->size = stream->have = header[0] = size + reply.len;
	for (int i = 0; i < lengthof(header); i++)
		header[i] = BSON_UINT32_TO_LE(header[i]);
	memcpy(stream->message, header, sizeof(header));
	stream->message[sizeof(header)] = 0;
	memcpy(stream->message + size, bson_get_data(&reply), reply.len);
	bson_destroy(&reply);
	stream->checked = true;
	stream->stands_in = false;
	stream->promised = *request;
	request->due = false;
	stream->peer->promise = AD_PROMISE_SENT;
	stream->peer->promise_socket = stream->socket->sock;
	return 1;
}

/*
 * Reads and checks a message, unless there is one already.  Returns 1 if the
 * message is there and valid.  Returns -1 with errno EPROTO if it is not
 * valid.  Otherwise returns the result of the stream below, which is 0 or -1.
 */
static ssize_t
have_message(AdCheckStream *stream, int32_t timeout_msec)
{
	ssize_t		result;

	if (stream->checked)
		return 1;
	if (stream->stands_in)
		return stand_in(stream);
	result = read_message(stream, timeout_msec);
	if (result > 0 && !is_reply(stream))
		return fail_with(EPROTO);
	stream->checked = result > 0;
	return result;
}

/*
 * Gives the driver bytes of a checked message: at least min_bytes, and at
 * least one.  Returns their number, or 0 or -1 as the stream below does.
 */
static ssize_t
check_readv(mongoc_stream_t *base, mongoc_iovec_t *iov, size_t iovcnt,
			size_t min_bytes, int32_t timeout_msec)
{
	AdCheckStream *stream = (AdCheckStream *) base;
	size_t		given = 0;

	/* also for the early returns, when only part of a message has arrived */
	stream->socket->pending = 0;
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
	stream->socket->pending = stream->size - stream->given;
	return given;
}

/* frees what is in memory; a promise is not kept any more */
static void
forget_all(AdCheckStream *stream)
{
	if (stream->promised.due)
		stream->peer->promise = AD_PROMISE_LOST;
	stream->promised.due = false;
	free(stream->held);
	stream->held = NULL;
	forget_message(stream);
}

static int
check_close(mongoc_stream_t *base)
{
	forget_all((AdCheckStream *) base);
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
	forget_all((AdCheckStream *) base);
	mongoc_stream_destroy(((AdCheckStream *) base)->below);
	bson_free(base);
}

static void
check_failed(mongoc_stream_t *base)
{
	forget_all((AdCheckStream *) base);
	mongoc_stream_failed(((AdCheckStream *) base)->below);
	bson_free(base);
}

/*
 * Returns a stream that checks the messages of a connected stream.  It takes
 * over the stream below, at the bottom of which is the socket.  The peer must
 * outlive the new stream.
 */
mongoc_stream_t *
ad_check_stream_new(mongoc_stream_t *below, AdPeer *peer, AdStream *socket)
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
	stream->socket = socket;
	return &stream->base;
}
