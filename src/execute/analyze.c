/*
 * analyze.c
 *	  ANALYZE of foreign tables, from documents that MongoDB chooses at random.
 *
 * INTERFACE ROUTINES
 *		ad_analyze_foreign_table	that the table can be analyzed, and by what
 *
 * At most as many documents are read as ANALYZE wants rows, and of them only
 * the columns' fields.  A value that does not fit its column counts as null,
 * whatever on_mismatch says, and so does one that a domain refuses: statistics are
 * no answer to a query, and one odd document should not leave a table without any.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/progress.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/backend_progress.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"

#include "bson/decoder.h"
#include "bson/domain.h"
#include "bson/error_place.h"
#include "bson/types.h"
#include "execute/analyze.h"
#include "remote/estimate.h"
#include "translate/column.h"

typedef struct AdSample
{
	Relation	relation;
	List	   *outputs;
	AdTarget  **targets;		/* of each output */
	AdDecoder  *decoder;		/* of all outputs */
	AdDecoder **single;			/* of each of them alone */
	Datum	   *datums;			/* of the row */
	bool	   *nulls;
	/* what an error is about */
	const uint8 *document;
	const AdDecoder *decoding;
	int			first;			/* output of decoding */
	int			checking;		/* output, or -1 */
} AdSample;

static int
output_position(const AdSample *sample, int i)
{
	return ((AdOutput *) list_nth(sample->outputs, i))->position;
}

/*
 * Set up for a table's columns.
 */
static void
init_sample(AdSample *sample, Relation relation, List *outputs)
{
	int			natts = RelationGetDescr(relation)->natts;
	ListCell   *lc;

	sample->relation = relation;
	sample->outputs = outputs;
	sample->targets = palloc(list_length(outputs) * sizeof(AdTarget *));
	sample->decoder = ad_decoder_create();
	sample->single = palloc(list_length(outputs) * sizeof(AdDecoder *));
	sample->datums = palloc0(natts * sizeof(Datum));
	sample->nulls = palloc(natts * sizeof(bool));
	memset(sample->nulls, true, natts * sizeof(bool));
	foreach(lc, outputs)
	{
		AdOutput   *output = lfirst(lc);
		int			i = foreach_current_index(lc);
		const char *path = pg_server_to_any(output->path, strlen(output->path), PG_UTF8);

		sample->targets[i] = ad_target(output->typid, output->typmod);
		sample->single[i] = ad_decoder_create();
		(void) ad_decoder_add(sample->decoder, path, sample->targets[i]);
		(void) ad_decoder_add(sample->single[i], path, sample->targets[i]);
	}
}

/* of error_context_stack: say which value it is */
static void
add_sample_place(void *arg)
{
	const AdSample *sample = arg;
	int			field = ad_decoder_field(sample->decoding);
	int			output = field >= 0 ? sample->first + field : sample->checking;

	ad_add_place(RelationGetRelationName(sample->relation),
				 output < 0 ? NULL :
				 NameStr(TupleDescAttr(RelationGetDescr(sample->relation),
									   output_position(sample, output))->attname),
				 ad_document_id(sample->document, true));
}

/*
 * Read some columns of a document, from the first of a number of outputs on.
 */
static void
read_columns(AdSample *sample, AdDecoder *decoder, int first, int count)
{
	ErrorContextCallback place = {error_context_stack, add_sample_place, sample};
	const AdFieldValue *values;

	sample->decoding = decoder;
	sample->first = first;
	sample->checking = -1;
	error_context_stack = &place;
	values = ad_decode(decoder, sample->document);
	for (int i = 0; i < count; i++)
	{
		int			position = output_position(sample, first + i);

		sample->checking = first + i;
		sample->nulls[position] = values[i].state != AD_FIELD_VALUE;
		if (sample->nulls[position])
			continue;
		ad_check_domain(sample->targets[first + i], values[i].value, false);
		sample->datums[position] = values[i].value;
	}
	error_context_stack = place.previous;
}

/* whether an error is about a value: a domain may call functions of any kind */
static bool
is_about_value(const ErrorData *error)
{
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case ERRCODE_DATA_EXCEPTION:
		case ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION:
		case ERRCODE_PROGRAM_LIMIT_EXCEEDED:
		case ERRCODE_PLPGSQL_ERROR:
			return true;
		default:
			return false;
	}
}

/*
 * The same, in a subtransaction.  Returns false if there was an error about a
 * value.
 */
static bool
try_columns(AdSample *sample, AdDecoder *decoder, int first, int count)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		read_columns(sample, decoder, first, count);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	if (error != NULL && !is_about_value(error))
		ReThrowError(error);
	return error == NULL;
}

/*
 * Read a document; of a column whose value raises an error, null.
 */
static void
read_document(AdSample *sample, const uint8 *document)
{
	int			count = list_length(sample->outputs);

	sample->document = document;
	if (try_columns(sample, sample->decoder, 0, count))
		return;
	for (int i = 0; i < count; i++)
	{
		if (!try_columns(sample, sample->single[i], i, 1))
			sample->nulls[output_position(sample, i)] = true;
	}
}

/*
 * Read the sample into rows, and return how many there are.
 */
static int
sample_rows(Relation relation, AdQuery *query, HeapTuple *rows, int targrows)
{
	MemoryContext tuple_cxt = AllocSetContextCreate(CurrentMemoryContext,
													"admin_dashboard analyze tuple",
													ALLOCSET_DEFAULT_SIZES);
	AdSample	sample = {0};
	AdCursor   *cursor;
	const uint8 *document;
	int			count = 0;

	init_sample(&sample, relation, query->outputs);
	cursor = ad_query_open(query, relation->rd_rel->relowner);
	pgstat_progress_update_param(PROGRESS_ANALYZE_BLOCKS_TOTAL, targrows);
	while (count < targrows && (document = ad_cursor_next(cursor)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(tuple_cxt);

		CHECK_FOR_INTERRUPTS();
		read_document(&sample, document);
		MemoryContextSwitchTo(old);
		rows[count++] = heap_form_tuple(RelationGetDescr(relation), sample.datums, sample.nulls);
		MemoryContextReset(tuple_cxt);
		pgstat_progress_update_param(PROGRESS_ANALYZE_BLOCKS_DONE, count);
	}
	ad_cursor_close(cursor);
	MemoryContextDelete(tuple_cxt);
	return count;
}

/*
 * AcquireSampleRowsFunc
 */
static int
acquire_sample_rows(Relation relation, int elevel, HeapTuple *rows, int targrows,
					double *totalrows, double *totaldeadrows)
{
	AdTableOptions *options = ad_table_options(RelationGetRelid(relation));
	AdQuery    *query = ad_query_sample(GetForeignTable(RelationGetRelid(relation))->serverid,
										options, targrows);
	int			count;

	query->outputs = ad_table_outputs(relation, options, NULL, true);
	ad_query_project(query);
	if (query->projection != NULL)
		query->stages = lappend(query->stages, ad_doc("$project", query->projection));
	count = sample_rows(relation, query, rows, targrows);

	/* a sample that is smaller than it could be is the whole collection */
	*totalrows = count < targrows ? count :
		Max(ad_count_documents(relation->rd_rel->relowner, query->serverid, options), count);
	*totaldeadrows = 0;
	ereport(elevel,
			(errmsg("\"%s\": collection \"%s.%s\" has %.0f documents, of which %d were sampled",
					RelationGetRelationName(relation), options->database,
					options->collection, *totalrows, count)));
	return count;
}

/*
 * AnalyzeForeignTable.  A collection has no pages; partitions have equal parts
 * in the sample of their parent.
 */
bool
ad_analyze_foreign_table(Relation relation, AcquireSampleRowsFunc *func,
						 BlockNumber *totalpages)
{
	*func = acquire_sample_rows;
	*totalpages = 1;
	return true;
}
