/*
 * key_scan.c
 *	  The nodes that collect keys for a scan that waits for them.
 *
 * INTERFACE ROUTINES
 *		ad_key_scan_init		registers the nodes
 *		ad_key_scan_bind		returns the keys, as an array
 *
 * A custom scan returns the rows of the plan below it, and keeps their keys.
 * The foreign scan of the join's other side asks for them when it starts
 * (plan/join_keys.c).  If not all rows have been read by then, they are read
 * into a tuplestore, from which they are returned later.
 *
 * The scan finds the node by a parameter of the executor, as a worktable scan
 * finds its union.
 *
 * The keys are a set.  Duplicates are removed when the list of keys is full;
 * if there are too many keys even so, they are forgotten.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/extensible.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "execute/key_scan.h"
#include "execute/pass_rows.h"
#include "query/join_nodes.h"

/* keys in the list before duplicates are removed, and the bytes they may have */
#define LIST_LENGTH			(2 * AD_MAX_JOIN_KEYS)
#define LIST_BYTES			(1024 * 1024)

/* what the node that finds the first values of an order knows */
typedef struct AdFirstRows
{
	ExprState  *count;			/* the number of rows with the value */
	ExprState  *order;			/* the key of the order */
	TypeCacheEntry *type;		/* of that */
	Oid			collation;
	int64		wanted;			/* the limit */
	bool		reads_null;		/* does the scan read rows of null anyway? */
	int64		found;			/* sum of the counts */
	Datum		value;			/* the last key of the order */
	bool		isnull;
} AdFirstRows;

typedef struct AdKeyScanState
{
	CustomScanState node;
	PlanState  *child;
	ExprState  *key;
	TypeCacheEntry *type;		/* of the keys */
	MemoryContext memory;		/* holds the keys */
	Datum	   *keys;
	int			count;
	Size		bytes;
	bool		too_many;
	bool		complete;		/* have all rows been read? */
	AdFirstRows *first;			/* if only the first values are keys; or NULL */
	Tuplestorestate *rows;		/* those read ahead; or NULL */
	TupleTableSlot *stored;		/* one of them */
} AdKeyScanState;

/* qsort_arg() callback */
static int
compare_keys(const void *a, const void *b, void *arg)
{
	AdKeyScanState *state = arg;

	CHECK_FOR_INTERRUPTS();
	return DatumGetInt32(FunctionCall2Coll(&state->type->cmp_proc_finfo, C_COLLATION_OID,
										   *(const Datum *) a, *(const Datum *) b));
}

/* begin with no keys */
static void
clear_keys(AdKeyScanState *state)
{
	MemoryContextReset(state->memory);
	state->keys = NULL;
	state->count = 0;
	state->bytes = 0;
	state->too_many = false;
}

/* remove duplicates from the keys; forget them all if they are too many */
static void
remove_duplicates(AdKeyScanState *state)
{
	int			kept = 0;

	if (state->count == 0)
		return;
	qsort_arg(state->keys, state->count, sizeof(Datum), compare_keys, state);
	state->bytes = 0;
	for (int i = 0; i < state->count; i++)
	{
		if (kept > 0 && compare_keys(&state->keys[kept - 1], &state->keys[i], state) == 0)
		{
			if (!state->type->typbyval)
				pfree(DatumGetPointer(state->keys[i]));
			continue;
		}
		state->keys[kept++] = state->keys[i];
		state->bytes += datumGetSize(state->keys[i], state->type->typbyval, state->type->typlen);
	}
	state->count = kept;
	if (kept > AD_MAX_JOIN_KEYS || state->bytes > LIST_BYTES / 2)
	{
		clear_keys(state);
		state->too_many = true;
	}
}

/* let the node's expressions read the row */
static void
set_row(AdKeyScanState *state, TupleTableSlot *row)
{
	ExprContext *econtext = state->node.ss.ps.ps_ExprContext;

	ResetExprContext(econtext);
	/* they expect a slot of the node's own kind */
	slot_getallattrs(row);
	econtext->ecxt_scantuple = row;
}

/* keep the key of the row that is set */
static void
add_key(AdKeyScanState *state)
{
	ExprContext *econtext = state->node.ss.ps.ps_ExprContext;
	Datum		key;
	bool		isnull;
	MemoryContext old;

	key = ExecEvalExprSwitchContext(state->key, econtext, &isnull);
	if (isnull)
	{
		state->too_many = state->first != NULL && !state->first->reads_null;
		return;
	}
	old = MemoryContextSwitchTo(state->memory);
	if (state->keys == NULL)
		state->keys = palloc(LIST_LENGTH * sizeof(Datum));
	if (state->type->typlen == -1)
		key = PointerGetDatum(PG_DETOAST_DATUM_COPY(key));
	else
		key = datumCopy(key, state->type->typbyval, state->type->typlen);
	state->bytes += datumGetSize(key, state->type->typbyval, state->type->typlen);
	state->keys[state->count++] = key;
	MemoryContextSwitchTo(old);
	if (state->count == LIST_LENGTH || state->bytes > LIST_BYTES)
		remove_duplicates(state);
}

/*
 * Return the next row of the plan below and keep its key; NULL at the end.
 */
static TupleTableSlot *
read_row(AdKeyScanState *state)
{
	TupleTableSlot *row = ExecProcNode(state->child);

	if (!TupIsNull(row))
	{
		if (!state->too_many)
		{
			set_row(state, row);
			add_key(state);
		}
		return row;
	}
	state->complete = true;
	remove_duplicates(state);
	return NULL;
}

/*
 * Whether the key of the order is that of the row before.
 */
static bool
is_tie(AdFirstRows *first, Datum value, bool isnull)
{
	if (isnull || first->isnull)
		return isnull && first->isnull;
	return DatumGetInt32(FunctionCall2Coll(&first->type->cmp_proc_finfo, first->collation,
										   first->value, value)) == 0;
}

/* keep the key of the order, to be compared with that of the next row */
static void
keep_order(AdFirstRows *first, MemoryContext memory, Datum value, bool isnull)
{
	MemoryContext old = MemoryContextSwitchTo(memory);

	if (!first->type->typbyval && !first->isnull)
		pfree(DatumGetPointer(first->value));
	first->isnull = isnull;
	if (!isnull)
		first->value = datumCopy(value, first->type->typbyval, first->type->typlen);
	MemoryContextSwitchTo(old);
}

/*
 * Take the next row of a value and its count.  Returns false if the rows
 * before are as many as the limit needs, and this one is no tie.
 */
static bool
take_value(AdKeyScanState *state, TupleTableSlot *row)
{
	AdFirstRows *first = state->first;
	ExprContext *econtext = state->node.ss.ps.ps_ExprContext;
	Datum		value;
	bool		isnull;

	set_row(state, row);
	value = ExecEvalExprSwitchContext(first->order, econtext, &isnull);
	if (first->found >= first->wanted && !is_tie(first, value, isnull))
		return false;
	keep_order(first, state->memory, value, isnull);
	first->found += DatumGetInt64(ExecEvalExprSwitchContext(first->count, econtext, &isnull));
	add_key(state);
	return !state->too_many;
}

/*
 * Read values and counts, in their order, until these are as many rows as the
 * limit needs.
 */
static void
find_first(AdKeyScanState *state)
{
	NodeInstrumentation *instrument = state->node.ss.ps.instrument;
	TupleTableSlot *row;

	/* nobody executes the node, so nobody else counts for EXPLAIN ANALYZE */
	if (instrument != NULL)
		InstrStartNode(instrument);
	state->first->found = 0;
	state->first->isnull = true;
	do
	{
		CHECK_FOR_INTERRUPTS();
		row = ExecProcNode(state->child);
	} while (!TupIsNull(row) && take_value(state, row));
	state->complete = true;
	remove_duplicates(state);
	if (instrument != NULL)
		InstrStopNode(instrument, state->count);
}

/*
 * Read the rows that are left, to be returned later.  The join may still need
 * the last row that it got.
 */
static void
read_ahead(AdKeyScanState *state)
{
	TupleTableSlot *returned = state->node.ss.ss_ScanTupleSlot;
	TupleTableSlot *row;
	MemoryContext old = MemoryContextSwitchTo(state->node.ss.ps.state->es_query_cxt);

	/* what the plan below depends on may have changed */
	if (state->node.ss.ps.chgParam != NULL)
		ExecReScan(&state->node.ss.ps);
	if (!state->complete && state->first != NULL)
		find_first(state);
	else if (!state->complete)
	{
		if (!TupIsNull(returned))
			ExecMaterializeSlot(returned);
		state->rows = tuplestore_begin_heap(false, false, work_mem);
		while ((row = read_row(state)) != NULL)
		{
			CHECK_FOR_INTERRUPTS();
			tuplestore_puttupleslot(state->rows, row);
		}
	}
	MemoryContextSwitchTo(old);
}

/*
 * If the query waits for the keys of a join, sets their slot to an array in
 * the current memory context, or to null if there are too many.
 */
void
ad_key_scan_bind(EState *estate, const AdQuery *query, AdSlot *slots)
{
	AdSlot	   *slot = &slots[query->key_slot];
	AdKeyScanState *state;

	if (query->keys == NULL)
		return;
	state = (AdKeyScanState *) DatumGetPointer(estate->es_param_exec_vals[query->key_param].value);
	read_ahead(state);
	slot->isnull = state->too_many;
	if (!state->too_many)
		slot->value = PointerGetDatum(construct_array(state->keys, state->count, state->type->type_id,
													  state->type->typlen, state->type->typbyval,
													  state->type->typalign));
}

/* what a node that finds the first values needs, from its plan */
static AdFirstRows *
first_rows(CustomScan *plan, PlanState *node)
{
	AdFirstRows *first = palloc0(sizeof(AdFirstRows));
	Expr	   *order = lthird(plan->custom_exprs);

	first->count = ExecInitExpr(lsecond(plan->custom_exprs), node);
	first->order = ExecInitExpr(order, node);
	first->type = lookup_type_cache(exprType((Node *) order), TYPECACHE_CMP_PROC_FINFO);
	first->collation = exprCollation((Node *) order);
	first->wanted = intVal(lsecond(plan->custom_private));
	first->reads_null = intVal(lthird(plan->custom_private)) != 0;
	return first;
}

/* callback BeginCustomScan: prepare the node, and let the scan find it */
static void
begin_key_scan(CustomScanState *node, EState *estate, int eflags)
{
	AdKeyScanState *state = (AdKeyScanState *) node;
	CustomScan *plan = (CustomScan *) node->ss.ps.plan;
	Expr	   *key = linitial(plan->custom_exprs);
	int			param = intVal(linitial(plan->custom_private));

	state->child = ExecInitNode(linitial(plan->custom_plans), estate, eflags);
	node->custom_ps = list_make1(state->child);
	state->key = ExecInitExpr(key, &node->ss.ps);
	state->stored = ExecInitExtraTupleSlot(estate, node->ss.ss_ScanTupleSlot->tts_tupleDescriptor,
										   &TTSOpsMinimalTuple);
	state->type = lookup_type_cache(exprType((Node *) key), TYPECACHE_CMP_PROC_FINFO);
	state->memory = AllocSetContextCreate(estate->es_query_cxt, "admin_dashboard keys",
										  ALLOCSET_DEFAULT_SIZES);
	if (list_length(plan->custom_exprs) > 1)
		state->first = first_rows(plan, &node->ss.ps);
	estate->es_param_exec_vals[param].value = PointerGetDatum(state);
}

/* ExecScan() callback: the next row */
static TupleTableSlot *
next_row(ScanState *node)
{
	AdKeyScanState *state = (AdKeyScanState *) node;
	TupleTableSlot *row = NULL;

	ExecClearTuple(node->ss_ScanTupleSlot);
	if (state->rows == NULL && !state->complete)
		row = read_row(state);
	else if (state->rows != NULL &&
			 tuplestore_gettupleslot(state->rows, true, false, state->stored))
		row = state->stored;
	return row == NULL ? node->ss_ScanTupleSlot : ad_pass_row(node, row);
}

/* callback ExecCustomScan */
static TupleTableSlot *
exec_key_scan(CustomScanState *node)
{
	return ExecScan(&node->ss, next_row, ad_pass_recheck);
}

/* callback EndCustomScan */
static void
end_key_scan(CustomScanState *node)
{
	AdKeyScanState *state = (AdKeyScanState *) node;

	if (state->rows != NULL)
		tuplestore_end(state->rows);
	ExecEndNode(state->child);
}

/* callback ReScanCustomScan */
static void
rescan_key_scan(CustomScanState *node)
{
	AdKeyScanState *state = (AdKeyScanState *) node;

	if (state->rows != NULL)
		tuplestore_end(state->rows);
	state->rows = NULL;
	state->complete = false;
	clear_keys(state);
	ad_pass_rescan(node);
}

/* callback ExplainCustomScan: with ANALYZE, show how many keys there were */
static void
explain_key_scan(CustomScanState *node, List *ancestors, ExplainState *es)
{
	AdKeyScanState *state = (AdKeyScanState *) node;

	if (!es->analyze || !state->complete)
		return;
	if (state->too_many)
		ExplainPropertyText("Keys", "too many", es);
	else
		ExplainPropertyInteger("Keys", NULL, state->count, es);
}

static const CustomExecMethods exec_methods = {
	.CustomName = AD_KEY_SCAN,
	.BeginCustomScan = begin_key_scan,
	.ExecCustomScan = exec_key_scan,
	.EndCustomScan = end_key_scan,
	.ReScanCustomScan = rescan_key_scan,
	.ExplainCustomScan = explain_key_scan,
};

/* callback CreateCustomScanState */
static Node *
create_state(CustomScan *plan)
{
	AdKeyScanState *state = palloc0(sizeof(AdKeyScanState));

	NodeSetTag(state, T_CustomScanState);
	state->node.methods = &exec_methods;
	return (Node *) state;
}

/*
 * Registers the nodes, so that the planner finds them by their names.
 */
void
ad_key_scan_init(void)
{
	static const CustomScanMethods methods[] = {
		{.CustomName = AD_KEY_SCAN, .CreateCustomScanState = create_state},
		{.CustomName = AD_FIRST_VALUES, .CreateCustomScanState = create_state},
	};

	for (int i = 0; i < lengthof(methods); i++)
		RegisterCustomScanMethods(&methods[i]);
}
