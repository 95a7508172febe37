/*
 * scan_tuple.h
 *	  The tuple of a foreign scan, made from the decoded fields of a document.
 */
#ifndef AD_SCAN_TUPLE_H
#define AD_SCAN_TUPLE_H

#include "execute/scan_state.h"

extern void ad_fill_tuple(AdScanState *state, const AdFieldValue *values, TupleTableSlot *slot);
extern void ad_fill_empty(AdScanState *state, TupleTableSlot *slot);

#endif							/* AD_SCAN_TUPLE_H */
