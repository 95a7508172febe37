/*
 * check.c
 *	  Messages of the server, checked before the driver reads them.
 *
 * The driver takes the lengths in a reply for granted, and calls abort() where
 * the documents of a batch, or those that describe the server and its clock,
 * are not what they say; that would end all backends.  So this stream, between
 * the driver and what is below it (a socket, or TLS on it), reads a message as
 * a whole, looks at the structure of its documents, and hands it on only if it
 * is sound (MongoDB manual, "MongoDB Wire Protocol").  What is inside the
 * documents of a batch is bsonread.c's to check, when they are decoded.
 *
 * A compressed message is handed on as it is: there is no compression unless
 * the URI asks for some.
 *
 * Called by the driver, so nothing here may throw.
 */
#include "postgres.h"

#include "bsonread.h"
#include "check.h"

/* as the driver numbers its own from 1, and stream.c has 100 */
#define AD_CHECK_STREAM_TYPE	101

/* a message's header: its length, two ids and what kind it is */
#define HEADER_SIZE		16
#define OP_REPLY		1
#define OP_COMPRESSED	2012
#define OP_MSG			2013
#define MSG_CHECKSUM	1		/* flag: four bytes follow the sections */

/* maxMessageSizeBytes of all servers */
#define LARGEST_MESSAGE	48000000

/*
 * Down to which level of a reply the driver looks: {cursor: {firstBatch:
 * [document, ...]}}
 */
#define LEVELS			3

typedef struct AdCheckStream
{
	mongoc_stream_t base;
	mongoc_stream_t *below;
	AdCheckNotes *notes;
	uint8	   *message;		/* malloc'd; NULL before its length is known */
	uint8		length[sizeof(int32)];	/* as it came */
	uint32		size;			/* of the message */
	uint32		have;			/* bytes of it that have come */
	uint32		given;			/* and that the driver has */
} AdCheckStream;

/* documents one after the other */
static bool
are_documents(const uint8 *at, const uint8 *end)
{
	while (at < end)
	{
		uint32		size;

		if (end - at < (ptrdiff_t) sizeof(int32))
			return false;
		size = ad_read_int32(at);
		if (size > end - at || !ad_is_document(at, size, LEVELS))
			return false;
		at += size;
	}
	return true;
}

/* a reply has one section, of kind 0, which is a document */
static bool
is_sound_msg(const uint8 *message, uint32 size)
{
	const uint8 *body = message + HEADER_SIZE + sizeof(int32);

	if (size < HEADER_SIZE + sizeof(int32) + 1)
		return false;
	if (ad_read_int32(message + HEADER_SIZE) & MSG_CHECKSUM)
		size -= sizeof(int32);
	return *body == 0 && body + 1 < message + size &&
		are_documents(body + 1, message + size);
}

/* flags, a cursor's id, two numbers, and documents */
static bool
is_sound_reply(const uint8 *message, uint32 size)
{
	const uint8 *body = message + HEADER_SIZE + 20;

	return body < message + size && are_documents(body, message + size);
}

static bool
is_sound(const uint8 *message, uint32 size)
{
	switch (ad_read_int32(message + 12))
	{
		case OP_MSG:
			return is_sound_msg(message, size);
		case OP_REPLY:
			return is_sound_reply(message, size);
		case OP_COMPRESSED:
			return true;
		default:
			return false;
	}
}

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
		if (stream->size >= HEADER_SIZE && stream->size <= LARGEST_MESSAGE)
			stream->message = malloc(stream->size);
		if (stream->message == NULL)
		{
			stream->notes->unsound = stream->size < HEADER_SIZE || stream->size > LARGEST_MESSAGE;
			errno = stream->notes->unsound ? EPROTO : ENOMEM;
			return -1;
		}
		memcpy(stream->message, stream->length, sizeof(stream->length));
	}
	result = read_up_to(stream, stream->message, stream->size, timeout_msec);
	if (result > 0 && !is_sound(stream->message, stream->size))
	{
		stream->notes->unsound = true;
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
	stream->notes->pending = 0;
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
	stream->notes->pending = stream->size - stream->given;
	return given;
}

static ssize_t
check_writev(mongoc_stream_t *base, mongoc_iovec_t *iov, size_t iovcnt,
			 int32_t timeout_msec)
{
	return mongoc_stream_writev(((AdCheckStream *) base)->below, iov, iovcnt, timeout_msec);
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
 * Put the check on top of a connected stream, which it takes over.
 */
mongoc_stream_t *
ad_check_stream_new(mongoc_stream_t *below, AdCheckNotes *notes)
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
	stream->notes = notes;
	return &stream->base;
}
