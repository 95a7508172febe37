/*
 * stored_rows.h
 *	  The tuples of a scan in a tuplestore.
 */
#ifndef AD_STORED_ROWS_H
#define AD_STORED_ROWS_H

#include "execute/scan_state.h"

/* returns the next tuple of a scan, or an empty slot at the end */
typedef TupleTableSlot *(*AdNextTuple) (ForeignScanState *node, AdScanState *state);

extern TupleTableSlot *ad_next_stored(ForeignScanState *node, AdScanState *state,
									  Tuplestorestate *tuples);
extern void ad_begin_to_keep(AdScanState *state);
extern TupleTableSlot *ad_next_kept(ForeignScanState *node, AdScanState *state, AdNextTuple next);
extern void ad_release_stored(AdScanState *state, Tuplestorestate **tuples);

#endif							/* AD_STORED_ROWS_H */
