/*
 * cursor_command.c
 *	  Says in the driver's terms what a command of a cursor asks for.
 */
#include "postgres.h"

#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "base/utf8.h"
#include "remote/cursor_command.h"

/*
 * Numbers of documents in the first batch if fetch_size is not set: MongoDB's
 * default, and that of groups.
 */
#define AD_FIRST_BATCH		101
#define AD_FIRST_GROUPS		10000

/*
 * Returns the time left of statement_timeout, or until the command's own
 * deadline, in milliseconds, at least 1; or 0 if there is no timeout.
 */
int64
ad_command_time_left(const AdCommand *command)
{
	TimestampTz end = command->deadline;

	if (get_timeout_active(STATEMENT_TIMEOUT))
		end = get_timeout_finish_time(STATEMENT_TIMEOUT);
	if (end == 0)
		return 0;
	return Max(TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end), 1);
}

/*
 * Sets `document` to refer to the bytes of a BSON document, unless these are
 * NULL.
 */
static void
view_document(bson_t *document, const uint8 *bytes)
{
	uint32		length;

	if (bytes == NULL)
		return;
	memcpy(&length, bytes, sizeof(length));
	if (!bson_init_static(document, bytes, BSON_UINT32_FROM_LE(length)))
		elog(ERROR, "invalid BSON document");
}

/*
 * Sets the driver's view of a command.  It may throw, so it must not be called
 * between enter and leave.
 */
void
ad_view_command(AdViews *views, const AdCommand *command)
{
	views->database = ad_to_utf8(command->database);
	views->collection = command->collection == NULL ? NULL : ad_to_utf8(command->collection);
	view_document(&views->body, command->body);
	view_document(&views->projection, command->projection);
	view_document(&views->sort, command->sort);
}

/*
 * Appends the collation that the command asks for (MongoDB manual,
 * "Collation").
 */
static void
append_collation(bson_t *opts, const AdCommand *command)
{
	bson_t		collation;

	if (!command->simple_collation)
		return;
	BSON_APPEND_DOCUMENT_BEGIN(opts, "collation", &collation);
	BSON_APPEND_UTF8(&collation, "locale", "simple");
	bson_append_document_end(opts, &collation);
}

/*
 * Appends the options of a find.
 */
static void
append_find_options(bson_t *opts, const AdCommand *command, const AdViews *views)
{
	if (command->projection != NULL)
		BSON_APPEND_DOCUMENT(opts, "projection", &views->projection);
	if (command->sort != NULL)
	{
		BSON_APPEND_DOCUMENT(opts, "sort", &views->sort);
		BSON_APPEND_BOOL(opts, "allowDiskUse", command->allow_disk_use);
	}
	if (command->skip > 0)
		BSON_APPEND_INT64(opts, "skip", command->skip);
	if (command->limit > 0)
		BSON_APPEND_INT64(opts, "limit", command->limit);
}

/*
 * Returns the number of documents in the first batch.  Groups are all there
 * when the first one is, so that waiting for more of them costs little, and
 * another round trip more.
 */
static int64
first_batch(const AdCommand *command)
{
	int64		most = command->grouped ? AD_FIRST_GROUPS : AD_FIRST_BATCH;

	if (command->fetch_size > 0)
		return command->fetch_size;
	return command->expected > 0 ? Min(command->expected, most) : most;
}

/*
 * Appends the options that all commands have.  max_time_ms is 0 for none. */
void
ad_append_options(bson_t *opts, const AdCommand *command, int64 max_time_ms, const char *comment)
{
	BSON_APPEND_UTF8(opts, "comment", comment);
	if (max_time_ms > 0)
		BSON_APPEND_INT64(opts, "maxTimeMS", max_time_ms);
	/* an int64, because mongoc_cursor_set_batch_size() overwrites no int32 */
	if (command->kind == AD_COMMAND_FIND || command->kind == AD_COMMAND_AGGREGATE)
		BSON_APPEND_INT64(opts, "batchSize", first_batch(command));
	append_collation(opts, command);
}

/*
 * Makes the driver's cursor for a command on a collection.  The driver
 * selects a server now for an aggregate, and at the first read for a find.
 * In both cases it keeps an error in the cursor.
 */
mongoc_cursor_t *
ad_collection_cursor(mongoc_collection_t *collection, const AdCommand *command,
					 const AdViews *views, bson_t *opts)
{
	if (command->kind == AD_COMMAND_AGGREGATE)
	{
		BSON_APPEND_BOOL(opts, "allowDiskUse", command->allow_disk_use);
		return mongoc_collection_aggregate(collection, MONGOC_QUERY_NONE, &views->body, opts, NULL);
	}
	append_find_options(opts, command, views);
	return mongoc_collection_find_with_opts(collection, &views->body, opts, NULL);
}

/*
 * Appends the elements of explain for a find or an aggregate (MongoDB manual,
 * "explain").
 */
void
ad_append_explain(bson_t *explain, const AdCommand *command, const AdViews *views, int64 max_time_ms,
				  const char *comment)
{
	bson_t		explained = BSON_INITIALIZER;
	bson_t		empty = BSON_INITIALIZER;

	if (command->kind == AD_COMMAND_AGGREGATE)
	{
		BSON_APPEND_UTF8(&explained, "aggregate", views->collection);
		bson_concat(&explained, &views->body);
		BSON_APPEND_DOCUMENT(&explained, "cursor", &empty);
		BSON_APPEND_BOOL(&explained, "allowDiskUse", command->allow_disk_use);
	}
	else
	{
		BSON_APPEND_UTF8(&explained, "find", views->collection);
		BSON_APPEND_DOCUMENT(&explained, "filter", &views->body);
		append_find_options(&explained, command, views);
	}
	append_collation(&explained, command);
	BSON_APPEND_DOCUMENT(explain, "explain", &explained);
	BSON_APPEND_UTF8(explain, "verbosity", "executionStats");
	BSON_APPEND_UTF8(explain, "comment", comment);
	if (max_time_ms > 0)
		BSON_APPEND_INT64(explain, "maxTimeMS", max_time_ms);
	bson_destroy(&explained);
}
