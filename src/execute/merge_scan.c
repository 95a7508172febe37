/*
 * merge_scan.c
 *	  The node that names the columns of merged aggregates.
 *
 * INTERFACE ROUTINES
 *		ad_merge_scan_init		registers the node
 *
 * A custom scan that returns the rows of the plan below it as they are.  Its
 * columns are the expressions that the planner expects of the grouping
 * (plan/join_merge.c).
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/extensible.h"

#include "execute/merge_scan.h"
#include "query/join_nodes.h"

/* callback BeginCustomScan */
static void
begin_merge_scan(CustomScanState * node, EState *estate, int eflags)
{
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;

	node->custom_ps = list_make1(ExecInitNode(linitial(plan->custom_plans), estate, eflags));
}

/* ExecScan() callback: the next row, without a copy of its values */
static TupleTableSlot *
next_row(ScanState * node)
{
	TupleTableSlot *slot = node->ss_ScanTupleSlot;
	TupleTableSlot *row = ExecProcNode(linitial(((CustomScanState *) node)->custom_ps));

	ExecClearTuple(slot);
	if (TupIsNull(row))
		return slot;
	slot_getallattrs(row);
	memcpy(slot->tts_values, row->tts_values, slot->tts_tupleDescriptor->natts * sizeof(Datum));
	memcpy(slot->tts_isnull, row->tts_isnull, slot->tts_tupleDescriptor->natts * sizeof(bool));
	return ExecStoreVirtualTuple(slot);
}

/* ExecScan() callback: groups are not checked again */
static bool
recheck_row(ScanState * node, TupleTableSlot *slot)
{
	return true;
}

/* callback ExecCustomScan */
static TupleTableSlot *
exec_merge_scan(CustomScanState * node)
{
	return ExecScan(&node->ss, next_row, recheck_row);
}

/* callback EndCustomScan */
static void
end_merge_scan(CustomScanState * node)
{
	ExecEndNode(linitial(node->custom_ps));
}

/* callback ReScanCustomScan */
static void
rescan_merge_scan(CustomScanState * node)
{
	PlanState  *child = linitial(node->custom_ps);

	if (node->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(child, node->ss.ps.chgParam);
	if (child->chgParam == NULL)
		ExecReScan(child);
	ExecScanReScan(&node->ss);
}

static const CustomExecMethods exec_methods = {
	.CustomName = AD_MERGE_SCAN,
	.BeginCustomScan = begin_merge_scan,
	.ExecCustomScan = exec_merge_scan,
	.EndCustomScan = end_merge_scan,
	.ReScanCustomScan = rescan_merge_scan,
};

/* callback CreateCustomScanState */
static Node *
create_state(CustomScan * plan)
{
	CustomScanState *state = makeNode(CustomScanState);

	state->methods = &exec_methods;
	return (Node *) state;
}

/*
 * Registers the node, so that the planner finds it by its name.
 */
void
ad_merge_scan_init(void)
{
	static const CustomScanMethods methods = {
		.CustomName = AD_MERGE_SCAN,
		.CreateCustomScanState = create_state,
	};

	RegisterCustomScanMethods(&methods);
}
