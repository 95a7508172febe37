/*
 * scan_error.c
 *	  Errors of a foreign scan about the values that it reads.
 *
 * An error tells which document, table and column it is about.  For a
 * mismatch that an aggregate has noticed, we search for such a document.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/option.h"
#include "base/utf8.h"
#include "bson/bson_type.h"
#include "bson/error_place.h"
#include "bson/types.h"
#include "execute/scan_error.h"

/* returns the column whose value is being read, or NULL */
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

/* callback of error_context_stack: add the context line about the value */
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

/* from now on, errors are about a document, and a column if it is not NULL */
void
ad_enter_place(AdScanState *state, const uint8 *document, const AdScanColumn *column)
{
	state->document = document;
	state->column = column;
	state->place.callback = add_scan_place;
	state->place.arg = state;
	state->place.previous = error_context_stack;
	error_context_stack = &state->place;
}

/* from now on, errors are not about a document */
void
ad_leave_place(AdScanState *state)
{
	error_context_stack = state->place.previous;
}

/* a field with a mismatch, for the error about it */
typedef struct AdMismatchPlace
{
	const AdScanColumn *column; /* NULL if a guard reported the mismatch */
	const char *field;			/* path of the field */
	Oid			typid;			/* type of its column */
	int32		typmod;
	bool		joined;			/* is it in the joined collection? */
	/* a document with a mismatch in this field, once it is found */
	const char *id;				/* its _id as text; NULL if it has none */
	bson_type_t found;			/* BSON type of the value; BSON_TYPE_EOD until
								 * a document is found */
} AdMismatchPlace;

/*
 * Search the documents of the query for one whose field is a mismatch, and
 * fill in "id" and "found".  If "by_mongodb" is set, MongoDB preselects the
 * documents if it can; else we look at all of them.  Returns false if there
 * is none, for the collection can have changed.
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
	(void) ad_decoder_add(decoder, ad_to_utf8(place->field),
						  ad_target(place->typid, place->typmod));
	while (place->found == BSON_TYPE_EOD && (document = ad_cursor_next(cursor)) != NULL)
	{
		const AdFieldValue *values;

		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(document_cxt);
		ad_enter_place(state, document, place->column);
		values = ad_decode(decoder, document);
		ad_leave_place(state);
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

/* returns the name of the column that reads a field, or NULL */
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
 * Returns a hint for a value whose BSON type would fit, so that only its value
 * does not; or what helps with any other, palloc'd or a constant.
 */
static const char *
mismatch_hint(const AdMismatchPlace *place)
{
	static const char *const usual =
	"Give the column another type, or set its option on_mismatch to 'null' to read such values as NULL.";
	const AdType *type = ad_type(place->typid);
	bool		is_date = place->found == BSON_TYPE_DATE_TIME;

	if (type != NULL && type->class == AD_CLASS_TEXT && place->found == BSON_TYPE_UTF8)
		return "PostgreSQL cannot store strings with U+0000, with characters that the database's encoding lacks, or longer than the type allows. Set the option on_mismatch of the column to 'null' to read them as NULL.";
	if (type != NULL && type->class == AD_CLASS_INTEGER &&
		(place->found == BSON_TYPE_INT32 || place->found == BSON_TYPE_INT64 ||
		 place->found == BSON_TYPE_DOUBLE || place->found == BSON_TYPE_DECIMAL128))
		return psprintf("The number is not whole, or out of range. %s", usual);
	if (is_date && place->typid == DATEOID)
		return "A date column reads only dates at midnight UTC. Give the column the type timestamptz, and cast it to date where you need that; or set its option on_mismatch to 'null' to read such values as NULL.";
	if (is_date && place->typid == TIMEOID)
		return "A time column reads only dates of 1970-01-01 UTC. Give the column the type timestamptz, and cast it to time where you need that; or set its option on_mismatch to 'null' to read such values as NULL.";
	return usual;
}

/*
 * Raise the error for a mismatch.
 */
pg_noreturn static void
report_mismatch(AdScanState *state, AdMismatchPlace *place)
{
	const AdScanColumn *column = place->column;
	const char *details = NULL;

	/* an error in the search is not about the current document */
	ad_leave_place(state);

	/*
	 * First let MongoDB select the documents.  That can miss some: MongoDB
	 * accepts strings that PostgreSQL cannot store as text.
	 */
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
			 errhint("%s", mismatch_hint(place)),
			 ad_add_place(column != NULL && column->table != NULL ? column->table : state->table,
						  column != NULL && column->name != NULL ? column->name :
						  column_of_field(state, place->field, place->typid),
						  place->id)));
}

/* raise the error for a mismatch in a column */
void
ad_report_column(AdScanState *state, const AdScanColumn *column)
{
	const AdOutput *output = column->output;
	AdMismatchPlace place = {column, output->field, output->typid, output->typmod, output->joined};

	report_mismatch(state, &place);
}

/* raise the error for a mismatch in a column that is counted */
void
ad_report_counted(AdScanState *state, const AdOutput *output)
{
	AdMismatchPlace place = {NULL, output->field, output->state_of, output->typmod};

	report_mismatch(state, &place);
}

/*
 * Raise the error that PostgreSQL itself would have raised for a computation
 * that MongoDB did.
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

/* raise the error that a guard reports */
void
ad_report_guard(AdScanState *state, const AdGuard *guard)
{
	AdMismatchPlace place = {NULL, guard->field, guard->typid, guard->typmod};

	/* the error is not about a document of the reply */
	ad_leave_place(state);
	if (guard->kind != AD_FAILURE_MISMATCH)
		report_failure(guard->kind);
	report_mismatch(state, &place);
}

/*
 * Raise the error for a result of MongoDB that the SQL type cannot hold.
 */
void
ad_report_result(AdScanState *state, const AdOutput *output, bson_type_t found)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("result of type %s is out of range", format_type_be(output->typid)),
			 errdetail("MongoDB computed a value of BSON type %s for collection \"%s.%s\".",
					   ad_bson_type_name(found), state->query->database,
					   state->query->collection)));
}
