/*
 * driver.h
 *	  The MongoDB C driver, and every difference between its versions.
 *
 * The only file that includes the driver's header or tests its version; it is
 * itself included by what owns driver objects and by nothing else.
 *
 * The sources use what is alike in 1.23 and 2.x.  The members of
 * mongoc_stream_t and mongoc_client_set_stream_initiator are declared in the
 * public headers of both.
 */
#ifndef AD_DRIVER_H
#define AD_DRIVER_H

#include <mongoc/mongoc.h>

#if !MONGOC_CHECK_VERSION(1, 23, 0)
#error "libmongoc 1.23 or later is needed"
#endif

#endif							/* AD_DRIVER_H */
