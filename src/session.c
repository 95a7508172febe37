/*
 * session.c
 *	  Snapshots that several scans share.
 *
 * INTERFACE ROUTINES
 *		ad_session_get	the session whose snapshot a scan reads
 *
 * With the option `snapshot` of a server, all scans of a statement, or of a
 * transaction that has one PostgreSQL snapshot, see the same state of MongoDB
 * (MongoDB manual, "Read Concern snapshot"; specifications, "Snapshot Reads").
 * The first of them sets the time, which the driver's session keeps.
 *
 * A session belongs to the memory context of the statement or the transaction,
 * its scope, and pins its connection until that is over.  Scans' cursors are
 * in contexts below it, so they are closed before.
 */
#include "postgres.h"

#include "access/xact.h"
#include "session.h"
#include "utils/memutils.h"

typedef struct AdSession
{
	dlist_node	node;			/* in the backend's list of sessions */
	MemoryContextCallback callback;
	MemoryContext scope;
	AdConnection *conn;
	mongoc_client_session_t *driver;
	int64		replies;		/* the connection's, when it was made */
} AdSession;

static dlist_head sessions = DLIST_STATIC_INIT(sessions);

/*
 * The scope is over.  Ending a session sends nothing: the driver keeps it for
 * the next one.  Does not throw.
 */
static void
end_session(void *arg)
{
	AdSession  *session = arg;

	dlist_delete(&session->node);
	/* exiting from within the driver: leave it alone, see connection.c */
	if (session->conn->busy)
		return;
	ad_connection_enter_quietly(session->conn);
	mongoc_client_session_destroy(session->driver);
	ad_connection_leave_quietly(session->conn);
	ad_connection_release(session->conn);
}

/*
 * The session of the scope for a server and user, or NULL.  Raises an error if
 * it had a connection that was lost: the snapshot went with it.
 */
static AdSession *
find_session(const AdConnection *conn, MemoryContext scope)
{
	dlist_iter	iter;

	dlist_foreach(iter, &sessions)
	{
		AdSession  *session = dlist_container(AdSession, node, iter.cur);

		if (session->scope != scope || session->conn->serverid != conn->serverid ||
			session->conn->userid != conn->userid)
			continue;
		if (session->conn == conn)
			return session;
		/* nothing had been read */
		if (session->conn->replies == session->replies)
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_CONNECTION_FAILURE),
				 errmsg("snapshot of MongoDB server \"%s\" has gone with its connection",
						conn->server_name),
				 errdetail("The statement or the transaction has read from it before."),
				 errhint("Try again.")));
	}
	return NULL;
}

/*
 * The session for a scan of the statement whose memory context that is.  NULL
 * without *error set if the server's option asks for none; NULL with *error
 * set if there can be none.  May wait for the server, and throw what ends that.
 */
mongoc_client_session_t *
ad_session_get(AdConnection *conn, MemoryContext statement, bson_error_t *error)
{
	MemoryContext scope = statement;
	AdSession  *session;
	mongoc_session_opt_t *opts;

	error->code = 0;
	if (conn->snapshot == AD_SNAPSHOT_NONE)
		return NULL;
	if (conn->snapshot == AD_SNAPSHOT_TRANSACTION && IsolationUsesXactSnapshot())
		scope = TopTransactionContext;
	session = find_session(conn, scope);
	if (session != NULL)
		return session->driver;

	session = MemoryContextAllocZero(scope, sizeof(AdSession));
	session->scope = scope;
	session->conn = conn;
	session->replies = conn->replies;
	ad_connection_enter(conn);
	opts = mongoc_session_opts_new();
	mongoc_session_opts_set_snapshot(opts, true);
	session->driver = mongoc_client_start_session(conn->client, opts, error);
	mongoc_session_opts_destroy(opts);
	if (session->driver == NULL)
	{
		ad_connection_leave(conn);
		return NULL;
	}

	/* from here on it is the callback that ends it, should leaving throw */
	conn->pins++;
	dlist_push_head(&sessions, &session->node);
	session->callback.func = end_session;
	session->callback.arg = session;
	MemoryContextRegisterResetCallback(scope, &session->callback);
	ad_connection_leave(conn);
	return session->driver;
}
