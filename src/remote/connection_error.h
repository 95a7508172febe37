/*
 * connection_error.h
 *	  Reports errors of the driver on a connection.
 */
#ifndef AD_CONNECTION_ERROR_H
#define AD_CONNECTION_ERROR_H

#include "base/compat.h"
#include "remote/connection.h"

extern const char *ad_connection_members(AdConnection *conn, size_t *known);
pg_noreturn extern void ad_connection_report(AdConnection *conn, const char *collection,
											 const bson_error_t *error, const bson_t *reply);

#endif							/* AD_CONNECTION_ERROR_H */
