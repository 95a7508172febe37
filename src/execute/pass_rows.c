/*
 * pass_rows.c
 *	  What custom scans that return the rows of one plan below them have in
 *	  common.
 *
 * plan/custom_path.c makes their paths and plans.
 */
#include "postgres.h"

#include "executor/executor.h"

#include "execute/pass_rows.h"

/*
 * Returns a row as that of the node's own slot, without a copy of its values.
 */
TupleTableSlot *
ad_pass_row(ScanState *node, TupleTableSlot *row)
{
	TupleTableSlot *slot = node->ss_ScanTupleSlot;

	slot_getallattrs(row);
	memcpy(slot->tts_values, row->tts_values, slot->tts_tupleDescriptor->natts * sizeof(Datum));
	memcpy(slot->tts_isnull, row->tts_isnull, slot->tts_tupleDescriptor->natts * sizeof(bool));
	return ExecStoreVirtualTuple(slot);
}

/*
 * ExecScan() callback: the rows are not checked again.
 */
bool
ad_pass_recheck(ScanState *node, TupleTableSlot *slot)
{
	return true;
}

/*
 * Starts the plan below the node again, which callback ReScanCustomScan has
 * to do.
 */
void
ad_pass_rescan(CustomScanState *node)
{
	PlanState  *child = linitial(node->custom_ps);

	if (node->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(child, node->ss.ps.chgParam);
	if (child->chgParam == NULL)
		ExecReScan(child);
	ExecScanReScan(&node->ss);
}
