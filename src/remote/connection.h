/*
 * connection.h
 *	  The backend's cache of MongoDB clients, one for each server and user.
 *
 * A caller uses a connection as follows:
 *
 *		conn = ad_connection_get(serverid, userid);
 *		ad_connection_enter(conn);
 *		... calls of the driver with conn->client ...
 *		ad_connection_leave(conn);
 *		ad_connection_release(conn);
 *
 * Nothing between enter and leave may throw.  If an interrupt or an error
 * ended a wait in between, ad_connection_leave() throws.
 * ad_connection_reserve() is for a cursor that leaves the reply to a command
 * pending: other users get other connections, if there are any.
 * ad_connection_fail() gives up a client whose connection has failed.  Its
 * users can still destroy their driver objects, but the client no longer
 * sends anything.
 */
#ifndef AD_CONNECTION_H
#define AD_CONNECTION_H

#include "lib/ilist.h"
#include "utils/timestamp.h"

#include "base/driver.h"
#include "base/option.h"
#include "remote/stream.h"

typedef struct AdConnection
{
	dlist_node	node;			/* in the backend's list of connections */
	Oid			serverid;
	Oid			userid;
	Oid			mappingid;		/* InvalidOid: no user mapping */
	/* syscache hash values of server, user and mapping, to notice changes */
	uint32		server_hash;
	uint32		user_hash;
	uint32		mapping_hash;
	MemoryContext context;		/* holds this struct */
	char	   *server_name;
	int			selection_timeout_ms;	/* how long to look for a suitable
										 * member */
	AdSnapshot	snapshot;

	mongoc_client_t *client;
	AdTransport transport;
	int			pins;			/* number of users that have not released it */
	bool		reserved;		/* is one of them a cursor that may have a
								 * promised reply? */
	uint64		last_use;		/* number of its last use, to find the oldest */
	bool		stale;			/* its options have changed, so it takes no
								 * new users */
	bool		busy;			/* the backend is inside the driver */
	int64		replies;		/* replies to commands so far */
	const char *topology;		/* the driver's name for the topology type */
	TimestampTz made_at;
} AdConnection;

extern Oid	ad_connection_mapping(Oid serverid, Oid userid);
extern const char *ad_connection_comment(void);
extern dlist_head *ad_connection_list(void);
extern AdConnection *ad_connection_get(Oid serverid, Oid userid);
extern bool ad_connection_can_reserve(Oid serverid, Oid userid);
extern AdConnection *ad_connection_reserve(Oid serverid, Oid userid);
extern void ad_connection_release(AdConnection *conn);
extern void ad_connection_fail(AdConnection *conn);
extern bool ad_connection_retire(Oid serverid);
extern void ad_connection_enter(AdConnection *conn);
extern void ad_connection_leave(AdConnection *conn);
extern void ad_connection_enter_quietly(AdConnection *conn);
extern void ad_connection_leave_quietly(AdConnection *conn);

#endif							/* AD_CONNECTION_H */
