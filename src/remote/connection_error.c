/*
 * connection_error.c
 *	  Reports errors of the driver on a connection, with what the connection
 *	  knows about their cause.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "remote/connection_error.h"
#include "remote/error.h"

/*
 * Returns the name of the replica set in the URI, palloc'd, if selection failed
 * because no host is a member of it, else NULL.  The driver forgets a host that
 * reports another set, or none.
 */
static const char *
missed_replica_set(AdConnection *conn, const bson_error_t *error)
{
	const char *name = mongoc_uri_get_replica_set(mongoc_client_get_uri(conn->client));
	size_t		n;

	/* a host that did not answer, or not this, may be one */
	if (name == NULL || error->domain != MONGOC_ERROR_SERVER_SELECTION ||
		conn->transport.reasons[0] != '\0' || conn->transport.peer.refusal[0] != '\0')
		return NULL;
	mongoc_server_descriptions_destroy_all(mongoc_client_get_server_descriptions(conn->client, &n), n);
	return n == 0 ? pstrdup(name) : NULL;
}

/*
 * Returns the members that answered, palloc'd, if selection failed although
 * some did, else NULL.
 */
static const char *
answering_members(AdConnection *conn, const bson_error_t *error)
{
	mongoc_server_description_t **members;
	StringInfoData list;
	size_t		n;

	if (error->domain != MONGOC_ERROR_SERVER_SELECTION)
		return NULL;
	initStringInfo(&list);
	members = mongoc_client_get_server_descriptions(conn->client, &n);
	for (size_t i = 0; i < n; i++)
	{
		const char *type = mongoc_server_description_type(members[i]);

		if (strcmp(type, "Unknown") != 0)
			appendStringInfo(&list, "%s%s (%s)", list.len > 0 ? ", " : "",
							 mongoc_server_description_host(members[i])->host_and_port, type);
	}
	mongoc_server_descriptions_destroy_all(members, n);
	return list.len > 0 ? list.data : NULL;
}

/*
 * Raises an error of the driver.  Gives up the connection if it caused the
 * error.  `collection` is database.collection, or NULL.
 */
void
ad_connection_report(AdConnection *conn, const char *collection,
					 const bson_error_t *error, const bson_t *reply)
{
	AdErrorSource source;
	bson_error_t lost;

	/*
	 * If the connection was lost in another scan, the driver's error is only
	 * that the client was reset.
	 */
	if (conn->transport.dead && ad_error_kind(error) == AD_ERROR_OF_QUERY)
	{
		bson_set_error(&lost, MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_SOCKET,
					   "the connection was lost by another scan");
		error = &lost;
	}

	source.server = pstrdup(conn->server_name);
	source.collection = collection;
	source.connected = conn->replies > 0 ||
		(conn->transport.peer.welcomed && error->domain == MONGOC_ERROR_STREAM);
	source.system_errno = conn->transport.last_errno;
	source.reasons = pstrdup(conn->transport.reasons);
	source.missed_set = missed_replica_set(conn, error);
	source.members = answering_members(conn, error);
	/* what one member said is not the reason if another one serves */
	source.refusal = conn->transport.peer.welcomed ? NULL : pstrdup(conn->transport.peer.refusal);
	source.flaw = pstrdup(conn->transport.peer.flaw);
	if (ad_error_kind(error) != AD_ERROR_OF_QUERY)
		ad_connection_fail(conn);
	ad_error_report(error, reply, &source);
}
