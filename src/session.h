/*
 * session.h
 *	  Snapshots that several scans share.
 */
#ifndef AD_SESSION_H
#define AD_SESSION_H

#include "connection.h"

extern mongoc_client_session_t *ad_session_get(AdConnection *conn, MemoryContext statement,
											   bson_error_t *error);

#endif							/* AD_SESSION_H */
