/*
 * source.c
 *	  The foreign tables whose sums are kept: their definitions, and the rows
 *	  of kept_source.
 *
 * The tables of kept sums are in schema admin_dashboard, and only their owner
 * may use them.  C code becomes that owner while it does.  Every query
 * qualifies its names, or calls a function that sets its own search_path.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "base/field.h"
#include "kept/source.h"
#include "remote/connection.h"

static const char *const column_names[] = {"created_by_email", "created_at", "duration_minutes"};

/* the time between two attempts to lock a source */
#define PAUSE_MS	20

/* how long to wait for a source before a notice tells for whom */
#define NOTICE_MS	5000

/* ------------------------------------------------------------------------
 * Our own tables
 * ------------------------------------------------------------------------ */

/* the OID of the table of sources, or InvalidOid */
static Oid
sources_relid(void)
{
	Oid			schema = get_namespace_oid("admin_dashboard", true);

	return OidIsValid(schema) ? get_relname_relid("kept_source", schema) : InvalidOid;
}

/*
 * Whether the database has certainly no source.  Most have none, and their
 * dashboards should not pay for a query.
 */
static bool
has_no_sources(void)
{
	Relation	relation = try_relation_open(sources_relid(), AccessShareLock);
	bool		empty;

	if (relation == NULL)
		return true;
	empty = RelationGetNumberOfBlocks(relation) == 0;
	relation_close(relation, AccessShareLock);
	return empty;
}

/*
 * Become the owner of the tables, and connect to SPI.  Returns false, and
 * does nothing, if the extension has no such tables in this database.  An
 * error ends both, as the end of any transaction does.
 */
bool
ad_kept_enter(AdKeptScope *scope)
{
	Oid			relid = sources_relid();
	HeapTuple	tuple;
	Oid			owner;

	if (!OidIsValid(relid))
		return false;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	if (!HeapTupleIsValid(tuple))
		return false;
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	GetUserIdAndSecContext(&scope->userid, &scope->security);
	SetUserIdAndSecContext(owner, scope->security | SECURITY_LOCAL_USERID_CHANGE);
	SPI_connect();
	return true;
}

/*
 * Undo ad_kept_enter().
 */
void
ad_kept_leave(const AdKeptScope *scope)
{
	SPI_finish();
	SetUserIdAndSecContext(scope->userid, scope->security);
}

/*
 * Run a query on our own tables.  Its result is in SPI_tuptable.  Returns the
 * number of rows.
 *
 * Each query sees what was committed before it.  A parallel query cannot take
 * a new snapshot, and keeps its own.
 */
uint64
ad_kept_run(const char *query, int nargs, const Oid *types, const Datum *values, const char *nulls)
{
	int			status = SPI_execute_with_args(query, nargs, unconstify(Oid *, types), unconstify(Datum *, values),
											   nulls, IsInParallelMode(), 0);

	if (status < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(status));
	return SPI_processed;
}

/*
 * Run such a query whose plan the session keeps in *plan, NULL at first.
 */
uint64
ad_kept_run_plan(SPIPlanPtr *plan, const char *query, int nargs, Oid *types, Datum *values, const char *nulls)
{
	if (*plan == NULL)
	{
		SPIPlanPtr	made = SPI_prepare(query, nargs, types);

		if (made == NULL || SPI_keepplan(made) != 0)
			elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
		*plan = made;
	}
	if (SPI_execute_plan(*plan, values, nulls, IsInParallelMode(), 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(SPI_result));
	return SPI_processed;
}

/*
 * Can this transaction write, and see what others have committed?
 */
bool
ad_kept_may_write(void)
{
	return !RecoveryInProgress() && !XactReadOnly && !IsInParallelMode() && !IsolationUsesXactSnapshot();
}

/* ------------------------------------------------------------------------
 * Foreign tables
 * ------------------------------------------------------------------------ */

/*
 * Can the relation be one whose sums are kept?
 */
bool
ad_is_kept_candidate(Oid relid)
{
	return get_rel_relkind(relid) == RELKIND_FOREIGN_TABLE &&
		ad_is_own_server(GetForeignServer(GetForeignTable(relid)->serverid));
}

/*
 * May the role read what the dashboard reads of a relation?
 */
bool
ad_kept_may_read(Oid relid, Oid role)
{
	if (pg_class_aclcheck(relid, role, ACL_SELECT) == ACLCHECK_OK)
		return true;
	for (int i = 0; i < AD_N_KEPT_COLUMNS; i++)
	{
		AttrNumber	attnum = get_attnum(relid, column_names[i]);

		if (attnum == InvalidAttrNumber || pg_attribute_aclcheck(relid, attnum, role, ACL_SELECT) != ACLCHECK_OK)
			return false;
	}
	return true;
}

/* may a column be of this type? */
static bool
is_kept_type(AdKeptColumn column, Oid typid)
{
	switch (column)
	{
		case AD_KEPT_EMAIL:
			return typid == TEXTOID || typid == VARCHAROID;
		case AD_KEPT_CREATED_AT:
			return typid == TIMESTAMPTZOID;
		default:
			return typid == FLOAT8OID || typid == INT8OID || typid == INT4OID || typid == INT2OID;
	}
}

/*
 * Read a column's definition.  Returns a sentence that says why the table
 * cannot be kept, or NULL.
 */
static const char *
read_column(AdKeptTable *table, AdKeptColumn column)
{
	static const char *const words[] = {"text", "timestamptz", "double precision or an integer"};
	AdKeptField *field = &table->fields[column];
	AttrNumber	attnum = get_attnum(table->relid, column_names[column]);
	Oid			collation;

	if (attnum == InvalidAttrNumber)
		return psprintf("It has no column \"%s\".", column_names[column]);
	get_atttypetypmodcoll(table->relid, attnum, &field->typid, &field->typmod, &collation);
	if (!is_kept_type(column, field->typid))
		return psprintf("Column \"%s\" is of type %s, and must be %s.", column_names[column],
						format_type_be(field->typid), words[column]);
	if (OidIsValid(collation) && !get_collation_isdeterministic(collation))
		return psprintf("Column \"%s\" has a collation that is not deterministic.", column_names[column]);
	ad_column_options(table->relid, attnum, table->options, &field->options);
	if (!ad_field_is_nameable(field->options.field))
		return psprintf("The query language of MongoDB cannot name the field of column \"%s\".",
						column_names[column]);
	return NULL;
}

/*
 * Returns a sentence that says why a table cannot be kept, whatever its
 * columns, or NULL.
 */
static const char *
find_flaw(const AdKeptTable *table)
{
	if (GetDatabaseEncoding() != PG_UTF8)
		return "The encoding of the database is not UTF8.";
	/* a query of the table reads its children, too */
	if (has_subclass(table->relid) && find_inheritance_children(table->relid, NoLock) != NIL)
		return "Other tables inherit from it.";
	/* PostgreSQL would add up rounded sums where MongoDB must not add */
	if (!bms_is_empty(table->options->avoided))
		return "Its option avoid decides what MongoDB may compute.";
	return NULL;
}

/*
 * Returns the definition of a foreign table of this extension, palloc'd.
 */
AdKeptTable *
ad_kept_table(Oid relid)
{
	AdKeptTable *table = palloc0(sizeof(AdKeptTable));
	ForeignServer *server;
	StringInfoData text;

	table->relid = relid;
	table->serverid = GetForeignTable(relid)->serverid;
	table->options = ad_table_options(relid);
	server = GetForeignServer(table->serverid);
	initStringInfo(&text);
	/* pg_upgrade keeps the OIDs of relations and roles, and no others */
	appendStringInfo(&text, "server %s %s, collection %s.%s", quote_identifier(server->servername),
					 ad_connect_options(server, NULL)->uri, table->options->database, table->options->collection);
	table->flaw = find_flaw(table);
	for (int i = 0; i < AD_N_KEPT_COLUMNS && table->flaw == NULL; i++)
	{
		AdKeptField *field = &table->fields[i];

		table->flaw = read_column(table, i);
		if (table->flaw == NULL)
			appendStringInfo(&text, ", %s %u %d %s %d", column_names[i], field->typid, field->typmod,
							 field->options.field, field->options.on_mismatch);
	}
	table->definition = text.data;
	return table;
}

/*
 * Returns a sentence that says why the sums of a source cannot be used for its
 * table any more, or NULL.
 */
const char *
ad_source_misfit(const AdSource *source, const AdKeptTable *table)
{
	if (source->lost != NULL)
		return source->lost;
	if (table->flaw != NULL)
		return table->flaw;
	return strcmp(table->definition, source->definition) == 0 ? NULL :
		"The definition of the table or its server has changed.";
}

/* the role of a user mapping, InvalidOid for PUBLIC */
static Oid
mapping_role(Oid mappingid)
{
	HeapTuple	tuple = SearchSysCache1(USERMAPPINGOID, ObjectIdGetDatum(mappingid));
	Oid			role;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for user mapping %u", mappingid);
	role = ((Form_pg_user_mapping) GETSTRUCT(tuple))->umuser;
	ReleaseSysCache(tuple);
	return role;
}

/*
 * Returns a text about the user's mapping for a server, palloc'd, which is
 * another one if MongoDB may let its user read other documents.
 */
const char *
ad_kept_mapping(Oid serverid, Oid userid)
{
	Oid			mapping = ad_connection_mapping(serverid, userid);
	AdConnectOptions *options;

	if (!OidIsValid(mapping))
		return "none";
	options = ad_connect_options(GetForeignServer(serverid), GetUserMapping(userid, serverid));
	return psprintf("of %u, user %s, source %s, mechanism %s", mapping_role(mapping),
					options->user ? options->user : "", options->auth_source ? options->auth_source : "",
					options->auth_mechanism ? options->auth_mechanism : "");
}

/* ------------------------------------------------------------------------
 * Rows of kept_source
 * ------------------------------------------------------------------------ */

#define SOURCE_COLUMNS	"id, relation, mapping, definition, collection, token, refreshed_at, lost"

/* copy the row that a query has returned into a memory context */
static void
read_source(AdSource *source, MemoryContext context)
{
	HeapTuple	tuple = SPI_tuptable->vals[0];
	TupleDesc	desc = SPI_tuptable->tupdesc;
	MemoryContext old = MemoryContextSwitchTo(context);
	bool		isnull;
	bytea	   *uuid;
	Datum		lost;

	source->id = DatumGetInt32(SPI_getbinval(tuple, desc, 1, &isnull));
	source->relid = DatumGetObjectId(SPI_getbinval(tuple, desc, 2, &isnull));
	source->mapping = TextDatumGetCString(SPI_getbinval(tuple, desc, 3, &isnull));
	source->definition = TextDatumGetCString(SPI_getbinval(tuple, desc, 4, &isnull));
	uuid = DatumGetByteaPP(SPI_getbinval(tuple, desc, 5, &isnull));
	memcpy(source->uuid, VARDATA_ANY(uuid), Min(VARSIZE_ANY_EXHDR(uuid), sizeof(source->uuid)));
	source->token = DatumGetByteaPCopy(SPI_getbinval(tuple, desc, 6, &isnull));
	source->refreshed_at = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 7, &isnull));
	lost = SPI_getbinval(tuple, desc, 8, &isnull);
	source->lost = isnull ? NULL : TextDatumGetCString(lost);
	MemoryContextSwitchTo(old);
}

/*
 * Find the row of a relation; *source is palloc'd in the current memory
 * context.  Returns false if there is none.
 */
bool
ad_source_find(Oid relid, AdSource *source)
{
	static SPIPlanPtr plan = NULL;
	MemoryContext caller = CurrentMemoryContext;
	AdKeptScope scope;
	Oid			type = OIDOID;
	Datum		value = ObjectIdGetDatum(relid);
	bool		found;

	if (has_no_sources() || !ad_kept_enter(&scope))
		return false;
	found = ad_kept_run_plan(&plan, "SELECT " SOURCE_COLUMNS " FROM admin_dashboard.kept_source "
							 "WHERE relation OPERATOR(pg_catalog.=) $1", 1, &type, &value, NULL) > 0;
	if (found)
		read_source(source, caller);
	ad_kept_leave(&scope);
	return found;
}

/*
 * Is the row still there?  It is not if the sums were kept anew or forgotten.
 */
bool
ad_source_exists(const AdSource *source)
{
	AdKeptScope scope;
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(source->id);
	bool		found;

	if (!ad_kept_enter(&scope))
		return false;
	found = ad_kept_run("SELECT FROM admin_dashboard.kept_source WHERE id OPERATOR(pg_catalog.=) $1",
						1, &type, &value, NULL) > 0;
	ad_kept_leave(&scope);
	return found;
}

/*
 * Lock the row until the end of the transaction, and read it again.  If
 * another transaction has locked it, try again for so many milliseconds.
 * Returns false if it is still locked or no longer there.
 *
 * We never wait for the lock itself: the other transaction may be idle.
 */
bool
ad_source_lock(AdSource *source, int patience_ms)
{
	MemoryContext caller = CurrentMemoryContext;
	TimestampTz give_up = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), patience_ms);
	Oid			type = INT4OID;
	Datum		value = Int32GetDatum(source->id);

	for (;;)
	{
		AdKeptScope scope;
		bool		locked;

		if (!ad_kept_enter(&scope))
			return false;
		locked = ad_kept_run("SELECT " SOURCE_COLUMNS " FROM admin_dashboard.kept_source "
							 "WHERE id OPERATOR(pg_catalog.=) $1 FOR UPDATE SKIP LOCKED",
							 1, &type, &value, NULL) > 0;
		if (locked)
			read_source(source, caller);
		ad_kept_leave(&scope);
		if (locked || GetCurrentTimestamp() >= give_up || !ad_source_exists(source))
			return locked;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 PAUSE_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Lock loads and ends of sources until the end of the transaction: one works
 * at a time.  The lock is the one that ANALYZE needs at the end of a load.
 * What needs this lock and that of a source takes this one first.
 */
void
ad_kept_lock_loads(void)
{
	(void) ad_kept_run("LOCK TABLE admin_dashboard.kept_user IN SHARE UPDATE EXCLUSIVE MODE", 0, NULL, NULL, NULL);
}

/*
 * Lock the row of a relation, if there is one, before it is deleted.  If
 * another transaction has locked it for some seconds, tell whose that is, and
 * leave it to the DELETE to wait on.
 */
void
ad_source_lock_patiently(Oid relid)
{
	Oid			type = INT4OID;
	AdSource	source;
	Datum		value;
	AdKeptScope scope;

	if (!ad_source_find(relid, &source) || ad_source_lock(&source, NOTICE_MS) || !ad_kept_enter(&scope))
		return;
	value = Int32GetDatum(source.id);
	if (ad_kept_run("SELECT l.pid FROM admin_dashboard.kept_source s "
					"JOIN pg_catalog.pg_locks l ON l.transactionid OPERATOR(pg_catalog.=) s.xmax AND l.granted "
					"WHERE s.id OPERATOR(pg_catalog.=) $1", 1, &type, &value, NULL) > 0)
	{
		bool		isnull;
		int			pid = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));

		ereport(NOTICE,
				(isnull ?
				 errmsg("waiting for a prepared transaction that has added changes to the kept sums of foreign table \"%s\"",
						get_rel_name(relid)) :
				 errmsg("waiting for the transaction of process %d, which has added changes to the kept sums of foreign table \"%s\"",
						pid, get_rel_name(relid))));
	}
	ad_kept_leave(&scope);
}

/*
 * Returns a palloc'd bytea of these bytes.
 */
bytea *
ad_kept_bytea(const uint8 *bytes, uint32 size)
{
	/* it has the form of a text */
	return (bytea *) cstring_to_text_with_len((const char *) bytes, size);
}

/*
 * Store the token up to which all changes are in the sums.  The caller has
 * locked the row.
 */
void
ad_source_set_token(const AdSource *source, const uint8 *token, uint32 size)
{
	static const Oid types[] = {INT4OID, BYTEAOID};
	Datum		values[] = {Int32GetDatum(source->id), PointerGetDatum(ad_kept_bytea(token, size))};
	AdKeptScope scope;

	if (!ad_kept_enter(&scope))
		return;
	(void) ad_kept_run("UPDATE admin_dashboard.kept_source "
					   "SET token = $2, refreshed_at = pg_catalog.clock_timestamp() "
					   "WHERE id OPERATOR(pg_catalog.=) $1", lengthof(types), types, values, NULL);
	ad_kept_leave(&scope);
}

/*
 * Record why the sums are no longer true.  The caller has locked the row.
 */
void
ad_source_set_lost(const AdSource *source, const char *why)
{
	static const Oid types[] = {INT4OID, TEXTOID};
	Datum		values[] = {Int32GetDatum(source->id), CStringGetTextDatum(why)};
	AdKeptScope scope;

	if (!ad_kept_enter(&scope))
		return;
	(void) ad_kept_run("UPDATE admin_dashboard.kept_source SET lost = $2 "
					   "WHERE id OPERATOR(pg_catalog.=) $1", lengthof(types), types, values, NULL);
	ad_kept_leave(&scope);
}
