/*
 * scan_path.h
 *	  Paths of scans of foreign tables.
 */
#ifndef AD_SCAN_PATH_H
#define AD_SCAN_PATH_H

#include "nodes/pathnodes.h"

extern void ad_get_foreign_paths(PlannerInfo *root, RelOptInfo *rel,
								 Oid relid);

#endif							/* AD_SCAN_PATH_H */
