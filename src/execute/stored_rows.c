/*
 * stored_rows.c
 *	  The tuples of a scan in a tuplestore: those that are held until no group
 *	  is in doubt, and those that are kept for rescans.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/tuplestore.h"

#include "execute/stored_rows.h"

/*
 * Makes the slot for reading tuples that are stored, unless it is there.
 */
void
ad_make_stored_slot(ForeignScanState *node, AdScanState *state)
{
	if (state->held_slot == NULL)
		state->held_slot = ExecInitExtraTupleSlot(node->ss.ps.state,
												  node->ss.ss_ScanTupleSlot->tts_tupleDescriptor,
												  &TTSOpsMinimalTuple);
}

/*
 * Returns the next of the tuples in a tuplestore, or an empty slot at the end.
 *
 * PostgreSQL calls us in the memory of one row.  A tuple that comes from a
 * temporary file belongs to the slot until the next one, so it must not be
 * there.
 */
TupleTableSlot *
ad_next_stored(ForeignScanState *node, AdScanState *state, Tuplestorestate *tuples)
{
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	MemoryContext old = MemoryContextSwitchTo(state->statement_cxt);
	bool		found = tuplestore_gettupleslot(tuples, true, false, state->held_slot);

	MemoryContextSwitchTo(old);
	return found ? ExecCopySlot(slot, state->held_slot) : ExecClearTuple(slot);
}

/*
 * Begins to keep the tuples of the next scan.
 */
void
ad_begin_to_keep(ForeignScanState *node, AdScanState *state)
{
	MemoryContext old = MemoryContextSwitchTo(state->statement_cxt);

	state->kept = tuplestore_begin_heap(false, false, work_mem);
	ad_make_stored_slot(node, state);
	MemoryContextSwitchTo(old);
}

/*
 * Returns the next of the tuples that are kept; after the last one the next
 * tuple of the scan, which is then kept, too.
 */
TupleTableSlot *
ad_next_kept(ForeignScanState *node, AdScanState *state, AdNextTuple next)
{
	TupleTableSlot *slot;

	if (!tuplestore_ateof(state->kept))
	{
		slot = ad_next_stored(node, state, state->kept);
		if (!TupIsNull(slot))
			return slot;
	}
	if (state->all_kept)
		return ExecClearTuple(node->ss.ss_ScanTupleSlot);
	slot = next(node, state);
	if (TupIsNull(slot))
		state->all_kept = true;
	else
		tuplestore_puttupleslot(state->kept, slot); /* and moves behind it */
	return slot;
}

/*
 * Releases the tuples that are kept, if there are any.
 */
void
ad_release_kept(AdScanState *state)
{
	if (state->kept == NULL)
		return;
	ExecClearTuple(state->held_slot);
	tuplestore_end(state->kept);
	state->kept = NULL;
	state->all_kept = false;
}
