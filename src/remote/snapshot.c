/*
 * snapshot.c
 *	  Snapshots that several scans share.
 *
 * INTERFACE ROUTINES
 *		ad_session_get		the session whose snapshot a scan reads
 *		ad_session_driver	what the driver calls it
 *		ad_session_release	the scan needs it no longer
 *
 * With the option `snapshot` of a server, all scans of a statement, or of a
 * transaction that has one PostgreSQL snapshot, see the same state of MongoDB
 * (MongoDB manual, "Read Concern snapshot"; specifications, "Snapshot Reads").
 * The first of them sets the time, which the driver's session keeps.
 *
 * A session is found until the memory context of the statement or the
 * transaction, its scope, is over, and lives until no cursor has it any more: the
 * driver's cursors point to it until they are destroyed.  Which of the two comes
 * first is for no order of memory contexts and their callbacks to say.  A session
 * pins its connection for as long as it lives.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "remote/snapshot.h"

struct AdSession
{
	dlist_node	node;			/* in the backend's list of sessions */
	MemoryContextCallback callback; /* of the scope */
	MemoryContext scope;
	int			users;			/* cursors, and the scope until it is over */
	AdConnection *conn;
	mongoc_client_session_t *driver;
	int64		replies;		/* the connection's, when it was made */
};

static dlist_head sessions = DLIST_STATIC_INIT(sessions);

/*
 * The driver's session, for as long as the caller has ours.
 */
mongoc_client_session_t *
ad_session_driver(AdSession *session)
{
	return session->driver;
}

/*
 * Let go of a session; the last to do so ends it.  That sends nothing: the
 * driver keeps it for the next one.  Does not throw.
 */
void
ad_session_release(AdSession *session)
{
	AdConnection *conn = session->conn;

	/* exiting from within the driver: leave it alone, see connection.c */
	if (--session->users > 0 || conn->busy)
		return;
	ad_connection_enter_quietly(conn);
	mongoc_client_session_destroy(session->driver);
	ad_connection_leave_quietly(conn);
	pfree(session);
	ad_connection_release(conn);
}

/* the scope is over: no other scan finds the session */
static void
end_scope(void *arg)
{
	AdSession  *session = arg;

	dlist_delete(&session->node);
	ad_session_release(session);
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
 * Make the session of the scope, whose it is from then on.  NULL with *error set
 * if there can be none.  May wait for the server, and throw what ends that.
 */
static AdSession *
make_session(AdConnection *conn, MemoryContext scope, bson_error_t *error)
{
	/* not the scope's memory, which a cursor may outlive */
	AdSession  *session = MemoryContextAllocZero(TopMemoryContext, sizeof(AdSession));
	mongoc_session_opt_t *opts;

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
		pfree(session);
		ad_connection_leave(conn);
		return NULL;
	}

	/* from here on the callback lets go of it, should leaving throw */
	conn->pins++;
	session->users = 1;
	dlist_push_head(&sessions, &session->node);
	session->callback.func = end_scope;
	session->callback.arg = session;
	MemoryContextRegisterResetCallback(scope, &session->callback);
	ad_connection_leave(conn);
	return session;
}

/*
 * The session for a scan of the statement whose memory context that is, to be
 * released when the scan's cursor has been destroyed.  NULL without *error set if
 * the server's option asks for none; NULL with *error set if there can be none.
 * May wait for the server, and throw what ends that.
 */
AdSession *
ad_session_get(AdConnection *conn, MemoryContext statement, bson_error_t *error)
{
	MemoryContext scope = statement;
	AdSession  *session;

	error->code = 0;
	if (conn->snapshot == AD_SNAPSHOT_NONE)
		return NULL;
	if (conn->snapshot == AD_SNAPSHOT_TRANSACTION && IsolationUsesXactSnapshot())
		scope = TopTransactionContext;
	session = find_session(conn, scope);
	if (session == NULL)
		session = make_session(conn, scope, error);
	if (session != NULL)
		session->users++;
	return session;
}
