/*
 * import.c
 *	  IMPORT FOREIGN SCHEMA: make foreign tables for the collections of a
 *	  database.
 *
 * INTERFACE ROUTINES
 *		ad_import_foreign_schema	the CREATE FOREIGN TABLE statements
 *
 * This file lists the collections, samples their documents, and writes the
 * statements.  infer.c decides which columns a table gets.
 *
 * If the sample size is not smaller than the collection, the sample has all
 * its documents.  We sort the sample by _id, so the same data then lead to
 * the same statement.
 */
#include "postgres.h"

#include "catalog/pg_foreign_server.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/collection.h"
#include "base/compat.h"
#include "base/field.h"
#include "base/utf8.h"
#include "bson/bson_type.h"
#include "bson/encoding.h"
#include "import/import.h"
#include "import/infer.h"
#include "import/infer_schema.h"
#include "import/naming.h"
#include "query/collation.h"
#include "query/query.h"

PG_FUNCTION_INFO_V1(admin_dashboard_import_sql);

/*
 * The most bytes that the descriptions of a database's collections may have
 * together, to limit memory.  Without validators this is enough for more than
 * 100,000 collections.
 */
#define AD_MOST_LISTED	(64 * 1024 * 1024)

#define CASE_HINT	"Names in MongoDB are case-sensitive. Put a name with capital letters in double quotes."

/* how many columns a notice names */
#define MOST_NAMED	10

/* columns that have become jsonb, for a notice */
typedef struct AdJsonbColumns
{
	int			count;
	StringInfoData words;		/* names and reasons of the first ones */
} AdJsonbColumns;

/* prefixes of the collections that MongoDB reserves for itself */
static const char *const system_prefixes[] = {"system.", "enxcol_."};

typedef struct AdCollection
{
	const char *name;			/* in the server's encoding */
	const char *table;			/* name for the foreign table, unique */
	bool		is_view;
	const uint8 *description;	/* the reply of listCollections, palloc'd */
} AdCollection;

/* ------------------------------------------------------------------------
 * List the collections
 * ------------------------------------------------------------------------ */

/* does MongoDB reserve this collection for itself? */
static bool
is_system(const char *name)
{
	for (int i = 0; i < lengthof(system_prefixes); i++)
	{
		if (strncmp(name, system_prefixes[i], strlen(system_prefixes[i])) == 0)
			return true;
	}
	return false;
}

/* returns the value of an element that is a string, or "" */
static const char *
find_string(const AdReader reader, const char *name)
{
	AdElement	element;

	return ad_reader_find(reader, name, &element) ? ad_element_string(&element) : "";
}

static int
compare_collections(const ListCell *a, const ListCell *b)
{
	return strcmp(((AdCollection *) lfirst(a))->name, ((AdCollection *) lfirst(b))->name);
}

/*
 * Returns the collection's name in a description that listCollections has
 * returned, in the server's encoding; NULL if there is none.
 */
const char *
ad_described_name(const uint8 *description)
{
	AdReader	reader;
	AdElement	element;
	const char *name;
	uint32		len;

	ad_reader_init(&reader, description, ad_read_int32(description));
	if (!ad_reader_find(reader, "name", &element) || element.type != BSON_TYPE_UTF8)
		return NULL;
	name = ad_read_string(element.value, &len);
	return ad_text_to_server(name, &len);
}

/*
 * Raise an error if no database can have this name.
 */
void
ad_check_database_name(const char *database)
{
	const char *flaw = ad_database_flaw(ad_to_utf8(database));

	if (flaw != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_SCHEMA_NOT_FOUND),
				 errmsg("invalid name of a MongoDB database: \"%s\"", database),
				 errdetail_internal("%s", flaw)));
}

/*
 * Returns the collections of a database, as a list of AdCollection sorted by
 * name; or only the collection with the given name if "name" is not NULL.
 * Adds the names of their tables to "names".
 */
static List *
list_collections(Oid serverid, const char *database, const char *name, AdNames *names)
{
	List	   *collections = NIL;
	AdCursor   *cursor;
	const uint8 *description;
	int64		listed = 0;
	ListCell   *lc;

	ad_check_database_name(database);
	cursor = ad_query_collections(serverid, database, name, GetUserId());
	while ((description = ad_cursor_next(cursor)) != NULL)
	{
		uint32		size = ad_read_int32(description);
		AdCollection *collection = palloc(sizeof(AdCollection));
		AdReader	reader;
		uint32		len;

		CHECK_FOR_INTERRUPTS();
		if ((listed += size) > AD_MOST_LISTED)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("list of the collections of database \"%s\" is larger than %d MB",
							database, AD_MOST_LISTED / (1024 * 1024))));
		collection->description = memcpy(palloc(size), description, size);
		ad_reader_init(&reader, collection->description, size);
		collection->name = find_string(reader, "name");
		collection->is_view = strcmp(find_string(reader, "type"), "view") == 0;
		len = strlen(collection->name);
		collection->name = ad_text_to_server(collection->name, &len);
		if (collection->name != NULL && !is_system(collection->name))
			collections = lappend(collections, collection);
	}
	ad_cursor_close(cursor);
	list_sort(collections, compare_collections);
	foreach(lc, collections)
	{
		AdCollection *collection = lfirst(lc);

		collection->table = ad_names_add(names, collection->name);
	}
	return collections;
}

/* ------------------------------------------------------------------------
 * Learn about a collection
 * ------------------------------------------------------------------------ */

/*
 * Learn from a sample of documents, which MongoDB chooses at random.
 */
static void
sample_collection(AdInference *inference, ForeignServer *server, const char *database,
				  const AdCollection *collection, const AdImportOptions *options)
{
	AdQuery    *query = ad_query_sample(server->serverid,
										ad_collection_options(server, database, collection->name),
										options->sample_size);
	AdCursor   *cursor;
	const uint8 *document;

	query->stages = lappend(query->stages, ad_doc("$sort", ad_doc("_id", ad_integer(1))));
	cursor = ad_query_open(query, GetUserId());
	while ((document = ad_cursor_next(cursor)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (ad_infer_documents(inference) == options->sample_size)
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("invalid reply from MongoDB server \"%s\"", server->servername),
					 errdetail("More documents came than were asked for."),
					 errcontext("MongoDB collection \"%s.%s\"", database, collection->name)));
		ad_infer_document(inference, document);
	}
	ad_cursor_close(cursor);
}

/*
 * Learn from the validator of a collection.  All documents are sure to obey
 * it only if its action is "error" and its level is "strict", which are the
 * defaults.  Otherwise it only warns, or spares documents that are older than
 * it, so we only use its types.
 */
static void
read_validator(AdInference *inference, const AdCollection *collection)
{
	AdReader	description;
	AdReader	options;
	AdReader	validator;
	AdReader	schema;
	const char *action;
	const char *level;

	ad_reader_init(&description, collection->description, ad_read_int32(collection->description));
	if (!ad_reader_find_inner(description, "options", BSON_TYPE_DOCUMENT, &options) ||
		!ad_reader_find_inner(options, "validator", BSON_TYPE_DOCUMENT, &validator) ||
		!ad_reader_find_inner(validator, "$jsonSchema", BSON_TYPE_DOCUMENT, &schema))
		return;
	action = find_string(options, "validationAction");
	level = find_string(options, "validationLevel");
	ad_infer_schema(inference, schema,
					(action[0] == '\0' || strcmp(action, "error") == 0) &&
					(level[0] == '\0' || strcmp(level, "strict") == 0));
}

/* ------------------------------------------------------------------------
 * The statement
 * ------------------------------------------------------------------------ */

/* a name for a field's column, which another column may have already */
static const char *
column_name(const AdField *field)
{
	StringInfoData name;

	initStringInfo(&name);
	ad_infer_append_names(&name, field, '_', false);
	return ad_clean_name(name.data);
}

/* start an entry in the list of columns */
static void
append_column(StringInfo out, const char *name, const char *type)
{
	appendStringInfo(out, "\n\t%s %s", quote_identifier(name), type);
}

/* append an option to a list of options */
static void
append_option(StringInfo options, const char *name, const char *value)
{
	appendStringInfo(options, "%s%s %s", options->len > 0 ? ", " : "", name, quote_literal_cstr(value));
}

/*
 * Append the rest of an entry: its options, COLLATE "C", NOT NULL, a comma
 * unless it is the last entry, and a comment unless that is empty.
 */
static void
end_column(StringInfo out, StringInfo options, bool by_bytes, bool not_null, bool last,
		   const char *comment)
{
	if (options->len > 0)
		appendStringInfo(out, " OPTIONS (%s)", options->data);
	if (by_bytes)
		appendStringInfoString(out, " COLLATE \"C\"");
	if (not_null)
		appendStringInfoString(out, " NOT NULL");
	if (!last)
		appendStringInfoChar(out, ',');
	if (comment[0] != '\0')
		appendStringInfo(out, " -- %s", comment);
}

/*
 * Append the names of a set of BSON types (kinds).  If "counts" is not NULL,
 * append only the types that occurred, each with the number of its values.
 * Returns how many names were appended.
 */
static int
append_kinds(StringInfo out, uint32 kinds, const int64 *counts)
{
	int			n = 0;

	for (int kind = 0; kind < AD_N_KINDS; kind++)
	{
		if ((kinds & ((uint32) 1 << kind)) == 0 || (counts != NULL && counts[kind] == 0))
			continue;
		appendStringInfo(out, "%s%s", n++ > 0 ? ", " : "", ad_bson_type_name(AD_KIND_TYPE(kind)));
		if (counts != NULL)
			appendStringInfo(out, " in " INT64_FORMAT, counts[kind]);
	}
	return n;
}

/*
 * Returns a comment for a column that the user should look at: its values
 * have several BSON types, there were no values, or some values cannot be
 * read.  Returns "" for other columns.
 */
static const char *
column_comment(const AdInferred *column, int64 documents)
{
	const AdField *field = column->field;
	uint32		kinds = ad_field_kinds(field);
	StringInfoData comment;

	initStringInfo(&comment);
	if (kinds == 0 && documents > 0)
		appendStringInfo(&comment, "no value in " INT64_FORMAT " documents", documents);
	else if (kinds == AD_KIND_BIT(BSON_TYPE_ARRAY) && column->typid == JSONBOID)
	{
		appendStringInfoString(&comment, field->elements != 0 ? "arrays of " : "empty arrays");
		append_kinds(&comment, field->elements, NULL);
	}
	else if (field->collapsed)
		appendStringInfo(&comment, "documents of %d or more fields", list_length(field->children));
	else if (append_kinds(&comment, kinds, field->counts) > 1)
		appendStringInfo(&comment, " of " INT64_FORMAT " documents", documents);
	else
		resetStringInfo(&comment);
	if (field->unreadable > 0)
		appendStringInfo(&comment, "%snull where it cannot be read, in " INT64_FORMAT " of " INT64_FORMAT " documents",
						 comment.len > 0 ? "; " : "", field->unreadable, documents);
	return comment.data;
}

/*
 * Add a column that has become jsonb, and the reason, to the list of those
 * that a notice names.
 */
static void
add_jsonb_column(AdJsonbColumns *found, const char *name, const AdInferred *column, const char *comment)
{
	if (column->typid != JSONBOID || ++found->count > MOST_NAMED)
		return;
	if (found->words.len > 0)
		appendStringInfoString(&found->words, "; ");
	appendStringInfo(&found->words, "\"%s\"", name);
	if (comment[0] != '\0')
		appendStringInfo(&found->words, ": %s", comment);
	else
	{
		appendStringInfoString(&found->words, ": ");
		if (append_kinds(&found->words, ad_field_kinds(column->field), NULL) == 0)
			appendStringInfoString(&found->words, "no value");
	}
}

/*
 * Does the text column have ObjectIds only?  These are digits, which all
 * collations order alike, but MongoDB can sort under the collation C only.
 */
static bool
has_objectids(const AdInferred *column)
{
	return column->typid == TEXTOID &&
		ad_field_kinds(column->field) == AD_KIND_BIT(BSON_TYPE_OID);
}

/*
 * Append the list of columns.  A field's column cannot have the name of a
 * system column, nor of the document column that the options ask for.  Sets
 * *complete as ad_infer_columns() does, and *found to the columns that have
 * become jsonb.
 */
static void
append_columns(StringInfo out, AdInference *inference, const AdImportOptions *options, bool *complete,
			   AdJsonbColumns *found)
{
	static const char *const system_columns[] = {"cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"};
	List	   *columns = ad_infer_columns(inference, complete);
	const char *document = options->document_column;
	bool		whole = document != NULL || !*complete || ad_infer_documents(inference) == 0;
	const AdField *root = ad_infer_root(inference);
	AdNames    *names = ad_names_create();
	StringInfoData column_options;
	ListCell   *lc;

	for (int i = 0; i < lengthof(system_columns); i++)
		(void) ad_names_add(names, system_columns[i]);
	if (document != NULL)
		document = ad_names_add(names, document);
	initStringInfo(&column_options);
	foreach(lc, columns)
	{
		const AdInferred *column = lfirst(lc);
		const char *name = ad_names_add(names, column_name(column->field));
		const char *path = ad_infer_path(column->field);
		const char *comment = column_comment(column, ad_infer_documents(inference));

		add_jsonb_column(found, name, column, comment);
		resetStringInfo(&column_options);
		if (strcmp(name, path) != 0)
			append_option(&column_options, "field", path);
		if (column->field->unreadable > 0)
			append_option(&column_options, "on_mismatch", "null");
		append_column(out, name, format_type_be(column->typid));
		end_column(out, &column_options, has_objectids(column), column->not_null,
				   lnext(columns, lc) == NULL && !whole, comment);
	}
	if (!whole)
		return;
	resetStringInfo(&column_options);
	append_option(&column_options, "field", "$");
	if (root->unreadable > 0)
		append_option(&column_options, "on_mismatch", "null");
	append_column(out, document != NULL ? document : ad_names_add(names, "document"), "jsonb");
	end_column(out, &column_options, false, false, true, *complete ? "" : "the only column that has some of the fields");
}

/* raise notices about data that the new table cannot show */
static void
report_omissions(const AdInference *inference, const char *database, const char *collection, bool complete)
{
	int64		unreadable = ad_infer_root(inference)->unreadable;

	if (!complete)
		ereport(NOTICE,
				(errmsg("collection \"%s.%s\" has fields that get no column of their own",
						database, collection),
				 errdetail("The column for the whole document contains them.")));
	if (unreadable > 0)
		ereport(NOTICE,
				(errmsg(INT64_FORMAT " of " INT64_FORMAT " documents of collection \"%s.%s\" have values that cannot be read",
						unreadable, ad_infer_documents(inference), database, collection),
				 errdetail("PostgreSQL cannot store strings with U+0000, nor strings or names with characters that the database's encoding lacks."),
				 errhint("The columns have the option on_mismatch 'null', so they read such values as NULL.")));
}

/* raise notices about how the types of the new table were chosen */
static void
report_types(const AdInference *inference, const char *database, const char *collection,
			 const AdImportOptions *options, const AdJsonbColumns *found)
{
	if (found->count > 0)
		ereport(NOTICE,
				(errmsg_plural("%d column for collection \"%s.%s\" has the type jsonb",
							   "%d columns for collection \"%s.%s\" have the type jsonb",
							   found->count, found->count, database, collection),
				 errdetail_internal("%s%s.", found->words.data, found->count > MOST_NAMED ? "; ..." : "")));
	if (ad_infer_documents(inference) == options->sample_size)
		ereport(NOTICE,
				(errmsg("the column types for collection \"%s.%s\" are those of a sample of %d documents",
						database, collection, options->sample_size),
				 errdetail("If another document has a value that does not fit, such as a string for a column of numbers, the value is a mismatch."),
				 errhint("To see mismatches, call admin_dashboard_check_table() with a larger sample. The option on_mismatch decides what becomes of them.")));
}

/*
 * Append the options of a foreign table, which must fit a collation of its own,
 * see collation.c.
 */
static void
append_table_options(StringInfo options, const char *database, const AdCollection *collection)
{
	static const char *const kinds[] = {"filter", "aggregate", "sort", "join"};
	AdCollationKind collation = ad_described_collation(collection->description);

	append_option(options, "database", database);
	append_option(options, "collection", collection->name);
	if (collation == AD_COLLATION_SIMPLE)
		return;
	if (collation == AD_COLLATION_OWN)
	{
		append_option(options, "simple_collation", "true");
		ereport(NOTICE,
				(errmsg("collection \"%s.%s\" has a collation of its own", database, collection->name),
				 errdetail("The foreign table has the option simple_collation, so that MongoDB compares strings as PostgreSQL does. For that it uses no index on strings that has the collection's collation.")));
		return;
	}
	for (int i = 0; i < lengthof(kinds); i++)
		append_option(options, psprintf("enable_%s_pushdown", kinds[i]), "false");
	ereport(NOTICE,
			(errmsg("nothing is pushed down to the view \"%s.%s\", which has a collation of its own",
					database, collection->name),
			 errdetail("MongoDB compares its strings in another way than PostgreSQL, and does not let a query change that."),
			 errhint("Import the view's collection, or a view without a collation.")));
}

/*
 * Returns the CREATE FOREIGN TABLE statement for a collection, palloc'd.
 */
static char *
import_collection(ForeignServer *server, const char *database, const AdCollection *collection,
				  const AdImportOptions *options)
{
	StringInfoData out;
	AdInference *inference;
	AdJsonbColumns found = {0};
	StringInfoData table_options;
	bool		complete;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "admin_dashboard import",
												  ALLOCSET_DEFAULT_SIZES);

	initStringInfo(&out);
	MemoryContextSwitchTo(context);
	inference = ad_infer_create(options);
	/* _id comes first; but the documents of a view need not have one */
	if (!collection->is_view)
		(void) ad_infer_field(inference, ad_infer_root(inference), "_id", 3);
	sample_collection(inference, server, database, collection, options);
	read_validator(inference, collection);
	appendStringInfo(&out, "CREATE FOREIGN TABLE %s (", quote_identifier(collection->table));
	initStringInfo(&found.words);
	append_columns(&out, inference, options, &complete, &found);
	initStringInfo(&table_options);
	append_table_options(&table_options, database, collection);
	appendStringInfo(&out, "\n) SERVER %s OPTIONS (%s);", quote_identifier(server->servername),
					 table_options.data);
	report_omissions(inference, database, collection->name, complete);
	report_types(inference, database, collection->name, options, &found);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return out.data;
}

/*
 * Raise an error if LIMIT TO names a table for which there is no collection.
 */
static void
check_limit(const ImportForeignSchemaStmt *stmt, AdNames *names)
{
	ListCell   *lc;

	if (stmt->list_type != FDW_IMPORT_SCHEMA_LIMIT_TO)
		return;
	foreach(lc, stmt->table_list)
	{
		const char *name = lfirst_node(RangeVar, lc)->relname;

		if (!ad_names_has(names, name))
			ereport(ERROR,
					(errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
					 errmsg("database \"%s\" has no collection \"%s\"", stmt->remote_schema, name),
					 errhint(CASE_HINT)));
	}
}

/*
 * Callback ImportForeignSchema: returns the CREATE FOREIGN TABLE statements
 * for a database, which is the statement's remote schema.  Each collection,
 * view or time series that the statement asks for becomes a table of the same
 * name.  (PostgreSQL manual, "FDW Routines for IMPORT FOREIGN SCHEMA".)
 * Raises an error if the database has no collections, or lacks one that LIMIT
 * TO names.
 */
List *
ad_import_foreign_schema(ImportForeignSchemaStmt *stmt, Oid serverid)
{
	ForeignServer *server = GetForeignServer(serverid);
	AdImportOptions *options = ad_import_options(stmt->options);
	AdNames    *names = ad_names_create();
	List	   *collections = list_collections(serverid, stmt->remote_schema, NULL, names);
	List	   *commands = NIL;
	ListCell   *lc;

	if (collections == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_SCHEMA_NOT_FOUND),
				 errmsg("there are no collections in database \"%s\" of server \"%s\"",
						stmt->remote_schema, server->servername),
				 errhint("Check the name of the database. Names in MongoDB are case-sensitive: put a name with capital letters in double quotes.")));
	check_limit(stmt, names);
	foreach(lc, collections)
	{
		const AdCollection *collection = lfirst(lc);

		if (IsImportableForeignTable(collection->table, stmt))
			commands = lappend(commands,
							   import_collection(server, stmt->remote_schema, collection, options));
	}
	return commands;
}

/*
 * admin_dashboard_import_sql(server text, database text, collection text,
 * sample_size integer, nested text, max_columns integer, document_column
 * text) RETURNS text
 *
 * Returns the CREATE FOREIGN TABLE statement that IMPORT FOREIGN SCHEMA with
 * these options would run for a collection.  Only document_column may be
 * null.  Raises an error if there is no such server or collection, or if the
 * caller may not use the server.
 */
Datum
admin_dashboard_import_sql(PG_FUNCTION_ARGS)
{
	static const char *const option_names[] = {"sample_size", "nested", "max_columns", "document_column"};
	ForeignServer *server;
	char	   *arguments[7];
	List	   *given = NIL;
	List	   *collections;
	AclResult	allowed;

	for (int i = 0; i < lengthof(arguments); i++)
	{
		if (PG_ARGISNULL(i))
		{
			if (i < 6)
				ereport(ERROR,
						(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						 errmsg("only document_column can be null")));
			continue;
		}
		arguments[i] = i == 3 || i == 5 ? psprintf("%d", PG_GETARG_INT32(i)) :
			text_to_cstring(PG_GETARG_TEXT_PP(i));
		if (i >= 3)
			given = lappend(given, makeDefElem(pstrdup(option_names[i - 3]),
											   (Node *) makeString(arguments[i]), -1));
	}
	server = GetForeignServerByName(arguments[0], false);
	allowed = ad_server_aclcheck(server->serverid, GetUserId(), ACL_USAGE);
	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, OBJECT_FOREIGN_SERVER, server->servername);
	collections = list_collections(server->serverid, arguments[1], arguments[2], ad_names_create());
	if (collections == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
				 errmsg("database \"%s\" has no collection \"%s\"", arguments[1], arguments[2]),
				 errhint("Names of collections are case-sensitive.")));
	PG_RETURN_TEXT_P(cstring_to_text(import_collection(server, arguments[1], linitial(collections),
													   ad_import_options(given))));
}
