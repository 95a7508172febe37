/*
 * estimate.c
 *	  The number of documents in a collection, by its metadata.
 *
 * The command count without a query reads the metadata and no documents
 * (MongoDB manual, "count").  Views and time series are exceptions: MongoDB
 * reads all of their documents.  The planner asks often, so counts are cached
 * for a minute.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "remote/cursor.h"
#include "remote/estimate.h"

/* how long a count is cached */
#define AD_KEEP_COUNT_MS	60000

typedef struct AdCountKey
{
	Oid			relid;
	Oid			userid;
} AdCountKey;

typedef struct AdCountEntry
{
	AdCountKey	key;
	double		count;
	TimestampTz counted_at;		/* 0 (the year 2000) if there is no count */
} AdCountEntry;

/* the cache of this backend */
static HTAB *counts = NULL;

/*
 * Returns the number of documents in a collection.  It always asks MongoDB,
 * with the user mapping of userid.  Raises an error if MongoDB cannot be
 * asked.
 */
double
ad_count_documents(Oid userid, Oid serverid, const AdTableOptions *options)
{
	AdCommand	command = {0};

	command.kind = AD_COMMAND_COUNT;
	command.serverid = serverid;
	command.userid = userid;
	command.statement = CurrentMemoryContext;
	command.database = options->database;
	command.collection = options->collection;
	return (double) ad_cursor_count(&command);
}

/*
 * Returns the number of documents in the collection of a foreign table.  The
 * number may be up to AD_KEEP_COUNT_MS old.  Raises an error if MongoDB
 * cannot be asked.
 */
double
ad_estimate_documents(Oid userid, Oid relid, Oid serverid, const AdTableOptions *options)
{
	AdCountKey	key = {relid, userid};
	AdCountEntry *entry;
	bool		found;

	if (counts == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(AdCountKey), .entrysize = sizeof(AdCountEntry),
		.hcxt = TopMemoryContext};

		counts = hash_create("admin_dashboard counts", 64, &control,
							 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	entry = hash_search(counts, &key, HASH_ENTER, &found);
	if (!found)
		entry->counted_at = 0;
	if (TimestampDifferenceExceeds(entry->counted_at, GetCurrentTimestamp(), AD_KEEP_COUNT_MS))
	{
		/* an error leaves the entry unchanged */
		entry->count = ad_count_documents(userid, serverid, options);
		entry->counted_at = GetCurrentTimestamp();
	}
	return entry->count;
}
