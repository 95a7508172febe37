/*
 * analyze.c
 *	  ANALYZE for foreign tables, from a random sample of documents.
 *
 * INTERFACE ROUTINES
 *		ad_analyze_foreign_table	tell ANALYZE how to sample the table
 *
 * We read at most as many documents as ANALYZE wants rows, and only the
 * fields of the columns.  A mismatch counts as null, whatever on_mismatch
 * says, and so does a value that violates its domain.  Statistics do not
 * answer a query, and one odd document should not prevent them.
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

#include "base/utf8.h"
#include "bson/decoder.h"
#include "bson/domain.h"
#include "bson/error_place.h"
#include "bson/types.h"
#include "execute/analyze.h"
#include "query/collation.h"
#include "remote/estimate.h"
#include "translate/column.h"

/* the state of one sample */
typedef struct AdSample
{
	Relation	relation;
	List	   *outputs;		/* AdOutput */
	AdTarget  **targets;		/* target of each output */
	AdDecoder  *decoder;		/* decodes all outputs */
	AdDecoder **single;			/* each decodes one output only */
	Datum	   *datums;			/* the current row */
	bool	   *nulls;
	/* for the context line of errors: what is being read */
	const uint8 *document;
	const AdDecoder *decoding;	/* the decoder in use */
	int			first;			/* index of its first output */
	int			checking;		/* output whose domain is being checked; or -1 */
} AdSample;

/* the position of output number i in the row */
static int
output_position(const AdSample *sample, int i)
{
	return ((AdOutput *) list_nth(sample->outputs, i))->position;
}

/*
 * Initialize a sample for the columns of a table.
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
		const char *path = ad_to_utf8(output->path);

		sample->targets[i] = ad_target(output->typid, output->typmod);
		sample->single[i] = ad_decoder_create();
		(void) ad_decoder_add(sample->decoder, path, sample->targets[i]);
		(void) ad_decoder_add(sample->single[i], path, sample->targets[i]);
	}
}

/* callback of error_context_stack: add the context line about the value */
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
 * Read the columns of "count" outputs, from output number "first" on, from
 * the current document into the row.  "decoder" is the one for these outputs.
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

/*
 * Is an error about a value?  A domain can call any function, which can raise
 * other errors too, and these must end ANALYZE.
 */
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
 * Like read_columns(), but in a subtransaction.  Returns false if there was
 * an error about a value, and raises any other error.
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
 * Read a document into the row.  If a value raises an error, read the columns
 * one by one, and make null those whose values raise errors.
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
 * Run the query and read at most "targrows" documents into "rows", palloc'd.
 * Returns the number of rows.  pg_stat_progress_analyze shows documents as
 * blocks.
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
 * AcquireSampleRowsFunc: sample the table, and estimate its number of rows.
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
	ad_warn_of_collation(RelationGetRelationName(relation), query->serverid,
						 relation->rd_rel->relowner, options);

	/* if the sample is smaller than requested, it is the whole collection */
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
 * Callback AnalyzeForeignTable: sets the function that samples the table, and
 * returns true (PostgreSQL manual, "FDW Routines for ANALYZE").  A collection
 * has no pages.  We state one page for each table, so that all partitions get
 * equal shares of the sample of their parent.
 */
bool
ad_analyze_foreign_table(Relation relation, AcquireSampleRowsFunc *func,
						 BlockNumber *totalpages)
{
	*func = acquire_sample_rows;
	*totalpages = 1;
	return true;
}
