/*
 * connection.c
 *	  The backend's cache of MongoDB clients.
 *
 * This file owns every mongoc_client_t.  There is one for each server and
 * user.  It is opened at its first use, and kept until an option of the
 * server or of the user mapping changes, or until the connection fails.  A
 * client that is then in use is marked, takes no new users, and is destroyed
 * when its last user releases it.
 *
 * A client is single-threaded and starts no thread.  Creating a client
 * contacts no server, except that the driver queries the name server for
 * mongodb+srv.
 *
 * A FATAL error exits from within a wait, and so from within the driver.  The
 * clean-up at exit then finds a client that is "busy".  It must not touch
 * that client; the end of the process closes the sockets.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_user_mapping.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/backend_status.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/option.h"
#include "base/uri.h"
#include "base/utf8.h"
#include "remote/connection.h"
#include "remote/error.h"
#include "remote/stream_connect.h"

#define AD_APPLICATION_NAME		"admin_dashboard"

/*
 * How long clean-up may wait for the server's reply; the second is for a
 * connection that other scans go on to use, which would be lost for them, too
 */
#define AD_CLEANUP_TIMEOUT_US			1000000
#define AD_SHARED_CLEANUP_TIMEOUT_US	30000000

/*
 * Default timeouts, if neither an option nor the URI sets them.  The first is
 * for the connection, the TLS handshake and the first reply of a member, the
 * second for the search for a suitable member.  Five seconds allow for two
 * lost SYN packets; a user who waits would find the driver's ten seconds
 * long.
 */
#define AD_CONNECT_TIMEOUT_MS	5000
#define AD_SELECTION_TIMEOUT_MS 5000

/*
 * Greatest number of connections that are kept without users.  Each needs two
 * file descriptors for each member of the replica set, of which PostgreSQL
 * gives out a third of max_files_per_process.
 */
#define AD_MOST_IDLE	50

/*
 * So many cursors with pending replies can each have a connection to a server
 * as a user: the server works for all of them at the same time.
 */
#define AD_MOST_RESERVED	4

/*
 * The definition of a connection, read from one consistent state of the
 * catalogs.
 */
typedef struct AdDefinition
{
	uint64		changes;		/* value of `changes` before it was read */
	ForeignServer *server;
	Oid			mappingid;		/* InvalidOid: no user mapping */
	bool		by_superuser;	/* the user is a superuser */
	AdConnectOptions *options;
} AdDefinition;

static dlist_head connections = DLIST_STATIC_INIT(connections);

/* number of changes to servers, roles and user mappings that were noticed */
static uint64 changes = 0;

/*
 * Returns the comment of a command, palloc'd: what MongoDB's logs and profiler
 * show of the session and of its query.
 */
const char *
ad_connection_comment(void)
{
	return psprintf("pg pid=%d queryid=" INT64_FORMAT, MyProcPid, (int64) pgstat_get_my_query_id());
}

/*
 * Returns the user's mapping for the server; if there is none, the public
 * mapping; else InvalidOid.
 */
Oid
ad_connection_mapping(Oid serverid, Oid userid)
{
	Oid			mappingid = GetSysCacheOid2(USERMAPPINGUSERSERVER,
											Anum_pg_user_mapping_oid,
											ObjectIdGetDatum(userid),
											ObjectIdGetDatum(serverid));

	if (!OidIsValid(mappingid))
		mappingid = GetSysCacheOid2(USERMAPPINGUSERSERVER,
									Anum_pg_user_mapping_oid,
									ObjectIdGetDatum(InvalidOid),
									ObjectIdGetDatum(serverid));
	return mappingid;
}

/*
 * The syscache callback for a change to a server, a role or a user mapping.
 * It marks the connections that depend on the object.  It does not destroy
 * them, because that could wait for the network; the next call of
 * ad_connection_get() does.
 */
static void
invalidate_connections(Datum arg, int cacheid, uint32 hash)
{
	dlist_iter	iter;

	changes++;
	dlist_foreach(iter, &connections)
	{
		AdConnection *conn = dlist_container(AdConnection, node, iter.cur);

		if (hash == 0 ||
			(cacheid == FOREIGNSERVEROID && conn->server_hash == hash) ||
			(cacheid == AUTHOID && conn->user_hash == hash) ||
			(cacheid == USERMAPPINGOID && conn->mapping_hash == hash))
			conn->stale = true;
	}
}

/* the driver calls this when a command has succeeded */
static void
count_reply(const mongoc_apm_command_succeeded_t *event)
{
	((AdConnection *) mongoc_apm_command_succeeded_get_context(event))->replies++;
}

/* the driver calls this when its view of the topology has changed */
static void
note_topology(const mongoc_apm_topology_changed_t *event)
{
	((AdConnection *) mongoc_apm_topology_changed_get_context(event))->topology =
		mongoc_topology_description_type(mongoc_apm_topology_changed_get_new_description(event));
}

/*
 * Do the options have everything that the login needs?  Only superusers may
 * use credentials of the PostgreSQL server process, as some mechanisms do.
 * Every other login needs a user and a password; without a password the
 * driver would crash.
 */
static bool
credentials_suffice(const AdConnectOptions *options, const mongoc_uri_t *uri,
					bool by_superuser)
{
	const char *mechanism = options->auth_mechanism ?
	options->auth_mechanism : mongoc_uri_get_auth_mechanism(uri);

	if (mechanism != NULL && ad_uri_mechanism_is_ambient(mechanism))
		return by_superuser;
	if (mechanism == NULL && options->user == NULL)
		return true;			/* there is no login */
	return options->user != NULL && options->password != NULL;
}

/* converts the text of an option to UTF-8 for the driver; NULL for NULL */
static const char *
option_to_utf8(const char *text)
{
	return text ? ad_to_utf8(text) : NULL;
}

/*
 * Adds the options to the URI.  Credentials are set by calls and never
 * formatted into the URI's text, so no character in them has a special
 * meaning.  Does not throw.
 */
static void
apply_options(mongoc_uri_t *uri, const AdConnectOptions *options,
			  const char *user, const char *password, const char *auth_source)
{
	if (user != NULL)
		mongoc_uri_set_username(uri, user);
	if (password != NULL)
		mongoc_uri_set_password(uri, password);
	if (options->auth_mechanism != NULL)
		mongoc_uri_set_auth_mechanism(uri, options->auth_mechanism);
	if (auth_source != NULL)
		mongoc_uri_set_auth_source(uri, auth_source);
	else if (options->auth_mechanism != NULL &&
			 strncmp(options->auth_mechanism, "SCRAM-", 6) != 0)
		mongoc_uri_set_auth_source(uri, "$external");

	if (options->connect_timeout_ms > 0)
		mongoc_uri_set_option_as_int32(uri, MONGOC_URI_CONNECTTIMEOUTMS,
									   options->connect_timeout_ms);
	else if (!mongoc_uri_has_option(uri, MONGOC_URI_CONNECTTIMEOUTMS))
		mongoc_uri_set_option_as_int32(uri, MONGOC_URI_CONNECTTIMEOUTMS,
									   AD_CONNECT_TIMEOUT_MS);
	if (mongoc_uri_get_appname(uri) == NULL)
		mongoc_uri_set_appname(uri, AD_APPLICATION_NAME);

	/* PostgreSQL's timeouts limit the time of a query */
	if (!mongoc_uri_has_option(uri, MONGOC_URI_SOCKETTIMEOUTMS))
		mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS, PG_INT32_MAX);

	/*
	 * ad_cursor_open() retries commands itself.  It waits on the latch, while
	 * the driver would sleep and ignore interrupts.
	 */
	mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, false);
	mongoc_uri_set_option_as_bool(uri, MONGOC_URI_SERVERSELECTIONTRYONCE, true);

	/*
	 * A snapshot is a read concern, which the driver adds to the commands, so
	 * the URI must not set another one.
	 */
	if (options->read_concern != NULL || options->snapshot != AD_SNAPSHOT_NONE)
	{
		mongoc_read_concern_t *concern = mongoc_read_concern_new();

		if (options->snapshot == AD_SNAPSHOT_NONE)
			mongoc_read_concern_set_level(concern, options->read_concern);
		mongoc_uri_set_read_concern(uri, concern);
		mongoc_read_concern_destroy(concern);
	}
}

/*
 * Sets the read preference to the value of the option.  Tags from the URI
 * remain, except for primary, which allows no tags.  Does not throw.
 */
static void
apply_read_preference(mongoc_uri_t *uri, const char *name)
{
	static const struct
	{
		const char *name;
		mongoc_read_mode_t mode;
	}			modes[] = {
		{"primary", MONGOC_READ_PRIMARY},
		{"primaryPreferred", MONGOC_READ_PRIMARY_PREFERRED},
		{"secondary", MONGOC_READ_SECONDARY},
		{"secondaryPreferred", MONGOC_READ_SECONDARY_PREFERRED},
		{"nearest", MONGOC_READ_NEAREST},
	};

	for (int i = 0; i < lengthof(modes); i++)
	{
		mongoc_read_prefs_t *prefs;

		if (strcmp(modes[i].name, name) != 0)
			continue;
		if (modes[i].mode == MONGOC_READ_PRIMARY)
			prefs = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
		else
		{
			prefs = mongoc_read_prefs_copy(mongoc_uri_get_read_prefs_t(uri));
			mongoc_read_prefs_set_mode(prefs, modes[i].mode);
		}
		mongoc_uri_set_read_prefs_t(uri, prefs);
		mongoc_read_prefs_destroy(prefs);
	}
}

/*
 * Records what the URI allows the server to send.  Does not throw.
 */
static void
note_peer(AdPeer *peer, const mongoc_uri_t *uri)
{
	const char *mechanism = mongoc_uri_get_auth_mechanism(uri);

	peer->zlib = bson_has_field(mongoc_uri_get_compressors(uri), "zlib");
	peer->scram = mechanism == NULL || pg_strncasecmp(mechanism, "SCRAM-", 6) == 0;
}

/*
 * Creates the client of a connection.  Returns false with *error set if the
 * driver refuses the URI.  Does not throw.
 */
static bool
make_client(AdConnection *conn, const mongoc_uri_t *uri, bson_error_t *error)
{
	mongoc_apm_callbacks_t *callbacks;

	conn->client = mongoc_client_new_from_uri_with_error(uri, error);
	if (conn->client == NULL)
		return false;

	mongoc_client_set_error_api(conn->client, MONGOC_ERROR_API_VERSION_2);
	mongoc_client_set_stream_initiator(conn->client, ad_stream_initiate,
									   &conn->transport);
	callbacks = mongoc_apm_callbacks_new();
	mongoc_apm_set_command_succeeded_cb(callbacks, count_reply);
	mongoc_apm_set_topology_changed_cb(callbacks, note_topology);
	mongoc_client_set_apm_callbacks(conn->client, callbacks, conn);
	mongoc_apm_callbacks_destroy(callbacks);
	return true;
}

/*
 * Reads the definition of a connection from the catalogs.  If one of the
 * objects changes in the meantime, it starts again.  Otherwise it might
 * combine the old address of a server with a new password, and send the
 * password to an address for which it was not meant.
 */
static AdDefinition
read_definition(Oid serverid, Oid userid)
{
	AdDefinition definition;
	UserMapping *mapping;

	do
	{
		CHECK_FOR_INTERRUPTS();
		definition.changes = changes;
		definition.server = GetForeignServer(serverid);
		definition.by_superuser = superuser_arg(userid);
		definition.mappingid = ad_connection_mapping(serverid, userid);
		mapping = OidIsValid(definition.mappingid) ? GetUserMapping(userid, serverid) : NULL;
		definition.options = ad_connect_options(definition.server, mapping);
	} while (definition.changes != changes);
	return definition;
}

/*
 * Returns a connection without a client.  It has its own memory context,
 * which is a child of the current one.
 */
static AdConnection *
create_connection(const AdDefinition *definition, Oid serverid, Oid userid)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "admin_dashboard connection",
												  ALLOCSET_SMALL_SIZES);
	AdConnection *conn = MemoryContextAllocZero(context, sizeof(AdConnection));

	conn->context = context;
	conn->serverid = serverid;
	conn->userid = userid;
	conn->mappingid = definition->mappingid;
	conn->server_hash = GetSysCacheHashValue1(FOREIGNSERVEROID,
											  ObjectIdGetDatum(serverid));
	conn->user_hash = GetSysCacheHashValue1(AUTHOID, ObjectIdGetDatum(userid));
	conn->mapping_hash = GetSysCacheHashValue1(USERMAPPINGOID,
											   ObjectIdGetDatum(definition->mappingid));
	conn->server_name = MemoryContextStrdup(context, definition->server->servername);
	conn->snapshot = definition->options->snapshot;
	conn->transport.context = context;
	conn->topology = "Unknown";
	conn->made_at = GetCurrentTimestamp();
	return conn;
}

/*
 * Makes a connection and adds it to the list, without pins.
 *
 * Until then the connection belongs to the current memory context, and so
 * does the URI.  So an error leaves nothing behind.  Once the client exists,
 * nothing throws.
 */
static AdConnection *
make_connection(Oid serverid, Oid userid)
{
	AdDefinition definition = read_definition(serverid, userid);
	AdConnectOptions *options = definition.options;
	const char *user = option_to_utf8(options->user);
	const char *password = option_to_utf8(options->password);
	const char *auth_source = option_to_utf8(options->auth_source);
	AdConnection *conn = create_connection(&definition, serverid, userid);
	AdErrorSource source = {conn->server_name, NULL, false, 0};
	bson_error_t error = {0};
	mongoc_uri_t *uri = ad_uri_parse(options->uri);

	if (!credentials_suffice(options, uri, definition.by_superuser))
		ereport(ERROR,
				(errcode(ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED),
				 errmsg("password is required to connect to MongoDB server \"%s\"",
						conn->server_name),
				 errhint("Set the options user and password of the user mapping.")));

	conn->selection_timeout_ms = options->server_selection_timeout_ms;
	if (conn->selection_timeout_ms == 0)
		conn->selection_timeout_ms =
			mongoc_uri_get_option_as_int32(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS,
										   AD_SELECTION_TIMEOUT_MS);
	apply_options(uri, options, user, password, auth_source);
	if (options->read_preference != NULL)
		apply_read_preference(uri, options->read_preference);
	note_peer(&conn->transport.peer, uri);
	if (!make_client(conn, uri, &error))
		ad_error_report(&error, NULL, &source);

	/*
	 * The callback marks only connections in the list, so check for changes
	 * that it noticed before this point.
	 */
	conn->stale = definition.changes != changes;
	MemoryContextSetParent(conn->context, TopMemoryContext);
	dlist_push_head(&connections, &conn->node);
	return conn;
}

/*
 * Destroys a connection that has no users.  If the connection works, the
 * driver tells the server, and waits for at most one second.  A connection
 * that failed sends nothing.  Does not throw.
 */
static void
destroy_connection(AdConnection *conn)
{
	dlist_delete(&conn->node);
	ad_connection_enter_quietly(conn);
	mongoc_client_destroy(conn->client);
	ad_batch_free(&conn->transport.peer.batch);
	MemoryContextDelete(conn->context);
}

/*
 * Destroys every connection that is stale or dead and not in use.
 */
static void
destroy_unusable(void)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &connections)
	{
		AdConnection *conn = dlist_container(AdConnection, node, iter.cur);

		if (conn->pins == 0 && !conn->busy &&
			(conn->stale || conn->transport.dead))
			destroy_connection(conn);
	}
}

/*
 * Closes connections that nobody uses, those unused for longest first, until
 * there is room for one more.
 */
static void
make_room(void)
{
	int			idle;

	do
	{
		AdConnection *oldest = NULL;
		dlist_iter	iter;

		idle = 0;
		dlist_foreach(iter, &connections)
		{
			AdConnection *conn = dlist_container(AdConnection, node, iter.cur);

			if (conn->pins > 0 || conn->busy)
				continue;
			idle++;
			if (oldest == NULL || conn->last_use < oldest->last_use)
				oldest = conn;
		}
		if (idle >= AD_MOST_IDLE)
			destroy_connection(oldest);
	} while (idle > AD_MOST_IDLE);
}

/*
 * Retires all connections to a server.  Connections that are not in use are
 * closed now, and the others when they are released.  Returns true if there
 * were any.
 */
bool
ad_connection_retire(Oid serverid)
{
	bool		found = false;
	dlist_iter	iter;

	dlist_foreach(iter, &connections)
	{
		AdConnection *conn = dlist_container(AdConnection, node, iter.cur);

		if (conn->serverid == serverid)
			found = conn->stale = true;
	}
	destroy_unusable();
	return found;
}

/*
 * Returns the backend's list of AdConnections.
 */
dlist_head *
ad_connection_list(void)
{
	return &connections;
}

/* registers the callbacks that notice changes, in the first call */
static void
register_callbacks(void)
{
	static bool registered = false;

	if (registered)
		return;
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, invalidate_connections, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, invalidate_connections, (Datum) 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, invalidate_connections, (Datum) 0);
	registered = true;
}

/* a server and a user, and what there is for them */
typedef struct AdSearch
{
	Oid			serverid;
	Oid			userid;
	AdConnection *usual;		/* one that is not reserved, or else any */
	AdConnection *unused;		/* one without users */
	int			nreserved;
} AdSearch;

/*
 * Looks for usable connections.
 */
static void
find_connections(AdSearch *search)
{
	Oid			mappingid = ad_connection_mapping(search->serverid, search->userid);
	dlist_iter	iter;

	dlist_foreach(iter, &connections)
	{
		AdConnection *conn = dlist_container(AdConnection, node, iter.cur);

		if (conn->serverid != search->serverid || conn->userid != search->userid)
			continue;

		/*
		 * If another mapping was created or dropped, the callback does not
		 * mark the connection, because the mapping that it used is unchanged.
		 */
		if (conn->mappingid != mappingid)
			conn->stale = true;
		search->nreserved += conn->reserved;
		if (conn->stale || conn->transport.dead)
			continue;
		if (search->usual == NULL || !conn->reserved)
			search->usual = conn;
		if (conn->pins == 0)
			search->unused = conn;
	}
}

/* pins the connection, or a new one if that is NULL */
static AdConnection *
pin(const AdSearch *search, AdConnection *conn)
{
	static uint64 uses = 0;

	/* none of those that the search has found */
	destroy_unusable();
	if (conn == NULL)
	{
		make_room();
		conn = make_connection(search->serverid, search->userid);
	}
	conn->last_use = ++uses;
	conn->pins++;
	return conn;
}

/*
 * Returns the connection for a server and a user, and makes one if necessary.
 * It is pinned until ad_connection_release().  The client may not be
 * connected yet.  Raises an error if the options do not suffice for a login.
 */
AdConnection *
ad_connection_get(Oid serverid, Oid userid)
{
	AdSearch	search = {serverid, userid};

	register_callbacks();
	find_connections(&search);
	return pin(&search, search.usual);
}

/*
 * Can another connection be reserved?
 */
bool
ad_connection_can_reserve(Oid serverid, Oid userid)
{
	AdSearch	search = {serverid, userid};

	find_connections(&search);
	return search.nreserved < AD_MOST_RESERVED;
}

/*
 * Like ad_connection_get(), but returns a connection that nobody uses, and
 * reserves it until it is released.  Returns NULL if AD_MOST_RESERVED of them
 * are reserved already.
 */
AdConnection *
ad_connection_reserve(Oid serverid, Oid userid)
{
	AdSearch	search = {serverid, userid};
	AdConnection *conn;

	register_callbacks();
	find_connections(&search);
	if (search.nreserved >= AD_MOST_RESERVED)
		return NULL;
	conn = pin(&search, search.unused);
	conn->reserved = true;
	return conn;
}

/*
 * Removes a pin, which may destroy the connection.  Does not throw.
 */
void
ad_connection_release(AdConnection *conn)
{
	conn->pins--;
	destroy_unusable();
}

/*
 * Gives up a connection.  It no longer sends or receives anything, and is
 * destroyed when its last user releases it.  Does not throw.
 */
void
ad_connection_fail(AdConnection *conn)
{
	conn->transport.dead = true;

	/* so the driver does not try to end cursors and sessions on the server */
	mongoc_client_reset(conn->client);
}

/*
 * Must be called before calls of the driver.  Does not throw.
 */
void
ad_connection_enter(AdConnection *conn)
{
	Assert(!conn->busy);
	conn->busy = true;
	conn->transport.last_errno = 0;
	conn->transport.attempts = 0;
	conn->transport.peer.welcomed = false;
	conn->transport.peer.refusal[0] = '\0';
}

/*
 * Must be called after calls of the driver.  If an interrupt or an error
 * ended a wait, the function gives up the connection and throws.
 *
 * The function may also return with a dead connection: if it was dead before,
 * or if there is nothing left to throw.  In both cases the driver has
 * reported an error.
 */
void
ad_connection_leave(AdConnection *conn)
{
	AdTransport *transport = &conn->transport;

	conn->busy = false;
	if (!transport->dead)
		return;

	ad_connection_fail(conn);
	if (transport->postmaster_died)
		ereport(FATAL,
				(errcode(ERRCODE_ADMIN_SHUTDOWN),
				 errmsg("terminating connection due to unexpected postmaster exit")));
	if (transport->error != NULL)
	{
		ErrorData  *error = transport->error;

		transport->error = NULL;
		ReThrowError(error);
	}
	CHECK_FOR_INTERRUPTS();
	if (transport->interrupted)
		ereport(ERROR,
				(errcode(ERRCODE_QUERY_CANCELED),
				 errmsg("canceling statement due to an interrupt while waiting for MongoDB server \"%s\"",
						conn->server_name)));
}

/*
 * Must be called before calls of the driver that only clean up, perhaps after
 * an error.  Waits are then limited, and an interrupt that ends a wait stays
 * pending.  Does not throw.
 */
void
ad_connection_enter_quietly(AdConnection *conn)
{
	/* after an error, in which the transaction is aborting, no scan goes on */
	bool		shared = conn->pins > 1 && IsTransactionState();

	ad_connection_enter(conn);
	conn->transport.quiet = true;
	conn->transport.deadline = bson_get_monotonic_time() +
		(shared ? AD_SHARED_CLEANUP_TIMEOUT_US : AD_CLEANUP_TIMEOUT_US);
}

/*
 * Must be called after calls of the driver that only clean up.  Gives up the
 * connection if one of them failed.  Does not throw.
 */
void
ad_connection_leave_quietly(AdConnection *conn)
{
	conn->busy = false;
	conn->transport.quiet = false;
	conn->transport.deadline = 0;
	if (conn->transport.dead || conn->transport.last_errno != 0)
		ad_connection_fail(conn);
}
