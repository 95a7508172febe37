/*
 * check_server.c
 *	  The SQL function that checks whether a server evaluates what queries use.
 *
 * Servers that are compatible with MongoDB lack some operators and evaluate
 * others otherwise.  For each construct of construct.c the function runs
 * queries (server_checks.c) over a foreign table whose documents are
 * constants in the pipeline, so that it needs no data and writes none.  It
 * compares the results with PostgreSQL's own.
 *
 * The foreign tables are temporary, and a subtransaction that is always
 * rolled back contains them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "base/construct.h"
#include "base/option.h"
#include "base/uri.h"
#include "bson/constant.h"
#include "import/import.h"
#include "import/server_checks.h"
#include "query/query.h"

PG_FUNCTION_INFO_V1(admin_dashboard_check_server);

/* columns of the function's result */
enum
{
	RESULT_CONSTRUCT,
	RESULT_QUERY,
	RESULT_EXPECTED,
	RESULT_GOT,
	RESULT_OK,
	N_RESULTS
};

/* the collection whose documents are constants */
#define CALLS_COLLECTION	"admin_dashboard_calls"

#define OBJECTID_DIGITS		24

/* settings that the checks need */
static const char *const settings[][2] = {
	{"search_path", "pg_catalog, pg_temp"},
	{"TimeZone", "UTC"},
	{"standard_conforming_strings", "on"},
	/* it takes longer to compile the queries than to run them */
	{"jit", "off"},
	{"admin_dashboard.enable_filter_pushdown", "on"},
	{"admin_dashboard.enable_aggregate_pushdown", "on"},
	{"admin_dashboard.enable_sort_pushdown", "on"},
	{"admin_dashboard.enable_join_pushdown", "on"},

	/*
	 * of all plans, the planner shall choose the one in which MongoDB does
	 * most
	 */
	{"enable_hashagg", "off"},
	{"enable_sort", "off"},
	{"enable_hashjoin", "off"},
	{"enable_mergejoin", "off"},
	{"enable_nestloop", "off"},
};

/* the rows of a query, or the error that it raised */
typedef struct AdAnswer
{
	List	   *rows;			/* char *, in order */
	const char *error;			/* or NULL */
} AdAnswer;

typedef struct AdServerTest
{
	ForeignServer *server;
	const char *database;
	AdConstantSource source;
	MemoryContext context;		/* outlives each query */
	Bitmapset  *failed;			/* constructs */
} AdServerTest;

/* compares rows whose order does not matter */
static int
compare_rows(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* the row as text, in the test's memory context */
static char *
row_text(MemoryContext context, HeapTuple tuple, TupleDesc desc)
{
	StringInfoData text;
	MemoryContext old = MemoryContextSwitchTo(context);

	initStringInfo(&text);
	for (int i = 1; i <= desc->natts; i++)
	{
		char	   *value = SPI_getvalue(tuple, desc, i);

		appendStringInfo(&text, "%s%s", i > 1 ? " | " : "", value == NULL ? "NULL" : value);
	}
	MemoryContextSwitchTo(old);
	return text.data;
}

static void
execute(const char *query)
{
	int			status = SPI_execute(query, false, 0);

	if (status < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(status));
}

/*
 * Does the error say how the server evaluates queries?  Others end the
 * function: that the statement is canceled, the connection lost, the disk
 * full, or the user not allowed to read.
 */
static bool
is_of_evaluation(int sqlstate)
{
	int			category = ERRCODE_TO_CATEGORY(sqlstate);

	return sqlstate == ERRCODE_PROTOCOL_VIOLATION ||
		(sqlstate != ERRCODE_INSUFFICIENT_PRIVILEGE &&
		 category != ERRCODE_TO_CATEGORY(ERRCODE_QUERY_CANCELED) &&
		 category != ERRCODE_TO_CATEGORY(ERRCODE_CONNECTION_FAILURE) &&
		 category != ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES) &&
		 category != ERRCODE_TO_CATEGORY(ERRCODE_INTERNAL_ERROR));
}

/*
 * Runs a query in a subtransaction of its own, so that an error of the server
 * is an answer, too.
 */
static AdAnswer
ask(const AdServerTest *test, const char *query)
{
	AdAnswer	answer = {0};
	AdAnswer   *volatile result = &answer;
	MemoryContext old = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(old);
	PG_TRY();
	{
		execute(query);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			char	   *row = row_text(test->context, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);

			MemoryContextSwitchTo(test->context);
			result->rows = lappend(result->rows, row);
			MemoryContextSwitchTo(old);
		}
		SPI_freetuptable(SPI_tuptable);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *caught;

		MemoryContextSwitchTo(test->context);
		caught = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (!is_of_evaluation(caught->sqlerrcode))
			ReThrowError(caught);
		result->rows = NIL;
		result->error = caught->detail == NULL ? caught->message :
			psprintf("%s: %s", caught->message, caught->detail);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	CurrentResourceOwner = owner;
	return answer;
}

/* whether the text is the hexadecimal form of an ObjectId */
static bool
is_objectid(const char *text)
{
	return strlen(text) == OBJECTID_DIGITS && strspn(text, "0123456789abcdef") == OBJECTID_DIGITS;
}

static Node *
numeric_node(Datum numeric)
{
	return (Node *) makeConst(NUMERICOID, -1, InvalidOid, -1, numeric, false, false);
}

/*
 * The BSON value for a value of a row: a variant of its type for rows with an
 * even number.
 */
static Node *
value_node(Oid typid, Datum value, bool is_even)
{
	int64		ms;
	float8		number;
	const char *string;

	switch (typid)
	{
		case BOOLOID:
			return (Node *) makeBoolean(DatumGetBool(value));
		case INT4OID:
			return is_even ? ad_float8(DatumGetInt32(value)) : ad_integer(DatumGetInt32(value));
		case INT8OID:
			return is_even ? numeric_node(DirectFunctionCall1(int8_numeric, value)) :
				ad_int64(DatumGetInt64(value));
		case FLOAT8OID:
			/* in the rows these are exact as decimals, too */
			number = DatumGetFloat8(value);
			return is_even && number > -100 && number < 100 ?
				numeric_node(DirectFunctionCall1(float8_numeric, value)) : ad_float8(number);
		case NUMERICOID:
			return numeric_node(value);
		case TIMESTAMPTZOID:
			(void) ad_timestamptz_to_ms(DatumGetTimestampTz(value), &ms);
			return ad_date_const(ms);
		case DATEOID:
			return ad_date_const(DatumGetDateADT(value) * AD_DAY_MS + AD_EPOCH_SHIFT);
		case TEXTOID:
			string = TextDatumGetCString(value);
			return is_objectid(string) ? ad_node(AD_OBJECTID, list_make1(ad_string(string))) : ad_string(string);
	}
	elog(ERROR, "unexpected type %u of a check", typid);
}

/*
 * The document for a row.  NULL is null, undefined or a missing field,
 * depending on the row's number; in column z, a mismatch that reads as NULL.
 */
static Node *
row_document(HeapTuple tuple, TupleDesc desc, int number)
{
	bool		is_even = number % 2 == 0;
	Node	   *document = NULL;

	for (int i = 1; i <= desc->natts; i++)
	{
		const char *name = i == 1 ? "_id" : NameStr(TupleDescAttr(desc, i - 1)->attname);
		bool		isnull;
		Datum		value = SPI_getbinval(tuple, desc, i, &isnull);
		Node	   *node = NULL;

		if (!isnull)
			node = value_node(SPI_gettypeid(desc, i), value, is_even && i > 1);
		else if (strcmp(name, "z") == 0)
			node = is_even ? ad_node(AD_NUL, NIL) : ad_integer(number);
		else if (is_even)
			node = number % 4 == 0 ? ad_node(AD_UNDEFINED, NIL) : ad_null();
		if (node != NULL)
			document = ad_doc_add(document, name, node);
	}
	return document;
}

/* the documents for all rows, in the test's memory context */
static Node *
make_documents(const AdServerTest *test)
{
	List	   *documents = NIL;
	MemoryContext old;
	Node	   *result;

	execute(psprintf("SELECT * FROM (VALUES %s) AS rows (%s)", ad_check_rows, ad_check_names));
	for (uint64 i = 0; i < SPI_processed; i++)
		documents = lappend(documents, row_document(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, i + 1));
	old = MemoryContextSwitchTo(test->context);
	result = copyObject(ad_node(AD_ARRAY, documents));
	MemoryContextSwitchTo(old);
	return result;
}

/* makes a temporary foreign table, whose options override the server's */
static void
create_table(const AdServerTest *test, const char *name, const char *columns, const char *collection)
{
	execute(psprintf("CREATE FOREIGN TABLE pg_temp.%s (%s) SERVER %s OPTIONS (database %s, collection %s, "
					 "avoid '', on_mismatch 'error', use_remote_estimate 'false', "
					 "enable_filter_pushdown 'true', enable_aggregate_pushdown 'true', "
					 "enable_sort_pushdown 'true', enable_join_pushdown 'true')",
					 name, columns, quote_identifier(test->server->servername),
					 quote_literal_cstr(test->database), quote_literal_cstr(collection)));
}

/* whether the collection has a document */
static bool
has_documents(const AdServerTest *test, const char *collection)
{
	AdTableOptions options = {.database = test->database, .collection = collection};
	AdQuery    *query = ad_query_create(test->server->serverid, &options, ad_true());
	AdCursor   *cursor;
	bool		found;

	query->limit = ad_int64(1);
	cursor = ad_query_open(query, GetUserId());
	found = ad_cursor_next(cursor) != NULL;
	ad_cursor_close(cursor);
	return found;
}

/*
 * Returns the name of a collection that has a document, palloc'd; NULL if the
 * database has none.
 */
static const char *
find_carrier(const AdServerTest *test)
{
	AdCursor   *cursor = ad_query_collections(test->server->serverid, test->database, NULL, GetUserId());
	const char *carrier = NULL;
	const uint8 *description;

	while (carrier == NULL && (description = ad_cursor_next(cursor)) != NULL)
	{
		const char *name = ad_described_name(description);

		if (name != NULL && has_documents(test, name))
			carrier = MemoryContextStrdup(test->context, name);
	}
	ad_cursor_close(cursor);
	return carrier;
}

/*
 * Returns the database of the server's URI, else that of one of its tables,
 * else MongoDB's default; palloc'd in the test's memory context.
 */
static const char *
default_database(const AdServerTest *test)
{
	const char *database = ad_uri_database(ad_connect_options(test->server, NULL)->uri);

	if (database == NULL)
	{
		execute(psprintf("SELECT o.option_value FROM pg_foreign_table t, pg_options_to_table(t.ftoptions) o "
						 "WHERE t.ftserver = %u AND o.option_name = 'database' ORDER BY 1 LIMIT 1",
						 test->server->serverid));
		database = SPI_processed == 0 ? "test" : SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	}
	return MemoryContextStrdup(test->context, database);
}

/*
 * Prepares the test: the documents, the foreign tables, and the way in which
 * the server reads constant documents.
 */
static void
prepare(AdServerTest *test)
{
	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_LOCAL, true, 0, false);
	if (test->database == NULL)
		test->database = default_database(test);
	ad_check_database_name(test->database);
	create_table(test, "checked_calls", ad_check_columns, CALLS_COLLECTION);
	create_table(test, "checked_no_calls", ad_check_columns, "admin_dashboard_no_calls");
	create_table(test, "checked_no_names", "id text OPTIONS (field '_id'), k text", "admin_dashboard_no_names");
	test->source.database = test->database;
	test->source.collection = CALLS_COLLECTION;
	test->source.documents = make_documents(test);
	ad_query_set_source(&test->source);

	if (ask(test, "SELECT id FROM checked_calls").error == NULL)
		return;
	test->source.carrier = find_carrier(test);
	if (test->source.carrier == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("MongoDB server \"%s\" cannot be checked with database \"%s\"",
						test->server->servername, test->database),
				 errdetail("The server does not have the stage $documents, and the database has no documents."),
				 errhint("Name a database that has some: admin_dashboard_check_server(server, database).")));
}

/* the row of an answer in which it first differs from another, or its error */
static const char *
shown_row(const AdAnswer *a, const AdAnswer *b)
{
	int			i = 0;

	if (a->error != NULL)
		return a->error;
	while (i < list_length(a->rows) && i < list_length(b->rows) &&
		   strcmp(list_nth(a->rows, i), list_nth(b->rows, i)) == 0)
		i++;
	if (i < list_length(a->rows))
		return list_nth(a->rows, i);
	return i < list_length(b->rows) ? "(no row)" : psprintf(i == 1 ? "(%d row)" : "(%d rows)", i);
}

static bool
are_equal(const AdAnswer *a, const AdAnswer *b)
{
	ListCell   *one;
	ListCell   *other;

	if (a->error != NULL || b->error != NULL || list_length(a->rows) != list_length(b->rows))
		return false;
	forboth(one, a->rows, other, b->rows)
	{
		if (strcmp(lfirst(one), lfirst(other)) != 0)
			return false;
	}
	return true;
}

/* whether MongoDB gets the construct, by what EXPLAIN shows */
static bool
is_sent(const AdServerTest *test, const AdServerCheck *check)
{
	AdAnswer	answer = ask(test, psprintf("EXPLAIN (VERBOSE, COSTS OFF) %s", check->query));
	char	   *operator = psprintf("\"%s\"", strrchr(check->construct, '$'));
	ListCell   *lc;

	foreach(lc, answer.rows)
	{
		const char *remote = strstr(lfirst(lc), "MongoDB Query: ");

		if (remote != NULL && strstr(remote, operator) != NULL)
			return true;
	}
	return false;
}

static void
return_row(ReturnSetInfo *result, const char *construct, const char *query, const char *expected,
		   const char *got, bool ok)
{
	const char *texts[] = {construct, query, expected, got};
	Datum		values[N_RESULTS] = {0};
	bool		nulls[N_RESULTS] = {0};

	for (int i = 0; i < RESULT_OK; i++)
	{
		nulls[i] = texts[i] == NULL;
		if (texts[i] != NULL)
			values[i] = CStringGetTextDatum(texts[i]);
	}
	values[RESULT_OK] = BoolGetDatum(ok);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* notes that the construct must be avoided */
static void
add_failed(AdServerTest *test, const char *construct)
{
	MemoryContext old = MemoryContextSwitchTo(test->context);

	test->failed = bms_add_member(test->failed, ad_construct_find("", construct));
	MemoryContextSwitchTo(old);
}

/* runs a check, and returns its row */
static void
run_check(AdServerTest *test, const AdServerCheck *check, ReturnSetInfo *result)
{
	AdAnswer	expected;
	AdAnswer	got;
	bool		ok;

	if (!is_sent(test, check))
	{
		return_row(result, check->construct, check->query, NULL, "not sent to MongoDB", false);
		return;
	}
	expected = ask(test, psprintf("WITH checked_calls (%s) AS (VALUES %s) %s", ad_check_names, ad_check_rows, check->query));
	got = ask(test, check->query);
	if (strcmp(check->construct, "$replaceWith") != 0)
	{
		list_sort(expected.rows, compare_rows);
		list_sort(got.rows, compare_rows);
	}
	ok = are_equal(&expected, &got);
	if (!ok)
		add_failed(test, check->construct);
	return_row(result, check->construct, check->query, shown_row(&expected, &got),
			   shown_row(&got, &expected), ok);
}

/* the value of the option avoid by which the server passes the checks */
static char *
avoid_text(const Bitmapset *constructs)
{
	StringInfoData text;
	int			construct = -1;

	initStringInfo(&text);
	while ((construct = bms_next_member(constructs, construct)) >= 0)
		appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "", ad_construct_name(construct));
	return text.data;
}

/* the server's option avoid; NULL if it has none */
static const char *
current_avoid(const ForeignServer *server)
{
	ListCell   *lc;

	foreach(lc, server->options)
	{
		DefElem    *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, "avoid") == 0)
			return defGetString(option);
	}
	return NULL;
}

/*
 * Returns the last row: the option avoid as it should be, as it is, and the
 * statement that sets it, unless the constructs are the same.
 */
static void
return_option(const AdServerTest *test, ReturnSetInfo *result)
{
	const char *wanted = avoid_text(test->failed);
	const char *current = current_avoid(test->server);
	const char *statement = NULL;
	const char *invalid;
	bool		ok = bms_equal(test->failed, ad_construct_list(current == NULL ? "" : current, &invalid));

	if (!ok)
		statement = psprintf("ALTER SERVER %s OPTIONS (%s avoid%s%s)", quote_identifier(test->server->servername),
							 wanted[0] == '\0' ? "DROP" : current == NULL ? "ADD" : "SET",
							 wanted[0] == '\0' ? "" : " ", wanted[0] == '\0' ? "" : quote_literal_cstr(wanted));
	return_row(result, "option avoid", statement, wanted, current, ok);
}

/* runs all checks; the caller rolls back what they made */
static void
run_checks(AdServerTest *test, ReturnSetInfo *result)
{
	prepare(test);
	for (int i = 0; i < ad_server_check_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		run_check(test, &ad_server_checks[i], result);
	}
}

/*
 * admin_dashboard_check_server(server text, database text DEFAULT NULL, OUT
 * construct text, OUT query text, OUT expected text, OUT got text, OUT ok
 * boolean) RETURNS SETOF record
 *
 * Runs the checks of server_checks.c on a server: one row for each.
 * `expected` and `got` are the first row in which the results of PostgreSQL
 * and of the server differ, or the first of all; `got` may be the server's
 * error.  The last row has the value that the server's option avoid should
 * have, the one that it has, and the statement that changes it, or NULL.
 *
 * The database defaults to that of the server's URI, then to that of one of
 * its foreign tables, then to test.  It need not exist, except if the server
 * lacks the stage $documents.  Raises an error
 * if the server is out of reach.  The user needs the privilege TEMPORARY on
 * PostgreSQL's database and USAGE on the server, and a MongoDB user who may
 * read.
 */
Datum
admin_dashboard_check_server(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	AdServerTest test = {0};
	ErrorData  *volatile error = NULL;
	MemoryContext old;
	ResourceOwner owner = CurrentResourceOwner;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("server must not be null")));
	test.server = GetForeignServerByName(text_to_cstring(PG_GETARG_TEXT_PP(0)), false);
	if (!ad_is_own_server(test.server))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a server of admin_dashboard_fdw", test.server->servername)));
	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a MongoDB server can only be checked in a database in UTF8"),
				 errhint("Check it in another database. The option avoid is the same for this one.")));
	if (!PG_ARGISNULL(1))
		test.database = text_to_cstring(PG_GETARG_TEXT_PP(1));
	test.context = CurrentMemoryContext;
	InitMaterializedSRF(fcinfo, 0);

	SPI_connect();
	old = CurrentMemoryContext;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(old);
	PG_TRY();
	{
		run_checks(&test, result);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(test.context);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	ad_query_set_source(NULL);
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(old);
	CurrentResourceOwner = owner;
	if (error != NULL)
		ReThrowError(error);
	SPI_finish();
	return_option(&test, result);
	return (Datum) 0;
}
