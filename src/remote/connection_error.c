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
 * Returns the hosts of the topology that have answered, with what they are,
 * palloc'd, or NULL if none has.  Sets *known to the number of all hosts in it.
 */
const char *
ad_connection_members(AdConnection *conn, size_t *known)
{
	size_t		n;
	mongoc_server_description_t **members =
	mongoc_client_get_server_descriptions(conn->client, &n);
	StringInfoData list;

	initStringInfo(&list);
	for (size_t i = 0; i < n; i++)
	{
		const char *type = mongoc_server_description_type(members[i]);

		if (strcmp(type, "Unknown") != 0)
			appendStringInfo(&list, "%s%s (%s)", list.len > 0 ? ", " : "",
							 mongoc_server_description_host(members[i])->host_and_port, type);
	}
	mongoc_server_descriptions_destroy_all(members, n);
	*known = n;
	return list.len > 0 ? list.data : NULL;
}

/*
 * No server could be selected.  Fills in what the topology says of the reason.
 */
static void
explain_selection(AdConnection *conn, AdErrorSource *source)
{
	const char *set = mongoc_uri_get_replica_set(mongoc_client_get_uri(conn->client));
	size_t		known;

	source->members = ad_connection_members(conn, &known);

	/*
	 * The driver forgets a host that reports another replica set, or none.  A
	 * host that did not answer, or not this, may be a member.
	 */
	if (set != NULL && known == 0 &&
		conn->transport.reasons[0] == '\0' && conn->transport.peer.refusal[0] == '\0')
		source->missed_set = pstrdup(set);
}

/*
 * Raises an error of the driver.  Gives up the connection if it caused the
 * error.  `collection` is database.collection, or NULL.
 */
void
ad_connection_report(AdConnection *conn, const char *collection,
					 const bson_error_t *error, const bson_t *reply)
{
	AdErrorSource source = {0};
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
	if (error->domain == MONGOC_ERROR_SERVER_SELECTION)
		explain_selection(conn, &source);
	/* what one member said is not the reason if another one serves */
	source.refusal = conn->transport.peer.welcomed ? NULL : pstrdup(conn->transport.peer.refusal);
	source.flaw = pstrdup(conn->transport.peer.flaw);
	if (ad_error_kind(error) != AD_ERROR_OF_QUERY)
		ad_connection_fail(conn);
	ad_error_report(error, reply, &source);
}
