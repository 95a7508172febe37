/*
 * slice_merge.c
 *	  Merge the rows of distinct values into one row of aggregates.
 *
 * INTERFACE ROUTINES
 *		ad_slice_merge_init		register the custom scan
 *
 * The node below (plan/slice_merge.c) returns one row for each distinct value,
 * with the results of other aggregates over the documents that have it.  This
 * custom scan returns one row: the number of distinct values that are not
 * null, and the combined results.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/extensible.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "execute/slice_merge.h"

/* one column of the row that the scan returns */
typedef struct AdSliceMergeColumn
{
	int			source;			/* column of the rows below, from 0 */
	bool		counts;			/* is it the number of distinct values? */
	bool		is_count;		/* is it 0, and not null, if there are no
								 * rows? */
	FmgrInfo	combine;		/* combines two results, unless it counts */
	Oid			collation;
	int16		typlen;
	bool		typbyval;
	Datum		value;
	bool		isnull;
} AdSliceMergeColumn;

typedef struct AdSliceMergeState
{
	CustomScanState base;		/* must be first, because PostgreSQL sees this */
	int			ncolumns;
	AdSliceMergeColumn *columns;
	MemoryContext context;		/* holds the values */
	bool		returned;		/* has the row been returned? */
} AdSliceMergeState;

static Node *create_state(CustomScan *scan);
static void begin(CustomScanState *node, EState *estate, int eflags);
static TupleTableSlot *execute(CustomScanState *node);
static void end(CustomScanState *node);
static void rescan(CustomScanState *node);

static const CustomScanMethods scan_methods = {
	.CustomName = "MergeSlices",
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = "MergeSlices",
	.BeginCustomScan = begin,
	.ExecCustomScan = execute,
	.EndCustomScan = end,
	.ReScanCustomScan = rescan,
};

/*
 * Called when the module is loaded: make the custom scan known.
 */
void
ad_slice_merge_init(void)
{
	RegisterCustomScanMethods(&scan_methods);
}

/* callback CreateCustomScanState */
static Node *
create_state(CustomScan *scan)
{
	AdSliceMergeState *state = palloc0(sizeof(AdSliceMergeState));

	NodeSetTag(state, T_CustomScanState);
	state->base.methods = &exec_methods;
	return (Node *) state;
}

/* prepare the column of an aggregate */
static void
init_column(AdSliceMergeColumn *column, const Aggref *aggref, Oid function, int source)
{
	column->source = source;
	column->counts = !OidIsValid(function);
	/* of the aggregates, only counts are not null over nothing */
	column->is_count = aggref->aggfnoid == F_COUNT_ || aggref->aggfnoid == F_COUNT_ANY;
	if (!column->counts)
		fmgr_info(function, &column->combine);
	column->collation = aggref->inputcollid;
	get_typlenbyval(aggref->aggtype, &column->typlen, &column->typbyval);
}

/* callback BeginCustomScan */
static void
begin(CustomScanState *node, EState *estate, int eflags)
{
	AdSliceMergeState *state = (AdSliceMergeState *) node;
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;
	ListCell   *lc;

	node->custom_ps = list_make1(ExecInitNode(linitial(scan->custom_plans), estate, eflags));
	state->ncolumns = list_length(scan->custom_scan_tlist);
	state->columns = palloc0(state->ncolumns * sizeof(AdSliceMergeColumn));
	foreach(lc, scan->custom_scan_tlist)
	{
		int			i = foreach_current_index(lc);

		init_column(&state->columns[i], castNode(Aggref, lfirst_node(TargetEntry, lc)->expr),
					list_nth_oid(linitial(scan->custom_private), i),
					list_nth_int(lsecond(scan->custom_private), i));
	}
	state->context = AllocSetContextCreate(CurrentMemoryContext, "admin_dashboard merge",
										   ALLOCSET_DEFAULT_SIZES);
}

/* combine the column's value with that of another row */
static void
add_value(AdSliceMergeState *state, AdSliceMergeColumn *column, Datum value, bool isnull)
{
	LOCAL_FCINFO(fcinfo, 2);
	MemoryContext old;
	Datum		result;
	Datum		previous = column->value;

	if (column->counts)
	{
		column->value = Int64GetDatum((column->isnull ? 0 : DatumGetInt64(column->value)) + !isnull);
		column->isnull = false;
		return;
	}
	if (isnull && column->combine.fn_strict)
		return;
	if (column->isnull && column->combine.fn_strict)
	{
		old = MemoryContextSwitchTo(state->context);
		column->value = datumCopy(value, column->typbyval, column->typlen);
		column->isnull = false;
		MemoryContextSwitchTo(old);
		return;
	}
	InitFunctionCallInfoData(*fcinfo, &column->combine, 2, column->collation, NULL, NULL);
	fcinfo->args[0].value = column->value;
	fcinfo->args[0].isnull = column->isnull;
	fcinfo->args[1].value = value;
	fcinfo->args[1].isnull = isnull;
	result = FunctionCallInvoke(fcinfo);
	column->isnull = fcinfo->isnull;
	if (column->typbyval || column->isnull)
	{
		column->value = result;
		return;
	}
	if (DatumGetPointer(result) == DatumGetPointer(previous))
		return;
	old = MemoryContextSwitchTo(state->context);
	column->value = datumCopy(result, false, column->typlen);
	MemoryContextSwitchTo(old);
	if (previous != (Datum) 0)
		pfree(DatumGetPointer(previous));
}

/* read the rows below, and merge them */
static void
merge_rows(AdSliceMergeState *state)
{
	PlanState  *below = linitial(state->base.custom_ps);
	ExprContext *econtext = state->base.ss.ps.ps_ExprContext;
	TupleTableSlot *row;

	for (int i = 0; i < state->ncolumns; i++)
	{
		state->columns[i].value = (Datum) 0;
		state->columns[i].isnull = true;
	}
	while (row = ExecProcNode(below), !TupIsNull(row))
	{
		MemoryContext old = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);

		slot_getallattrs(row);
		for (int i = 0; i < state->ncolumns; i++)
			add_value(state, &state->columns[i], row->tts_values[state->columns[i].source],
					  row->tts_isnull[state->columns[i].source]);
		MemoryContextSwitchTo(old);
		ResetExprContext(econtext);
	}
}

/* access method of ExecScan: returns the one row */
static TupleTableSlot *
next_row(ScanState *node)
{
	AdSliceMergeState *state = (AdSliceMergeState *) node;
	TupleTableSlot *slot = node->ss_ScanTupleSlot;

	ExecClearTuple(slot);
	if (state->returned)
		return slot;
	merge_rows(state);
	for (int i = 0; i < state->ncolumns; i++)
	{
		const AdSliceMergeColumn *column = &state->columns[i];

		slot->tts_values[i] = column->isnull ? Int64GetDatum(0) : column->value;
		slot->tts_isnull[i] = column->isnull && !column->is_count;
	}
	state->returned = true;
	return ExecStoreVirtualTuple(slot);
}

/* recheck method of ExecScan: no row is locked, so none is rechecked */
static bool
recheck(ScanState *node, TupleTableSlot *slot)
{
	return true;
}

/* callback ExecCustomScan */
static TupleTableSlot *
execute(CustomScanState *node)
{
	return ExecScan(&node->ss, next_row, recheck);
}

/* callback EndCustomScan */
static void
end(CustomScanState *node)
{
	ExecEndNode(linitial(node->custom_ps));
}

/* callback ReScanCustomScan */
static void
rescan(CustomScanState *node)
{
	AdSliceMergeState *state = (AdSliceMergeState *) node;
	PlanState  *below = linitial(node->custom_ps);

	if (node->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(below, node->ss.ps.chgParam);
	if (below->chgParam == NULL)
		ExecReScan(below);
	MemoryContextReset(state->context);
	state->returned = false;
}
