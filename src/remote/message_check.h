/*
 * message_check.h
 *	  Checks the messages of a server before the driver reads them.
 */
#ifndef AD_MESSAGE_CHECK_H
#define AD_MESSAGE_CHECK_H

#include "base/driver.h"
#include "remote/reply_check.h"

extern mongoc_stream_t *ad_check_stream_new(mongoc_stream_t *below, AdPeer *peer, uint32 *pending);

#endif							/* AD_MESSAGE_CHECK_H */
