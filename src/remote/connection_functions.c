/*
 * connection_functions.c
 *	  SQL functions that list and close the session's connections to MongoDB.
 *
 * The functions send nothing to MongoDB.  They show what the driver knows, so
 * they return at once even if a server does not respond.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/tuplestore.h"

#include "base/uri.h"
#include "remote/connection.h"

PG_FUNCTION_INFO_V1(admin_dashboard_connections);
PG_FUNCTION_INFO_V1(admin_dashboard_disconnect);

/*
 * The releases of MongoDB by their maxWireVersion (MongoDB specifications,
 * "Server Wire Version and Feature List").
 */
static const struct
{
	int			wire_version;
	const char *release;
}			releases[] = {
	{6, "3.6"}, {7, "4.0"}, {8, "4.2"}, {9, "4.4"},
	{13, "5.0"}, {14, "5.1"}, {15, "5.2"}, {16, "5.3"},
	{17, "6.0"}, {18, "6.1"}, {19, "6.2"}, {20, "6.3"},
	{21, "7.0"}, {22, "7.1"}, {23, "7.2"}, {24, "7.3"},
	{25, "8.0"}, {26, "8.1"}, {27, "8.2"},
};

/* converts a UTF-8 string to a text in the database's encoding */
static Datum
to_text(const char *utf8)
{
	return CStringGetTextDatum(pg_any_to_server(utf8, strlen(utf8), PG_UTF8));
}

/*
 * Returns the addresses of the members as an array of text.  Sets *release to
 * the release of a member that has responded, such as "7.0", or to NULL if
 * none has responded or the release is not in the table.
 */
static Datum
member_hosts(mongoc_server_description_t **members, size_t n, const char **release)
{
	Datum	   *hosts = palloc(sizeof(Datum) * Max(n, 1));

	*release = NULL;
	for (size_t i = 0; i < n; i++)
	{
		bson_iter_t iter;

		hosts[i] = to_text(mongoc_server_description_host(members[i])->host_and_port);
		if (!bson_iter_init_find(&iter, mongoc_server_description_hello_response(members[i]),
								 "maxWireVersion"))
			continue;
		for (int j = 0; j < lengthof(releases); j++)
		{
			if (releases[j].wire_version == bson_iter_as_int64(&iter))
				*release = releases[j].release;
		}
	}
	return PointerGetDatum(construct_array(hosts, (int) n, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * Like member_hosts(), for the members that a connection's client knows.
 */
static void
describe_members(AdConnection *conn, Datum *hosts, const char **release)
{
	size_t		n;
	mongoc_server_description_t **members =
	mongoc_client_get_server_descriptions(conn->client, &n);

	/* the database's encoding may lack a character of a host name */
	PG_TRY();
	{
		*hosts = member_hosts(members, n, release);
	}
	PG_FINALLY();
	{
		mongoc_server_descriptions_destroy_all(members, n);
	}
	PG_END_TRY();
}

/*
 * Returns a topology type of the MongoDB specifications in words, or NULL if
 * it is not known.
 */
static const char *
topology_in_words(const char *type)
{
	static const char *const words[][2] = {
		{"ReplicaSetNoPrimary", "replica set without primary"},
		{"ReplicaSetWithPrimary", "replica set"},
		{"Sharded", "sharded"},
		{"Single", "single"},
		{"LoadBalanced", "load balanced"},
		{"Load Balanced", "load balanced"},
	};

	for (int i = 0; i < lengthof(words); i++)
	{
		if (strcmp(words[i][0], type) == 0)
			return words[i][1];
	}
	return NULL;
}

/*
 * admin_dashboard_connections(OUT server_name text, OUT user_name text, OUT
 * hosts text[], OUT topology text, OUT server_version text, OUT tls boolean,
 * OUT in_use boolean, OUT valid boolean, OUT age interval) RETURNS SETOF
 * record
 *
 * Returns the session's connections to MongoDB, one row for each server and
 * user.  topology and server_version are null until a member has responded.
 * A connection that is not valid is closed when the scans that use it end.
 */
Datum
admin_dashboard_connections(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TimestampTz now = GetCurrentTimestamp();
	dlist_iter	iter;

	InitMaterializedSRF(fcinfo, 0);
	dlist_foreach(iter, ad_connection_list())
	{
		AdConnection *conn = dlist_container(AdConnection, node, iter.cur);
		const char *user = GetUserNameFromId(conn->userid, true);
		const char *topology = topology_in_words(conn->topology);
		const char *release;
		Datum		values[9];
		bool		nulls[9] = {0};

		values[0] = CStringGetTextDatum(conn->server_name);
		nulls[1] = user == NULL;
		values[1] = nulls[1] ? (Datum) 0 : CStringGetTextDatum(user);
		describe_members(conn, &values[2], &release);
		nulls[3] = topology == NULL;
		values[3] = nulls[3] ? (Datum) 0 : CStringGetTextDatum(topology);
		nulls[4] = release == NULL;
		values[4] = nulls[4] ? (Datum) 0 : CStringGetTextDatum(release);
		values[5] = BoolGetDatum(ad_uri_uses_tls(mongoc_client_get_uri(conn->client)));
		values[6] = BoolGetDatum(conn->pins > 0);
		values[7] = BoolGetDatum(!conn->stale && !conn->transport.dead);
		values[8] = DirectFunctionCall2(timestamp_mi, TimestampTzGetDatum(now),
										TimestampTzGetDatum(conn->made_at));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * admin_dashboard_disconnect(server text) RETURNS boolean
 *
 * Closes the session's connections to a server.  A connection in use is
 * closed when the scans that use it end; new scans get a new connection.
 * Returns true if there were any connections.  Raises an error if the server
 * does not exist.
 */
Datum
admin_dashboard_disconnect(PG_FUNCTION_ARGS)
{
	ForeignServer *server = GetForeignServerByName(text_to_cstring(PG_GETARG_TEXT_PP(0)), false);

	PG_RETURN_BOOL(ad_connection_retire(server->serverid));
}
