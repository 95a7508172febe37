/*
 * pass_rows.h
 *	  What custom scans that return the rows of one plan below them have in
 *	  common.
 */
#ifndef AD_PASS_ROWS_H
#define AD_PASS_ROWS_H

#include "nodes/execnodes.h"

extern TupleTableSlot *ad_pass_row(ScanState *node, TupleTableSlot *row);
extern bool ad_pass_recheck(ScanState *node, TupleTableSlot *slot);
extern void ad_pass_rescan(CustomScanState *node);

#endif							/* AD_PASS_ROWS_H */
