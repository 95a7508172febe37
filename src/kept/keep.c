/*
 * keep.c
 *	  SQL functions for operators: keep sums of a foreign table, forget them,
 *	  bring them up to date, list them.
 *
 * To keep sums, the calls are read after a time T, and then the changes since
 * T.  A call that changed since T may have been read before or after that;
 * its last state comes with the changes in any case.  All is done in one
 * transaction, so that an error leaves nothing behind, and others see either
 * nothing or the whole.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "kept/collected.h"
#include "kept/keep.h"
#include "kept/refresh.h"
#include "kept/source.h"
#include "remote/feed.h"

PG_FUNCTION_INFO_V1(admin_dashboard_keep);
PG_FUNCTION_INFO_V1(admin_dashboard_forget);
PG_FUNCTION_INFO_V1(admin_dashboard_refresh);
PG_FUNCTION_INFO_V1(admin_dashboard_kept);

/* the time between two notices about progress */
#define NOTICE_MS	5000

/* the server's codes for deployments without change streams, and missing rights */
#define NOT_A_REPLICA_SET	40573
#define UNAUTHORIZED		13

/* a load of a foreign table */
typedef struct AdLoad
{
	const AdKeptTable *table;
	Oid			userid;			/* whose user mapping is used */
	const char *name;			/* of the foreign table */
	AdRemote   *remote;
	uint64		time;			/* after which the calls are read */
	uint8		uuid[16];		/* of the collection */
	int32		source;
	int64		documents;
	TimestampTz noted_at;		/* time of the last notice */
} AdLoad;

/* ------------------------------------------------------------------------
 * Checks
 * ------------------------------------------------------------------------ */

/*
 * Raise an error if the relation cannot be one whose sums are kept, or if the
 * caller may not read it.
 */
void
ad_kept_check_relation(Oid relid)
{
	const char *name = get_rel_name(relid);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE, name);
	if (!ad_is_kept_candidate(relid))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a foreign table of admin_dashboard_fdw", name)));
}

/*
 * Find the source of a relation.  Raises an error if its sums are not kept.
 */
void
ad_kept_source(Oid relid, AdSource *source)
{
	if (!ad_source_find(relid, source))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("sums of foreign table \"%s\" are not kept", get_rel_name(relid)),
				 errhint("Use admin_dashboard_keep() first.")));
}

/* raise an error if this transaction cannot store what others will see */
static void
check_transaction(const char *function)
{
	PreventCommandIfReadOnly(function);
	PreventCommandDuringRecovery(function);
	PreventCommandIfParallelMode(function);
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot run in a transaction with isolation level %s", function,
						XactIsoLevel == XACT_SERIALIZABLE ? "serializable" : "repeatable read"),
				 errhint("Use read committed, which is the default.")));
}

/* raise the error for a server that refuses to open a change stream */
pg_noreturn static void
report_refusal(const AdLoad *load, AdOutcome outcome)
{
	uint32		code = ad_remote_code(load->remote);

	if (outcome == AD_REFUSED && code == NOT_A_REPLICA_SET)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the MongoDB server of foreign table \"%s\" has no change streams", load->name),
				 errdetail_internal("%s", ad_remote_detail(load->remote)),
				 errhint("Make it a replica set, which can have a single member.")));
	if (outcome == AD_REFUSED && code == UNAUTHORIZED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the MongoDB user for foreign table \"%s\" may not read its changes", load->name),
				 errdetail_internal("%s", ad_remote_detail(load->remote)),
				 errhint("Grant the role read on the database, which includes the actions find, changeStream and listCollections.")));
	ad_remote_report(load->remote, psprintf("%s.%s", load->table->options->database,
											load->table->options->collection));
}

/* ------------------------------------------------------------------------
 * Load
 * ------------------------------------------------------------------------ */

/*
 * Open the connection.
 */
static void
connect_remote(AdLoad *load)
{
	AdOutcome	outcome;

	load->remote = ad_remote_open(load->table->serverid, load->userid, load->table->options->database,
								  load->table->options->collection, &outcome);
	if (outcome != AD_SUCCEEDED)
		report_refusal(load, outcome);
}

/*
 * Raise an error if the changes of the collection do not suffice, or if there
 * are none.
 */
static void
check_collection(AdLoad *load)
{
	const AdCollectionState *state = ad_remote_collection(load->remote);
	const char *flaw = NULL;

	if (ad_remote_is_sharded(load->remote))
		flaw = "Its MongoDB server is a sharded cluster.";
	else if (!state->exists)
		flaw = "Its collection does not exist.";
	else if (!state->plain)
		flaw = "Its collection is a view or a time series collection, which has no changes.";
	else if (state->capped)
		flaw = "Its collection is capped: MongoDB does not tell which documents it removes.";
	if (flaw != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("sums of foreign table \"%s\" cannot be kept", load->name),
				 errdetail_internal("%s", flaw)));
	memcpy(load->uuid, state->uuid, sizeof(load->uuid));
}

/*
 * Connect, and open the change stream once, before anything is made.
 */
static void
check_deployment(AdLoad *load)
{
	AdFeedStart start = {0};
	AdOutcome	outcome;
	AdFeed	   *feed;

	connect_remote(load);
	load->time = start.time = ad_remote_time(load->remote);
	if (start.time == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the MongoDB server of foreign table \"%s\" has no change streams", load->name),
				 errdetail("Its replies have no time of an operation."),
				 errhint("Make it a replica set, which can have a single member.")));
	check_collection(load);
	feed = ad_feed_create(load->remote, load->table->options->database, load->table->options->collection);
	outcome = ad_feed_watch(feed, &start, ad_call_fields(load->table));
	if (outcome != AD_SUCCEEDED)
		report_refusal(load, outcome);
	if (feed->token == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the change stream of foreign table \"%s\" cannot be continued", load->name),
				 errdetail("The server sends no postBatchResumeToken with its changes.")));
	/* closes the cursor, too */
	ad_remote_close(load->remote);
}

/*
 * Make the row of the source.  It is nobody's until the load is complete, so
 * that what was kept before can be used and refreshed meanwhile.
 */
static void
insert_source(AdLoad *load)
{
	static const Oid types[] = {TEXTOID, TEXTOID, BYTEAOID};
	Datum		values[] = {
		CStringGetTextDatum(ad_kept_mapping(load->table->serverid, load->userid)),
		CStringGetTextDatum(load->table->definition),
		/* a bytea has the form of a text */
		PointerGetDatum(cstring_to_text_with_len((const char *) load->uuid, sizeof(load->uuid))),
	};
	AdKeptScope scope;
	bool		isnull;

	if (!ad_kept_enter(&scope))
		elog(ERROR, "extension admin_dashboard has no tables for kept sums");
	/* one load at a time: ANALYZE needs this lock, too */
	(void) ad_kept_run("LOCK TABLE admin_dashboard.kept_user IN SHARE UPDATE EXCLUSIVE MODE", 0, NULL, NULL, NULL);
	(void) ad_kept_run("INSERT INTO admin_dashboard.kept_source (mapping, definition, collection, token, refreshed_at) "
					   "VALUES ($1, $2, $3, '', pg_catalog.clock_timestamp()) RETURNING id",
					   lengthof(types), types, values, NULL);
	load->source = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	ad_kept_leave(&scope);
}

/* the load is complete: put it in the place of what was kept before */
static void
replace_source(const AdLoad *load)
{
	static const Oid types[] = {OIDOID, INT4OID};
	Datum		values[] = {ObjectIdGetDatum(load->table->relid), Int32GetDatum(load->source)};
	AdKeptScope scope;

	if (!ad_kept_enter(&scope))
		return;
	(void) ad_kept_run("SELECT admin_dashboard.kept_delete($1)", 1, types, values, NULL);
	(void) ad_kept_run("UPDATE admin_dashboard.kept_source SET relation = $1 WHERE id OPERATOR(pg_catalog.=) $2",
					   lengthof(types), types, values, NULL);
	ad_kept_leave(&scope);
}

/* tell how far the load is, if the last notice was a few seconds ago */
static void
note_progress(AdLoad *load, const char *step)
{
	TimestampTz now = GetCurrentTimestamp();

	if (TimestampDifferenceMilliseconds(load->noted_at, now) < NOTICE_MS)
		return;
	load->noted_at = now;
	ereport(NOTICE,
			(errmsg("read " INT64_FORMAT " documents of foreign table \"%s\"%s", load->documents, load->name, step)));
}

/* read the collection into the ledger */
static void
read_collection(AdLoad *load)
{
	AdCallBatch *batch = ad_collected_create(load->table);
	AdFeed	   *feed;
	AdOutcome	outcome;

	connect_remote(load);
	feed = ad_feed_create(load->remote, load->table->options->database, load->table->options->collection);
	outcome = ad_feed_find(feed, ad_call_fields(load->table));
	for (;;)
	{
		const uint8 *document;

		if (outcome != AD_SUCCEEDED)
			report_refusal(load, outcome);
		while ((document = ad_feed_next(feed)) != NULL)
		{
			AdReader	reader;
			AdCallKey	key;

			ad_reader_init(&reader, document, ad_read_int32(document));
			if (!ad_call_key(reader, &key))
				ereport(ERROR,
						(errcode(ERRCODE_PROTOCOL_VIOLATION),
						 errmsg("a document of foreign table \"%s\" has no _id", load->name)));
			ad_collected_add(batch, &key, document);
			load->documents++;
		}
		if (feed->reached || ad_collected_enough(batch))
			ad_collected_store(batch, load->source, "kept_load");
		note_progress(load, "");
		if (feed->reached)
			break;
		outcome = ad_feed_more(feed);
	}
	ad_remote_close(load->remote);
}

/* make the sums from the ledger */
static void
sum_up(const AdLoad *load)
{
	static const Oid types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(load->source)};
	AdKeptScope scope;

	if (!ad_kept_enter(&scope))
		return;
	(void) ad_kept_run("ANALYZE admin_dashboard.kept_call, admin_dashboard.kept_user", 0, NULL, NULL, NULL);
	(void) ad_kept_run("SELECT admin_dashboard.kept_sum_up($1)", lengthof(types), types, values, NULL);
	(void) ad_kept_run("ANALYZE admin_dashboard.kept_sum, admin_dashboard.kept_user_sum", 0, NULL, NULL, NULL);
	ad_kept_leave(&scope);
}

/* the number of calls in the ledger */
static int64
count_calls(const AdLoad *load)
{
	static const Oid types[] = {INT4OID};
	Datum		values[] = {Int32GetDatum(load->source)};
	AdKeptScope scope;
	bool		isnull;
	int64		count;

	if (!ad_kept_enter(&scope))
		return 0;
	(void) ad_kept_run("SELECT coalesce(pg_catalog.sum(calls), 0)::pg_catalog.int8 "
					   "FROM admin_dashboard.kept_sum "
					   "WHERE source OPERATOR(pg_catalog.=) $1 AND unit OPERATOR(pg_catalog.=) 'm'",
					   lengthof(types), types, values, NULL);
	count = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	ad_kept_leave(&scope);
	return count;
}

/* the role that the second argument names, or the caller */
static Oid
get_role(FunctionCallInfo fcinfo)
{
	Oid			role = PG_ARGISNULL(1) ? GetUserId() : PG_GETARG_OID(1);

	if (!has_privs_of_role(GetUserId(), role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to use the user mapping of role \"%s\"",
						GetUserNameFromId(role, false))));
	return role;
}

/*
 * admin_dashboard_keep(relation regclass, role regrole DEFAULT NULL) RETURNS
 * bigint
 *
 * Keeps sums of the calls in a foreign table, and returns their number.  What
 * was kept of it before is made anew.  MongoDB is read with the user mapping
 * of the role, by default the caller.  The dashboard uses the sums only for
 * roles with the same mapping.
 *
 * Errors: 42809 if the relation is not a foreign table of this extension,
 * 42501 if the caller may not read it, or MongoDB's user its change stream;
 * 0A000 if the table or the server does not allow it.
 */
Datum
admin_dashboard_keep(PG_FUNCTION_ARGS)
{
	AdLoad		load = {0};
	AdSource	source = {0};
	AdRefreshReport report;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("relation must not be null")));
	ad_kept_check_relation(PG_GETARG_OID(0));
	check_transaction("admin_dashboard_keep()");
	load.userid = get_role(fcinfo);
	load.table = ad_kept_table(PG_GETARG_OID(0));
	load.name = get_rel_name(load.table->relid);
	if (load.table->flaw != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("sums of foreign table \"%s\" cannot be kept", load.name),
				 errdetail_internal("%s", load.table->flaw)));
	load.noted_at = GetCurrentTimestamp();
	check_deployment(&load);
	insert_source(&load);
	read_collection(&load);
	note_progress(&load, ", and makes the sums");
	sum_up(&load);
	note_progress(&load, ", and adds the changes since then");

	source.id = load.source;
	memcpy(source.uuid, load.uuid, sizeof(source.uuid));
	source.token = (bytea *) cstring_to_text("");
	source.refreshed_at = GetCurrentTimestamp();
	if (ad_refresh_first(&source, load.table, load.userid, load.time, &report) != AD_REFRESHED)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("could not add the changes of foreign table \"%s\" since the load began", load.name),
				 errdetail_internal("%s", report.why),
				 errhint("The oplog of MongoDB must hold the changes of the time that a load takes.")));
	replace_source(&load);
	PG_RETURN_INT64(count_calls(&load));
}

/* ------------------------------------------------------------------------
 * The other functions
 * ------------------------------------------------------------------------ */

/*
 * admin_dashboard_forget(relation regclass) RETURNS boolean
 *
 * Deletes what is kept of a foreign table, and of tables that were dropped.
 * Returns whether anything was kept of the table.
 */
Datum
admin_dashboard_forget(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {OIDOID};
	Datum		values[] = {PG_GETARG_DATUM(0)};
	AdKeptScope scope;
	bool		isnull;
	bool		found = false;

	check_transaction("admin_dashboard_forget()");
	if (ad_kept_enter(&scope))
	{
		(void) ad_kept_run("SELECT admin_dashboard.kept_delete($1)", 1, types, values, NULL);
		found = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		ad_kept_leave(&scope);
	}
	PG_RETURN_BOOL(found);
}

/*
 * admin_dashboard_refresh(relation regclass) RETURNS bigint
 *
 * Brings the sums of a foreign table up to date.  Returns the number of
 * documents that have changed.  Raises an error if nothing is kept of the
 * table, if the caller has another user mapping, or if the changes cannot be
 * read.
 */
Datum
admin_dashboard_refresh(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	AdRefreshLimits limits = {.may_write = true, .lock_ms = 60000};
	AdRefreshReport report;
	AdRefreshed result;
	AdSource	source;
	AdKeptTable *table;
	const char *name;

	ad_kept_check_relation(relid);
	check_transaction("admin_dashboard_refresh()");
	name = get_rel_name(relid);
	ad_kept_source(relid, &source);
	table = ad_kept_table(relid);
	if (table->flaw != NULL || strcmp(table->definition, source.definition) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("kept sums of foreign table \"%s\" cannot be used", name),
				 errdetail("The definition of the table or its server has changed."),
				 errhint("Keep them anew by admin_dashboard_keep().")));
	if (strcmp(ad_kept_mapping(table->serverid, GetUserId()), source.mapping) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("sums of foreign table \"%s\" are kept with another user mapping", name)));
	result = ad_refresh(&source, table, GetUserId(), &limits, &report);
	if (result != AD_REFRESHED)
		ereport(result == AD_SOURCE_LOST ? WARNING : ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("could not bring the kept sums of foreign table \"%s\" up to date", name),
				 errdetail_internal("%s", report.why),
				 result == AD_SOURCE_LOST ?
				 errhint("The dashboard reads MongoDB instead. Keep them anew by admin_dashboard_keep().") : 0));
	PG_RETURN_INT64(report.changes);
}

/*
 * admin_dashboard_kept(OUT relation regclass, OUT calls bigint, OUT users
 * bigint, OUT kept_at timestamptz, OUT refreshed_at timestamptz, OUT lost
 * text) RETURNS SETOF record
 *
 * Lists the foreign tables whose sums are kept, of those that the caller may
 * read, and those that were dropped.
 */
Datum
admin_dashboard_kept(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			caller = GetUserId();
	AdKeptScope scope;

	InitMaterializedSRF(fcinfo, 0);
	if (!ad_kept_enter(&scope))
		return (Datum) 0;
	(void) ad_kept_run("SELECT * FROM admin_dashboard.kept_list()", 0, NULL, NULL, NULL);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		bool		isnull;
		Oid			relid = DatumGetObjectId(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &isnull));

		if (get_rel_name(relid) == NULL || pg_class_aclcheck(relid, caller, ACL_SELECT) == ACLCHECK_OK)
			tuplestore_puttuple(result->setResult, tuple);
	}
	ad_kept_leave(&scope);
	return (Datum) 0;
}
