/*
 * option.c
 *	  Options of servers, user mappings, foreign tables and columns.
 *
 * One table lists all options.  The validator, its hint and the readers loop
 * over that table, so a new option needs a row here, and a member in a struct
 * of option.h that the row fills.
 *
 * The readers trust the values in the catalogs, because the validator has
 * checked them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "base/collection.h"
#include "base/construct.h"
#include "base/field.h"
#include "base/option.h"
#include "base/uri.h"
#include "base/utf8.h"

PG_FUNCTION_INFO_V1(admin_dashboard_fdw_validator);

/* the kinds of objects that can have an option, as bits */
#define ON_SERVER	0x01

#define ON_MAPPING	0x02

#define ON_TABLE	0x04

#define ON_COLUMN	0x08

#define ON_IMPORT	0x10

typedef enum AdOptionKind
{
	AD_OPTION_TEXT,				/* const char *, not empty; if there are
								 * choices, one of them */
	AD_OPTION_NAME,				/* const char *, may be empty */
	AD_OPTION_BOOL,				/* bool */
	AD_OPTION_INT,				/* int, from min to max */
	AD_OPTION_CHOICE			/* enum, the index of the choice */
} AdOptionKind;

/* the structs that options are read into */
typedef enum AdOptionTarget
{
	AD_INTO_CONNECT,			/* AdConnectOptions */
	AD_INTO_TABLE,				/* AdTableOptions */
	AD_INTO_COLUMN,				/* AdColumnOptions */
	AD_INTO_IMPORT,				/* AdImportOptions */
	AD_N_TARGETS
} AdOptionTarget;

typedef struct AdOption
{
	const char *name;
	int			objects;		/* the objects that can have it: ON_ bits */
	AdOptionKind kind;
	int			min;			/* for AD_OPTION_INT */
	int			max;
	const char *fallback;		/* the default; NULL: the member remains zero */
	const char *const *choices; /* ends with NULL; NULL: no choices */
	void		(*check) (const char *value);	/* raises an error if the
												 * value breaks a further
												 * rule; or NULL */
	int			offsets[AD_N_TARGETS];	/* of the member in each struct, or
										 * NOWHERE */
} AdOption;

#define NOWHERE			(-1)

#define CONNECT(member) {offsetof(AdConnectOptions, member), NOWHERE, NOWHERE, NOWHERE}

#define TABLE(member)	{NOWHERE, offsetof(AdTableOptions, member), NOWHERE, NOWHERE}

#define COLUMN(member)	{NOWHERE, NOWHERE, offsetof(AdColumnOptions, member), NOWHERE}

#define IMPORT(member)	{NOWHERE, NOWHERE, NOWHERE, offsetof(AdImportOptions, member)}

#define TABLE_AND_COLUMN(member) \
	{NOWHERE, offsetof(AdTableOptions, member), offsetof(AdColumnOptions, member), NOWHERE}

static const char *const auth_mechanisms[] = {
	"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN",
	"GSSAPI", "MONGODB-AWS", "MONGODB-OIDC", "MONGODB-X509", NULL
};

/* in the order of AdMismatch */
static const char *const mismatch_choices[] = {"error", "null", NULL};

/* in the order of AdNested */
static const char *const nested_choices[] = {"flatten", "jsonb", NULL};

static const char *const read_preferences[] = {
	"primary", "primaryPreferred", "secondary", "secondaryPreferred",
	"nearest", NULL
};

/* in the order of AdSnapshot */
static const char *const snapshots[] = {"none", "statement", "transaction", NULL};

static void check_auth_source(const char *value);

static void check_avoid(const char *value);

static void check_collection(const char *value);

static void check_database(const char *value);

static void check_field(const char *value);

/* all options, sorted by name; the hint lists them in this order */
static const AdOption options[] = {
	{"allow_disk_use", ON_SERVER | ON_TABLE, AD_OPTION_BOOL,
	0, 0, "true", NULL, NULL, TABLE(allow_disk_use)},
	{"auth_mechanism", ON_MAPPING, AD_OPTION_TEXT,
	0, 0, NULL, auth_mechanisms, ad_uri_check_mechanism, CONNECT(auth_mechanism)},
	{"auth_source", ON_MAPPING, AD_OPTION_TEXT,
	0, 0, NULL, NULL, check_auth_source, CONNECT(auth_source)},
	{"avoid", ON_SERVER | ON_TABLE, AD_OPTION_NAME,
	0, 0, "", NULL, check_avoid, TABLE(avoid)},
	{"collection", ON_TABLE, AD_OPTION_TEXT,
	0, 0, NULL, NULL, check_collection, TABLE(collection)},
	{"connect_timeout_ms", ON_SERVER, AD_OPTION_INT,
	1, 3600000, NULL, NULL, NULL, CONNECT(connect_timeout_ms)},
	{"database", ON_TABLE, AD_OPTION_TEXT,
	0, 0, NULL, NULL, check_database, TABLE(database)},
	{"document_column", ON_IMPORT, AD_OPTION_TEXT,
	0, 0, NULL, NULL, NULL, IMPORT(document_column)},
	{"enable_aggregate_pushdown", ON_SERVER | ON_TABLE, AD_OPTION_BOOL,
	0, 0, "true", NULL, NULL, TABLE(enable_aggregate_pushdown)},
	{"enable_filter_pushdown", ON_SERVER | ON_TABLE, AD_OPTION_BOOL,
	0, 0, "true", NULL, NULL, TABLE(enable_filter_pushdown)},
	{"enable_join_pushdown", ON_SERVER | ON_TABLE, AD_OPTION_BOOL,
	0, 0, "true", NULL, NULL, TABLE(enable_join_pushdown)},
	{"enable_sort_pushdown", ON_SERVER | ON_TABLE, AD_OPTION_BOOL,
	0, 0, "true", NULL, NULL, TABLE(enable_sort_pushdown)},
	{"fetch_size", ON_SERVER | ON_TABLE, AD_OPTION_INT,
	1, 100000, NULL, NULL, NULL, TABLE(fetch_size)},
	{"field", ON_COLUMN, AD_OPTION_NAME,
	0, 0, NULL, NULL, check_field, COLUMN(field)},
	{"max_columns", ON_IMPORT, AD_OPTION_INT,
	2, MaxHeapAttributeNumber, "1000", NULL, NULL, IMPORT(max_columns)},
	{"nested", ON_IMPORT, AD_OPTION_CHOICE,
	0, 0, "flatten", nested_choices, NULL, IMPORT(nested)},
	{"on_mismatch", ON_SERVER | ON_TABLE | ON_COLUMN, AD_OPTION_CHOICE,
	0, 0, "error", mismatch_choices, NULL, TABLE_AND_COLUMN(on_mismatch)},
	{"password", ON_MAPPING, AD_OPTION_TEXT,
	0, 0, NULL, NULL, NULL, CONNECT(password)},
	{"read_concern", ON_SERVER, AD_OPTION_TEXT,
	0, 0, NULL, ad_read_concerns, NULL, CONNECT(read_concern)},
	{"read_preference", ON_SERVER, AD_OPTION_TEXT,
	0, 0, NULL, read_preferences, NULL, CONNECT(read_preference)},
	{"sample_size", ON_IMPORT, AD_OPTION_INT,
	1, 100000, "1000", NULL, NULL, IMPORT(sample_size)},
	{"server_selection_timeout_ms", ON_SERVER, AD_OPTION_INT,
	1, 3600000, NULL, NULL, NULL, CONNECT(server_selection_timeout_ms)},
	{"simple_collation", ON_SERVER | ON_TABLE, AD_OPTION_BOOL,
	0, 0, "false", NULL, NULL, TABLE(simple_collation)},
	{"snapshot", ON_SERVER, AD_OPTION_CHOICE,
	0, 0, "none", snapshots, NULL, CONNECT(snapshot)},
	{"uri", ON_SERVER, AD_OPTION_TEXT,
	0, 0, NULL, NULL, ad_uri_check, CONNECT(uri)},
	{"use_remote_estimate", ON_SERVER | ON_TABLE, AD_OPTION_BOOL,
	0, 0, "false", NULL, NULL, TABLE(use_remote_estimate)},
	{"user", ON_MAPPING, AD_OPTION_TEXT,
	0, 0, NULL, NULL, NULL, CONNECT(user)},
	{"verify", ON_SERVER | ON_TABLE | ON_COLUMN, AD_OPTION_BOOL,
	0, 0, "true", NULL, NULL, TABLE_AND_COLUMN(verify)},
};

/* settings; each combines with the option of the same name */
static bool enable_filter_pushdown = true;

static bool enable_aggregate_pushdown = true;

static bool enable_sort_pushdown = true;

static bool enable_join_pushdown = true;

bool		ad_log_remote = false;

bool		ad_remote_explain = false;

/*
 * Define the settings (GUCs) that belong to options.  _PG_init calls this
 * once.
 */
void
ad_option_init(void)
{
	DefineCustomBoolVariable("admin_dashboard.enable_filter_pushdown",
							 "Lets MongoDB evaluate conditions.",
							 "The option of the same name of a server or a foreign table must allow it too.",
							 &enable_filter_pushdown, true,
							 PGC_USERSET, GUC_EXPLAIN, NULL, NULL, NULL);
	DefineCustomBoolVariable("admin_dashboard.enable_aggregate_pushdown",
							 "Lets MongoDB group and aggregate.",
							 "The option of the same name of a server or a foreign table must allow it too.",
							 &enable_aggregate_pushdown, true,
							 PGC_USERSET, GUC_EXPLAIN, NULL, NULL, NULL);
	DefineCustomBoolVariable("admin_dashboard.enable_sort_pushdown",
							 "Lets MongoDB sort and limit.",
							 "The option of the same name of a server or a foreign table must allow it too.",
							 &enable_sort_pushdown, true,
							 PGC_USERSET, GUC_EXPLAIN, NULL, NULL, NULL);
	DefineCustomBoolVariable("admin_dashboard.enable_join_pushdown",
							 "Lets MongoDB join two tables.",
							 "The option of the same name of a server or a foreign table must allow it too.",
							 &enable_join_pushdown, true,
							 PGC_USERSET, GUC_EXPLAIN, NULL, NULL, NULL);
	DefineCustomBoolVariable("admin_dashboard.log_remote",
							 "Logs each query that is sent to MongoDB.",
							 "The log shows $1, $2 and so on in place of parameter values.",
							 &ad_log_remote, false,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("admin_dashboard.remote_explain",
							 "Shows MongoDB's plan in EXPLAIN (ANALYZE, VERBOSE).",
							 "MongoDB runs the query once more for that.",
							 &ad_remote_explain, false,
							 PGC_USERSET, 0, NULL, NULL, NULL);
}

/*
 * Raise an error if "flaw", a sentence that says what is wrong with the value
 * of an option, is not NULL.  The message shows the value, so it must not be
 * secret.
 */
static void
refuse_flaw(const char *option, const char *value, const char *flaw)
{
	if (flaw != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"%s\": \"%s\"", option, value),
				 errdetail_internal("%s", flaw)));
}

static void
check_auth_source(const char *value)
{
	refuse_flaw("auth_source", value, ad_auth_source_flaw(ad_to_utf8(value)));
}

static void
check_avoid(const char *value)
{
	const char *invalid;

	(void) ad_construct_list(value, &invalid);
	if (invalid != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"avoid\": \"%s\"", value),
				 errdetail("There is no construct \"%s\".", invalid),
				 errhint("The value is a list, such as '$dateTrunc, $match.$in'. The function admin_dashboard_check_server() returns all names.")));
}

static void
check_collection(const char *value)
{
	refuse_flaw("collection", value, ad_collection_flaw(ad_to_utf8(value)));
}

static void
check_database(const char *value)
{
	refuse_flaw("database", value, ad_database_flaw(ad_to_utf8(value)));
}

/*
 * An empty name gets only a notice.  Documents can have such fields, and the
 * import then writes such paths; but if a user has typed one dot too many,
 * the column would always be NULL.
 */
static void
check_field(const char *value)
{
	refuse_flaw("field", value, ad_field_flaw(value));
	if (ad_field_has_empty_name(value))
		ereport(NOTICE,
				(errmsg("value of option \"field\" has an empty name: \"%s\"", value),
				 errdetail("The column reads a field whose name is empty.")));
}

/*
 * Find an option by its name, among the options that these objects (ON_ bits)
 * can have.  Returns NULL if there is none.
 */
static const AdOption *
find_option(const char *name, int objects)
{
	for (int i = 0; i < lengthof(options); i++)
	{
		if ((options[i].objects & objects) && strcmp(options[i].name, name) == 0)
			return &options[i];
	}
	return NULL;
}

/*
 * Store the value of an option in the struct member that the option fills.
 * Returns false, and leaves the member unchanged, if the value is invalid.  A
 * text is not copied: the member points to "value" or to a choice.
 */
static bool
store_value(const AdOption *option, const char *value, void *member)
{
	int			number;
	int			choice = 0;

	if (option->choices != NULL)
	{
		while (option->choices[choice] != NULL &&
			   pg_strcasecmp(option->choices[choice], value) != 0)
			choice++;
		if (option->choices[choice] == NULL)
			return false;
	}

	switch (option->kind)
	{
		case AD_OPTION_TEXT:
			if (value[0] == '\0')
				return false;
			*(const char **) member =
				option->choices ? option->choices[choice] : value;
			return true;
		case AD_OPTION_NAME:
			*(const char **) member = value;
			return true;
		case AD_OPTION_BOOL:
			return parse_bool(value, (bool *) member);
		case AD_OPTION_INT:
			if (!parse_int(value, &number, 0, NULL) ||
				number < option->min || number > option->max)
				return false;
			*(int *) member = number;
			return true;
		case AD_OPTION_CHOICE:
			*(int *) member = choice;
			return true;
	}
	return false;
}

/*
 * Raise the error for a value that store_value() refused.  A text without
 * choices can be secret, so the message does not show it; store_value()
 * refuses it only if it is empty.
 */
static void
report_invalid_value(const AdOption *option, const char *value)
{
	StringInfoData hint;

	if (option->kind == AD_OPTION_TEXT && option->choices == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"%s\" must not be empty", option->name)));

	initStringInfo(&hint);
	if (option->kind == AD_OPTION_BOOL)
		appendStringInfoString(&hint, "Valid values are \"true\" and \"false\".");
	else if (option->kind == AD_OPTION_INT)
		appendStringInfo(&hint, "Valid values are %d to %d.",
						 option->min, option->max);
	else
	{
		appendStringInfoString(&hint, "Valid values are: ");
		for (int i = 0; option->choices[i] != NULL; i++)
			appendStringInfo(&hint, "%s%s", i > 0 ? ", " : "", option->choices[i]);
		appendStringInfoChar(&hint, '.');
	}

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for option \"%s\": \"%s\"",
					option->name, value),
			 errhint("%s", hint.data)));
}

/*
 * Raise the error for an option that these objects cannot have.  The hint
 * lists the options that they can have, and suggests the one with the most
 * similar name.
 */
static void
report_invalid_option(const char *name, int objects)
{
	StringInfoData valid;
	const char *closest = NULL;
	int			closest_distance = Max((int) strlen(name) / 2, 1);

	initStringInfo(&valid);
	for (int i = 0; i < lengthof(options); i++)
	{
		int			distance;

		if (!(options[i].objects & objects))
			continue;
		appendStringInfo(&valid, "%s%s", valid.len > 0 ? ", " : "",
						 options[i].name);

		/* no option has such a long name, so save the time */
		if (strlen(name) >= NAMEDATALEN)
			continue;
		distance = varstr_levenshtein_less_equal(name, strlen(name),
												 options[i].name,
												 strlen(options[i].name),
												 1, 1, 1, closest_distance, true);
		if (distance <= closest_distance &&
			(closest == NULL || distance < closest_distance))
		{
			closest = options[i].name;
			closest_distance = distance;
		}
	}

	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("invalid option \"%s\"", name),
			 valid.len == 0 ?
			 errhint("There are no valid options in this context.") :
			 closest == NULL ?
			 errhint("Valid options in this context are: %s.", valid.data) :
			 errhint("Perhaps you meant the option \"%s\". Valid options in this context are: %s.",
					 closest, valid.data)));
}

/* is the option among the given ones? */
static bool
is_given(List *given, const char *name)
{
	ListCell   *lc;

	foreach(lc, given)
	{
		if (strcmp(lfirst_node(DefElem, lc)->defname, name) == 0)
			return true;
	}
	return false;
}

/*
 * Raise an error unless all the given options are valid for these objects.
 */
static void
check_options(List *given, int objects)
{
	ListCell   *lc;

	foreach(lc, given)
	{
		DefElem    *def = lfirst_node(DefElem, lc);
		const AdOption *option = find_option(def->defname, objects);
		const char *value;
		union
		{
			const char *text;
			bool		boolean;
			int			number;
		}			ignored;

		if (option == NULL)
			report_invalid_option(def->defname, objects);
		value = defGetString(def);
		if (!store_value(option, value, &ignored))
			report_invalid_value(option, value);
		if (option->check != NULL)
			option->check(value);
	}
}

/*
 * admin_dashboard_fdw_validator(options text[], catalog oid) RETURNS void
 *
 * Raise an error unless the options are valid for an object of this catalog
 * (PostgreSQL manual, "Foreign Data Wrapper Support Functions").
 */
Datum
admin_dashboard_fdw_validator(PG_FUNCTION_ARGS)
{
	List	   *given = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid			catalog = PG_GETARG_OID(1);
	int			objects = 0;

	if (catalog == ForeignServerRelationId)
		objects = ON_SERVER;
	else if (catalog == UserMappingRelationId)
		objects = ON_MAPPING;
	else if (catalog == ForeignTableRelationId)
		objects = ON_TABLE;
	else if (catalog == AttributeRelationId)
		objects = ON_COLUMN;

	check_options(given, objects);
	if (objects == ON_SERVER && !is_given(given, "uri"))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("option \"uri\" is required"),
				 errhint("Give the server's connection string, without credentials: OPTIONS (uri 'mongodb://127.0.0.1:27017').")));
	if (objects == ON_MAPPING && is_given(given, "password") &&
		!is_given(given, "user"))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("option \"password\" requires option \"user\"")));
	if (objects == ON_SERVER && is_given(given, "read_concern") && is_given(given, "snapshot"))
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
				 errmsg("option \"snapshot\" excludes option \"read_concern\""),
				 errdetail("A snapshot sets the read concern itself.")));

	PG_RETURN_VOID();
}

/*
 * Read the options of one object into a struct.  The caller reads the most
 * general object first, so that the most specific one wins.
 */
static void
read_options(List *given, AdOptionTarget target, void *result)
{
	ListCell   *lc;

	foreach(lc, given)
	{
		DefElem    *def = lfirst_node(DefElem, lc);
		const AdOption *option = find_option(def->defname, ~0);

		if (option != NULL && option->offsets[target] != NOWHERE)
			(void) store_value(option, defGetString(def),
							   (char *) result + option->offsets[target]);
	}
}

static void
read_defaults(AdOptionTarget target, void *result)
{
	for (int i = 0; i < lengthof(options); i++)
	{
		const AdOption *option = &options[i];

		if (option->fallback != NULL && option->offsets[target] != NOWHERE)
			(void) store_value(option, option->fallback,
							   (char *) result + option->offsets[target]);
	}
}

/*
 * Returns the options for a connection to a server, palloc'd.  "mapping" may
 * be NULL.  The strings still belong to the option lists of the server and
 * the mapping.  Raises an error if the server has no URI.
 */
AdConnectOptions *
ad_connect_options(ForeignServer *server, UserMapping *mapping)
{
	AdConnectOptions *result = palloc0(sizeof(AdConnectOptions));

	read_defaults(AD_INTO_CONNECT, result);
	read_options(server->options, AD_INTO_CONNECT, result);
	if (mapping != NULL)
		read_options(mapping->options, AD_INTO_CONNECT, result);

	/* a server can exist that the validator has not seen */
	if (result->uri == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("server \"%s\" has no option \"uri\"",
						server->servername),
				 errhint("Use ALTER SERVER ... OPTIONS (ADD uri 'mongodb://127.0.0.1:27017').")));
	return result;
}

/*
 * Does the server belong to a wrapper of this extension?
 */
bool
ad_is_own_server(ForeignServer *server)
{
	const char *handler = get_func_name(GetForeignDataWrapper(server->fdwid)->fdwhandler);

	return handler != NULL && strcmp(handler, "admin_dashboard_fdw_handler") == 0;
}

/*
 * Returns the table options for a collection that has no foreign table yet,
 * as during an import, palloc'd: the defaults and the server's options.
 */
AdTableOptions *
ad_collection_options(ForeignServer *server, const char *database, const char *collection)
{
	AdTableOptions *result = palloc0(sizeof(AdTableOptions));

	read_defaults(AD_INTO_TABLE, result);
	read_options(server->options, AD_INTO_TABLE, result);
	result->database = database;
	result->collection = collection;
	return result;
}

/*
 * Returns the options of an IMPORT FOREIGN SCHEMA, palloc'd.  Raises an error
 * if one of the given options is invalid.
 */
AdImportOptions *
ad_import_options(List *given)
{
	AdImportOptions *result = palloc0(sizeof(AdImportOptions));

	check_options(given, ON_IMPORT);
	read_defaults(AD_INTO_IMPORT, result);
	read_options(given, AD_INTO_IMPORT, result);
	return result;
}

/*
 * Raise an error if no collection can have the name of a foreign table that
 * has no option "collection".  The validator cannot check this, because it
 * does not get the table's name.
 */
static void
check_table_name(const char *name)
{
	const char *flaw = ad_collection_flaw(ad_to_utf8(name));

	if (flaw != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("no collection can have the name of foreign table \"%s\"", name),
				 errdetail_internal("%s", flaw),
				 errhint("Name the collection: ALTER FOREIGN TABLE ... OPTIONS (ADD collection '...').")));
}

/*
 * Returns the options of a foreign table, palloc'd.  The collection defaults
 * to the table's name, the database to the one in the server's URI.  Raises
 * an error if there is no database, or if no collection can have the table's
 * name.
 */
AdTableOptions *
ad_table_options(Oid relid)
{
	ForeignTable *table = GetForeignTable(relid);
	ForeignServer *server = GetForeignServer(table->serverid);
	AdTableOptions *result = palloc0(sizeof(AdTableOptions));
	const char *invalid;

	read_defaults(AD_INTO_TABLE, result);
	read_options(server->options, AD_INTO_TABLE, result);
	read_options(table->options, AD_INTO_TABLE, result);
	result->avoided = ad_construct_list(result->avoid, &invalid);

	if (result->collection == NULL)
	{
		result->collection = get_rel_name(relid);
		check_table_name(result->collection);
	}
	if (result->database == NULL)
		result->database = ad_uri_database(ad_connect_options(server, NULL)->uri);
	if (result->database == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("no database is named for foreign table \"%s\"",
						get_rel_name(relid)),
				 errhint("Use ALTER FOREIGN TABLE %s OPTIONS (ADD database '...').",
						 quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
													get_rel_name(relid)))));

	result->enable_filter_pushdown &= enable_filter_pushdown;
	result->enable_aggregate_pushdown &= enable_aggregate_pushdown;
	result->enable_sort_pushdown &= enable_sort_pushdown;
	result->enable_join_pushdown &= enable_join_pushdown;
	return result;
}

/*
 * Raise an error if the field path of a column is invalid.  The validator
 * cannot do this where the path is the column's name, which it does not get.
 */
static void
check_path(Oid relid, AttrNumber attnum, const char *path)
{
	const char *flaw = ad_field_flaw(path);

	if (flaw != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_COLUMN_NAME),
				 errmsg("invalid field path of column \"%s\" of foreign table \"%s\": \"%s\"",
						get_attname(relid, attnum, false), get_rel_name(relid), path),
				 errdetail_internal("%s", flaw),
				 errhint("Set the column option \"field\". Without it, the column's name is the path.")));
}

/*
 * Read the options of a column into "column".  "table" has the options of its
 * foreign table.  The field path defaults to the column's name.  Raises an
 * error if the path is invalid.
 */
void
ad_column_options(Oid relid, AttrNumber attnum, const AdTableOptions *table,
				  AdColumnOptions *column)
{
	column->field = NULL;
	column->on_mismatch = table->on_mismatch;
	column->verify = table->verify;
	read_options(GetForeignColumnOptions(relid, attnum), AD_INTO_COLUMN, column);
	if (column->field == NULL)
		column->field = get_attname(relid, attnum, false);
	check_path(relid, attnum, column->field);
}
