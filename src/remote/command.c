/*
 * command.c
 *	  Runs single commands on the primary of a MongoDB deployment.
 *
 * All commands of an AdRemote go to the same member, in the same session: a
 * cursor belongs to the session in which it was opened.  An AdRemote belongs
 * to the memory context in which it is opened.  However the statement ends, a
 * callback of that context destroys the driver's objects.
 *
 * Errors of the server or of the network are results here, not errors of
 * PostgreSQL, because callers can go on without the reply.  An interrupt
 * throws.
 */
#include "postgres.h"

#include "base/utf8.h"
#include "bson/bsonread.h"
#include "bson/bsonwrite.h"
#include "remote/command.h"
#include "remote/connection_error.h"
#include "remote/error.h"

struct AdRemote
{
	MemoryContextCallback callback; /* destroys the driver's objects */
	AdConnection *conn;			/* NULL if closed */
	mongoc_client_session_t *session;	/* NULL if the server has no sessions */
	uint32		member;			/* the driver's number of the primary */
	bool		sharded;		/* the member is a router */
	bson_t		reply;
	bool		has_reply;		/* has `reply` been initialized? */
	AdBatch		batch;			/* the documents of the reply */
	bson_error_t error;			/* of the last command */
	uint64		time;			/* see ad_remote_time() */
	AdCollectionState state;	/* see ad_remote_collection() */
	/* see ad_remote_hold(); the names in UTF-8 */
	const char *database;
	const char *collection;
	int64		cursor;
};

/* frees the last reply */
static void
forget_reply(AdRemote *remote)
{
	ad_batch_free(&remote->batch);
	if (remote->has_reply)
		bson_destroy(&remote->reply);
	remote->has_reply = false;
}

/*
 * Closes the cursor that is open on the server.  Does not throw.
 */
static void
kill_cursor(AdRemote *remote)
{
	bson_t		command = BSON_INITIALIZER;
	bson_t		cursors = BSON_INITIALIZER;
	bson_t		opts = BSON_INITIALIZER;

	BSON_APPEND_UTF8(&command, "killCursors", remote->collection);
	BSON_APPEND_INT64(&cursors, "0", remote->cursor);
	BSON_APPEND_ARRAY(&command, "cursors", &cursors);
	BSON_APPEND_INT32(&opts, "serverId", remote->member);
	if (remote->session != NULL)
		(void) mongoc_client_session_append(remote->session, &opts, NULL);
	(void) mongoc_client_command_with_opts(remote->conn->client, remote->database, &command, NULL,
										   &opts, NULL, NULL);
	bson_destroy(&cursors);
	bson_destroy(&command);
	bson_destroy(&opts);
	remote->cursor = 0;
}

/*
 * Ends the use of the connection.  Does not throw, and may be called again.
 */
void
ad_remote_close(AdRemote *remote)
{
	AdConnection *conn = remote->conn;

	/* if busy, the backend exits from within the driver, see connection.c */
	if (conn == NULL || conn->busy)
		return;
	forget_reply(remote);
	ad_connection_enter_quietly(conn);
	if (remote->cursor != 0 && !conn->transport.dead)
		kill_cursor(remote);
	if (remote->session != NULL)
		mongoc_client_session_destroy(remote->session);
	ad_connection_leave_quietly(conn);
	remote->session = NULL;
	remote->conn = NULL;
	ad_connection_release(conn);
}

/* closes when the memory context is reset */
static void
remote_callback(void *arg)
{
	ad_remote_close(arg);
}

/* what an error of the driver means for the command */
static AdOutcome
outcome_of(const AdRemote *remote)
{
	return !remote->conn->transport.dead && remote->error.domain == MONGOC_ERROR_SERVER &&
		ad_error_kind(&remote->error) == AD_ERROR_OF_QUERY ? AD_REFUSED : AD_NOT_REACHED;
}

/*
 * Selects the primary, and starts a session if the server has them.
 */
static AdOutcome
select_primary(AdRemote *remote)
{
	mongoc_server_description_t *primary;
	mongoc_session_opt_t *opts;
	bson_error_t ignored;

	ad_connection_enter(remote->conn);
	primary = mongoc_client_select_server(remote->conn->client, true, NULL, &remote->error);
	if (primary != NULL)
	{
		remote->member = mongoc_server_description_id(primary);
		remote->sharded = strcmp(mongoc_server_description_type(primary), "Mongos") == 0;
		mongoc_server_description_destroy(primary);
		opts = mongoc_session_opts_new();
		mongoc_session_opts_set_causal_consistency(opts, false);
		remote->session = mongoc_client_start_session(remote->conn->client, opts, &ignored);
		mongoc_session_opts_destroy(opts);
	}
	ad_connection_leave(remote->conn);
	return primary != NULL ? AD_SUCCEEDED : outcome_of(remote);
}

/*
 * Runs a command, a BSON document without its end, which this function adds
 * with a comment.  Sets *reply to the bytes of the reply if it succeeded; they
 * remain valid until the next command.
 */
AdOutcome
ad_remote_run(AdRemote *remote, const char *database, StringInfo command, const uint8 **reply)
{
	AdConnection *conn = remote->conn;
	const char *name = ad_to_utf8(database);
	const char *comment = ad_connection_comment();
	bson_t		document;
	bson_t		opts;
	bool		succeeded;

	ad_write_key(command, BSON_TYPE_UTF8, "comment");
	ad_write_string(command, comment, strlen(comment));
	ad_write_end(command, 0);
	if (!bson_init_static(&document, (const uint8 *) command->data, command->len))
		elog(ERROR, "invalid BSON document");

	forget_reply(remote);
	conn->transport.peer.flaw[0] = '\0';
	ad_connection_enter(conn);
	bson_init(&opts);
	BSON_APPEND_INT32(&opts, "serverId", remote->member);
	/* this fails only for a session of another client */
	if (remote->session != NULL)
		(void) mongoc_client_session_append(remote->session, &opts, NULL);
	succeeded = mongoc_client_command_with_opts(conn->client, name, &document, NULL, &opts,
												&remote->reply, &remote->error);
	remote->has_reply = true;
	bson_destroy(&opts);
	/* message_check.c has kept the documents */
	remote->batch = conn->transport.peer.batch;
	memset(&conn->transport.peer.batch, 0, sizeof(AdBatch));
	ad_connection_leave(conn);
	if (!succeeded)
		return outcome_of(remote);
	*reply = bson_get_data(&remote->reply);
	return AD_SUCCEEDED;
}

/*
 * Takes in what listCollections tells of a collection.
 */
static void
read_state(AdRemote *remote)
{
	const uint8 *document = ad_batch_next(&remote->batch);
	AdReader	reader;
	AdReader	inner;
	AdElement	element;
	bson_subtype_t subtype;
	uint32		size;

	memset(&remote->state, 0, sizeof(AdCollectionState));
	remote->state.exists = document != NULL;
	if (document == NULL)
		return;
	ad_reader_init(&reader, document, ad_read_int32(document));
	remote->state.plain = ad_reader_find(reader, "type", &element) &&
		strcmp(ad_element_string(&element), "collection") == 0;
	if (ad_reader_find_inner(reader, "options", BSON_TYPE_DOCUMENT, &inner))
	{
		remote->state.capped = ad_reader_find(inner, "capped", &element) &&
			!(element.type == BSON_TYPE_BOOL && element.value[0] == 0);
		if (ad_reader_find(inner, "viewOn", &element) || ad_reader_find(inner, "timeseries", &element))
			remote->state.plain = false;
	}
	if (ad_reader_find_inner(reader, "info", BSON_TYPE_DOCUMENT, &inner) &&
		ad_reader_find(inner, "uuid", &element) && element.type == BSON_TYPE_BINARY)
	{
		const uint8 *bytes = ad_element_bytes(&element, &subtype, &size);

		if (size == sizeof(remote->state.uuid))
			memcpy(remote->state.uuid, bytes, size);
	}
}

/*
 * Asks the primary what a collection is.  The reply also has the time of the
 * primary's last operation.
 */
static AdOutcome
describe(AdRemote *remote, const char *database, const char *collection)
{
	const char *name = ad_to_utf8(collection);
	StringInfoData command;
	const uint8 *reply;
	AdOutcome	outcome;
	AdReader	reader;
	AdElement	element;
	int			filter;

	initStringInfo(&command);
	(void) ad_write_begin(&command);
	ad_write_key(&command, BSON_TYPE_INT32, "listCollections");
	ad_write_int32(&command, 1);
	ad_write_key(&command, BSON_TYPE_DOCUMENT, "filter");
	filter = ad_write_begin(&command);
	ad_write_key(&command, BSON_TYPE_UTF8, "name");
	ad_write_string(&command, name, strlen(name));
	ad_write_end(&command, filter);
	outcome = ad_remote_run(remote, database, &command, &reply);
	pfree(command.data);
	if (outcome != AD_SUCCEEDED)
		return outcome;
	ad_reader_init(&reader, reply, ad_read_int32(reply));
	if (ad_reader_find(reader, "operationTime", &element) && element.type == BSON_TYPE_TIMESTAMP)
		remote->time = ad_read_int64(element.value);
	read_state(remote);
	return AD_SUCCEEDED;
}

/*
 * Connects to the primary as the user's mapping says, and asks for its time
 * and for what a collection is.  Returns an AdRemote, palloc'd, which is
 * closed with the current memory context, and sets *outcome.  Raises an error
 * if the options do not suffice for a login.
 */
AdRemote *
ad_remote_open(Oid serverid, Oid userid, const char *database, const char *collection, AdOutcome *outcome)
{
	AdRemote   *remote = palloc0(sizeof(AdRemote));

	remote->callback.func = remote_callback;
	remote->callback.arg = remote;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &remote->callback);
	for (;;)
	{
		bool		reused;

		remote->conn = ad_connection_get(serverid, userid);
		remote->conn->transport.reasons[0] = '\0';
		reused = remote->conn->replies > 0;
		*outcome = select_primary(remote);
		if (*outcome == AD_SUCCEEDED)
			*outcome = describe(remote, database, collection);
		/* a connection from the cache may turn out to be lost */
		if (*outcome != AD_NOT_REACHED || !reused)
			return remote;
		ad_connection_fail(remote->conn);
		ad_remote_close(remote);
	}
}

/*
 * Returns the documents of the last reply, which remain valid until the next
 * command.
 */
AdBatch *
ad_remote_batch(AdRemote *remote)
{
	return &remote->batch;
}

/*
 * Returns the time of the primary's last operation when the connection was
 * opened, a BSON timestamp; 0 if it has no such times, as a standalone server.
 */
uint64
ad_remote_time(const AdRemote *remote)
{
	return remote->time;
}

/*
 * Returns what the collection was when the connection was opened.
 */
const AdCollectionState *
ad_remote_collection(const AdRemote *remote)
{
	return &remote->state;
}

/*
 * Returns the server's code for the error of the last command, or 0 if the
 * error is not the server's.
 */
uint32
ad_remote_code(const AdRemote *remote)
{
	return remote->error.domain == MONGOC_ERROR_SERVER ? remote->error.code : 0;
}

/*
 * Returns a sentence about the error of the last command, palloc'd.
 */
char *
ad_remote_detail(const AdRemote *remote)
{
	return ad_error_detail(&remote->error, remote->has_reply ? &remote->reply : NULL);
}

/*
 * Is the deployment a sharded cluster?
 */
bool
ad_remote_is_sharded(const AdRemote *remote)
{
	return remote->sharded;
}

/*
 * Records that a cursor is open on the server, which ad_remote_close() then
 * closes; 0 for none.  The names must live as long as the AdRemote.
 */
void
ad_remote_hold(AdRemote *remote, const char *database, const char *collection, int64 cursor)
{
	remote->database = database;
	remote->collection = collection;
	remote->cursor = cursor;
}

/*
 * Raises the error of the last command, which did not succeed.  `collection`
 * is database.collection, or NULL.
 */
void
ad_remote_report(AdRemote *remote, const char *collection)
{
	ad_connection_report(remote->conn, collection, &remote->error,
						 remote->has_reply ? &remote->reply : NULL);
}
