/*
 * message_check.h
 *	  Checks the messages of a server before the driver reads them.
 */
#ifndef AD_MESSAGE_CHECK_H
#define AD_MESSAGE_CHECK_H

#include "base/driver.h"
#include "remote/stream.h"

extern mongoc_stream_t *ad_check_stream_new(mongoc_stream_t *below, AdPeer *peer, AdStream *socket);

#endif							/* AD_MESSAGE_CHECK_H */
