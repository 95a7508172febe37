/*
 * scan.h
 *	  Execute foreign scans, including grouping and joins that are pushed down.
 */
#ifndef AD_SCAN_H
#define AD_SCAN_H

#include "nodes/execnodes.h"

struct ExplainState;

extern void ad_begin_foreign_scan(ForeignScanState *node, int eflags);
extern TupleTableSlot *ad_iterate_foreign_scan(ForeignScanState *node);
extern void ad_rescan_foreign_scan(ForeignScanState *node);
extern void ad_end_foreign_scan(ForeignScanState *node);
extern void ad_explain_foreign_scan(ForeignScanState *node, struct ExplainState *es);

#endif							/* AD_SCAN_H */
