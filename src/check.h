/*
 * check.h
 *	  Messages of the server, checked before the driver reads them.
 */
#ifndef AD_CHECK_H
#define AD_CHECK_H

#include "driver.h"
#include "reply.h"

extern mongoc_stream_t *ad_check_stream_new(mongoc_stream_t *below, AdPeer *peer, uint32 *pending);

#endif							/* AD_CHECK_H */
