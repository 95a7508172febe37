/*
 * key_scan.h
 *	  The node that collects the keys of one side of a join.
 */
#ifndef AD_KEY_SCAN_H
#define AD_KEY_SCAN_H

#include "nodes/execnodes.h"

#include "query/query.h"

extern void ad_key_scan_init(void);
extern void ad_key_scan_bind(EState *estate, const AdQuery *query, AdSlot *slots);

#endif							/* AD_KEY_SCAN_H */
