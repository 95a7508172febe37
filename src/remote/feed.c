/*
 * feed.c
 *	  Reads a collection, or the changes to it, in batches.
 *
 * Both are read with the read concern majority, after the time at which the
 * connection was opened.  So no document is read that a failover could take
 * back, of which no change would tell (MongoDB manual, "Change Streams",
 * "Causal Consistency and Read and Write Concerns").
 *
 * The changes have been read up to that time if a batch has a token of a later
 * time, or if an empty batch has a token of that time.  A batch can end within
 * a transaction, whose changes have one time, so a batch that is not empty
 * must have a later one.  Tokens of MongoDB begin with a time.  A token of
 * another form tells nothing, and then an empty batch is the end.
 */
#include "postgres.h"

#include <ctype.h>

#include "base/utf8.h"
#include "bson/bsonwrite.h"
#include "remote/feed.h"

/* the most documents of a batch; the server ends it at 16 MB, too */
#define DOCUMENTS_PER_BATCH	5000

/* how long the server waits for changes before it sends an empty batch */
#define PATIENCE_MS			50

/*
 * The first byte of a MongoDB token: it is the code for a timestamp in
 * MongoDB's KeyString, whose eight bytes follow, big-endian.
 */
#define TIMESTAMP_CODE		0x82

/*
 * Returns a feed, palloc'd, in the current memory context, which must live as
 * long as that of the AdRemote.
 */
AdFeed *
ad_feed_create(AdRemote *remote, const char *database, const char *collection)
{
	AdFeed	   *feed = palloc0(sizeof(AdFeed));

	feed->remote = remote;
	feed->database = pstrdup(ad_to_utf8(database));
	feed->collection = pstrdup(ad_to_utf8(collection));
	return feed;
}

static void
write_text(StringInfo out, const char *key, const char *value)
{
	ad_write_key(out, BSON_TYPE_UTF8, key);
	ad_write_string(out, value, strlen(value));
}

static void
write_int32(StringInfo out, const char *key, int32 value)
{
	ad_write_key(out, BSON_TYPE_INT32, key);
	ad_write_int32(out, value);
}

static void
write_time(StringInfo out, const char *key, uint64 value)
{
	ad_write_key(out, BSON_TYPE_TIMESTAMP, key);
	ad_write_int64(out, (int64) value);
}

static int
begin_inner(StringInfo out, bson_type_t type, const char *key)
{
	ad_write_key(out, type, key);
	return ad_write_begin(out);
}

/* readConcern: {level: "majority", afterClusterTime: ...} */
static void
write_read_concern(StringInfo out, const AdFeed *feed)
{
	int			concern = begin_inner(out, BSON_TYPE_DOCUMENT, "readConcern");

	write_text(out, "level", "majority");
	if (ad_remote_time(feed->remote) != 0)
		write_time(out, "afterClusterTime", ad_remote_time(feed->remote));
	ad_write_end(out, concern);
}

/*
 * Returns the number that a MongoDB token begins with, a timestamp; 0 if the
 * token has another form.
 */
static uint64
token_time(const uint8 *token, uint32 size)
{
	AdReader	reader;
	AdElement	data;
	const char *digits;
	uint64		time = 0;

	ad_reader_init(&reader, token, size);
	if (!ad_reader_find(reader, "_data", &data))
		return 0;
	digits = ad_element_string(&data);
	if (strlen(digits) < 2 + 16 || strncmp(digits, "82", 2) != 0)
		return 0;
	for (int i = 2; i < 2 + 16; i++)
	{
		unsigned char digit = pg_ascii_toupper((unsigned char) digits[i]);

		if (!isxdigit(digit))
			return 0;
		time = time * 16 + (isdigit(digit) ? digit - '0' : digit - 'A' + 10);
	}
	return time;
}

/* have all changes up to the time of the connection been read? */
static bool
is_reached(const AdFeed *feed, bool empty)
{
	uint64		time = feed->token == NULL ? 0 : token_time(feed->token, feed->token_size);

	if (time == 0)
		return empty;
	return time > ad_remote_time(feed->remote) ||
		(empty && time == ad_remote_time(feed->remote));
}

/* raise the error for a reply without what every reply has */
pg_noreturn static void
report_reply(const char *field)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("invalid reply from a MongoDB server"),
			 errdetail("Field \"%s\" is missing or has another type.", field)));
}

/*
 * Run a command, whose text is freed, and take in the batch of its reply.
 */
static AdOutcome
run(AdFeed *feed, StringInfo command)
{
	const uint8 *reply;
	AdOutcome	outcome = ad_remote_run(feed->remote, feed->database, command, &reply);
	AdReader	reader;
	AdReader	cursor;
	AdElement	element;
	bool		empty;

	pfree(command->data);
	if (outcome != AD_SUCCEEDED)
	{
		/* the server has closed it, or cannot be reached */
		ad_remote_hold(feed->remote, feed->database, feed->collection, 0);
		return outcome;
	}
	ad_reader_init(&reader, reply, ad_read_int32(reply));
	if (!ad_reader_find_inner(reader, "cursor", BSON_TYPE_DOCUMENT, &cursor))
		report_reply("cursor");
	if (!ad_reader_find(cursor, "id", &element) || element.type != BSON_TYPE_INT64)
		report_reply("cursor.id");
	feed->cursor = ad_read_int64(element.value);
	ad_remote_hold(feed->remote, feed->database, feed->collection, feed->cursor);
	empty = ad_remote_batch(feed->remote)->next == NULL;
	feed->token = NULL;
	if (feed->watches && ad_reader_find(cursor, "postBatchResumeToken", &element) &&
		element.type == BSON_TYPE_DOCUMENT)
	{
		feed->token = element.value;
		feed->token_size = element.size;
	}
	feed->reached = feed->watches ? is_reached(feed, empty) : feed->cursor == 0;
	return AD_SUCCEEDED;
}

/* what of the collection a part has; $expr compares values of any two types */
static void
write_part(StringInfo out, const AdFeedPart *part)
{
	int			inner;

	if (part->after.value != NULL)
	{
		int			filter = begin_inner(out, BSON_TYPE_DOCUMENT, "filter");
		int			expr = begin_inner(out, BSON_TYPE_DOCUMENT, "$expr");
		int			operands = begin_inner(out, BSON_TYPE_ARRAY, "$gt");
		int			literal;

		write_text(out, "0", "$_id");
		literal = begin_inner(out, BSON_TYPE_DOCUMENT, "1");
		ad_write_key(out, part->after.type, "$literal");
		appendBinaryStringInfo(out, (const char *) part->after.value, part->after.size);
		ad_write_end(out, literal);
		ad_write_end(out, operands);
		ad_write_end(out, expr);
		ad_write_end(out, filter);
	}
	inner = begin_inner(out, BSON_TYPE_DOCUMENT, "sort");
	write_int32(out, "_id", 1);
	ad_write_end(out, inner);
	write_int32(out, "limit", part->limit);
}

/*
 * Start to read the collection, or, if that is not NULL, a part of it.
 * `names` are the names of the fields that are wanted beside _id, in UTF-8;
 * NIL for all.
 */
AdOutcome
ad_feed_find(AdFeed *feed, List *names, const AdFeedPart *part)
{
	StringInfoData command;
	ListCell   *lc;
	int			inner;

	initStringInfo(&command);
	(void) ad_write_begin(&command);
	write_text(&command, "find", feed->collection);
	inner = begin_inner(&command, BSON_TYPE_DOCUMENT, "projection");
	foreach(lc, names)
		write_int32(&command, lfirst(lc), 1);
	ad_write_end(&command, inner);
	if (part != NULL)
		write_part(&command, part);
	write_int32(&command, "batchSize", DOCUMENTS_PER_BATCH);
	write_read_concern(&command, feed);
	return run(feed, &command);
}

/* the stage $changeStream */
static void
write_change_stream(StringInfo out, const AdFeedStart *start)
{
	int			stage = begin_inner(out, BSON_TYPE_DOCUMENT, "0");
	int			inner = begin_inner(out, BSON_TYPE_DOCUMENT, "$changeStream");

	write_text(out, "fullDocument", "updateLookup");
	if (start->token != NULL)
	{
		ad_write_key(out, BSON_TYPE_DOCUMENT, "resumeAfter");
		appendBinaryStringInfo(out, (const char *) start->token, start->token_size);
	}
	else
		write_time(out, "startAtOperationTime", start->time);
	ad_write_end(out, inner);
	ad_write_end(out, stage);
}

/* the stage $project: of each event only what is read */
static void
write_project(StringInfo out, List *names)
{
	int			stage = begin_inner(out, BSON_TYPE_DOCUMENT, "1");
	int			inner = begin_inner(out, BSON_TYPE_DOCUMENT, "$project");
	ListCell   *lc;

	write_int32(out, "operationType", 1);
	write_int32(out, "documentKey", 1);
	foreach(lc, names)
		write_int32(out, psprintf("fullDocument.%s", (const char *) lfirst(lc)), 1);
	ad_write_end(out, inner);
	ad_write_end(out, stage);
}

/*
 * Start to read the changes.  `names` as for ad_feed_find().
 */
AdOutcome
ad_feed_watch(AdFeed *feed, const AdFeedStart *start, List *names)
{
	StringInfoData command;
	int			inner;

	feed->watches = true;
	initStringInfo(&command);
	(void) ad_write_begin(&command);
	write_text(&command, "aggregate", feed->collection);
	inner = begin_inner(&command, BSON_TYPE_ARRAY, "pipeline");
	write_change_stream(&command, start);
	if (names != NIL)
		write_project(&command, names);
	ad_write_end(&command, inner);
	inner = begin_inner(&command, BSON_TYPE_DOCUMENT, "cursor");
	write_int32(&command, "batchSize", DOCUMENTS_PER_BATCH);
	ad_write_end(&command, inner);
	/* the server waits until a majority has the time of the connection */
	if (feed->max_time_ms > 0)
		write_int32(&command, "maxTimeMS", feed->max_time_ms);
	write_read_concern(&command, feed);
	return run(feed, &command);
}

/*
 * Returns the next document of the batch, or NULL at its end.
 */
const uint8 *
ad_feed_next(AdFeed *feed)
{
	return ad_batch_next(ad_remote_batch(feed->remote));
}

/*
 * Read another batch.
 */
AdOutcome
ad_feed_more(AdFeed *feed)
{
	StringInfoData command;

	initStringInfo(&command);
	(void) ad_write_begin(&command);
	ad_write_key(&command, BSON_TYPE_INT64, "getMore");
	ad_write_int64(&command, feed->cursor);
	write_text(&command, "collection", feed->collection);
	write_int32(&command, "batchSize", DOCUMENTS_PER_BATCH);
	if (feed->watches)
		write_int32(&command, "maxTimeMS", PATIENCE_MS);
	return run(feed, &command);
}
