/*
 * connection_functions.c
 *	  SQL functions that list and close the session's connections to MongoDB.
 *
 * They ask MongoDB nothing: what they show is what the driver knows, so that
 * they answer at once when a server does not.
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

#include "base/uri.h"
#include "remote/connection.h"

PG_FUNCTION_INFO_V1(admin_dashboard_connections);
PG_FUNCTION_INFO_V1(admin_dashboard_disconnect);

/*
 * Releases by the greatest version of the wire protocol that they speak
 * (MongoDB specifications, "Server Wire Version and Feature List").
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

static Datum
to_text(const char *utf8)
{
	return CStringGetTextDatum(pg_any_to_server(utf8, strlen(utf8), PG_UTF8));
}

/*
 * The addresses of the members, as an array of texts, and the release of those
 * that have answered: "7.0"; NULL if none has.
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
 * The same of a connection's deployment.
 */
static void
describe_members(AdConnection *conn, Datum *hosts, const char **release)
{
	size_t		n;
	mongoc_server_description_t **members =
	mongoc_client_get_server_descriptions(conn->client, &n);

	/* a host's name need not have a form in the server's encoding */
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


/* what the type calls it: the topology types of the specifications, as words */
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
 * OUT in_use boolean, OUT valid boolean, OUT age interval) RETURNS SETOF record
 *
 * The session's connections to MongoDB, one row for each server and user.
 * topology and server_version are null before a member has answered.  A
 * connection that is not valid is closed when the scans that use it end.
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
 * Close the session's connections to a server; one in use when the scans that
 * use it end, while others get a new one.  Returns whether there were any.
 * Raises an error if there is no such server.
 */
Datum
admin_dashboard_disconnect(PG_FUNCTION_ARGS)
{
	ForeignServer *server = GetForeignServerByName(text_to_cstring(PG_GETARG_TEXT_PP(0)), false);

	PG_RETURN_BOOL(ad_connection_retire(server->serverid));
}
