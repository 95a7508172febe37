/*
 * connection.c
 *	  The backend's cache of MongoDB clients.
 *
 * Owns every mongoc_client_t.  There is one for each server and user, opened
 * at its first use and kept until an option of the server or the user mapping
 * changes or the connection fails.  A client in use is then only taken out of
 * service, and destroyed when its last user releases it.
 *
 * A client is single-threaded and starts no thread.  Creating it contacts
 * nobody, except that for mongodb+srv the driver asks the name server.
 *
 * A FATAL error exits from within a wait, hence from within the driver, and
 * the clean-up at exit then meets a client that is "busy".  Such a client must
 * not be touched again; the end of the process closes its sockets.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_user_mapping.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "base/option.h"
#include "base/uri.h"
#include "remote/connection.h"
#include "remote/error.h"

#define AD_APPLICATION_NAME		"admin_dashboard"

/* how long clean-up may wait for the server's answer */
#define AD_CLEANUP_TIMEOUT_US	1000000

/*
 * How long to wait for a connection, TLS and the first words of a member, and
 * to look for a member that suits, unless an option or the URI says it.  Long
 * enough for two SYNs to be lost; the driver's own ten seconds are long for
 * somebody who waits.
 */
#define AD_CONNECT_TIMEOUT_MS	5000
#define AD_SELECTION_TIMEOUT_MS 5000

/* what the catalogs say of a connection, all of one state of theirs */
typedef struct AdDefinition
{
	uint64		changes;		/* how many had been seen before */
	ForeignServer *server;
	Oid			mappingid;		/* InvalidOid: no user mapping */
	bool		by_superuser;	/* is the user one? */
	AdConnectOptions *options;
} AdDefinition;

static dlist_head connections = DLIST_STATIC_INIT(connections);

/* changes of servers, roles and user mappings that this backend has seen */
static uint64 changes = 0;

/*
 * The user's mapping for the server, or the public one, or InvalidOid.
 */
static Oid
find_mapping(Oid serverid, Oid userid)
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
 * A server, a role or a user mapping has changed: take what depends on it out
 * of service.  Destroying it here could wait for the network, so that is left to
 * the next user.
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

/* the driver calls this when the reply to a command has arrived */
static void
count_reply(const mongoc_apm_command_succeeded_t *event)
{
	((AdConnection *) mongoc_apm_command_succeeded_get_context(event))->replies++;
}

/* the same, when what is known of the deployment has changed */
static void
note_topology(const mongoc_apm_topology_changed_t *event)
{
	((AdConnection *) mongoc_apm_topology_changed_get_context(event))->topology =
		mongoc_topology_description_type(mongoc_apm_topology_changed_get_new_description(event));
}

/*
 * Is there all that the login needs?  Credentials of the server process are
 * for superusers; whoever else logs in must show a password.  The driver
 * does not survive a login without one.
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
		return true;			/* no login at all */
	return options->user != NULL && options->password != NULL;
}

/* an option's text as the driver wants it; NULL stays NULL */
static const char *
to_utf8(const char *text)
{
	return text ? pg_server_to_any(text, strlen(text), PG_UTF8) : NULL;
}

/*
 * Add to the URI what options say.  Credentials are set, never formatted, so
 * that no character in them means anything.  Does not throw.
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

	/* a query may take as long as PostgreSQL lets it */
	if (!mongoc_uri_has_option(uri, MONGOC_URI_SOCKETTIMEOUTMS))
		mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS, PG_INT32_MAX);

	/*
	 * Repeating is for ad_cursor_open(), which waits on the latch; the driver
	 * would sleep.
	 */
	mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, false);
	mongoc_uri_set_option_as_bool(uri, MONGOC_URI_SERVERSELECTIONTRYONCE, true);

	/* a snapshot is a read concern, which the driver adds */
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
 * Make reads go where the option says.  Tags of the URI stay, unless it is the
 * primary, which has none.  Does not throw.
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
 * Note what the server may send for what the URI says.  Does not throw.
 */
static void
note_peer(AdPeer *peer, const mongoc_uri_t *uri)
{
	const char *mechanism = mongoc_uri_get_auth_mechanism(uri);

	peer->zlib = bson_has_field(mongoc_uri_get_compressors(uri), "zlib");
	peer->scram = mechanism == NULL || pg_strncasecmp(mechanism, "SCRAM-", 6) == 0;
}

/*
 * Make the client of a connection.  Returns false with *error set if the driver
 * refuses.  Does not throw.
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
 * Read the catalogs again if something in them changed meanwhile: what is read
 * last must not be of another state than what was read first, or a password
 * could go to an address that it was not given for.
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
		definition.mappingid = find_mapping(serverid, userid);
		mapping = OidIsValid(definition.mappingid) ? GetUserMapping(userid, serverid) : NULL;
		definition.options = ad_connect_options(definition.server, mapping);
	} while (definition.changes != changes);
	return definition;
}

/*
 * A connection without a client, in a memory context of its own below the
 * current one.
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
 * Make a connection and put it into the list, with no pin yet.
 *
 * Until it is there it belongs to the current memory context, as the URI does,
 * so an error leaves nothing behind; nothing throws from the making of the client
 * on.
 */
static AdConnection *
make_connection(Oid serverid, Oid userid)
{
	AdDefinition definition = read_definition(serverid, userid);
	AdConnectOptions *options = definition.options;
	const char *user = to_utf8(options->user);
	const char *password = to_utf8(options->password);
	const char *auth_source = to_utf8(options->auth_source);
	AdConnection *conn = create_connection(&definition, serverid, userid);
	AdErrorSource source = {conn->server_name, NULL, false, 0};
	bson_error_t error = {0};
	mongoc_uri_t *uri = ad_uri_parse(options->uri);

	if (!credentials_suffice(options, uri, definition.by_superuser))
		ereport(ERROR,
				(errcode(ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED),
				 errmsg("password is required to connect to MongoDB server \"%s\"",
						conn->server_name),
				 errhint("Give user and password in the user mapping.")));

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

	/* what has changed since is noticed here, and from now on in the list */
	conn->stale = definition.changes != changes;
	MemoryContextSetParent(conn->context, TopMemoryContext);
	dlist_push_head(&connections, &conn->node);
	return conn;
}

/*
 * Destroy a connection that nobody uses.  A good one tells the server so, and
 * waits a second at most; one that failed sends nothing.  Does not throw.
 */
static void
destroy_connection(AdConnection *conn)
{
	dlist_delete(&conn->node);
	ad_connection_enter_quietly(conn);
	mongoc_client_destroy(conn->client);
	MemoryContextDelete(conn->context);
}

/*
 * Destroy every connection that is out of service and not in use.
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
 * Take the connections to a server out of service: those in use are closed
 * when they are released, the others now.  Returns whether there were any.
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

/* the AdConnections of the backend */
dlist_head *
ad_connection_list(void)
{
	return &connections;
}

/*
 * The client for a server and a user, made if there is none, pinned until it
 * is released.  It need not be connected.
 */
AdConnection *
ad_connection_get(Oid serverid, Oid userid)
{
	static bool callbacks_registered = false;
	Oid			mappingid;
	AdConnection *found = NULL;
	dlist_iter	iter;

	if (!callbacks_registered)
	{
		CacheRegisterSyscacheCallback(FOREIGNSERVEROID, invalidate_connections,
									  (Datum) 0);
		CacheRegisterSyscacheCallback(AUTHOID, invalidate_connections,
									  (Datum) 0);
		CacheRegisterSyscacheCallback(USERMAPPINGOID, invalidate_connections,
									  (Datum) 0);
		callbacks_registered = true;
	}

	mappingid = find_mapping(serverid, userid);
	dlist_foreach(iter, &connections)
	{
		AdConnection *conn = dlist_container(AdConnection, node, iter.cur);

		if (conn->serverid != serverid || conn->userid != userid)
			continue;
		/* a mapping has come or gone: that changes no row that was used */
		if (conn->mappingid != mappingid)
			conn->stale = true;
		if (!conn->stale && !conn->transport.dead)
			found = conn;
	}
	destroy_unusable();

	if (found == NULL)
		found = make_connection(serverid, userid);
	found->pins++;
	return found;
}

/*
 * Give a connection back.  Does not throw.
 */
void
ad_connection_release(AdConnection *conn)
{
	conn->pins--;
	destroy_unusable();
}

/*
 * Give a connection up: nothing is sent or received on it any more, and it is
 * destroyed when its last user releases it.  Does not throw.
 */
void
ad_connection_fail(AdConnection *conn)
{
	conn->transport.dead = true;

	/* so that neither cursors nor sessions are ended on the server */
	mongoc_client_reset(conn->client);
}

/*
 * About to call the driver.
 */
void
ad_connection_enter(AdConnection *conn)
{
	Assert(!conn->busy);
	conn->busy = true;
	conn->transport.last_errno = 0;
	conn->transport.attempts = 0;
}

/*
 * The driver has returned.  If an interrupt or an error ended a wait, gives
 * the connection up and throws.
 *
 * It may also return with a dead connection: when there turned out to be
 * nothing to throw, or when it was dead before.  The driver has then reported
 * an error.
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
 * About to call the driver for clean-up, perhaps after an error: waits are
 * short, and interrupts that end them stay pending.
 */
void
ad_connection_enter_quietly(AdConnection *conn)
{
	ad_connection_enter(conn);
	conn->transport.quiet = true;
	conn->transport.deadline = bson_get_monotonic_time() + AD_CLEANUP_TIMEOUT_US;
}

/*
 * The driver has returned from clean-up.  Does not throw.
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
