/*
 * snapshot.h
 *	  Snapshots of MongoDB that several scans share.
 */
#ifndef AD_SNAPSHOT_H
#define AD_SNAPSHOT_H

#include "remote/connection.h"

/* a session of the driver, whose snapshot the scans read */
typedef struct AdSession AdSession;

extern AdSession *ad_session_get(AdConnection *conn, MemoryContext statement,
								 bson_error_t *error);
extern mongoc_client_session_t *ad_session_driver(AdSession *session);
extern void ad_session_release(AdSession *session);

#endif							/* AD_SNAPSHOT_H */
