/*
 * scan.c
 *	  Execute foreign scans, including grouping and joins that are pushed down.
 *
 * INTERFACE ROUTINES
 *		ad_begin_foreign_scan		prepare, without contacting MongoDB
 *		ad_iterate_foreign_scan		return the next tuple
 *		ad_rescan_foreign_scan		start again, with other parameters
 *		ad_end_foreign_scan			end the scan
 *		ad_explain_foreign_scan		show the query and its work
 *
 * The callbacks follow the PostgreSQL manual, "FDW Routines for Scanning
 * Foreign Tables" and "FDW Routines for EXPLAIN".
 *
 * A scan has two memory contexts.  command_cxt holds everything that belongs
 * to one command; when the scan starts again, we reset it, which also closes
 * the cursor.  tuple_cxt holds the values of the current tuple, and of some
 * before it: resetting it takes longer than to decode a value.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"

#include "base/compat.h"
#include "base/option.h"
#include "base/utf8.h"
#include "bson/decoder.h"
#include "bson/types.h"
#include "execute/doubt.h"
#include "execute/key_scan.h"
#include "execute/remote_plan.h"
#include "execute/scan.h"
#include "execute/scan_error.h"
#include "execute/scan_tuple.h"
#include "execute/shared_scan.h"
#include "execute/stored_rows.h"
#include "query/query.h"

/*
 * Add a path to the decoder and return its index.  Paths in the template are
 * in the server's encoding, but the reply is in UTF-8.
 */
static int
add_to_decoder(AdScanState *state, const char *path, const AdTarget *target)
{
	return ad_decoder_add(state->decoder,
						  ad_to_utf8(path), target);
}

/*
 * Find the names of an output's table and column, unless the output is
 * computed.
 */
static void
name_column(ForeignScanState *node, AdScanColumn *column)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	int			varno = plan->scan.scanrelid;
	AttrNumber	attnum = column->output->position + 1;
	Oid			relid;

	if (varno == 0)
	{
		Var		   *var = (Var *) list_nth_node(TargetEntry, plan->fdw_scan_tlist,
												column->output->position)->expr;

		if (!IsA(var, Var))
			return;
		varno = var->varno;
		attnum = var->varattno;
	}
	/* a column of a subquery has been decoded before */
	if (exec_rt_fetch(varno, node->ss.ps.state)->rtekind != RTE_RELATION)
		return;
	relid = exec_rt_fetch(varno, node->ss.ps.state)->relid;
	column->table = get_rel_name(relid);
	column->name = get_attname(relid, attnum, false);
}

/*
 * Find the names of the tables and columns that the scan reads, for errors.
 */
static void
name_columns(ForeignScanState *node, AdScanState *state)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	int			first = plan->scan.scanrelid > 0 ? (int) plan->scan.scanrelid :
	bms_next_member(ad_scan_relids(plan), -1);

	state->relid = OidIsValid(state->query->relid) ? state->query->relid :
		exec_rt_fetch(first, node->ss.ps.state)->relid;
	state->table = get_rel_name(state->relid);
	state->of_documents = plan->scan.scanrelid > 0 || state->query->joined_collection != NULL;
	for (int i = 0; i < state->ncolumns; i++)
		name_column(node, &state->columns[i]);
}

/* the target for the second value of an output */
static AdTarget *
second_target(const AdScanColumn *column)
{
	const AdOutput *output = column->output;

	if (output->kind == AD_RESULT_COUNT)
		return ad_target(output->state_of, output->typmod);
	if (output->of_double)
		return ad_target(FLOAT8OID, -1);
	return output->state_of == NUMERICOID ? ad_target(NUMERICOID, -1) : column->target;
}

/*
 * Create the decoder for the query's outputs and guards.
 */
static void
init_decoder(AdScanState *state)
{
	List	   *outputs = state->query->outputs;
	List	   *guards = state->query->guards;
	const AdTarget *count = ad_result_target(AD_RESULT_COUNT, INT8OID, -1);

	state->decoder = ad_decoder_create();
	state->ncolumns = list_length(outputs);
	state->columns = palloc0(state->ncolumns * sizeof(AdScanColumn));
	for (int i = 0; i < state->ncolumns; i++)
	{
		AdOutput   *output = list_nth(outputs, i);

		state->columns[i].output = output;
		/* the sums of which a state of doubles is made are decimals */
		state->columns[i].target = ad_result_target(output->kind,
													output->state_of == FLOAT8OID ? NUMERICOID : output->typid,
													output->typmod);
		state->columns[i].value = add_to_decoder(state, output->path,
												 state->columns[i].target);
		state->columns[i].indicator = output->indicator == NULL ? -1 :
			add_to_decoder(state, output->indicator, output->counted ? count : NULL);
		state->columns[i].divisor = output->divisor == NULL ? -1 :
			add_to_decoder(state, output->divisor, count);
		state->columns[i].second = output->second == NULL ? -1 :
			add_to_decoder(state, output->second, second_target(&state->columns[i]));
		for (int j = 0; j < AD_PAIR_SUMS && output->of_pairs[0] != NULL; j++)
			state->columns[i].of_pairs[j] = add_to_decoder(state, output->of_pairs[j], state->columns[i].target);
		state->columns[i].is_plain = output->indicator == NULL && output->divisor == NULL &&
			output->second == NULL && output->then == NULL &&
			!OidIsValid(state->columns[i].target->domain);
		if (output->then != NULL)
			state->columns[i].then = ExecInitExpr((Expr *) output->then, NULL);
	}
	if (state->query->counted)
		state->counted = add_to_decoder(state, AD_COUNTED, count);
	state->nguards = list_length(guards);
	state->guards = palloc(state->nguards * sizeof(AdScanGuard));
	for (int i = 0; i < state->nguards; i++)
	{
		AdGuard    *guard = list_nth(guards, i);

		state->guards[i].guard = guard;
		state->guards[i].value = add_to_decoder(state, guard->path, NULL);
		state->quick |= guard->doubtful || guard->sum != NULL;
		if (guard->sum == NULL)
			continue;
		state->guards[i].sum = add_to_decoder(state, guard->sum,
											  ad_result_target(AD_RESULT_SUM, FLOAT8OID, -1));
		state->guards[i].count = add_to_decoder(state, guard->count, count);
	}
}

/*
 * A grouping of groups has the plan of its subquery below it for the planner
 * only, see group_subquery.c.  End it, so that EXPLAIN shows nothing that never
 * runs.
 */
static void
end_subquery(ForeignScanState *node)
{
	if (outerPlanState(node) == NULL)
		return;
	ExecEndNode(outerPlanState(node));
	outerPlanState(node) = NULL;
}

/*
 * Callback BeginForeignScan: prepare the scan, without contacting MongoDB.
 */
void
ad_begin_foreign_scan(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	EState	   *estate = node->ss.ps.state;
	AdScanState *state = palloc0(sizeof(AdScanState));

	node->fdw_state = state;
	state->query = ad_query_from_list(plan->fdw_private);
	state->async = node->ss.ps.async_capable;
	if (OidIsValid(state->query->relid))
		end_subquery(node);
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;

	state->userid = OidIsValid(state->query->relid) ? state->query->userid : ad_scan_user(plan, estate);
	if (!OidIsValid(state->userid))
		state->userid = GetUserId();
	state->slot_states = ExecInitExprList(plan->fdw_exprs, (PlanState *) node);
	state->statement_cxt = estate->es_query_cxt;
	state->command_cxt = AllocSetContextCreate(estate->es_query_cxt,
											   "admin_dashboard command",
											   ALLOCSET_DEFAULT_SIZES);
	state->tuple_cxt = AllocSetContextCreate(estate->es_query_cxt,
											 "admin_dashboard tuple",
											 ALLOCSET_DEFAULT_SIZES);
	state->econtext = node->ss.ps.ps_ExprContext;
	init_decoder(state);
	name_columns(node, state);
	state->quick &= !ad_is_doubted(state->relid);
}

/*
 * Close the cursor, if there is one, and add its statistics to the total.
 */
static void
stop_scan(AdScanState *state)
{
	if (state->cursor != NULL)
	{
		ad_cursor_close(state->cursor);
		ad_cursor_add_stats(&state->total, ad_cursor_stats(state->cursor));
		state->cursor = NULL;
	}
}

/* end the query that runs, if there is one, and release what belongs to it */
static void
end_query(AdScanState *state)
{
	stop_scan(state);
	ad_release_stored(state, &state->held);
	MemoryContextReset(state->command_cxt);
	state->slots = NULL;
	state->started = false;
}

/*
 * Compute the values of the slots, for a query or a slice that begins.
 */
void
ad_bind_slots(ForeignScanState *node)
{
	AdScanState *state = node->fdw_state;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	MemoryContext old;
	ListCell   *lc;

	end_query(state);
	old = MemoryContextSwitchTo(state->command_cxt);
	state->slots = palloc(list_length(state->slot_states) * sizeof(AdSlot));
	foreach(lc, state->slot_states)
	{
		AdSlot	   *slot = &state->slots[foreach_current_index(lc)];

		slot->value = ExecEvalExpr((ExprState *) lfirst(lc), econtext,
								   &slot->isnull);
	}
	MemoryContextSwitchTo(old);
}

/*
 * Log the query, without the values of its parameters, which can be personal
 * data.
 */
static void
log_query(const AdQuery *query)
{
	StringInfoData text;

	initStringInfo(&text);
	ad_query_print(&text, query);
	ereport(LOG,
			(errmsg("query of MongoDB server \"%s\", database \"%s\": %s",
					GetForeignServer(query->serverid)->servername, query->database, text.data),
			 errhidestmt(true), errhidecontext(true)));
}

/*
 * Run the query, or that of the slice, unless its filter is certain to match
 * no document.
 */
static void
start_query(ForeignScanState *node, AdScanState *state)
{
	MemoryContext old;
	AdCommand	command = {0};

	ad_bind_slots(node);
	old = MemoryContextSwitchTo(state->command_cxt);
	state->query->exact = !state->quick;
	ad_key_scan_bind(node->ss.ps.state, state->query, state->slots);
	if (ad_query_bind(state->query, state->slots, &command))
	{
		command.userid = state->userid;
		command.statement = state->statement_cxt;
		command.deadline = ad_shared_scan_deadline(state);
		if (ad_log_remote)
			log_query(state->query);
		state->cursor = state->async ? ad_cursor_begin(&command) : ad_cursor_open(&command);
	}
	state->started = true;
	state->returned = false;
	MemoryContextSwitchTo(old);
}

/*
 * Run the query, or that of the next slice.  Returns false if no slice is
 * left, or if the scan waits for a connection.
 */
static bool
start_scan(ForeignScanState *node, AdScanState *state)
{
	state->waits = state->async && !state->shares &&
		!ad_cursor_can_begin(state->query->serverid, state->userid);
	if (state->waits)
		return false;
	if (state->shared != NULL && !ad_shared_scan_take(state))
		return false;
	start_query(node, state);
	return true;
}

/*
 * Can the quick form of a guard be wrong for a group?  See group_quick.c.
 */
static bool
is_doubtful(const AdScanGuard *guard, const AdFieldValue *values)
{
	const AdFieldValue *sum = &values[guard->sum];
	const AdFieldValue *count = &values[guard->count];

	return sum->state != AD_FIELD_VALUE || sum->found == BSON_TYPE_DECIMAL128 ||
		count->state != AD_FIELD_VALUE || DatumGetInt64(count->value) >= AD_DOUBTFUL;
}

/*
 * Raise an error if a guard in the reply holds MaxKey.  Returns false if a
 * guard is in doubt.
 */
static bool
check_guards(AdScanState *state, const AdFieldValue *values)
{
	bool		certain = true;

	for (int i = 0; i < state->nguards; i++)
	{
		const AdGuard *guard = state->guards[i].guard;
		const AdFieldValue *value = &values[state->guards[i].value];
		bool		found = value->state != AD_FIELD_NULL && value->found == BSON_TYPE_MAXKEY;

		if (found && !(state->quick && guard->doubtful))
			ad_report_guard(state, guard);
		certain &= !found;
		if (state->quick && guard->sum != NULL)
			certain &= !is_doubtful(&state->guards[i], values);
	}
	return certain;
}

/*
 * Returns the next tuple of MongoDB's reply, or an empty slot at the end.
 * Also returns an empty slot, and sets in_doubt, if a guard is in doubt.
 */
static TupleTableSlot *
next_tuple(ForeignScanState *node, AdScanState *state)
{
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	const uint8 *document = NULL;
	MemoryContext old;

	ExecClearTuple(slot);
	if (state->cursor != NULL)
		document = ad_cursor_next(state->cursor);
	if (document == NULL)
	{
		stop_scan(state);
		if (!state->query->single_row || state->returned)
			return slot;
	}

	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts);
	/* has it more than its first block? */
	if (MemoryContextMemAllocated(state->tuple_cxt, false) > ALLOCSET_DEFAULT_INITSIZE)
		MemoryContextReset(state->tuple_cxt);
	old = MemoryContextSwitchTo(state->tuple_cxt);
	if (document == NULL)
		ad_fill_empty(state, slot);
	else
	{
		const AdFieldValue *values;

		ad_enter_place(state, document, NULL);
		values = ad_decode(state->decoder, document);
		state->in_doubt = !check_guards(state, values);
		if (!state->in_doubt)
			ad_fill_tuple(state, values, slot);
		ad_leave_place(state);
	}
	MemoryContextSwitchTo(old);
	if (state->in_doubt)
		return slot;
	state->returned = true;
	return ExecStoreVirtualTuple(slot);
}

/* send the query again, in its exact form */
static void
send_exactly(ForeignScanState *node, AdScanState *state)
{
	ad_doubt(state->relid);
	state->quick = false;
	state->in_doubt = false;
	state->repeated++;
	start_query(node, state);
}

/*
 * Returns the next of the rows that MongoDB has counted, whose columns are not
 * used, or an empty slot at the end.
 */
static TupleTableSlot *
next_counted(ForeignScanState *node, AdScanState *state)
{
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	ExecClearTuple(slot);
	if (!state->returned)
	{
		const uint8 *document = state->cursor == NULL ? NULL : ad_cursor_next(state->cursor);
		MemoryContext old = MemoryContextSwitchTo(state->tuple_cxt);

		state->left = document == NULL ? 0 :
			DatumGetInt64(ad_decode(state->decoder, document)[state->counted].value);
		MemoryContextSwitchTo(old);
		stop_scan(state);
		state->returned = true;
	}
	if (state->left-- <= 0)
		return slot;
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts);
	return ExecStoreVirtualTuple(slot);
}

/*
 * Hold all tuples of the quick form.  If a group is in doubt, send the query
 * again instead.
 */
static void
hold_tuples(ForeignScanState *node, AdScanState *state)
{
	MemoryContext old = MemoryContextSwitchTo(state->command_cxt);
	TupleTableSlot *slot;

	state->held = tuplestore_begin_heap(false, false, work_mem);
	while (slot = next_tuple(node, state), !TupIsNull(slot))
		tuplestore_puttupleslot(state->held, slot);
	MemoryContextSwitchTo(old);
	if (state->in_doubt)
		send_exactly(node, state);
}

/*
 * Returns the next tuple of a sorted quick form.  Groups in doubt come first,
 * see having.c, so the first tuple tells of all.
 */
static TupleTableSlot *
next_sorted(ForeignScanState *node, AdScanState *state)
{
	TupleTableSlot *slot = next_tuple(node, state);

	if (!state->in_doubt)
		return slot;
	if (state->returned)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("MongoDB returned groups of collection \"%s.%s\" in another order than it was asked for",
						state->query->database, state->query->collection)));
	send_exactly(node, state);
	return next_tuple(node, state);
}

/*
 * Returns the next tuple of the query, or of the slice, or an empty slot at
 * the end.  Also returns an empty slot, and sets waits, if an Append should
 * wait for the reply.
 */
static TupleTableSlot *
next_of_query(ForeignScanState *node, AdScanState *state)
{
	state->waits = state->async && state->cursor != NULL && state->held == NULL &&
		ad_cursor_must_wait(state->cursor);
	if (state->waits)
		return ExecClearTuple(node->ss.ss_ScanTupleSlot);
	if (state->quick && state->query->sort != NULL)
		return next_sorted(node, state);
	if (state->quick && state->held == NULL)
		hold_tuples(node, state);
	if (state->query->counted)
		return next_counted(node, state);
	return state->quick ? ad_next_stored(node, state, state->held) : next_tuple(node, state);
}

/*
 * Returns the next tuple of the scan, or an empty slot at the end.  The first
 * call runs the query.
 */
static TupleTableSlot *
next_of_scan(ForeignScanState *node, AdScanState *state)
{
	while (state->started || start_scan(node, state))
	{
		TupleTableSlot *slot = next_of_query(node, state);

		if (!TupIsNull(slot) || state->shared == NULL)
			return slot;
		/* the slice has ended */
		stop_scan(state);
		ad_release_stored(state, &state->held);
		state->started = false;
	}
	return ExecClearTuple(node->ss.ss_ScanTupleSlot);
}

/*
 * Callback IterateForeignScan: returns the next tuple, or an empty slot at
 * the end.  The first call runs the query.
 */
TupleTableSlot *
ad_iterate_foreign_scan(ForeignScanState *node)
{
	AdScanState *state = node->fdw_state;

	return state->kept == NULL ? next_of_scan(node, state) : ad_next_kept(node, state, next_of_scan);
}

/*
 * Callback ReScanForeignScan: start again; the slots can have other values
 * now.
 *
 * If nothing has changed, the query is sent once more, and its tuples are kept
 * for all scans after that.  Usually a Materialize node does so, but below a
 * parallel plan it keeps nothing for a subplan: a worker does not know which
 * subplans are rescanned (ExecSerializePlan() omits rewindPlanIDs).
 */
void
ad_rescan_foreign_scan(ForeignScanState *node)
{
	AdScanState *state = node->fdw_state;
	bool		same = node->ss.ps.chgParam == NULL && state->started &&
	state->shared == NULL && state->query->keys == NULL && !state->async;

	ExecClearTuple(node->ss.ss_ScanTupleSlot);
	if (same && state->kept != NULL)
	{
		tuplestore_rescan(state->kept);
		return;
	}
	ad_release_stored(state, &state->kept);
	end_query(state);
	if (same)
		ad_begin_to_keep(state);
}

/*
 * Callback EndForeignScan: close the cursor.  The memory contexts are
 * children of the query's context and go with it.
 */
void
ad_end_foreign_scan(ForeignScanState *node)
{
	AdScanState *state = node->fdw_state;

	if (state != NULL)
	{
		stop_scan(state);
		ad_release_stored(state, &state->held);
		ad_release_stored(state, &state->kept);
		ad_shared_scan_report(state);
	}
}

/* show the expressions of the slots: "$1 = (now() - '1 day'::interval)" */
static void
explain_slots(ForeignScanState *node, List *ancestors, ExplainState *es)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	AdQuery    *query = ((AdScanState *) node->fdw_state)->query;
	const char *keys = outerPlan(plan) != NULL ? "first values of the order" : "keys of the join";
	List	   *context;
	StringInfoData text;
	ListCell   *lc;

	if (plan->fdw_exprs == NIL)
		return;
	context = set_deparse_context_plan(es->deparse_cxt, (Plan *) plan, ancestors);
	initStringInfo(&text);
	foreach(lc, plan->fdw_exprs)
		appendStringInfo(&text, "%s$%d = %s", text.len > 0 ? ", " : "",
						 foreach_current_index(lc) + 1,
						 query->keys != NULL && foreach_current_index(lc) == query->key_slot ?
						 keys : deparse_expression(lfirst(lc), context, false, false));
	ExplainPropertyText("MongoDB Parameters", text.data, es);
}

/* for EXPLAIN ANALYZE: show how much MongoDB sent, and how long we waited */
static void
explain_work(AdScanState *state, ExplainState *es)
{
	AdCursorStats stats = state->total;

	if (state->cursor != NULL)
	{
		const AdCursorStats *open = ad_cursor_stats(state->cursor);

		stats.documents += open->documents;
		stats.batches += open->batches;
		stats.bytes += open->bytes;
		stats.wait_ms += open->wait_ms;
	}
	ExplainPropertyInteger("MongoDB Documents", NULL, stats.documents, es);
	ExplainPropertyInteger("MongoDB Batches", NULL, stats.batches, es);
	ExplainPropertyInteger("MongoDB Bytes", NULL, stats.bytes, es);
	if (state->nulled > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyInteger("Mismatches Read As NULL", NULL, state->nulled, es);
	if (state->repeated > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyInteger("MongoDB Queries Repeated", NULL, state->repeated, es);
	if (es->timing)
		ExplainPropertyFloat("MongoDB Wait", "ms", stats.wait_ms, 3, es);
}

/*
 * Callback ExplainForeignScan: show the collection, with VERBOSE the query,
 * and with ANALYZE the documents, batches and bytes that came back.
 */
void
ad_explain_foreign_scan(ForeignScanState *node, ExplainState *es)
{
	AdScanState *state = node->fdw_state;
	AdQuery    *query = state->query;
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%s.%s", query->database, query->collection);
	if (query->joined_collection != NULL)
		appendStringInfo(&text, ", %s.%s", query->database, query->joined_collection);
	ExplainPropertyText("MongoDB Collection", text.data, es);
	if (es->verbose)
	{
		resetStringInfo(&text);
		ad_query_print(&text, query);
		ExplainPropertyText("MongoDB Query", text.data, es);
		explain_slots(node, NIL, es);
		ad_explain_slices(state, es);

		/*
		 * If a timeout fired while we printed the query, it must end this
		 * statement and not the next one.
		 */
		CHECK_FOR_INTERRUPTS();
	}
	if (es->analyze)
		explain_work(state, es);
	if (es->analyze && es->verbose && ad_remote_explain && state->slots != NULL)
		ad_explain_remote_plan(query, state->slots, state->userid, es);
}
