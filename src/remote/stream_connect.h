/*
 * stream_connect.h
 *	  Connects a stream to a host, with TLS if the URI asks for it.
 */
#ifndef AD_STREAM_CONNECT_H
#define AD_STREAM_CONNECT_H

#include "remote/stream.h"

extern mongoc_stream_t *ad_stream_initiate(const mongoc_uri_t *uri,
										   const mongoc_host_list_t *host,
										   void *user_data,
										   bson_error_t *error);

#endif							/* AD_STREAM_CONNECT_H */
