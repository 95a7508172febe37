/*
 * scan.c
 *	  Execution of scans and of grouping.
 *
 * INTERFACE ROUTINES
 *		ad_begin_foreign_scan		prepare, without contacting MongoDB
 *		ad_iterate_foreign_scan		ask on the first call; the next tuple
 *		ad_rescan_foreign_scan		begin again, with other parameters
 *		ad_end_foreign_scan
 *		ad_explain_foreign_scan
 *
 * A scan has two memory contexts: one for what belongs to one command, reset
 * when the scan begins again, which closes the cursor, too; and one for the
 * values of the current tuple.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/ruleutils.h"

#include "base/compat.h"
#include "bson/bson_type.h"
#include "bson/decoder.h"
#include "bson/domain.h"
#include "bson/error_place.h"
#include "bson/types.h"
#include "execute/scan.h"
#include "query/query.h"

/* an output, and where the decoder puts it */
typedef struct AdScanColumn
{
	AdOutput   *output;
	AdTarget   *target;
	const char *table;			/* whose column it is; NULL if it is computed */
	const char *name;			/* of the column, or NULL */
	int			value;			/* index in the decoder's result */
	int			indicator;		/* the same, or -1 */
	int			divisor;		/* the same, or -1 */
	int			second;			/* the same, or -1 */
} AdScanColumn;

typedef struct AdScanGuard
{
	AdGuard    *guard;
	int			value;
} AdScanGuard;

typedef struct AdScanState
{
	AdQuery    *query;
	Oid			userid;
	List	   *slot_states;	/* ExprState of each slot */
	AdSlot	   *slots;			/* their values, in command_cxt */
	AdDecoder  *decoder;
	int			ncolumns;
	AdScanColumn *columns;
	int			nguards;
	AdScanGuard *guards;
	MemoryContext statement_cxt;
	MemoryContext command_cxt;
	MemoryContext tuple_cxt;
	bool		started;
	AdCursor   *cursor;			/* NULL before the start, and at the end */
	bool		returned;		/* was there any tuple since the start? */
	AdCursorStats total;		/* of the cursors that are closed */
	int64		nulled;			/* values that on_mismatch made null */

	/* what errors are about while a document is read */
	Oid			relid;			/* of a join, the outer table */
	const char *table;			/* its name */
	bool		of_documents;	/* the reply is of documents, not of groups */
	const uint8 *document;
	const AdScanColumn *column; /* beside decoding; or NULL */
	ErrorContextCallback place;
} AdScanState;

/* the column whose value is being read, or NULL */
static const AdScanColumn *
current_column(const AdScanState *state)
{
	int			field = ad_decoder_field(state->decoder);

	if (field < 0)
		return state->column;
	for (int i = 0; i < state->ncolumns; i++)
	{
		if (state->columns[i].value == field)
			return &state->columns[i];
	}
	return NULL;
}

/* of error_context_stack: say which value it is */
static void
add_scan_place(void *arg)
{
	const AdScanState *state = arg;
	const AdScanColumn *column = current_column(state);
	bool		of_table = column == NULL || !column->output->joined;

	ad_add_place(column != NULL && column->table != NULL ? column->table : state->table,
				 column != NULL ? column->name : NULL,
				 state->of_documents && of_table ? ad_document_id(state->document, true) : NULL);
}

/* begin to read a document */
static void
enter_place(AdScanState *state, const uint8 *document, const AdScanColumn *column)
{
	state->document = document;
	state->column = column;
	state->place.callback = add_scan_place;
	state->place.arg = state;
	state->place.previous = error_context_stack;
	error_context_stack = &state->place;
}

/* it has been read, or an error is not about its values */
static void
leave_place(AdScanState *state)
{
	error_context_stack = state->place.previous;
}

/* paths of the reply are in UTF-8, the template's in the server's encoding */
static int
add_to_decoder(AdScanState *state, const char *path, const AdTarget *target)
{
	return ad_decoder_add(state->decoder,
						  pg_server_to_any(path, strlen(path), PG_UTF8), target);
}

/*
 * Find the names of an output's column, if it is one as it is.
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
	relid = exec_rt_fetch(varno, node->ss.ps.state)->relid;
	column->table = get_rel_name(relid);
	column->name = get_attname(relid, attnum, false);
}

/*
 * Find the names of what the scan reads, for errors.
 */
static void
name_columns(ForeignScanState *node, AdScanState *state)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	int			first = plan->scan.scanrelid > 0 ? (int) plan->scan.scanrelid :
	bms_next_member(ad_scan_relids(plan), -1);

	state->relid = exec_rt_fetch(first, node->ss.ps.state)->relid;
	state->table = get_rel_name(state->relid);
	state->of_documents = plan->scan.scanrelid > 0 || state->query->joined_collection != NULL;
	for (int i = 0; i < state->ncolumns; i++)
		name_column(node, &state->columns[i]);
}

/*
 * Set up the decoder for the query's outputs and guards.
 */
static void
init_decoder(AdScanState *state)
{
	List	   *outputs = state->query->outputs;
	List	   *guards = state->query->guards;

	state->decoder = ad_decoder_create();
	state->ncolumns = list_length(outputs);
	state->columns = palloc0(state->ncolumns * sizeof(AdScanColumn));
	for (int i = 0; i < state->ncolumns; i++)
	{
		AdOutput   *output = list_nth(outputs, i);

		state->columns[i].output = output;
		state->columns[i].target = ad_result_target(output->kind, output->typid,
													output->typmod);
		state->columns[i].value = add_to_decoder(state, output->path,
												 state->columns[i].target);
		state->columns[i].indicator = output->indicator == NULL ? -1 :
			add_to_decoder(state, output->indicator, NULL);
		state->columns[i].divisor = output->divisor == NULL ? -1 :
			add_to_decoder(state, output->divisor,
						   ad_result_target(AD_RESULT_COUNT, INT8OID, -1));
		state->columns[i].second = output->second == NULL ? -1 :
			add_to_decoder(state, output->second, state->columns[i].target);
	}
	state->nguards = list_length(guards);
	state->guards = palloc(state->nguards * sizeof(AdScanGuard));
	for (int i = 0; i < state->nguards; i++)
	{
		state->guards[i].guard = list_nth(guards, i);
		state->guards[i].value =
			add_to_decoder(state, state->guards[i].guard->path, NULL);
	}
}

/*
 * BeginForeignScan
 */
void
ad_begin_foreign_scan(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	EState	   *estate = node->ss.ps.state;
	AdScanState *state = palloc0(sizeof(AdScanState));

	node->fdw_state = state;
	state->query = ad_query_from_list(plan->fdw_private);
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;

	state->userid = ad_scan_user(plan, estate);
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
	init_decoder(state);
	name_columns(node, state);
}

/*
 * Compute the slots' values, in the current memory context.
 */
static void
bind_slots(ForeignScanState *node, AdScanState *state)
{
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	ListCell   *lc;

	state->slots = palloc(list_length(state->slot_states) * sizeof(AdSlot));
	foreach(lc, state->slot_states)
	{
		AdSlot	   *slot = &state->slots[foreach_current_index(lc)];

		slot->value = ExecEvalExpr((ExprState *) lfirst(lc), econtext,
								   &slot->isnull);
	}
}

/* without the values of parameters, which may be about people */
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
 * Ask MongoDB, unless it is certain that no document can match.
 */
static void
start_scan(ForeignScanState *node, AdScanState *state)
{
	MemoryContext old = MemoryContextSwitchTo(state->command_cxt);
	AdCommand	command = {0};

	bind_slots(node, state);
	if (ad_query_bind(state->query, state->slots, &command))
	{
		command.userid = state->userid;
		command.statement = state->statement_cxt;
		if (ad_log_remote)
			log_query(state->query);
		state->cursor = ad_cursor_open(&command);
	}
	state->started = true;
	state->returned = false;
	MemoryContextSwitchTo(old);
}

/*
 * Close the cursor and count what it did.
 */
static void
stop_scan(AdScanState *state)
{
	if (state->cursor != NULL)
	{
		const AdCursorStats *stats = ad_cursor_stats(state->cursor);

		ad_cursor_close(state->cursor);
		state->total.documents += stats->documents;
		state->total.batches += stats->batches;
		state->total.bytes += stats->bytes;
		state->total.wait_ms += stats->wait_ms;
		state->cursor = NULL;
	}
}

/* what does not fit, and where */
typedef struct AdMismatchPlace
{
	const AdScanColumn *column; /* NULL if MongoDB noticed it */
	const char *field;
	Oid			typid;
	int32		typmod;
	bool		joined;
	/* of a document that has such a value, once one is found */
	const char *id;
	bson_type_t found;			/* BSON_TYPE_EOD before */
} AdMismatchPlace;

/*
 * Look for a document, among those of the query, whose field is a mismatch.
 * MongoDB chooses them if it is asked to and can.  Returns false if there is
 * none: the collection may have changed.
 */
static bool
find_mismatch(AdScanState *state, AdMismatchPlace *place, bool by_mongodb)
{
	AdCommand	command = {0};
	AdCursor   *cursor;
	AdDecoder  *decoder = ad_decoder_create();
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext document_cxt = AllocSetContextCreate(caller, "admin_dashboard mismatch",
													   ALLOCSET_DEFAULT_SIZES);
	const uint8 *document;

	ad_query_find_mismatch(state->query, state->slots, place->field,
						   by_mongodb ? place->typid : InvalidOid, place->joined, &command);
	command.userid = state->userid;
	command.statement = state->statement_cxt;
	cursor = ad_cursor_open(&command);
	(void) ad_decoder_add(decoder, pg_server_to_any(place->field, strlen(place->field), PG_UTF8),
						  ad_target(place->typid, place->typmod));
	while (place->found == BSON_TYPE_EOD && (document = ad_cursor_next(cursor)) != NULL)
	{
		const AdFieldValue *values;

		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(document_cxt);
		enter_place(state, document, place->column);
		values = ad_decode(decoder, document);
		leave_place(state);
		MemoryContextSwitchTo(caller);
		if (values[0].state == AD_FIELD_MISMATCH)
		{
			place->found = values[0].found;
			place->id = ad_document_id(document, false);
		}
		MemoryContextReset(document_cxt);
	}
	ad_cursor_close(cursor);
	MemoryContextDelete(document_cxt);
	return place->found != BSON_TYPE_EOD;
}

/* the column of the scan's table that has such a field, or NULL */
static const char *
column_of_field(AdScanState *state, const char *field, Oid typid)
{
	AdTableOptions table = {0};
	const char *name;

	for (AttrNumber attnum = 1; (name = get_attname(state->relid, attnum, true)) != NULL; attnum++)
	{
		AdColumnOptions column;

		/* a dropped column has no type */
		if (get_atttype(state->relid, attnum) != typid)
			continue;
		ad_column_options(state->relid, attnum, &table, &column);
		if (strcmp(column.field, field) == 0)
			return name;
	}
	return NULL;
}

/*
 * Raise the error for a field that holds what its column cannot.
 */
pg_noreturn static void
report_mismatch(AdScanState *state, AdMismatchPlace *place)
{
	const AdScanColumn *column = place->column;
	const char *details = NULL;

	/* what goes wrong in the search is not about this document */
	leave_place(state);
	/* strings that are no text to us may be text to MongoDB */
	if (find_mismatch(state, place, true) || find_mismatch(state, place, false))
		details = psprintf("The document with _id %s has a value of BSON type %s there.",
						   place->id != NULL ? place->id : "missing", ad_bson_type_name(place->found));

	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_DATA_TYPE),
			 errmsg("field \"%s\" of MongoDB collection \"%s.%s\" does not fit type %s",
					place->field, state->query->database,
					place->joined ? state->query->joined_collection : state->query->collection,
					format_type_with_typemod(place->typid, place->typmod)),
			 details != NULL ? errdetail("%s", details) : 0,
			 errhint("Give the column another type, or set its option on_mismatch to 'null' to read such values as NULL."),
			 ad_add_place(column != NULL && column->table != NULL ? column->table : state->table,
						  column != NULL ? column->name :
						  column_of_field(state, place->field, place->typid),
						  place->id)));
}

/* the same for a column's value */
pg_noreturn static void
report_column(AdScanState *state, const AdScanColumn *column)
{
	const AdOutput *output = column->output;
	AdMismatchPlace place = {column, output->field, output->typid, output->typmod, output->joined};

	report_mismatch(state, &place);
}

/*
 * Raise the error that PostgreSQL would have raised, had it computed what
 * MongoDB did.
 */
pg_noreturn static void
report_failure(AdFailureKind kind)
{
	static const struct
	{
		int			sqlstate;
		const char *message;
	}			failures[] = {
		[AD_FAILURE_INT2] = {ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, gettext_noop("smallint out of range")},
		[AD_FAILURE_INT4] = {ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, gettext_noop("integer out of range")},
		[AD_FAILURE_INT8] = {ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, gettext_noop("bigint out of range")},
		[AD_FAILURE_ZERO] = {ERRCODE_DIVISION_BY_ZERO, gettext_noop("division by zero")},
		[AD_FAILURE_OVERFLOW] = {ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, gettext_noop("value out of range: overflow")},
		[AD_FAILURE_UNDERFLOW] = {ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, gettext_noop("value out of range: underflow")},
	};

	ereport(ERROR,
			(errcode(failures[kind].sqlstate),
			 errmsg("%s", _(failures[kind].message))));
}

pg_noreturn static void
report_guard(AdScanState *state, const AdGuard *guard)
{
	AdMismatchPlace place = {NULL, guard->field, guard->typid, guard->typmod};

	/* it is about no document of the reply */
	leave_place(state);
	if (guard->kind != AD_FAILURE_MISMATCH)
		report_failure(guard->kind);
	report_mismatch(state, &place);
}

static void
check_guards(AdScanState *state, const AdFieldValue *values)
{
	for (int i = 0; i < state->nguards; i++)
	{
		const AdFieldValue *value = &values[state->guards[i].value];

		if (value->state != AD_FIELD_NULL && value->found == BSON_TYPE_MAXKEY)
			report_guard(state, state->guards[i].guard);
	}
}

/*
 * Raise the error for a result that MongoDB computed and that the SQL type
 * does not hold.
 */
pg_noreturn static void
report_result(AdScanState *state, const AdOutput *output, bson_type_t found)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("result of type %s is out of range", format_type_be(output->typid)),
			 errdetail("MongoDB computed a value of BSON type %s for collection \"%s.%s\".",
					   ad_bson_type_name(found), state->query->database,
					   state->query->collection)));
}

/*
 * Whether a column is null, with what that may have to raise.
 */
static bool
column_is_null(AdScanState *state, const AdScanColumn *column, const AdFieldValue *values)
{
	const AdOutput *output = column->output;
	const AdFieldValue *value = &values[column->value];

	if (value->state == AD_FIELD_VALUE && column->second >= 0 && output->kind == AD_RESULT_SUM)
		return DatumGetInt64(values[column->divisor].value) <= ad_deviation_least(output->deviation);
	if (value->state == AD_FIELD_VALUE && column->divisor >= 0)
		return DatumGetInt64(values[column->divisor].value) == 0;
	if (value->state == AD_FIELD_VALUE)
		return column->indicator >= 0 && values[column->indicator].state == AD_FIELD_NULL;
	if (value->state == AD_FIELD_MISMATCH)
	{
		if (output->kind != AD_RESULT_COLUMN)
			report_result(state, output, value->found);
		if (output->on_mismatch == AD_MISMATCH_ERROR)
			report_column(state, column);
		state->nulled++;
	}
	return true;
}

/*
 * A sum divided by a count other than zero, as avg() does; or, of a partial
 * aggregate, the state of avg() that has them, for PostgreSQL to combine.
 */
static Datum
average(Oid typid, Datum sum, int64 count)
{
	if (typid == INT8ARRAYOID)
	{
		Datum		state[] = {Int64GetDatum(count), sum};

		return PointerGetDatum(construct_array(state, lengthof(state), INT8OID, sizeof(int64),
											   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	}
	if (typid == FLOAT8ARRAYOID)
	{
		/*
		 * avg() does not use the squares, and NaN does not overflow in
		 * float8_combine()
		 */
		Datum		state[] = {Float8GetDatum((float8) count), sum, Float8GetDatum(get_float8_nan())};

		return PointerGetDatum(construct_array(state, lengthof(state), FLOAT8OID, sizeof(float8),
											   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	}
	if (typid == FLOAT8OID)
		return Float8GetDatum(DatumGetFloat8(sum) / (float8) count);
	return DirectFunctionCall2(numeric_div, sum, NumericGetDatum(int64_to_numeric(count)));
}

/*
 * What percentile_cont() says of a number of values, of which one is the last
 * before the place in question and one the first after it.
 */
static Datum
interpolated(float8 fraction, int64 count, Datum before, Datum after)
{
	float8		place = fraction * (count - 1);
	float8		low = DatumGetFloat8(before);

	if (floor(place) == ceil(place))
		return before;
	return Float8GetDatum(low + (place - floor(place)) * (DatumGetFloat8(after) - low));
}

/* the value of a column that is not null */
static Datum
scan_column_value(const AdScanColumn *column, const AdFieldValue *values)
{
	Datum		value = values[column->value].value;
	int64		count;

	if (column->divisor < 0)
		return value;
	count = DatumGetInt64(values[column->divisor].value);
	if (column->second < 0)
		return average(column->output->typid, value, count);
	if (column->output->kind == AD_RESULT_EXTREME)
		return interpolated(column->output->fraction, count, value, values[column->second].value);
	return NumericGetDatum(ad_deviation(column->output->deviation, count, DatumGetNumeric(value),
										DatumGetNumeric(values[column->second].value)));
}

/*
 * Fill a tuple, whose columns are all null, from the fields of a document.
 */
static void
fill_tuple(AdScanState *state, const AdFieldValue *values, TupleTableSlot *slot)
{
	for (int i = 0; i < state->ncolumns; i++)
	{
		const AdScanColumn *column = &state->columns[i];
		int			position = column->output->position;
		bool		isnull;

		state->column = column;
		isnull = column_is_null(state, column, values);
		if (OidIsValid(column->target->domain))
			ad_check_domain(column->target, values[column->value].value, isnull);
		if (isnull)
			continue;
		slot->tts_values[position] = scan_column_value(column, values);
		slot->tts_isnull[position] = false;
	}
}

/* aggregates over no documents: counts are 0, and all else but GROUPING() is null */
static void
fill_empty(AdScanState *state, TupleTableSlot *slot)
{
	for (int i = 0; i < state->ncolumns; i++)
	{
		AdOutput   *output = state->columns[i].output;

		if (output->kind != AD_RESULT_COUNT)
			continue;
		slot->tts_values[output->position] = output->typid == INT4OID ?
			Int32GetDatum(output->of_nothing) : Int64GetDatum(output->of_nothing);
		slot->tts_isnull[output->position] = false;
	}
}

/*
 * IterateForeignScan
 */
TupleTableSlot *
ad_iterate_foreign_scan(ForeignScanState *node)
{
	AdScanState *state = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;
	const uint8 *document = NULL;
	MemoryContext old;

	ExecClearTuple(slot);
	if (!state->started)
		start_scan(node, state);
	if (state->cursor != NULL)
		document = ad_cursor_next(state->cursor);
	if (document == NULL)
	{
		stop_scan(state);
		if (!state->query->single_row || state->returned)
			return slot;
	}

	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts);
	MemoryContextReset(state->tuple_cxt);
	old = MemoryContextSwitchTo(state->tuple_cxt);
	if (document == NULL)
		fill_empty(state, slot);
	else
	{
		const AdFieldValue *values;

		enter_place(state, document, NULL);
		values = ad_decode(state->decoder, document);
		check_guards(state, values);
		fill_tuple(state, values, slot);
		leave_place(state);
	}
	MemoryContextSwitchTo(old);
	state->returned = true;
	return ExecStoreVirtualTuple(slot);
}

/*
 * ReScanForeignScan: the slots may have other values now.
 */
void
ad_rescan_foreign_scan(ForeignScanState *node)
{
	AdScanState *state = node->fdw_state;

	ExecClearTuple(node->ss.ss_ScanTupleSlot);
	stop_scan(state);
	MemoryContextReset(state->command_cxt);
	state->started = false;
}

/*
 * EndForeignScan; without MongoDB it has nothing to do, and the contexts go
 * with the query's.
 */
void
ad_end_foreign_scan(ForeignScanState *node)
{
	AdScanState *state = node->fdw_state;

	if (state != NULL)
		stop_scan(state);
}

/* what the slots stand for, as in "$1 = (now() - '1 day'::interval)" */
static void
explain_slots(ForeignScanState *node, List *ancestors, ExplainState *es)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
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
						 deparse_expression(lfirst(lc), context, false, false));
	ExplainPropertyText("MongoDB Parameters", text.data, es);
}

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
	if (es->timing)
		ExplainPropertyFloat("MongoDB Wait", "ms", stats.wait_ms, 3, es);
}

/*
 * ExplainForeignScan: what MongoDB is asked, and with ANALYZE what came back.
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

		/*
		 * a timeout that came while it was printed must not end the next
		 * statement
		 */
		CHECK_FOR_INTERRUPTS();
	}
	if (es->analyze)
		explain_work(state, es);
}
