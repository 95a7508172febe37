/*
 * cursor.c
 *	  Runs one command and hands out the documents of its reply.
 *
 * Owns every mongoc_cursor_t.  An AdCursor lives in the memory context in
 * which it is opened, and a callback of that context destroys what belongs to
 * the driver, whatever ends the query.
 *
 * Documents are not copied: they are read where the driver has put the reply.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/backend_status.h"
#include "utils/memutils.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "remote/connection.h"
#include "remote/cursor.h"
#include "remote/error.h"
#include "remote/snapshot.h"

/* between two looks for a member that suits; the driver's minimum too */
#define AD_SELECTION_PAUSE_MS	500

/*
 * Without fetch_size: documents in the first batch, as MongoDB has it, and
 * after how many the next batches' size is first computed.
 */
#define AD_FIRST_BATCH		101
#define AD_FIRST_ADAPTATION 64
#define AD_BATCH_BYTES		INT64CONST(1000000)
#define AD_LARGEST_BATCH	100000

/* the server's code for a collection that does not exist */
#define AD_NAMESPACE_NOT_FOUND	26
/* that for a command that the user may not run */
#define AD_UNAUTHORIZED			13

struct AdCursor
{
	MemoryContextCallback callback; /* destroys what the driver owns */
	AdConnection *conn;			/* NULL when closed */
	AdSession  *session;		/* which driver points to, or NULL */
	mongoc_cursor_t *driver;	/* NULL until the command is made */
	bool		reused;			/* conn had worked for an earlier command */
	const bson_t *ready;		/* read ahead by ad_cursor_open, or NULL */
	bool		ended;			/* nothing more will come */
	char	   *name;			/* database.collection, for messages */
	int64		count;			/* of AD_COMMAND_COUNT */
	bool		own_only;		/* of AD_COMMAND_LIST: those that the user may
								 * read */
	int64		most;			/* documents that were asked for; 0: all */
	int64		adapt_at;		/* document at which to adapt the batches'
								 * size */
	AdCursorStats stats;

	/* conn's counters when the driver was entered */
	int64		replies_before;
	int64		wait_usec_before;
};

static void
enter_driver(AdCursor *cursor)
{
	cursor->replies_before = cursor->conn->replies;
	cursor->wait_usec_before = cursor->conn->transport.wait_usec;
	ad_connection_enter(cursor->conn);
}

/* throws if the driver's wait was ended by an interrupt */
static void
leave_driver(AdCursor *cursor)
{
	AdConnection *conn = cursor->conn;

	cursor->stats.batches += conn->replies - cursor->replies_before;
	cursor->stats.wait_ms +=
		(conn->transport.wait_usec - cursor->wait_usec_before) / 1000.0;
	ad_connection_leave(conn);
}

/*
 * Let go of the driver's cursor, its session and the connection.  A cursor that is still
 * open on the server is closed there, unless the connection has failed.  Does
 * not throw, and may be called again.
 */
static void
close_driver(AdCursor *cursor)
{
	AdConnection *conn = cursor->conn;

	/* exiting from within the driver: leave it alone, see connection.c */
	if (conn == NULL || conn->busy)
		return;

	cursor->ready = NULL;
	cursor->ended = true;
	if (cursor->driver != NULL)
	{
		ad_connection_enter_quietly(conn);
		mongoc_cursor_destroy(cursor->driver);
		ad_connection_leave_quietly(conn);
		cursor->driver = NULL;
	}
	/* only now: the driver's cursor looks at it while it is destroyed */
	if (cursor->session != NULL)
		ad_session_release(cursor->session);
	cursor->session = NULL;
	cursor->conn = NULL;
	ad_connection_release(conn);
}

static void
cursor_callback(void *arg)
{
	close_driver(arg);
}

/*
 * What is left of statement_timeout in milliseconds, or 0 if there is none.
 */
static int64
time_left_ms(void)
{
	if (!get_timeout_active(STATEMENT_TIMEOUT))
		return 0;
	return Max(TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
											   get_timeout_finish_time(STATEMENT_TIMEOUT)),
			   1);
}

/* the driver's views of a command's BSON */
typedef struct AdViews
{
	bson_t		body;
	bson_t		projection;
	bson_t		sort;
} AdViews;

/*
 * View a document's bytes, if there are any, as the driver's type.  Throws, so
 * it is not for within the driver.
 */
static void
view_document(bson_t *document, const uint8 *bytes)
{
	uint32		length;

	if (bytes == NULL)
		return;
	memcpy(&length, bytes, sizeof(length));
	if (!bson_init_static(document, bytes, BSON_UINT32_FROM_LE(length)))
		elog(ERROR, "invalid BSON document");
}

/*
 * Add the options of a find.
 */
static void
append_find_options(bson_t *opts, const AdCommand *command, const AdViews *views)
{
	if (command->projection != NULL)
		BSON_APPEND_DOCUMENT(opts, "projection", &views->projection);
	if (command->sort != NULL)
	{
		BSON_APPEND_DOCUMENT(opts, "sort", &views->sort);
		BSON_APPEND_BOOL(opts, "allowDiskUse", command->allow_disk_use);
	}
	if (command->skip > 0)
		BSON_APPEND_INT64(opts, "skip", command->skip);
	if (command->limit > 0)
		BSON_APPEND_INT64(opts, "limit", command->limit);
}

/* documents in the first batch */
static int64
first_batch(const AdCommand *command)
{
	if (command->fetch_size > 0)
		return command->fetch_size;
	return command->expected > 0 ? Min(command->expected, AD_FIRST_BATCH) : AD_FIRST_BATCH;
}

/*
 * Options of all commands.
 */
static void
append_options(bson_t *opts, const AdCommand *command, int64 max_time_ms, const char *comment,
			   AdSession *session)
{
	BSON_APPEND_UTF8(opts, "comment", comment);
	if (max_time_ms > 0)
		BSON_APPEND_INT64(opts, "maxTimeMS", max_time_ms);
	/* it fails for a session of another client only */
	if (session != NULL)
		(void) mongoc_client_session_append(ad_session_driver(session), opts, NULL);
	/* not an int32: mongoc_cursor_set_batch_size() overwrites int64s only */
	if (command->kind == AD_COMMAND_FIND || command->kind == AD_COMMAND_AGGREGATE)
		BSON_APPEND_INT64(opts, "batchSize", first_batch(command));
}

/*
 * Make the driver's cursor for a command on a collection.  An aggregate finds a
 * server now, a find when it is read; errors are kept in the cursor in either
 * case.
 */
static mongoc_cursor_t *
make_collection_cursor(mongoc_collection_t *collection, const AdCommand *command,
					   const AdViews *views, bson_t *opts)
{
	if (command->kind == AD_COMMAND_AGGREGATE)
	{
		BSON_APPEND_BOOL(opts, "allowDiskUse", command->allow_disk_use);
		return mongoc_collection_aggregate(collection, MONGOC_QUERY_NONE, &views->body, opts, NULL);
	}
	append_find_options(opts, command, views);
	return mongoc_collection_find_with_opts(collection, &views->body, opts, NULL);
}

/*
 * Send the command, or leave it to the first advance() to send it.  Returns
 * false with *error set if a count could not be had.
 */
static bool
make_driver_cursor(AdCursor *cursor, const AdCommand *command, bson_error_t *error)
{
	const char *database = pg_server_to_any(command->database,
											strlen(command->database), PG_UTF8);
	const char *name = command->collection == NULL ? NULL :
	pg_server_to_any(command->collection, strlen(command->collection), PG_UTF8);
	int64		max_time_ms = time_left_ms();
	mongoc_collection_t *collection;
	mongoc_database_t *owner;
	AdViews		views;
	bson_t		opts;
	char		comment[64];

	view_document(&views.body, command->body);
	view_document(&views.projection, command->projection);
	view_document(&views.sort, command->sort);
	snprintf(comment, sizeof(comment), "pg pid=%d queryid=" INT64_FORMAT,
			 MyProcPid, (int64) pgstat_get_my_query_id());

	enter_driver(cursor);
	bson_init(&opts);
	append_options(&opts, command, max_time_ms, comment, cursor->session);
	if (command->kind == AD_COMMAND_LIST)
	{
		BSON_APPEND_DOCUMENT(&opts, "filter", &views.body);
		if (cursor->own_only)
		{
			BSON_APPEND_BOOL(&opts, "nameOnly", true);
			BSON_APPEND_BOOL(&opts, "authorizedCollections", true);
		}
		owner = mongoc_client_get_database(cursor->conn->client, database);
		cursor->driver = mongoc_database_find_collections_with_opts(owner, &opts);
		mongoc_database_destroy(owner);
	}
	else
	{
		collection = mongoc_client_get_collection(cursor->conn->client, database, name);
		if (command->kind == AD_COMMAND_COUNT)
		{
			mongoc_read_concern_t *none = mongoc_read_concern_new();

			/* metadata are of no snapshot, which is an error */
			mongoc_collection_set_read_concern(collection, none);
			mongoc_read_concern_destroy(none);
			cursor->count = mongoc_collection_estimated_document_count(collection, &opts, NULL,
																	   NULL, error);
		}
		else
			cursor->driver = make_collection_cursor(collection, command, &views, &opts);
		mongoc_collection_destroy(collection);
	}
	bson_destroy(&opts);
	leave_driver(cursor);
	return cursor->count >= 0;
}

/*
 * Let the batches to come be of about AD_BATCH_BYTES, by the size of the
 * documents so far: large enough to be fast, small enough that a scan needs
 * little memory whatever the collection holds.
 */
static void
adapt_batch_size(AdCursor *cursor)
{
	int64		size = AD_BATCH_BYTES * cursor->stats.documents / Max(cursor->stats.bytes, 1);

	mongoc_cursor_set_batch_size(cursor->driver, Max(1, Min(size, AD_LARGEST_BATCH)));
	cursor->adapt_at *= 2;
}

/*
 * Read the next document into cursor->ready, NULL at the end and after an empty
 * batch.  Returns false with *error and *reply set if there is an error instead;
 * the driver returns no document in all of these cases.
 */
static bool
read_once(AdCursor *cursor, bson_error_t *error, const bson_t **reply)
{
	bool		failed = false;

	cursor->ready = NULL;
	enter_driver(cursor);
	if (cursor->stats.documents == cursor->adapt_at)
		adapt_batch_size(cursor);
	if (!mongoc_cursor_next(cursor->driver, &cursor->ready))
	{
		cursor->ready = NULL;
		failed = mongoc_cursor_error_document(cursor->driver, error, reply);
		/* after an empty batch the driver returns, though there may be more */
		cursor->ended = failed || !mongoc_cursor_more(cursor->driver);
	}
	leave_driver(cursor);

	/* views of collections that do not exist, and some servers, say so */
	if (failed && error->domain == MONGOC_ERROR_SERVER &&
		error->code == AD_NAMESPACE_NOT_FOUND)
		failed = false;
	return !failed;
}

/*
 * The same, but NULL only at the end.  A server may send as many empty batches
 * as it likes: only a cursor's id of 0 says that there is nothing more (MongoDB
 * manual, "getMore").
 */
static bool
advance(AdCursor *cursor, bson_error_t *error, const bson_t **reply)
{
	while (read_once(cursor, error, reply))
	{
		if (cursor->ready != NULL || cursor->ended)
			return true;
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}

/*
 * Raise a driver's error.  The connection is given up if it is to blame.
 */
static void
report_error(AdCursor *cursor, const bson_error_t *error, const bson_t *reply)
{
	AdConnection *conn = cursor->conn;
	AdErrorSource source;
	bson_error_t lost;

	/* another cursor has lost it: the driver only says that it was reset */
	if (conn->transport.dead && ad_error_kind(error) == AD_ERROR_OF_QUERY)
	{
		bson_set_error(&lost, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_SOCKET,
					   "the connection was lost by another scan");
		error = &lost;
	}

	source.server = pstrdup(conn->server_name);
	source.collection = cursor->name;
	source.connected = conn->replies > 0;
	source.system_errno = conn->transport.last_errno;
	source.reasons = pstrdup(conn->transport.reasons);
	source.flaw = pstrdup(conn->transport.peer.flaw);
	if (ad_error_kind(error) != AD_ERROR_OF_QUERY)
		ad_connection_fail(conn);
	ad_error_report(error, reply, &source);
}

/*
 * Does any member of the server's topology answer?
 */
static bool
server_answers(AdConnection *conn)
{
	size_t		n;
	mongoc_server_description_t **members =
	mongoc_client_get_server_descriptions(conn->client, &n);
	bool		answers = false;

	for (size_t i = 0; i < n; i++)
	{
		if (strcmp(mongoc_server_description_type(members[i]), "Unknown") != 0)
			answers = true;
	}
	mongoc_server_descriptions_destroy_all(members, n);
	return answers;
}

/*
 * Let the server's members settle.  To the full: the driver would sleep, deaf
 * to interrupts, for what is missing.
 */
static void
pause_selection(void)
{
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
												  AD_SELECTION_PAUSE_MS);
	long		left;

	while ((left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end)) > 0)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 left, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * The command failed before its first document: should it be sent again?
 *
 * Yes, once, if the connection had been idle in the cache and turned out to
 * lead nowhere.  A list of collections, if the user may not have it whole: the
 * names of those that it may read can be had with no right to the database
 * (MongoDB manual, "listCollections").  And for as long as the options say while members answer but
 * none of them suits, as in an election.  A server that does not answer at all
 * is reported at once.
 */
static bool
should_try_again(AdCursor *cursor, const AdCommand *command, const bson_error_t *error,
				 TimestampTz give_up)
{
	AdErrorKind kind = ad_error_kind(error);

	if (command->kind == AD_COMMAND_LIST && !cursor->own_only &&
		error->domain == MONGOC_ERROR_SERVER && error->code == AD_UNAUTHORIZED)
	{
		cursor->own_only = true;
		return true;
	}
	if (kind != AD_ERROR_OF_NETWORK && kind != AD_ERROR_OF_SERVER)
		return false;

	if (cursor->reused)
	{
		ad_connection_fail(cursor->conn);
		return true;
	}

	if (error->domain != MONGOC_ERROR_SERVER_SELECTION ||
		!server_answers(cursor->conn) || GetCurrentTimestamp() >= give_up)
		return false;

	pause_selection();
	return true;
}

/*
 * Send a command and wait for the first reply.  Returns false with *error and
 * *reply set if there is an error instead.
 */
static bool
send_command(AdCursor *cursor, const AdCommand *command, bson_error_t *error, const bson_t **reply)
{
	/* a count and a list are of no snapshot */
	error->code = 0;
	if (command->kind == AD_COMMAND_FIND || command->kind == AD_COMMAND_AGGREGATE)
		cursor->session = ad_session_get(cursor->conn, command->statement, error);
	if ((cursor->session == NULL && error->code != 0) ||
		!make_driver_cursor(cursor, command, error))
		return false;
	if (command->kind == AD_COMMAND_COUNT)
		return true;
	return advance(cursor, error, reply);
}

/*
 * Send a command and wait for the first reply.  The cursor, palloc'd, closes
 * itself with the current memory context.  The command's BSON is not needed
 * any more when this returns.
 */
AdCursor *
ad_cursor_open(const AdCommand *command)
{
	AdCursor   *cursor = palloc0(sizeof(AdCursor));
	TimestampTz start = GetCurrentTimestamp();

	cursor->name = command->collection == NULL ? NULL :
		psprintf("%s.%s", command->database, command->collection);
	cursor->most = command->limit;
	cursor->callback.func = cursor_callback;
	cursor->callback.arg = cursor;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &cursor->callback);

	for (;;)
	{
		bson_error_t error;
		const bson_t *reply = NULL;

		cursor->conn = ad_connection_get(command->serverid, command->userid);
		cursor->conn->transport.reasons[0] = '\0';
		cursor->conn->transport.peer.flaw[0] = '\0';
		cursor->reused = cursor->conn->replies > 0;
		cursor->ended = command->kind == AD_COMMAND_COUNT;
		cursor->count = 0;
		cursor->adapt_at = command->fetch_size > 0 ? -1 :
			Min(first_batch(command), AD_FIRST_ADAPTATION);
		if (send_command(cursor, command, &error, &reply))
		{
			/* members that could not be reached do not matter any more */
			cursor->conn->transport.reasons[0] = '\0';
			return cursor;
		}

		if (!should_try_again(cursor, command, &error,
							  TimestampTzPlusMilliseconds(start,
														  cursor->conn->selection_timeout_ms)))
			report_error(cursor, &error, reply);
		close_driver(cursor);
	}
}

const uint8 *
ad_cursor_next(AdCursor *cursor)
{
	const bson_t *document;

	if (cursor->ready == NULL && !cursor->ended)
	{
		bson_error_t error;
		const bson_t *reply = NULL;

		if (!advance(cursor, &error, &reply))
			report_error(cursor, &error, reply);
	}

	document = cursor->ready;
	if (document == NULL)
		return NULL;
	cursor->ready = NULL;
	/* nobody after us looks at LIMIT any more */
	if (cursor->most > 0 && cursor->stats.documents == cursor->most)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("invalid reply from MongoDB server \"%s\"", cursor->conn->server_name),
				 errdetail("More documents came than were asked for.")));
	cursor->stats.documents++;
	cursor->stats.bytes += document->len;
	return bson_get_data(document);
}

/*
 * Close a cursor before its memory context does.  It has no more documents
 * then; its statistics stay.
 */
void
ad_cursor_close(AdCursor *cursor)
{
	close_driver(cursor);
}

const AdCursorStats *
ad_cursor_stats(AdCursor *cursor)
{
	return &cursor->stats;
}

/*
 * How many documents a collection has, as its metadata say; a view's are
 * counted.  The command's kind is AD_COMMAND_COUNT.
 */
int64
ad_cursor_count(const AdCommand *command)
{
	AdCursor   *cursor = ad_cursor_open(command);

	ad_cursor_close(cursor);
	return cursor->count;
}
