/*
 * snapshot.c
 *	  Snapshots of MongoDB that several scans share.
 *
 * With the server option `snapshot`, all scans of a statement see the same
 * state of MongoDB, or all scans of a transaction, if that has a single
 * PostgreSQL snapshot (MongoDB manual, "Read Concern snapshot"; MongoDB
 * specifications, "Snapshot Reads").  The first scan sets the snapshot's
 * time, which the driver keeps in its session.
 *
 * The scope of a session is the memory context of the statement or the
 * transaction.  Scans find the session until its scope ends.  The session
 * lives on until its last cursor is destroyed, because the driver's cursors
 * refer to it.  Either may end first; this file does not rely on the order in
 * which memory contexts run their callbacks.  A session pins its connection
 * while it lives.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"

#include "remote/snapshot.h"

struct AdSession
{
	dlist_node	node;			/* in the backend's list of sessions */
	MemoryContextCallback callback; /* runs when the scope ends */
	MemoryContext scope;
	int			users;			/* number of cursors, plus one for the scope */
	AdConnection *conn;
	mongoc_client_session_t *driver;
	int64		replies;		/* conn->replies when the session was made */
};

static dlist_head sessions = DLIST_STATIC_INIT(sessions);

/*
 * Returns the driver's session.  It lives as long as the AdSession.
 */
mongoc_client_session_t *
ad_session_driver(AdSession *session)
{
	return session->driver;
}

/*
 * Releases a session.  The last user's release ends it.  That sends nothing,
 * because the driver keeps the server's session for reuse.  Does not throw.
 */
void
ad_session_release(AdSession *session)
{
	AdConnection *conn = session->conn;

	/* if busy, the backend exits from within the driver, see connection.c */
	if (--session->users > 0 || conn->busy)
		return;
	ad_connection_enter_quietly(conn);
	mongoc_client_session_destroy(session->driver);
	ad_connection_leave_quietly(conn);
	pfree(session);
	ad_connection_release(conn);
}

/* the scope ends, so no other scan may find the session */
static void
end_scope(void *arg)
{
	AdSession  *session = arg;

	dlist_delete(&session->node);
	ad_session_release(session);
}

/*
 * Returns the session of the scope for the server and user of a connection,
 * or NULL if there is none.  Raises an error if the session was on another
 * connection that was lost, because its snapshot is lost, too.
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
		/* no scan has read from the lost snapshot, so a new one replaces it */
		if (session->conn->replies == session->replies)
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_CONNECTION_FAILURE),
				 errmsg("snapshot of MongoDB server \"%s\" was lost with its connection",
						conn->server_name),
				 errdetail("The statement or transaction has already read from this snapshot."),
				 errhint("Try the statement or transaction again.")));
	}
	return NULL;
}

/*
 * Makes the session of a scope, which becomes its first user.  Returns NULL
 * with *error set if the driver cannot start a session.  The function may
 * wait for the server, and throws if an interrupt or an error ends the wait.
 */
static AdSession *
make_session(AdConnection *conn, MemoryContext scope, bson_error_t *error)
{
	/* not in the memory of the scope, because a cursor may outlive it */
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

	/* leaving may throw; from here on the callback releases the session */
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
 * Returns the session for a scan.  `statement` is the memory context of the
 * scan's statement.  The caller releases the session after the scan's cursor
 * has been destroyed.  Returns NULL with error->code 0 if the server's option
 * asks for no snapshot, and NULL with *error set if the driver cannot start a
 * session.  The function may wait for the server, and throws if an interrupt
 * or an error ends the wait.  It also raises an error if the connection with
 * the snapshot was lost.
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
