/*
 * check_table.c
 *	  The SQL function that compares a foreign table with its collection.
 *
 * A column whose field has another name in the documents, such as createdat
 * for createdAt, reads as NULL without an error; so does every column of a
 * collection that does not exist.  This function samples documents and shows
 * what each column makes of them, and which fields no column reads.
 */
#include "postgres.h"

#include <limits.h>
#include <ctype.h>

#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"
#include "utils/varlena.h"

#include "base/field.h"
#include "base/option.h"
#include "base/utf8.h"
#include "bson/decoder.h"
#include "bson/encoding.h"
#include "bson/error_place.h"
#include "bson/types.h"
#include "import/import.h"
#include "import/infer.h"
#include "query/collation.h"
#include "query/query.h"
#include "translate/column.h"

PG_FUNCTION_INFO_V1(admin_dashboard_check_table);

/* columns of the function's result */
enum
{
	RESULT_COLUMN,
	RESULT_FIELD,
	RESULT_DOCUMENTS,
	RESULT_READABLE,
	RESULT_NULLS,
	RESULT_MISSING,
	RESULT_MISMATCHES,
	RESULT_MISMATCH_TYPES,
	RESULT_MISMATCH_ID,
	RESULT_NOTE,
	N_RESULTS
};

/* names longer than this are not compared with others */
#define LONGEST_COMPARED	64

/* kinds of values that are shown for one field */
#define MOST_KINDS			5

/* what a sample holds for one column */
typedef struct AdColumnCheck
{
	AdOutput   *output;
	const char *name;
	AdField    *field;			/* NULL if the column reads the whole
								 * document, or if there are too many fields */
	int64		readable;
	int64		mismatches;
	int64		types[AD_N_KINDS];	/* mismatches by the kind of the value */
	const char *mismatch_id;	/* _id of the first document with a mismatch */
} AdColumnCheck;

typedef struct AdTableCheck
{
	Relation	relation;
	AdTableOptions *options;
	Oid			serverid;
	AdInference *inference;
	AdDecoder  *decoder;
	List	   *columns;		/* AdColumnCheck, in the order of the decoder */
	MemoryContext context;
} AdTableCheck;

/*
 * Find the field of a path among those that the documents can have; it counts
 * no values if no document has it.
 */
static AdField *
find_field(AdInference *inference, const char *path)
{
	AdField    *field = ad_infer_root(inference);

	while (path != NULL && field != NULL)
	{
		const char *name = ad_to_utf8(ad_field_next_name(&path));

		field = ad_infer_field(inference, field, name, strlen(name));
	}
	return field;
}

/*
 * Prepare to read all columns.  The fields of the columns come first, so that a
 * document with very many other fields does not displace them.
 */
static void
init_check(AdTableCheck *check, Relation relation)
{
	ListCell   *lc;

	check->relation = relation;
	check->context = CurrentMemoryContext;
	check->options = ad_table_options(RelationGetRelid(relation));
	check->serverid = GetForeignTable(RelationGetRelid(relation))->serverid;
	check->inference = ad_infer_create(ad_import_options(NIL));
	check->decoder = ad_decoder_create();
	foreach(lc, ad_table_outputs(relation, check->options, NULL, true))
	{
		AdColumnCheck *column = palloc0(sizeof(AdColumnCheck));

		column->output = lfirst(lc);
		column->name = NameStr(TupleDescAttr(RelationGetDescr(relation),
											 column->output->position)->attname);
		if (!ad_field_is_document(column->output->path))
			column->field = find_field(check->inference, column->output->path);
		(void) ad_decoder_add(check->decoder, ad_to_utf8(column->output->path),
							  ad_target(column->output->typid, column->output->typmod));
		check->columns = lappend(check->columns, column);
	}
}

/*
 * Read one document.
 */
static void
check_document(AdTableCheck *check, const uint8 *document)
{
	const AdFieldValue *values = ad_decode(check->decoder, document);
	ListCell   *lc;

	foreach(lc, check->columns)
	{
		AdColumnCheck *column = lfirst(lc);
		const AdFieldValue *value = &values[foreach_current_index(lc)];

		if (value->state == AD_FIELD_VALUE)
			column->readable++;
		if (value->state != AD_FIELD_MISMATCH)
			continue;
		column->mismatches++;
		column->types[AD_KIND(value->found)]++;
		if (column->mismatch_id == NULL)
		{
			const char *id = ad_document_id(document, false);

			column->mismatch_id = MemoryContextStrdup(check->context, id != NULL ? id : "none");
		}
	}
	ad_infer_document(check->inference, document);
}

/*
 * Read a random sample of the collection.
 */
static void
read_documents(AdTableCheck *check, int sample_size)
{
	AdQuery    *query = ad_query_sample(check->serverid, check->options, sample_size);
	MemoryContext document_cxt = AllocSetContextCreate(CurrentMemoryContext,
													   "admin_dashboard check document",
													   ALLOCSET_DEFAULT_SIZES);
	AdCursor   *cursor = ad_query_open(query, GetUserId());
	const uint8 *document;

	while (ad_infer_documents(check->inference) < sample_size &&
		   (document = ad_cursor_next(cursor)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(document_cxt);

		CHECK_FOR_INTERRUPTS();
		check_document(check, document);
		MemoryContextSwitchTo(old);
		MemoryContextReset(document_cxt);
	}
	ad_cursor_close(cursor);
}

/* the letters and digits of a name, in lower case: createdAt and created_at have the same */
static char *
plain_letters(const char *name)
{
	char	   *letters = palloc(strlen(name) + 1);
	int			n = 0;

	for (; *name != '\0'; name++)
	{
		if (IS_HIGHBIT_SET(*name) || isalnum((unsigned char) *name))
			letters[n++] = pg_ascii_tolower((unsigned char) *name);
	}
	letters[n] = '\0';
	return letters;
}

/*
 * How much two names differ: 0 if they have the same letters in the same order,
 * else the number of letters to change; INT_MAX if that is more than a third.
 */
static int
name_distance(const char *a, const char *b)
{
	int			most = Min(strlen(a), strlen(b)) / 3;
	int			distance;

	a = plain_letters(a);
	b = plain_letters(b);
	if (strcmp(a, b) == 0)
		return 0;
	if (most == 0 || strlen(a) > LONGEST_COMPARED || strlen(b) > LONGEST_COMPARED)
		return INT_MAX;
	distance = varstr_levenshtein_less_equal(a, strlen(a), b, strlen(b), 1, 1, 1, most, true);
	return distance <= most ? distance : INT_MAX;
}

/* in how many documents the field reads as NULL */
static int64
count_nulls(const AdField *field)
{
	return field->counts[AD_KIND(BSON_TYPE_NULL)] + field->counts[AD_KIND(BSON_TYPE_UNDEFINED)];
}

/* how many documents have the field */
static int64
count_values(const AdField *field)
{
	int64		count = 0;

	for (int i = 0; i < AD_N_KINDS; i++)
		count += field->counts[i];
	return count;
}

/*
 * The field beside a missing one that it may have been meant for: the name that
 * differs least, if it does not differ much.  NULL if there is none.  *least is
 * set to how much the name differs, as name_distance() tells it.
 */
static const AdField *
nearest_field(const AdField *missing, int *least)
{
	const AdField *nearest = NULL;
	ListCell   *lc;

	*least = INT_MAX;
	foreach(lc, missing->parent->children)
	{
		const AdField *field = lfirst(lc);
		int			distance;

		CHECK_FOR_INTERRUPTS();
		if (field == missing || field->unnamable || count_values(field) == 0)
			continue;
		distance = name_distance(ad_infer_name(missing), ad_infer_name(field));
		if (distance < *least)
		{
			*least = distance;
			nearest = field;
		}
	}
	return nearest;
}

/*
 * The field in inner documents whose path has the letters of a missing field's
 * name: IMPORT names the column for the field m.x "m_x".  NULL if there is none.
 */
static const AdField *
field_with_path(const AdField *missing, const AdField *parent)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, parent->children)
	{
		const AdField *field = lfirst(lc);
		const AdField *found;

		CHECK_FOR_INTERRUPTS();
		if (field == missing || field->unnamable || count_values(field) == 0)
			continue;
		if (name_distance(ad_infer_name(missing), ad_infer_path(field)) == 0)
			return field;
		found = field_with_path(missing, field);
		if (found != NULL)
			return found;
	}
	return NULL;
}

/* the kinds that were counted most, the commonest first: "string in 3, bool in 1" */
static char *
kinds_in_words(const int64 *counts)
{
	StringInfoData words;
	Bitmapset  *shown = NULL;

	initStringInfo(&words);
	for (int n = 0; n <= MOST_KINDS; n++)
	{
		int			commonest = -1;

		for (int i = 0; i < AD_N_KINDS; i++)
		{
			if (counts[i] > 0 && !bms_is_member(i, shown) &&
				(commonest < 0 || counts[i] > counts[commonest]))
				commonest = i;
		}
		if (commonest < 0)
			break;
		if (n == MOST_KINDS)
		{
			appendStringInfoString(&words, ", ...");
			break;
		}
		shown = bms_add_member(shown, commonest);
		appendStringInfo(&words, "%s%s in " INT64_FORMAT, words.len > 0 ? ", " : "",
						 ad_bson_type_name(AD_KIND_TYPE(commonest)), counts[commonest]);
	}
	return words.data;
}

/*
 * What the user should know of a column; NULL if nothing is unusual.
 */
static char *
column_note(const AdColumnCheck *column, int64 documents)
{
	StringInfoData note;
	const AdField *nearest;
	const AdField *inner = NULL;
	int			distance;

	if (column->mismatches > 0)
		return pstrdup(column->output->on_mismatch == AD_MISMATCH_ERROR ?
					   "a query that reads such a document fails; see the option on_mismatch" :
					   "these values read as NULL, as on_mismatch says");
	if (documents == 0 || column->field == NULL || count_values(column->field) > 0)
		return NULL;
	initStringInfo(&note);
	appendStringInfoString(&note, "no document of the sample has this field");
	nearest = nearest_field(column->field, &distance);
	if (distance > 0 && column->field->parent->parent == NULL)
		inner = field_with_path(column->field, column->field->parent);
	if (inner != NULL)
		nearest = inner;
	if (nearest != NULL)
		appendStringInfo(&note, "; did you mean %s?", ad_infer_path(nearest));
	return note.data;
}

static void
set_text(Datum *values, bool *nulls, int i, const char *text)
{
	nulls[i] = text == NULL;
	values[i] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

static void
return_column(const AdTableCheck *check, AdColumnCheck *column, ReturnSetInfo *result)
{
	int64		documents = ad_infer_documents(check->inference);
	int64		null_count = column->field == NULL ? 0 : count_nulls(column->field);
	Datum		values[N_RESULTS];
	bool		nulls[N_RESULTS] = {0};

	set_text(values, nulls, RESULT_COLUMN, column->name);
	set_text(values, nulls, RESULT_FIELD, column->output->path);
	values[RESULT_DOCUMENTS] = Int64GetDatum(documents);
	values[RESULT_READABLE] = Int64GetDatum(column->readable);
	values[RESULT_NULLS] = Int64GetDatum(null_count);
	values[RESULT_MISSING] = Int64GetDatum(documents - column->readable - null_count - column->mismatches);
	values[RESULT_MISMATCHES] = Int64GetDatum(column->mismatches);
	set_text(values, nulls, RESULT_MISMATCH_TYPES,
			 column->mismatches > 0 ? kinds_in_words(column->types) : NULL);
	set_text(values, nulls, RESULT_MISMATCH_ID, column->mismatch_id);
	set_text(values, nulls, RESULT_NOTE, column_note(column, documents));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* whether a column reads the field, or a document that it is in */
static bool
is_read(const AdTableCheck *check, const AdField *field)
{
	ListCell   *lc;

	foreach(lc, check->columns)
	{
		const AdColumnCheck *column = lfirst(lc);

		if (ad_field_is_document(column->output->path) || column->field == field)
			return true;
	}
	return false;
}

/* whether a column reads a field in the documents that are the field's values */
static bool
is_read_in_part(const AdTableCheck *check, const AdField *field)
{
	ListCell   *lc;

	foreach(lc, check->columns)
	{
		const AdField *read = ((const AdColumnCheck *) lfirst(lc))->field;

		for (; read != NULL; read = read->parent)
		{
			if (read == field)
				return true;
		}
	}
	return false;
}

/*
 * Return the fields that no column reads.  A document of which no column reads
 * any part is one field.
 */
static void
return_unread(const AdTableCheck *check, const AdField *parent, ReturnSetInfo *result)
{
	int64		documents = ad_infer_documents(check->inference);
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, parent->children)
	{
		const AdField *field = lfirst(lc);
		Datum		values[N_RESULTS];
		bool		nulls[N_RESULTS] = {0};

		CHECK_FOR_INTERRUPTS();
		if (field->unnamable || count_values(field) == 0 || is_read(check, field))
			continue;
		if (is_read_in_part(check, field))
		{
			return_unread(check, field, result);
			continue;
		}
		memset(nulls, true, sizeof(nulls));
		set_text(values, nulls, RESULT_FIELD, ad_infer_path(field));
		nulls[RESULT_DOCUMENTS] = nulls[RESULT_NULLS] = nulls[RESULT_MISSING] = false;
		values[RESULT_DOCUMENTS] = Int64GetDatum(documents);
		values[RESULT_NULLS] = Int64GetDatum(count_nulls(field));
		values[RESULT_MISSING] = Int64GetDatum(documents - count_values(field));
		set_text(values, nulls, RESULT_NOTE,
				 psprintf("no column reads this field: %s", kinds_in_words(field->counts)));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * Raise an error if the database has no such collection.  The error names the
 * collection whose name differs least.
 */
static void
check_collection(const AdTableCheck *check)
{
	const char *nearest = NULL;
	int			least = INT_MAX;
	AdCursor   *cursor;
	const uint8 *description;

	cursor = ad_query_collections(check->serverid, check->options->database, NULL, GetUserId());
	while ((description = ad_cursor_next(cursor)) != NULL)
	{
		const char *name = ad_described_name(description);
		int			distance;

		CHECK_FOR_INTERRUPTS();
		if (name == NULL)
			continue;
		if (strcmp(name, check->options->collection) == 0)
		{
			ad_cursor_close(cursor);
			return;
		}
		distance = name_distance(check->options->collection, name);
		if (distance < least)
		{
			least = distance;
			nearest = pstrdup(name);
		}
	}
	ad_cursor_close(cursor);
	ereport(ERROR,
			(errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
			 errmsg("database \"%s\" has no collection \"%s\"", check->options->database,
					check->options->collection),
			 nearest != NULL ?
			 errhint("Perhaps the option collection of the foreign table should be \"%s\".", nearest) : 0));
}

/* open the foreign table, if it is one of this wrapper and the user may read it */
static Relation
open_table(Oid relid)
{
	Relation	relation = table_open(relid, AccessShareLock);
	AclResult	aclresult = pg_class_aclcheck(relid, GetUserId(), ACL_SELECT);

	if (aclresult != ACLCHECK_OK)
		aclcheck_error(aclresult, OBJECT_FOREIGN_TABLE, RelationGetRelationName(relation));
	if (relation->rd_rel->relkind == RELKIND_FOREIGN_TABLE &&
		ad_is_own_server(GetForeignServer(GetForeignTable(relid)->serverid)))
		return relation;
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("\"%s\" is not a foreign table of admin_dashboard_fdw", RelationGetRelationName(relation))));
}

/*
 * admin_dashboard_check_table(relation regclass, sample_size integer DEFAULT
 * 1000, OUT column_name text, OUT field text, OUT documents bigint, OUT
 * readable bigint, OUT nulls bigint, OUT missing bigint, OUT mismatches bigint,
 * OUT mismatch_types text, OUT mismatch_id text, OUT note text) RETURNS SETOF
 * record
 *
 * Compares a foreign table with a random sample of its collection: one row for
 * each column, then one for each field that no column reads.  `documents` is
 * the size of the sample.  Constraints of domains are not checked.  Raises an
 * error if the collection does not exist, or is out of reach, and if the user
 * may not read the table.
 */
Datum
admin_dashboard_check_table(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	relation = open_table(PG_GETARG_OID(0));
	int32		sample_size = PG_GETARG_INT32(1);
	AdTableCheck check = {0};
	ListCell   *lc;

	if (sample_size < 1 || sample_size > 100000)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid sample size: %d", sample_size),
				 errhint("Valid values are 1 to 100000 documents.")));
	InitMaterializedSRF(fcinfo, 0);
	init_check(&check, relation);
	read_documents(&check, sample_size);
	if (ad_infer_documents(check.inference) == 0)
		check_collection(&check);
	ad_warn_of_collation(RelationGetRelationName(relation), check.serverid, GetUserId(), check.options);
	foreach(lc, check.columns)
		return_column(&check, lfirst(lc), result);
	return_unread(&check, ad_infer_root(check.inference), result);
	table_close(relation, AccessShareLock);
	return (Datum) 0;
}
