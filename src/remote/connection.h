/*
 * connection.h
 *	  The backend's cache of MongoDB clients, one per server and user.
 *
 * How to use one:
 *
 *		conn = ad_connection_get(serverid, userid);
 *		ad_connection_enter(conn);
 *		... calls of the driver with conn->client ...
 *		ad_connection_leave(conn);
 *		ad_connection_release(conn);
 *
 * Nothing between enter and leave may throw; leave throws if an interrupt or
 * an error ended a wait meanwhile.  A client whose connection failed is given
 * up with ad_connection_fail(): whoever holds it can still destroy what it has
 * of it, and nothing is sent any more.
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
	uint32		server_hash;	/* syscache hash values of the three, to
								 * notice */
	uint32		user_hash;		/* changes */
	uint32		mapping_hash;
	MemoryContext context;		/* holds this struct */
	char	   *server_name;
	int			selection_timeout_ms;
	AdSnapshot	snapshot;

	mongoc_client_t *client;
	AdTransport transport;
	int			pins;			/* users that have not released it */
	bool		stale;			/* options changed: not for new users */
	bool		busy;			/* inside the driver */
	int64		replies;		/* to commands, since it was made */
	const char *topology;		/* the driver's word for the deployment */
	TimestampTz made_at;
} AdConnection;

extern dlist_head *ad_connection_list(void);
extern AdConnection *ad_connection_get(Oid serverid, Oid userid);
extern void ad_connection_release(AdConnection *conn);
extern void ad_connection_fail(AdConnection *conn);
extern bool ad_connection_retire(Oid serverid);
extern void ad_connection_enter(AdConnection *conn);
extern void ad_connection_leave(AdConnection *conn);
extern void ad_connection_enter_quietly(AdConnection *conn);
extern void ad_connection_leave_quietly(AdConnection *conn);

#endif							/* AD_CONNECTION_H */
