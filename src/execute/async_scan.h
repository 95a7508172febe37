/*
 * async_scan.h
 *	  Foreign scans below an Append, for which several servers work at a time.
 */
#ifndef AD_ASYNC_SCAN_H
#define AD_ASYNC_SCAN_H

#include "nodes/execnodes.h"

extern void ad_foreign_async_request(AsyncRequest *request);
extern void ad_foreign_async_configure_wait(AsyncRequest *request);
extern void ad_foreign_async_notify(AsyncRequest *request);

#endif							/* AD_ASYNC_SCAN_H */
