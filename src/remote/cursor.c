/*
 * cursor.c
 *	  Runs one command on MongoDB and returns the documents of its replies.
 *
 * This file owns every mongoc_cursor_t.  An AdCursor belongs to the memory
 * context in which it is opened.  However the query ends, a callback of that
 * context destroys the driver's objects.
 *
 * Documents are not copied.  Callers read them in the message that has
 * arrived, see batch.c.
 */
#include "postgres.h"

#include <poll.h>

#include "access/xact.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "remote/connection.h"
#include "remote/connection_error.h"
#include "remote/cursor.h"
#include "remote/cursor_command.h"
#include "remote/error.h"
#include "remote/snapshot.h"

/*
 * Pause between two searches for a suitable member; the driver's minimum,
 * too.
 */
#define AD_SELECTION_PAUSE_MS	500

/*
 * If fetch_size is not set: the size in bytes at which batches after the first
 * one aim, and the greatest number of documents in one.
 */
#define AD_BATCH_BYTES		INT64CONST(1000000)
#define AD_LARGEST_BATCH	100000

/* how long to wait for a promised reply that nobody needs any more */
#define AD_PROMISE_TIMEOUT_US	100000

/* the server's code for a collection that does not exist */
#define AD_NAMESPACE_NOT_FOUND	26
/* the server's code for a command that the user may not run */
#define AD_UNAUTHORIZED			13

struct AdCursor
{
	MemoryContextCallback callback; /* destroys the driver's objects */
	AdConnection *conn;			/* NULL if the cursor is closed */
	AdSession  *session;		/* the session that driver refers to, or NULL */
	mongoc_cursor_t *driver;	/* NULL until the command is made */
	bool		reused;			/* conn has worked for an earlier command */
	bool		reserves;		/* has it reserved conn? */
	bson_t		explanation;	/* the reply of explain */
	bool		has_explanation;	/* has it been initialized? */
	AdBatch		batch;			/* documents that have not been returned */
	bool		begun;			/* has the server accepted the command? */
	bool		ended;			/* there are no more batches */
	bool		promised;		/* is the next reply a promised one? */
	AdCommand	command;		/* of a cursor that has been begun, until the
								 * first reply */
	char	   *name;			/* database.collection, for messages */
	int64		count;			/* result of AD_COMMAND_COUNT; -1: failed */
	bool		own_only;		/* for AD_COMMAND_LIST: list only the
								 * collections that the user may read */
	int64		most;			/* greatest number of documents requested; 0:
								 * all */
	bool		adapts;			/* is the batch size adapted? */
	AdCursorStats stats;

	/* conn's counters when the cursor entered the driver */
	int64		replies_before;
	int64		wait_usec_before;
};

/* must be called before calls of the driver */
static void
enter_driver(AdCursor *cursor)
{
	cursor->replies_before = cursor->conn->replies;
	cursor->wait_usec_before = cursor->conn->transport.wait_usec;
	ad_connection_enter(cursor->conn);
}

/*
 * Must be called after calls of the driver.  Throws if an interrupt or an
 * error ended a wait.
 */
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
 * Takes a promised reply that nobody needs, so that the driver knows which
 * cursor to close on the server.  Gives up the connection if the reply does not
 * come soon, or if the transaction is aborting; the server notices that, and
 * ends the command.  Does not throw.
 */
static void
drop_promise(AdCursor *cursor)
{
	AdConnection *conn = cursor->conn;
	AdPeer	   *peer = &conn->transport.peer;
	const bson_t *ignored;

	if (peer->promise != AD_PROMISE_LOST && IsTransactionState() && !conn->transport.dead)
	{
		ad_connection_enter_quietly(conn);
		if (conn->pins == 1)
			conn->transport.deadline = bson_get_monotonic_time() + AD_PROMISE_TIMEOUT_US;
		(void) mongoc_cursor_next(cursor->driver, &ignored);
		ad_batch_free(&peer->batch);
		ad_connection_leave_quietly(conn);
	}
	if (peer->promise != AD_PROMISE_NONE)
		ad_connection_fail(conn);
	cursor->promised = false;
}

/*
 * Releases the driver's cursor, its session and the connection.  If the
 * cursor is still open on the server, the driver closes it there, unless the
 * connection has failed.  Does not throw, and may be called again.
 */
static void
close_driver(AdCursor *cursor)
{
	AdConnection *conn = cursor->conn;

	/* if busy, the backend exits from within the driver, see connection.c */
	if (conn == NULL || conn->busy)
		return;

	if (cursor->promised)
		drop_promise(cursor);
	ad_batch_free(&cursor->batch);
	cursor->ended = true;
	if (cursor->has_explanation)
		bson_destroy(&cursor->explanation);
	cursor->has_explanation = false;
	if (cursor->driver != NULL)
	{
		ad_connection_enter_quietly(conn);
		mongoc_cursor_destroy(cursor->driver);
		ad_connection_leave_quietly(conn);
		cursor->driver = NULL;
	}
	/* not earlier, because the driver's cursor uses it while it is destroyed */
	if (cursor->session != NULL)
		ad_session_release(cursor->session);
	cursor->session = NULL;
	cursor->conn = NULL;
	if (cursor->reserves)
	{
		conn->transport.peer.promise = AD_PROMISE_NONE;
		conn->reserved = cursor->reserves = false;
	}
	ad_connection_release(conn);
}

/* closes a cursor when its memory context is reset */
static void
cursor_callback(void *arg)
{
	close_driver(arg);
}

/*
 * Runs explain for a find or an aggregate.  Returns false with *error set if it
 * failed.
 */
static bool
run_explain(AdCursor *cursor, const AdCommand *command, const AdViews *views, int64 max_time_ms,
			const char *comment, bson_error_t *error)
{
	mongoc_client_t *client = cursor->conn->client;
	bson_t		explain = BSON_INITIALIZER;
	bool		succeeded;

	ad_append_explain(&explain, command, views, max_time_ms, comment);
	/* other than for a query, it adds no read concern, which explain refuses */
	succeeded = mongoc_client_command_simple(client, views->database, &explain,
											 mongoc_client_get_read_prefs(client),
											 &cursor->explanation, error);
	cursor->has_explanation = true;
	bson_destroy(&explain);
	return succeeded;
}

/*
 * Makes the driver's cursor, or runs a count or an explain.  The driver may
 * send the command now or in the first advance().  Returns false with *error
 * set if a count or an explain failed.
 */
static bool
make_driver_cursor(AdCursor *cursor, const AdCommand *command, bson_error_t *error)
{
	int64		max_time_ms = ad_command_time_left(command);
	mongoc_collection_t *collection;
	mongoc_database_t *owner;
	AdViews		views;
	bson_t		opts;
	const char *comment = ad_connection_comment();
	bool		succeeded = true;

	ad_view_command(&views, command);
	enter_driver(cursor);
	bson_init(&opts);
	ad_append_options(&opts, command, max_time_ms, comment);
	/* this fails only for a session of another client */
	if (cursor->session != NULL)
		(void) mongoc_client_session_append(ad_session_driver(cursor->session), &opts, NULL);
	if (command->kind == AD_COMMAND_LIST)
	{
		BSON_APPEND_DOCUMENT(&opts, "filter", &views.body);
		if (cursor->own_only)
		{
			BSON_APPEND_BOOL(&opts, "nameOnly", true);
			BSON_APPEND_BOOL(&opts, "authorizedCollections", true);
		}
		owner = mongoc_client_get_database(cursor->conn->client, views.database);
		cursor->driver = mongoc_database_find_collections_with_opts(owner, &opts);
		mongoc_database_destroy(owner);
	}
	else if (command->explain)
		succeeded = run_explain(cursor, command, &views, max_time_ms, comment, error);
	else if (views.collection == NULL)
	{
		owner = mongoc_client_get_database(cursor->conn->client, views.database);
		cursor->driver = mongoc_database_aggregate(owner, &views.body, &opts, NULL);
		mongoc_database_destroy(owner);
	}
	else
	{
		collection = mongoc_client_get_collection(cursor->conn->client, views.database, views.collection);
		if (command->kind == AD_COMMAND_COUNT)
		{
			mongoc_read_concern_t *none = mongoc_read_concern_new();

			/* count reads metadata, and fails with a snapshot read concern */
			mongoc_collection_set_read_concern(collection, none);
			mongoc_read_concern_destroy(none);
			cursor->count = mongoc_collection_estimated_document_count(collection, &opts, NULL,
																	   NULL, error);
		}
		else
			cursor->driver = ad_collection_cursor(collection, command, &views, &opts);
		mongoc_collection_destroy(collection);
	}
	bson_destroy(&opts);
	leave_driver(cursor);
	return succeeded && cursor->count >= 0;
}

/*
 * Sets the size of the next batches so that they have about AD_BATCH_BYTES,
 * if the next documents are as large as those before.  Batches of that size
 * are fast, and a scan needs little memory whatever the collection holds.
 */
static void
adapt_batch_size(AdCursor *cursor)
{
	int64		size = AD_BATCH_BYTES * cursor->stats.documents / Max(cursor->stats.bytes, 1);

	mongoc_cursor_set_batch_size(cursor->driver, Max(1, Min(size, AD_LARGEST_BATCH)));
}

/*
 * Reads the next batch, which remains empty at the end, and if the server
 * sends an empty one.  If `defers`, the batch may also be promised.  Returns
 * false with *error and *reply set if there is an error.
 */
static bool
read_once(AdCursor *cursor, bool defers, bson_error_t *error, const bson_t **reply)
{
	AdConnection *conn = cursor->conn;
	AdBatch    *arrived = &conn->transport.peer.batch;
	const bson_t *substitute;
	bool		failed = false;

	ad_batch_free(&cursor->batch);
	enter_driver(cursor);
	if (cursor->adapts && cursor->stats.documents > 0)
		adapt_batch_size(cursor);
	conn->transport.peer.defer = defers;
	/* each batch is one document to the driver */
	if (!mongoc_cursor_next(cursor->driver, &substitute))
	{
		failed = mongoc_cursor_error_document(cursor->driver, error, reply);
		/* the driver also returns false after an empty batch */
		cursor->ended = failed || !mongoc_cursor_more(cursor->driver);
	}
	cursor->batch = *arrived;
	memset(arrived, 0, sizeof(AdBatch));
	conn->transport.peer.defer = false;
	cursor->promised = defers && conn->transport.peer.promise == AD_PROMISE_SENT;
	/* a stand-in is no reply */
	conn->replies -= cursor->promised;
	leave_driver(cursor);
	if (cursor->promised)
		return true;

	/*
	 * MongoDB reports this for a view on a collection that does not exist,
	 * and some servers for any such collection: there are no documents.  A
	 * collection that is gone later leaves a part of them unread.
	 */
	if (failed && !cursor->begun && error->domain == MONGOC_ERROR_SERVER &&
		error->code == AD_NAMESPACE_NOT_FOUND)
		failed = false;
	cursor->begun = true;
	return !failed;
}

/*
 * Like read_once(), but the batch is empty only at the end.  A server may
 * send any number of empty batches.  Only a cursor id of 0 means that there
 * are no more documents (MongoDB manual, "getMore").
 */
static bool
advance(AdCursor *cursor, bson_error_t *error, const bson_t **reply)
{
	while (read_once(cursor, false, error, reply))
	{
		if (cursor->batch.next != NULL || cursor->ended)
			return true;
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}

/*
 * Waits for AD_SELECTION_PAUSE_MS, so that the members can elect a primary.
 * It waits for the whole time, because the driver would sleep for the rest of
 * it, without regard to interrupts.
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
 * The command failed before its first document.  Should it be sent again?
 * There are three such cases:
 *
 *	- The user may not list the collections of the database.  The list is then
 *	  restricted to the names of those that the user may read, which needs no
 *	  privilege on the database (MongoDB manual, "listCollections").
 *	- The connection came from the cache, and turned out to be lost.  The
 *	  command is sent once more on a new connection.
 *	- Members respond, but none is suitable, as in an election.  The command
 *	  is repeated until `give_up`, after a pause.
 *
 * If no member responds, the query fails at once.
 */
static bool
should_try_again(AdCursor *cursor, const AdCommand *command, const bson_error_t *error,
				 TimestampTz give_up)
{
	AdErrorKind kind = ad_error_kind(error);
	size_t		known;

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
		ad_connection_members(cursor->conn, &known) == NULL || GetCurrentTimestamp() >= give_up)
		return false;

	pause_selection();
	return true;
}

/*
 * Sends a command and waits for the first reply.  Returns false with *error
 * and *reply set if there is an error.
 */
static bool
send_command(AdCursor *cursor, const AdCommand *command, bson_error_t *error, const bson_t **reply)
{
	/*
	 * only documents of a collection are read from a snapshot, no counts or
	 * lists
	 */
	error->code = 0;
	if ((command->kind == AD_COMMAND_FIND || command->kind == AD_COMMAND_AGGREGATE) &&
		command->collection != NULL && !command->explain)
		cursor->session = ad_session_get(cursor->conn, command->statement, error);
	if ((cursor->session == NULL && error->code != 0) ||
		!make_driver_cursor(cursor, command, error))
		return false;
	if (command->kind == AD_COMMAND_COUNT)
		return true;
	if (command->explain)
	{
		cursor->batch.next = bson_get_data(&cursor->explanation);
		cursor->batch.end = cursor->batch.next + cursor->explanation.len;
		cursor->ended = true;
		return true;
	}
	return advance(cursor, error, reply);
}

/* makes a cursor without a connection, in the current memory context */
static AdCursor *
make_cursor(const AdCommand *command)
{
	AdCursor   *cursor = palloc0(sizeof(AdCursor));

	cursor->name = command->collection == NULL ? NULL :
		psprintf("%s.%s", command->database, command->collection);
	cursor->most = command->explain ? 1 : command->limit;
	cursor->callback.func = cursor_callback;
	cursor->callback.arg = cursor;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &cursor->callback);
	return cursor;
}

/* the connection is there: before the command is sent over it */
static void
prepare(AdCursor *cursor, const AdCommand *command)
{
	cursor->conn->transport.reasons[0] = '\0';
	cursor->conn->transport.peer.flaw[0] = '\0';
	cursor->reused = cursor->conn->replies > 0;
	cursor->begun = false;
	cursor->ended = command->kind == AD_COMMAND_COUNT;
	cursor->count = 0;
	cursor->adapts = command->fetch_size == 0;
}

/* until when a command that fails now can be sent again */
static TimestampTz
selection_end(const AdCursor *cursor, TimestampTz start)
{
	return TimestampTzPlusMilliseconds(start, cursor->conn->selection_timeout_ms);
}

/*
 * Sends a command and waits for the first reply.  Raises an error if the
 * command fails.
 */
static void
run(AdCursor *cursor, const AdCommand *command)
{
	TimestampTz start = GetCurrentTimestamp();

	for (;;)
	{
		bson_error_t error;
		const bson_t *reply = NULL;

		cursor->conn = ad_connection_get(command->serverid, command->userid);
		prepare(cursor, command);
		if (send_command(cursor, command, &error, &reply))
		{
			/* it does not matter now that other members could not be reached */
			cursor->conn->transport.reasons[0] = '\0';
			return;
		}

		if (!should_try_again(cursor, command, &error, selection_end(cursor, start)))
			ad_connection_report(cursor->conn, cursor->name, &error, reply);
		close_driver(cursor);
	}
}

/*
 * Sends a command and waits for the first reply.  Returns a cursor, palloc'd,
 * which is closed with the current memory context.  The caller may free the
 * command's BSON afterwards.  Raises an error if the command fails.
 */
AdCursor *
ad_cursor_open(const AdCommand *command)
{
	AdCursor   *cursor = make_cursor(command);

	run(cursor, command);
	return cursor;
}

/*
 * Has the server a connection for another cursor that is begun?
 */
bool
ad_cursor_can_begin(Oid serverid, Oid userid)
{
	return ad_connection_can_reserve(serverid, userid);
}

/*
 * Like ad_cursor_open(), but for a find or an aggregate, and without waiting
 * for the reply; ad_cursor_must_wait() tells whether it has come.  The
 * command's BSON must live until then.  Waits all the same if
 * ad_cursor_can_begin() is false, or if the command reads a snapshot, which
 * the first reply names.
 */
AdCursor *
ad_cursor_begin(const AdCommand *command)
{
	AdCursor   *cursor = make_cursor(command);
	TimestampTz start = GetCurrentTimestamp();
	bson_error_t error;
	const bson_t *reply = NULL;

	cursor->conn = ad_connection_reserve(command->serverid, command->userid);
	if (cursor->conn != NULL)
	{
		cursor->reserves = true;
		cursor->command = *command;
		prepare(cursor, command);
		if (cursor->conn->snapshot == AD_SNAPSHOT_NONE)
		{
			if (make_driver_cursor(cursor, command, &error) &&
				read_once(cursor, true, &error, &reply))
				return cursor;
			if (!should_try_again(cursor, command, &error, selection_end(cursor, start)))
				ad_connection_report(cursor->conn, cursor->name, &error, reply);
		}
		close_driver(cursor);
	}
	run(cursor, command);
	return cursor;
}

/*
 * Would ad_cursor_next() wait?  If the cursor has been begun, and all documents
 * of a batch have been returned, asks for the next one, without waiting for it
 * either.  Raises an error if that fails.
 */
bool
ad_cursor_must_wait(AdCursor *cursor)
{
	bson_error_t error;
	const bson_t *reply = NULL;
	struct pollfd poll_socket;

	if (cursor->batch.next != NULL || cursor->ended || !cursor->reserves)
		return false;
	if (!cursor->promised && !read_once(cursor, true, &error, &reply))
		ad_connection_report(cursor->conn, cursor->name, &error, reply);
	if (!cursor->promised || cursor->conn->transport.peer.promise != AD_PROMISE_SENT)
		return false;
	poll_socket.fd = ad_cursor_socket(cursor);
	poll_socket.events = POLLIN;
	return poll(&poll_socket, 1, 0) == 0;
}

/*
 * Returns the socket that can be read when the reply comes, if
 * ad_cursor_must_wait() has returned true.
 */
pgsocket
ad_cursor_socket(AdCursor *cursor)
{
	return cursor->conn->transport.peer.promise_socket;
}

/*
 * Waits for the next batch.  Raises an error if the command fails.  The driver
 * sends a command that reads once more if the network or the member failed.  It
 * took a stand-in for the reply to one that has been begun, so that this
 * function does the same.
 */
static void
wait_for_batch(AdCursor *cursor)
{
	bool		first = !cursor->begun;
	TimestampTz start = GetCurrentTimestamp();
	bson_error_t error;
	const bson_t *reply = NULL;

	if (advance(cursor, &error, &reply))
		return;
	cursor->reused |= first;
	if (!first || !should_try_again(cursor, &cursor->command, &error, selection_end(cursor, start)))
		ad_connection_report(cursor->conn, cursor->name, &error, reply);
	close_driver(cursor);
	run(cursor, &cursor->command);
}

/*
 * Returns the next document, or NULL at the end.  The bytes are a complete
 * BSON document, whose first four bytes are its length.  They remain valid
 * until the next call on this cursor.  Waits for the server if necessary, and
 * raises an error if a command fails.
 */
const uint8 *
ad_cursor_next(AdCursor *cursor)
{
	const uint8 *document = ad_batch_next(&cursor->batch);

	if (document == NULL && !cursor->ended)
	{
		wait_for_batch(cursor);
		document = ad_batch_next(&cursor->batch);
	}
	if (document == NULL)
		return NULL;
	/* nobody checks LIMIT after this, because MongoDB evaluates it */
	if (cursor->most > 0 && cursor->stats.documents == cursor->most)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("invalid reply from MongoDB server \"%s\"", cursor->conn->server_name),
				 errdetail("More documents came than were asked for.")));
	cursor->stats.documents++;
	cursor->stats.bytes += ad_read_int32(document);
	return document;
}

/*
 * Closes a cursor before its memory context does.  It then has no more
 * documents, but its statistics remain.  Does not throw.
 */
void
ad_cursor_close(AdCursor *cursor)
{
	close_driver(cursor);
}

/*
 * Returns the statistics of a cursor, which live as long as the cursor.
 */
const AdCursorStats *
ad_cursor_stats(AdCursor *cursor)
{
	return &cursor->stats;
}

/*
 * Adds statistics to others.
 */
void
ad_cursor_add_stats(AdCursorStats *sum, const AdCursorStats *stats)
{
	sum->documents += stats->documents;
	sum->batches += stats->batches;
	sum->bytes += stats->bytes;
	sum->wait_ms += stats->wait_ms;
}

/*
 * Runs a command of kind AD_COMMAND_COUNT.  Returns the number of documents
 * in a collection by its metadata; the documents of a view are counted.
 */
int64
ad_cursor_count(const AdCommand *command)
{
	AdCursor   *cursor = ad_cursor_open(command);

	ad_cursor_close(cursor);
	return cursor->count;
}
