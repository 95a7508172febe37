/*
 * load.c
 *	  Read a collection and make its kept sums.
 *
 * First the change stream is opened, and its token T kept; then the calls are
 * read, and then the changes since T.  A call that changed since T may have
 * been read before or after that; its last state comes with the changes in any
 * case.  So the calls need not be read at one time, nor only once.
 *
 * A load at once is one transaction.  A load in parts commits after each part,
 * and whatever ends it, the next one goes on after its last part, in the order
 * of the documents' _id.  What it has read meanwhile belongs to a source that
 * is of no relation yet, so that nobody uses it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "tcop/pquery.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "kept/collected.h"
#include "kept/load.h"
#include "kept/refresh.h"
#include "remote/feed.h"

/* the time between two notices about progress */
#define NOTICE_MS	5000

/* the server's codes for deployments without change streams, and missing rights */
#define NOT_A_REPLICA_SET	40573
#define UNAUTHORIZED		13

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

static AdFeed *
make_feed(const AdLoad *load)
{
	return ad_feed_create(load->remote, load->table->options->database, load->table->options->collection);
}

/*
 * Connect, and open the change stream once, before anything is made.  Changes
 * that come before its token, if any, are older than what will be read.
 */
static void
check_deployment(AdLoad *load)
{
	AdFeedStart start = {0};
	AdOutcome	outcome;
	AdFeed	   *feed;

	connect_remote(load);
	start.time = ad_remote_time(load->remote);
	if (start.time == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the MongoDB server of foreign table \"%s\" has no change streams", load->name),
				 errdetail("Its replies have no time of an operation."),
				 errhint("Make it a replica set, which can have a single member.")));
	check_collection(load);
	feed = make_feed(load);
	outcome = ad_feed_watch(feed, &start, ad_call_fields(load->table));
	if (outcome != AD_SUCCEEDED)
		report_refusal(load, outcome);
	if (feed->token == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the change stream of foreign table \"%s\" cannot be continued", load->name),
				 errdetail("The server sends no postBatchResumeToken with its changes.")));
	load->token = ad_kept_bytea(feed->token, feed->token_size);
	/* closes the cursor, too */
	ad_remote_close(load->remote);
}

/* become the owner of our tables */
static void
enter(AdKeptScope *scope)
{
	if (!ad_kept_enter(scope))
		elog(ERROR, "extension admin_dashboard has no tables for kept sums");
}

/*
 * Make the row of the source.  It is nobody's until the load is complete, so
 * that what was kept before can be used and refreshed meanwhile.  `loading` is
 * the relation of a load in parts, or InvalidOid.
 */
static void
insert_source(AdLoad *load, Oid loading)
{
	static const Oid types[] = {TEXTOID, TEXTOID, BYTEAOID, OIDOID, BYTEAOID};
	Datum		values[] = {
		CStringGetTextDatum(ad_kept_mapping(load->table->serverid, load->userid)),
		CStringGetTextDatum(load->table->definition),
		PointerGetDatum(ad_kept_bytea(load->uuid, sizeof(load->uuid))),
		ObjectIdGetDatum(loading),
		PointerGetDatum(load->token),
	};
	char		nulls[] = {' ', ' ', ' ', OidIsValid(loading) ? ' ' : 'n', ' '};
	bool		isnull;

	(void) ad_kept_run("INSERT INTO admin_dashboard.kept_source "
					   "(mapping, definition, collection, loading, token, refreshed_at) "
					   "VALUES ($1, $2, $3, $4, $5, pg_catalog.clock_timestamp()) RETURNING id",
					   lengthof(types), types, values, nulls);
	load->source = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/* the load is complete: put it in the place of what was kept before */
static void
replace_source(const AdLoad *load)
{
	static const Oid types[] = {OIDOID, INT4OID};
	Datum		values[] = {ObjectIdGetDatum(load->table->relid), Int32GetDatum(load->source)};
	AdKeptScope scope;

	enter(&scope);
	(void) ad_kept_run("UPDATE admin_dashboard.kept_source SET loading = NULL, last_id = NULL "
					   "WHERE id OPERATOR(pg_catalog.=) $1", 1, types + 1, values + 1, NULL);
	ad_source_lock_patiently(load->table->relid);
	(void) ad_kept_run("SELECT admin_dashboard.kept_delete($1, false)", 1, types, values, NULL);
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

/* remember the _id of a document, which a load in parts goes on after */
static void
set_last_id(AdLoad *load, const uint8 *document)
{
	AdReader	reader;
	AdElement	id;

	ad_reader_init(&reader, document, ad_read_int32(document));
	if (!ad_reader_find(reader, "_id", &id))
		return;
	load->last_id = palloc(VARHDRSZ + 1 + id.size);
	SET_VARSIZE(load->last_id, VARHDRSZ + 1 + id.size);
	VARDATA(load->last_id)[0] = (char) id.type;
	memcpy(VARDATA(load->last_id) + 1, id.value, id.size);
}

/* collect the documents of the feed's batch.  Returns the last, or NULL */
static const uint8 *
collect_batch(AdLoad *load, AdFeed *feed, AdCallBatch *batch)
{
	const uint8 *document;
	const uint8 *last = NULL;

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
		last = document;
	}
	return last;
}

/*
 * Read the collection into the ledger, or, if there is a part, so many of its
 * documents.
 */
static void
read_collection(AdLoad *load, const AdFeedPart *part)
{
	AdCallBatch *batch = ad_collected_create(load->table);
	AdFeed	   *feed;
	AdOutcome	outcome;

	connect_remote(load);
	feed = make_feed(load);
	outcome = ad_feed_find(feed, ad_call_fields(load->table), part);
	for (;;)
	{
		const uint8 *last;

		if (outcome != AD_SUCCEEDED)
			report_refusal(load, outcome);
		last = collect_batch(load, feed, batch);
		/* the last batch can be empty */
		if (part != NULL && last != NULL)
			set_last_id(load, last);
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

	enter(&scope);
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

	enter(&scope);
	(void) ad_kept_run("SELECT coalesce(pg_catalog.sum(calls), 0)::pg_catalog.int8 "
					   "FROM admin_dashboard.kept_sum "
					   "WHERE source OPERATOR(pg_catalog.=) $1 AND unit OPERATOR(pg_catalog.=) 'm'",
					   lengthof(types), types, values, NULL);
	count = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	ad_kept_leave(&scope);
	return count;
}

/*
 * The documents have been read: make the sums, add the changes since then, and
 * put all of it in the place of what was kept before.
 */
static void
finish(AdLoad *load)
{
	AdSource	source = {0};
	AdRefreshReport report;
	AdRefreshed result;

	note_progress(load, ", and makes the sums");
	sum_up(load);
	note_progress(load, ", and adds the changes since then");
	source.id = load->source;
	memcpy(source.uuid, load->uuid, sizeof(source.uuid));
	source.token = load->token;
	source.refreshed_at = GetCurrentTimestamp();
	result = ad_refresh_first(&source, load->table, load->userid, &report);
	if (result != AD_REFRESHED)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("could not add the changes of foreign table \"%s\" since the load began", load->name),
				 errdetail_internal("%s", report.why),
				 result == AD_SOURCE_LOST ?
				 errhint("The oplog of MongoDB must hold the changes of the time that a load takes.") : 0));
	replace_source(load);
}

/*
 * Load in this transaction.  Returns the number of calls.
 */
int64
ad_load_at_once(AdLoad *load)
{
	AdKeptScope scope;

	load->noted_at = GetCurrentTimestamp();
	check_deployment(load);
	enter(&scope);
	ad_kept_lock_loads();
	insert_source(load, InvalidOid);
	ad_kept_leave(&scope);
	read_collection(load, NULL);
	finish(load);
	return count_calls(load);
}

/* ------------------------------------------------------------------------
 * Loads in parts
 * ------------------------------------------------------------------------ */

/* whether MongoDB still has the changes since the load began */
static bool
has_changes(AdLoad *load)
{
	AdFeedStart start = {(const uint8 *) VARDATA_ANY(load->token), VARSIZE_ANY_EXHDR(load->token)};
	AdOutcome	outcome;

	connect_remote(load);
	outcome = ad_feed_watch(make_feed(load), &start, ad_call_fields(load->table));
	if (outcome == AD_NOT_REACHED)
		report_refusal(load, outcome);
	ad_remote_close(load->remote);
	return outcome == AD_SUCCEEDED;
}

/*
 * Find a load of the relation that was ended.  Returns false if there is none
 * of the same definition, user mapping and collection.
 */
static bool
find_unfinished(AdLoad *load)
{
	static const Oid types[] = {OIDOID, TEXTOID, TEXTOID, BYTEAOID};
	Datum		values[] = {
		ObjectIdGetDatum(load->table->relid),
		CStringGetTextDatum(ad_kept_mapping(load->table->serverid, load->userid)),
		CStringGetTextDatum(load->table->definition),
		PointerGetDatum(ad_kept_bytea(load->uuid, sizeof(load->uuid))),
	};
	bool		isnull;

	if (ad_kept_run("SELECT id FROM admin_dashboard.kept_source "
					"WHERE loading OPERATOR(pg_catalog.=) $1 AND mapping OPERATOR(pg_catalog.=) $2 "
					"AND definition OPERATOR(pg_catalog.=) $3 AND collection OPERATOR(pg_catalog.=) $4",
					lengthof(types), types, values, NULL) == 0)
		return false;
	load->source = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	return true;
}

/* a copy in a memory context of a column of the row that SPI has returned; or NULL */
static bytea *
copy_bytea(int column, MemoryContext context)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, &isnull);
	MemoryContext old = MemoryContextSwitchTo(context);
	bytea	   *copy = isnull ? NULL : DatumGetByteaPCopy(value);

	MemoryContextSwitchTo(old);
	return copy;
}

/*
 * Lock the source until the end of the transaction, and take over how far its
 * load is.  Another session may have gone on with it: returns false if it has
 * completed it.
 */
static bool
lock_source(AdLoad *load)
{
	static const Oid type = INT4OID;
	Datum		value = Int32GetDatum(load->source);
	MemoryContext caller = CurrentMemoryContext;
	AdKeptScope scope;
	bool		isnull;
	bool		loading;

	enter(&scope);
	ad_kept_lock_loads();
	if (ad_kept_run("SELECT documents, token, last_id, loading FROM admin_dashboard.kept_source "
					"WHERE id OPERATOR(pg_catalog.=) $1 FOR UPDATE", 1, &type, &value, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("another session has ended the load of foreign table \"%s\"", load->name)));
	load->documents = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	load->token = copy_bytea(2, caller);
	load->last_id = copy_bytea(3, caller);
	(void) SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 4, &isnull);
	loading = !isnull;
	ad_kept_leave(&scope);
	return loading;
}

/* begin, or go on with a load that was ended */
static void
begin_parts(AdLoad *load)
{
	static const Oid type = OIDOID;
	Datum		value = ObjectIdGetDatum(load->table->relid);
	bytea	   *token;
	AdKeptScope scope;

	check_deployment(load);
	token = load->token;
	enter(&scope);
	ad_kept_lock_loads();
	if (find_unfinished(load) && lock_source(load) && has_changes(load))
		ereport(NOTICE,
				(errmsg("the load of foreign table \"%s\" goes on after " INT64_FORMAT " documents",
						load->name, load->documents)));
	else
	{
		load->token = token;
		(void) ad_kept_run("SELECT admin_dashboard.kept_delete($1, true)", 1, &type, &value, NULL);
		insert_source(load, load->table->relid);
	}
	ad_kept_leave(&scope);
}

/* record how far the load is */
static void
store_progress(const AdLoad *load)
{
	static const Oid types[] = {INT4OID, BYTEAOID, INT8OID};
	Datum		values[] = {Int32GetDatum(load->source), PointerGetDatum(load->last_id), Int64GetDatum(load->documents)};
	AdKeptScope scope;

	enter(&scope);
	(void) ad_kept_run("UPDATE admin_dashboard.kept_source SET last_id = $2, documents = $3 "
					   "WHERE id OPERATOR(pg_catalog.=) $1", lengthof(types), types, values, NULL);
	ad_kept_leave(&scope);
}

/*
 * Raise an error if the definition of the table, or the user mapping, has
 * changed since the load began.
 */
static void
check_definition(AdLoad *load, Oid relid, const char *definition, const char *mapping)
{
	load->name = get_rel_name(relid);
	if (load->name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the foreign table was dropped while it was loaded")));
	load->table = ad_kept_table(relid);
	if (load->table->flaw != NULL || strcmp(load->table->definition, definition) != 0 ||
		strcmp(ad_kept_mapping(load->table->serverid, load->userid), mapping) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the definition of foreign table \"%s\" or its user mapping has changed while it was loaded",
						load->name)));
}

/*
 * Do another part of the load.  Returns false if that was the last one, which
 * reads nothing, makes the sums and adds the changes.
 */
static bool
load_part(AdLoad *load)
{
	AdFeedPart	part = {.limit = load->part_size};
	int64		before;

	if (!lock_source(load))
		return false;
	if (load->last_id != NULL)
	{
		part.after.type = (bson_type_t) (uint8) VARDATA(load->last_id)[0];
		part.after.value = (const uint8 *) VARDATA(load->last_id) + 1;
		part.after.size = VARSIZE(load->last_id) - VARHDRSZ - 1;
	}
	before = load->documents;
	read_collection(load, &part);
	if (load->documents > before)
	{
		store_progress(load);
		return true;
	}
	finish(load);
	return false;
}

/* commit, and begin another transaction */
static void
commit_part(void)
{
	SPI_commit();
	EnsurePortalSnapshotExists();
}

/*
 * Load in parts, each of which is committed.  The caller has connected to SPI
 * with SPI_OPT_NONATOMIC, and *load lives in its memory.
 */
void
ad_load_in_parts(AdLoad *load)
{
	const char *definition = load->table->definition;
	const char *mapping = ad_kept_mapping(load->table->serverid, load->userid);
	Oid			relid = load->table->relid;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "admin_dashboard part of a load",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	bool		more;

	load->noted_at = GetCurrentTimestamp();
	begin_parts(load);
	do
	{
		commit_part();
		MemoryContextReset(context);
		check_definition(load, relid, definition, mapping);
		more = load_part(load);
	} while (more);
	MemoryContextSwitchTo(caller);
}
