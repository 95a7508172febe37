/*
 * avoid.h
 *	  Finds constructs that a query must not use.
 */
#ifndef AD_AVOID_H
#define AD_AVOID_H

#include "base/option.h"
#include "query/node.h"

extern bool ad_is_avoided(const AdTableOptions *options, const char *construct);
extern bool ad_has_avoided(const AdTableOptions *options, Node *node);

#endif							/* AD_AVOID_H */
