/*
 * keep.h
 *	  Checks that functions about kept sums have in common.
 */
#ifndef AD_KEEP_H
#define AD_KEEP_H

#include "kept/source.h"

extern void ad_kept_check_relation(Oid relid);
extern void ad_kept_source(Oid relid, AdSource *source);

#endif							/* AD_KEEP_H */
