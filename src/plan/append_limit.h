/*
 * append_limit.h
 *	  ORDER BY and LIMIT of several tables in MongoDB.
 */
#ifndef AD_APPEND_LIMIT_H
#define AD_APPEND_LIMIT_H

#include "nodes/pathnodes.h"

extern void ad_append_limit_init(void);
extern bool ad_append_limit_path(PlannerInfo *root, RelOptInfo *rel);

#endif							/* AD_APPEND_LIMIT_H */
