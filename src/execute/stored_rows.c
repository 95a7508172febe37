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
	bool		found;

	if (state->stored_slot == NULL)
		state->stored_slot = ExecInitExtraTupleSlot(node->ss.ps.state, slot->tts_tupleDescriptor,
													&TTSOpsMinimalTuple);
	found = tuplestore_gettupleslot(tuples, true, false, state->stored_slot);
	MemoryContextSwitchTo(old);
	return found ? ExecCopySlot(slot, state->stored_slot) : ExecClearTuple(slot);
}

/*
 * Begins to keep the tuples of the next scan.
 */
void
ad_begin_to_keep(AdScanState *state)
{
	MemoryContext old = MemoryContextSwitchTo(state->statement_cxt);

	state->kept = tuplestore_begin_heap(false, false, work_mem);
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
	slot = next(node, state);
	if (!TupIsNull(slot))
		tuplestore_puttupleslot(state->kept, slot); /* and moves behind it */
	return slot;
}

/*
 * Releases the tuples in a tuplestore of the scan, if there is one.
 */
void
ad_release_stored(AdScanState *state, Tuplestorestate **tuples)
{
	if (*tuples == NULL)
		return;
	if (state->stored_slot != NULL)
		ExecClearTuple(state->stored_slot);
	tuplestore_end(*tuples);
	*tuples = NULL;
}
