/*
 * merge_scan.c
 *	  The node that names the columns of merged aggregates, or of joined groups.
 *
 * INTERFACE ROUTINES
 *		ad_merge_scan_init		registers the node
 *
 * A custom scan that returns the rows of the plan below it as they are.  Its
 * columns are the expressions that the planner expects of the grouping
 * (plan/group_merge.c), or of what is below it (plan/join_nulls.c).
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/extensible.h"

#include "execute/merge_scan.h"
#include "execute/pass_rows.h"
#include "query/join_nodes.h"

/* callback BeginCustomScan */
static void
begin_merge_scan(CustomScanState *node, EState *estate, int eflags)
{
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;

	node->custom_ps = list_make1(ExecInitNode(linitial(plan->custom_plans), estate, eflags));
}

/* ExecScan() callback: the next row */
static TupleTableSlot *
next_row(ScanState *node)
{
	TupleTableSlot *row = ExecProcNode(linitial(((CustomScanState *) node)->custom_ps));

	ExecClearTuple(node->ss_ScanTupleSlot);
	return TupIsNull(row) ? node->ss_ScanTupleSlot : ad_pass_row(node, row);
}

/* callback ExecCustomScan */
static TupleTableSlot *
exec_merge_scan(CustomScanState *node)
{
	return ExecScan(&node->ss, next_row, ad_pass_recheck);
}

/* callback EndCustomScan */
static void
end_merge_scan(CustomScanState *node)
{
	ExecEndNode(linitial(node->custom_ps));
}

static const CustomExecMethods exec_methods = {
	.CustomName = AD_MERGE_SCAN,
	.BeginCustomScan = begin_merge_scan,
	.ExecCustomScan = exec_merge_scan,
	.EndCustomScan = end_merge_scan,
	.ReScanCustomScan = ad_pass_rescan,
};

/* callback CreateCustomScanState */
static Node *
create_state(CustomScan *plan)
{
	CustomScanState *state = makeNode(CustomScanState);

	state->methods = &exec_methods;
	return (Node *) state;
}

/*
 * Registers the node, so that the planner finds it by its names.
 */
void
ad_merge_scan_init(void)
{
	static const CustomScanMethods methods[] = {
		{.CustomName = AD_MERGE_SCAN, .CreateCustomScanState = create_state},
		{.CustomName = AD_JOINED_GROUPS, .CreateCustomScanState = create_state},
	};

	for (int i = 0; i < lengthof(methods); i++)
		RegisterCustomScanMethods(&methods[i]);
}
