/*
 * analyze.c
 *	  ANALYZE of foreign tables, from documents that MongoDB chooses at random.
 *
 * INTERFACE ROUTINES
 *		ad_analyze_foreign_table	that the table can be analyzed, and by what
 *
 * At most as many documents are read as ANALYZE wants rows, and of them only
 * the columns' fields.  A value that does not fit its column counts as null,
 * whatever on_mismatch says: statistics are no answer to a query, and one odd
 * document should not leave a table without any.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/progress.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/backend_progress.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "analyze.h"
#include "decode.h"
#include "estimate.h"
#include "plan.h"

/*
 * Read the sample into rows, and return how many there are.
 */
static int
read_sample(Relation relation, AdQuery *query, HeapTuple *rows, int targrows)
{
	TupleDesc	desc = RelationGetDescr(relation);
	AdDecoder  *decoder = ad_decoder_create();
	Datum	   *datums = palloc0(desc->natts * sizeof(Datum));
	bool	   *nulls = palloc(desc->natts * sizeof(bool));
	MemoryContext tuple_cxt = AllocSetContextCreate(CurrentMemoryContext,
													"admin_dashboard analyze tuple",
													ALLOCSET_DEFAULT_SIZES);
	AdCursor   *cursor;
	const uint8 *document;
	int			count = 0;
	ListCell   *lc;

	memset(nulls, true, desc->natts * sizeof(bool));
	foreach(lc, query->outputs)
	{
		AdOutput   *output = lfirst(lc);

		(void) ad_decoder_add(decoder,
							  pg_server_to_any(output->path, strlen(output->path), PG_UTF8),
							  ad_target(output->typid, output->typmod));
	}
	cursor = ad_query_open(query, relation->rd_rel->relowner);
	pgstat_progress_update_param(PROGRESS_ANALYZE_BLOCKS_TOTAL, targrows);
	while (count < targrows && (document = ad_cursor_next(cursor)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(tuple_cxt);
		const AdFieldValue *values = ad_decode(decoder, document);

		CHECK_FOR_INTERRUPTS();
		foreach(lc, query->outputs)
		{
			const AdFieldValue *value = &values[foreach_current_index(lc)];
			int			position = ((AdOutput *) lfirst(lc))->position;

			nulls[position] = value->state != AD_FIELD_VALUE;
			if (!nulls[position])
				datums[position] = value->value;
		}
		MemoryContextSwitchTo(old);
		rows[count++] = heap_form_tuple(desc, datums, nulls);
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
	count = read_sample(relation, query, rows, targrows);

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
