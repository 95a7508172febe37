/*
 * driver.h
 *	  The MongoDB C driver, and all differences between its versions.
 *
 * Only this file includes the driver's header and tests its version.  Only
 * files that own objects of the driver include this one.
 *
 * We use what is the same in 1.23 and 2.x.  The public headers of both
 * declare the members of mongoc_stream_t and
 * mongoc_client_set_stream_initiator().
 */
#ifndef AD_DRIVER_H
#define AD_DRIVER_H

#include <mongoc/mongoc.h>

#if !MONGOC_CHECK_VERSION(1, 23, 0)
#error "libmongoc 1.23 or later is needed"
#endif

#endif							/* AD_DRIVER_H */
