/*
 * async.h
 *	  Scans for which several servers work at a time.
 */
#ifndef AD_ASYNC_H
#define AD_ASYNC_H

#include "nodes/pathnodes.h"

extern bool ad_is_foreign_path_async_capable(ForeignPath *path);
extern void ad_prefer_async(PlannerInfo *root, double documents, Path *path);

#endif							/* AD_ASYNC_H */
